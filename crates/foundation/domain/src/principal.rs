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
use crate::customer_limit::{CustomerLimit, WithoutRedis};
use crate::entitlement::{self, HeldModule};
use crate::modules;
use crate::permission::{Action, Permission};
use crate::{ApiKeyId, CustomerId, Plan, RateLimitPeriod, SubscriptionStatus};

/// Somebody who asks on the customer's API, and all that is needed to decide what they may do.
#[derive(Clone, Debug)]
pub struct Principal {
    /// What they showed.
    pub caller: Caller,
    /// What they may do.
    pub permissions: Vec<Permission>,
    /// How many requests they may make in a period.
    pub rate_limit_requests: u64,
    /// The period.
    pub rate_limit_period: RateLimitPeriod,
    /// What that limit does while Redis is away; as the configuration says when `None`.
    pub without_redis: Option<WithoutRedis>,
    /// The customer in whose place, or for whom, they ask.
    pub customer: CustomerStanding,
}

/// What a caller showed.
#[derive(Clone, Debug)]
pub enum Caller {
    /// An API key: a program of the customer's, or an operator in their place.
    Key(KeyCaller),
    /// A session token of the identity provider: a person who is signed in.
    User(UserCaller),
}

/// An API key.
#[derive(Clone, Debug)]
pub struct KeyCaller {
    /// The key's row.
    pub id: ApiKeyId,
    /// The key whose quota this one draws on: itself, or the first key of its line of rotations.
    pub quota_key_id: ApiKeyId,
    /// Whether the key may still be used.
    pub status: ApiKeyStatus,
    /// When the key stops working, if ever.
    pub expires_at: Option<DateTime<Utc>>,
    /// From where the key may be used; from everywhere when empty.
    pub allowed_networks: Vec<IpNet>,
    /// The operator who acts in the customer's place with this key, if it is one of those.
    pub impersonator: Option<Impersonator>,
}

/// A person in a session of theirs.
#[derive(Clone, Debug)]
pub struct UserCaller {
    /// The identity provider's id of the person.
    pub clerk_user_id: String,
    /// When the session token ends.
    pub expires_at: DateTime<Utc>,
    /// Under which id their requests are counted and limited.
    usage_id: ApiKeyId,
}

impl UserCaller {
    /// The person by the identity provider's id.
    #[must_use]
    pub fn new(clerk_user_id: String, expires_at: DateTime<Utc>) -> Self {
        let usage_id = usage_id_of(&clerk_user_id);
        Self { clerk_user_id, expires_at, usage_id }
    }
}

/// Under which id the requests of a person are counted, by the identity provider's id.
#[must_use]
pub fn usage_id_of(clerk_user_id: &str) -> ApiKeyId {
    ApiKeyId(Uuid::new_v5(&USERS, clerk_user_id.as_bytes()))
}

/// The name space of the ids that stand for persons where those of keys stand else: in usage and in limits. Made once, at
/// random; with another one everybody's usage would begin anew.
const USERS: Uuid = Uuid::from_u128(0x5d3c_9a41_7be2_4f0e_8c16_20f4_b1d9_6e73);

impl Caller {
    /// Under which id requests are counted: the key's, or one that stands for the person and is always the same.
    #[must_use]
    pub fn usage_id(&self) -> ApiKeyId {
        match self {
            Self::Key(key) => key.id,
            Self::User(user) => user.usage_id,
        }
    }

    /// Whose quota requests draw on.
    #[must_use]
    pub fn quota_id(&self) -> ApiKeyId {
        match self {
            Self::Key(key) => key.quota_key_id,
            Self::User(user) => user.usage_id,
        }
    }

    /// The operator who acts in the customer's place, if one does.
    #[must_use]
    pub fn impersonator(&self) -> Option<&Impersonator> {
        match self {
            Self::Key(key) => key.impersonator.as_ref(),
            Self::User(_) => None,
        }
    }

    /// The person, if it is one who is signed in.
    #[must_use]
    pub fn user(&self) -> Option<&UserCaller> {
        match self {
            Self::Key(_) => None,
            Self::User(user) => Some(user),
        }
    }
}

/// How a customer stands: what decides about each of their requests, whoever asks.
#[derive(Clone, Debug)]
pub struct CustomerStanding {
    /// The customer.
    pub id: CustomerId,
    /// The customer's slug or domain, as `admin_customers.company_domain` holds it.
    pub slug: String,
    /// Where the customer's days and months begin.
    pub time_zone: chrono_tz::Tz,
    /// What the customer bought.
    pub plan: Plan,
    /// How the customer's subscription stands.
    pub subscription_status: SubscriptionStatus,
    /// Since when it stands so.
    pub status_changed_at: DateTime<Utc>,
    /// Whether a suspended customer may read during the grace period all the same: their organization was deleted at the
    /// identity provider, and they did nothing wrong.
    pub has_grace: bool,
    /// When the trial ends, if there is one.
    pub trial_ends_at: Option<DateTime<Utc>>,
    /// When what was paid for ends, where nothing follows it by itself.
    pub paid_until: Option<DateTime<Utc>>,
    /// Whether the customer is wholly there.
    pub lifecycle: Lifecycle,
    /// Limits of their own, in place of the configuration's.
    pub limits: Vec<CustomerLimit>,
    /// What is written down of the customer's modules; [`crate::entitlement::decide`] says what follows.
    pub modules: Vec<HeldModule>,
}

/// Somebody's place in an organization of the identity provider, as it told us last.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Membership {
    /// The role's key, such as `org:admin`.
    pub role: String,
    /// Whether they were removed from it.
    pub is_removed: bool,
    /// When that came to be, by the provider's clock.
    pub changed_at: DateTime<Utc>,
}

/// A customer by their organization, and what is known of a person in it.
#[derive(Clone, Debug)]
pub struct Member {
    /// The customer.
    pub customer: CustomerStanding,
    /// The membership, if we were told of one.
    pub membership: Option<Membership>,
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
    /// Whether one of the caller's permissions covers the action on the resource.
    #[must_use]
    pub fn may(&self, action: Action, resource: &str) -> bool {
        self.permissions.iter().any(|permission| permission.allows(action, resource))
    }

    /// Whether the customer may use the feature module now.
    #[must_use]
    pub fn has_module(&self, key: &str) -> bool {
        let customer = &self.customer;
        modules::find(key).is_some_and(|module| {
            entitlement::decide(module, customer.plan, &customer.modules, Utc::now(), customer.time_zone)
                .is_ok()
        })
    }
}

impl KeyCaller {
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

    /// The customer of an organization of the identity provider, and what is known of a person in it. `None` when no
    /// customer has the organization.
    async fn member(
        &self,
        organization: &str,
        user: &str,
    ) -> Result<Option<Arc<Member>>, DirectoryUnavailable>;

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
