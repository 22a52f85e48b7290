//! Four nodes, one key, 10,000 allowed, 40,000 sent at once.

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use domain::CustomerId;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader, Lines};
use tokio::process::{Child, ChildStdin, ChildStdout, Command};

use crate::median;
use crate::redis_server::Redis;

const NODES: usize = 4;
const QUOTA: u64 = 10_000;
const EACH: u64 = 10_000;
const ABREAST: u64 = 64;

struct Node {
    child: Child,
    input: ChildStdin,
    output: Lines<BufReader<ChildStdout>>,
    file: PathBuf,
}

/// What a node says at its end.
struct Report {
    checks: u64,
    waited: u64,
    alone: u64,
}

pub(crate) async fn run(redis: &Redis, rounds: u32) -> Result<()> {
    println!(
        "{NODES} nodes, one key, {QUOTA} allowed, {} sent at once, {ABREAST} at a time on each:",
        NODES as u64 * EACH
    );
    let mut shares = Vec::new();
    for round in 1..=rounds {
        let folder = tempfile::tempdir()?;
        let mut nodes = start(redis, folder.path()).await?;
        let (mut checks, mut waited) = (0, 0);
        for node in &mut nodes {
            let report = report(node).await?;
            ensure!(report.alone == 0, "a node took Redis for lost, so the round says nothing");
            (checks, waited) = (checks + report.checks, waited + report.waited);
        }
        let accepted = accepted(&nodes)?;
        let share = waited as f64 / checks as f64 * 100.0;
        println!("  round {round}: {accepted} accepted, {share:.1} % of {checks} checks waited for Redis");
        ensure!(accepted == QUOTA, "{accepted} were accepted instead of {QUOTA}");
        shares.push(share);
    }
    println!("  median of the share that waited: {:.1} %\n", median(&shares));

    println!("the same, one node killed with signal 9 in the middle:");
    for round in 1..=rounds {
        let folder = tempfile::tempdir()?;
        let mut nodes = start(redis, folder.path()).await?;
        let mut killed = false;
        while !killed {
            tokio::time::sleep(Duration::from_micros(200)).await;
            if accepted(&nodes)? >= QUOTA / 4 {
                nodes[0].child.start_kill()?;
                nodes[0].child.wait().await?;
                killed = true;
            }
        }
        let at = accepted(&nodes)?;
        for node in &mut nodes[1..] {
            report(node).await?;
        }
        let accepted = accepted(&nodes)?;
        println!(
            "  round {round}: killed after {at}, {accepted} accepted in all, {} lost with it",
            QUOTA.saturating_sub(accepted)
        );
        ensure!(accepted <= QUOTA, "{accepted} were accepted, more than {QUOTA}");
    }
    println!();
    Ok(())
}

/// Starts the nodes, waits until all are connected, and then starts the load.
async fn start(redis: &Redis, folder: &Path) -> Result<Vec<Node>> {
    let customer = CustomerId::generate().to_string();
    let mut nodes = Vec::new();
    for index in 0..NODES {
        let file = folder.join(index.to_string());
        std::fs::write(&file, "")?;
        let mut child = Command::new(std::env::current_exe()?)
            .args([
                "node",
                &redis.url,
                &EACH.to_string(),
                &ABREAST.to_string(),
                &QUOTA.to_string(),
                &customer,
            ])
            .arg(&file)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()?;
        let input = child.stdin.take().context("the node's input")?;
        let output = BufReader::new(child.stdout.take().context("the node's output")?).lines();
        nodes.push(Node { child, input, output, file });
    }
    for node in &mut nodes {
        let line = node.output.next_line().await?;
        ensure!(line.as_deref() == Some("ready"), "a node said {line:?}");
    }
    for node in &mut nodes {
        node.input.write_all(b"go\n").await?;
    }
    Ok(nodes)
}

async fn report(node: &mut Node) -> Result<Report> {
    let line = node.output.next_line().await?.context("a node ended without a report")?;
    let numbers: Vec<u64> = line.split(' ').map(str::parse).collect::<Result<_, _>>().context(line)?;
    let [checks, waited, alone, _] = numbers[..] else { bail!("a report of {} numbers", numbers.len()) };
    Ok(Report { checks, waited, alone })
}

/// A byte each.
fn accepted(nodes: &[Node]) -> Result<u64> {
    let mut all = 0;
    for node in nodes {
        all += std::fs::metadata(&node.file)?.len();
    }
    Ok(all)
}
