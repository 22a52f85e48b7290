//! What the guard costs inside of the server: requests that come from no socket, one after the other, through the same
//! routes. Fewer things disturb this than a load generator does.

use std::convert::Infallible;
use std::io::Write as _;
use std::net::SocketAddr;
use std::process::Stdio;
use std::sync::Arc;
use std::time::Instant;

use anyhow::{Context as _, ensure};
use axum::body::Body;
use axum::extract::ConnectInfo;
use axum::response::Response;
use http::{Request, StatusCode, header};
use serde::{Deserialize, Serialize};
use tokio::io::AsyncWriteExt as _;
use tokio::process::Command;
use tower::{Service, ServiceExt as _};

use crate::servers::{self, HELLO_PATH, Routes, Server};
use crate::stack::{Customer, Stack};
use crate::statistics::{median, ratios};

/// What one process is to time.
#[derive(Serialize, Deserialize)]
struct Task {
    server: Server,
    key: String,
    requests: u32,
    /// How many tasks ask, each of them that often: what they share shows when they do it at the same time.
    at_once: u32,
}

const REQUESTS: u32 = 200_000;

/// Asks both in turns, a process for each; says the nanoseconds per request.
pub(crate) async fn measure(stack: &Stack, customer: &Customer, rounds: usize) -> anyhow::Result<()> {
    let cores = u32::try_from(std::thread::available_parallelism()?.get())?;
    for at_once in [1, cores] {
        let (mut bare, mut guarded) = (Vec::new(), Vec::new());
        let task = |server| Task { server, key: customer.key.clone(), requests: REQUESTS, at_once };
        for round in 0..rounds {
            let spool = stack.folder().join(format!("spool-{at_once}-{round}"));
            let (admin_url, redis_url) = (stack.admin_url(), stack.redis_url());
            guarded.push(ask_process(task(Server::Guarded { admin_url, redis_url, spool })).await?);
            bare.push(ask_process(task(Server::Bare)).await?);
        }
        let (ratio, least, most) = ratios(&guarded, &bare);
        writeln!(
            std::io::stdout(),
            "inside of the server, without sockets, {REQUESTS} requests by {at_once} at once, medians of {rounds} rounds: bare \
             {:.0} ns, guarded {:.0} ns ({ratio:.1} times, {least:.1} to {most:.1})",
            median(&bare),
            median(&guarded)
        )?;
    }
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
    let each = match servers::routes(task.server)? {
        Routes::Plain(routes) => time(routes, &task.key, task.requests, task.at_once).await?,
        Routes::Guarded(routes) => time(routes, &task.key, task.requests, task.at_once).await?,
    };
    writeln!(std::io::stdout(), "NANOSECONDS {each}")?;
    Ok(())
}

/// Asks that often, by so many tasks at once; the nanoseconds of each for a request.
async fn time<S: Asked>(routes: S, key: &str, requests: u32, at_once: u32) -> anyhow::Result<f64>
where
    S::Future: Send,
{
    let authorization: Arc<str> = format!("Bearer {key}").into();
    let all = async |requests: u32| -> anyhow::Result<()> {
        let mut tasks = tokio::task::JoinSet::new();
        for _ in 0..at_once {
            let (routes, authorization) = (routes.clone(), Arc::clone(&authorization));
            tasks.spawn(async move {
                for _ in 0..requests {
                    ask(&routes, &authorization).await?;
                }
                anyhow::Ok(())
            });
        }
        while let Some(ended) = tasks.join_next().await {
            ended??;
        }
        Ok(())
    };
    all(requests / 10).await?;
    let began = Instant::now();
    all(requests).await?;
    Ok(began.elapsed().as_nanos() as f64 / f64::from(requests))
}

/// Routes that can be asked.
trait Asked:
    Service<Request<Body>, Response = Response, Error = Infallible> + Clone + Send + Sync + 'static
{
}

impl<S> Asked for S where
    S: Service<Request<Body>, Response = Response, Error = Infallible> + Clone + Send + Sync + 'static
{
}

#[inline(never)]
async fn ask<S: Asked>(routes: &S, authorization: &str) -> anyhow::Result<()> {
    let mut request = Request::get(HELLO_PATH)
        .header(header::HOST, "127.0.0.1:8080")
        .header(header::AUTHORIZATION, authorization)
        .body(Body::empty())?;
    request.extensions_mut().insert(ConnectInfo(SocketAddr::from(([127, 0, 0, 1], 40_000))));
    let response = routes.clone().oneshot(request).await?;
    ensure!(response.status() == StatusCode::OK, "{response:?}");
    Ok(())
}
