//! Who works on the platform, and what each role may do.
//!
//! Whoever changes or reads something of the control plane shows a [`Permit`]. Only [`Actor::permit`] makes one, so that a
//! use case that forgets to ask doesn't compile: without a permit there is no connection to the admin database.

use std::fmt;
use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use uuid::Uuid;

mod rights;

use rights::bit;
pub use rights::{Right, Rights, Role};

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
