//! Every column of the admin database that holds sealed secrets: what a rotation of a data key has to visit, and what people
//! are told of them. A test holds that no column is missing here.

use domain::CustomerId;
use uuid::Uuid;

use crate::stored_secrets::{SecretKind, Told};
use crate::{CatalogError, GenericClient, query};

/// A column with sealed secrets. The row's id is `id`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SealedPlace {
    /// The table.
    pub table: &'static str,
    /// The column.
    pub column: &'static str,
    /// `table.column`, as the platform's own secrets are bound to.
    pub name: &'static str,
    /// The column with the customer's id; `None` when its secrets are the platform's own.
    pub customer_column: Option<&'static str>,
    /// What is told of them; `None` for what is no secret of its own.
    pub told: Option<Told>,
}

/// All of them.
pub const ALL: [SealedPlace; 12] = [
    SealedPlace {
        table: "admin_database_credentials",
        column: "password_encrypted",
        name: "admin_database_credentials.password_encrypted",
        customer_column: Some("customer_id"),
        // A role keeps the password that it is made with.
        told: Some(Told::of_customers(SecretKind::DatabasePassword, "secret.created_at")),
    },
    SealedPlace {
        table: "admin_customers",
        column: "database_password_encrypted",
        name: "admin_customers.database_password_encrypted",
        customer_column: Some("id"),
        // The same password as the app role's among the credentials, where it counts.
        told: None,
    },
    SealedPlace {
        table: "admin_customer_ai_keys",
        column: "api_key_encrypted",
        name: "admin_customer_ai_keys.api_key_encrypted",
        customer_column: Some("customer_id"),
        told: Some(Told::of_customers(SecretKind::AiKey, "secret.set_at")),
    },
    SealedPlace {
        table: "admin_backups",
        column: "key_encrypted",
        name: "admin_backups.key_encrypted",
        customer_column: Some("customer_id"),
        told: Some(Told::of_customers(SecretKind::BackupKey, "secret.created_at")),
    },
    SealedPlace {
        table: "admin_backups",
        column: "key_sealed",
        name: "admin_backups.key_sealed",
        customer_column: None,
        // A deleted customer's backups are still theirs.
        told: Some(Told::of_customers(SecretKind::BackupKey, "secret.created_at")),
    },
    SealedPlace {
        table: "admin_idempotency_keys",
        column: "response_body_sealed",
        name: "admin_idempotency_keys.response_body_sealed",
        customer_column: None,
        // Answers that are kept for a day, and no keys of anything.
        told: None,
    },
    SealedPlace {
        table: "admin_operators",
        column: "totp_secret_sealed",
        name: "admin_operators.totp_secret_sealed",
        customer_column: None,
        // One that was never shown to work is no second factor yet.
        told: Some(Told::of_platform(SecretKind::AuthenticatorApp, "secret.totp_confirmed_at")),
    },
    SealedPlace {
        table: "admin_audit_streams",
        column: "signing_secret_sealed",
        name: "admin_audit_streams.signing_secret_sealed",
        customer_column: None,
        told: Some(Told::of_platform(SecretKind::StreamSigningSecret, "secret.created_at")),
    },
    SealedPlace {
        table: "admin_audit_streams",
        column: "authorization_sealed",
        name: "admin_audit_streams.authorization_sealed",
        customer_column: None,
        told: Some(Told::of_platform(
            SecretKind::StreamAuthorization,
            "coalesce(secret.authorization_set_at, secret.created_at)",
        )),
    },
    SealedPlace {
        table: "admin_acme_accounts",
        column: "key_sealed",
        name: "admin_acme_accounts.key_sealed",
        customer_column: None,
        told: Some(Told::of_platform(SecretKind::AcmeAccountKey, "secret.created_at")),
    },
    SealedPlace {
        table: "admin_acme_certificates",
        column: "key_sealed",
        name: "admin_acme_certificates.key_sealed",
        customer_column: None,
        // Each certificate comes with a new key.
        told: Some(Told::of_platform(SecretKind::CertificateKey, "secret.starts_at")),
    },
    SealedPlace {
        table: "admin_acme_certificates",
        column: "order_key_sealed",
        name: "admin_acme_certificates.order_key_sealed",
        customer_column: None,
        // It counts when there is a certificate for it.
        told: None,
    },
];

/// A stored secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SealedSecret {
    /// Where it is.
    pub place: SealedPlace,
    /// The row.
    pub row: Uuid,
    /// The sealed text.
    pub sealed: String,
}

/// The places that can hold secrets of a customer, or of the platform.
pub fn of(customer: Option<CustomerId>) -> impl Iterator<Item = SealedPlace> {
    ALL.into_iter().filter(move |place| place.customer_column.is_some() == customer.is_some())
}

/// How many secrets are read at once.
const BATCH: i64 = 100;

/// Secrets of one place that are sealed with an older version than this one, in order of their rows, those after the given
/// one, a batch of them. What other clients wrote in a form of their own is left out: it isn't ours to open.
///
/// # Errors
/// When the database can't be asked.
pub async fn older_than(
    client: &impl GenericClient,
    place: SealedPlace,
    customer: Option<CustomerId>,
    version: i32,
    after: Uuid,
) -> Result<Vec<SealedSecret>, CatalogError> {
    let SealedPlace { table, column, customer_column, .. } = place;
    // Of the platform's places all rows count; the parameter is there for both.
    let whose = customer_column.map_or_else(|| "$1::uuid is null".to_owned(), |name| format!("{name} = $1"));
    let sql = format!(
        "select id, {column} as sealed from {table}
         where {whose} and {column} like 'v1.data%' and admin_sealed_version({column}) < $2 and id > $3
         order by id limit {BATCH}"
    );
    let customer = customer.map(CustomerId::uuid);
    let rows = query::rows(client, &sql, &[&customer, &version, &after]).await?;
    rows.iter()
        .map(|row| Ok(SealedSecret { place, row: row.try_get("id")?, sealed: row.try_get("sealed")? }))
        .collect()
}

/// How many secrets are sealed with an older version than this one.
///
/// # Errors
/// When the database can't be asked.
pub async fn count_older_than(
    client: &impl GenericClient,
    customer: Option<CustomerId>,
    version: i32,
) -> Result<i64, CatalogError> {
    let mut count = 0;
    for SealedPlace { table, column, customer_column, .. } in of(customer) {
        let whose =
            customer_column.map_or_else(|| "$1::uuid is null".to_owned(), |name| format!("{name} = $1"));
        let sql = format!(
            "select count(*) from {table}
             where {whose} and {column} like 'v1.data%' and admin_sealed_version({column}) < $2"
        );
        let customer = customer.map(CustomerId::uuid);
        count += query::one(client, &sql, &[&customer, &version]).await?.try_get::<_, i64>(0)?;
    }
    Ok(count)
}

/// Replaces a sealed secret, if it is still what was read. `false`: somebody wrote another one meanwhile.
///
/// # Errors
/// When the database can't be asked.
pub async fn replace(
    client: &impl GenericClient,
    old: &SealedSecret,
    sealed: &str,
) -> Result<bool, CatalogError> {
    let SealedPlace { table, column, .. } = old.place;
    let sql = format!("update {table} set {column} = $3 where id = $1 and {column} = $2");
    Ok(query::execute(client, &sql, &[&old.row, &old.sealed, &sealed]).await? == 1)
}
