//! A Redis of the test's own.

use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use crate::home::Home;
use crate::{free_port, wait_for};

const PASSWORD: &str = "dev_password";

/// A `redis-server` process with a password; killed and removed when it is dropped.
#[derive(Debug)]
pub struct Redis {
    port: u16,
    child: Option<Child>,
    home: Home,
}

/// Starts a Redis server on a free port and waits until it answers.
pub async fn redis() -> Redis {
    let mut redis = Redis { port: free_port(), child: None, home: crate::home() };
    redis.start().await;
    redis
}

impl Redis {
    /// The whole URL.
    #[must_use]
    pub fn url(&self) -> String {
        self.url_through(self.port)
    }

    /// The URL through another port, such as a proxy's.
    #[must_use]
    pub fn url_through(&self, port: u16) -> String {
        format!("redis://:{PASSWORD}@localhost:{port}")
    }

    /// The port.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Kills it (signal 9). What it knew and hasn't saved is lost.
    pub fn kill(&mut self) {
        if let Some(mut child) = self.child.take() {
            let _ = child.kill();
            let _ = child.wait();
        }
    }

    /// Starts it again on the same port after a [`Redis::kill`], and waits until it answers.
    pub async fn start(&mut self) {
        let configuration = format!(
            "port {}\nbind 127.0.0.1 -::1\nrequirepass {PASSWORD}\ndir {folder}\npidfile {folder}/redis.pid\n\
             save \"\"\nappendonly no\ndaemonize no\nlogfile {folder}/log\n",
            self.port,
            folder = self.home.path().display(),
        );
        let file: PathBuf = self.home.path().join("redis.conf");
        std::fs::write(&file, configuration).expect("a file can be written into our own folder");
        let child = Command::new("redis-server")
            .arg(&file)
            .current_dir(self.home.path())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap_or_else(|error| panic!("redis-server can't be run ({error}): install Redis"));
        self.child = Some(child);
        let client = redis::Client::open(self.url()).expect("our own URL is well formed");
        wait_for("Redis to answer", Duration::from_secs(10), || async {
            let Ok(mut connection) = client.get_multiplexed_async_connection().await else { return false };
            redis::cmd("PING").query_async::<String>(&mut connection).await.is_ok()
        })
        .await;
    }
}

impl Drop for Redis {
    fn drop(&mut self) {
        self.kill();
    }
}
