//! Lists of customers.

use domain::customer::Lifecycle;
use domain::modules::FeatureModule;
use domain::{CustomerId, Plan, SubscriptionStatus};
use tokio_postgres::Row;

use super::figures::Counted;
use super::{COLUMNS, Customer, CustomerSort, SHOWN};
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
    let from = source(&values, counted.as_ref(), &mut conditions);
    conditions.and_keyset(column, comparison, &cursor_time, &cursor_id);
    conditions.and_keyset_as((column, by.cast()), comparison, &cursor_text, &cursor_id);
    let limit = conditions.parameter(&limit);
    let figure = if counted.is_some() { ", figure" } else { "" };
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

/// From where customers are read; with what is counted of each, if it is. The conditions go on from there.
fn source<'a>(values: &'a Values, counted: Option<&'a Counted>, conditions: &mut Filter<'a>) -> String {
    let counting = counted.map(|counted| counted.select(conditions));
    values.add_to(conditions);
    // What is counted is compared with a cursor outside, so that it is counted once for each customer.
    match counting {
        Some(counting) => {
            let inside = conditions.begin_anew("true");
            format!("({counting} where {inside} offset 0) admin_customers")
        }
        None => "admin_customers".to_owned(),
    }
}

/// All customers whom the filter finds, in an order as it is now: for what is read page by page while figures change.
///
/// # Errors
/// When the database can't be asked.
pub async fn ids(
    client: &impl GenericClient,
    filter: &CustomerFilter,
    sort: CustomerSort,
) -> Result<Vec<CustomerId>, CatalogError> {
    let values = Values::of(filter);
    let CustomerSort { by, is_descending } = sort;
    let counted = by.figure().map(Counted::new);
    let mut conditions = Filter::new("true");
    let from = source(&values, counted.as_ref(), &mut conditions);
    let (column, direction) = (by.column(), if is_descending { "desc" } else { "asc" });
    let sql = format!(
        "select id from {from} where {} order by {column} {direction}, id {direction}",
        conditions.sql()
    );
    let rows = query::rows(client, &sql, conditions.parameters()).await?;
    row::all(&rows, |row| Ok(CustomerId(row.try_get(0)?)))
}

/// Those of these customers who are there still, in this order.
///
/// # Errors
/// When the database can't be asked.
pub async fn of_ids(
    client: &impl GenericClient,
    customers: &[CustomerId],
) -> Result<Vec<Customer>, CatalogError> {
    let ids: Vec<_> = customers.iter().map(|customer| customer.uuid()).collect();
    let sql = format!(
        "select {COLUMNS} from admin_customers where id = any($1) and {SHOWN} order by array_position($1, id)"
    );
    row::all(&query::rows(client, &sql, &[&ids]).await?, Customer::read)
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
