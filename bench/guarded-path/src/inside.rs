//! What the guard costs inside of the server: requests that come from no socket, one after the other, through the same
//! routes. Fewer things disturb this than a load generator does.

use std::io::Write as _;
use std::net::SocketAddr;
use std::process::Stdio;
use std::time::Instant;

use anyhow::{Context as _, ensure};
use axum::Router;
use axum::body::Body;
use axum::extract::ConnectInfo;
use http::{Request, StatusCode, header};
use serde::{Deserialize, Serialize};
use tokio::io::AsyncWriteExt as _;
use tokio::process::Command;
use tower::ServiceExt as _;

use crate::servers::{self, HELLO_PATH, Server};
use crate::stack::{Customer, Stack};
use crate::statistics::{median, ratios};

/// What one process is to time.
#[derive(Serialize, Deserialize)]
struct Task {
    server: Server,
    key: String,
    requests: u32,
}

const REQUESTS: u32 = 200_000;

/// Asks both in turns, a process for each; says the nanoseconds per request.
pub(crate) async fn measure(stack: &Stack, customer: &Customer, rounds: usize) -> anyhow::Result<()> {
    let (mut bare, mut guarded) = (Vec::new(), Vec::new());
    for round in 0..rounds {
        let spool = stack.folder().join(format!("spool-{round}"));
        let server = Server::Guarded { admin_url: stack.admin_url(), redis_url: stack.redis_url(), spool };
        guarded.push(ask_process(Task { server, key: customer.key.clone(), requests: REQUESTS }).await?);
        let server = Server::Bare;
        bare.push(ask_process(Task { server, key: customer.key.clone(), requests: REQUESTS }).await?);
    }
    let (ratio, least, most) = ratios(&guarded, &bare);
    writeln!(
        std::io::stdout(),
        "inside of the server, without sockets, {REQUESTS} requests, medians of {rounds} rounds: bare {:.0} ns, guarded {:.0} ns \
         ({ratio:.1} times, {least:.1} to {most:.1})",
        median(&bare),
        median(&guarded)
    )?;
    Ok(())
}

async fn ask_process(task: Task) -> anyhow::Result<f64> {
    let mut child = Command::new(std::env::current_exe()?)
        .arg("ask")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .kill_on_drop(true)
        .spawn()?;
    let mut input = child.stdin.take().context("a pipe")?;
    input.write_all(&serde_json::to_vec(&task)?).await?;
    drop(input);
    let output = child.wait_with_output().await?;
    let text = String::from_utf8_lossy(&output.stdout);
    let nanoseconds = text.lines().find_map(|line| line.strip_prefix("NANOSECONDS "));
    nanoseconds.with_context(|| format!("no answer: {text}"))?.parse().context("a number")
}

/// The process that asks.
pub(crate) async fn run() -> anyhow::Result<()> {
    telemetry::start(servers::LOG, telemetry::LogFormat::Text, None)?;
    let task: Task = serde_json::from_reader(std::io::stdin()).context("a task on standard input")?;
    let router = servers::router(task.server)?;
    let authorization = format!("Bearer {}", task.key);
    for _ in 0..task.requests / 10 {
        ask(&router, &authorization).await?;
    }
    let began = Instant::now();
    for _ in 0..task.requests {
        ask(&router, &authorization).await?;
    }
    let each = began.elapsed().as_nanos() as f64 / f64::from(task.requests);
    writeln!(std::io::stdout(), "NANOSECONDS {each}")?;
    Ok(())
}

#[inline(never)]
async fn ask(router: &Router, authorization: &str) -> anyhow::Result<()> {
    let mut request = Request::get(HELLO_PATH)
        .header(header::HOST, "127.0.0.1:8080")
        .header(header::AUTHORIZATION, authorization)
        .body(Body::empty())?;
    request.extensions_mut().insert(ConnectInfo(SocketAddr::from(([127, 0, 0, 1], 40_000))));
    let response = router.clone().oneshot(request).await?;
    ensure!(response.status() == StatusCode::OK, "{response:?}");
    Ok(())
}
