//! Whether four nodes accept exactly a quota, also when one of them is killed, and what a check costs.
//!
//! Each node is a process of its own with its own limiter; this process starts them and Redis, and adds up.
#![expect(clippy::print_stdout, reason = "a benchmark prints its results")]

mod cost;
mod exact;
mod node;
mod redis_server;

use std::process::ExitCode;

use anyhow::{Context, Result, bail};

#[tokio::main]
async fn main() -> ExitCode {
    match run(std::env::args().skip(1).collect()).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            println!("FAILED: {error:#}");
            ExitCode::FAILURE
        }
    }
}

async fn run(arguments: Vec<String>) -> Result<()> {
    if arguments.first().is_some_and(|first| first == "node") {
        return node::run(&arguments[1..]).await;
    }
    let (mut short, mut rounds) = (false, 7);
    for argument in &arguments {
        match argument.as_str() {
            "--short" => short = true,
            number => {
                rounds = number.parse().with_context(|| format!("`{number}` is no number of rounds"))?;
            }
        }
    }
    if short {
        rounds = 1;
    }
    if rounds == 0 {
        bail!("at least one round");
    }
    let cores = std::thread::available_parallelism().map_or(0, usize::from);
    println!("{cores} cores; Redis, the nodes and the load are on this machine; {rounds} rounds\n");
    let redis = redis_server::start().await?;
    exact::run(&redis, rounds).await?;
    cost::run(&redis, rounds, if short { 2_000 } else { 200_000 }).await
}

/// The middle of some numbers.
pub(crate) fn median(numbers: &[f64]) -> f64 {
    let mut sorted = numbers.to_vec();
    sorted.sort_by(f64::total_cmp);
    sorted.get(sorted.len() / 2).copied().unwrap_or(f64::NAN)
}

/// Least and most.
pub(crate) fn spread(numbers: &[f64]) -> (f64, f64) {
    let least = numbers.iter().copied().fold(f64::INFINITY, f64::min);
    (least, numbers.iter().copied().fold(f64::NEG_INFINITY, f64::max))
}
