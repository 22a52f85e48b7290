//! Who works on the platform, and what each role may do.
//!
//! Whoever changes or reads something of the control plane shows a [`Permit`]. Only [`Actor::permit`] makes one, so that a
//! use case that forgets to ask doesn't compile: without a permit there is no connection to the admin database.

use std::fmt;
use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::customer::named_enum;

named_enum!(
    /// What an operator, or a token of theirs, may do. The text is what 403 names, and what a token's scope is made of.
    Right {
        /// Customers with their keys' prefixes, modules and operations.
        CustomersRead = "customers:read",
        /// Sign customers up, change what is known of them.
        CustomersWrite = "customers:write",
        /// Suspend customers and serve them again.
        CustomersSuspend = "customers:suspend",
        /// Delete customers with everything they have.
        CustomersDelete = "customers:delete",
        /// Act in a customer's place, reading.
        CustomersImpersonate = "customers:impersonate",
        /// Act in a customer's place, writing too.
        CustomersImpersonateWrite = "customers:impersonate-write",
        /// See the password of a customer's database.
        CredentialsReveal = "credentials:reveal",
        /// Make, change, rotate and revoke customers' API keys.
        KeysWrite = "keys:write",
        /// Turn customers' feature modules on and off.
        ModulesWrite = "modules:write",
        /// Change what customers bought: their plan.
        SubscriptionsWrite = "subscriptions:write",
        /// Change the price list: what modules cost, and which are on sale.
        PricesWrite = "prices:write",
        /// Retry operations and take them back.
        OperationsWrite = "operations:write",
        /// See which backups there are.
        BackupsRead = "backups:read",
        /// Ask for a backup.
        BackupsWrite = "backups:write",
        /// Restore a backup into a new customer.
        BackupsRestore = "backups:restore",
        /// See background jobs.
        JobsRead = "jobs:read",
        /// Retry background jobs.
        JobsWrite = "jobs:write",
        /// See what customers used.
        UsageRead = "usage:read",
        /// See who did what.
        AuditRead = "audit:read",
        /// Say to whom the audit log is told.
        AuditStreamsWrite = "audit-streams:write",
        /// See what the identity provider told, and whether all of it is done.
        ClerkRead = "clerk:read",
        /// Have messages of the identity provider done once more, and everything compared with it.
        ClerkWrite = "clerk:write",
        /// See which master keys and data keys there are. Never a key itself.
        SecretsRead = "secrets:read",
        /// Rotate and retire keys.
        SecretsWrite = "secrets:write",
        /// See who the operators are, their sessions and tokens.
        OperatorsRead = "operators:read",
        /// Make operators, give and take roles, end others' sessions and tokens.
        OperatorsWrite = "operators:write",
    }
);

named_enum!(
    /// A role of an operator. Somebody with several may do what any of them may.
    Role {
        /// Everything.
        Owner = "owner",
        /// Everything but operators and keys of the platform.
        Admin = "admin",
        /// What a customer who calls needs: to be found, a new key, another attempt, a backup.
        Support = "support",
        /// Subscriptions: plans, modules, suspending, resuming.
        Billing = "billing",
        /// Looking.
        ReadOnly = "read-only",
    }
);

impl Role {
    /// What the role may do.
    #[must_use]
    pub fn rights(self) -> Rights {
        use Right as R;
        match self {
            Self::Owner => Rights::ALL,
            Self::Admin => Rights::ALL.without(Rights::of(&[R::SecretsWrite, R::OperatorsWrite])),
            Self::Support => Self::ReadOnly.rights().with(Rights::of(&[
                R::CustomersImpersonate,
                R::KeysWrite,
                R::OperationsWrite,
                R::BackupsWrite,
                R::JobsWrite,
                R::ClerkWrite,
            ])),
            Self::Billing => Rights::of(&[
                R::CustomersRead,
                R::CustomersSuspend,
                R::ModulesWrite,
                R::SubscriptionsWrite,
                R::UsageRead,
                R::AuditRead,
            ]),
            Self::ReadOnly => Rights::of(&[
                R::CustomersRead,
                R::BackupsRead,
                R::JobsRead,
                R::UsageRead,
                R::AuditRead,
                R::ClerkRead,
            ]),
        }
    }

    /// What the role is for, in a sentence for people.
    #[must_use]
    pub fn description(self) -> &'static str {
        match self {
            Self::Owner => "Everything.",
            Self::Admin => "Everything but operators and keys of the platform.",
            Self::Support => {
                "What a customer who calls needs: to be found, a new key, another attempt, a backup, somebody who looks."
            }
            Self::Billing => "Subscriptions: plans, modules, suspending, resuming.",
            Self::ReadOnly => "Looking.",
        }
    }

    /// The roles that have this right.
    pub fn holders(right: Right) -> impl Iterator<Item = Self> {
        Self::ALL.iter().copied().filter(move |role| role.rights().has(right))
    }
}

/// A set of rights.
#[derive(Clone, Copy, PartialEq, Eq, Default, Hash)]
pub struct Rights(u32);

impl Rights {
    /// Nothing.
    pub const NONE: Self = Self(0);
    /// Everything.
    pub const ALL: Self = Self((1 << Right::ALL.len()) - 1);

    /// These.
    #[must_use]
    pub fn of(rights: &[Right]) -> Self {
        rights.iter().fold(Self::NONE, |set, right| Self(set.0 | bit(*right)))
    }

    /// What any of these roles may do.
    #[must_use]
    pub fn of_roles(roles: &[Role]) -> Self {
        roles.iter().fold(Self::NONE, |set, role| set.with(role.rights()))
    }

    /// Whether this right is among them.
    #[must_use]
    pub fn has(self, right: Right) -> bool {
        self.0 & bit(right) != 0
    }

    /// These and those.
    #[must_use]
    pub fn with(self, others: Self) -> Self {
        Self(self.0 | others.0)
    }

    /// These but not those.
    #[must_use]
    pub fn without(self, others: Self) -> Self {
        Self(self.0 & !others.0)
    }

    /// What is in both.
    #[must_use]
    pub fn and(self, others: Self) -> Self {
        Self(self.0 & others.0)
    }

    /// One after the other.
    pub fn iter(self) -> impl Iterator<Item = Right> {
        Right::ALL.iter().copied().filter(move |right| self.has(*right))
    }
}

fn bit(right: Right) -> u32 {
    1 << (right as u32)
}

impl fmt::Debug for Rights {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_set().entries(self.iter().map(Right::as_str)).finish()
    }
}

/// What somebody showed to be let in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Default)]
pub enum Credential {
    /// Nothing: the system acts by itself.
    #[default]
    System,
    /// The token of the configuration: an owner without an account, for the first start and for automation.
    Bootstrap,
    /// A session of a person.
    Session(Uuid),
    /// An API token of a person.
    Token(Uuid),
}

/// Who acts, from where, and what they may do.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Actor {
    /// The operator's id, or the name of a principal without an account; `None` when the system acts by itself.
    pub admin_user_id: Option<String>,
    /// Where the request came from.
    pub ip_address: Option<IpAddr>,
    /// The program that sent it.
    pub user_agent: Option<String>,
    credential: Credential,
    operator: Option<Uuid>,
    rights: Rights,
    asked: Asking,
}

/// What was asked of somebody, and given: clones of an actor share it.
#[derive(Clone, Default)]
struct Asking(Arc<AtomicU32>);

/// Beside the rights: that they are signed in and act on what is their own.
const OWN_ACCOUNT: u32 = 1 << 31;

impl fmt::Debug for Asking {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Asking")
    }
}

/// Who somebody is doesn't depend on what they were asked.
impl PartialEq for Asking {
    fn eq(&self, _other: &Self) -> bool {
        true
    }
}

impl Eq for Asking {}

/// What use cases asked of somebody before they did what was wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Asked {
    /// The rights.
    pub rights: Rights,
    /// That they are signed in.
    pub own_account: bool,
}

impl Actor {
    /// The name under which the bearer of the configured token appears in the audit log.
    pub const BOOTSTRAP: &str = "bootstrap";

    /// Nobody: the system does it by itself, and may do everything.
    #[must_use]
    pub fn system() -> Self {
        Self { rights: Rights::ALL, ..Self::default() }
    }

    /// The system does what somebody asked for earlier. Their rights were looked at then; this one has none.
    #[must_use]
    pub fn on_behalf_of(admin_user_id: Option<String>) -> Self {
        Self { admin_user_id, ..Self::default() }
    }

    /// The bearer of the configured token.
    #[must_use]
    pub fn bootstrap() -> Self {
        Self {
            admin_user_id: Some(Self::BOOTSTRAP.to_owned()),
            credential: Credential::Bootstrap,
            rights: Rights::ALL,
            ..Self::default()
        }
    }

    /// An operator who came in with this.
    #[must_use]
    pub fn operator(id: Uuid, credential: Credential, rights: Rights) -> Self {
        Self {
            admin_user_id: Some(id.to_string()),
            credential,
            operator: Some(id),
            rights,
            ..Self::default()
        }
    }

    /// The same from there.
    #[must_use]
    pub fn from(mut self, ip_address: Option<IpAddr>, user_agent: Option<String>) -> Self {
        self.ip_address = ip_address;
        self.user_agent = user_agent;
        self
    }

    /// The same, where the system ends what they were allowed to begin.
    #[must_use]
    pub fn as_the_system(&self) -> Self {
        Self { rights: Rights::ALL, asked: Asking::default(), ..self.clone() }
    }

    /// The operator's account, if it is one.
    #[must_use]
    pub fn operator_id(&self) -> Option<Uuid> {
        self.operator
    }

    /// With what they came in.
    #[must_use]
    pub fn credential(&self) -> Credential {
        self.credential
    }

    /// What they may do.
    #[must_use]
    pub fn rights(&self) -> Rights {
        self.rights
    }

    /// The proof that they may do this.
    ///
    /// # Errors
    /// [`Forbidden`] when they may not.
    pub fn permit(&self, right: Right) -> Result<Permit<'_>, Forbidden> {
        if !self.rights.has(right) {
            return Err(Forbidden(right));
        }
        self.asked.0.fetch_or(bit(right), Ordering::Relaxed);
        Ok(Permit { actor: self, right })
    }

    /// What was asked of them, and given, since they came in: by this value and its clones.
    #[must_use]
    pub fn asked(&self) -> Asked {
        let asked = self.asked.0.load(Ordering::Relaxed);
        Asked { rights: Rights(asked & Rights::ALL.0), own_account: asked & OWN_ACCOUNT != 0 }
    }

    /// The proof that they act on their own account.
    ///
    /// # Errors
    /// [`NotSignedIn`] for tokens, and for whoever has no account.
    pub fn own_account(&self) -> Result<OwnAccount<'_>, NotSignedIn> {
        match (self.operator, self.credential) {
            (Some(operator), Credential::Session(session)) => {
                self.asked.0.fetch_or(OWN_ACCOUNT, Ordering::Relaxed);
                Ok(OwnAccount { actor: self, operator, session })
            }
            _ => Err(NotSignedIn),
        }
    }
}

/// The proof that an operator acts on what is their own, in a session of theirs: their password, second factor, sessions and
/// tokens. A token never does: it would outlive its own end.
#[derive(Debug, Clone, Copy)]
pub struct OwnAccount<'a> {
    actor: &'a Actor,
    operator: Uuid,
    session: Uuid,
}

impl OwnAccount<'_> {
    /// Who acts.
    #[must_use]
    pub fn actor(&self) -> &Actor {
        self.actor
    }

    /// The account.
    #[must_use]
    pub fn operator_id(&self) -> Uuid {
        self.operator
    }

    /// The session.
    #[must_use]
    pub fn session_id(&self) -> Uuid {
        self.session
    }
}

/// Somebody without a session acts on an account.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "Only an operator who is signed in does this, and no token: sign in with `sixty login` or in the dashboard."
)]
pub struct NotSignedIn;

/// The proof that somebody may do something.
#[derive(Debug, Clone, Copy)]
pub struct Permit<'a> {
    actor: &'a Actor,
    right: Right,
}

impl Permit<'_> {
    /// Who may.
    #[must_use]
    pub fn actor(&self) -> &Actor {
        self.actor
    }

    /// What.
    #[must_use]
    pub fn right(&self) -> Right {
        self.right
    }
}

/// Somebody may not do this.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Forbidden(pub Right);

impl fmt::Display for Forbidden {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let holders: Vec<_> = Role::holders(self.0).map(Role::as_str).collect();
        write!(
            formatter,
            "This needs the permission {}, which you don't have. Roles with it: {}.",
            self.0,
            holders.join(", ")
        )
    }
}

impl std::error::Error for Forbidden {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_permit_is_given_for_a_right_that_is_there_only() {
        let id = Uuid::now_v7();
        for role in Role::ALL {
            let actor = Actor::operator(id, Credential::Session(id), role.rights());
            for right in Right::ALL {
                let permit = actor.permit(*right);
                assert_eq!(permit.is_ok(), role.rights().has(*right), "{role} {right}");
                assert_eq!(permit.is_ok(), Role::holders(*right).any(|holder| holder == *role));
            }
        }
        assert!(Actor::default().permit(Right::CustomersRead).is_err());
        assert!(Actor::on_behalf_of(Some("ann".to_owned())).permit(Right::CustomersRead).is_err());
        assert!(Actor::bootstrap().permit(Right::OperatorsWrite).is_ok());
    }

    #[test]
    fn an_account_is_changed_in_a_session_of_its_owner_only() {
        let (id, other) = (Uuid::now_v7(), Uuid::now_v7());
        let own = Actor::operator(id, Credential::Session(other), Rights::NONE);
        let account = own.own_account().unwrap();
        assert_eq!((account.operator_id(), account.session_id()), (id, other));
        assert_eq!(
            Actor::operator(id, Credential::Token(other), Rights::ALL).own_account().err(),
            Some(NotSignedIn)
        );
        assert!(Actor::bootstrap().own_account().is_err() && Actor::system().own_account().is_err());
    }

    #[test]
    fn what_was_asked_and_given_is_known_afterwards() {
        let id = Uuid::now_v7();
        let actor = Actor::operator(id, Credential::Session(id), Role::ReadOnly.rights());
        assert_eq!(actor.asked(), Asked::default());
        let clone = actor.clone();
        clone.permit(Right::CustomersRead).unwrap();
        clone.permit(Right::CustomersWrite).unwrap_err();
        clone.as_the_system().permit(Right::SecretsRead).unwrap();
        let rights = Rights::of(&[Right::CustomersRead]);
        assert_eq!(actor.asked(), Asked { rights, own_account: false });
        clone.own_account().unwrap();
        assert_eq!(actor.asked(), Asked { rights, own_account: true });
        assert!(Right::ALL.len() < 31, "one bit is for the account");
    }

    #[test]
    fn roles_are_what_their_names_say() {
        let owner = Role::Owner.rights();
        assert_eq!(owner.iter().count(), Right::ALL.len());
        for role in Role::ALL.iter().filter(|role| **role != Role::Owner) {
            for right in [Right::OperatorsWrite, Right::SecretsWrite] {
                assert!(!role.rights().has(right), "{role} {right}");
            }
        }
        let writes =
            |rights: Rights| rights.iter().filter(|right| !right.as_str().ends_with(":read")).count();
        assert_eq!(writes(Role::ReadOnly.rights()), 0);
        let support = Role::Support.rights();
        assert!(!support.has(Right::CustomersImpersonateWrite));
        assert!(!support.has(Right::CustomersDelete) && !support.has(Right::CredentialsReveal));
        assert_eq!(Rights::of_roles(&[Role::ReadOnly, Role::Billing]).iter().count(), 9);
        assert_eq!(owner.and(support), support);
        assert_eq!(owner.without(owner), Rights::NONE);
    }

    #[test]
    fn a_refusal_names_the_permission_and_who_has_it() {
        let told = Forbidden(Right::OperatorsWrite).to_string();
        assert!(told.contains("operators:write") && told.ends_with("Roles with it: owner."), "{told}");
    }
}
