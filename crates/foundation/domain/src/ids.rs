//! Identifiers. Each kind of thing has its own type, so that a key's id can't be passed where a customer's belongs.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

macro_rules! id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub Uuid);

        impl $name {
            /// A new, time-ordered id (UUID version 7): neighbours in time are neighbours in an index.
            #[must_use]
            pub fn generate() -> Self {
                Self(Uuid::now_v7())
            }

            /// The bare UUID, for a query's parameter.
            #[must_use]
            pub fn uuid(self) -> Uuid {
                self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(formatter)
            }
        }

        impl From<Uuid> for $name {
            fn from(uuid: Uuid) -> Self {
                Self(uuid)
            }
        }

        impl FromStr for $name {
            type Err = uuid::Error;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                text.parse().map(Self)
            }
        }
    };
}

id!(
    /// A customer: one tenant, one row of `admin_customers`, one database.
    CustomerId
);
id!(
    /// A row of `admin_api_keys`.
    ApiKeyId
);
id!(
    /// A PostgreSQL instance that the platform looks after: a row of `admin_instances`.
    InstanceId
);
id!(
    /// A piece of long work on a customer: a row of `admin_operations`.
    OperationId
);
id!(
    /// A job of the worker: a row of `admin_jobs`.
    JobId
);
id!(
    /// One backup of one database: a row of `admin_backups`.
    BackupId
);
id!(
    /// A business unit inside a customer's database: a row of the customer's `organizations`.
    OrganizationId
);
