//! What a customer bought and how their subscription stands.

use serde::{Deserialize, Serialize};

/// Writes an enum whose variants have one stable lower-case name each, as the admin database's enums do.
macro_rules! named_enum {
    ($(#[$doc:meta])* $name:ident { $($(#[$variant_doc:meta])* $variant:ident = $text:literal),+ $(,)? }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        pub enum $name {
            $($(#[$variant_doc])* #[serde(rename = $text)] $variant),+
        }

        impl $name {
            /// Every value, in the order of the admin database's enum.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// The value's name in SQL, JSON and on the command line.
            #[must_use]
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $text),+ }
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                formatter.pad(self.as_str())
            }
        }

        impl std::str::FromStr for $name {
            type Err = String;

            fn from_str(text: &str) -> Result<Self, String> {
                Self::ALL.iter().copied().find(|value| value.as_str() == text).ok_or_else(|| {
                    format!("must be one of {}", Self::ALL.iter().map(|v| v.as_str()).collect::<Vec<_>>().join(", "))
                })
            }
        }
    };
}
pub(crate) use named_enum;

named_enum!(
    /// A price plan: which feature modules are included.
    Plan {
        /// CRM Core and Advanced Pipeline.
        Starter = "starter",
        /// Starter with calendar and workflows.
        Pro = "pro",
        /// Every module.
        Enterprise = "enterprise",
    }
);

named_enum!(
    /// Where a customer's subscription stands. Only `active` and `trial` customers are served.
    SubscriptionStatus {
        /// Paid.
        Active = "active",
        /// In the first fourteen days.
        Trial = "trial",
        /// Stopped by an operator; the data stays.
        Suspended = "suspended",
        /// Ended by the customer.
        Canceled = "canceled",
        /// The trial or the paid period ran out.
        Expired = "expired",
    }
);

named_enum!(
    /// The period of a key's request quota.
    RateLimitPeriod {
        /// Sixty seconds.
        Minute = "minute",
        /// Sixty minutes.
        Hour = "hour",
        /// A day.
        Day = "day",
        /// A calendar month.
        Month = "month",
    }
);

named_enum!(
    /// Whether an API key may be used.
    ApiKeyStatus {
        /// It may.
        Active = "active",
        /// An operator took it back.
        Revoked = "revoked",
        /// Its time ran out.
        Expired = "expired",
    }
);

named_enum!(
    /// How far a customer's existence has come. Only `ready` customers are shown and served; a row of any other
    /// state belongs to an operation that is under way.
    Lifecycle {
        /// Being signed up: an operation brings the database into being.
        Provisioning = "provisioning",
        /// Wholly there.
        Ready = "ready",
        /// Being removed.
        Deleting = "deleting",
        /// Gone; the row stays for the books.
        Deleted = "deleted",
    }
);

/// How long a new customer may try their plan, in days.
pub const TRIAL_DAYS: i64 = 14;

impl SubscriptionStatus {
    /// Whether requests of such a customer are served.
    #[must_use]
    pub fn is_served(self) -> bool {
        matches!(self, Self::Active | Self::Trial)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_round_trip() {
        for plan in Plan::ALL {
            assert_eq!(plan.as_str().parse::<Plan>().unwrap(), *plan);
            assert_eq!(serde_json::to_value(plan).unwrap(), plan.as_str());
        }
        assert_eq!("gold".parse::<Plan>().unwrap_err(), "must be one of starter, pro, enterprise");
    }
}
