//! Whether the customers' databases answer, and whether their roles can't walk around the walls.

use std::path::Path;
use std::sync::Arc;

use catalog::customers::{CustomerFilter, CustomerSort};
use catalog::{Catalog, PageRequest, customers};
use customer_db::{CustomerDatabases, RouterConfig};

use super::{DoctorArgs, Finding};

/// How many customers are looked at: the newest ones.
const SAMPLE: u32 = 50;

/// Connects to the newest customers' databases as their app role. The router proves the isolation of every connection
/// that it makes, so a role that could bypass it is found here.
pub(super) async fn roles(args: &DoctorArgs, home: &Path) -> anyhow::Result<Vec<Finding>> {
    // What keeps the admin database from being asked is a finding of its own.
    let Ok(config) = args.admin_database.catalog_config() else { return Ok(Vec::new()) };
    let catalog = Catalog::connect(&config)?;
    let Ok(keys) = args.master_key.ring(home).await else { return Ok(Vec::new()) };
    let Ok(client) = catalog.client().await else { return Ok(Vec::new()) };
    let page = PageRequest { limit: SAMPLE, cursor: None };
    let listed = customers::list(&client, &CustomerFilter::default(), CustomerSort::default(), &page).await;
    let Ok(listed) = listed else { return Ok(Vec::new()) };
    drop(client);
    let databases = CustomerDatabases::new(RouterConfig::default(), Arc::new(catalog), keys);
    let mut good = 0;
    let mut findings = Vec::new();
    for customer in listed.data.into_iter().filter(|customer| customer.database_host.is_some()) {
        match databases.begin(customer.id, None).await {
            Ok(_) => good += 1,
            Err(error) => findings.push(Finding::bad(
                "customer roles",
                format!("{}: {error}", customer.slug()),
                "if the master key is another one, set SIXTY_MASTER_KEY_FILE to the right one; else see the instance's \
                 log in SIXTY_HOME/instances (sixty worker restarts an instance that has ended)",
            )),
        }
    }
    if findings.is_empty() {
        findings.push(Finding::good("customer roles", format!("{good} databases answer, each isolated")));
    }
    Ok(findings)
}
