//! The claims of a session token, in both versions Clerk issues.

use std::collections::BTreeSet;

use serde::Deserialize;

use crate::permissions::{self, MalformedPermissions};

/// The claims of one session token, as they stand in it.
#[derive(Debug, Clone, Deserialize)]
pub struct SessionClaims {
    /// Clerk's id of the user (`user_…`).
    pub sub: String,
    /// Who issued the token: the instance's Frontend API URL.
    pub iss: String,
    /// When it expires, in seconds since 1970.
    pub exp: u64,
    /// Before when it isn't valid, in seconds since 1970.
    pub nbf: Option<u64>,
    /// When it was issued, in seconds since 1970.
    pub iat: Option<u64>,
    /// How far the sign-in has come: `active`, or `pending` while something is asked of the user.
    #[serde(rename = "sts")]
    status: Option<String>,
    /// The origin the token was asked from; missing where the browser hid it.
    pub azp: Option<String>,
    #[serde(rename = "v")]
    version: Option<u32>,
    org_id: Option<String>,
    org_role: Option<String>,
    #[serde(default)]
    org_permissions: Option<Vec<String>>,
    #[serde(rename = "o")]
    organization: Option<OrganizationClaim>,
    #[serde(rename = "fea")]
    features: Option<String>,
}

/// The `o` claim of version 2.
#[derive(Debug, Clone, Deserialize)]
struct OrganizationClaim {
    id: String,
    #[serde(rename = "rol")]
    role: String,
    #[serde(rename = "per")]
    permissions: Option<String>,
    #[serde(rename = "fpm")]
    feature_permissions: Option<String>,
}

/// The user's place in the organization that is active in the session.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Membership {
    /// Clerk's id of the organization (`org_…`).
    pub organization: String,
    /// The role's key with its prefix, in both versions: `org:admin`.
    pub role: String,
    /// The permissions' keys with their prefix: `org:invoices:read`.
    pub permissions: BTreeSet<String>,
}

impl SessionClaims {
    /// Whether the sign-in isn't finished: a password to be changed, an organization to be chosen.
    #[must_use]
    pub fn is_pending(&self) -> bool {
        self.status.as_deref().is_some_and(|status| status != "active")
    }

    /// The membership the session is active in; `None` where the user has chosen no organization.
    ///
    /// A token of version 2 is read by its `o` claim alone: `org_id` could there be a custom claim,
    /// and must not select a customer.
    ///
    /// # Errors
    ///
    /// The permission maps of a version 2 token don't fit together: nothing is granted by guess.
    pub fn membership(&self) -> Result<Option<Membership>, MalformedPermissions> {
        if self.version.unwrap_or(1) >= 2 {
            return self.organization.as_ref().map(|o| self.by_organization_claim(o)).transpose();
        }
        let Some(organization) = self.org_id.clone() else { return Ok(None) };
        Ok(Some(Membership {
            organization,
            role: self.org_role.clone().unwrap_or_default(),
            permissions: self.org_permissions.iter().flatten().cloned().collect(),
        }))
    }

    fn by_organization_claim(&self, claim: &OrganizationClaim) -> Result<Membership, MalformedPermissions> {
        let permissions = permissions::decode(
            self.features.as_deref().unwrap_or_default(),
            claim.permissions.as_deref().unwrap_or_default(),
            claim.feature_permissions.as_deref().unwrap_or_default(),
        )?;
        Ok(Membership { organization: claim.id.clone(), role: format!("org:{}", claim.role), permissions })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn membership(extra: Value) -> Result<Option<Membership>, MalformedPermissions> {
        let mut claims = json!({ "sub": "user_1", "iss": "https://clerk.example.com", "exp": 2_000_000_000 });
        claims.as_object_mut().unwrap().extend(extra.as_object().unwrap().clone());
        serde_json::from_value::<SessionClaims>(claims).unwrap().membership()
    }

    #[test]
    fn both_versions_say_the_same() {
        let first =
            json!({ "org_id": "org_1", "org_role": "org:admin", "org_permissions": ["org:teams:read"] });
        let second = json!({ "v": 2, "fea": "o:teams", "o": { "id": "org_1", "rol": "admin", "per": "read", "fpm": "1" } });
        let first = membership(first).unwrap().unwrap();
        assert_eq!(first.role, "org:admin");
        assert_eq!(first, membership(second).unwrap().unwrap());
    }

    #[test]
    fn a_session_without_an_organization_has_no_membership() {
        assert_eq!(membership(json!({})), Ok(None));
        assert_eq!(membership(json!({ "v": 2, "fea": "u:teams" })), Ok(None));
    }

    #[test]
    fn a_custom_claim_of_version_2_selects_no_organization() {
        assert_eq!(membership(json!({ "v": 2, "org_id": "org_other", "org_role": "org:admin" })), Ok(None));
    }

    #[test]
    fn an_organization_without_custom_permissions_grants_none() {
        let found = membership(json!({ "v": 2, "o": { "id": "org_1", "rol": "member" } })).unwrap().unwrap();
        assert!(found.permissions.is_empty());
    }
}
