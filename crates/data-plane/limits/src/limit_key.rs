//! The identity of a count, and its name in Redis.

use std::str::FromStr;
use std::sync::Arc;

use domain::{ApiKeyId, CustomerId};

use crate::policy::{CalendarUnit, Period, Scope, Subject};
use crate::window::Window;

/// What is counted, and in which manner: a subject may have a limit per minute and another per month.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct LimitKey {
    pub(crate) subject: Subject,
    pub(crate) manner: Manner,
}

/// A period without what may change while the count goes on (a time zone, a reset date).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Manner {
    /// A sliding period of so many milliseconds.
    Sliding(u64),
    Calendar(CalendarUnit),
    Until,
}

impl Manner {
    pub(crate) fn of(period: &Period) -> Self {
        match period {
            Period::Sliding(length) => {
                Self::Sliding(u64::try_from(length.as_millis()).unwrap_or(u64::MAX).clamp(1, LONGEST))
            }
            Period::Calendar { unit, .. } => Self::Calendar(*unit),
            Period::Until(_) => Self::Until,
        }
    }
}

/// A hundred years in milliseconds: sums with it stay exact in Lua's numbers.
const LONGEST: u64 = 100 * 366 * 86_400_000;

const PREFIX: &str = "sixty:limit:1";

impl LimitKey {
    /// The key in Redis. What may hold any character stands last, so that no two keys read the same.
    pub(crate) fn redis_key(&self, window: Option<&Window>) -> String {
        let (manner, window) = match (self.manner, window) {
            (Manner::Sliding(length), _) => (format!("s{length}"), String::new()),
            (Manner::Calendar(CalendarUnit::Day), window) => ("d".to_owned(), name(window)),
            (Manner::Calendar(CalendarUnit::Month), window) => ("m".to_owned(), name(window)),
            (Manner::Until, window) => ("u".to_owned(), name(window)),
        };
        let customer = self.subject.customer.uuid().simple();
        let (scope, which) = match &self.subject.scope {
            Scope::Key(key) => ("k", key.uuid().simple().to_string()),
            Scope::Customer => ("c", String::new()),
            Scope::Route(route) => ("r", route.to_string()),
            Scope::Module { key, count: 0 } => ("m", (*key).to_owned()),
            Scope::Module { key, count } => ("m", format!("{key}@{count}")),
        };
        format!("{PREFIX}:{manner}:{window}:{customer}:{scope}:{which}")
    }

    /// The count that a key in Redis belongs to, whatever its window. None for what isn't ours.
    pub(crate) fn parse(redis_key: &str) -> Option<Self> {
        let rest = redis_key.strip_prefix(PREFIX)?.strip_prefix(':')?;
        let mut parts = rest.splitn(5, ':');
        let (manner, _window, customer) = (parts.next()?, parts.next()?, parts.next()?);
        let (scope, which) = (parts.next()?, parts.next()?);
        let manner = match manner {
            "d" => Manner::Calendar(CalendarUnit::Day),
            "m" => Manner::Calendar(CalendarUnit::Month),
            "u" => Manner::Until,
            sliding => Manner::Sliding(sliding.strip_prefix('s')?.parse().ok()?),
        };
        let scope = match scope {
            "k" => Scope::Key(ApiKeyId::from_str(which).ok()?),
            "c" => Scope::Customer,
            "r" => Scope::Route(Arc::from(which)),
            "m" => {
                let (key, count) = which.split_once('@').unwrap_or((which, "0"));
                Scope::Module { key: domain::modules::find(key)?.key(), count: count.parse().ok()? }
            }
            _ => return None,
        };
        let customer = CustomerId::from_str(customer).ok()?;
        Some(Self { subject: Subject { customer, scope }, manner })
    }
}

fn name(window: Option<&Window>) -> String {
    window.map(Window::name).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use uuid::Uuid;

    use super::*;

    fn subjects() -> impl Strategy<Value = Subject> {
        let scope = prop_oneof![
            any::<u128>().prop_map(|key| Scope::Key(ApiKeyId(Uuid::from_u128(key)))),
            Just(Scope::Customer),
            ".{0,40}".prop_map(|route| Scope::Route(Arc::from(route))),
            Just(Scope::Route(Arc::from("POST /api/v1/deals:k:00"))),
            any::<i64>().prop_map(|count| Scope::Module { key: "crm_core", count }),
            Just(Scope::Module { key: "crm_core", count: 0 }),
        ];
        (any::<u128>(), scope)
            .prop_map(|(customer, scope)| Subject { customer: CustomerId(Uuid::from_u128(customer)), scope })
    }

    fn keys() -> impl Strategy<Value = LimitKey> {
        let manner = prop_oneof![
            (1..=LONGEST).prop_map(Manner::Sliding),
            Just(Manner::Calendar(CalendarUnit::Day)),
            Just(Manner::Calendar(CalendarUnit::Month)),
            Just(Manner::Until),
        ];
        (subjects(), manner).prop_map(|(subject, manner)| LimitKey { subject, manner })
    }

    proptest! {
        /// What can be read back was never mixed up with anything: no two subjects share a key in Redis.
        #[test]
        fn a_key_in_redis_names_exactly_one_count(key in keys()) {
            let window = Window { start_ms: Some(1_700_000_000_000), end_ms: None };
            prop_assert_eq!(LimitKey::parse(&key.redis_key(Some(&window))), Some(key));
        }
    }

    #[test]
    fn foreign_keys_are_nobodys() {
        for foreign in ["", "sixty:limit:1", "sixty:limit:1:d::nobody:c:", "sixty:limit:2:d:0::c:"] {
            assert_eq!(LimitKey::parse(foreign), None, "{foreign}");
        }
    }
}
