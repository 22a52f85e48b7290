//! Users whom the identity provider tells of: made, linked and changed as it says, each change in the customer's own log.

use std::sync::LazyLock;

use customer_db::{CustomerDatabases, Error, Session};
use domain::CustomerId;
use tokio_postgres::Row;
use tokio_postgres::error::SqlState;
use uuid::Uuid;

use crate::audit::{Change, Origin};
use crate::resources::USERS;
use crate::sql;

/// What a user may do, as the CRM's pages show it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// Everything.
    Admin,
    /// The daily work.
    User,
    /// Looking.
    Viewer,
}

impl Role {
    fn as_str(self) -> &'static str {
        match self {
            Self::Admin => "admin",
            Self::User => "user",
            Self::Viewer => "viewer",
        }
    }
}

/// A user as the identity provider tells of them.
#[derive(Debug, Clone)]
pub struct PutUser<'a> {
    /// The provider's id.
    pub clerk_user_id: &'a str,
    /// The address; the one that is there stays when it isn't given.
    pub email: Option<&'a str>,
    /// The name; likewise.
    pub name: Option<&'a str>,
    /// The picture; likewise.
    pub avatar_url: Option<&'a str>,
    /// The role.
    pub role: Role,
    /// Whether they still work here.
    pub is_active: bool,
}

/// Why a user isn't taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// There is nobody to be made without an address.
    #[error("the user has no email address at the identity provider, and a user of the CRM needs one")]
    NoAddress,
    /// Two people at the provider have one address.
    #[error("another user who is linked to the identity provider has the email address")]
    AddressTaken,
}

static FIND: LazyLock<String> = LazyLock::new(|| {
    format!("select id, {} from users where clerk_user_id = $1 for no key update", sql::document(&USERS))
});

/// Somebody whom the customer wrote down before they were invited.
static FIND_BY_ADDRESS: LazyLock<String> = LazyLock::new(|| {
    format!(
        "select id, {} from users where lower(email) = lower($1) and clerk_user_id is null for no key update",
        sql::document(&USERS)
    )
});

static CREATE: LazyLock<String> = LazyLock::new(|| {
    format!(
        "insert into users (clerk_user_id, email, name, avatar_url, role, is_active) \
         values ($1, $2, $3, $4, $5, true) returning id, {}",
        sql::document(&USERS)
    )
});

/// Who is as they should be is left alone: no row of the log for nothing.
static CHANGE: LazyLock<String> = LazyLock::new(|| {
    format!(
        "update users set clerk_user_id = $2, email = coalesce($3, email), name = coalesce($4, name), \
             avatar_url = coalesce($5, avatar_url), role = case when $7 then $6 else role end, is_active = $7 \
         where id = $1 and (clerk_user_id, email, name, avatar_url, role, is_active) is distinct from \
             ($2, coalesce($3, email), coalesce($4, name), coalesce($5, avatar_url), \
              case when $7 then $6 else role end, $7) \
         returning id, {}",
        sql::document(&USERS)
    )
});

/// Makes the customer's first organization know a user as they are.
///
/// # Errors
/// When the customer's database can't be reached or refuses; inside, [`Refused`] for what trying again doesn't help.
pub async fn put(
    databases: &CustomerDatabases,
    customer: CustomerId,
    user: &PutUser<'_>,
) -> Result<Result<(), Refused>, Error> {
    let mut session = databases.begin(customer, None).await?;
    let mut known = session.query_opt(&FIND, &[&user.clerk_user_id]).await?;
    if let (None, Some(email), true) = (&known, user.email, user.is_active) {
        known = session.query_opt(&FIND_BY_ADDRESS, &[&email]).await?;
    }
    let written = match (&known, user.email) {
        (None, _) if !user.is_active => return Ok(Ok(())),
        (None, None) => return Ok(Err(Refused::NoAddress)),
        (None, Some(email)) => create(&mut session, user, email).await,
        (Some(row), _) => change(&mut session, user, row.get(0)).await,
    };
    let written = match written {
        Err(error) if is_address_taken(&error) => return Ok(Err(Refused::AddressTaken)),
        written => written?,
    };
    let Some(row) = written else { return session.commit().await.map(Ok) };
    let (id, new): (Uuid, String) = (row.get(0), row.get(1));
    let old: Option<String> = known.map(|row| row.get(1));
    let action = if old.is_some() { "update" } else { "create" };
    let change = Change { action, table: USERS.table, id, old: old.as_deref(), new: Some(&new) };
    let origin = Origin::identity_provider();
    let (values, taken) = origin.values(&change);
    session.query_and_commit(origin.statement(), &values[..taken]).await?;
    Ok(Ok(()))
}

async fn create(session: &mut Session, user: &PutUser<'_>, email: &str) -> Result<Option<Row>, Error> {
    let role = user.role.as_str();
    session.query_opt(&CREATE, &[&user.clerk_user_id, &email, &user.name, &user.avatar_url, &role]).await
}

async fn change(session: &mut Session, user: &PutUser<'_>, id: Uuid) -> Result<Option<Row>, Error> {
    let role = user.role.as_str();
    session
        .query_opt(
            &CHANGE,
            &[&id, &user.clerk_user_id, &user.email, &user.name, &user.avatar_url, &role, &user.is_active],
        )
        .await
}

fn is_address_taken(error: &Error) -> bool {
    error.as_db_error().is_some_and(|refusal| {
        *refusal.code() == SqlState::UNIQUE_VIOLATION && refusal.constraint() == Some("users_email_key")
    })
}
