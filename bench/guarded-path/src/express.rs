//! The peer: the same path in Express, node-postgres and ioredis (`bench/peers/express`).

use std::path::PathBuf;
use std::process::Stdio;

use anyhow::{Context as _, ensure};
use serde_json::json;
use tokio::process::{Child, Command};

use crate::servers::{CustomerLogin, POOL_SIZE, contact_query};

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../peers/express")
}

/// Installs exactly what the lock file says.
pub(crate) async fn install() -> anyhow::Result<()> {
    let output = Command::new("npm")
        .args(["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--silent"])
        .current_dir(folder())
        .output()
        .await
        .context("npm can't be run: install Node.js 20 or newer with npm")?;
    ensure!(output.status.success(), "npm ci failed: {}", String::from_utf8_lossy(&output.stderr));
    Ok(())
}

/// Which Node.js it runs on.
pub(crate) async fn version() -> anyhow::Result<String> {
    let output = Command::new("node").arg("--version").output().await.context("node can't be run")?;
    Ok(String::from_utf8_lossy(&output.stdout).trim().trim_start_matches('v').to_owned())
}

/// Where the peer finds what it needs.
pub(crate) struct PeerPlan<'a> {
    pub(crate) admin_url: &'a str,
    pub(crate) redis_url: &'a str,
    pub(crate) customer: &'a CustomerLogin,
}

impl PeerPlan<'_> {
    /// Starts it with so many processes.
    pub(crate) fn start(&self, port: u16, processes: usize) -> anyhow::Result<Child> {
        let login = self.customer;
        let config = json!({
            "port": port,
            "adminUrl": self.admin_url,
            // A database of its own.
            "redisUrl": format!("{}/1", self.redis_url),
            "poolSize": POOL_SIZE,
            "contactQuery": contact_query(),
            "customer": {
                "host": "localhost", "port": login.port, "database": login.database, "user": login.user,
                "password": login.password, "ssl": { "ca": login.ca_certificate },
            },
        });
        Command::new("node")
            .arg("server.mjs")
            .current_dir(folder())
            .env("NODE_ENV", "production")
            .env("WORKERS", processes.to_string())
            .env("BENCH_CONFIG", config.to_string())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .kill_on_drop(true)
            .spawn()
            .context("node can't be run")
    }
}
