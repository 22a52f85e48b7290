//! What a message says, as far as it concerns us.

use chrono::{DateTime, TimeDelta, Utc};
use serde::Deserialize;
use serde_json::Value;

/// A change at Clerk.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// An organization is so now.
    Organization(OrganizationData),
    /// An organization is no longer there.
    OrganizationDeleted {
        /// Clerk's id.
        id: String,
    },
    /// Somebody has this role in an organization now.
    Membership(MembershipData),
    /// Somebody is no longer in an organization.
    MembershipEnded(MembershipData),
    /// A person is so now.
    User(UserData),
    /// A person is no longer there.
    UserDeleted {
        /// Clerk's id.
        id: String,
    },
    /// Something else.
    Other,
}

/// The message says nothing that can be understood.
#[derive(Debug, thiserror::Error)]
#[error("the message of type {event_type:?} can't be understood: {error}")]
pub struct InvalidEvent {
    event_type: String,
    #[source]
    error: serde_json::Error,
}

/// An organization.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct OrganizationData {
    /// Clerk's id: `org_…`.
    pub id: String,
    /// The name.
    pub name: String,
    /// The short name, where organizations have them.
    pub slug: Option<String>,
    /// Who made it.
    pub created_by: Option<String>,
    /// When it was last changed, in milliseconds since 1970.
    pub updated_at: Option<i64>,
}

/// A membership.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct MembershipData {
    /// The organization.
    pub organization: OrganizationRef,
    /// The person.
    pub public_user_data: PublicUserData,
    /// The role's key: `org:admin`.
    pub role: String,
    /// When it was last changed, in milliseconds since 1970.
    pub updated_at: Option<i64>,
}

/// An organization by its id.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct OrganizationRef {
    /// Clerk's id.
    pub id: String,
}

/// A person by their id.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct PublicUserData {
    /// Clerk's id: `user_…`.
    pub user_id: String,
}

/// A person.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct UserData {
    /// Clerk's id.
    pub id: String,
    first_name: Option<String>,
    last_name: Option<String>,
    image_url: Option<String>,
    #[serde(default)]
    email_addresses: Vec<EmailAddress>,
    primary_email_address_id: Option<String>,
    /// When they were last changed, in milliseconds since 1970.
    pub updated_at: Option<i64>,
}

#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
struct EmailAddress {
    id: String,
    email_address: String,
}

#[derive(Deserialize)]
struct Deleted {
    id: String,
}

impl UserData {
    /// The address that the person chose as the first one; any, where they chose none.
    #[must_use]
    pub fn email(&self) -> Option<String> {
        let primary = self
            .email_addresses
            .iter()
            .find(|address| Some(&address.id) == self.primary_email_address_id.as_ref());
        primary.or(self.email_addresses.first()).map(|address| address.email_address.clone())
    }

    /// First and last name.
    #[must_use]
    pub fn name(&self) -> Option<String> {
        let parts = [&self.first_name, &self.last_name];
        let name = parts.into_iter().flatten().map(|part| part.trim()).collect::<Vec<_>>().join(" ");
        let name: String = name.trim().chars().filter(|c| !c.is_control()).take(200).collect();
        (!name.is_empty()).then_some(name)
    }

    /// A picture.
    #[must_use]
    pub fn avatar_url(&self) -> Option<String> {
        self.image_url.clone().filter(|url| url.starts_with("https://") && url.len() <= 2000)
    }
}

/// The type of a message, and when what it tells of happened, by Clerk's clock.
#[must_use]
pub(crate) fn head(payload: &Value) -> Option<(&str, DateTime<Utc>)> {
    let event_type = payload["type"].as_str()?;
    let at = DateTime::from_timestamp_millis(payload["timestamp"].as_i64()?)?;
    (!event_type.is_empty() && event_type.len() <= 100).then_some((event_type, at))
}

/// When a change counts that is told of so. Clerk counts milliseconds, and what happens within one may be told of in any order:
/// what begins counts less than what changes, and that less than what ends.
pub(crate) fn moment(event_type: &str, occurred_at: DateTime<Utc>) -> DateTime<Utc> {
    let rank = match event_type.rsplit('.').next() {
        Some("created") => 0,
        Some("deleted") => 2,
        _ => 1,
    };
    occurred_at + TimeDelta::microseconds(rank)
}

impl Event {
    /// What a message of this type says.
    ///
    /// # Errors
    /// [`InvalidEvent`] when it is of a type that we know and hasn't the form of it.
    pub fn parse(event_type: &str, payload: &Value) -> Result<Self, InvalidEvent> {
        let data = &payload["data"];
        let parsed = match event_type {
            "organization.created" | "organization.updated" => read(data).map(Self::Organization),
            "organization.deleted" => read(data).map(|Deleted { id }| Self::OrganizationDeleted { id }),
            "organizationMembership.created" | "organizationMembership.updated" => {
                read(data).map(Self::Membership)
            }
            "organizationMembership.deleted" => read(data).map(Self::MembershipEnded),
            "user.created" | "user.updated" => read(data).map(Self::User),
            "user.deleted" => read(data).map(|Deleted { id }| Self::UserDeleted { id }),
            _ => Ok(Self::Other),
        };
        parsed.map_err(|error| InvalidEvent { event_type: event_type.to_owned(), error })
    }
}

fn read<'a, T: Deserialize<'a>>(data: &'a Value) -> Result<T, serde_json::Error> {
    T::deserialize(data)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_person_is_called_by_what_is_there() {
        let user: UserData = serde_json::from_value(json!({
            "id": "user_1", "first_name": " Ada ", "last_name": null, "image_url": "https://img.clerk.com/x",
            "email_addresses": [
                {"id": "idn_1", "email_address": "old@example.com"}, {"id": "idn_2", "email_address": "ada@example.com"}
            ],
            "primary_email_address_id": "idn_2", "updated_at": 1_654_012_591_514_i64
        }))
        .unwrap();
        assert_eq!(user.email().as_deref(), Some("ada@example.com"));
        assert_eq!(user.name().as_deref(), Some("Ada"));
        assert_eq!(user.avatar_url().as_deref(), Some("https://img.clerk.com/x"));
        let nobody: UserData = serde_json::from_value(json!({ "id": "user_1" })).unwrap();
        assert_eq!((nobody.email(), nobody.name(), nobody.avatar_url()), (None, None, None));
    }

    #[test]
    fn what_does_not_concern_us_is_nothing_and_what_is_malformed_is_said() {
        assert_eq!(Event::parse("session.created", &json!({"data": {"id": 5}})).unwrap(), Event::Other);
        let error = Event::parse("organization.created", &json!({"data": {"id": "org_1"}})).unwrap_err();
        assert!(error.to_string().contains("missing field `name`"), "{error}");
        assert!(head(&json!({"type": "user.created", "timestamp": 1_654_012_591_514_i64})).is_some());
        for wrong in
            [json!({}), json!({"type": "user.created"}), json!({"type": "", "timestamp": 1}), json!(null)]
        {
            assert!(head(&wrong).is_none());
        }
    }
}
