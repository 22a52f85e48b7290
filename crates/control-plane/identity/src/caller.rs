//! From where somebody signs in.

use std::net::IpAddr;

use catalog::operator_sessions::LiveSession;
use domain::operator::{Actor, Credential, Rights};
use uuid::Uuid;

/// From where a request came, and which program sent it.
#[derive(Debug, Clone, Default)]
pub struct Caller {
    /// The address, as the configured proxies tell it.
    pub ip_address: Option<IpAddr>,
    /// The program.
    pub user_agent: Option<String>,
}

impl Caller {
    /// The operator whose session this is, before it gives them any right.
    pub(crate) fn in_session(&self, operator: Uuid, session: Uuid) -> Actor {
        Actor::operator(operator, Credential::Session(session), Rights::NONE)
            .from(self.ip_address, self.user_agent.clone())
    }

    /// The operator of a session that lives.
    pub(crate) fn of(&self, session: &LiveSession) -> Actor {
        self.in_session(session.operator_id, session.id)
    }
}
