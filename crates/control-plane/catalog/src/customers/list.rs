//! Lists of customers.

use domain::customer::Lifecycle;
use domain::modules::FeatureModule;
use domain::{Plan, SubscriptionStatus};
use tokio_postgres::Row;

use super::figures::Counted;
use super::{COLUMNS, Customer, CustomerSort};
use crate::filter::{Filter, containing};
use crate::modules::has_module;
use crate::page::{Page, PageRequest, TimeRange};
use crate::{CatalogError, GenericClient, query, row};

/// Which customers.
#[derive(Debug, Clone, Default)]
pub struct CustomerFilter {
    /// Whose subscription stands in one of these ways; in any when there is none.
    pub statuses: Vec<SubscriptionStatus>,
    /// Who bought one of these; any when there is none.
    pub plans: Vec<Plan>,
    /// Who have this module on.
    pub module: Option<&'static dyn FeatureModule>,
    /// Whose name, slug or billing address contains this, in upper or lower case.
    pub text: Option<String>,
    /// Who were signed up in this time.
    pub created: TimeRange,
    /// Whose existence has come so far; those who are wholly there, unless said otherwise.
    pub lifecycle: Option<Lifecycle>,
}

/// The filter's values, as the statements take them.
struct Values {
    lifecycle: &'static str,
    statuses: Option<Vec<&'static str>>,
    plans: Option<Vec<&'static str>>,
    has_module: Option<String>,
    pattern: Option<String>,
    created: TimeRange,
}

impl Values {
    fn of(filter: &CustomerFilter) -> Self {
        Self {
            lifecycle: filter.lifecycle.unwrap_or(Lifecycle::Ready).as_str(),
            statuses: some(filter.statuses.iter().map(|status| status.as_str()).collect()),
            plans: some(filter.plans.iter().map(|plan| plan.as_str()).collect()),
            has_module: filter.module.map(has_module),
            pattern: filter.text.as_deref().map(containing),
            created: filter.created,
        }
    }

    fn add_to<'a>(&'a self, conditions: &mut Filter<'a>) {
        if self.lifecycle != Lifecycle::Deleted.as_str() {
            conditions.and_plain("deleted_at is null");
        }
        conditions.and("lifecycle = ?::text::customer_lifecycle", &self.lifecycle);
        conditions.and_if("subscription_status = any(?::text[]::subscription_status[])", &self.statuses);
        conditions.and_if("subscription_plan = any(?::text[]::plan_type[])", &self.plans);
        if let Some(has_module) = &self.has_module {
            conditions.and_plain(has_module);
        }
        conditions.and_if(
            "(company_name ilike ? or company_domain ilike ? or billing_email ilike ?)",
            &self.pattern,
        );
        conditions.and_if("created_at >= ?", &self.created.from);
        conditions.and_if("created_at < ?", &self.created.until);
    }
}

fn some(names: Vec<&'static str>) -> Option<Vec<&'static str>> {
    (!names.is_empty()).then_some(names)
}

/// A page of customers. Who is sorted by a figure is counted while the page is read: one that changes between two pages moves its
/// customer.
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
    let CustomerSort { by, is_descending } = sort;
    let cursor = page.cursor_of(&sort.to_string())?;
    let cursor_id = cursor.map(|cursor| cursor.id);
    let (cursor_time, cursor_text) = match cursor {
        Some(cursor) if by.is_time() => (Some(cursor.time()?), None),
        cursor => (None, cursor.map(|cursor| sort.checked(cursor)).transpose()?),
    };
    let (limit, counted) = (page.rows_to_read(), by.figure().map(Counted::new));
    let (comparison, direction) = if is_descending { ("<", "desc") } else { (">", "asc") };
    let column = by.column();
    let mut conditions = Filter::new("true");
    let counting = counted.as_ref().map(|counted| counted.select(&mut conditions));
    values.add_to(&mut conditions);
    // What is counted is compared with the cursor outside, so that it is counted once for each customer.
    let (from, figure) = match counting {
        Some(counting) => {
            let inside = conditions.begin_anew("true");
            (format!("({counting} where {inside} offset 0) admin_customers"), ", figure")
        }
        None => ("admin_customers".to_owned(), ""),
    };
    conditions.and_keyset(column, comparison, &cursor_time, &cursor_id);
    conditions.and_keyset_as((column, by.cast()), comparison, &cursor_text, &cursor_id);
    let limit = conditions.parameter(&limit);
    let sql = format!(
        "select {COLUMNS}{figure} from {from} where {} order by {column} {direction}, id {direction} limit {limit}",
        conditions.sql()
    );
    let rows = query::rows(client, &sql, conditions.parameters()).await?;
    let read = |row: &Row| {
        let figure = counted.as_ref().map(|_| row.try_get("figure")).transpose()?;
        Ok((Customer::read(row)?, figure))
    };
    let page = Page::of(row::all(&rows, read)?, page, |(customer, figure)| sort.cursor(customer, *figure));
    Ok(page.map(|(customer, _)| customer))
}

/// How many customers the filter finds.
///
/// # Errors
/// When the database can't be asked.
pub async fn count(client: &impl GenericClient, filter: &CustomerFilter) -> Result<i64, CatalogError> {
    let values = Values::of(filter);
    let mut conditions = Filter::new("true");
    values.add_to(&mut conditions);
    let sql = format!("select count(*) from admin_customers where {}", conditions.sql());
    let row = query::one(client, &sql, conditions.parameters()).await?;
    Ok(row.try_get(0)?)
}
