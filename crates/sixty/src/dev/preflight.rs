//! What can be known to go wrong before anything is started: one clear message each.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::time::{Duration, Instant};

use anyhow::bail;
use postgres_server::is_port_free;

use super::home::Home;
use super::{DevArgs, databases, redis_server};

/// Less than this, and the first customers would fail for want of room.
const LEAST_FREE_BYTES: u64 = 512 * 1024 * 1024;

/// How long a server may take to end after the `sixty dev` that started it has crashed.
const LONGEST_ENDING: Duration = Duration::from_secs(15);

pub(crate) async fn check(args: &DevArgs, home: &Home) -> anyhow::Result<()> {
    // Its server speaks plain HTTP, whatever certificates the variables name.
    args.server.check_plain_text()?;
    check_disk(home)?;
    check_programs(args)?;
    check_ports(args, home).await
}

fn check_disk(home: &Home) -> anyhow::Result<()> {
    let disk = rustix::fs::statvfs(home.path())?;
    let free = disk.f_bavail.saturating_mul(disk.f_frsize);
    if free < LEAST_FREE_BYTES {
        bail!(
            "the disk of {} is full: {} MB are free, at least {} MB are needed. Free some space, or choose another SIXTY_HOME",
            home.path().display(),
            free / 1024 / 1024,
            LEAST_FREE_BYTES / 1024 / 1024
        );
    }
    Ok(())
}

fn check_programs(args: &DevArgs) -> anyhow::Result<()> {
    if args.postgres.program("redis-server").is_none() {
        bail!(
            "redis-server is not installed. Run ./scripts/local-setup.sh, or install it: apt-get install redis-server \
             (Debian, Ubuntu), brew install redis (macOS)"
        );
    }
    Ok(())
}

async fn check_ports(args: &DevArgs, home: &Home) -> anyhow::Result<()> {
    let mut wanted: BTreeMap<u16, &str> = BTreeMap::new();
    let ports = [
        ("PORT", args.server.port),
        ("ADMIN_DB_PORT", args.admin_database.admin_db_port),
        ("DB_PORT", args.template_database.db_port),
        ("REDIS_PORT", args.redis.redis_port),
    ];
    for (name, port) in ports {
        if let Some(other) = wanted.insert(port, name) {
            bail!("{other} and {name} are both {port}: give one of them another port");
        }
        if args.postgres.customer_ports.0.contains(&port) {
            bail!("{name} is {port}, which lies in SIXTY_CUSTOMER_PORTS: move one of the two");
        }
    }
    for (port, name) in wanted {
        if !is_or_becomes_usable(port, home).await {
            bail!("port {port} is taken by another process: stop it, or set {name} to a free port");
        }
    }
    Ok(())
}

/// Whether nobody has the port, or something of ours that a crash left running and that is taken over. After a crash
/// that may take a moment to be true: the server ends by itself, and what was just being started has yet to say who it
/// is.
async fn is_or_becomes_usable(port: u16, home: &Home) -> bool {
    let began = Instant::now();
    loop {
        let is_free = [IpAddr::V4(Ipv4Addr::LOCALHOST), IpAddr::V6(Ipv6Addr::LOCALHOST)]
            .into_iter()
            .all(|address| is_port_free(address, port));
        let leftovers = [databases::ports_of_leftovers(home), redis_server::port_of_leftover(home)].concat();
        if is_free || leftovers.contains(&port) {
            return true;
        }
        if !home.is_after_crash() || began.elapsed() > LONGEST_ENDING {
            return false;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}
