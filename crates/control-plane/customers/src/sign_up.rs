//! Signing a customer up.
//!
//! One transaction writes everything that can be written down: the customer (not shown yet), the modules, the data
//! key, the first API key and the operation that brings the database into being. From then on the sign-up can only
//! end in two ways: the customer is wholly there, or nothing of them is.

mod begin;
mod organization;

use std::collections::BTreeSet;

use catalog::customers::NewCustomer;
use catalog::operations::Operation;
use chrono::Utc;
use domain::modules as feature_modules;
use domain::{ApiKeyId, BackupId, CustomerId, CustomerSlug, Plan};
use secrets::ApiKey;

use crate::field::FieldCheck;
use crate::{Actor, ControlPlane, InvalidField, Right, UseCaseError};

use begin::{Beginning, begin};
pub use organization::{OrganizationSignUp, sign_up_organization};

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
        let slug = check.keep("customer_id", CustomerSlug::parse_new(&self.customer_id));
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
    let beginning = Beginning {
        customer: &new,
        modules: &wanted.modules,
        key: Some(&api_key),
        backup: request.backup_id,
    };
    let (operation, api_key_id) = begin(control_plane, &permit, &beginning).await?;
    Ok(SignedUp {
        customer_id: new.id,
        slug: wanted.slug,
        operation,
        api_key_id: api_key_id.unwrap_or_else(ApiKeyId::generate),
        api_key,
        modules: wanted.modules,
    })
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
    fn a_page_of_the_dashboard_is_no_customers_name() {
        let reserved = SignUpRequest { customer_id: "new".to_owned(), ..request() };
        let wrong = reserved.check().unwrap_err();
        assert_eq!(wrong[0].field, "customer_id");
        assert!(wrong[0].message.starts_with("is reserved"), "{}", wrong[0].message);
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
