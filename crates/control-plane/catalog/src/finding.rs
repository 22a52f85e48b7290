//! Finding a customer, a key or an operator by whatever somebody knows of them.

use domain::customer::ApiKeyStatus;
use domain::{ApiKeyId, CustomerId, Plan, SubscriptionStatus};
use uuid::Uuid;

use crate::customers::SHOWN;
use crate::filter::{beginning_with, containing};
use crate::{CatalogError, GenericClient, query, row};

/// What is looked for.
#[derive(Debug, Clone)]
pub struct Wanted {
    text: String,
    id: Option<Uuid>,
    anywhere: String,
    at_the_beginning: String,
    limit: i64,
}

impl Wanted {
    /// This text, in upper or lower case, at most so often. A UUID is looked for as such.
    #[must_use]
    pub fn new(text: &str, limit: u8) -> Self {
        Self {
            text: text.to_lowercase(),
            id: text.parse().ok(),
            anywhere: containing(text),
            at_the_beginning: beginning_with(text),
            limit: limit.into(),
        }
    }
}

/// A customer who was found.
#[derive(Debug, Clone)]
pub struct FoundCustomer {
    /// The customer.
    pub id: CustomerId,
    /// Their slug.
    pub slug: Option<String>,
    /// Their name.
    pub company_name: String,
    /// What they bought.
    pub plan: Plan,
    /// How the subscription stands.
    pub status: SubscriptionStatus,
}

/// Customers by id, or by a part of slug, name, billing address or database. Those whose slug it is come first, then those
/// whose slug or name begins so.
///
/// # Errors
/// When the database can't be asked.
pub async fn customers(
    client: &impl GenericClient,
    wanted: &Wanted,
) -> Result<Vec<FoundCustomer>, CatalogError> {
    let sql = format!(
        "select id, company_domain, company_name, subscription_plan::text as plan,
                subscription_status::text as status
         from admin_customers
         where {SHOWN} and (id = $1 or company_domain ilike $2 or company_name ilike $2 or billing_email ilike $2
             or database_name ilike $2)
         order by coalesce(id = $1 or company_domain = $3, false) desc,
                  coalesce(company_domain ilike $4 or company_name ilike $4, false) desc, company_name, id
         limit $5"
    );
    let rows = query::rows(
        client,
        &sql,
        &[&wanted.id, &wanted.anywhere, &wanted.text, &wanted.at_the_beginning, &wanted.limit],
    )
    .await?;
    row::all(&rows, |row| {
        Ok(FoundCustomer {
            id: CustomerId(row.try_get("id")?),
            slug: row.try_get("company_domain")?,
            company_name: row.try_get("company_name")?,
            plan: row::named(row, "plan")?,
            status: row::named(row, "status")?,
        })
    })
}

/// A key that was found.
#[derive(Debug, Clone)]
pub struct FoundApiKey {
    /// The key.
    pub id: ApiKeyId,
    /// Its name.
    pub name: String,
    /// Its beginning.
    pub prefix: String,
    /// Whether it may be used.
    pub status: ApiKeyStatus,
    /// Whose it is: their slug, or their id if they have none.
    pub customer_slug: String,
    /// Their name.
    pub customer_name: String,
}

/// Keys by id, by their beginning, or by a part of their name; those that may be used first.
///
/// # Errors
/// When the database can't be asked.
pub async fn api_keys(
    client: &impl GenericClient,
    wanted: &Wanted,
) -> Result<Vec<FoundApiKey>, CatalogError> {
    let sql = "select key.id, key.name, key.key_prefix, key.status::text as status,
                      coalesce(customer.company_domain, customer.id::text) as customer_slug,
                      customer.company_name
               from admin_api_keys key join admin_customers customer on customer.id = key.customer_id
               where customer.deleted_at is null and customer.lifecycle = 'ready' and key.impersonated_by is null
                 and (key.id = $1 or key.name ilike $2 or key.key_prefix ilike $3)
               order by coalesce(key.id = $1, false) desc, key.status = 'active' desc, key.name, key.id
               limit $4";
    let rows =
        query::rows(client, sql, &[&wanted.id, &wanted.anywhere, &wanted.at_the_beginning, &wanted.limit])
            .await?;
    row::all(&rows, |row| {
        Ok(FoundApiKey {
            id: ApiKeyId(row.try_get("id")?),
            name: row.try_get("name")?,
            prefix: row.try_get("key_prefix")?,
            status: row::named(row, "status")?,
            customer_slug: row.try_get("customer_slug")?,
            customer_name: row.try_get("company_name")?,
        })
    })
}

/// An operator who was found.
#[derive(Debug, Clone)]
pub struct FoundOperator {
    /// The operator.
    pub id: Uuid,
    /// What people call them.
    pub name: String,
    /// What they sign in with.
    pub email: String,
}

/// Operators by id, or by a part of name or address.
///
/// # Errors
/// When the database can't be asked.
pub async fn operators(
    client: &impl GenericClient,
    wanted: &Wanted,
) -> Result<Vec<FoundOperator>, CatalogError> {
    let sql = "select id, name, email from admin_operators where id = $1 or name ilike $2 or email ilike $2
               order by name, id limit $3";
    let rows = query::rows(client, sql, &[&wanted.id, &wanted.anywhere, &wanted.limit]).await?;
    row::all(&rows, |row| {
        Ok(FoundOperator { id: row.try_get("id")?, name: row.try_get("name")?, email: row.try_get("email")? })
    })
}
