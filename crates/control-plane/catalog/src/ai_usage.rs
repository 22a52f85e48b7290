//! `admin_ai_key_usage`: tokens and their cost, summed per customer, provider, key owner and period.

use chrono::{DateTime, Utc};
use domain::{AiProvider, CustomerId, KeyOwner};
use rust_decimal::Decimal;
use serde::Serialize;
use tokio_postgres::Row;

use crate::filter::Filter;
use crate::page::TimeRange;
use crate::{CatalogError, GenericClient, query, row};

/// A row of `admin_ai_key_usage`; also what is to be added to one.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct AiUsage {
    /// Who used it.
    pub customer_id: CustomerId,
    /// Whose model.
    pub ai_provider: AiProvider,
    /// Whose key.
    pub key_owner: KeyOwner,
    /// Tokens that went in.
    pub prompt_tokens: i64,
    /// Tokens that came out.
    pub completion_tokens: i64,
    /// Both.
    pub total_tokens: i64,
    /// What they cost, estimated.
    pub estimated_cost_usd: Decimal,
    /// When the period begins.
    pub period_start: DateTime<Utc>,
    /// When the period ends.
    pub period_end: DateTime<Utc>,
}

const COLUMNS: &str = "customer_id, ai_provider::text as ai_provider, key_owner::text as key_owner, prompt_tokens, \
     completion_tokens, total_tokens, estimated_cost_usd, period_start, period_end";

fn ai_usage(row: &Row) -> Result<AiUsage, CatalogError> {
    Ok(AiUsage {
        customer_id: CustomerId(row.try_get("customer_id")?),
        ai_provider: row::named(row, "ai_provider")?,
        key_owner: row::named(row, "key_owner")?,
        prompt_tokens: row.try_get("prompt_tokens")?,
        completion_tokens: row.try_get("completion_tokens")?,
        total_tokens: row.try_get("total_tokens")?,
        estimated_cost_usd: row.try_get("estimated_cost_usd")?,
        period_start: row.try_get("period_start")?,
        period_end: row.try_get("period_end")?,
    })
}

/// Adds usage to its period, and answers with the period's sum.
///
/// # Errors
/// [`CatalogError::Conflict`] when there is no such customer, [`CatalogError::Invalid`] when a number is negative.
pub async fn add(client: &impl GenericClient, usage: &AiUsage) -> Result<AiUsage, CatalogError> {
    let sql = format!(
        "insert into admin_ai_key_usage as held (customer_id, ai_provider, key_owner, prompt_tokens,
             completion_tokens, total_tokens, estimated_cost_usd, period_start, period_end)
         values ($1, $2::text::ai_provider_type, $3::text::key_owner_type, $4, $5, $6, $7, $8, $9)
         on conflict (customer_id, ai_provider, key_owner, period_start, period_end) do update
             set prompt_tokens = held.prompt_tokens + excluded.prompt_tokens,
                 completion_tokens = held.completion_tokens + excluded.completion_tokens,
                 total_tokens = held.total_tokens + excluded.total_tokens,
                 estimated_cost_usd = held.estimated_cost_usd + excluded.estimated_cost_usd
         returning {COLUMNS}"
    );
    let sum = query::one(
        client,
        &sql,
        &[
            &usage.customer_id.uuid(),
            &usage.ai_provider.as_str(),
            &usage.key_owner.as_str(),
            &usage.prompt_tokens,
            &usage.completion_tokens,
            &usage.total_tokens,
            &usage.estimated_cost_usd,
            &usage.period_start,
            &usage.period_end,
        ],
    )
    .await?;
    ai_usage(&sum)
}

/// A customer's usage in periods that begin in the given time, the newest first.
///
/// # Errors
/// When the database can't be asked.
pub async fn of_customer(
    client: &impl GenericClient,
    customer: CustomerId,
    begins: TimeRange,
) -> Result<Vec<AiUsage>, CatalogError> {
    let customer = customer.uuid();
    let mut conditions = Filter::new("true");
    conditions.and("customer_id = ?", &customer);
    conditions.and_if("period_start >= ?", &begins.from);
    conditions.and_if("period_start < ?", &begins.until);
    let sql = format!(
        "select {COLUMNS} from admin_ai_key_usage where {} order by period_start desc, ai_provider, key_owner",
        conditions.sql()
    );
    row::all(&query::rows(client, &sql, conditions.parameters()).await?, ai_usage)
}
