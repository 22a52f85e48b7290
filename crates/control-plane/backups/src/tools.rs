//! PostgreSQL's client programs, run so that no secret is on a command line and no row's contents in an error.

use std::ffi::OsStr;
use std::io::{PipeReader, PipeWriter, Write};
use std::path::PathBuf;
use std::process::{Output, Stdio};

use secrecy::{ExposeSecret, SecretString};
use tempfile::NamedTempFile;
use tokio::process::{Child, Command};
use tokio::sync::oneshot;
use tokio::task::spawn_blocking;

use crate::{BackupError, DatabaseAccess};

/// One of the client programs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Tool {
    Dump,
    Restore,
}

impl Tool {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Dump => "pg_dump",
            Self::Restore => "pg_restore",
        }
    }

    /// Runs the program; answers what it wrote. Ends it when the caller stops waiting.
    pub(crate) async fn run(
        self,
        access: &DatabaseAccess,
        arguments: impl IntoIterator<Item = impl AsRef<OsStr>>,
    ) -> Result<String, BackupError> {
        let mut prepared = self.prepare(access, arguments)?;
        let output = prepared.command.output().await;
        prepared.outcome(self, output)
    }

    /// Runs the program and has `feed` write what it reads, on a thread of its own; answers what the program wrote.
    ///
    /// What `feed` fails with counts before what the program then fails with.
    pub(crate) async fn run_fed(
        self,
        access: &DatabaseAccess,
        arguments: impl IntoIterator<Item = impl AsRef<OsStr>>,
        feed: impl FnOnce(PipeWriter) -> Result<(), BackupError> + Send + 'static,
    ) -> Result<String, BackupError> {
        let mut prepared = self.prepare(access, arguments)?;
        let (reader, writer) = std::io::pipe().map_err(|error| prepared.not_run(error))?;
        prepared.command.stdin(reader).stdout(Stdio::piped()).stderr(Stdio::piped());
        let child = prepared.spawn()?;
        let (output, fed) = tokio::join!(child.wait_with_output(), blocking(move || feed(writer)));
        fed?;
        prepared.outcome(self, output)
    }

    /// Runs the program and has `take` read what it writes, on a thread of its own.
    ///
    /// What `take` fails with counts before what the program then fails with; of a program that failed, the failure.
    pub(crate) async fn run_taken(
        self,
        access: &DatabaseAccess,
        arguments: impl IntoIterator<Item = impl AsRef<OsStr>>,
        take: impl FnOnce(PipeReader, Ending) -> Result<(), BackupError> + Send + 'static,
    ) -> Result<(), BackupError> {
        let mut prepared = self.prepare(access, arguments)?;
        let (reader, writer) = std::io::pipe().map_err(|error| prepared.not_run(error))?;
        prepared.command.stdout(writer).stderr(Stdio::piped());
        let child = prepared.spawn()?;
        let (told, ending) = oneshot::channel();
        let run = async {
            let outcome = prepared.outcome(self, child.wait_with_output().await);
            // Without a word, it was no success.
            if outcome.is_ok() {
                let _ = told.send(());
            } else {
                drop(told);
            }
            outcome
        };
        match tokio::join!(run, blocking(move || take(reader, Ending(ending)))) {
            (Err(failed), Err(BackupError::Interrupted)) | (Err(failed), Ok(())) => Err(failed),
            (_, taken) => taken,
        }
    }

    /// Where to connect is in the program's environment, which holds nothing else of ours, and the password is in a file that
    /// only we can read: a command line can be read by every user of the machine, an environment by all of our processes.
    fn prepare(
        self,
        access: &DatabaseAccess,
        arguments: impl IntoIterator<Item = impl AsRef<OsStr>>,
    ) -> Result<Prepared, BackupError> {
        let program = access.client_tools.join(self.name());
        let mut command = Command::new(&program);
        command
            .args(arguments)
            .env_clear()
            .env("LC_ALL", "C")
            .env("PGHOST", &access.host)
            .env("PGPORT", access.port.to_string())
            .env("PGUSER", &access.user)
            .env("PGDATABASE", &access.database)
            .env("PGCONNECT_TIMEOUT", "10")
            .env("PGAPPNAME", "sixty backups")
            // No file of the user who happens to run us may change where we connect or with what.
            .env("HOME", "/nonexistent")
            .stdin(Stdio::null())
            .kill_on_drop(true);
        let password = access.password.as_ref().map(password_file).transpose()?;
        if let Some(file) = &password {
            command.env("PGPASSFILE", file.path());
        }
        let authority = access.ca_certificate.as_deref().map(authority_file).transpose()?;
        if let Some(file) = &authority {
            command.env("PGSSLMODE", "verify-full").env("PGSSLROOTCERT", file.path());
        } else if access.requires_tls {
            command.env("PGSSLMODE", "require");
        }
        Ok(Prepared { program, command, _files: [password, authority] })
    }

    /// The program's major version.
    pub(crate) async fn version(self, access: &DatabaseAccess) -> Result<u32, BackupError> {
        let said = self.run(access, ["--version"]).await?;
        major_version(said.rsplit("(PostgreSQL)").next().unwrap_or_default()).ok_or_else(|| {
            BackupError::Failed {
                program: self.name(),
                message: "its version can't be understood".to_owned(),
            }
        })
    }
}

/// A program that is ready to run.
struct Prepared {
    program: PathBuf,
    command: Command,
    /// Removed when they are dropped, after the program has ended.
    _files: [Option<NamedTempFile>; 2],
}

/// How a program ended whose output is being read.
pub(crate) struct Ending(oneshot::Receiver<()>);

impl Ending {
    /// Waits for it: whether it said itself that all went well.
    pub(crate) fn went_well(self) -> bool {
        self.0.blocking_recv().is_ok()
    }
}

impl Prepared {
    fn spawn(&mut self) -> Result<Child, BackupError> {
        let spawned = self.command.spawn();
        // Our own ends of its pipes: while we hold them, nobody comes to their end.
        self.command.stdin(Stdio::null()).stdout(Stdio::null());
        spawned.map_err(|error| self.not_run(error))
    }

    fn not_run(&self, source: std::io::Error) -> BackupError {
        BackupError::Program { program: self.program.clone(), source }
    }

    fn outcome(&self, tool: Tool, output: std::io::Result<Output>) -> Result<String, BackupError> {
        let output = output.map_err(|error| self.not_run(error))?;
        if output.status.success() {
            return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
        }
        let said = String::from_utf8_lossy(&output.stderr);
        Err(BackupError::Failed {
            program: tool.name(),
            message: errors_of(&said, &output.status.to_string()),
        })
    }
}

/// Runs what would block other work on a thread of its own.
pub(crate) async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, BackupError> + Send + 'static,
) -> Result<T, BackupError> {
    match spawn_blocking(work).await {
        Ok(outcome) => outcome,
        // The runtime is going down.
        Err(_) => Err(BackupError::Interrupted),
    }
}

/// The password as a file, as the programs want it: for whatever host, port, database and user.
fn password_file(password: &SecretString) -> Result<NamedTempFile, BackupError> {
    let escaped = password.expose_secret().replace('\\', "\\\\").replace(':', "\\:");
    let write = || {
        // Readable by nobody else from the beginning.
        let mut file = NamedTempFile::new()?;
        writeln!(file, "*:*:*:*:{escaped}")?;
        Ok(file)
    };
    write().map_err(BackupError::write(std::env::temp_dir()))
}

/// The certificate authority as a file, as the programs want it.
fn authority_file(pem: &str) -> Result<NamedTempFile, BackupError> {
    let write = || {
        let mut file = NamedTempFile::new()?;
        file.write_all(pem.as_bytes())?;
        Ok(file)
    };
    write().map_err(BackupError::write(std::env::temp_dir()))
}

/// The lines that say what failed. What follows them (DETAIL, CONTEXT) repeats rows, and is left out.
fn errors_of(said: &str, status: &str) -> String {
    let errors: Vec<&str> = said
        .lines()
        .filter(|line| line.contains(": error: ") || line.contains(": fatal: "))
        .take(3)
        .collect();
    let text = if errors.is_empty() { status.to_owned() } else { errors.join("; ") };
    text.chars().take(1000).collect()
}

/// The number before the first dot: `16` of ` 16.4 (Debian 16.4-1)`, of `17beta1` and of `18`.
pub(crate) fn major_version(text: &str) -> Option<u32> {
    let digits: String = text.trim_start().chars().take_while(char::is_ascii_digit).collect();
    digits.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_read_from_what_programs_and_servers_say() {
        assert_eq!(major_version(" 16.4 (Debian 16.4-1)"), Some(16));
        assert_eq!(major_version("17beta1"), Some(17));
        assert_eq!(major_version("18"), Some(18));
        assert_eq!(major_version("devel"), None);
    }

    #[test]
    fn an_error_repeats_no_row() {
        let said = "pg_restore: while PROCESSING TOC:\n\
                    pg_restore: error: COPY failed for table \"users\": ERROR:  duplicate key value\n\
                    DETAIL:  Key (email)=(ann@example.com) already exists.\n\
                    CONTEXT:  COPY users, line 2\n";
        let kept = errors_of(said, "exit status: 1");
        assert!(kept.contains("duplicate key value") && !kept.contains("ann@example.com"), "{kept}");
        assert_eq!(errors_of("", "signal: 9 (SIGKILL)"), "signal: 9 (SIGKILL)");
    }
}
