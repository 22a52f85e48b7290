//! Who asks on the customer's API, and the interface through which the data plane learns of them.
//!
//! The data plane never reads the control plane's tables. It asks a [`Directory`], which the catalog implements.

use std::net::IpAddr;
use std::sync::Arc;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use ipnet::IpNet;
use uuid::Uuid;

use crate::customer::{ApiKeyStatus, Lifecycle};
use crate::entitlement::{self, HeldModule};
use crate::modules;
use crate::permission::{Action, Permission};
use crate::{ApiKeyId, CustomerId, Plan, RateLimitPeriod, SubscriptionStatus};

/// A program that showed an API key, and all that is needed to decide what it may do.
#[derive(Clone, Debug)]
pub struct Principal {
    /// The key's row.
    pub api_key_id: ApiKeyId,
    /// The key whose quota this one draws on: itself, or the first key of its line of rotations.
    pub quota_key_id: ApiKeyId,
    /// Whether the key may still be used.
    pub key_status: ApiKeyStatus,
    /// When the key stops working, if ever.
    pub key_expires_at: Option<DateTime<Utc>>,
    /// What the key may do.
    pub permissions: Vec<Permission>,
    /// From where the key may be used; from everywhere when empty.
    pub allowed_networks: Vec<IpNet>,
    /// How many requests the key may make in a period.
    pub rate_limit_requests: u64,
    /// The period.
    pub rate_limit_period: RateLimitPeriod,
    /// The customer who owns the key.
    pub customer_id: CustomerId,
    /// The customer's slug or domain, as `admin_customers.company_domain` holds it.
    pub customer_slug: String,
    /// Where the customer's days and months begin.
    pub time_zone: chrono_tz::Tz,
    /// What the customer bought.
    pub plan: Plan,
    /// How the customer's subscription stands.
    pub subscription_status: SubscriptionStatus,
    /// Since when it stands so.
    pub status_changed_at: DateTime<Utc>,
    /// When the trial ends, if there is one.
    pub trial_ends_at: Option<DateTime<Utc>>,
    /// Whether the customer is wholly there.
    pub lifecycle: Lifecycle,
    /// The operator who acts in the customer's place with this key, if it is one of those.
    pub impersonator: Option<Impersonator>,
    /// What is written down of the customer's modules; [`crate::entitlement::decide`] says what follows.
    pub modules: Vec<HeldModule>,
}

/// An operator who acts in a customer's place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Impersonator {
    /// Their account.
    pub operator_id: Uuid,
    /// Their address, as the customer's log has it.
    pub email: String,
}

impl Principal {
    /// Whether one of the key's permissions covers the action on the resource.
    #[must_use]
    pub fn may(&self, action: Action, resource: &str) -> bool {
        self.permissions.iter().any(|permission| permission.allows(action, resource))
    }

    /// Whether the customer may use the feature module now.
    #[must_use]
    pub fn has_module(&self, key: &str) -> bool {
        modules::find(key)
            .is_some_and(|module| entitlement::decide(module, self.plan, &self.modules, Utc::now()).is_ok())
    }

    /// Whether the key may be used from this address. A key that is bound to networks can't be used from an unknown
    /// one.
    #[must_use]
    pub fn may_come_from(&self, address: Option<IpAddr>) -> bool {
        // An IPv4 caller of a socket that listens on both looks like ::ffff:192.0.2.1.
        let address = address.map(|address| address.to_canonical());
        self.allowed_networks.is_empty()
            || address
                .is_some_and(|address| self.allowed_networks.iter().any(|network| network.contains(&address)))
    }
}

/// The word of the gateway that a request passed every check of its route. Handlers of the customer API ask for it, so
/// that a route without its checks answers nothing.
#[derive(Clone, Debug)]
pub struct Permit {
    principal: Arc<Principal>,
    address: Option<IpAddr>,
}

impl Permit {
    /// Given out by whoever has checked key, customer, module, permission and limits.
    #[must_use]
    pub fn after_checks(principal: Arc<Principal>, address: Option<IpAddr>) -> Self {
        Self { principal, address }
    }

    /// Who was let through.
    #[must_use]
    pub fn principal(&self) -> &Arc<Principal> {
        &self.principal
    }

    /// From where they come, if that is known.
    #[must_use]
    pub fn address(&self) -> Option<IpAddr> {
        self.address
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

/// What the directory told before and no longer holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    /// A customer: the row, the keys, the modules or the database.
    Customer(CustomerId),
    /// Everybody.
    Everything,
}

/// Tells what changed in the directory, whoever changed it.
#[async_trait]
pub trait ChangeFeed: Send + Sync {
    /// Begins to hear. What changes after this has returned is told.
    async fn subscribe(&self) -> Result<Box<dyn Changes>, DirectoryUnavailable>;
}

/// A subscription. After an error it is over: changes may have been missed, so whoever keeps answers of the directory
/// asks them again.
#[async_trait]
pub trait Changes: Send {
    /// The next change. May be dropped while it waits without losing any.
    async fn next(&mut self) -> Result<Change, DirectoryUnavailable>;

    /// Makes sure that the subscription still works: a connection can be dead without anybody being told.
    async fn probe(&mut self) -> Result<(), DirectoryUnavailable>;
}
