//! In which order customers are listed.

use std::fmt;
use std::str::FromStr;

use domain::{Plan, SubscriptionStatus};

use super::Customer;
use crate::page::{Cursor, InvalidCursor};

/// The order of a list of customers; those that are equal in it are in the order of their ids.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum CustomerSort {
    /// The oldest first.
    CreatedAt,
    /// The newest first: the default.
    #[default]
    CreatedAtDescending,
    /// The longest unchanged first.
    UpdatedAt,
    /// The last changed first.
    UpdatedAtDescending,
    /// By name.
    CompanyName,
    /// By name, backwards.
    CompanyNameDescending,
    /// By slug; those without one first.
    CustomerId,
    /// By slug, backwards.
    CustomerIdDescending,
    /// The smallest plan first.
    Plan,
    /// The largest plan first.
    PlanDescending,
    /// By how the subscription stands: active, trial, suspended, canceled, expired.
    Status,
    /// The same, backwards.
    StatusDescending,
}

impl CustomerSort {
    /// Every order.
    pub const ALL: [Self; 12] = [
        Self::CreatedAt,
        Self::CreatedAtDescending,
        Self::UpdatedAt,
        Self::UpdatedAtDescending,
        Self::CompanyName,
        Self::CompanyNameDescending,
        Self::CustomerId,
        Self::CustomerIdDescending,
        Self::Plan,
        Self::PlanDescending,
        Self::Status,
        Self::StatusDescending,
    ];

    /// The order as the API writes it: `created_at`, `-created_at`, ...
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::CreatedAt => "created_at",
            Self::CreatedAtDescending => "-created_at",
            Self::UpdatedAt => "updated_at",
            Self::UpdatedAtDescending => "-updated_at",
            Self::CompanyName => "company_name",
            Self::CompanyNameDescending => "-company_name",
            Self::CustomerId => "customer_id",
            Self::CustomerIdDescending => "-customer_id",
            Self::Plan => "subscription_plan",
            Self::PlanDescending => "-subscription_plan",
            Self::Status => "subscription_status",
            Self::StatusDescending => "-subscription_status",
        }
    }

    pub(super) fn is_descending(self) -> bool {
        self.as_str().starts_with('-')
    }

    pub(super) fn is_by_time(self) -> bool {
        matches!(
            self,
            Self::CreatedAt | Self::CreatedAtDescending | Self::UpdatedAt | Self::UpdatedAtDescending
        )
    }

    /// What is sorted by, and compared with a cursor's text or time.
    pub(super) fn column(self) -> &'static str {
        match self {
            Self::CreatedAt | Self::CreatedAtDescending => "created_at",
            Self::UpdatedAt | Self::UpdatedAtDescending => "updated_at",
            Self::CompanyName | Self::CompanyNameDescending => "company_name",
            Self::CustomerId | Self::CustomerIdDescending => "coalesce(company_domain, '')",
            // The table's and not the selected ones, which are texts.
            Self::Plan | Self::PlanDescending => "admin_customers.subscription_plan",
            Self::Status | Self::StatusDescending => "admin_customers.subscription_status",
        }
    }

    /// The type to which a cursor's text is cast.
    pub(super) fn cast(self) -> &'static str {
        match self {
            Self::Plan | Self::PlanDescending => "::text::plan_type",
            Self::Status | Self::StatusDescending => "::text::subscription_status",
            _ => "",
        }
    }

    pub(super) fn cursor(self, customer: &Customer) -> Cursor {
        let id = customer.id.uuid();
        let value = match self {
            Self::CreatedAt | Self::CreatedAtDescending => {
                return Cursor::at(self.as_str(), customer.created_at, id);
            }
            Self::UpdatedAt | Self::UpdatedAtDescending => {
                return Cursor::at(self.as_str(), customer.updated_at, id);
            }
            Self::CompanyName | Self::CompanyNameDescending => customer.company_name.clone(),
            Self::CustomerId | Self::CustomerIdDescending => {
                customer.company_domain.clone().unwrap_or_default()
            }
            Self::Plan | Self::PlanDescending => customer.subscription_plan.to_string(),
            Self::Status | Self::StatusDescending => customer.subscription_status.to_string(),
        };
        Cursor { sort: self.as_str().to_owned(), value, id }
    }

    /// The text of a cursor of this order, which anybody may have written.
    pub(super) fn checked(self, cursor: &Cursor) -> Result<&str, InvalidCursor> {
        let text = cursor.value.as_str();
        let is_right = match self {
            Self::Plan | Self::PlanDescending => text.parse::<Plan>().is_ok(),
            Self::Status | Self::StatusDescending => text.parse::<SubscriptionStatus>().is_ok(),
            _ => !text.contains('\0'),
        };
        if is_right { Ok(text) } else { Err(InvalidCursor) }
    }
}

impl FromStr for CustomerSort {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        Self::ALL
            .into_iter()
            .find(|sort| sort.as_str() == text)
            .ok_or_else(|| format!("must be one of {}", Self::ALL.map(Self::as_str).join(", ")))
    }
}

impl fmt::Display for CustomerSort {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn orders_read_back() {
        for sort in CustomerSort::ALL {
            assert_eq!(sort.as_str().parse::<CustomerSort>().unwrap(), sort);
        }
        assert!("company_domain".parse::<CustomerSort>().is_err());
    }
}
