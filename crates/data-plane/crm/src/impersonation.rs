//! The customer's own log tells of every operator who acted in their place: from when, until when, why, and what for.

use std::net::IpAddr;

use customer_db::{CustomerDatabases, Error};
use domain::{CustomerId, OrganizationId};
use serde_json::Value;
use tokio_postgres::error::SqlState;
use uuid::Uuid;

use crate::audit::{Change, Origin};

/// Something about an impersonation that the customer is to know.
#[derive(Debug, Clone)]
pub struct ImpersonationNote<'a> {
    /// `impersonation_started` or `impersonation_ended`.
    pub action: &'static str,
    /// The key with which the operator acts.
    pub key: Uuid,
    /// The operator's address.
    pub impersonator: &'a str,
    /// Where they are.
    pub address: Option<IpAddr>,
    /// Why, until when and what for.
    pub told: &'a Value,
}

/// Whether a note can't be written because the database is of a version that has no place for it.
#[must_use]
pub fn has_no_place(error: &Error) -> bool {
    error.as_db_error().is_some_and(|refusal| *refusal.code() == SqlState::UNDEFINED_COLUMN)
}

/// Writes a note into the log of each of the customer's organizations.
///
/// # Errors
/// When the customer's database can't be reached, or is of a version that has no place for it.
pub async fn note(
    databases: &CustomerDatabases,
    customer: CustomerId,
    note: &ImpersonationNote<'_>,
) -> Result<(), Error> {
    let session = databases.begin(customer, None).await?;
    let rows = session.query_and_commit("select id from organizations order by created_at, id", &[]).await?;
    let told = note.told.to_string();
    for row in rows {
        let change =
            Change { action: note.action, table: "impersonation", id: note.key, old: None, new: Some(&told) };
        let origin = Origin {
            key: Some(note.key),
            address: note.address.map(|address| address.to_string()),
            user_agent: &None,
            impersonator: Some(note.impersonator),
            user: None,
        };
        let mut session = databases.begin(customer, Some(OrganizationId(row.get(0)))).await?;
        let (values, taken) = origin.values(&change);
        session.query(origin.statement(), &values[..taken]).await?;
        session.commit().await?;
    }
    Ok(())
}
