//! The three views: customers with their counts, requests per day, tokens per day.

use chrono::{DateTime, NaiveDate, Utc};
use domain::{AiProvider, CustomerId, KeyOwner, Plan, SubscriptionStatus};
use rust_decimal::Decimal;
use serde::Serialize;

use crate::filter::Filter;
use crate::page::{Cursor, Page, PageRequest};
use crate::{CatalogError, GenericClient, query, row};

/// A row of `admin_customer_summary`.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct CustomerSummary {
    /// The customer.
    pub id: CustomerId,
    /// Their name for people.
    pub company_name: String,
    /// Their slug or domain.
    pub company_domain: Option<String>,
    /// What they bought.
    pub subscription_plan: Plan,
    /// How the subscription stands.
    pub subscription_status: SubscriptionStatus,
    /// When they were signed up.
    pub created_at: DateTime<Utc>,
    /// How many modules are on.
    pub enabled_module_count: i64,
    /// How many API keys are active.
    pub api_key_count: i64,
    /// How many AI keys are active.
    pub ai_key_count: i64,
}

const SORT: &str = "-created_at";

/// A page of customers with their counts, the newest first.
///
/// # Errors
/// [`CatalogError::Invalid`] with the constraint `cursor` when the cursor is of another list.
pub async fn customers(
    client: &impl GenericClient,
    page: &PageRequest,
) -> Result<Page<CustomerSummary>, CatalogError> {
    let cursor = page.cursor_of(SORT)?;
    let (cursor_time, cursor_id) = (cursor.map(Cursor::time).transpose()?, cursor.map(|cursor| cursor.id));
    let limit = page.rows_to_read();
    let mut conditions = Filter::new("true");
    conditions.and_keyset("created_at", "<", &cursor_time, &cursor_id);
    let limit = conditions.parameter(&limit);
    let sql = format!(
        "select id, company_name, company_domain, subscription_plan::text as subscription_plan,
                subscription_status::text as subscription_status, created_at, enabled_module_count, api_key_count,
                ai_key_count
         from admin_customer_summary where {} order by created_at desc, id desc limit {limit}",
        conditions.sql()
    );
    let rows = query::rows(client, &sql, conditions.parameters()).await?;
    let summaries = row::all(&rows, |row| {
        Ok(CustomerSummary {
            id: CustomerId(row.try_get("id")?),
            company_name: row.try_get("company_name")?,
            company_domain: row.try_get("company_domain")?,
            subscription_plan: row::named(row, "subscription_plan")?,
            subscription_status: row::named(row, "subscription_status")?,
            created_at: row.try_get("created_at")?,
            enabled_module_count: row.try_get("enabled_module_count")?,
            api_key_count: row.try_get("api_key_count")?,
            ai_key_count: row.try_get("ai_key_count")?,
        })
    })?;
    Ok(Page::of(summaries, page, |summary| Cursor::at(SORT, summary.created_at, summary.id.uuid())))
}

/// A row of `admin_api_usage_summary`.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ApiUsageSummary {
    /// Whose usage.
    pub customer_id: CustomerId,
    /// The day, in UTC.
    pub usage_date: NaiveDate,
    /// How many requests there were.
    pub total_requests: i64,
    /// Those answered with a status below 400.
    pub successful_requests: i64,
    /// The others.
    pub failed_requests: i64,
    /// The mean time of an answer.
    pub avg_response_time_ms: Option<Decimal>,
    /// The slowest answer.
    pub max_response_time_ms: Option<i32>,
}

/// A customer's requests per day, the newest first. For a span of time [`crate::api_usage::by_day`] reads less.
///
/// # Errors
/// When the database can't be asked.
pub async fn api_usage(
    client: &impl GenericClient,
    customer: CustomerId,
) -> Result<Vec<ApiUsageSummary>, CatalogError> {
    let rows = query::rows(
        client,
        "select usage_date, total_requests, successful_requests, failed_requests, avg_response_time_ms,
                max_response_time_ms
         from admin_api_usage_summary where customer_id = $1 order by usage_date desc",
        &[&customer.uuid()],
    )
    .await?;
    row::all(&rows, |row| {
        Ok(ApiUsageSummary {
            customer_id: customer,
            usage_date: row.try_get("usage_date")?,
            total_requests: row.try_get("total_requests")?,
            successful_requests: row.try_get("successful_requests")?,
            failed_requests: row.try_get("failed_requests")?,
            avg_response_time_ms: row.try_get("avg_response_time_ms")?,
            max_response_time_ms: row.try_get("max_response_time_ms")?,
        })
    })
}

/// A row of `admin_token_usage_summary`.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct TokenUsageSummary {
    /// Whose usage.
    pub customer_id: CustomerId,
    /// Whose model.
    pub ai_provider: AiProvider,
    /// Whose key.
    pub key_owner: KeyOwner,
    /// The first day of the period, in UTC.
    pub usage_date: NaiveDate,
    /// Tokens in and out.
    pub total_tokens: i64,
    /// Tokens in.
    pub total_prompt_tokens: i64,
    /// Tokens out.
    pub total_completion_tokens: i64,
    /// What they cost, estimated, in US dollars.
    pub total_estimated_cost: Decimal,
}

/// A customer's tokens per provider, key owner and day, the newest first.
///
/// # Errors
/// When the database can't be asked.
pub async fn token_usage(
    client: &impl GenericClient,
    customer: CustomerId,
) -> Result<Vec<TokenUsageSummary>, CatalogError> {
    let rows = query::rows(
        client,
        "select ai_provider::text as ai_provider, key_owner::text as key_owner, usage_date, total_tokens,
                total_prompt_tokens, total_completion_tokens, total_estimated_cost
         from admin_token_usage_summary where customer_id = $1
         order by usage_date desc, ai_provider, key_owner",
        &[&customer.uuid()],
    )
    .await?;
    row::all(&rows, |row| {
        Ok(TokenUsageSummary {
            customer_id: customer,
            ai_provider: row::named(row, "ai_provider")?,
            key_owner: row::named(row, "key_owner")?,
            usage_date: row.try_get("usage_date")?,
            total_tokens: row.try_get("total_tokens")?,
            total_prompt_tokens: row.try_get("total_prompt_tokens")?,
            total_completion_tokens: row.try_get("total_completion_tokens")?,
            total_estimated_cost: row.try_get("total_estimated_cost")?,
        })
    })
}
