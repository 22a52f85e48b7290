//! How many stacks run at once. Tests run in parallel, in threads or processes as the runner likes; a stack is a dozen
//! processes, and more than two of them only get into each other's way.

use std::fs::{self, File, TryLockError};
use std::ops::RangeInclusive;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::PathBuf;
use std::time::Duration;

/// How many stacks run at once.
const TURNS: u16 = 2;
/// Where the customers' ports begin: above those of `testkit::free_port`, below those that systems take for outgoing
/// connections.
const FIRST_PORT: u16 = 30_000;
const PORTS_PER_TURN: u16 = 1_350;

/// The right to run a stack, and the ports that come with it. The kernel takes it back when the test program ends.
#[derive(Debug)]
pub(crate) struct Turn {
    number: u16,
    _lock: File,
}

impl Turn {
    /// Waits until it is our turn.
    pub(crate) async fn take() -> Self {
        let folder = PathBuf::from(format!("/tmp/sixty-test-turns-{}", rustix::process::geteuid().as_raw()));
        match fs::DirBuilder::new().mode(0o700).create(&folder) {
            Ok(()) => {}
            Err(error) => assert!(folder.is_dir(), "{}: {error}", folder.display()),
        }
        loop {
            for number in 0..TURNS {
                let lock = File::create(folder.join(number.to_string())).expect("the folder is our own");
                match lock.try_lock() {
                    Ok(()) => return Self { number, _lock: lock },
                    Err(TryLockError::WouldBlock) => {}
                    Err(TryLockError::Error(error)) => panic!("a file can't be locked: {error}"),
                }
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    /// The first ports of this turn. Nobody else's test uses them meanwhile.
    pub(crate) fn ports(&self, count: u16) -> RangeInclusive<u16> {
        assert!((1..=PORTS_PER_TURN).contains(&count), "a turn has {PORTS_PER_TURN} ports");
        let first = FIRST_PORT + self.number * PORTS_PER_TURN;
        first..=first + count - 1
    }
}
