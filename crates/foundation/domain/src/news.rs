//! News of the control plane: which kind of thing changed, of whom, and which one. Never what is in it.

use std::str::FromStr;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::customer::named_enum;
use crate::operator::{Right, Rights};

named_enum!(
    /// What changed. Who hears of it is who may read it.
    Topic {
        /// A customer, or where their database is.
        Customers = "customers",
        /// Long work on a customer, or a step of it.
        Operations = "operations",
        /// A background job.
        Jobs = "jobs",
        /// A customer's API key.
        ApiKeys = "api_keys",
        /// A feature module, or how it stands with a customer.
        Modules = "modules",
        /// The audit log has another row.
        Audit = "audit",
        /// Requests were counted.
        Usage = "usage",
        /// An operator, their sessions or tokens.
        Operators = "operators",
        /// What the identity provider told.
        Clerk = "clerk",
        /// A backup.
        Backups = "backups",
        /// A master key, a data key, or a rotation.
        Secrets = "secrets",
    }
);

impl Topic {
    /// What somebody needs to hear of it: the same as to read it.
    #[must_use]
    pub fn right(self) -> Right {
        match self {
            Self::Customers | Self::Operations | Self::ApiKeys | Self::Modules => Right::CustomersRead,
            Self::Jobs => Right::JobsRead,
            Self::Audit => Right::AuditRead,
            Self::Usage => Right::UsageRead,
            Self::Operators => Right::OperatorsRead,
            Self::Clerk => Right::ClerkRead,
            Self::Backups => Right::BackupsRead,
            Self::Secrets => Right::SecretsRead,
        }
    }
}

/// Something changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
pub struct News {
    /// What kind of thing.
    pub topic: Topic,
    /// Whose; `None`: nobody's, several customers', or it isn't known.
    pub customer: Option<Uuid>,
    /// Which one; `None`: several, or it isn't known.
    pub id: Option<Uuid>,
}

impl News {
    /// Something about this may have changed.
    #[must_use]
    pub fn of(topic: Topic) -> Self {
        Self { topic, customer: None, id: None }
    }

    /// Whether somebody with these rights may hear of it.
    #[must_use]
    pub fn is_for(&self, rights: Rights) -> bool {
        rights.has(self.topic.right())
    }
}

/// This is no news of ours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("is not of the form: topic customer id")]
pub struct NotNews;

/// As the admin database tells it: `topic customer id`, with `-` for what isn't known.
impl FromStr for News {
    type Err = NotNews;

    fn from_str(text: &str) -> Result<Self, NotNews> {
        let mut parts = text.split(' ');
        let mut next = || parts.next().ok_or(NotNews);
        let topic = next()?.parse().map_err(|_| NotNews)?;
        let news = Self { topic, customer: id(next()?)?, id: id(next()?)? };
        if parts.next().is_some() { Err(NotNews) } else { Ok(news) }
    }
}

fn id(text: &str) -> Result<Option<Uuid>, NotNews> {
    if text == "-" { Ok(None) } else { text.parse().map(Some).map_err(|_| NotNews) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Role;

    #[test]
    fn news_are_read_as_they_are_told() {
        let (customer, key) = (Uuid::now_v7(), Uuid::now_v7());
        let news: News = format!("api_keys {customer} {key}").parse().unwrap();
        assert_eq!(news, News { topic: Topic::ApiKeys, customer: Some(customer), id: Some(key) });
        assert_eq!("usage - -".parse(), Ok(News::of(Topic::Usage)));
        for nonsense in ["", "usage", "usage -", "usage - - -", "weather - -", "usage 7 -", "usage - x"] {
            assert_eq!(nonsense.parse::<News>(), Err(NotNews), "{nonsense:?}");
        }
    }

    #[test]
    fn who_may_not_read_a_thing_does_not_hear_of_it() {
        let heard = |role: Role| {
            let topics = Topic::ALL.iter().filter(|topic| News::of(**topic).is_for(role.rights()));
            topics.map(|topic| topic.as_str()).collect::<Vec<_>>()
        };
        assert_eq!(heard(Role::Owner).len(), Topic::ALL.len());
        assert_eq!(
            heard(Role::Billing),
            ["customers", "operations", "api_keys", "modules", "audit", "usage"]
        );
        assert!(!heard(Role::ReadOnly).contains(&"operators") && !heard(Role::ReadOnly).contains(&"secrets"));
        assert!(Topic::ALL.iter().all(|topic| !News::of(*topic).is_for(Rights::NONE)));
    }
}
