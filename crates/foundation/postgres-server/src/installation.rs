//! Finds a PostgreSQL installation on this machine.

use std::fmt;
use std::ops::RangeInclusive;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The major versions that the platform is tested with.
pub const SUPPORTED_VERSIONS: RangeInclusive<u32> = 15..=18;

/// What must be there, or nothing works.
const NEEDED: [&str; 2] = ["postgres", "initdb"];

/// What backups, restores and a shell on a customer's database need.
const CLIENT_TOOLS: [&str; 3] = ["pg_dump", "pg_restore", "psql"];

/// A version, such as 16.4.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Version {
    /// The major version, such as 16.
    pub major: u32,
    /// The whole version, such as `16.4`.
    pub text: String,
}

impl fmt::Display for Version {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.text.fmt(formatter)
    }
}

/// An installation that can run a server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Installation {
    /// The folder with `postgres` and `initdb`.
    pub bin_dir: PathBuf,
    /// Its version.
    pub version: Version,
}

/// Where to look.
#[derive(Debug, Clone, Default)]
pub struct InstallationSearch {
    /// The folder to use and no other (`SIXTY_PG_BIN`).
    pub bin_dir: Option<PathBuf>,
    /// The caller's `PATH`, looked through after the usual places.
    pub path: Vec<PathBuf>,
    /// A folder of folders with downloaded installations, each with a `bin`; looked through last.
    pub downloads: Option<PathBuf>,
}

/// Why no installation can be used.
#[derive(Debug, thiserror::Error)]
pub enum InstallationError {
    /// The folder that was asked for lacks a program.
    #[error("{} has no program called {program}: SIXTY_PG_BIN must name the bin folder of a PostgreSQL 15 to 18 server", bin_dir.display())]
    Incomplete {
        /// The folder.
        bin_dir: PathBuf,
        /// What it lacks.
        program: &'static str,
    },
    /// The folder that was asked for has a version that isn't supported.
    #[error("{} is PostgreSQL {version}: 15 to 18 are supported", bin_dir.display())]
    Unsupported {
        /// The folder.
        bin_dir: PathBuf,
        /// Its version.
        version: String,
    },
    /// The folder that was asked for has a `postgres` that doesn't run.
    #[error("{}/postgres can't be run: {message}", bin_dir.display())]
    Broken {
        /// The folder.
        bin_dir: PathBuf,
        /// Why.
        message: String,
    },
    /// There is none.
    #[error(
        "no PostgreSQL 15 to 18 server found: install one (Debian and Ubuntu: `apt-get install postgresql`, \
         macOS: `brew install postgresql@17`), or name its bin folder with SIXTY_PG_BIN"
    )]
    NotFound,
    /// There is none, and none could be downloaded.
    #[error(
        "no PostgreSQL 15 to 18 server found, and none could be downloaded ({0}): install one (Debian and Ubuntu: \
         `apt-get install postgresql`, macOS: `brew install postgresql@17`), or name its bin folder with SIXTY_PG_BIN"
    )]
    NotDownloaded(String),
}

impl Installation {
    /// The folder that was asked for, else the newest supported version of the usual places.
    ///
    /// # Errors
    /// [`InstallationError`] says what is missing and how to get it.
    pub fn find(search: &InstallationSearch) -> Result<Self, InstallationError> {
        if let Some(bin_dir) = &search.bin_dir {
            return Self::at(bin_dir);
        }
        let mut best: Option<Self> = None;
        for bin_dir in usual_places().into_iter().chain(search.path.iter().cloned()).chain(downloaded(search))
        {
            let Ok(found) = Self::at(&bin_dir) else { continue };
            // Strictly newer: among equals the earlier place wins.
            if best.as_ref().is_none_or(|best| best.version.major < found.version.major) {
                best = Some(found);
            }
        }
        best.ok_or(InstallationError::NotFound)
    }

    /// The installation whose programs are in `bin_dir`.
    ///
    /// # Errors
    /// When it lacks a program, doesn't run, or has a version that isn't supported.
    pub fn at(bin_dir: &Path) -> Result<Self, InstallationError> {
        for program in NEEDED {
            if !bin_dir.join(program).is_file() {
                return Err(InstallationError::Incomplete { bin_dir: bin_dir.to_owned(), program });
            }
        }
        let broken = |message: String| InstallationError::Broken { bin_dir: bin_dir.to_owned(), message };
        let output = Command::new(bin_dir.join("postgres"))
            .arg("--version")
            .output()
            .map_err(|error| broken(error.to_string()))?;
        if !output.status.success() {
            return Err(broken(String::from_utf8_lossy(&output.stderr).trim().to_owned()));
        }
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        let version =
            parse_version(&text).ok_or_else(|| broken(format!("it calls itself {:?}", text.trim())))?;
        if !SUPPORTED_VERSIONS.contains(&version.major) {
            return Err(InstallationError::Unsupported {
                bin_dir: bin_dir.to_owned(),
                version: version.text,
            });
        }
        Ok(Self { bin_dir: bin_dir.to_owned(), version })
    }

    /// The path of one of its programs.
    #[must_use]
    pub fn program(&self, name: &str) -> PathBuf {
        self.bin_dir.join(name)
    }

    /// Which of `pg_dump`, `pg_restore` and `psql` it lacks: without them there are no backups and no shell.
    #[must_use]
    pub fn missing_client_tools(&self) -> Vec<&'static str> {
        CLIENT_TOOLS.into_iter().filter(|tool| !self.program(tool).is_file()).collect()
    }
}

fn usual_places() -> Vec<PathBuf> {
    let mut places = Vec::new();
    for major in SUPPORTED_VERSIONS.rev() {
        places.push(format!("/usr/lib/postgresql/{major}/bin"));
        places.push(format!("/usr/pgsql-{major}/bin"));
        places.push(format!("/opt/homebrew/opt/postgresql@{major}/bin"));
        places.push(format!("/usr/local/opt/postgresql@{major}/bin"));
        places.push(format!("/Applications/Postgres.app/Contents/Versions/{major}/bin"));
        places.push(format!("/usr/libexec/postgresql{major}"));
    }
    places.push("/usr/local/pgsql/bin".to_owned());
    places.into_iter().map(PathBuf::from).collect()
}

fn downloaded(search: &InstallationSearch) -> Vec<PathBuf> {
    let Some(Ok(entries)) = search.downloads.as_ref().map(std::fs::read_dir) else { return Vec::new() };
    entries.flatten().map(|entry| entry.path().join("bin")).collect()
}

/// Reads `postgres (PostgreSQL) 15.8 (Debian 15.8-0+deb12u1)`.
fn parse_version(output: &str) -> Option<Version> {
    let text = output.split_once("(PostgreSQL)")?.1.split_whitespace().next()?;
    let digits: String = text.chars().take_while(char::is_ascii_digit).collect();
    Some(Version { major: digits.parse().ok()?, text: text.to_owned() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_read_as_distributions_write_them() {
        for (output, major, text) in [
            ("postgres (PostgreSQL) 15.8 (Debian 15.8-0+deb12u1)\n", 15, "15.8"),
            ("postgres (PostgreSQL) 18.4\n", 18, "18.4"),
            ("postgres (PostgreSQL) 18beta2\n", 18, "18beta2"),
        ] {
            assert_eq!(parse_version(output), Some(Version { major, text: text.to_owned() }));
        }
        assert_eq!(parse_version("bash: no such thing"), None);
    }

    #[test]
    fn a_folder_without_a_server_is_refused_by_name() {
        let error = Installation::at(Path::new("/nowhere")).unwrap_err();
        assert!(error.to_string().contains("/nowhere has no program called postgres"), "{error}");
    }

    #[test]
    fn the_newest_installation_of_this_machine_is_found() {
        let found = Installation::find(&InstallationSearch::default()).unwrap();
        assert!(SUPPORTED_VERSIONS.contains(&found.version.major));
        assert!(found.program("initdb").is_file());
    }
}
