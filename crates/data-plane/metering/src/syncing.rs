//! When a spool is synced: regularly, from a thread of its own, so that a slow disk holds up nothing else.

use std::sync::{Arc, mpsc};
use std::thread::JoinHandle;
use std::time::Duration;

use crate::spool::Spool;

/// Syncs so often, until the sender is dropped, and a last time then.
pub(crate) fn start(spool: &Arc<Spool>, every: Duration) -> (mpsc::Sender<()>, JoinHandle<()>) {
    let (stop, stopped) = mpsc::channel::<()>();
    let spool = Arc::clone(spool);
    let thread = std::thread::spawn(move || {
        while stopped.recv_timeout(every) == Err(mpsc::RecvTimeoutError::Timeout) {
            spool.sync();
        }
        spool.sync();
    });
    (stop, thread)
}
