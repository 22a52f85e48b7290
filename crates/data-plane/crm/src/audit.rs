//! The customer's own log: every change, in the transaction that makes it.

use customer_db::{Error, Session};
use tokio_postgres::types::ToSql;
use uuid::Uuid;

use crate::caller::Caller;

const INSERT: &str = "insert into audit_logs \
     (action, resource_type, resource_id, old_values, new_values, api_key_id, ip_address, user_agent) \
     values ($1, $2, $3, $4::text::jsonb, $5::text::jsonb, $6, $7::text::inet, $8)";

/// The same for an operator who acts in the customer's place: a statement of its own, so that databases from before the
/// column serve their customer as ever.
const INSERT_IMPERSONATED: &str = "insert into audit_logs \
     (action, resource_type, resource_id, old_values, new_values, api_key_id, ip_address, user_agent, impersonator) \
     values ($1, $2, $3, $4::text::jsonb, $5::text::jsonb, $6, $7::text::inet, $8, $9)";

/// The same for a person who is signed in: the row of theirs among the organization's users, if there is one, beside the id
/// that stands for them always.
const INSERT_OF_USER: &str = "insert into audit_logs \
     (action, resource_type, resource_id, old_values, new_values, api_key_id, ip_address, user_agent, user_id) \
     values ($1, $2, $3, $4::text::jsonb, $5::text::jsonb, $6, $7::text::inet, $8, \
         (select id from users where clerk_user_id = $9))";

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
    let origin = Origin::of(caller);
    let (values, taken) = origin.values(&change);
    session.query(origin.statement(), &values[..taken]).await.map(drop)
}

/// Writes the change into the log and commits, in one round trip.
pub(crate) async fn record_and_commit(
    session: Session,
    caller: &Caller,
    change: Change<'_>,
) -> Result<(), Error> {
    let origin = Origin::of(caller);
    let (values, taken) = origin.values(&change);
    session.query_and_commit(origin.statement(), &values[..taken]).await.map(drop)
}

/// Who made a change, and from where.
pub(crate) struct Origin<'a> {
    pub(crate) key: Option<Uuid>,
    pub(crate) address: Option<String>,
    pub(crate) user_agent: &'a Option<String>,
    pub(crate) impersonator: Option<&'a str>,
    /// The identity provider's id of the person.
    pub(crate) user: Option<&'a str>,
}

impl<'a> Origin<'a> {
    fn of(caller: &'a Caller) -> Self {
        Self {
            key: Some(caller.principal.caller.usage_id().uuid()),
            address: caller.address.map(|address| address.to_string()),
            user_agent: &caller.user_agent,
            impersonator: caller.principal.caller.impersonator().map(|operator| operator.email.as_str()),
            user: caller.principal.caller.user().map(|user| user.clerk_user_id.as_str()),
        }
    }

    /// What the identity provider says, and nobody asked for here.
    pub(crate) fn identity_provider() -> Self {
        Self { key: None, address: None, user_agent: &None, impersonator: None, user: None }
    }

    pub(crate) fn statement(&self) -> &'static str {
        match (self.impersonator, self.user) {
            (Some(_), _) => INSERT_IMPERSONATED,
            (None, Some(_)) => INSERT_OF_USER,
            (None, None) => INSERT,
        }
    }

    /// The values of the statement, of which it takes the first so many.
    pub(crate) fn values<'b>(&'b self, change: &'b Change<'_>) -> ([&'b (dyn ToSql + Sync); 9], usize) {
        let all: [&(dyn ToSql + Sync); 9] = [
            &change.action,
            &change.table,
            &change.id,
            &change.old,
            &change.new,
            &self.key,
            &self.address,
            self.user_agent,
            if self.impersonator.is_some() { &self.impersonator } else { &self.user },
        ];
        (all, if self.impersonator.or(self.user).is_some() { 9 } else { 8 })
    }
}
