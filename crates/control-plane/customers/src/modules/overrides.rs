//! The end of what was decided for a time.

use catalog::audit::AuditEntry;
use catalog::modules::TidiedModule;
use catalog::{CatalogError, Transaction, audit, customers, modules};
use chrono::Utc;
use domain::CustomerId;
use domain::audit::AuditAction;

use crate::{Actor, ControlPlane, UseCaseError, commit};

/// How many customers one call of [`expire_module_overrides`] looks at.
const CUSTOMERS_AT_ONCE: u32 = 100;

/// Makes the rows of customers' modules say what is so, each customer in a transaction of its own: a decision that ran
/// out becomes what the plan says, a count whose reset is due begins anew, a module that follows the plan follows one that
/// was changed. Each changed row is audited. Returns how many rows changed.
///
/// Nothing depends on when this runs: the gateway decides by the time, too.
///
/// # Errors
/// When the admin database can't be asked.
pub async fn expire_module_overrides(control_plane: &ControlPlane) -> Result<usize, UseCaseError> {
    let mut client = control_plane.catalog_of_the_system().client().await?;
    let due = modules::customers_due(&client, Utc::now(), CUSTOMERS_AT_ONCE).await?;
    let mut changed = 0;
    for customer in due {
        let transaction = client.transaction().await.map_err(CatalogError::from)?;
        // Read again under the lock: an operator may have decided anew since.
        if customers::lock_for_update(&transaction, customer).await?.is_none() {
            continue;
        }
        let tidied = modules::tidy(&transaction, customer, Utc::now()).await?;
        for module in &tidied {
            write_audit(&transaction, customer, module).await?;
        }
        commit(transaction).await?;
        changed += tidied.len();
    }
    Ok(changed)
}

async fn write_audit(
    transaction: &Transaction<'_>,
    customer: CustomerId,
    module: &TidiedModule,
) -> Result<(), UseCaseError> {
    let entry = AuditEntry {
        customer_id: Some(customer),
        action: match module.switched {
            Some(true) => AuditAction::ModuleEnabled,
            Some(false) => AuditAction::ModuleDisabled,
            None => AuditAction::ModuleChanged,
        },
        resource_type: "module",
        resource_id: Some(module.module_key.clone()),
        old_values: Some(module.old_values.clone()),
        new_values: Some(module.new_values.clone()),
    };
    audit::insert(transaction, &Actor::system(), &entry).await?;
    Ok(())
}
