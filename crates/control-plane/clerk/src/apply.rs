//! What a change at Clerk means here: written down in one transaction, together with what follows from it.
//!
//! Every row carries the time of its change by Clerk's clock, and only a later one replaces it. So messages may come in any
//! order, twice, or again after years: the outcome is the same.

use catalog::audit::{Actor, AuditEntry};
use catalog::clerk::memberships::Membership;
use catalog::clerk::messages::{self, Ending};
use catalog::clerk::organizations::Organization;
use catalog::clerk::users::User;
use catalog::clerk::{self as rows, memberships, organizations, users};
use catalog::customers::{self, CustomerChanges};
use catalog::{CatalogError, Transaction, audit, jobs};
use chrono::{DateTime, Utc};
use domain::CustomerId;
use domain::audit::AuditAction;
use domain::clerk::MessageStatus;
use serde_json::json;

use crate::event::{Event, MembershipData, OrganizationData, UserData};
use crate::{people, process};

/// What became of a change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Applied {
    /// It is written down, or something later was known.
    Done,
    /// An organization was written down: its customer must follow.
    OrganizationFollows(String),
    /// It says nothing until this user is known.
    WaitsFor(String),
    /// It doesn't concern us.
    Nothing,
}

impl Applied {
    /// What is noted about the message, when nothing else is to be done.
    pub(crate) fn ending(&self) -> Ending<'_> {
        let (status, detail, waits_for) = match self {
            Self::Done | Self::OrganizationFollows(_) => (MessageStatus::Processed, None, None),
            Self::WaitsFor(user) => {
                (MessageStatus::Waiting, Some("waits until its user is known"), Some(user.as_str()))
            }
            Self::Nothing => {
                (MessageStatus::Ignored, Some("messages of this type say nothing that is needed"), None)
            }
        };
        Ending { status, detail, waits_for }
    }
}

/// Writes a change down that happened then.
pub(crate) async fn apply(
    transaction: &Transaction<'_>,
    event: &Event,
    at: DateTime<Utc>,
) -> Result<Applied, CatalogError> {
    match event {
        Event::Organization(data) => {
            rows::lock(transaction, &data.id).await?;
            put_organization(transaction, &organization(data, at)).await?;
            Ok(Applied::OrganizationFollows(data.id.clone()))
        }
        Event::OrganizationDeleted { id } => {
            rows::lock(transaction, id).await?;
            organizations::put(transaction, &deleted_organization(id, at)).await?;
            Ok(Applied::OrganizationFollows(id.clone()))
        }
        Event::Membership(data) => begin_membership(transaction, data, at).await,
        Event::MembershipEnded(data) => {
            put_membership(transaction, &membership(data, at, Some(at))).await?;
            people::request(transaction, &data.organization.id).await?;
            Ok(Applied::Done)
        }
        Event::User(data) => put_user(transaction, &user(data, at)).await,
        Event::UserDeleted { id } => {
            let gone = User { deleted_at: Some(at), ..unknown_user(id, at) };
            put_user(transaction, &gone).await?;
            for (organization, role) in memberships::end_all_of_user(transaction, id, at).await? {
                note_membership(transaction, (&organization, id), (Some(role), None)).await?;
                people::request(transaction, &organization).await?;
            }
            Ok(Applied::Done)
        }
        Event::Other => Ok(Applied::Nothing),
    }
}

/// Writes an organization down. Its new name is its customer's, too; a name that an operator gave stays until then.
pub(crate) async fn put_organization(
    transaction: &Transaction<'_>,
    told: &Organization,
) -> Result<bool, CatalogError> {
    let id = &told.clerk_org_id;
    let before = organizations::get(transaction, id).await?;
    if !organizations::put(transaction, told).await? {
        return Ok(false);
    }
    let is_renamed = before.is_some_and(|before| before.name != told.name);
    if let Some((customer, _)) = organizations::customer(transaction, id).await?.filter(|_| is_renamed) {
        rename(transaction, customer, &told.name).await?;
    }
    Ok(true)
}

async fn rename(transaction: &Transaction<'_>, id: CustomerId, name: &str) -> Result<(), CatalogError> {
    let Some(before) = customers::lock_for_update(transaction, id).await? else { return Ok(()) };
    let name: String = name.chars().filter(|c| !c.is_control()).take(200).collect();
    if name.trim().is_empty() || before.company_name == name {
        return Ok(());
    }
    let changes = CustomerChanges { company_name: Some(name.clone()), ..CustomerChanges::default() };
    customers::update(transaction, id, &changes).await?;
    let entry = AuditEntry {
        customer_id: Some(id),
        action: AuditAction::CustomerUpdated,
        resource_type: "customer",
        resource_id: Some(id.to_string()),
        old_values: Some(json!({ "company_name": before.company_name })),
        new_values: Some(json!({ "company_name": name })),
    };
    audit::insert(transaction, &Actor::system(), &entry).await.map(drop)
}

/// Gives customers whom this person began their address for invoices, where there is none yet.
pub(crate) async fn give_billing_address(
    transaction: &Transaction<'_>,
    person: &str,
) -> Result<(), CatalogError> {
    for (id, email) in users::give_billing_address(transaction, person).await? {
        let entry = AuditEntry {
            customer_id: Some(id),
            action: AuditAction::CustomerUpdated,
            resource_type: "customer",
            resource_id: Some(id.to_string()),
            old_values: Some(json!({ "billing_email": null })),
            new_values: Some(json!({ "billing_email": email })),
        };
        audit::insert(transaction, &Actor::system(), &entry).await?;
    }
    Ok(())
}

/// Writes a membership down. What it gives or takes is in the log of the customer whose organization it is.
pub(crate) async fn put_membership(
    transaction: &Transaction<'_>,
    told: &Membership,
) -> Result<(), CatalogError> {
    let (organization, person) = (&told.clerk_org_id, &told.clerk_user_id);
    let before = memberships::get(transaction, organization, person).await?;
    if !memberships::put(transaction, told).await? {
        return Ok(());
    }
    let role = |membership: &Membership| membership.removed_at.is_none().then(|| membership.role.clone());
    note_membership(transaction, (organization, person), (before.as_ref().and_then(role), role(told))).await
}

async fn note_membership(
    transaction: &Transaction<'_>,
    (organization, person): (&str, &str),
    (before, after): (Option<String>, Option<String>),
) -> Result<(), CatalogError> {
    if before == after {
        return Ok(());
    }
    let Some((customer, _)) = organizations::customer(transaction, organization).await? else {
        return Ok(());
    };
    let entry = AuditEntry {
        customer_id: Some(customer),
        action: AuditAction::CustomerUpdated,
        resource_type: "membership",
        resource_id: Some(person.to_owned()),
        old_values: Some(json!({ "role": before })),
        new_values: Some(json!({ "role": after })),
    };
    audit::insert(transaction, &Actor::system(), &entry).await.map(drop)
}

/// A membership waits for its user: until then there is nobody to be told of to the customer's own database. Both take the
/// user's lock, so that either the membership sees the user, or the user sees who waits.
async fn begin_membership(
    transaction: &Transaction<'_>,
    data: &MembershipData,
    at: DateTime<Utc>,
) -> Result<Applied, CatalogError> {
    let id = &data.public_user_data.user_id;
    rows::lock(transaction, id).await?;
    let Some(known) = users::get(transaction, id).await? else { return Ok(Applied::WaitsFor(id.clone())) };
    // Who was deleted is in no organization, whatever comes late.
    put_membership(transaction, &membership(data, at, known.deleted_at.map(|_| at))).await?;
    people::request(transaction, &data.organization.id).await?;
    Ok(Applied::Done)
}

/// Writes a person down, and wakes who waited for them.
pub(crate) async fn put_user(transaction: &Transaction<'_>, told: &User) -> Result<Applied, CatalogError> {
    let id = &told.clerk_user_id;
    rows::lock(transaction, id).await?;
    if users::put(transaction, told).await? {
        give_billing_address(transaction, id).await?;
        for organization in memberships::organizations_of(transaction, id).await? {
            people::request(transaction, &organization).await?;
        }
    }
    for message in messages::waiting_for(transaction, id).await? {
        jobs::enqueue(transaction, &process::job(&message)).await?;
    }
    Ok(Applied::Done)
}

pub(crate) fn organization(data: &OrganizationData, at: DateTime<Utc>) -> Organization {
    Organization {
        clerk_org_id: data.id.clone(),
        name: data.name.clone(),
        slug: data.slug.clone(),
        created_by: data.created_by.clone(),
        changed_at: at,
        deleted_at: None,
    }
}

/// The name of one that was never heard of is its id.
pub(crate) fn deleted_organization(id: &str, at: DateTime<Utc>) -> Organization {
    Organization {
        clerk_org_id: id.to_owned(),
        name: id.to_owned(),
        slug: None,
        created_by: None,
        changed_at: at,
        deleted_at: Some(at),
    }
}

pub(crate) fn membership(
    data: &MembershipData,
    at: DateTime<Utc>,
    removed_at: Option<DateTime<Utc>>,
) -> Membership {
    Membership {
        clerk_org_id: data.organization.id.clone(),
        clerk_user_id: data.public_user_data.user_id.clone(),
        role: data.role.clone(),
        changed_at: at,
        removed_at,
    }
}

pub(crate) fn user(data: &UserData, at: DateTime<Utc>) -> User {
    User {
        clerk_user_id: data.id.clone(),
        email: data.email(),
        name: data.name(),
        avatar_url: data.avatar_url(),
        changed_at: at,
        deleted_at: None,
    }
}

fn unknown_user(id: &str, at: DateTime<Utc>) -> User {
    User {
        clerk_user_id: id.to_owned(),
        email: None,
        name: None,
        avatar_url: None,
        changed_at: at,
        deleted_at: None,
    }
}
