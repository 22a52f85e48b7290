//! One server process on one data folder: starting it, watching it become ready, finding it again, stopping it.

use std::fs;
use std::io::{Read as _, Seek as _, SeekFrom};
use std::net::{IpAddr, TcpListener};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::PathBuf;
use std::process::Stdio;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process, test_kill_process};
use tokio::process::{Child, Command};

use crate::pid_file::{self, RunningServer, runs_in};
use crate::{Installation, OsUser, ServerError};

/// How often a file is looked at while waiting. `pg_ctl` looks every 100 ms, which is longer than a start takes.
const POLL: Duration = Duration::from_millis(2);
/// How long a start may take: replaying the log after a crash is part of it.
const START_LIMIT: Duration = Duration::from_secs(120);
/// How long remains of a crashed server may keep a new one from starting.
const REMAINS_LIMIT: Duration = Duration::from_secs(15);
/// How long a crashed server may keep its port.
const PORT_LIMIT: Duration = Duration::from_secs(1);
/// A log larger than this is set aside at the next start.
const LOG_LIMIT: u64 = 8 * 1024 * 1024;

/// How to stop a server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shutdown {
    /// Sessions are ended, everything is written: the next start needs no recovery.
    Fast,
    /// At once; the next start recovers from the log.
    Immediate,
}

/// The server of one data folder. It knows the folder; whether a process runs on it is found out each time.
#[derive(Debug, Clone)]
pub struct Postmaster {
    /// The programs.
    pub installation: Installation,
    /// Who runs it.
    pub user: OsUser,
    /// The data folder.
    pub data_dir: PathBuf,
    /// Where its standard output and error go.
    pub log: PathBuf,
}

impl Postmaster {
    /// The process on this data folder, if there is one. A `postmaster.pid` that a killed server or a restarted
    /// machine left behind doesn't count, not even when another process has got the same id since.
    #[must_use]
    pub fn running(&self) -> Option<RunningServer> {
        let server = self.read_pid_file()?;
        runs_in(server.pid, &self.data_dir).then_some(server)
    }

    /// Starts the server, unless it runs already, and waits until it accepts connections.
    ///
    /// It gets a process group of its own, so that a Ctrl-C meant for us doesn't reach it, and it survives us.
    ///
    /// # Errors
    /// [`ServerError::PortTaken`] when somebody else listens on `port` on one of `addresses`; else with the server's
    /// own words from its log.
    pub async fn start(&self, port: u16, addresses: &[IpAddr]) -> Result<RunningServer, ServerError> {
        let begun = Instant::now();
        loop {
            if self.running().is_some() {
                return self.wait_until_ready(None).await;
            }
            if !addresses.iter().all(|address| is_port_free(*address, port)) {
                // A server that was killed leaves its file, and may have its port for a moment longer: it shows no folder any more
                // before its sockets are closed, and a child that was just being made closes them by itself.
                if self.read_pid_file().is_some() && begun.elapsed() < PORT_LIMIT {
                    tokio::time::sleep(POLL).await;
                    continue;
                }
                return Err(ServerError::PortTaken(port));
            }
            self.clear_stale_locks(port);
            let log_start = self.rotate_log();
            let child = self.spawn()?;
            let failure = match self.wait_until_ready(Some(child)).await {
                Err(ServerError::Program { .. }) => self.words_since(log_start),
                outcome => return outcome,
            };
            if failure.contains("Address already in use") && !addresses.is_empty() {
                return Err(ServerError::PortTaken(port));
            }
            // A killed server's children notice its death and leave, but not at once.
            let is_blocked_by_remains =
                failure.contains("is still in use") || failure.contains("already exists");
            if !is_blocked_by_remains || begun.elapsed() > REMAINS_LIMIT {
                return Err(ServerError::Program { program: "postgres", message: failure });
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    /// Stops the server and waits until it is gone. Fine when none runs.
    ///
    /// # Errors
    /// When it is still there after `limit`, though it was killed.
    pub async fn stop(&self, shutdown: Shutdown, limit: Duration) -> Result<(), ServerError> {
        let fast = (Signal::INT, limit);
        let immediate = (Signal::QUIT, Duration::from_secs(5));
        let kill = (Signal::KILL, Duration::from_secs(5));
        let stages: &[_] = match shutdown {
            Shutdown::Fast => &[fast, immediate, kill],
            Shutdown::Immediate => &[immediate, kill],
        };
        for (signal, patience) in stages {
            let Some(server) = self.running() else { return Ok(()) };
            if let Some(pid) = Pid::from_raw(server.pid) {
                // It may be gone by now: then there is nothing to stop.
                let _ = kill_process(pid, *signal);
            }
            if self.wait_until_gone(*patience).await {
                return Ok(());
            }
            tracing::warn!(data_dir = %self.data_dir.display(), ?signal, "PostgreSQL didn't stop in time");
        }
        Err(self.timed_out("still runs", limit))
    }

    /// Has the running server read its configuration and its certificate again. Fine when none runs.
    pub fn reload(&self) {
        if let Some(pid) = self.running().and_then(|server| Pid::from_raw(server.pid)) {
            let _ = kill_process(pid, Signal::HUP);
        }
    }

    /// Waits until no process runs on the data folder; says whether that happened within `limit`.
    pub async fn wait_until_gone(&self, limit: Duration) -> bool {
        let begun = Instant::now();
        while self.running().is_some() {
            if begun.elapsed() > limit {
                return false;
            }
            tokio::time::sleep(POLL).await;
        }
        true
    }

    fn spawn(&self) -> Result<Child, ServerError> {
        // A statement that failed stands in it, with what it was about.
        let open_log = || fs::OpenOptions::new().create(true).append(true).mode(0o600).open(&self.log);
        let log = open_log().map_err(ServerError::file(&self.log))?;
        let log_again = open_log().map_err(ServerError::file(&self.log))?;
        let mut command = Command::from(self.user.command(&self.installation.program("postgres")));
        command
            .arg("-D")
            .arg(&self.data_dir)
            .stdin(Stdio::null())
            .stdout(log)
            .stderr(log_again)
            .process_group(0)
            .kill_on_drop(false)
            .spawn()
            .map_err(|error| ServerError::Program { program: "postgres", message: error.to_string() })
    }

    /// Waits for the word `ready` in `postmaster.pid`, which the server writes when it accepts connections.
    /// A `child` that ends before is [`ServerError::Program`]; one that becomes ready is watched until its end.
    async fn wait_until_ready(&self, mut child: Option<Child>) -> Result<RunningServer, ServerError> {
        let begun = Instant::now();
        loop {
            if let Some(server) = self.running().filter(|server| server.is_ready) {
                if let Some(child) = child {
                    reap_when_it_ends(child, self.data_dir.clone());
                }
                return Ok(server);
            }
            let has_ended = match &mut child {
                Some(child) => child.try_wait().map_err(ServerError::file(&self.data_dir))?.is_some(),
                None => self.running().is_none(),
            };
            if has_ended {
                return Err(ServerError::Program {
                    program: "postgres",
                    message: "it ended while starting".to_owned(),
                });
            }
            if begun.elapsed() > START_LIMIT {
                if let Some(child) = child {
                    reap_when_it_ends(child, self.data_dir.clone());
                }
                return Err(self.timed_out("isn't ready", START_LIMIT));
            }
            tokio::time::sleep(POLL).await;
        }
    }

    fn read_pid_file(&self) -> Option<RunningServer> {
        pid_file::parse(&fs::read_to_string(self.data_dir.join("postmaster.pid")).ok()?)
    }

    /// PostgreSQL takes a lock file for a live one when *any* process of its user has the id in it. With many servers
    /// under one user, and after a restart of the machine, that happens: take away what we know to be stale.
    fn clear_stale_locks(&self, port: u16) {
        let is_another = |pid: i32| Pid::from_raw(pid).is_some_and(|pid| test_kill_process(pid).is_ok());
        let pid_file = self.data_dir.join("postmaster.pid");
        let Some(server) = self.read_pid_file() else { return };
        if is_another(server.pid) && !runs_in(server.pid, &self.data_dir) {
            tracing::info!(data_dir = %self.data_dir.display(), pid = server.pid, "removing a stale postmaster.pid");
            let _ = fs::remove_file(&pid_file);
        }
        let socket = server.socket_dir.join(format!(".s.PGSQL.{port}"));
        let lock = server.socket_dir.join(format!(".s.PGSQL.{port}.lock"));
        let owner = fs::read_to_string(&lock).ok().and_then(|text| {
            let mut lines = text.lines();
            Some((lines.next()?.trim().parse::<i32>().ok()?, PathBuf::from(lines.next()?.trim())))
        });
        if let Some((pid, data_dir)) = owner
            && is_another(pid)
            && !runs_in(pid, &data_dir)
        {
            let _ = fs::remove_file(&lock);
            let _ = fs::remove_file(&socket);
        }
    }

    /// Sets a log that has grown too large aside. Returns where the next start's words begin.
    fn rotate_log(&self) -> u64 {
        let length = fs::metadata(&self.log).map_or(0, |metadata| metadata.len());
        if length > LOG_LIMIT && fs::rename(&self.log, self.log.with_extension("old")).is_ok() {
            return 0;
        }
        length
    }

    fn words_since(&self, start: u64) -> String {
        let read = || {
            let mut file = fs::File::open(&self.log)?;
            file.seek(SeekFrom::Start(start))?;
            let mut text = Vec::new();
            file.take(16_384).read_to_end(&mut text)?;
            Ok::<_, std::io::Error>(String::from_utf8_lossy(&text).trim().to_owned())
        };
        read().ok().filter(|text| !text.is_empty()).unwrap_or_else(|| "it ended without a word".to_owned())
    }

    fn timed_out(&self, what: &'static str, limit: Duration) -> ServerError {
        let (data_dir, log) = (self.data_dir.clone(), self.log.clone());
        ServerError::TimedOut { what, seconds: limit.as_secs(), data_dir, log }
    }
}

/// Whether nobody listens on the port of this address. An address that the machine hasn't got has all ports free.
#[must_use]
pub fn is_port_free(address: IpAddr, port: u16) -> bool {
    match TcpListener::bind((address, port)) {
        Ok(_) => true,
        Err(error) => error.kind() != std::io::ErrorKind::AddrInUse,
    }
}

/// A child that ends must be waited for, or it stays as a zombie for as long as we live.
fn reap_when_it_ends(mut child: Child, data_dir: PathBuf) {
    tokio::spawn(async move {
        let status = child.wait().await;
        tracing::info!(data_dir = %data_dir.display(), ?status, "PostgreSQL ended");
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_port_is_free_until_somebody_listens() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        assert!(!is_port_free(address.ip(), address.port()));
        drop(listener);
        assert!(is_port_free(address.ip(), address.port()));
    }
}
