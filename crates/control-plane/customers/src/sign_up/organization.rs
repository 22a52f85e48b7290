//! Organizations of the identity provider that become customers.

use catalog::clerk::organizations;
use catalog::customers::NewCustomer;
use catalog::operations::Operation;
use chrono::Utc;
use domain::modules as feature_modules;
use domain::{CustomerSlug, Plan};

use super::begin::{Beginning, begin};
use crate::{Actor, ControlPlane, Right, UseCaseError};

/// The longest name that is kept, in characters.
const LONGEST_NAME: usize = 200;

/// An organization, as the identity provider tells of it.
#[derive(Debug, Clone)]
pub struct OrganizationSignUp {
    /// Its id there.
    pub clerk_org_id: String,
    /// Who made it.
    pub clerk_admin_user_id: Option<String>,
    /// Its name.
    pub name: String,
    /// Its short name, where it has one.
    pub slug: Option<String>,
    /// The plan that it tries.
    pub plan: Plan,
}

/// Begins the sign-up of an organization, once: `None` when a customer has it, or had it. Its people sign in at the identity
/// provider, so there is no first API key that nobody would see.
///
/// # Errors
/// When the admin database or the master key's holder can't be asked.
pub async fn sign_up_organization(
    control_plane: &ControlPlane,
    actor: &Actor,
    organization: &OrganizationSignUp,
) -> Result<Option<Operation>, UseCaseError> {
    let permit = actor.permit(Right::CustomersWrite)?;
    let modules: Vec<String> =
        feature_modules::of_plan(organization.plan).map(|module| module.key().to_owned()).collect();
    let mut refusal = None;
    for slug in slugs(organization) {
        let client = control_plane.client(&permit).await?;
        if organizations::customer(&client, &organization.clerk_org_id).await?.is_some() {
            return Ok(None);
        }
        drop(client);
        let new = NewCustomer {
            clerk_org_id: Some(organization.clerk_org_id.clone()),
            clerk_admin_user_id: organization.clerk_admin_user_id.clone(),
            ..NewCustomer::on_trial(slug, name(organization), organization.plan, Utc::now())
        };
        let beginning = Beginning { customer: &new, modules: &modules, key: None, backup: None };
        match begin(control_plane, &permit, &beginning).await {
            Ok((operation, _)) => return Ok(Some(operation)),
            // Another customer has the name, or somebody signs this very organization up in this moment.
            Err(error @ (UseCaseError::Taken { .. } | UseCaseError::Conflict(_))) => refusal = Some(error),
            Err(error) => return Err(error),
        }
    }
    let client = control_plane.client(&permit).await?;
    if organizations::customer(&client, &organization.clerk_org_id).await?.is_some() {
        return Ok(None);
    }
    Err(refusal.unwrap_or_else(|| UseCaseError::Conflict("The organization has no usable name.".to_owned())))
}

fn name(organization: &OrganizationSignUp) -> String {
    let clean: String = organization.name.chars().filter(|c| !c.is_control()).take(LONGEST_NAME).collect();
    match clean.trim() {
        "" => organization.clerk_org_id.clone(),
        name => name.to_owned(),
    }
}

/// What the customer may be called, the best first: by the organization's own short name; where somebody else has that, with
/// the end of the organization's id, which nobody else has.
fn slugs(organization: &OrganizationSignUp) -> Vec<CustomerSlug> {
    let id = usable(organization.clerk_org_id.trim_start_matches("org_"));
    let id_end: String = id.chars().skip(id.chars().count().saturating_sub(10)).collect();
    let own = usable(organization.slug.as_deref().unwrap_or(&organization.name));
    let own: String = own.chars().take(CustomerSlug::MAX_LENGTH - 11).collect();
    let own = own.trim_matches('-');
    let candidates = [own.to_owned(), format!("{own}-{id_end}"), format!("org-{id_end}")];
    candidates.iter().filter_map(|text| CustomerSlug::parse_new(text.trim_matches('-')).ok()).collect()
}

/// The text with every run of what a slug doesn't have as one hyphen.
fn usable(text: &str) -> String {
    let mut slug = String::new();
    for character in text.chars() {
        match character.to_ascii_lowercase() {
            kept @ ('a'..='z' | '0'..='9' | '_') => slug.push(kept),
            _ if slug.ends_with('-') || slug.is_empty() => {}
            _ => slug.push('-'),
        }
    }
    slug.trim_end_matches('-').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn called(name: &str, slug: Option<&str>) -> Vec<String> {
        let organization = OrganizationSignUp {
            clerk_org_id: "org_2abcDEFghijKLMNop".to_owned(),
            clerk_admin_user_id: None,
            name: name.to_owned(),
            slug: slug.map(str::to_owned),
            plan: Plan::Starter,
        };
        slugs(&organization).iter().map(|slug| slug.as_str().to_owned()).collect()
    }

    #[test]
    fn an_organization_is_called_by_its_slug_or_name_or_at_last_by_its_id() {
        assert_eq!(called("Acme", Some("acme-inc")), ["acme-inc", "acme-inc-ghijklmnop", "org-ghijklmnop"]);
        assert_eq!(called("  Müller & Söhne GmbH ", None)[0], "m-ller-s-hne-gmbh");
        assert_eq!(called("New", None), ["new-ghijklmnop", "org-ghijklmnop"], "a page is called so");
        assert_eq!(called("東京", None), ["ghijklmnop", "org-ghijklmnop"]);
        assert!(called(&"long ".repeat(40), None).iter().all(|slug| slug.len() <= CustomerSlug::MAX_LENGTH));
    }
}
