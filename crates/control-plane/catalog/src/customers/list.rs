//! Lists of customers.

use std::fmt;
use std::str::FromStr;

use domain::customer::Lifecycle;
use domain::{Plan, SubscriptionStatus};

use super::{COLUMNS, Customer};
use crate::filter::Filter;
use crate::page::{Cursor, Page, PageRequest, TimeRange};
use crate::{CatalogError, GenericClient, query, row};

/// Which customers.
#[derive(Debug, Clone, Default)]
pub struct CustomerFilter {
    /// Whose subscription stands so.
    pub status: Option<SubscriptionStatus>,
    /// Who bought this.
    pub plan: Option<Plan>,
    /// Whose name, slug or billing address contains this, in upper or lower case.
    pub text: Option<String>,
    /// Who were signed up in this time.
    pub created: TimeRange,
    /// Whose existence has come so far; those who are wholly there, unless said otherwise.
    pub lifecycle: Option<Lifecycle>,
}

/// The order of a list of customers.
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
}

impl CustomerSort {
    const ALL: [Self; 6] = [
        Self::CreatedAt,
        Self::CreatedAtDescending,
        Self::UpdatedAt,
        Self::UpdatedAtDescending,
        Self::CompanyName,
        Self::CompanyNameDescending,
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
        }
    }

    fn is_descending(self) -> bool {
        self.as_str().starts_with('-')
    }

    fn column(self) -> &'static str {
        self.as_str().trim_start_matches('-')
    }

    fn is_by_time(self) -> bool {
        !matches!(self, Self::CompanyName | Self::CompanyNameDescending)
    }

    fn cursor(self, customer: &Customer) -> Cursor {
        let id = customer.id.uuid();
        match self {
            Self::CreatedAt | Self::CreatedAtDescending => Cursor::at(self.as_str(), customer.created_at, id),
            Self::UpdatedAt | Self::UpdatedAtDescending => Cursor::at(self.as_str(), customer.updated_at, id),
            Self::CompanyName | Self::CompanyNameDescending => {
                Cursor { sort: self.as_str().to_owned(), value: customer.company_name.clone(), id }
            }
        }
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

/// The filter's values, as the statements take them.
struct Values {
    lifecycle: &'static str,
    status: Option<&'static str>,
    plan: Option<&'static str>,
    pattern: Option<String>,
    created: TimeRange,
}

impl Values {
    fn of(filter: &CustomerFilter) -> Self {
        Self {
            lifecycle: filter.lifecycle.unwrap_or(Lifecycle::Ready).as_str(),
            status: filter.status.map(SubscriptionStatus::as_str),
            plan: filter.plan.map(Plan::as_str),
            pattern: filter.text.as_deref().map(containing),
            created: filter.created,
        }
    }

    fn conditions(&self) -> Filter<'_> {
        let shown = if self.lifecycle == Lifecycle::Deleted.as_str() { "true" } else { "deleted_at is null" };
        let mut conditions = Filter::new(shown);
        conditions.and("lifecycle = ?::text::customer_lifecycle", &self.lifecycle);
        conditions.and_if("subscription_status = ?::text::subscription_status", &self.status);
        conditions.and_if("subscription_plan = ?::text::plan_type", &self.plan);
        conditions.and_if(
            "(company_name ilike ? or company_domain ilike ? or billing_email ilike ?)",
            &self.pattern,
        );
        conditions.and_if("created_at >= ?", &self.created.from);
        conditions.and_if("created_at < ?", &self.created.until);
        conditions
    }
}

/// The pattern that finds a text anywhere, with nothing in the text meaning more than itself.
fn containing(text: &str) -> String {
    let escaped = text.replace('\\', "\\\\").replace('%', "\\%").replace('_', "\\_");
    format!("%{escaped}%")
}

/// A page of customers.
///
/// # Errors
/// [`CatalogError::Invalid`] with the constraint `cursor` when the cursor is of another order.
pub async fn list(
    client: &impl GenericClient,
    filter: &CustomerFilter,
    sort: CustomerSort,
    page: &PageRequest,
) -> Result<Page<Customer>, CatalogError> {
    let values = Values::of(filter);
    let cursor = page.cursor_of(sort.as_str())?;
    let cursor_id = cursor.map(|cursor| cursor.id);
    let (cursor_time, cursor_name) = match cursor {
        Some(cursor) if sort.is_by_time() => (Some(cursor.time()?), None),
        cursor => (None, cursor.map(|cursor| cursor.value.as_str())),
    };
    let limit = page.rows_to_read();
    let column = sort.column();
    let (comparison, direction) = if sort.is_descending() { ("<", "desc") } else { (">", "asc") };
    let mut conditions = values.conditions();
    conditions.and_keyset(column, comparison, &cursor_time, &cursor_id);
    conditions.and_keyset(column, comparison, &cursor_name, &cursor_id);
    let limit = conditions.parameter(&limit);
    let sql = format!(
        "select {COLUMNS} from admin_customers where {}
         order by {column} {direction}, id {direction} limit {limit}",
        conditions.sql()
    );
    let rows = query::rows(client, &sql, conditions.parameters()).await?;
    Ok(Page::of(row::all(&rows, Customer::read)?, page, |customer| sort.cursor(customer)))
}

/// How many customers the filter finds.
///
/// # Errors
/// When the database can't be asked.
pub async fn count(client: &impl GenericClient, filter: &CustomerFilter) -> Result<i64, CatalogError> {
    let values = Values::of(filter);
    let conditions = values.conditions();
    let sql = format!("select count(*) from admin_customers where {}", conditions.sql());
    let row = query::one(client, &sql, conditions.parameters()).await?;
    Ok(row.try_get(0)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_searched_text_means_only_itself() {
        assert_eq!(containing("50%_\\"), "%50\\%\\_\\\\%");
    }

    #[test]
    fn orders_read_back() {
        for sort in CustomerSort::ALL {
            assert_eq!(sort.as_str().parse::<CustomerSort>().unwrap(), sort);
        }
        assert!("company_domain".parse::<CustomerSort>().is_err());
    }
}
