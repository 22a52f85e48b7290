//! A real OpenID provider in the place of Clerk: it has keys, shows them, and signs what it is told.

use std::path::PathBuf;
use std::process::Stdio;

use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader, Lines};
use tokio::process::{Child, ChildStdin, ChildStdout, Command};

/// The provider. It ends when it is dropped.
#[derive(Debug)]
pub struct OpenIdProvider {
    /// Where it is, without a slash at the end: the `iss` of its tokens.
    pub url: String,
    process: Child,
    asked: ChildStdin,
    answers: Lines<BufReader<ChildStdout>>,
}

impl OpenIdProvider {
    /// Starts one with a key that is called `first`.
    ///
    /// # Panics
    /// When it can't be installed or started.
    pub async fn start() -> Self {
        let folder = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../../tests/openid"));
        let installed = folder.clone();
        tokio::task::spawn_blocking(move || testkit::install_once(&installed))
            .await
            .expect("npm is waited for");
        let mut process = Command::new("node")
            .arg("provider.mjs")
            .current_dir(folder)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .expect("node can be run; scripts/test.sh installs it");
        let asked = process.stdin.take().expect("it is a pipe");
        let answers = BufReader::new(process.stdout.take().expect("it is a pipe")).lines();
        let mut provider = Self { url: String::new(), process, asked, answers };
        provider.url = provider.answer().await["url"].as_str().expect("its URL").to_owned();
        provider
    }

    /// Signs these claims beside `iss`, `iat`, `exp` (a minute from now) and `nbf`.
    ///
    /// # Panics
    /// When it doesn't.
    pub async fn sign(&mut self, key: &str, claims: &Value) -> String {
        let answer = self.ask(&json!({ "sign": claims, "key": key })).await;
        answer["token"].as_str().expect("a token").to_owned()
    }

    /// Says this from now on of everybody who signs in.
    ///
    /// # Panics
    /// When it doesn't.
    pub async fn vouch(&mut self, claims: &Value) {
        self.ask(&json!({ "vouch": claims })).await;
    }

    /// Makes a further key.
    ///
    /// # Panics
    /// When it doesn't.
    pub async fn generate_key(&mut self, key: &str) {
        self.ask(&json!({ "generate": key })).await;
    }

    /// Stops it: nobody answers there any more.
    ///
    /// # Panics
    /// When it doesn't stop.
    pub async fn stop(mut self) {
        self.process.kill().await.expect("our own child");
    }

    async fn ask(&mut self, question: &Value) -> Value {
        self.asked.write_all(format!("{question}\n").as_bytes()).await.expect("the provider listens");
        self.answer().await
    }

    async fn answer(&mut self) -> Value {
        let line = self.answers.next_line().await.expect("the provider answers").expect("the provider runs");
        serde_json::from_str(&line).expect("JSON")
    }
}
