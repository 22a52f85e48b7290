//! The customer's own log: every change, in the transaction that makes it.

use customer_db::{Error, Session};
use tokio_postgres::types::ToSql;
use uuid::Uuid;

use crate::caller::Caller;

const INSERT: &str = "insert into audit_logs \
     (action, resource_type, resource_id, old_values, new_values, api_key_id, ip_address, user_agent) \
     values ($1, $2, $3, $4::text::jsonb, $5::text::jsonb, $6, $7::text::inet, $8)";

/// One change of one row. A row that was created has no old document, a deleted one no new.
#[derive(Debug)]
pub(crate) struct Change<'a> {
    pub(crate) action: &'static str,
    pub(crate) table: &'static str,
    pub(crate) id: Uuid,
    pub(crate) old: Option<&'a str>,
    pub(crate) new: Option<&'a str>,
}

/// Writes the change into the log.
pub(crate) async fn record(session: &mut Session, caller: &Caller, change: Change<'_>) -> Result<(), Error> {
    let (key, address) = origin(caller);
    session.query(INSERT, &parameters(&change, &key, &address, &caller.user_agent)).await.map(drop)
}

/// Writes the change into the log and commits, in one round trip.
pub(crate) async fn record_and_commit(
    session: Session,
    caller: &Caller,
    change: Change<'_>,
) -> Result<(), Error> {
    let (key, address) = origin(caller);
    session.query_and_commit(INSERT, &parameters(&change, &key, &address, &caller.user_agent)).await.map(drop)
}

fn origin(caller: &Caller) -> (Uuid, Option<String>) {
    (caller.principal.api_key_id.uuid(), caller.address.map(|address| address.to_string()))
}

fn parameters<'a>(
    change: &'a Change<'_>,
    key: &'a Uuid,
    address: &'a Option<String>,
    user_agent: &'a Option<String>,
) -> [&'a (dyn ToSql + Sync); 8] {
    [&change.action, &change.table, &change.id, &change.old, &change.new, key, address, user_agent]
}
