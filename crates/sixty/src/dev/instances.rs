//! The customers of earlier starts: the worker brings their instances back, and the start-up waits for it.

use std::time::{Duration, Instant};

use catalog::{Catalog, CatalogError, instances};
use provisioner_local::LocalProvisioner;
use provisioning::{InstanceState, Observed, Provisioner as _};

use super::DevArgs;
use crate::{say, worker};

/// How long all of them may take; each adds what a crash recovery may cost.
const PATIENCE: Duration = Duration::from_secs(30);
const PATIENCE_EACH: Duration = Duration::from_secs(2);

/// Waits until every instance that should run answers. One that doesn't in time is told of and left to the worker,
/// which goes on trying: the other customers shouldn't wait for it.
pub(crate) async fn wait_until_all_run(args: &DevArgs, provisioner: &LocalProvisioner) -> anyhow::Result<()> {
    let catalog = Catalog::connect(&args.admin_database.catalog_config()?)?;
    let mut missing = wanted(&catalog, provisioner).await?;
    if missing.is_empty() {
        return Ok(());
    }
    say(&format!("Bringing back {} customers' databases ...", missing.len()));
    let patience = PATIENCE + PATIENCE_EACH * u32::try_from(missing.len()).unwrap_or(u32::MAX);
    let began = Instant::now();
    loop {
        let mut still_missing = Vec::new();
        for instance in missing {
            let observed = provisioner.observe(&worker::spec(instance.clone())).await;
            if observed != Observed::Present(InstanceState::Configured) {
                still_missing.push(instance);
            }
        }
        missing = still_missing;
        if missing.is_empty() {
            return Ok(());
        }
        if began.elapsed() > patience {
            for instance in missing {
                tracing::warn!(database = instance.database_name, "a customer's database doesn't answer yet");
            }
            return Ok(());
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

async fn wanted(
    catalog: &Catalog,
    provisioner: &LocalProvisioner,
) -> Result<Vec<instances::Instance>, CatalogError> {
    let client = catalog.client().await?;
    instances::should_run(&client, provisioner.backend()).await
}
