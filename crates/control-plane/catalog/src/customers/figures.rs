//! What a list of customers tells of each besides their row.

use std::collections::HashMap;

use chrono::{Days, Utc};
use domain::CustomerId;

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

/// The figures of these customers: of a page of them, not of all.
///
/// # Errors
/// When the database can't be asked.
pub async fn figures(
    client: &impl GenericClient,
    customers: &[CustomerId],
) -> Result<HashMap<CustomerId, Figures>, CatalogError> {
    let ids: Vec<_> = customers.iter().map(|customer| customer.uuid()).collect();
    let today = Utc::now().date_naive();
    let first_day = today.checked_sub_days(Days::new(30)).unwrap_or(today);
    let (keys, plans, always) = module_parameters();
    let sql = format!(
        "select id, {MODULES_ON} as enabled_modules,
                (select count(*) from admin_api_keys key where key.customer_id = admin_customers.id
                     and key.status = 'active' and key.impersonated_by is null
                     and (key.expires_at is null or key.expires_at > now())) as api_keys,
                coalesce(used.requests, 0)::bigint as requests_30d,
                (select schema_version from admin_instances where customer_id = admin_customers.id) as schema_version
         from admin_customers
         left join (
             -- Found day by day: each is a range of the primary key.
             select by_key.customer_id, sum(by_key.requests) as requests
             from generate_series($5::date, $6::date, interval '1 day') day
             join admin_api_usage_by_key by_key
                 on by_key.usage_date = day::date and by_key.customer_id = any($4)
             group by by_key.customer_id
         ) used on used.customer_id = admin_customers.id
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
