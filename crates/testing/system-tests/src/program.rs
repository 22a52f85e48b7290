//! The program under test, run as an operator runs it: by its name, with variables and arguments.

use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use serde_json::Value;
use tokio::process::Command;

/// The variables that ask for plain text.
const PLAIN: [&str; 4] = ["SIXTY_TLS", "ADMIN_DB_TLS", "DB_TLS", "REDIS_TLS"];

/// How long a command that ends by itself may take.
const LIMIT: Duration = Duration::from_secs(90);

/// The built `sixty`, under a name of our own: a build that runs meanwhile doesn't change it, and its processes are
/// told from everybody else's by their path.
#[derive(Debug, Clone)]
pub struct Program {
    path: PathBuf,
    variables: Vec<(String, OsString)>,
}

/// How a command ended.
#[derive(Debug, Clone)]
pub struct Finished {
    /// Its exit code; none when a signal ended it.
    pub code: Option<i32>,
    /// What it wrote to standard output.
    pub output: String,
    /// What it wrote to standard error.
    pub errors: String,
}

impl Program {
    /// The program that was built beside this test, at `folder/sixty`.
    ///
    /// # Panics
    /// When it wasn't built.
    #[must_use]
    pub fn at(folder: &Path) -> Self {
        let path = folder.join("sixty");
        let built = built();
        if std::fs::hard_link(&built, &path).is_err() {
            std::fs::copy(&built, &path).expect("the program can be copied into our own folder");
        }
        Self { path, variables: Vec::new() }
    }

    /// Where it is.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The same with a variable set.
    #[must_use]
    pub fn with(mut self, name: &str, value: impl Into<OsString>) -> Self {
        self.variables.retain(|(known, _)| known != name);
        self.variables.push((name.to_owned(), value.into()));
        self
    }

    /// The same without a variable.
    #[must_use]
    pub fn without(mut self, name: &str) -> Self {
        self.variables.retain(|(known, _)| known != name);
        self
    }

    /// The same, asking for plain text wherever it may be asked for: what it speaks to is on this machine and has no
    /// certificates.
    #[must_use]
    pub fn in_the_clear(self) -> Self {
        PLAIN.iter().fold(self, |program, name| program.with(name, "plain"))
    }

    /// A command with these arguments, not run yet. Of our own environment it sees what finds programs, and nothing
    /// else.
    #[must_use]
    pub fn command<S: AsRef<OsStr>>(&self, arguments: &[S]) -> Command {
        let mut command = Command::new(&self.path);
        command.env_clear().args(arguments).stdin(Stdio::null()).kill_on_drop(true);
        for name in ["PATH", "HOME", "SIXTY_PG_BIN"] {
            #[expect(
                clippy::disallowed_methods,
                reason = "what is passed on is no configuration of the tests"
            )]
            let value = std::env::var_os(name);
            command.envs(value.map(|value| (name, value)));
        }
        command.envs(self.variables.iter().map(|(name, value)| (name, value)));
        command
    }

    /// Runs a command to its end.
    ///
    /// # Panics
    /// When it doesn't end in time.
    pub async fn run<S: AsRef<OsStr>>(&self, arguments: &[S]) -> Finished {
        let shown: Vec<_> =
            arguments.iter().map(|argument| argument.as_ref().to_string_lossy().into_owned()).collect();
        let running = self.command(arguments).output();
        let output = tokio::time::timeout(LIMIT, running)
            .await
            .unwrap_or_else(|_| panic!("sixty {} didn't end within {LIMIT:?}", shown.join(" ")))
            .unwrap_or_else(|error| panic!("sixty {} can't be run: {error}", shown.join(" ")));
        Finished {
            code: output.status.code(),
            output: String::from_utf8_lossy(&output.stdout).into_owned(),
            errors: String::from_utf8_lossy(&output.stderr).into_owned(),
        }
    }
}

impl Finished {
    /// The same, which must have succeeded.
    ///
    /// # Panics
    /// When it didn't.
    pub fn succeeded(self) -> Self {
        assert_eq!(self.code, Some(0), "{}\n{}", self.output, self.errors);
        self
    }

    /// The output as JSON.
    ///
    /// # Panics
    /// When it is something else.
    #[must_use]
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.output).unwrap_or_else(|error| panic!("{error} in: {}", self.output))
    }

    /// The last line of the standard error stream: what a person is told in the end.
    #[must_use]
    pub fn message(&self) -> &str {
        self.errors.trim_end().lines().last().unwrap_or_default()
    }
}

/// `target/<profile>/sixty`: a test runs from `target/<profile>/deps`, a benchmark from `target/<profile>`.
fn built() -> PathBuf {
    let path = std::env::current_exe().expect("a program knows its own path");
    let mut folder = path.parent().expect("a program is in a folder");
    if folder.file_name().is_some_and(|name| name == "deps") {
        folder = folder.parent().expect("deps is in a profile's folder");
    }
    let path = folder.join("sixty");
    assert!(
        path.is_file(),
        "{} is not there: build it first (cargo build -p sixty), or run scripts/test.sh",
        path.display()
    );
    path
}
