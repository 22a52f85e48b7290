//! The load generator: `wrk` with one thread and 32 connections that are kept open.

use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::{Duration, Instant};

use anyhow::{Context as _, ensure};
use serde::Deserialize;
use tokio::process::Command;

use crate::processes;

pub(crate) const CONNECTIONS: u64 = 32;

/// What wrk says at the end: numbers only.
const REPORT: &str = r#"
done = function(summary, latency, requests)
  local e = summary.errors
  io.write(string.format(
    '\nREPORT {"requests":%d,"micros":%d,"p50":%d,"p99":%d,"errors":%d}\n',
    summary.requests, summary.duration, latency:percentile(50), latency:percentile(99),
    e.connect + e.read + e.write + e.status + e.timeout))
end
"#;

/// What a round came to.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Round {
    pub(crate) requests: u64,
    /// How long the round was, in microseconds.
    micros: u64,
    /// Latencies in microseconds.
    pub(crate) p50: u64,
    pub(crate) p99: u64,
    errors: u64,
    /// Of one processor core: what the load generator used.
    #[serde(skip)]
    pub(crate) load_share: f64,
    /// Processor time of the server per request, in microseconds.
    #[serde(skip)]
    pub(crate) server_micros: f64,
}

impl Round {
    pub(crate) fn per_second(&self) -> f64 {
        self.per_second_with(Duration::ZERO)
    }

    /// The same when something is still done after it, for so long.
    pub(crate) fn per_second_with(&self, after: Duration) -> f64 {
        self.requests as f64 / (self.micros as f64 / 1e6 + after.as_secs_f64())
    }
}

/// wrk, with a script that sends the key: not on its command line, which everybody sees.
pub(crate) struct Load {
    script: PathBuf,
}

impl Load {
    pub(crate) fn with_key(folder: &Path, key: &str) -> anyhow::Result<Self> {
        let script = folder.join("wrk.lua");
        let mut file = std::fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(&script)?;
        std::io::Write::write_all(
            &mut file,
            format!("wrk.headers[\"Authorization\"] = \"Bearer {key}\"\n{REPORT}").as_bytes(),
        )?;
        Ok(Self { script })
    }

    /// Loads a server for so long, as fast as it answers.
    pub(crate) async fn round(&self, url: &str, server: u32, length: Duration) -> anyhow::Result<Round> {
        let (server_before, load_before) =
            (processes::time_used(server), processes::time_of_ended_children());
        let began = Instant::now();
        let output = Command::new("wrk")
            .args(["-t1", &format!("-c{CONNECTIONS}"), &format!("-d{}s", length.as_secs()), "-s"])
            .arg(&self.script)
            .arg(url)
            .stdin(Stdio::null())
            .kill_on_drop(true)
            .output()
            .await
            .context("wrk can't be run: install it (Debian and Ubuntu: apt-get install wrk)")?;
        let took = began.elapsed();
        let text = String::from_utf8_lossy(&output.stdout);
        let report = text.lines().find_map(|line| line.strip_prefix("REPORT "));
        let report = report
            .with_context(|| format!("wrk {url}: {text}{}", String::from_utf8_lossy(&output.stderr)))?;
        let mut round: Round = serde_json::from_str(report)?;
        ensure!(round.errors == 0, "{} of {} answers of {url} were errors", round.errors, round.requests);
        ensure!(round.requests > 0, "{url} answered nothing");
        let load = processes::time_of_ended_children().saturating_sub(load_before);
        let server = processes::time_used(server).saturating_sub(server_before);
        round.load_share = load.as_secs_f64() / took.as_secs_f64();
        round.server_micros = server.as_secs_f64() * 1e6 / round.requests as f64;
        Ok(round)
    }
}
