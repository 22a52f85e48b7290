//! `admin_operators` and their recovery codes: who works on the platform.

use chrono::{DateTime, Utc};
use domain::Role;
use secrecy::{ExposeSecret as _, SecretString};
use tokio_postgres::Row;
use uuid::Uuid;

use crate::filter::Filter;
use crate::page::{Cursor, Page, PageRequest};
use crate::{CatalogError, GenericClient, query, row};

/// An operator.
#[derive(Debug, Clone)]
pub struct OperatorRow {
    /// The operator.
    pub id: Uuid,
    /// In lower case; what they sign in with.
    pub email: String,
    /// What people call them.
    pub name: String,
    /// What they may do.
    pub roles: Vec<Role>,
    /// argon2id in PHC form.
    pub password_hash: SecretString,
    /// Somebody else knows the password.
    pub password_must_change: bool,
    /// The authenticator app's secret, sealed.
    pub totp_secret_sealed: Option<String>,
    /// Since when codes are asked for.
    pub totp_confirmed_at: Option<DateTime<Utc>>,
    /// The step of the last code that was used.
    pub totp_last_step: i64,
    /// How many passkeys they have. Who has waited for the row's lock counts them anew.
    pub passkeys: i64,
    /// Since when they may not come in.
    pub disabled_at: Option<DateTime<Utc>>,
    /// When they last came in.
    pub last_signed_in_at: Option<DateTime<Utc>>,
    /// When the account was made.
    pub created_at: DateTime<Utc>,
    /// When it last changed.
    pub updated_at: DateTime<Utc>,
}

impl OperatorRow {
    /// Whether they have anything to show beside the password.
    #[must_use]
    pub fn has_second_factor(&self) -> bool {
        self.totp_confirmed_at.is_some() || self.passkeys > 0
    }
}

/// An operator to be.
#[derive(Debug)]
pub struct NewOperator<'a> {
    /// In lower case.
    pub email: &'a str,
    /// What people call them.
    pub name: &'a str,
    /// What they may do.
    pub roles: &'a [Role],
    /// argon2id in PHC form.
    pub password_hash: &'a SecretString,
}

const COLUMNS: &str =
    "id, email, name, roles, password_hash, password_must_change, totp_secret_sealed, totp_confirmed_at,
     totp_last_step, disabled_at, last_signed_in_at, created_at, updated_at,
     (select count(*) from admin_operator_passkeys passkey where passkey.operator_id = admin_operators.id) as passkeys";

fn operator(row: &Row) -> Result<OperatorRow, CatalogError> {
    Ok(OperatorRow {
        id: row.try_get("id")?,
        email: row.try_get("email")?,
        name: row.try_get("name")?,
        roles: roles(row)?,
        password_hash: SecretString::from(row.try_get::<_, String>("password_hash")?),
        password_must_change: row.try_get("password_must_change")?,
        totp_secret_sealed: row.try_get("totp_secret_sealed")?,
        totp_confirmed_at: row.try_get("totp_confirmed_at")?,
        totp_last_step: row.try_get("totp_last_step")?,
        passkeys: row.try_get("passkeys")?,
        disabled_at: row.try_get("disabled_at")?,
        last_signed_in_at: row.try_get("last_signed_in_at")?,
        created_at: row.try_get("created_at")?,
        updated_at: row.try_get("updated_at")?,
    })
}

/// The column `roles`.
pub(crate) fn roles(row: &Row) -> Result<Vec<Role>, CatalogError> {
    let names: Vec<String> = row.try_get("roles")?;
    let read = |name: String| name.parse().map_err(|_| CatalogError::Unreadable(format!("role {name:?}")));
    names.into_iter().map(read).collect()
}

fn names(roles: &[Role]) -> Vec<&'static str> {
    roles.iter().map(|role| role.as_str()).collect()
}

/// Makes an operator, who must change the password first.
///
/// # Errors
/// [`CatalogError::Conflict`] with `admin_operators_email_key` when the address is taken.
pub async fn insert(client: &impl GenericClient, new: &NewOperator<'_>) -> Result<OperatorRow, CatalogError> {
    let sql = format!(
        "insert into admin_operators (email, name, roles, password_hash) values ($1, $2, $3, $4) returning {COLUMNS}"
    );
    operator(
        &query::one(
            client,
            &sql,
            &[&new.email, &new.name, &names(new.roles), &new.password_hash.expose_secret()],
        )
        .await?,
    )
}

const SORT: &str = "email";

/// A page of the operators, by address.
///
/// # Errors
/// [`CatalogError::Invalid`] with the constraint `cursor` when the cursor is of another list.
pub async fn list(
    client: &impl GenericClient,
    page: &PageRequest,
) -> Result<Page<OperatorRow>, CatalogError> {
    let cursor = page.cursor_of(SORT)?;
    let (cursor_email, cursor_id) = (cursor.map(Cursor::text).transpose()?, cursor.map(|cursor| cursor.id));
    let limit = page.rows_to_read();
    let mut conditions = Filter::new("true");
    conditions.and_keyset("email", ">", &cursor_email, &cursor_id);
    let limit = conditions.parameter(&limit);
    let sql = format!(
        "select {COLUMNS} from admin_operators where {} order by email, id limit {limit}",
        conditions.sql()
    );
    let rows = query::rows(client, &sql, conditions.parameters()).await?;
    let cursor = |row: &OperatorRow| Cursor { sort: SORT.to_owned(), value: row.email.clone(), id: row.id };
    Ok(Page::of(row::all(&rows, operator)?, page, cursor))
}

/// The operator with this address.
///
/// # Errors
/// When the database can't be asked.
pub async fn by_email(client: &impl GenericClient, email: &str) -> Result<Option<OperatorRow>, CatalogError> {
    let sql = format!("select {COLUMNS} from admin_operators where email = $1");
    query::optional(client, &sql, &[&email]).await?.as_ref().map(operator).transpose()
}

/// The operator, whose row is locked until the transaction ends.
///
/// # Errors
/// When the database can't be asked.
pub async fn lock(client: &impl GenericClient, id: Uuid) -> Result<Option<OperatorRow>, CatalogError> {
    let sql = format!("select {COLUMNS} from admin_operators where id = $1 for update");
    query::optional(client, &sql, &[&id]).await?.as_ref().map(operator).transpose()
}

/// The operator.
///
/// # Errors
/// When the database can't be asked.
pub async fn get(client: &impl GenericClient, id: Uuid) -> Result<Option<OperatorRow>, CatalogError> {
    let sql = format!("select {COLUMNS} from admin_operators where id = $1");
    query::optional(client, &sql, &[&id]).await?.as_ref().map(operator).transpose()
}

/// Lets nobody make, disable or change an operator's roles until the transaction ends: whoever counts owners counts right.
/// Sign-ins go on.
///
/// # Errors
/// When the database can't be asked.
pub async fn lock_roles(client: &impl GenericClient) -> Result<(), CatalogError> {
    query::execute(client, "select pg_advisory_xact_lock(hashtextextended('sixty.operators', 0))", &[])
        .await?;
    Ok(())
}

/// Owners who may come in, but for this one.
///
/// # Errors
/// When the database can't be asked.
pub async fn count_other_owners(client: &impl GenericClient, id: Uuid) -> Result<i64, CatalogError> {
    let sql = "select count(*) from admin_operators where 'owner' = any(roles) and disabled_at is null and id <> $1";
    Ok(query::one(client, sql, &[&id]).await?.try_get(0)?)
}

/// Changes name, roles, and whether they may come in.
///
/// # Errors
/// When the database can't be asked.
pub async fn update(
    client: &impl GenericClient,
    id: Uuid,
    name: &str,
    roles: &[Role],
    is_disabled: bool,
) -> Result<OperatorRow, CatalogError> {
    let sql = format!(
        "update admin_operators set name = $2, roles = $3,
             disabled_at = case when $4 then coalesce(disabled_at, now()) end
         where id = $1 returning {COLUMNS}"
    );
    operator(&query::one(client, &sql, &[&id, &name, &names(roles), &is_disabled]).await?)
}

/// Gives a new password.
///
/// # Errors
/// When the database can't be asked.
pub async fn set_password(
    client: &impl GenericClient,
    id: Uuid,
    hash: &SecretString,
    must_change: bool,
) -> Result<(), CatalogError> {
    let sql = "update admin_operators
               set password_hash = $2, password_must_change = $3, password_changed_at = now() where id = $1";
    query::execute(client, sql, &[&id, &hash.expose_secret(), &must_change]).await?;
    Ok(())
}

/// Keeps the sealed secret of an authenticator app that isn't confirmed yet. `false`: the account has a second factor, which
/// stays the only way in.
///
/// # Errors
/// When the database can't be asked.
pub async fn begin_second_factor(
    client: &impl GenericClient,
    id: Uuid,
    sealed: &str,
) -> Result<bool, CatalogError> {
    let sql = "update admin_operators set totp_secret_sealed = $2, totp_last_step = 0
               where id = $1 and totp_confirmed_at is null
                     and not exists (select from admin_operator_passkeys where operator_id = $1)";
    Ok(query::execute(client, sql, &[&id, &sealed]).await? == 1)
}

/// The same for an operator who has shown passkeys, and adds an app. `false`: there is a confirmed one.
///
/// # Errors
/// When the database can't be asked.
pub async fn begin_another_app(
    client: &impl GenericClient,
    id: Uuid,
    sealed: &str,
) -> Result<bool, CatalogError> {
    let sql = "update admin_operators set totp_secret_sealed = $2, totp_last_step = 0
               where id = $1 and totp_confirmed_at is null";
    Ok(query::execute(client, sql, &[&id, &sealed]).await? == 1)
}

/// Confirms an app that an operator adds, by the step of its first code. `false`: it was replaced since its secret was read,
/// or confirmed.
///
/// # Errors
/// When the database can't be asked.
pub async fn confirm_another_app(
    client: &impl GenericClient,
    id: Uuid,
    sealed: &str,
    step: i64,
) -> Result<bool, CatalogError> {
    let sql = "update admin_operators set totp_last_step = $3, totp_confirmed_at = now()
               where id = $1 and totp_secret_sealed = $2 and totp_confirmed_at is null";
    Ok(query::execute(client, sql, &[&id, &sealed, &step]).await? == 1)
}

/// Takes the app away, and leaves what else there is.
///
/// # Errors
/// When the database can't be asked.
pub async fn remove_app(client: &impl GenericClient, id: Uuid) -> Result<(), CatalogError> {
    let sql = "update admin_operators
               set totp_secret_sealed = null, totp_confirmed_at = null, totp_last_step = 0 where id = $1";
    query::execute(client, sql, &[&id]).await?;
    Ok(())
}

/// Forgets an authenticator app that was never confirmed: whoever began to set it up comes in with none of its codes.
///
/// # Errors
/// When the database can't be asked.
pub async fn forget_unconfirmed(client: &impl GenericClient, id: Uuid) -> Result<(), CatalogError> {
    let sql = "update admin_operators set totp_secret_sealed = null, totp_last_step = 0
               where id = $1 and totp_confirmed_at is null";
    query::execute(client, sql, &[&id]).await?;
    Ok(())
}

/// Takes the second factor away, with its recovery codes: the next sign-in sets a new one up.
///
/// # Errors
/// When the database can't be asked.
pub async fn remove_second_factor(client: &impl GenericClient, id: Uuid) -> Result<(), CatalogError> {
    remove_app(client, id).await?;
    replace_recovery_codes(client, id, &[]).await
}

/// Notes that the code of this step was used, and so confirms the app. `false`: it, or a later one, was used already, the
/// app was replaced since its secret was read, or it wasn't confirmed before a passkey was.
///
/// # Errors
/// When the database can't be asked.
pub async fn use_step(
    client: &impl GenericClient,
    id: Uuid,
    sealed: &str,
    step: i64,
) -> Result<bool, CatalogError> {
    let sql = "update admin_operators
               set totp_last_step = $3, totp_confirmed_at = coalesce(totp_confirmed_at, now())
               where id = $1 and totp_secret_sealed = $2 and totp_last_step < $3
                     and (totp_confirmed_at is not null
                          or not exists (select from admin_operator_passkeys where operator_id = $1))";
    Ok(query::execute(client, sql, &[&id, &sealed, &step]).await? == 1)
}

/// Notes that they came in.
///
/// # Errors
/// When the database can't be asked.
pub async fn signed_in(client: &impl GenericClient, id: Uuid) -> Result<(), CatalogError> {
    let sql = "update admin_operators set last_signed_in_at = now() where id = $1";
    query::execute(client, sql, &[&id]).await?;
    Ok(())
}

/// Replaces all recovery codes.
///
/// # Errors
/// When the database can't be asked.
pub async fn replace_recovery_codes(
    client: &impl GenericClient,
    id: Uuid,
    hashes: &[String],
) -> Result<(), CatalogError> {
    query::execute(client, "delete from admin_operator_recovery_codes where operator_id = $1", &[&id])
        .await?;
    let sql =
        "insert into admin_operator_recovery_codes (operator_id, code_hash) select $1, unnest($2::text[])";
    query::execute(client, sql, &[&id, &hashes]).await?;
    Ok(())
}

/// Uses a recovery code up. `false`: it isn't one, or was used.
///
/// # Errors
/// When the database can't be asked.
pub async fn use_recovery_code(
    client: &impl GenericClient,
    id: Uuid,
    hash: &str,
) -> Result<bool, CatalogError> {
    let sql = "update admin_operator_recovery_codes set used_at = now()
               where operator_id = $1 and code_hash = $2 and used_at is null";
    Ok(query::execute(client, sql, &[&id, &hash]).await? == 1)
}
