//! A server that does nothing but count: it records requests as fast as it can, and says the id of each one after it was
//! recorded, as an answer leaves after it was recorded. Made to be killed.

use std::io::{BufRead as _, Write as _};
use std::sync::Arc;

use catalog::{Catalog, CatalogConfig};
use domain::CustomerId;
use metering::Meter;
use rustix::process::{Resource, Rlimit, setrlimit};
use tokio_util::sync::CancellationToken;
use usage_tests::{Command, Health, Orders, quick, request_of};

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let mut lines = std::io::stdin().lock().lines();
    let orders: Orders = serde_json::from_str(&lines.next().unwrap_or_else(|| Ok(String::new()))?)?;
    let customer = CustomerId(orders.customer);
    let catalog = Catalog::connect(&CatalogConfig::new(orders.database_url.into()))?;
    let stop = CancellationToken::new();
    let (meter, task) = Meter::start(Arc::new(catalog), quick(orders.folder), stop.clone())?;
    for line in lines {
        match serde_json::from_str(&line?)? {
            Command::Record(count) => {
                for _ in 0..count {
                    record(&meter, customer)?;
                }
                say("done")?;
            }
            Command::RecordForEver => {
                for _ in 0..2 {
                    let meter = meter.clone();
                    std::thread::spawn(move || while record(&meter, customer).is_ok() {});
                }
            }
            Command::LiftFileLimit => {
                setrlimit(Resource::Fsize, Rlimit { current: None, maximum: None })?;
                say("done")?;
            }
            Command::TellHealth => {
                let health = meter.health();
                say(&serde_json::to_string(&Health {
                    waiting_records: health.waiting_records,
                    in_memory: health.in_memory,
                    lost: health.lost,
                    disk_error: health.disk_error,
                })?)?;
            }
            Command::Stop => break,
        }
    }
    stop.cancel();
    task.await?;
    Ok(())
}

fn record(meter: &Meter, customer: CustomerId) -> std::io::Result<()> {
    let record = request_of(customer);
    let id = record.id;
    meter.record(record);
    say(&id.to_string())
}

/// One `write`, which a reader sees whole or not at all.
fn say(line: &str) -> std::io::Result<()> {
    std::io::stdout().lock().write_all(format!("{line}\n").as_bytes())
}
