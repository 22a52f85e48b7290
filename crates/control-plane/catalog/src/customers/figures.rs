//! What a list of customers tells of each besides their row.

use std::collections::HashMap;

use chrono::{Days, NaiveDate, Utc};
use domain::CustomerId;

use super::order::SortedFigure;
use crate::filter::Filter;
use crate::modules::{MODULES_ON, module_parameters};
use crate::{CatalogError, GenericClient, query};

/// A customer in figures.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Figures {
    /// How many modules are on.
    pub enabled_modules: i64,
    /// How many keys may be used; those of operators who act in the customer's place are not among them.
    pub api_keys: i64,
    /// How many requests were made today and in the 30 days before (in UTC).
    pub requests_30d: i64,
    /// The version of their database's schema, as far as it is known.
    pub schema_version: Option<i32>,
}

/// How many keys of a row of `admin_customers` may be used.
const API_KEYS: &str = "(select count(*) from admin_api_keys key where key.customer_id = admin_customers.id
    and key.status = 'active' and key.impersonated_by is null and (key.expires_at is null or key.expires_at > now()))";

/// The days whose requests are counted.
fn days_counted() -> (NaiveDate, NaiveDate) {
    let today = Utc::now().date_naive();
    (today.checked_sub_days(Days::new(30)).unwrap_or(today), today)
}

/// What counting one figure of every customer needs.
pub(super) struct Counted {
    figure: SortedFigure,
    modules: (Vec<&'static str>, Vec<&'static str>, Vec<&'static str>),
    days: (NaiveDate, NaiveDate),
}

impl Counted {
    pub(super) fn new(figure: SortedFigure) -> Self {
        Self { figure, modules: module_parameters(), days: days_counted() }
    }

    /// `select admin_customers.*, ... as figure from admin_customers ...`, without conditions. Its parameters are the first of `filter`.
    pub(super) fn select<'a>(&'a self, filter: &mut Filter<'a>) -> String {
        let expression = match self.figure {
            SortedFigure::EnabledModules => {
                let (keys, plans, always) = &self.modules;
                for values in [keys, plans, always] {
                    filter.parameter(values);
                }
                MODULES_ON
            }
            SortedFigure::ApiKeys => API_KEYS,
            SortedFigure::Requests => {
                let (first, last) = (filter.parameter(&self.days.0), filter.parameter(&self.days.1));
                // Those of all customers are one read of the roll-up, however many are asked for.
                return format!(
                    "select admin_customers.*, coalesce(used.requests, 0)::bigint as figure from admin_customers
                     left join (
                         select customer_id, sum(requests) as requests from admin_api_usage_by_key
                         where usage_date between {first} and {last} group by customer_id
                     ) used on used.customer_id = admin_customers.id"
                );
            }
        };
        format!("select admin_customers.*, {expression} as figure from admin_customers")
    }
}

/// The figures of these customers: of a page of them, not of all.
///
/// # Errors
/// When the database can't be asked.
pub async fn figures(
    client: &impl GenericClient,
    customers: &[CustomerId],
) -> Result<HashMap<CustomerId, Figures>, CatalogError> {
    let ids: Vec<_> = customers.iter().map(|customer| customer.uuid()).collect();
    let (first_day, today) = days_counted();
    let (keys, plans, always) = module_parameters();
    let sql = format!(
        "select id, {MODULES_ON} as enabled_modules,
                {API_KEYS} as api_keys,
                coalesce(used.requests, 0)::bigint as requests_30d,
                (select schema_version from admin_instances where customer_id = admin_customers.id) as schema_version
         from admin_customers
         left join lateral (
             -- Day by day, each by the primary key: as one join it would be a read of everybody's days.
             select sum(of_day.requests) as requests
             from generate_series($5::date, $6::date, interval '1 day') day
             cross join lateral (
                 select sum(by_key.requests) as requests from admin_api_usage_by_key by_key
                 where by_key.usage_date = day::date and by_key.customer_id = admin_customers.id
             ) of_day
         ) used on true
         where id = any($4)"
    );
    let rows = query::rows(client, &sql, &[&keys, &plans, &always, &ids, &first_day, &today]).await?;
    rows.iter()
        .map(|row| {
            let figures = Figures {
                enabled_modules: row.try_get("enabled_modules")?,
                api_keys: row.try_get("api_keys")?,
                requests_30d: row.try_get("requests_30d")?,
                schema_version: row.try_get("schema_version")?,
            };
            Ok((CustomerId(row.try_get("id")?), figures))
        })
        .collect()
}
