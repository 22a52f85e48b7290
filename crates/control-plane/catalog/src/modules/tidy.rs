//! Making the rows say what is so, for clients that read the table: decisions that ran out, counts that begin anew, and
//! modules that follow a plan which has changed. The gateway doesn't need it: it decides from the same rows and the time.

use chrono::{DateTime, Utc};
use domain::CustomerId;
use serde_json::{Value, json};

use super::changes::{as_planned, write};
use super::held::{self, Held, ModuleRow};
use super::smallest_plans;
use crate::{CatalogError, GenericClient, query, row, usage_spools};

/// A row of a customer's module that was made to say what is so.
#[derive(Debug, Clone, PartialEq)]
pub struct TidiedModule {
    /// The module's key.
    pub module_key: String,
    /// The row's values before, for the audit log.
    pub old_values: Value,
    /// After.
    pub new_values: Value,
    /// What became of the column `enabled`, if it changed.
    pub switched: Option<bool>,
}

/// The customers who have rows to be tidied, at most so many. A changed plan is noticed for a month; later changes of a
/// customer remind of it.
///
/// # Errors
/// When the database can't be asked.
pub async fn customers_due(
    client: &impl GenericClient,
    now: DateTime<Utc>,
    limit: u32,
) -> Result<Vec<CustomerId>, CatalogError> {
    let (keys, plans) = smallest_plans();
    // Three questions, each with an index of its own.
    let rows = query::rows(
        client,
        "select customer.id from admin_customers customer
         where customer.lifecycle = 'ready' and customer.deleted_at is null and customer.id in (
             select customer_id from admin_customer_modules where expires_at <= $1
             union all
             select customer_id from admin_customer_modules where reset_date <= $1
             union all
             select held.customer_id from admin_customers changed
             join admin_customer_modules held on held.customer_id = changed.id
             join admin_feature_modules module on module.id = held.module_id
             join unnest($2::text[], $3::text[]) included (module_key, plan)
                 on included.module_key = module.module_key
             where changed.deleted_at is null and changed.updated_at > $1 - interval '30 days'
               and held.enabled = held.plan_enabled
               and held.enabled <> (changed.subscription_plan >= included.plan::plan_type)
         )
         order by customer.id limit $4",
        &[&now, &keys, &plans, &i64::from(limit)],
    )
    .await?;
    row::all(&rows, |row| Ok(CustomerId(row.try_get(0)?)))
}

/// Tidies a customer's rows, and answers with those that changed. Call it in a transaction that holds the customer.
///
/// # Errors
/// When the database can't be asked.
pub async fn tidy(
    client: &impl GenericClient,
    customer: CustomerId,
    now: DateTime<Utc>,
) -> Result<Vec<TidiedModule>, CatalogError> {
    let Some(held) = held::read(client, customer).await? else { return Ok(Vec::new()) };
    let mut tidied = Vec::new();
    for row in held.modules.iter().filter(|row| row.is_there) {
        let wanted = tidied_row(&held, row, now);
        if wanted == *row {
            continue;
        }
        if wanted.reset_date == row.reset_date {
            write(client, customer, &wanted).await?;
        } else {
            // The limiter has begun anew by itself when the time came, and nobody chose the new date.
            query::execute(client, usage_spools::KEEPS_COUNTS, &[]).await?;
            write(client, customer, &wanted).await?;
            begin_count_anew(client, customer, &row.key).await?;
        }
        tidied.push(TidiedModule {
            module_key: row.key.clone(),
            old_values: values(row),
            new_values: values(&wanted),
            switched: (wanted.enabled != row.enabled).then_some(wanted.enabled),
        });
    }
    Ok(tidied)
}

fn tidied_row(held: &Held, row: &ModuleRow, now: DateTime<Utc>) -> ModuleRow {
    let ran_out = row.expires_at.is_some_and(|expires_at| expires_at <= now);
    let mut wanted = if ran_out || !row.is_decided() { as_planned(held, row) } else { row.clone() };
    (wanted.usage_count, wanted.reset_date) = row.counted(now, held.time_zone);
    wanted
}

/// Apart from the rest of the row: requests are counted all the time, and nothing else here sets the count.
async fn begin_count_anew(
    client: &impl GenericClient,
    customer: CustomerId,
    module_key: &str,
) -> Result<(), CatalogError> {
    query::execute(
        client,
        "update admin_customer_modules held set usage_count = 0 from admin_feature_modules module
         where module.id = held.module_id and held.customer_id = $1 and module.module_key = $2",
        &[&customer.uuid(), &module_key],
    )
    .await?;
    Ok(())
}

fn values(row: &ModuleRow) -> Value {
    json!({
        "module_key": row.key, "enabled": row.enabled, "expires_at": row.expires_at, "reason": row.reason,
        "usage_limit": row.usage_limit, "usage_count": row.usage_count, "reset_date": row.reset_date,
    })
}
