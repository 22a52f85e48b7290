//! The transaction of a sign-up.

use std::time::{Duration, Instant};

use catalog::api_keys::NewApiKey;
use catalog::audit::AuditEntry;
use catalog::customers::NewCustomer;
use catalog::modules::ModuleSetting;
use catalog::operations::{NewOperation, Operation, OperationIntent};
use catalog::{CatalogError, Transaction, api_keys, audit, backups, customers, data_keys, modules};
use domain::audit::AuditAction;
use domain::backup::BackupStatus;
use domain::modules as feature_modules;
use domain::{ApiKeyId, BackupId, CustomerId, OperationId, OperationKind, Permit, Plan};
use secrets::ApiKey;
use serde_json::json;

use crate::{Actor, ControlPlane, UseCaseError, operations};

/// The name of the key that a sign-up makes.
const FIRST_KEY_NAME: &str = "Default";

/// Why a module of the plan is off from the beginning.
const NOT_CHOSEN: &str = "not chosen at sign-up";

/// How long a restart of the admin database is waited for when it went away during a commit.
const RESTART_OF_THE_DATABASE: Duration = Duration::from_secs(15);

/// What a sign-up writes down.
pub(super) struct Beginning<'a> {
    pub(super) customer: &'a NewCustomer,
    /// The modules that are on.
    pub(super) modules: &'a [String],
    /// The first key, if there is to be one.
    pub(super) key: Option<&'a ApiKey>,
    /// The backup to fill the database from.
    pub(super) backup: Option<BackupId>,
}

/// Writes a sign-up down, all of it or nothing.
pub(super) async fn begin(
    control_plane: &ControlPlane,
    permit: &Permit<'_>,
    beginning: &Beginning<'_>,
) -> Result<(Operation, Option<ApiKeyId>), UseCaseError> {
    let new = beginning.customer;
    // Nobody closes it, so there is no error to look at.
    let _turn = control_plane.sign_ups().acquire().await;
    let mut client = control_plane.client(permit).await?;
    // Before the transaction: who wraps it may be far away.
    let data_key = ::data_keys::new_customer_key(&client, control_plane.keys(), new.id).await?;
    let transaction = client.transaction().await.map_err(CatalogError::from)?;
    customers::insert(&transaction, new).await.map_err(|error| taken(error, new))?;
    data_keys::insert(&transaction, new.id, &data_key.0).await?;
    let module_keys: Vec<_> = beginning.modules.iter().map(String::as_str).collect();
    modules::enable_many(&transaction, new.id, &module_keys).await?;
    leave_out(&transaction, new.id, new.subscription_plan, &module_keys).await?;
    let operation = request_database(&transaction, permit, beginning).await?;
    let key = match beginning.key {
        Some(key) => Some(first_key(&transaction, permit.actor(), (key, new), &operation).await?),
        None => None,
    };
    if let Err(error) = transaction.commit().await {
        drop(client);
        // The commit may have been done although nobody said so. Only the row tells.
        match was_committed(control_plane, permit, operation.id).await {
            Some(true) => {}
            Some(false) => return Err(CatalogError::from(error).into()),
            None => return Err(UseCaseError::Unclear(error.into())),
        }
    }
    Ok((operation, key))
}

async fn request_database(
    transaction: &Transaction<'_>,
    permit: &Permit<'_>,
    beginning: &Beginning<'_>,
) -> Result<Operation, UseCaseError> {
    let mut parameters = json!({});
    let mut kind = OperationKind::CustomerCreate;
    if let Some(backup_id) = beginning.backup {
        let backup = backups::get(transaction, backup_id).await?;
        restorable(backup.as_ref())?;
        parameters = json!({ "backup_id": backup_id });
        kind = OperationKind::CustomerRestore;
    }
    let new = NewOperation {
        kind,
        customer_id: beginning.customer.id,
        customer_slug: beginning.customer.slug.as_str().to_owned(),
        intent: OperationIntent::Present,
        parameters,
        requested_by: permit.actor().admin_user_id.clone(),
    };
    operations::request(transaction, &new).await
}

async fn first_key(
    transaction: &Transaction<'_>,
    actor: &Actor,
    (api_key, customer): (&ApiKey, &NewCustomer),
    operation: &Operation,
) -> Result<ApiKeyId, UseCaseError> {
    let key = NewApiKey::with_defaults(
        customer.id,
        FIRST_KEY_NAME.to_owned(),
        api_key.hash(),
        api_key.display_prefix(),
    );
    api_keys::insert(transaction, &key).await?;
    let entry = AuditEntry {
        customer_id: Some(customer.id),
        action: AuditAction::ApiKeyCreated,
        resource_type: "api_key",
        resource_id: Some(key.id.to_string()),
        old_values: None,
        new_values: Some(json!({
            "name": key.name, "key_prefix": key.key_prefix, "permissions": key.permissions,
            "operation_id": operation.id, "customer_id": customer.slug,
        })),
    };
    audit::insert(transaction, actor, &entry).await?;
    Ok(key.id)
}

/// What the plan has and the customer didn't choose is off: without a row the plan would decide.
async fn leave_out(
    transaction: &Transaction<'_>,
    customer: CustomerId,
    plan: Plan,
    chosen: &[&str],
) -> Result<(), CatalogError> {
    for module in feature_modules::of_plan(plan).filter(|module| !chosen.contains(&module.key())) {
        let setting = ModuleSetting { reason: Some(NOT_CHOSEN.to_owned()), ..false.into() };
        modules::set(transaction, customer, module.key(), setting).await?;
    }
    Ok(())
}

/// Whether the operation is there, asked for as long as a restart of the admin database takes. `None` when nobody says.
async fn was_committed(control_plane: &ControlPlane, permit: &Permit<'_>, id: OperationId) -> Option<bool> {
    let deadline = Instant::now() + RESTART_OF_THE_DATABASE;
    while Instant::now() < deadline {
        if let Ok(client) = control_plane.client(permit).await
            && let Ok(found) = catalog::operations::get(&client, id).await
        {
            return Some(found.is_some());
        }
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    None
}

fn restorable(backup: Option<&backups::Backup>) -> Result<(), UseCaseError> {
    match backup {
        None => Err(UseCaseError::NotFound("There is no backup by this id.".to_owned())),
        Some(backup) if backup.customer_id.is_none() => Err(UseCaseError::Conflict(
            "This is a backup of the admin database, not of a customer's.".to_owned(),
        )),
        Some(backup) if backup.status != BackupStatus::Succeeded => Err(UseCaseError::Conflict(
            "This backup was not completed. Choose one with status succeeded.".to_owned(),
        )),
        Some(_) => Ok(()),
    }
}

/// The constraints that keep two customers from having one name, or one organization.
const NAMES: [&str; 2] = ["admin_customers_company_domain_key", "admin_customers_database_name_key"];
const ORGANIZATION: &str = "admin_customers_clerk_org_id_key";

/// What is one customer's only: the name, and the organization.
fn taken(error: CatalogError, new: &NewCustomer) -> UseCaseError {
    match error {
        CatalogError::Conflict { ref constraint } if NAMES.contains(&constraint.as_str()) => {
            let detail = format!("The customerId {:?} is taken. Choose another one.", new.slug.as_str());
            UseCaseError::Taken { field: Some("customer_id"), detail }
        }
        CatalogError::Conflict { ref constraint } if constraint == ORGANIZATION => {
            let detail = "Another customer has this organization.".to_owned();
            UseCaseError::Taken { field: Some("clerk_org_id"), detail }
        }
        other => other.into(),
    }
}
