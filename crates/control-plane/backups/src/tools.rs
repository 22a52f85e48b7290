//! PostgreSQL's client programs, run so that no secret is on a command line and no row's contents in an error.

use std::ffi::OsStr;
use std::io::Write;
use std::process::Stdio;

use secrecy::{ExposeSecret, SecretString};
use tempfile::NamedTempFile;
use tokio::process::Command;

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
    ///
    /// Where to connect is in the program's environment, which holds nothing else of ours, and the password is in a file that
    /// only we can read: a command line can be read by every user of the machine, an environment by all of our processes.
    pub(crate) async fn run(
        self,
        access: &DatabaseAccess,
        arguments: impl IntoIterator<Item = impl AsRef<OsStr>>,
    ) -> Result<String, BackupError> {
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
        // Both are removed when they are dropped, after the program has ended.
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
        let output = command.output().await.map_err(|source| BackupError::Program { program, source })?;
        if output.status.success() {
            return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
        }
        let said = String::from_utf8_lossy(&output.stderr);
        Err(BackupError::Failed {
            program: self.name(),
            message: errors_of(&said, &output.status.to_string()),
        })
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
