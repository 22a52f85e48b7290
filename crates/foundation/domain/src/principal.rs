//! Who asks on the customer's API, and the interface through which the data plane learns of them.
//!
//! The data plane never reads the control plane's tables. It asks a [`Directory`], which the catalog implements.

use std::collections::BTreeSet;
use std::sync::Arc;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use uuid::Uuid;

use crate::customer::{ApiKeyStatus, Lifecycle};
use crate::permission::{Action, Permission};
use crate::{ApiKeyId, CustomerId, SubscriptionStatus};

/// A program that showed an API key, and all that is needed to decide what it may do.
#[derive(Clone, Debug)]
pub struct Principal {
    /// The key's row.
    pub api_key_id: ApiKeyId,
    /// Whether the key may still be used.
    pub key_status: ApiKeyStatus,
    /// When the key stops working, if ever.
    pub key_expires_at: Option<DateTime<Utc>>,
    /// What the key may do.
    pub permissions: Vec<Permission>,
    /// The customer who owns the key.
    pub customer_id: CustomerId,
    /// The customer's slug or domain, as `admin_customers.company_domain` holds it.
    pub customer_slug: String,
    /// How the customer's subscription stands.
    pub subscription_status: SubscriptionStatus,
    /// Whether the customer is wholly there.
    pub lifecycle: Lifecycle,
    /// The keys of the feature modules that are on.
    pub modules: BTreeSet<String>,
}

impl Principal {
    /// Whether one of the key's permissions covers the action on the resource.
    #[must_use]
    pub fn may(&self, action: Action, resource: &str) -> bool {
        self.permissions.iter().any(|permission| permission.allows(action, resource))
    }
}

/// The part of a database role's name and password that a connection needs. The password is sealed; only
/// whoever holds the master key can open it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SealedEndpoint {
    /// The customer whose database it is.
    pub customer_id: CustomerId,
    /// Where the instance listens.
    pub host: String,
    /// Where the instance listens.
    pub port: u16,
    /// The database.
    pub database: String,
    /// The role to connect as (the app role: DML only).
    pub user: String,
    /// The id of the row that holds the sealed password: part of what the seal is bound to.
    pub credential_id: Uuid,
    /// The sealed password.
    pub password_sealed: String,
    /// The customer's wrapped data key.
    pub data_key_wrapped: String,
    /// The certificate authority that signed the instance's certificate, PEM; none for a plain local server.
    pub ca_certificate: Option<String>,
}

/// The directory could not be asked.
#[derive(Debug, thiserror::Error)]
#[error("the directory of customers can't be reached: {0}")]
pub struct DirectoryUnavailable(#[source] pub Box<dyn std::error::Error + Send + Sync>);

/// What the data plane may ask about the control plane.
#[async_trait]
pub trait Directory: Send + Sync {
    /// Who owns the key with this hash (lower-case hex SHA-256 of the whole key), if anyone. Revoked and expired
    /// keys are returned too: the caller decides, so that it can say why.
    async fn principal(&self, key_hash: &str) -> Result<Option<Arc<Principal>>, DirectoryUnavailable>;

    /// Where a customer's database lives, if the customer is ready.
    async fn endpoint(&self, customer: CustomerId) -> Result<Option<SealedEndpoint>, DirectoryUnavailable>;
}
