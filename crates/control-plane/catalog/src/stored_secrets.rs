//! The stored secrets as people see them: how many there are of each kind, and how old the oldest is. Never a secret itself.

use chrono::{DateTime, Utc};
use domain::CustomerId;
use uuid::Uuid;

use crate::sealed_places::{self, SealedPlace};
use crate::{CatalogError, GenericClient, query};

/// What a stored secret is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SecretKind {
    /// The password of a role of a customer's database.
    DatabasePassword,
    /// A customer's own key at a provider of language models.
    AiKey,
    /// The key of a backup's file.
    BackupKey,
    /// An operator's authenticator app.
    AuthenticatorApp,
    /// What signs the deliveries of an audit stream.
    StreamSigningSecret,
    /// What an audit stream shows to its endpoint.
    StreamAuthorization,
    /// The key of our account at an ACME authority.
    AcmeAccountKey,
    /// The key of the servers' certificate.
    CertificateKey,
}

impl SecretKind {
    /// All of them, those of customers first.
    pub const ALL: [Self; 8] = [
        Self::DatabasePassword,
        Self::AiKey,
        Self::BackupKey,
        Self::AuthenticatorApp,
        Self::StreamSigningSecret,
        Self::StreamAuthorization,
        Self::AcmeAccountKey,
        Self::CertificateKey,
    ];

    /// The kind's name in JSON and on the command line.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::DatabasePassword => "database_password",
            Self::AiKey => "ai_key",
            Self::BackupKey => "backup_key",
            Self::AuthenticatorApp => "authenticator_app",
            Self::StreamSigningSecret => "stream_signing_secret",
            Self::StreamAuthorization => "stream_authorization",
            Self::AcmeAccountKey => "acme_account_key",
            Self::CertificateKey => "certificate_key",
        }
    }
}

/// What is told of the secrets in a place. The SQL is over the row, which is called `secret`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Told {
    /// What they are.
    pub kind: SecretKind,
    /// SQL: since when the secret is what it is. It isn't counted when this is null.
    pub since: &'static str,
    /// SQL: the customer whom it belongs to.
    pub whose: &'static str,
}

impl Told {
    /// Of rows with a customer, or with none where the platform has such secrets, too.
    pub(crate) const fn of_customers(kind: SecretKind, since: &'static str) -> Self {
        Self { kind, since, whose: "secret.customer_id" }
    }

    /// Of rows that belong to no customer.
    pub(crate) const fn of_platform(kind: SecretKind, since: &'static str) -> Self {
        Self { kind, since, whose: "null::uuid" }
    }
}

/// The stored secrets of one kind.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredSecrets {
    /// What they are.
    pub kind: SecretKind,
    /// How many there are.
    pub count: i64,
    /// The one that has stayed the same for longest; `None` when there is none.
    pub oldest: Option<OldestSecret>,
}

/// The secret that has stayed the same for longest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OldestSecret {
    /// Since when.
    pub set_at: DateTime<Utc>,
    /// Whose; `None` is the platform.
    pub customer_id: Option<CustomerId>,
    /// What the customer is called in addresses.
    pub customer_slug: Option<String>,
    /// What people call the customer.
    pub company_name: Option<String>,
}

/// Every kind, in the order of [`SecretKind::ALL`].
///
/// # Errors
/// When the database can't be asked.
pub async fn by_kind(client: &impl GenericClient) -> Result<Vec<StoredSecrets>, CatalogError> {
    let mut kinds = SecretKind::ALL.map(|kind| StoredSecrets { kind, count: 0, oldest: None });
    for place in sealed_places::ALL {
        let Some(told) = place.told else { continue };
        let Some((count, oldest)) = in_place(client, place, told).await? else { continue };
        for one in kinds.iter_mut().filter(|one| one.kind == told.kind) {
            one.count += count;
            if one.oldest.as_ref().is_none_or(|known| oldest.set_at < known.set_at) {
                one.oldest = Some(oldest.clone());
            }
        }
    }
    Ok(kinds.into())
}

/// How many there are in a place, and the oldest; `None` when there is none.
async fn in_place(
    client: &impl GenericClient,
    SealedPlace { table, column, customer_column, .. }: SealedPlace,
    Told { since, whose, .. }: Told,
) -> Result<Option<(i64, OldestSecret)>, CatalogError> {
    // What a customer's data key has sealed is lost with it: rows that outlive it hold nothing that opens.
    let opens = if customer_column.is_some() { "customer.lifecycle <> 'deleted'" } else { "true" };
    let sql = format!(
        "select count(*) over () as count, {since} as set_at, {whose} as customer_id, customer.company_domain,
             customer.company_name
         from {table} secret left join admin_customers customer on customer.id = {whose}
         where secret.{column} is not null and {since} is not null and {opens}
         order by set_at, secret.id limit 1"
    );
    let Some(row) = query::optional(client, &sql, &[]).await? else { return Ok(None) };
    let oldest = OldestSecret {
        set_at: row.try_get("set_at")?,
        customer_id: row.try_get::<_, Option<Uuid>>("customer_id")?.map(CustomerId),
        customer_slug: row.try_get("company_domain")?,
        company_name: row.try_get("company_name")?,
    };
    Ok(Some((row.try_get("count")?, oldest)))
}
