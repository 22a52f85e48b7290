//! Says so when a program works as the owner of the admin database's tables.

use std::time::Duration;

use catalog::{Catalog, CatalogError, own_role};
use tokio_util::sync::CancellationToken;

/// Under which name the server's connections to the admin database show.
pub(crate) const SERVER: &str = "sixty serve";
/// The same of the worker's.
pub(crate) const WORKER: &str = "sixty worker";

/// How often it is looked while the database is away.
const LOOK_AGAIN: Duration = Duration::from_secs(10);
/// How often it is said.
const SAY_AGAIN: Duration = Duration::from_secs(24 * 60 * 60);

/// Warns, at the start and every day, until it isn't so any more.
pub(crate) async fn warn(catalog: Catalog, program: &'static str, stop: CancellationToken) {
    loop {
        let pause = match owner(&catalog).await {
            Ok(None) => return,
            Ok(Some(role)) => {
                tracing::warn!(
                    role,
                    "{program} works as the owner of the admin database's tables: whoever gets hold of it may change and delete \
                     the audit log, usage and everything else. Run `sixty migrate` with ADMIN_DB_SERVER_PASSWORD and \
                     ADMIN_DB_WORKER_PASSWORD, and give it a role of its own in ADMIN_DB_USER (docs/operate.md)"
                );
                SAY_AGAIN
            }
            Err(_) => LOOK_AGAIN,
        };
        if stop.run_until_cancelled(tokio::time::sleep(pause)).await.is_none() {
            return;
        }
    }
}

async fn owner(catalog: &Catalog) -> Result<Option<String>, CatalogError> {
    own_role::owner(&catalog.client().await?).await
}
