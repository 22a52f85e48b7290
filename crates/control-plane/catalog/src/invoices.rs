//! `admin_subscription_invoices`: what customers owe and paid.

use chrono::{DateTime, NaiveDate, Utc};
use domain::{CustomerId, InvoiceStatus};
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use tokio_postgres::Row;
use tokio_postgres::types::Json;
use uuid::Uuid;

use crate::{CatalogError, GenericClient, query, row};

/// A line of an invoice.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct LineItem {
    /// The module's key.
    pub module: String,
    /// How many.
    pub quantity: Decimal,
    /// What one costs.
    pub unit_price: Decimal,
    /// What all cost.
    pub total: Decimal,
}

/// What is needed to write an invoice.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct NewInvoice {
    /// Who owes it.
    pub customer_id: CustomerId,
    /// The number, unique for ever.
    pub invoice_number: String,
    /// The day it was written.
    pub invoice_date: NaiveDate,
    /// The day it is due.
    pub due_date: Option<NaiveDate>,
    /// The sum before tax.
    pub subtotal: Decimal,
    /// The tax.
    pub tax: Decimal,
    /// The sum.
    pub total: Decimal,
    /// Three letters.
    pub currency: String,
    /// Where it stands.
    pub status: InvoiceStatus,
    /// The first day it is for.
    pub billing_period_start: Option<NaiveDate>,
    /// The last day it is for.
    pub billing_period_end: Option<NaiveDate>,
    /// What it is for.
    pub line_items: Vec<LineItem>,
}

/// A row of `admin_subscription_invoices`.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Invoice {
    /// The row.
    pub id: Uuid,
    /// What it says.
    #[serde(flatten)]
    pub content: NewInvoice,
    /// When it was paid.
    pub paid_at: Option<DateTime<Utc>>,
    /// When the row was written.
    pub created_at: DateTime<Utc>,
    /// When the row was last changed.
    pub updated_at: DateTime<Utc>,
}

const COLUMNS: &str = "id, customer_id, invoice_number, invoice_date, due_date, subtotal, tax, total, currency, status, \
     paid_at, billing_period_start, billing_period_end, line_items, created_at, updated_at";

fn invoice(row: &Row) -> Result<Invoice, CatalogError> {
    let Json(line_items) = row
        .try_get::<_, Json<Vec<LineItem>>>("line_items")
        .map_err(|error| CatalogError::Unreadable(format!("line_items: {error}")))?;
    Ok(Invoice {
        id: row.try_get("id")?,
        content: NewInvoice {
            customer_id: CustomerId(row.try_get("customer_id")?),
            invoice_number: row.try_get("invoice_number")?,
            invoice_date: row.try_get("invoice_date")?,
            due_date: row.try_get("due_date")?,
            subtotal: row.try_get("subtotal")?,
            tax: row.try_get("tax")?,
            total: row.try_get("total")?,
            currency: row.try_get("currency")?,
            status: row::named(row, "status")?,
            billing_period_start: row.try_get("billing_period_start")?,
            billing_period_end: row.try_get("billing_period_end")?,
            line_items,
        },
        paid_at: row.try_get("paid_at")?,
        created_at: row.try_get("created_at")?,
        updated_at: row.try_get("updated_at")?,
    })
}

/// Writes an invoice.
///
/// # Errors
/// [`CatalogError::Conflict`] when the number is taken or there is no such customer.
pub async fn insert(client: &impl GenericClient, new: &NewInvoice) -> Result<Invoice, CatalogError> {
    let sql = format!(
        "insert into admin_subscription_invoices (customer_id, invoice_number, invoice_date, due_date, subtotal, tax,
             total, currency, status, billing_period_start, billing_period_end, line_items)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
         returning {COLUMNS}"
    );
    let inserted = query::one(
        client,
        &sql,
        &[
            &new.customer_id.uuid(),
            &new.invoice_number,
            &new.invoice_date,
            &new.due_date,
            &new.subtotal,
            &new.tax,
            &new.total,
            &new.currency,
            &new.status.as_str(),
            &new.billing_period_start,
            &new.billing_period_end,
            &Json(&new.line_items),
        ],
    )
    .await?;
    invoice(&inserted)
}

/// A customer's invoices, the newest first.
///
/// # Errors
/// When the database can't be asked.
pub async fn of_customer(
    client: &impl GenericClient,
    customer: CustomerId,
) -> Result<Vec<Invoice>, CatalogError> {
    let sql = format!(
        "select {COLUMNS} from admin_subscription_invoices where customer_id = $1
         order by invoice_date desc, id desc"
    );
    row::all(&query::rows(client, &sql, &[&customer.uuid()]).await?, invoice)
}

/// The invoice with this number.
///
/// # Errors
/// When the database can't be asked.
pub async fn by_number(client: &impl GenericClient, number: &str) -> Result<Option<Invoice>, CatalogError> {
    let sql = format!("select {COLUMNS} from admin_subscription_invoices where invoice_number = $1");
    query::optional(client, &sql, &[&number]).await?.as_ref().map(invoice).transpose()
}

/// Moves an invoice on; a paid one gets `paid_at`. `None` when there is no such invoice.
///
/// # Errors
/// When the database can't be asked.
pub async fn set_status(
    client: &impl GenericClient,
    id: Uuid,
    status: InvoiceStatus,
) -> Result<Option<Invoice>, CatalogError> {
    let sql = format!(
        "update admin_subscription_invoices
         set status = $2, paid_at = case when $2 = 'paid' then coalesce(paid_at, now()) end
         where id = $1 returning {COLUMNS}"
    );
    query::optional(client, &sql, &[&id, &status.as_str()]).await?.as_ref().map(invoice).transpose()
}
