//! What there is to be allowed, and which role is allowed what.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::customer::named_enum;

named_enum!(
    /// What an operator, or a token of theirs, may do. The text is what 403 names, and what a token's scope is made of.
    Right {
        /// Customers with their keys' prefixes, modules and operations.
        CustomersRead = "customers:read",
        /// Sign customers up, change what is known of them.
        CustomersWrite = "customers:write",
        /// Suspend customers and serve them again.
        CustomersSuspend = "customers:suspend",
        /// Delete customers with everything they have.
        CustomersDelete = "customers:delete",
        /// Act in a customer's place, reading.
        CustomersImpersonate = "customers:impersonate",
        /// Act in a customer's place, writing too.
        CustomersImpersonateWrite = "customers:impersonate-write",
        /// See the password of a customer's database.
        CredentialsReveal = "credentials:reveal",
        /// Make, change, rotate and revoke customers' API keys.
        KeysWrite = "keys:write",
        /// Turn customers' feature modules on and off.
        ModulesWrite = "modules:write",
        /// Change what customers bought: their plan.
        SubscriptionsWrite = "subscriptions:write",
        /// Change the price list: what modules cost, and which are on sale.
        PricesWrite = "prices:write",
        /// Retry operations and take them back.
        OperationsWrite = "operations:write",
        /// See which backups there are.
        BackupsRead = "backups:read",
        /// Ask for a backup.
        BackupsWrite = "backups:write",
        /// Restore a backup into a new customer.
        BackupsRestore = "backups:restore",
        /// See background jobs.
        JobsRead = "jobs:read",
        /// Retry background jobs, and cancel those that wait or are dead.
        JobsWrite = "jobs:write",
        /// See what customers used.
        UsageRead = "usage:read",
        /// See who did what.
        AuditRead = "audit:read",
        /// Say to whom the audit log is told.
        AuditStreamsWrite = "audit-streams:write",
        /// See what the identity provider told, and whether all of it is done.
        ClerkRead = "clerk:read",
        /// Have messages of the identity provider done once more, and everything compared with it.
        ClerkWrite = "clerk:write",
        /// See which master keys and data keys there are. Never a key itself.
        SecretsRead = "secrets:read",
        /// Rotate and retire keys.
        SecretsWrite = "secrets:write",
        /// See who the operators are, their sessions and tokens.
        OperatorsRead = "operators:read",
        /// Make operators, give and take roles, end others' sessions and tokens.
        OperatorsWrite = "operators:write",
    }
);

named_enum!(
    /// A role of an operator. Somebody with several may do what any of them may.
    Role {
        /// Everything.
        Owner = "owner",
        /// Everything but operators and keys of the platform.
        Admin = "admin",
        /// What a customer who calls needs: to be found, a new key, another attempt, a backup.
        Support = "support",
        /// Subscriptions: plans, modules, suspending, resuming.
        Billing = "billing",
        /// Looking.
        ReadOnly = "read-only",
    }
);

impl Role {
    /// What the role may do.
    #[must_use]
    pub fn rights(self) -> Rights {
        use Right as R;
        match self {
            Self::Owner => Rights::ALL,
            Self::Admin => Rights::ALL.without(Rights::of(&[R::SecretsWrite, R::OperatorsWrite])),
            Self::Support => Self::ReadOnly.rights().with(Rights::of(&[
                R::CustomersImpersonate,
                R::KeysWrite,
                R::OperationsWrite,
                R::BackupsWrite,
                R::JobsWrite,
                R::ClerkWrite,
            ])),
            Self::Billing => Rights::of(&[
                R::CustomersRead,
                R::CustomersSuspend,
                R::ModulesWrite,
                R::SubscriptionsWrite,
                R::UsageRead,
                R::AuditRead,
            ]),
            Self::ReadOnly => Rights::of(&[
                R::CustomersRead,
                R::BackupsRead,
                R::JobsRead,
                R::UsageRead,
                R::AuditRead,
                R::ClerkRead,
            ]),
        }
    }

    /// What the role is for, in a sentence for people.
    #[must_use]
    pub fn description(self) -> &'static str {
        match self {
            Self::Owner => "Everything.",
            Self::Admin => "Everything but operators and keys of the platform.",
            Self::Support => {
                "What a customer who calls needs: to be found, a new key, another attempt, a backup, somebody who looks."
            }
            Self::Billing => "Subscriptions: plans, modules, suspending, resuming.",
            Self::ReadOnly => "Looking.",
        }
    }

    /// The roles that have this right.
    pub fn holders(right: Right) -> impl Iterator<Item = Self> {
        Self::ALL.iter().copied().filter(move |role| role.rights().has(right))
    }
}

/// A set of rights.
#[derive(Clone, Copy, PartialEq, Eq, Default, Hash)]
pub struct Rights(pub(super) u32);

impl Rights {
    /// Nothing.
    pub const NONE: Self = Self(0);
    /// Everything.
    pub const ALL: Self = Self((1 << Right::ALL.len()) - 1);

    /// These.
    #[must_use]
    pub fn of(rights: &[Right]) -> Self {
        rights.iter().fold(Self::NONE, |set, right| Self(set.0 | bit(*right)))
    }

    /// What any of these roles may do.
    #[must_use]
    pub fn of_roles(roles: &[Role]) -> Self {
        roles.iter().fold(Self::NONE, |set, role| set.with(role.rights()))
    }

    /// Whether this right is among them.
    #[must_use]
    pub fn has(self, right: Right) -> bool {
        self.0 & bit(right) != 0
    }

    /// These and those.
    #[must_use]
    pub fn with(self, others: Self) -> Self {
        Self(self.0 | others.0)
    }

    /// These but not those.
    #[must_use]
    pub fn without(self, others: Self) -> Self {
        Self(self.0 & !others.0)
    }

    /// What is in both.
    #[must_use]
    pub fn and(self, others: Self) -> Self {
        Self(self.0 & others.0)
    }

    /// One after the other.
    pub fn iter(self) -> impl Iterator<Item = Right> {
        Right::ALL.iter().copied().filter(move |right| self.has(*right))
    }
}

pub(super) fn bit(right: Right) -> u32 {
    1 << (right as u32)
}

impl fmt::Debug for Rights {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_set().entries(self.iter().map(Right::as_str)).finish()
    }
}
