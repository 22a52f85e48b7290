//! `admin_operator_sessions`: who is signed in, and how far.

use std::net::IpAddr;
use std::time::Duration;

use chrono::{DateTime, Utc};
use domain::Role;
use serde::Serialize;
use tokio_postgres::Row;
use uuid::Uuid;

use crate::operators::roles;
use crate::{CatalogError, GenericClient, query, row};

/// A session to be.
#[derive(Debug)]
pub struct NewSession<'a> {
    /// Whose.
    pub operator_id: Uuid,
    /// Lower-case hex SHA-256 of its token.
    pub token_hash: &'a str,
    /// Whether a browser keeps the token.
    pub in_cookie: bool,
    /// How long it may be, whatever is done in it.
    pub longest: Duration,
    /// Where the sign-in came from.
    pub ip_address: Option<IpAddr>,
    /// The program.
    pub user_agent: Option<&'a str>,
    /// The provider where it began; none when by password.
    pub issuer: Option<&'a str>,
    /// What has to be answered before the token is more than a code to fetch one with: the hash of the answer.
    pub claim_challenge: Option<&'a str>,
}

/// A session that may be used, and whose it is.
#[derive(Debug, Clone, PartialEq)]
pub struct LiveSession {
    /// The session.
    pub id: Uuid,
    /// Whose.
    pub operator_id: Uuid,
    /// Their address.
    pub email: String,
    /// Their name.
    pub name: String,
    /// What they may do, when the sign-in is complete.
    pub roles: Vec<Role>,
    /// Whether the second factor was shown too.
    pub is_complete: bool,
    /// Whether a browser keeps the token.
    pub in_cookie: bool,
    /// Whether the password must be changed first.
    pub password_must_change: bool,
    /// Whether they have an authenticator app.
    pub has_authenticator: bool,
    /// Whether they have passkeys.
    pub has_passkey: bool,
    /// When it ends, whatever is done in it.
    pub expires_at: DateTime<Utc>,
}

impl LiveSession {
    /// Whether they have anything to show beside the password.
    #[must_use]
    pub fn has_second_factor(&self) -> bool {
        self.has_authenticator || self.has_passkey
    }
}

/// A session as lists show it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct SessionRow {
    /// The session.
    pub id: Uuid,
    /// Where the sign-in came from.
    pub ip_address: Option<IpAddr>,
    /// The program.
    pub user_agent: Option<String>,
    /// When it began.
    pub created_at: DateTime<Utc>,
    /// When it was last used, to the minute.
    pub last_used_at: DateTime<Utc>,
    /// When it ends, whatever is done in it.
    pub expires_at: DateTime<Utc>,
}

/// Begins a session with the password shown, and nothing else yet; its id and when it ends.
///
/// # Errors
/// When the database can't be asked.
pub async fn insert(
    client: &impl GenericClient,
    new: &NewSession<'_>,
) -> Result<(Uuid, DateTime<Utc>), CatalogError> {
    let sql = "insert into admin_operator_sessions (operator_id, token_hash, stage, in_cookie, expires_at, ip_address,
                   user_agent, issuer, claim_challenge)
               values ($1, $2, 'password_shown', $3, now() + $4 * interval '1 second', $5, $6, $7, $8)
               returning id, expires_at";
    let row = query::one(
        client,
        sql,
        &[
            &new.operator_id,
            &new.token_hash,
            &new.in_cookie,
            &new.longest.as_secs_f64(),
            &new.ip_address,
            &new.user_agent,
            &new.issuer,
            &new.claim_challenge,
        ],
    )
    .await?;
    Ok((row.try_get(0)?, row.try_get(1)?))
}

/// The session of a token, unless it has ended, lay idle for too long, or its operator is disabled.
///
/// # Errors
/// When the database can't be asked.
pub async fn live(
    client: &impl GenericClient,
    token_hash: &str,
    idle: Duration,
) -> Result<Option<LiveSession>, CatalogError> {
    let sql = format!("{LIVE} and token_hash = $1");
    let found = query::optional(client, &sql, &[&token_hash, &idle.as_secs_f64()]).await?;
    found.as_ref().map(live_session).transpose()
}

/// Whose session this is or was, and its id: also when it has ended, for as long as its row is kept.
///
/// # Errors
/// When the database can't be asked.
pub async fn holder(
    client: &impl GenericClient,
    token_hash: &str,
) -> Result<Option<(Uuid, Uuid)>, CatalogError> {
    let sql = "select operator_id, id from admin_operator_sessions where token_hash = $1";
    let found = query::optional(client, sql, &[&token_hash]).await?;
    found.map(|row| Ok((row.try_get(0)?, row.try_get(1)?))).transpose()
}

/// The same session later, by its id.
///
/// # Errors
/// When the database can't be asked.
pub async fn still_live(
    client: &impl GenericClient,
    id: Uuid,
    idle: Duration,
) -> Result<Option<LiveSession>, CatalogError> {
    let sql = format!("{LIVE} and session.id = $1");
    let found = query::optional(client, &sql, &[&id, &idle.as_secs_f64()]).await?;
    found.as_ref().map(live_session).transpose()
}

/// Sessions that may be used; what is idle for longer than `$2` seconds may not.
const LIVE: &str =
    "select session.id, operator_id, email, name, roles, stage = 'complete' as is_complete, in_cookie,
        password_must_change and issuer is null as password_must_change,
        totp_confirmed_at is not null as has_authenticator, expires_at,
        exists (select from admin_operator_passkeys passkey where passkey.operator_id = operator.id) as has_passkey
     from admin_operator_sessions session join admin_operators operator on operator.id = operator_id
     where claim_challenge is null and revoked_at is null and expires_at > now() and disabled_at is null
           and last_used_at > now() - $2 * interval '1 second'";

fn live_session(row: &Row) -> Result<LiveSession, CatalogError> {
    Ok(LiveSession {
        id: row.try_get("id")?,
        operator_id: row.try_get("operator_id")?,
        email: row.try_get("email")?,
        name: row.try_get("name")?,
        roles: roles(row)?,
        is_complete: row.try_get("is_complete")?,
        in_cookie: row.try_get("in_cookie")?,
        password_must_change: row.try_get("password_must_change")?,
        has_authenticator: row.try_get("has_authenticator")?,
        has_passkey: row.try_get("has_passkey")?,
        expires_at: row.try_get("expires_at")?,
    })
}

/// Gives the session of a code a token in its place, to whoever answers the challenge: once. The session as it is then.
///
/// # Errors
/// When the database can't be asked.
pub async fn claim(
    client: &impl GenericClient,
    (code_hash, challenge): (&str, &str),
    token_hash: &str,
    idle: Duration,
) -> Result<Option<LiveSession>, CatalogError> {
    let sql = "update admin_operator_sessions set token_hash = $3, claim_challenge = null
               where token_hash = $1 and claim_challenge = $2 and revoked_at is null and expires_at > now()
                     and created_at > now() - interval '2 minutes'";
    if query::execute(client, sql, &[&code_hash, &challenge, &token_hash]).await? == 0 {
        return Ok(None);
    }
    live(client, token_hash, idle).await
}

/// Notes that a session is used, once a minute.
///
/// # Errors
/// When the database can't be asked.
pub async fn touch(client: &impl GenericClient, id: Uuid) -> Result<(), CatalogError> {
    let sql = "update admin_operator_sessions set last_used_at = now()
               where id = $1 and last_used_at < now() - interval '1 minute'";
    query::execute(client, sql, &[&id]).await?;
    Ok(())
}

/// Completes a session, which may last this long from now on, under a new token: the old one, which somebody may have
/// planted, is worth nothing then. When it ends; `None`: it was completed or ended meanwhile.
///
/// # Errors
/// When the database can't be asked.
pub async fn complete(
    client: &impl GenericClient,
    id: Uuid,
    token_hash: &str,
    longest: Duration,
) -> Result<Option<DateTime<Utc>>, CatalogError> {
    let sql = "update admin_operator_sessions
               set stage = 'complete', second_factor_at = now(), last_used_at = now(), token_hash = $2,
                   expires_at = now() + $3 * interval '1 second'
               where id = $1 and stage = 'password_shown' and revoked_at is null and expires_at > now()
               returning expires_at";
    let done = query::optional(client, sql, &[&id, &token_hash, &longest.as_secs_f64()]).await?;
    Ok(done.map(|row| row.try_get(0)).transpose()?)
}

/// Whether a session began at a provider, and whether its sign-in was completed this recently.
///
/// # Errors
/// When the database can't be asked.
pub async fn origin(
    client: &impl GenericClient,
    id: Uuid,
    recent: Duration,
) -> Result<(bool, bool), CatalogError> {
    let sql =
        "select issuer is not null, coalesce(second_factor_at > now() - $2 * interval '1 second', false)
               from admin_operator_sessions where id = $1";
    let found = query::optional(client, sql, &[&id, &recent.as_secs_f64()]).await?;
    found.map_or(Ok((false, false)), |row| Ok((row.try_get(0)?, row.try_get(1)?)))
}

/// An operator's sessions that may be used, the newest first.
///
/// # Errors
/// When the database can't be asked.
pub async fn of_operator(
    client: &impl GenericClient,
    operator: Uuid,
    idle: Duration,
) -> Result<Vec<SessionRow>, CatalogError> {
    let sql =
        "select id, ip_address, user_agent, created_at, last_used_at, expires_at from admin_operator_sessions
               where operator_id = $1 and stage = 'complete' and revoked_at is null and expires_at > now()
                     and last_used_at > now() - $2 * interval '1 second'
               order by id desc";
    let rows = query::rows(client, sql, &[&operator, &idle.as_secs_f64()]).await?;
    row::all(&rows, |row| {
        Ok(SessionRow {
            id: row.try_get("id")?,
            ip_address: row.try_get("ip_address")?,
            user_agent: row.try_get("user_agent")?,
            created_at: row.try_get("created_at")?,
            last_used_at: row.try_get("last_used_at")?,
            expires_at: row.try_get("expires_at")?,
        })
    })
}

/// Removes what ended a month ago; how many.
///
/// # Errors
/// When the database can't be asked.
pub async fn remove_old(client: &impl GenericClient) -> Result<u64, CatalogError> {
    query::execute(
        client,
        "delete from admin_operator_sessions where expires_at < now() - interval '30 days'",
        &[],
    )
    .await
}

/// Ends one session of an operator. `false`: there is none, or it has ended.
///
/// # Errors
/// When the database can't be asked.
pub async fn revoke(client: &impl GenericClient, operator: Uuid, id: Uuid) -> Result<bool, CatalogError> {
    let sql = "update admin_operator_sessions set revoked_at = now()
               where id = $2 and operator_id = $1 and revoked_at is null";
    Ok(query::execute(client, sql, &[&operator, &id]).await? == 1)
}

/// Ends all sessions of an operator but this one; how many.
///
/// # Errors
/// When the database can't be asked.
pub async fn revoke_all(
    client: &impl GenericClient,
    operator: Uuid,
    but: Option<Uuid>,
) -> Result<u64, CatalogError> {
    let sql = "update admin_operator_sessions set revoked_at = now()
               where operator_id = $1 and revoked_at is null and id is distinct from $2";
    query::execute(client, sql, &[&operator, &but]).await
}
