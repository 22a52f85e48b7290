//! `admin_customer_ai_keys`: customers' own keys at providers of language models, sealed.

use chrono::{DateTime, Utc};
use domain::{AiProvider, CustomerId};
use serde::Serialize;
use tokio_postgres::Row;
use uuid::Uuid;

use crate::{CatalogError, GenericClient, query, row};

/// A row of `admin_customer_ai_keys`. Serialises without the key.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct AiKey {
    /// The row: part of what the seal is bound to.
    pub id: Uuid,
    /// Whose key it is.
    pub customer_id: CustomerId,
    /// At which provider.
    pub ai_provider: AiProvider,
    /// The sealed key.
    #[serde(skip)]
    pub api_key_encrypted: String,
    /// Whether it is to be used.
    pub is_active: bool,
    /// When it was stored.
    pub set_at: DateTime<Utc>,
    /// When the provider last accepted it.
    pub last_verified_at: Option<DateTime<Utc>>,
    /// How many tokens a month may cost; `None` is without limit.
    pub monthly_token_budget: Option<i64>,
    /// How many this month did cost.
    pub tokens_used_this_month: i64,
}

const COLUMNS: &str = "id, customer_id, ai_provider::text as ai_provider, api_key_encrypted, is_active, set_at, \
     last_verified_at, monthly_token_budget, tokens_used_this_month";

fn ai_key(row: &Row) -> Result<AiKey, CatalogError> {
    Ok(AiKey {
        id: row.try_get("id")?,
        customer_id: CustomerId(row.try_get("customer_id")?),
        ai_provider: row::named(row, "ai_provider")?,
        api_key_encrypted: row.try_get("api_key_encrypted")?,
        is_active: row.try_get("is_active")?,
        set_at: row.try_get("set_at")?,
        last_verified_at: row.try_get("last_verified_at")?,
        monthly_token_budget: row.try_get("monthly_token_budget")?,
        tokens_used_this_month: row.try_get("tokens_used_this_month")?,
    })
}

/// What is needed to store a customer's key.
#[derive(Debug, Clone)]
pub struct NewAiKey {
    /// The row's id, made by the caller so that the key can be sealed for it.
    pub id: Uuid,
    /// Whose key it is.
    pub customer_id: CustomerId,
    /// At which provider.
    pub ai_provider: AiProvider,
    /// The sealed key.
    pub api_key_encrypted: String,
    /// How many tokens a month may cost.
    pub monthly_token_budget: Option<i64>,
}

/// Stores a customer's key at a provider, in the place of the one before. What this month did cost stays.
///
/// # Errors
/// [`CatalogError::Conflict`] when there is no such customer.
pub async fn set(client: &impl GenericClient, new: &NewAiKey) -> Result<AiKey, CatalogError> {
    // The id changes with the key, because the seal is bound to it.
    let sql = format!(
        "insert into admin_customer_ai_keys (id, customer_id, ai_provider, api_key_encrypted, monthly_token_budget)
         values ($1, $2, $3::text::ai_provider_type, $4, $5)
         on conflict (customer_id, ai_provider) do update
             set id = excluded.id, api_key_encrypted = excluded.api_key_encrypted,
                 monthly_token_budget = excluded.monthly_token_budget, is_active = true, set_at = now(),
                 last_verified_at = null
         returning {COLUMNS}"
    );
    let parameters: query::Parameters<'_> = &[
        &new.id,
        &new.customer_id.uuid(),
        &new.ai_provider.as_str(),
        &new.api_key_encrypted,
        &new.monthly_token_budget,
    ];
    ai_key(&query::one(client, &sql, parameters).await?)
}

/// A customer's keys.
///
/// # Errors
/// When the database can't be asked.
pub async fn list(client: &impl GenericClient, customer: CustomerId) -> Result<Vec<AiKey>, CatalogError> {
    let sql =
        format!("select {COLUMNS} from admin_customer_ai_keys where customer_id = $1 order by ai_provider");
    row::all(&query::rows(client, &sql, &[&customer.uuid()]).await?, ai_key)
}

/// A customer's key at a provider.
///
/// # Errors
/// When the database can't be asked.
pub async fn get(
    client: &impl GenericClient,
    customer: CustomerId,
    provider: AiProvider,
) -> Result<Option<AiKey>, CatalogError> {
    let sql = format!(
        "select {COLUMNS} from admin_customer_ai_keys
         where customer_id = $1 and ai_provider = $2::text::ai_provider_type"
    );
    let row = query::optional(client, &sql, &[&customer.uuid(), &provider.as_str()]).await?;
    row.as_ref().map(ai_key).transpose()
}

/// Removes a customer's key at a provider, and answers with it. `None` when there was none.
///
/// # Errors
/// When the database can't be asked.
pub async fn remove(
    client: &impl GenericClient,
    customer: CustomerId,
    provider: AiProvider,
) -> Result<Option<AiKey>, CatalogError> {
    let sql = format!(
        "delete from admin_customer_ai_keys
         where customer_id = $1 and ai_provider = $2::text::ai_provider_type returning {COLUMNS}"
    );
    let row = query::optional(client, &sql, &[&customer.uuid(), &provider.as_str()]).await?;
    row.as_ref().map(ai_key).transpose()
}
