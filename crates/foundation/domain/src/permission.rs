//! What an API key may do: `read:contacts`, `write:*`, `execute:workflows`.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// The kind of access that a permission gives.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Action {
    /// List and read.
    Read,
    /// Create, change and delete.
    Write,
    /// Run.
    Execute,
}

impl Action {
    /// The action's name in a permission.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Write => "write",
            Self::Execute => "execute",
        }
    }
}

/// One permission of an API key: an action on one kind of resource, or on all (`*`).
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Permission {
    action: Action,
    resource: String,
}

/// The text is no permission.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("must look like read:contacts, write:* or execute:workflows")]
pub struct InvalidPermission;

impl Permission {
    /// What a key may do unless told otherwise: read and write everything.
    #[must_use]
    pub fn default_set() -> Vec<Self> {
        [Action::Read, Action::Write, Action::Execute]
            .into_iter()
            .map(|action| Self { action, resource: "*".to_owned() })
            .collect()
    }

    /// The kind of access.
    #[must_use]
    pub fn action(&self) -> Action {
        self.action
    }

    /// Everything, to be read.
    #[must_use]
    pub fn read_all() -> Vec<Self> {
        vec![Self { action: Action::Read, resource: "*".to_owned() }]
    }

    /// Whether this permission covers the action on the resource.
    #[must_use]
    pub fn allows(&self, action: Action, resource: &str) -> bool {
        self.action == action && (self.resource == "*" || self.resource == resource)
    }
}

impl FromStr for Permission {
    type Err = InvalidPermission;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (action, resource) = text.split_once(':').ok_or(InvalidPermission)?;
        let action = match action {
            "read" => Action::Read,
            "write" => Action::Write,
            "execute" => Action::Execute,
            _ => return Err(InvalidPermission),
        };
        let named = !resource.is_empty()
            && resource.len() <= 64
            && resource.bytes().all(|byte| matches!(byte, b'a'..=b'z' | b'_' | b'-'));
        if resource != "*" && !named {
            return Err(InvalidPermission);
        }
        Ok(Self { action, resource: resource.to_owned() })
    }
}

impl fmt::Display for Permission {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}:{}", self.action.as_str(), self.resource)
    }
}

impl TryFrom<String> for Permission {
    type Error = InvalidPermission;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl From<Permission> for String {
    fn from(permission: Permission) -> Self {
        permission.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_permission_covers_its_action_and_resource_only() {
        let contacts: Permission = "read:contacts".parse().unwrap();
        assert!(contacts.allows(Action::Read, "contacts"));
        assert!(!contacts.allows(Action::Write, "contacts"));
        assert!(!contacts.allows(Action::Read, "deals"));
        let all: Permission = "write:*".parse().unwrap();
        assert!(all.allows(Action::Write, "deals"));
        for bad in ["", "read", "read:", "delete:contacts", "read:Contacts", "read:a:b", "*:*"] {
            assert!(bad.parse::<Permission>().is_err(), "{bad}");
        }
    }
}
