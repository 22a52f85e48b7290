//! Servers that are killed while they record as fast as they can.

use std::collections::HashSet;
use std::io::{BufRead as _, BufReader, Write as _};
use std::process::{Child, ChildStdin, ChildStdout, Command as Process, Stdio};

use testkit::wait_for;
use usage_tests::{Command, Health, Orders};
use uuid::Uuid;

use crate::world::{SOON, World};

/// The process of `usage-recorder`. Killed when it is dropped.
pub(crate) struct Recorder {
    child: Child,
    input: ChildStdin,
    output: BufReader<ChildStdout>,
}

impl Recorder {
    fn start(world: &World) -> Self {
        Self::start_as(world, Process::new(env!("CARGO_BIN_EXE_usage-recorder")))
    }

    /// A file of it can't become longer than 16 KiB at most (a shell's block is 512 or 1,024 bytes).
    pub(crate) fn start_with_small_files(world: &World) -> Self {
        Self::start_limited(world, "16")
    }

    /// No file of it can have anything in it.
    pub(crate) fn start_without_room(world: &World) -> Self {
        Self::start_limited(world, "0")
    }

    fn start_limited(world: &World, blocks: &str) -> Self {
        let mut shell = Process::new("sh");
        // The signal that comes with the limit is ignored: what remains is an error, as of a full disk.
        shell.args([
            "-c",
            "trap '' XFSZ; ulimit -S -f \"$1\"; exec \"$0\"",
            env!("CARGO_BIN_EXE_usage-recorder"),
        ]);
        shell.arg(blocks);
        Self::start_as(world, shell)
    }

    fn start_as(world: &World, mut process: Process) -> Self {
        let mut child = process.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let input = child.stdin.take().unwrap();
        let output = BufReader::new(child.stdout.take().unwrap());
        let mut recorder = Self { child, input, output };
        recorder.send(&Orders {
            database_url: world.database.server_url_through(world.proxy.port()),
            folder: world.folder().to_owned(),
            customer: world.customer.uuid(),
        });
        recorder
    }

    fn send(&mut self, message: &impl serde::Serialize) {
        writeln!(self.input, "{}", serde_json::to_string(message).unwrap()).unwrap();
    }

    pub(crate) fn tell(&mut self, command: &Command) {
        self.send(command);
    }

    /// The next line, without its end; `None` when there is none any more, or not all of it.
    pub(crate) fn line(&mut self) -> Option<String> {
        let mut line = String::new();
        self.output.read_line(&mut line).unwrap();
        line.strip_suffix('\n').map(str::to_owned)
    }

    pub(crate) fn record(&mut self, count: usize) -> HashSet<Uuid> {
        self.tell(&Command::Record(count));
        let ids = (0..count).map(|_| self.line().unwrap().parse().unwrap()).collect();
        assert_eq!(self.line().as_deref(), Some("done"));
        ids
    }

    pub(crate) fn health(&mut self) -> Health {
        self.tell(&Command::TellHealth);
        serde_json::from_str(&self.line().unwrap()).unwrap()
    }

    /// Kills it, and tells which ids it had said and nobody had heard.
    pub(crate) fn kill(mut self) -> Vec<Uuid> {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
        std::iter::from_fn(|| self.line()).map(|line| line.parse().unwrap()).collect()
    }
}

impl Drop for Recorder {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn twenty_servers_killed_under_load_lose_nothing_and_double_nothing() {
    const KILLS: usize = 20;
    // Two threads record; each may have recorded what it could not say any more.
    const IN_FLIGHT: usize = 2;
    let world = World::new().await;
    let mut said = HashSet::new();
    for kill in 0..KILLS {
        let mut recorder = Recorder::start(&world);
        recorder.tell(&Command::RecordForEver);
        // Sooner and later: before the first hand-over, in the middle of one, during the adoption of a predecessor.
        for _ in 0..200 + kill * 400 {
            said.insert(recorder.line().unwrap().parse().unwrap());
        }
        said.extend(recorder.kill());
    }
    let last = world.start();
    // Our own spool is the only one that is left.
    wait_for("the dead servers' spools to be handed over", SOON, async || world.spools().len() == 1).await;
    let written = world.written().await;
    world.wait_for_rows(written.len()).await;
    assert!(said.len() > KILLS * 200);
    assert_eq!(said.difference(&written).count(), 0, "answers left whose requests are lost");
    let unsaid = written.difference(&said).count();
    assert!(unsaid <= KILLS * IN_FLIGHT, "{unsaid} requests were counted that nobody had an answer to");
    last.stop().await;
    assert_eq!((world.spools().len(), world.set_aside().len()), (0, 0));
}
