//! A Redis of the benchmark's own.

use std::net::TcpListener;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use tempfile::TempDir;

/// A server on a free port, gone when this is dropped.
pub(crate) struct Redis {
    child: Child,
    pub(crate) url: String,
    _folder: TempDir,
}

impl Drop for Redis {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

pub(crate) async fn start() -> Result<Redis> {
    let folder = tempfile::tempdir()?;
    let port = TcpListener::bind(("127.0.0.1", 0))?.local_addr()?.port();
    let child = Command::new("redis-server")
        .args(["--port", &port.to_string(), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"])
        .current_dir(folder.path())
        .stdout(Stdio::null())
        .spawn()
        .context("redis-server can't be run: install Redis")?;
    let redis = Redis { child, url: format!("redis://127.0.0.1:{port}"), _folder: folder };
    let client = redis::Client::open(redis.url.as_str())?;
    let begun = Instant::now();
    while begun.elapsed() < Duration::from_secs(10) {
        if client.get_multiplexed_async_connection().await.is_ok() {
            return Ok(redis);
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    bail!("Redis doesn't answer")
}
