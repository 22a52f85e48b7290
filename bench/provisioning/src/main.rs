//! How long a new customer takes: from the call of `POST /api/provision` to the first query answered through the
//! API, beside the plain path (initdb, pg_ctl start, role, database, schema, first query). Both in one run,
//! alternating. Then: what idle customers cost in memory.

mod memory;
mod plain;
mod stack;
mod statistics;

use std::io::Write as _;
use std::time::Instant;

use anyhow::Context as _;
use postgres_server::{Installation, InstallationSearch, OsUser};

use stack::Stack;
use statistics::Sample;

const USAGE: &str = "bench/provisioning/run [rounds] [instances]";

fn say(text: &str) {
    let _ = writeln!(std::io::stdout(), "{text}");
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let numbers: Vec<usize> =
        std::env::args().skip(1).map(|text| text.parse()).collect::<Result<_, _>>().context(USAGE)?;
    let rounds = numbers.first().copied().unwrap_or(11).max(1);
    let instances = numbers.get(1).copied().unwrap_or(50);
    let installation =
        Installation::find(&InstallationSearch { bin_dir: None, path: Vec::new(), downloads: None })?;
    let user = OsUser::find(None)?;
    let cores = std::thread::available_parallelism()?;
    say(&format!(
        "PostgreSQL {}, {cores} cores, {rounds} rounds, alternating; client, server and databases on this machine.",
        installation.version.text
    ));

    let stack = Stack::start().await?;
    // Both sides once, uncounted: caches are warm then, for both.
    stack.new_customer("warm-up").await?;
    plain::new_customer(&installation, &user).await?;

    let (mut ours, mut plain_path) = (Sample::default(), Sample::default());
    for round in 0..rounds {
        let began = Instant::now();
        let key = stack.new_customer(&format!("round-{round}")).await?;
        let answer = stack.first_query(&key).await?;
        ours.add(began.elapsed());
        anyhow::ensure!(
            answer["data"].as_array().is_some_and(|rows| rows.len() == 1),
            "a wrong answer: {answer}"
        );
        plain_path.add(plain::new_customer(&installation, &user).await?);
    }
    say(&format!("new customer, cold:  {ours}"));
    say(&format!("plain path:          {plain_path}"));
    say(&format!(
        "ratio:               {:.3} of the plain path (1/{:.1}); round by round {}",
        ours.median() / plain_path.median(),
        plain_path.median() / ours.median(),
        ours.ratios(&plain_path)
    ));

    let already = rounds + 2;
    for number in already..instances {
        stack.new_customer(&format!("idle-{number}")).await?;
    }
    memory::report(&stack).await?;
    stack.stop().await
}
