//! Signing a customer up.
//!
//! One transaction writes everything that can be written down: the customer (not shown yet), the modules, the data
//! key, the first API key and the operation that brings the database into being. From then on the sign-up can only
//! end in two ways: the customer is wholly there, or nothing of them is.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use catalog::api_keys::NewApiKey;
use catalog::audit::AuditEntry;
use catalog::customers::NewCustomer;
use catalog::modules::ModuleSetting;
use catalog::operations::{NewOperation, Operation, OperationIntent};
use catalog::{CatalogError, Transaction, api_keys, audit, backups, customers, data_keys, modules};
use chrono::Utc;
use domain::audit::AuditAction;
use domain::backup::BackupStatus;
use domain::modules as feature_modules;
use domain::{ApiKeyId, BackupId, CustomerId, CustomerSlug, OperationId, OperationKind, Permit, Plan};
use secrets::ApiKey;
use serde_json::json;

use crate::field::FieldCheck;
use crate::{Actor, ControlPlane, InvalidField, Right, UseCaseError, operations};

/// The name of the key that a sign-up makes.
const FIRST_KEY_NAME: &str = "Default";

/// Why a module of the plan is off from the beginning.
const NOT_CHOSEN: &str = "not chosen at sign-up";

/// How long a restart of the admin database is waited for when it went away during a commit.
const RESTART_OF_THE_DATABASE: Duration = Duration::from_secs(15);

/// What somebody asks for, unchecked.
#[derive(Debug, Clone, Default)]
pub struct SignUpRequest {
    /// The short name.
    pub customer_id: String,
    /// The company's name.
    pub name: String,
    /// Where invoices go.
    pub email: String,
    /// The plan.
    pub plan: String,
    /// The feature modules; the plan's when not given.
    pub modules: Option<Vec<String>>,
    /// The IANA time zone; UTC when not given.
    pub timezone: Option<String>,
    /// The backup to fill the new database from, for a restore.
    pub backup_id: Option<BackupId>,
}

/// A sign-up that is under way.
#[derive(Debug)]
pub struct SignedUp {
    /// The new customer.
    pub customer_id: CustomerId,
    /// Their short name.
    pub slug: CustomerSlug,
    /// The work that remains.
    pub operation: Operation,
    /// The first key's row.
    pub api_key_id: ApiKeyId,
    /// The first key itself: held by nobody else, to be shown once.
    pub api_key: ApiKey,
    /// The modules that are on.
    pub modules: Vec<String>,
}

#[derive(Debug, PartialEq, Eq)]
struct CheckedSignUp {
    slug: CustomerSlug,
    name: String,
    email: String,
    plan: Plan,
    modules: Vec<String>,
    timezone: String,
}

impl SignUpRequest {
    fn check(&self) -> Result<CheckedSignUp, Vec<InvalidField>> {
        let mut check = FieldCheck::default();
        let slug = check.keep("customer_id", CustomerSlug::parse(&self.customer_id));
        let name = check.name("name", &self.name, 200);
        let email = check.email("email", &self.email);
        let plan = check.keep("plan", self.plan.parse::<Plan>());
        let timezone = check.timezone("timezone", self.timezone.as_deref().unwrap_or("UTC"));
        let modules = match &self.modules {
            Some(wanted) => chosen_modules(wanted, &mut check),
            None => plan
                .into_iter()
                .flat_map(feature_modules::of_plan)
                .map(|module| module.key().to_owned())
                .collect(),
        };
        check.finish()?;
        match (slug, name, email, plan, timezone) {
            (Some(slug), Some(name), Some(email), Some(plan), Some(timezone)) => {
                Ok(CheckedSignUp { slug, name, email, plan, modules, timezone })
            }
            // Whatever is missing was noted above.
            _ => Err(Vec::new()),
        }
    }
}

/// The wanted modules and the one that everybody has, in the order of the price list.
fn chosen_modules(wanted: &[String], check: &mut FieldCheck) -> Vec<String> {
    let mut chosen: BTreeSet<&str> = BTreeSet::from([feature_modules::CRM_CORE]);
    chosen.extend(wanted.iter().map(String::as_str));
    for (position, key) in wanted.iter().enumerate() {
        match feature_modules::find(key) {
            None => check.wrong(format!("modules/{position}"), unknown_module(key)),
            Some(module) => {
                for dependency in
                    module.dependencies().iter().filter(|dependency| !chosen.contains(**dependency))
                {
                    check.wrong(format!("modules/{position}"), format!("{key} needs {dependency}: add it"));
                }
            }
        }
    }
    feature_modules::ALL
        .iter()
        .map(|module| module.key())
        .filter(|key| chosen.contains(key))
        .map(str::to_owned)
        .collect()
}

pub(crate) fn unknown_module(key: &str) -> String {
    let known: Vec<_> = feature_modules::ALL.iter().map(|module| module.key()).collect();
    format!("{key:?} is not a feature module; known are {}", known.join(", "))
}

/// Begins a sign-up. The caller waits for the operation, or watches it.
///
/// # Errors
/// [`UseCaseError::Invalid`] with every wrong field, [`UseCaseError::Taken`] when the customerId is, and for a
/// restore [`UseCaseError::NotFound`] when there is no such backup.
pub async fn sign_up(
    control_plane: &ControlPlane,
    actor: &Actor,
    request: &SignUpRequest,
) -> Result<SignedUp, UseCaseError> {
    let right = if request.backup_id.is_some() { Right::BackupsRestore } else { Right::CustomersWrite };
    let permit = actor.permit(right)?;
    let wanted = request.check()?;
    let api_key = ApiKey::generate();
    let new = NewCustomer {
        timezone: wanted.timezone,
        billing_email: Some(wanted.email),
        ..NewCustomer::on_trial(wanted.slug.clone(), wanted.name, wanted.plan, Utc::now())
    };
    let customer_id = new.id;
    // Nobody closes it, so there is no error to look at.
    let _turn = control_plane.sign_ups().acquire().await;
    let mut client = control_plane.client(&permit).await?;
    // Before the transaction: who wraps it may be far away.
    let data_key = ::data_keys::new_customer_key(&client, control_plane.keys(), customer_id).await?;
    let transaction = client.transaction().await.map_err(CatalogError::from)?;
    customers::insert(&transaction, &new).await.map_err(|error| taken(error, &wanted.slug))?;
    data_keys::insert(&transaction, customer_id, &data_key.0).await?;
    let module_keys: Vec<_> = wanted.modules.iter().map(String::as_str).collect();
    modules::enable_many(&transaction, customer_id, &module_keys).await?;
    leave_out(&transaction, customer_id, wanted.plan, &module_keys).await?;
    let key = NewApiKey::with_defaults(
        customer_id,
        FIRST_KEY_NAME.to_owned(),
        api_key.hash(),
        api_key.display_prefix(),
    );
    api_keys::insert(&transaction, &key).await?;
    let mut parameters = json!({});
    let mut kind = OperationKind::CustomerCreate;
    if let Some(backup_id) = request.backup_id {
        let backup = backups::get(&transaction, backup_id).await?;
        restorable(backup.as_ref())?;
        parameters = json!({ "backup_id": backup_id });
        kind = OperationKind::CustomerRestore;
    }
    let new_operation = NewOperation {
        kind,
        customer_id,
        customer_slug: wanted.slug.as_str().to_owned(),
        intent: OperationIntent::Present,
        parameters,
        requested_by: actor.admin_user_id.clone(),
    };
    let operation = operations::request(&transaction, &new_operation).await?;
    let entry = AuditEntry {
        customer_id: Some(customer_id),
        action: AuditAction::ApiKeyCreated,
        resource_type: "api_key",
        resource_id: Some(key.id.to_string()),
        old_values: None,
        new_values: Some(json!({
            "name": key.name, "key_prefix": key.key_prefix, "permissions": key.permissions,
            "operation_id": operation.id, "customer_id": wanted.slug,
        })),
    };
    audit::insert(&transaction, actor, &entry).await?;
    if let Err(error) = transaction.commit().await {
        drop(client);
        // The commit may have been done although nobody said so. Only the row tells.
        match was_committed(control_plane, &permit, operation.id).await {
            Some(true) => {}
            Some(false) => return Err(CatalogError::from(error).into()),
            None => return Err(UseCaseError::Unclear(error.into())),
        }
    }
    Ok(SignedUp {
        customer_id,
        slug: wanted.slug,
        operation,
        api_key_id: key.id,
        api_key,
        modules: wanted.modules,
    })
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

/// The constraints that keep two customers from having one name.
const NAMES: [&str; 2] = ["admin_customers_company_domain_key", "admin_customers_database_name_key"];

fn taken(error: CatalogError, slug: &CustomerSlug) -> UseCaseError {
    match error {
        CatalogError::Conflict { ref constraint } if NAMES.contains(&constraint.as_str()) => {
            UseCaseError::Taken(format!("The customerId {:?} is taken. Choose another one.", slug.as_str()))
        }
        other => other.into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request() -> SignUpRequest {
        SignUpRequest {
            customer_id: "acme".to_owned(),
            name: "Acme".to_owned(),
            email: "ada@acme.example".to_owned(),
            plan: "pro".to_owned(),
            ..SignUpRequest::default()
        }
    }

    #[test]
    fn the_plan_decides_the_modules_unless_they_are_given() {
        assert_eq!(request().check().unwrap().modules.len(), 4);
        let chosen = SignUpRequest { modules: Some(vec!["ai_assistant".to_owned()]), ..request() };
        assert_eq!(chosen.check().unwrap().modules, ["crm_core", "ai_assistant"]);
        let none = SignUpRequest { modules: Some(Vec::new()), ..request() };
        assert_eq!(none.check().unwrap().modules, ["crm_core"]);
    }

    #[test]
    fn every_wrong_field_is_named() {
        let wrong = SignUpRequest {
            customer_id: "Acme Corp".to_owned(),
            name: " ".to_owned(),
            email: "nobody".to_owned(),
            plan: "gold".to_owned(),
            modules: Some(vec!["crm_core".to_owned(), "teleport".to_owned()]),
            timezone: Some("Mars/Olympus".to_owned()),
            backup_id: None,
        };
        let fields: Vec<_> = wrong.check().unwrap_err().into_iter().map(|field| field.field).collect();
        assert_eq!(fields, ["customer_id", "name", "email", "plan", "timezone", "modules/1"]);
    }
}
