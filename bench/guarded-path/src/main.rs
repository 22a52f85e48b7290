//! What the guard costs: requests per second of a guarded route beside the same handler bare, and of one indexed query
//! of a customer's beside the same query from a plain pool; and both beside the same path in Express, node-postgres and
//! ioredis. Every server is a process of its own; all run throughout; one at a time is loaded, in random order.

mod everyday;
mod express;
mod inside;
mod load;
mod processes;
mod servers;
mod stack;
mod statistics;
mod subject;
mod usage;

use std::io::Write as _;
use std::process::Stdio;
use std::time::Duration;

use anyhow::{Context as _, ensure};
use rustix::process::Signal;
use serde_json::Value;
use tokio::io::AsyncWriteExt as _;
use tokio::process::{Child, Command};
use uuid::Uuid;

use express::PeerPlan;
use load::{CONNECTIONS, Load};
use servers::{HELLO, HELLO_PATH, Order, Server};
use stack::{Customer, Stack, wait_until_answered};
use statistics::ratios;
use subject::Subject;

/// Quicker than the C library's with the many small things that a request allocates.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const USAGE: &str = "bench/guarded-path/run [--short | --inside | --train] [--ours] [rounds]";
/// The route of the one indexed query.
const CONTACT_PATH: &str = "/api/v1/contacts/{id}";
/// How many answers of each server are compared before the load, and after.
const CHECKED: u64 = 100;

// The servers, in the order of `Bench::subjects`.
const AXUM: usize = 0;
const BARE: usize = 1;
const GUARDED: usize = 2;
const POOL: usize = 3;
const SIXTY: usize = 4;
const EXPRESS_HELLO: usize = 5;
const EXPRESS_CONTACT: usize = 6;
const CLUSTER_HELLO: usize = 7;
const CLUSTER_CONTACT: usize = 8;
/// Those of a group are measured one right after the other.
const OURS: [&[usize]; 2] = [&[AXUM, BARE, GUARDED], &[POOL, SIXTY]];
const PEERS: [&[usize]; 2] = [&[EXPRESS_HELLO, EXPRESS_CONTACT], &[CLUSTER_HELLO, CLUSTER_CONTACT]];

fn say(text: &str) {
    let _ = writeln!(std::io::stdout(), "{text}");
}

/// How long it takes.
struct Effort {
    rounds: usize,
    length: Duration,
    /// Whether Express is measured too.
    peers: bool,
    /// Whether the load is there to be learned from, and nothing is reported.
    is_training: bool,
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let mut effort = Effort { rounds: 5, length: Duration::from_secs(4), peers: true, is_training: false };
    let mut inside_only = false;
    for argument in std::env::args().skip(1) {
        match argument.as_str() {
            "serve" => return servers::run().await,
            "ask" => return inside::run().await,
            "--inside" => inside_only = true,
            "--short" => (effort.rounds, effort.length) = (1, Duration::from_secs(1)),
            "--ours" => effort.peers = false,
            "--train" => (effort.rounds, effort.peers, effort.is_training) = (0, false, true),
            number => effort.rounds = number.parse::<usize>().context(USAGE)?.max(1),
        }
    }
    if effort.peers && !inside_only {
        express::install().await?;
    }
    let stack = Stack::start().await?;
    let outcome = if inside_only {
        inside::measure(&stack, &stack.customer().await?, effort.rounds).await
    } else {
        measure(&stack, &effort).await
    };
    if outcome.is_err() {
        say(&std::fs::read_to_string(stack.log()).unwrap_or_default());
    }
    stack.stop().await?;
    outcome
}

async fn measure(stack: &Stack, effort: &Effort) -> anyhow::Result<()> {
    let customer = stack.customer().await?;
    let client = reqwest::Client::builder().no_proxy().build()?;
    let mut bench = Bench::start(stack, &customer, &client, effort.peers).await?;
    let load = Load::with_key(stack.folder(), &customer.key)?;
    describe(stack, effort).await?;

    bench.check(&client, &customer.key).await?;
    // Everybody once, uncounted: caches, pools and compilers are warm then.
    let admin = stack::connect(&stack.admin_url()).await?;
    for place in 0..bench.subjects.len() {
        let subject = &mut bench.subjects[place];
        subject.answered += load.round(&subject.url, subject.pid, effort.length).await?.requests;
        bench.settle(place, &admin).await?;
    }
    for _ in 0..effort.rounds {
        for place in shuffled_groups(effort) {
            let subject = &mut bench.subjects[place];
            let round = load.round(&subject.url, subject.pid, effort.length).await?;
            subject.answered += round.requests;
            subject.rounds.push(round);
            bench.settle(place, &admin).await?;
        }
    }
    bench.check(&client, &customer.key).await?;
    if effort.is_training {
        everyday::lives(stack, &customer).await?;
        return bench.stop().await;
    }
    bench.report();
    bench.check_usage(stack, effort).await?;
    bench.stop().await
}

/// All places, groups together, else in random order.
fn shuffled_groups(effort: &Effort) -> Vec<usize> {
    let peers: &[&[usize]] = if effort.peers { &PEERS } else { &[] };
    let mut groups: Vec<_> = OURS.iter().chain(peers).map(|group| group.to_vec()).collect();
    groups.sort_by_cached_key(|_| Uuid::new_v4());
    for group in &mut groups {
        group.sort_by_cached_key(|_| Uuid::new_v4());
    }
    groups.concat()
}

async fn describe(stack: &Stack, effort: &Effort) -> anyhow::Result<()> {
    let admin = stack::connect(&stack.admin_url()).await?;
    let postgres: String = admin.query_one("show server_version", &[]).await?.get(0);
    let peers = if effort.peers { format!("Node.js {}, ", express::version().await?) } else { String::new() };
    say(&format!(
        "PostgreSQL {postgres}, {peers}{} cores; {} rounds of {} s for each server, those that are compared right after each \
         other, else in random order. wrk with one thread and {CONNECTIONS} connections, the servers and the databases \
         all on this machine.",
        std::thread::available_parallelism()?,
        effort.rounds,
        effort.length.as_secs(),
    ));
    Ok(())
}

fn say_ratio(name: &str, one: &[f64], another: &[f64]) {
    let (median, least, most) = ratios(one, another);
    say(&format!("{name:<50} {median:>7.2} (median of the rounds), {least:.2} to {most:.2}"));
}

/// Everything that runs, and what was measured of it.
struct Bench {
    subjects: Vec<Subject>,
    /// Express's admin database, if Express is measured.
    peers_url: Option<String>,
    servers: Vec<Child>,
}

impl Bench {
    async fn start(
        stack: &Stack,
        customer: &Customer,
        client: &reqwest::Client,
        peers: bool,
    ) -> anyhow::Result<Self> {
        let ports = stack::free_ports(6)?;
        let guarded = Server::Guarded {
            admin_url: stack.admin_url(),
            redis_url: stack.redis_url(),
            spool: stack.folder().join("spool-of-the-bench"),
        };
        let ours = [Server::Axum, Server::Bare, guarded, Server::Pool(customer.login.clone())];
        let mut servers = Vec::new();
        for (server, port) in ours.into_iter().zip(&ports) {
            servers.push(start(Order { port: *port, server }).await?);
        }
        let mut peers_url = None;
        if peers {
            let admin_url = &*peers_url.insert(stack.peers_database(&customer.key).await?);
            let plan = PeerPlan { admin_url, redis_url: &stack.redis_url(), customer: &customer.login };
            servers.push(plan.start(ports[4], 1)?);
            servers.push(plan.start(ports[5], 2)?);
        }

        let contact_path = CONTACT_PATH.replace("{id}", &customer.contact);
        let contact_url = format!("{}{contact_path}", stack.url);
        let contact: Value = client
            .get(&contact_url)
            .bearer_auth(&customer.key)
            .send()
            .await?
            .error_for_status()?
            .json()
            .await?;
        let hello: Value = serde_json::from_str(HELLO)?;
        let pid = |place: usize| servers[place].id().context("a server has ended");
        let url = |place: usize, path: &str| format!("http://127.0.0.1:{}{path}", ports[place]);
        let mut plan = vec![
            ("bare handler, axum::serve", pid(0)?, url(0, HELLO_PATH), &hello),
            ("bare handler, in sixty's server", pid(1)?, url(1, HELLO_PATH), &hello),
            ("guarded handler", pid(2)?, url(2, HELLO_PATH), &hello),
            ("query from a pool, unguarded, no RLS", pid(3)?, url(3, &contact_path), &contact),
            ("sixty serve: guarded query, with RLS", stack.server()?, contact_url, &contact),
        ];
        if peers {
            plan.extend([
                ("Express: guarded handler", pid(4)?, url(4, HELLO_PATH), &hello),
                ("Express: guarded query", pid(4)?, url(4, &contact_path), &contact),
                ("Express, cluster of 2: guarded handler", pid(5)?, url(5, HELLO_PATH), &hello),
                ("Express, cluster of 2: guarded query", pid(5)?, url(5, &contact_path), &contact),
            ]);
        }
        let mut subjects = Vec::new();
        for (name, pid, url, answer) in plan {
            wait_until_answered(client, &url, Some(&customer.key)).await?;
            let answer = answer.clone();
            subjects.push(Subject {
                name,
                url,
                pid,
                answer,
                rounds: Vec::new(),
                answered: 1,
                handed_over: Vec::new(),
            });
        }
        subjects[SIXTY].answered += 1;
        Ok(Self { subjects, peers_url, servers })
    }

    /// Waits until the usage of one of our servers is written down.
    async fn settle(&mut self, place: usize, admin: &tokio_postgres::Client) -> anyhow::Result<()> {
        let endpoint = match place {
            GUARDED => HELLO_PATH,
            SIXTY => CONTACT_PATH,
            _ => return Ok(()),
        };
        let subject = &mut self.subjects[place];
        subject.handed_over.push(usage::handed_over(admin, endpoint, subject.answered).await?);
        Ok(())
    }

    async fn check(&mut self, client: &reqwest::Client, key: &str) -> anyhow::Result<()> {
        for subject in &mut self.subjects {
            subject.check(client, key, CHECKED).await?;
        }
        Ok(())
    }

    fn report(&self) {
        say(&format!(
            "\n{:<44} {:>9} {:>8} {:>8} {:>9} {:>9}",
            "medians", "per s", "p50 ms", "p99 ms", "µs CPU*", "wrk CPU"
        ));
        for subject in &self.subjects {
            say(&subject.row());
        }
        say("* of the server's process per request, without databases; wrk's as a share of one core.\n");
        for place in [GUARDED, SIXTY] {
            say(&self.subjects[place].what_was_left());
        }
        let for_hours = self.subjects[GUARDED].per_second_for_hours();
        let bare = self.subjects[AXUM].per_second();
        say_ratio("guarded, hand-over counted in, over axum::serve", &for_hours, &bare);
        self.ratio("guarded over bare handler, axum::serve", GUARDED, AXUM);
        self.ratio("guarded over bare handler, in sixty's server", GUARDED, BARE);
        self.ratio("sixty serve over query from a pool", SIXTY, POOL);
        if self.subjects.len() <= EXPRESS_HELLO {
            return;
        }
        self.ratio("guarded handler over Express", GUARDED, EXPRESS_HELLO);
        self.ratio("sixty serve's query over Express", SIXTY, EXPRESS_CONTACT);
        self.ratio("guarded handler over Express, cluster of 2", GUARDED, CLUSTER_HELLO);
        self.ratio("sixty serve's query over Express, cluster of 2", SIXTY, CLUSTER_CONTACT);
    }

    fn ratio(&self, name: &str, one: usize, another: usize) {
        say_ratio(name, &self.subjects[one].per_second(), &self.subjects[another].per_second());
    }

    async fn stop(self) -> anyhow::Result<()> {
        for server in self.servers {
            processes::end(server, Signal::TERM).await?;
        }
        Ok(())
    }

    /// Every answer has its row. wrk hangs up at the end of a round, when each of its connections may have one more
    /// request under way: those are counted too, and only those.
    async fn check_usage(&self, stack: &Stack, effort: &Effort) -> anyhow::Result<()> {
        let ours = stack::connect(&stack.admin_url()).await?;
        let rounds = effort.rounds as u64 + 1;
        let peers;
        let mut checks = vec![(&ours, HELLO_PATH, vec![GUARDED]), (&ours, CONTACT_PATH, vec![SIXTY])];
        if let Some(url) = &self.peers_url {
            peers = stack::connect(url).await?;
            checks.extend([
                (&peers, HELLO_PATH, vec![EXPRESS_HELLO, CLUSTER_HELLO]),
                (&peers, "/api/v1/contacts/:id", vec![EXPRESS_CONTACT, CLUSTER_CONTACT]),
            ]);
        }
        for (admin, endpoint, places) in checks {
            let answered: u64 = places.iter().map(|place| self.subjects[*place].answered).sum();
            let under_way = rounds * CONNECTIONS * places.len() as u64;
            let found = usage::at_least(admin, endpoint, answered).await?;
            ensure!(
                found <= answered + under_way,
                "{found} rows of usage for {answered} answers of {endpoint}"
            );
            let name = self.subjects[places[0]].name;
            say(&format!(
                "{name}: {found} rows of usage for {answered} answers, and {} under way when wrk hung up",
                found - answered
            ));
        }
        Ok(())
    }
}

/// One of our servers, as a process of its own.
async fn start(order: Order) -> anyhow::Result<Child> {
    let mut child = Command::new(std::env::current_exe()?)
        .arg("serve")
        .stdin(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .context("a server can't be started")?;
    let mut input = child.stdin.take().context("a pipe")?;
    input.write_all(&serde_json::to_vec(&order)?).await?;
    Ok(child)
}
