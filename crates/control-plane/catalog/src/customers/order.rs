//! In which order customers are listed.

use std::fmt;
use std::str::FromStr;

use domain::{Plan, SubscriptionStatus};

use super::Customer;
use crate::page::{Cursor, InvalidCursor};

/// The order of a list of customers; those that are equal in it are in the order of their ids. The newest are first by default.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CustomerSort {
    /// By what.
    pub by: SortedBy,
    /// The largest first.
    pub is_descending: bool,
}

/// What customers are sorted by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SortedBy {
    /// When they were signed up.
    CreatedAt,
    /// When they were last changed.
    UpdatedAt,
    /// Their name.
    CompanyName,
    /// Their slug; those without one come before all others.
    CustomerId,
    /// Their plan, from the smallest to the largest.
    Plan,
    /// How the subscription stands: active, trial, suspended, canceled, expired.
    Status,
    /// One of their figures, which is counted while it is sorted.
    Figure(SortedFigure),
}

/// Which of [`Figures`](super::Figures).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SortedFigure {
    /// How many modules are on.
    EnabledModules,
    /// How many keys may be used.
    ApiKeys,
    /// How many requests they made in the last 30 days.
    Requests,
}

impl SortedBy {
    const ALL: [Self; 9] = [
        Self::CreatedAt,
        Self::UpdatedAt,
        Self::CompanyName,
        Self::CustomerId,
        Self::Plan,
        Self::Status,
        Self::Figure(SortedFigure::EnabledModules),
        Self::Figure(SortedFigure::ApiKeys),
        Self::Figure(SortedFigure::Requests),
    ];

    /// As the API writes it.
    fn as_str(self) -> &'static str {
        match self {
            Self::CreatedAt => "created_at",
            Self::UpdatedAt => "updated_at",
            Self::CompanyName => "company_name",
            Self::CustomerId => "customer_id",
            Self::Plan => "subscription_plan",
            Self::Status => "subscription_status",
            Self::Figure(SortedFigure::EnabledModules) => "enabled_module_count",
            Self::Figure(SortedFigure::ApiKeys) => "api_key_count",
            Self::Figure(SortedFigure::Requests) => "requests_30d",
        }
    }

    pub(super) fn is_time(self) -> bool {
        matches!(self, Self::CreatedAt | Self::UpdatedAt)
    }

    /// The figure that has to be counted for it.
    pub(super) fn figure(self) -> Option<SortedFigure> {
        if let Self::Figure(figure) = self { Some(figure) } else { None }
    }

    /// What is sorted by, and compared with a cursor's value. A figure is one of the rows that [`super::list()`] reads from.
    pub(super) fn column(self) -> &'static str {
        match self {
            Self::CreatedAt => "created_at",
            Self::UpdatedAt => "updated_at",
            Self::CompanyName => "company_name",
            Self::CustomerId => "coalesce(company_domain, '')",
            // The table's and not the selected ones, which are texts.
            Self::Plan => "admin_customers.subscription_plan",
            Self::Status => "admin_customers.subscription_status",
            Self::Figure(_) => "figure",
        }
    }

    /// The type to which a cursor's text is cast.
    pub(super) fn cast(self) -> &'static str {
        match self {
            Self::Plan => "::text::plan_type",
            Self::Status => "::text::subscription_status",
            Self::CreatedAt | Self::UpdatedAt | Self::CompanyName | Self::CustomerId => "",
            Self::Figure(_) => "::text::bigint",
        }
    }
}

impl CustomerSort {
    /// By name.
    pub const COMPANY_NAME: Self = Self { by: SortedBy::CompanyName, is_descending: false };

    /// Every order.
    pub fn all() -> impl Iterator<Item = Self> {
        SortedBy::ALL.into_iter().flat_map(|by| [false, true].map(|is_descending| Self { by, is_descending }))
    }

    /// `figure` is the customer's, where that is what is sorted by.
    pub(super) fn cursor(self, customer: &Customer, figure: Option<i64>) -> Cursor {
        let (sort, id) = (self.to_string(), customer.id.uuid());
        let value = match self.by {
            SortedBy::CreatedAt => return Cursor::at(&sort, customer.created_at, id),
            SortedBy::UpdatedAt => return Cursor::at(&sort, customer.updated_at, id),
            SortedBy::CompanyName => customer.company_name.clone(),
            SortedBy::CustomerId => customer.company_domain.clone().unwrap_or_default(),
            SortedBy::Plan => customer.subscription_plan.to_string(),
            SortedBy::Status => customer.subscription_status.to_string(),
            SortedBy::Figure(_) => figure.unwrap_or_default().to_string(),
        };
        Cursor { sort, value, id }
    }

    /// The text of a cursor of this order, which anybody may have written.
    pub(super) fn checked(self, cursor: &Cursor) -> Result<&str, InvalidCursor> {
        let text = cursor.text()?;
        let is_right = match self.by {
            SortedBy::Plan => text.parse::<Plan>().is_ok(),
            SortedBy::Status => text.parse::<SubscriptionStatus>().is_ok(),
            SortedBy::Figure(_) => text.parse::<i64>().is_ok(),
            SortedBy::CreatedAt | SortedBy::UpdatedAt | SortedBy::CompanyName | SortedBy::CustomerId => true,
        };
        if is_right { Ok(text) } else { Err(InvalidCursor) }
    }
}

impl Default for CustomerSort {
    fn default() -> Self {
        Self { by: SortedBy::CreatedAt, is_descending: true }
    }
}

impl FromStr for CustomerSort {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (name, is_descending) = text.strip_prefix('-').map_or((text, false), |name| (name, true));
        let by = SortedBy::ALL.into_iter().find(|by| by.as_str() == name);
        by.map(|by| Self { by, is_descending }).ok_or_else(|| {
            let names = SortedBy::ALL.map(SortedBy::as_str).join(", ");
            format!("must be one of {names}, with - in front for the other direction")
        })
    }
}

/// As the API writes it: `created_at`, `-created_at`, ...
impl fmt::Display for CustomerSort {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = if self.is_descending { "-" } else { "" };
        write!(formatter, "{sign}{}", self.by.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn orders_read_back() {
        for sort in CustomerSort::all() {
            assert_eq!(sort.to_string().parse::<CustomerSort>().unwrap(), sort);
        }
        for other in ["company_domain", "", "-", "--created_at"] {
            assert!(other.parse::<CustomerSort>().is_err(), "{other}");
        }
    }
}
