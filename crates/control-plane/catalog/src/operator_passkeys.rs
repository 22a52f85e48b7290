//! `admin_operator_passkeys`: with what operators show that it is them, beside the password; and what their sessions were
//! asked to sign, until they answer.

use std::time::Duration;

use chrono::{DateTime, Utc};
use tokio_postgres::Row;
use uuid::Uuid;

use crate::{CatalogError, GenericClient, query, row};

/// A passkey to be.
#[derive(Debug)]
pub struct NewPasskey<'a> {
    /// Whose.
    pub operator_id: Uuid,
    /// What they call it.
    pub name: &'a str,
    /// What the authenticator calls it.
    pub credential_id: &'a [u8],
    /// The domain that it was made for.
    pub domain: &'a str,
    /// With what is said of it for good, as it was written when it was registered.
    pub public_key: &'a [u8],
    /// How browsers reach it.
    pub transports: u8,
    /// What changes with its use.
    pub state: &'a PasskeyState,
}

/// What the authenticator says with each use.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PasskeyState {
    /// How often it was used; 0 when nobody counts.
    pub sign_count: u32,
    /// `never`, `possible` or `done`: whether it leaves its device.
    pub backup: String,
    /// `platform` or `cross-platform`, when the browser says so.
    pub attachment: Option<String>,
}

/// A passkey.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PasskeyRow {
    /// The passkey.
    pub id: Uuid,
    /// Whose.
    pub operator_id: Uuid,
    /// What they call it.
    pub name: String,
    /// What the authenticator calls it.
    pub credential_id: Vec<u8>,
    /// The domain that it was made for.
    pub domain: String,
    /// With what is said of it for good.
    pub public_key: Vec<u8>,
    /// How browsers reach it.
    pub transports: u8,
    /// What changes with its use.
    pub state: PasskeyState,
    /// When somebody last came in with it.
    pub last_used_at: Option<DateTime<Utc>>,
    /// When it was registered.
    pub created_at: DateTime<Utc>,
}

/// What a session was asked to sign a challenge for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ChallengePurpose {
    /// To register a new passkey.
    New,
    /// To come in.
    SignIn,
}

impl ChallengePurpose {
    fn as_str(self) -> &'static str {
        match self {
            Self::New => "new",
            Self::SignIn => "sign_in",
        }
    }
}

const COLUMNS: &str =
    "id, operator_id, name, credential_id, domain, public_key, transports, sign_count, backup, attachment,
     last_used_at, created_at";

fn passkey(row: &Row) -> Result<PasskeyRow, CatalogError> {
    let unreadable = |what: &str| CatalogError::Unreadable(format!("{what} of a passkey"));
    let transports: i16 = row.try_get("transports")?;
    let sign_count: i64 = row.try_get("sign_count")?;
    Ok(PasskeyRow {
        id: row.try_get("id")?,
        operator_id: row.try_get("operator_id")?,
        name: row.try_get("name")?,
        credential_id: row.try_get("credential_id")?,
        domain: row.try_get("domain")?,
        public_key: row.try_get("public_key")?,
        transports: transports.try_into().map_err(|_| unreadable("transports"))?,
        state: PasskeyState {
            sign_count: sign_count.try_into().map_err(|_| unreadable("sign_count"))?,
            backup: row.try_get("backup")?,
            attachment: row.try_get("attachment")?,
        },
        last_used_at: row.try_get("last_used_at")?,
        created_at: row.try_get("created_at")?,
    })
}

/// Registers a passkey.
///
/// # Errors
/// [`CatalogError::Conflict`] with `admin_operator_passkeys_credential_key` when it is registered, whosever it is.
pub async fn insert(client: &impl GenericClient, new: &NewPasskey<'_>) -> Result<PasskeyRow, CatalogError> {
    let sql = format!(
        "insert into admin_operator_passkeys
             (operator_id, name, credential_id, domain, public_key, transports, sign_count, backup, attachment)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9) returning {COLUMNS}"
    );
    let row = query::one(
        client,
        &sql,
        &[
            &new.operator_id,
            &new.name,
            &new.credential_id,
            &new.domain,
            &new.public_key,
            &i16::from(new.transports),
            &i64::from(new.state.sign_count),
            &new.state.backup,
            &new.state.attachment,
        ],
    )
    .await?;
    passkey(&row)
}

/// An operator's passkeys, the oldest first.
///
/// # Errors
/// When the database can't be asked.
pub async fn of_operator(
    client: &impl GenericClient,
    operator: Uuid,
) -> Result<Vec<PasskeyRow>, CatalogError> {
    let sql = format!("select {COLUMNS} from admin_operator_passkeys where operator_id = $1 order by id");
    row::all(&query::rows(client, &sql, &[&operator]).await?, passkey)
}

/// An operator's passkey by the authenticator's name for it, locked until the transaction ends: of two who show it at once,
/// the second is compared with what the first one said.
///
/// # Errors
/// When the database can't be asked.
pub async fn lock(
    client: &impl GenericClient,
    operator: Uuid,
    credential_id: &[u8],
) -> Result<Option<PasskeyRow>, CatalogError> {
    let sql = format!(
        "select {COLUMNS} from admin_operator_passkeys where operator_id = $1 and credential_id = $2 for update"
    );
    query::optional(client, &sql, &[&operator, &credential_id]).await?.as_ref().map(passkey).transpose()
}

/// Notes that somebody came in with a passkey, and what it said.
///
/// # Errors
/// When the database can't be asked.
pub async fn used(client: &impl GenericClient, id: Uuid, state: &PasskeyState) -> Result<(), CatalogError> {
    let sql = "update admin_operator_passkeys
               set sign_count = $2, backup = $3, attachment = $4, last_used_at = now() where id = $1";
    let count = i64::from(state.sign_count);
    query::execute(client, sql, &[&id, &count, &state.backup, &state.attachment]).await?;
    Ok(())
}

/// Calls an operator's passkey otherwise. `None`: they have no such one.
///
/// # Errors
/// When the database can't be asked.
pub async fn rename(
    client: &impl GenericClient,
    operator: Uuid,
    id: Uuid,
    name: &str,
) -> Result<Option<PasskeyRow>, CatalogError> {
    let sql = format!(
        "update admin_operator_passkeys set name = $3 where operator_id = $1 and id = $2 returning {COLUMNS}"
    );
    query::optional(client, &sql, &[&operator, &id, &name]).await?.as_ref().map(passkey).transpose()
}

/// Removes an operator's passkey. `None`: they have no such one.
///
/// # Errors
/// When the database can't be asked.
pub async fn remove(
    client: &impl GenericClient,
    operator: Uuid,
    id: Uuid,
) -> Result<Option<PasskeyRow>, CatalogError> {
    let sql =
        format!("delete from admin_operator_passkeys where operator_id = $1 and id = $2 returning {COLUMNS}");
    query::optional(client, &sql, &[&operator, &id]).await?.as_ref().map(passkey).transpose()
}

/// Removes all passkeys of an operator; how many.
///
/// # Errors
/// When the database can't be asked.
pub async fn remove_all(client: &impl GenericClient, operator: Uuid) -> Result<u64, CatalogError> {
    query::execute(client, "delete from admin_operator_passkeys where operator_id = $1", &[&operator]).await
}

/// Keeps what a session was asked to sign, for this long, in the place of what it was asked before.
///
/// # Errors
/// When the database can't be asked.
pub async fn keep_challenge(
    client: &impl GenericClient,
    session: Uuid,
    (purpose, state): (ChallengePurpose, &[u8]),
    longest: Duration,
) -> Result<(), CatalogError> {
    let sql = "insert into admin_passkey_challenges (session_id, purpose, state, expires_at)
               values ($1, $2, $3, now() + $4 * interval '1 second')
               on conflict (session_id) do update
               set purpose = excluded.purpose, state = excluded.state, expires_at = excluded.expires_at";
    query::execute(client, sql, &[&session, &purpose.as_str(), &state, &longest.as_secs_f64()]).await?;
    Ok(())
}

/// Takes what a session was asked to sign: whoever answers does so once. `None`: nothing, something else, or too long ago.
///
/// # Errors
/// When the database can't be asked.
pub async fn take_challenge(
    client: &impl GenericClient,
    session: Uuid,
    purpose: ChallengePurpose,
) -> Result<Option<Vec<u8>>, CatalogError> {
    let sql = "delete from admin_passkey_challenges
               where session_id = $1 and purpose = $2 returning state, expires_at > now() as is_in_time";
    let Some(taken) = query::optional(client, sql, &[&session, &purpose.as_str()]).await? else {
        return Ok(None);
    };
    let is_in_time: bool = taken.try_get("is_in_time")?;
    Ok(is_in_time.then(|| taken.try_get("state")).transpose()?)
}

/// Removes what nobody may answer any more; how many.
///
/// # Errors
/// When the database can't be asked.
pub async fn remove_old_challenges(client: &impl GenericClient) -> Result<u64, CatalogError> {
    let sql = "delete from admin_passkey_challenges where expires_at <= now()";
    query::execute(client, sql, &[]).await
}
