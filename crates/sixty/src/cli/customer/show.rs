//! Listing and showing customers, and the two changes that answer with one.

use chrono::{DateTime, Utc};
use reqwest::Method;
use serde::Deserialize;
use serde_json::json;

use super::super::client::read;
use super::super::exit::Failure;
use super::super::listing::{self, PageArgs, View, filters};
use super::super::{Session, time};

/// Which customers.
#[derive(Debug, clap::Args)]
pub(crate) struct ListArgs {
    /// Only with this subscription status
    #[arg(long, value_parser = ["active", "trial", "suspended", "canceled", "expired"])]
    status: Option<String>,
    /// Only on this plan
    #[arg(long, value_parser = ["starter", "pro", "enterprise"])]
    plan: Option<String>,
    /// Only with this in the name, the customerId or the billing address
    #[arg(long, value_name = "TEXT")]
    query: Option<String>,
    #[command(flatten)]
    page: PageArgs,
}

/// A customer, as far as people are shown it.
#[derive(Debug, Deserialize)]
pub(super) struct Customer {
    pub(super) id: String,
    /// Missing for rows that other programs wrote without a domain.
    pub(super) customer_id: Option<String>,
    company_name: String,
    subscription_plan: String,
    subscription_status: String,
    suspended_at: Option<DateTime<Utc>>,
    suspension_reason: Option<String>,
    trial_ends_at: Option<DateTime<Utc>>,
    billing_email: Option<String>,
    timezone: String,
    database_host: Option<String>,
    database_port: Option<i32>,
    pub(super) database_name: Option<String>,
    created_at: DateTime<Utc>,
    modules: Option<Vec<String>>,
    instance: Option<Instance>,
}

#[derive(Debug, Deserialize)]
struct Instance {
    backend: String,
    postgres_version: Option<String>,
    schema_version: Option<i32>,
}

impl Customer {
    /// Where the database listens.
    pub(super) fn address(&self) -> Option<String> {
        self.database_host.as_ref().zip(self.database_port).map(|(host, port)| format!("{host}:{port}"))
    }
}

pub(super) async fn list(session: &mut Session, args: ListArgs) -> Result<(), Failure> {
    let query = filters(&[("status", &args.status), ("plan", &args.plan), ("q", &args.query)]);
    let headings = &["CUSTOMER", "NAME", "PLAN", "STATUS", "DATABASE", "CREATED"];
    listing::show(session, &["customers"], query, &args.page, View { of: "customers", headings, row }).await
}

fn row(customer: Customer) -> Vec<String> {
    let address = customer.address().unwrap_or_else(|| "-".to_owned());
    vec![
        customer.customer_id.unwrap_or(customer.id),
        customer.company_name,
        customer.subscription_plan,
        customer.subscription_status,
        address,
        time::short(Some(customer.created_at)),
    ]
}

pub(super) async fn one(session: &mut Session, name: &str) -> Result<(), Failure> {
    let answer = session.client.get(&["customers", name], &[]).await?;
    if session.output.is_json() {
        return Ok(session.output.document(&answer)?);
    }
    let customer: Customer = read(&answer)?;
    let address = customer.address();
    let (backend, postgres, schema) = customer.instance.map_or((None, None, None), |instance| {
        (Some(instance.backend), instance.postgres_version, instance.schema_version)
    });
    let time = |time: Option<DateTime<Utc>>| time.map(|time| time::short(Some(time)));
    Ok(session.output.details(&[
        ("customer", customer.customer_id),
        ("id", Some(customer.id)),
        ("name", Some(customer.company_name)),
        ("plan", Some(customer.subscription_plan)),
        ("status", Some(customer.subscription_status)),
        ("trial ends", time(customer.trial_ends_at)),
        ("suspended", time(customer.suspended_at)),
        ("reason", customer.suspension_reason),
        ("billing e-mail", customer.billing_email),
        ("time zone", Some(customer.timezone)),
        ("database", customer.database_name),
        ("address", address),
        ("backend", backend),
        ("PostgreSQL", postgres),
        ("schema", schema.map(|version| version.to_string())),
        ("modules", customer.modules.map(|modules| modules.join(" "))),
        ("created", time(Some(customer.created_at))),
    ])?)
}

pub(super) async fn suspend(
    session: &mut Session,
    name: &str,
    reason: Option<String>,
) -> Result<(), Failure> {
    let body = reason.map_or_else(|| json!({}), |reason| json!({ "reason": reason }));
    let answer = session.client.send(Method::POST, &["customers", name, "suspend"], Some(&body)).await?;
    if session.output.is_json() {
        return Ok(session.output.document(&answer)?);
    }
    Ok(session.output.line(&format!("{name} is suspended: requests are refused, the data stays."))?)
}

pub(super) async fn resume(session: &mut Session, name: &str) -> Result<(), Failure> {
    let answer = session.client.send(Method::POST, &["customers", name, "resume"], None).await?;
    if session.output.is_json() {
        return Ok(session.output.document(&answer)?);
    }
    let customer: Customer = read(&answer)?;
    Ok(session.output.line(&format!("{name} is served again, as {}.", customer.subscription_status))?)
}
