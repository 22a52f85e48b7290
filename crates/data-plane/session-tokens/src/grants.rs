//! What a role or a permission of Clerk means here.

use std::collections::{BTreeSet, HashMap};
use std::str::FromStr;

use domain::Permission;

/// Which of our permissions each role and permission of Clerk gives. What isn't named gives nothing.
#[derive(Debug, Clone)]
pub struct Grants(HashMap<String, Vec<Permission>>);

/// The text says nothing of that kind.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidGrants {
    /// It isn't JSON of the right form.
    #[error(
        "must be a JSON object from roles and permissions of Clerk to lists of ours, such as \
         {{\"org:admin\": [\"read:*\", \"write:*\"]}}: {0}"
    )]
    Form(String),
    /// Not the key of a role or a permission.
    #[error(
        "{0:?} is no role or permission of Clerk: those begin with org:, such as org:admin or org:deals:manage"
    )]
    Key(String),
    /// Not one of our permissions.
    #[error("{key}: {permission:?} {error}")]
    Permission {
        /// Whose grant it is.
        key: String,
        /// What should be a permission.
        permission: String,
        /// What is wrong with it.
        error: String,
    },
}

impl Grants {
    /// What a role gives by itself.
    #[must_use]
    pub fn of_role(&self, role: &str) -> Vec<Permission> {
        self.0.get(role).cloned().unwrap_or_default()
    }

    /// What a role and some permissions give together.
    #[must_use]
    pub fn of(&self, role: &str, permissions: &BTreeSet<String>) -> Vec<Permission> {
        let mut granted = self.of_role(role);
        for permission in permissions.iter().filter_map(|key| self.0.get(key)).flatten() {
            if !granted.contains(permission) {
                granted.push(permission.clone());
            }
        }
        granted
    }
}

impl Default for Grants {
    /// Clerk's own two roles: administrators may do everything, members work with the CRM but don't say who else does.
    fn default() -> Self {
        let member = [
            "read:*",
            "write:contacts",
            "write:deals",
            "write:activities",
            "write:tasks",
            "write:calendar_events",
            "execute:workflows",
        ];
        let member = member.iter().filter_map(|text| text.parse().ok()).collect();
        Self(HashMap::from([
            ("org:admin".to_owned(), Permission::default_set()),
            ("org:member".to_owned(), member),
        ]))
    }
}

impl FromStr for Grants {
    type Err = InvalidGrants;

    fn from_str(text: &str) -> Result<Self, InvalidGrants> {
        let named: HashMap<String, Vec<String>> =
            serde_json::from_str(text).map_err(|error| InvalidGrants::Form(error.to_string()))?;
        let mut grants = HashMap::new();
        for (key, permissions) in named {
            if !key.starts_with("org:") || key.len() > 200 {
                return Err(InvalidGrants::Key(key));
            }
            let parsed = permissions.into_iter().map(|permission| {
                permission.parse().map_err(|error: domain::permission::InvalidPermission| {
                    InvalidGrants::Permission { key: key.clone(), permission, error: error.to_string() }
                })
            });
            let parsed = parsed.collect::<Result<Vec<Permission>, _>>()?;
            grants.insert(key, parsed);
        }
        Ok(Self(grants))
    }
}

#[cfg(test)]
mod tests {
    use domain::permission::Action;

    use super::*;

    fn may(permissions: &[Permission], action: Action, resource: &str) -> bool {
        permissions.iter().any(|permission| permission.allows(action, resource))
    }

    #[test]
    fn a_member_works_but_does_not_say_who_else_does() {
        let grants = Grants::default();
        let member = grants.of_role("org:member");
        assert_eq!(member.len(), 7);
        assert!(may(&member, Action::Write, "deals") && may(&member, Action::Read, "users"));
        assert!(!may(&member, Action::Write, "users") && !may(&member, Action::Write, "organizations"));
        assert!(may(&grants.of_role("org:admin"), Action::Write, "users"));
        assert!(grants.of_role("org:guest").is_empty() && grants.of_role("").is_empty());
    }

    #[test]
    fn roles_and_permissions_give_what_the_configuration_says_together() {
        let grants: Grants =
            r#"{"org:seller": ["read:deals"], "org:deals:manage": ["read:deals", "write:deals"]}"#.parse().unwrap();
        let keys = BTreeSet::from(["org:deals:manage".to_owned(), "org:other:manage".to_owned()]);
        let granted = grants.of("org:seller", &keys);
        assert_eq!(
            granted.iter().map(ToString::to_string).collect::<Vec<_>>(),
            ["read:deals", "write:deals"]
        );
        assert!(grants.of("org:admin", &BTreeSet::new()).is_empty());
    }

    #[test]
    fn what_means_nothing_is_named() {
        assert!(matches!("[]".parse::<Grants>(), Err(InvalidGrants::Form(_))));
        assert!(
            matches!(r#"{"admin": []}"#.parse::<Grants>(), Err(InvalidGrants::Key(key)) if key == "admin")
        );
        let error = r#"{"org:admin": ["all"]}"#.parse::<Grants>().unwrap_err().to_string();
        assert_eq!(error, r#"org:admin: "all" must look like read:contacts, write:* or execute:workflows"#);
    }
}
