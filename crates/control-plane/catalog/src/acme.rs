//! `admin_acme_accounts`, `admin_acme_certificates`, `admin_acme_challenges`: the certificate that servers show, from an ACME
//! authority.

use chrono::{DateTime, Utc};
use tokio_postgres::{Client, Row};
use uuid::Uuid;

use crate::{CatalogError, GenericClient, query, row};

/// Whom an authority knows us as.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Account {
    /// The account: what its key is sealed for.
    pub id: Uuid,
    /// The URL of the authority's directory.
    pub directory: String,
    /// Its key, sealed.
    pub key_sealed: String,
    /// What the authority calls it; `None` until it has answered.
    pub account_url: Option<String>,
    /// Those that the authority was told.
    pub contacts: Vec<String>,
}

/// A certificate, or what is known of one that is to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Certificate {
    /// The certificate: what its keys are sealed for.
    pub id: Uuid,
    /// Whose account it is ordered with.
    pub account_id: Uuid,
    /// The URL of the authority's directory.
    pub directory: String,
    /// The names in it, sorted.
    pub domains: Vec<String>,
    /// What is shown.
    pub issued: Option<IssuedCertificate>,
    /// The order that is under way.
    pub order: Option<Order>,
    /// How often in a row there was none to be had.
    pub failed_attempts: i32,
    /// Why not.
    pub last_error: Option<String>,
    /// Before that nothing is tried again.
    pub next_attempt_at: DateTime<Utc>,
}

/// A certificate that was issued.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IssuedCertificate {
    /// The certificate and those between it and an authority, PEM.
    pub chain: String,
    /// Its key, sealed.
    pub key_sealed: String,
    /// Since when it is good.
    pub starts_at: DateTime<Utc>,
    /// Until when.
    pub expires_at: DateTime<Utc>,
}

/// An order that the authority knows of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Order {
    /// What the authority calls it.
    pub url: String,
    /// The key that the certificate is for, sealed.
    pub key_sealed: String,
}

fn account_of(row: &Row) -> Result<Account, CatalogError> {
    Ok(Account {
        id: row.try_get("id")?,
        directory: row.try_get("directory")?,
        key_sealed: row.try_get("key_sealed")?,
        account_url: row.try_get("account_url")?,
        contacts: row.try_get("contacts")?,
    })
}

const CERTIFICATE: &str = "select certificate.*, account.directory
    from admin_acme_certificates certificate join admin_acme_accounts account on account.id = certificate.account_id";

fn certificate_of(row: &Row) -> Result<Certificate, CatalogError> {
    let issued = match row.try_get::<_, Option<String>>("chain")? {
        Some(chain) => Some(IssuedCertificate {
            chain,
            key_sealed: row.try_get("key_sealed")?,
            starts_at: row.try_get("starts_at")?,
            expires_at: row.try_get("expires_at")?,
        }),
        None => None,
    };
    let order = match row.try_get::<_, Option<String>>("order_url")? {
        Some(url) => Some(Order { url, key_sealed: row.try_get("order_key_sealed")? }),
        None => None,
    };
    Ok(Certificate {
        id: row.try_get("id")?,
        account_id: row.try_get("account_id")?,
        directory: row.try_get("directory")?,
        domains: row.try_get("domains")?,
        issued,
        order,
        failed_attempts: row.try_get("failed_attempts")?,
        last_error: row.try_get("last_error")?,
        next_attempt_at: row.try_get("next_attempt_at")?,
    })
}

/// The account at a directory.
///
/// # Errors
/// When the database can't be asked.
pub async fn account(client: &impl GenericClient, directory: &str) -> Result<Option<Account>, CatalogError> {
    let sql = "select * from admin_acme_accounts where directory = $1";
    query::optional(client, sql, &[&directory]).await?.as_ref().map(account_of).transpose()
}

/// Makes an account that no authority knows yet, unless there is one at the directory.
///
/// # Errors
/// When the database can't be asked.
pub async fn insert_account(
    client: &impl GenericClient,
    id: Uuid,
    directory: &str,
    key_sealed: &str,
) -> Result<(), CatalogError> {
    let sql = "insert into admin_acme_accounts (id, directory, key_sealed) values ($1, $2, $3)
               on conflict (directory) do nothing";
    query::execute(client, sql, &[&id, &directory, &key_sealed]).await.map(drop)
}

/// Notes what the authority calls the account (`None`: it doesn't know it any more), and which contacts it was told.
///
/// # Errors
/// When the database can't be asked.
pub async fn set_account(
    client: &impl GenericClient,
    id: Uuid,
    account_url: Option<&str>,
    contacts: &[String],
) -> Result<(), CatalogError> {
    let sql = "update admin_acme_accounts set account_url = $2, contacts = $3 where id = $1";
    query::execute(client, sql, &[&id, &account_url, &contacts]).await.map(drop)
}

/// The certificate of a directory for these names.
///
/// # Errors
/// When the database can't be asked.
pub async fn certificate(
    client: &impl GenericClient,
    directory: &str,
    domains: &[String],
) -> Result<Option<Certificate>, CatalogError> {
    let sql = format!("{CERTIFICATE} where account.directory = $1 and domains = $2");
    query::optional(client, &sql, &[&directory, &domains]).await?.as_ref().map(certificate_of).transpose()
}

/// All of them, by directory and names.
///
/// # Errors
/// When the database can't be asked.
pub async fn certificates(client: &impl GenericClient) -> Result<Vec<Certificate>, CatalogError> {
    let sql = format!("{CERTIFICATE} order by account.directory, domains");
    row::all(&query::rows(client, &sql, &[]).await?, certificate_of)
}

/// Makes a certificate that is to be, unless it is there.
///
/// # Errors
/// When the database can't be asked.
pub async fn ensure_certificate(
    client: &impl GenericClient,
    account: Uuid,
    domains: &[String],
) -> Result<(), CatalogError> {
    let sql = "insert into admin_acme_certificates (account_id, domains) values ($1, $2)
               on conflict (account_id, domains) do nothing";
    query::execute(client, sql, &[&account, &domains]).await.map(drop)
}

/// Whether this connection orders the certificate from now on; nobody else does until it is closed.
///
/// # Errors
/// When the database can't be asked.
pub async fn try_lock(client: &Client, certificate: Uuid) -> Result<bool, CatalogError> {
    let sql = "select pg_try_advisory_lock(hashtextextended('sixty.acme ' || $1::uuid::text, 0))";
    Ok(client.query_one(sql, &[&certificate]).await?.try_get(0)?)
}

/// Notes the order that is under way.
///
/// # Errors
/// When the database can't be asked.
pub async fn begin_order(
    client: &impl GenericClient,
    certificate: Uuid,
    order: &Order,
) -> Result<(), CatalogError> {
    let sql = "update admin_acme_certificates set order_url = $2, order_key_sealed = $3 where id = $1";
    query::execute(client, sql, &[&certificate, &order.url, &order.key_sealed]).await.map(drop)
}

/// Forgets the order, and what was to be answered for it.
///
/// # Errors
/// When the database can't be asked.
pub async fn forget_order(client: &impl GenericClient, certificate: Uuid) -> Result<(), CatalogError> {
    let sql = "with answered as (delete from admin_acme_challenges where certificate_id = $1)
               update admin_acme_certificates set order_url = null, order_key_sealed = null where id = $1";
    query::execute(client, sql, &[&certificate]).await.map(drop)
}

/// Keeps what was issued; the order and its failures are over. Servers show it from their next look on.
///
/// # Errors
/// When the database can't be asked.
pub async fn issued(
    client: &impl GenericClient,
    certificate: Uuid,
    issued: &IssuedCertificate,
) -> Result<(), CatalogError> {
    let IssuedCertificate { chain, key_sealed, starts_at, expires_at } = issued;
    let sql = "update admin_acme_certificates
               set chain = $2, key_sealed = $3, starts_at = $4, expires_at = $5, failed_attempts = 0, last_error = null,
                   next_attempt_at = now()
               where id = $1";
    query::execute(client, sql, &[&certificate, chain, key_sealed, starts_at, expires_at]).await?;
    forget_order(client, certificate).await
}

/// Notes that there was none to be had, and when it is tried again.
///
/// # Errors
/// When the database can't be asked.
pub async fn failed(
    client: &impl GenericClient,
    certificate: Uuid,
    error: &str,
    next_attempt_at: DateTime<Utc>,
) -> Result<(), CatalogError> {
    let sql = "update admin_acme_certificates
               set failed_attempts = failed_attempts + 1, last_error = $2, next_attempt_at = $3 where id = $1";
    query::execute(client, sql, &[&certificate, &error, &next_attempt_at]).await.map(drop)
}

/// Has whatever failed be tried again at once; how many those are.
///
/// # Errors
/// When the database can't be asked.
pub async fn try_again(client: &impl GenericClient) -> Result<u64, CatalogError> {
    let sql = "update admin_acme_certificates set next_attempt_at = now() where last_error is not null";
    query::execute(client, sql, &[]).await
}

/// Has every server answer this when it is asked about the name.
///
/// # Errors
/// When the database can't be asked.
pub async fn set_challenge(
    client: &impl GenericClient,
    certificate: Uuid,
    domain: &str,
    digest: [u8; 32],
) -> Result<(), CatalogError> {
    let sql = "insert into admin_acme_challenges (certificate_id, domain, digest) values ($1, $2, $3)
               on conflict (certificate_id, domain) do update set digest = excluded.digest, created_at = now()";
    query::execute(client, sql, &[&certificate, &domain, &digest.as_slice()]).await.map(drop)
}

/// What is answered about which name now.
///
/// # Errors
/// When the database can't be asked.
pub async fn challenges(
    client: &impl GenericClient,
    domains: &[String],
) -> Result<Vec<(String, Vec<u8>)>, CatalogError> {
    // The newest counts where two directories ask about the same name.
    let sql = "select domain, digest from admin_acme_challenges where domain = any($1) order by created_at";
    row::all(&query::rows(client, sql, &[&domains]).await?, |row| {
        Ok((row.try_get("domain")?, row.try_get("digest")?))
    })
}
