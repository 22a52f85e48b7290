//! Customers as a list: searched, filtered, sorted, page by page, and as a file.

use std::collections::VecDeque;

use axum::body::Bytes;
use axum::extract::State;
use axum::response::Response;
use axum::{Extension, Json};
use catalog::customers::{self as rows, Customer, CustomerFilter, CustomerSort, Figures, SortedBy};
use catalog::{CatalogError, Cursor, GenericClient, PageRequest, TimeRange};
use chrono::{DateTime, SecondsFormat, Utc};
use customers::{Actor, Right};
use domain::{CustomerId, modules};
use problem::{Problem, QueryParams};
use serde::Deserialize;
use utoipa::IntoParams;

use super::customer_views::{CustomerListing, CustomerRowView};
use super::download::{File, Pages, csv_lines, download};
use super::page::{page_request, parsed, several};
use super::search::without_secrets;
use crate::ApiState;
use crate::problems::problem_of_catalog;

/// How many rows of a file are read at once.
const ROWS_AT_ONCE: u32 = 500;

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct CustomerQuery {
    /// `active`, `trial`, `suspended`, `canceled` or `expired`; several with commas between them.
    status: Option<String>,
    /// `starter`, `pro` or `enterprise`; several with commas between them.
    plan: Option<String>,
    /// Who have this feature module on, by its key.
    module: Option<String>,
    /// Part of the name, the customerId or the billing address.
    q: Option<String>,
    /// Signed up at this time or later.
    #[serde(rename = "created_at[gte]")]
    created_from: Option<DateTime<Utc>>,
    /// Signed up before this time.
    #[serde(rename = "created_at[lt]")]
    created_until: Option<DateTime<Utc>>,
    /// `created_at`, `updated_at`, `company_name`, `customer_id`, `subscription_plan`, `subscription_status`,
    /// `enabled_module_count`, `api_key_count` or `requests_30d`, with `-` in front for the other direction; the newest first
    /// when not given.
    sort: Option<String>,
    /// At most so many rows, up to 200.
    #[param(minimum = 1, maximum = 200, default = 50)]
    limit: Option<u32>,
    /// The `next_cursor` of the page before.
    cursor: Option<String>,
}

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct CustomerFileQuery {
    /// `active`, `trial`, `suspended`, `canceled` or `expired`; several with commas between them.
    status: Option<String>,
    /// `starter`, `pro` or `enterprise`; several with commas between them.
    plan: Option<String>,
    /// Who have this feature module on, by its key.
    module: Option<String>,
    /// Part of the name, the customerId or the billing address.
    q: Option<String>,
    /// Signed up at this time or later.
    #[serde(rename = "created_at[gte]")]
    created_from: Option<DateTime<Utc>>,
    /// Signed up before this time.
    #[serde(rename = "created_at[lt]")]
    created_until: Option<DateTime<Utc>>,
    /// As in the list.
    sort: Option<String>,
}

impl From<CustomerFileQuery> for CustomerQuery {
    fn from(query: CustomerFileQuery) -> Self {
        Self {
            status: query.status,
            plan: query.plan,
            module: query.module,
            q: query.q,
            created_from: query.created_from,
            created_until: query.created_until,
            sort: query.sort,
            limit: None,
            cursor: None,
        }
    }
}

impl CustomerQuery {
    fn filter(&self) -> Result<CustomerFilter, Problem> {
        let module = self.module.as_deref().map(|key| {
            modules::find(key).ok_or_else(|| Problem::field("module", "is not a feature module's key"))
        });
        Ok(CustomerFilter {
            statuses: several("status", self.status.as_deref())?,
            plans: several("plan", self.plan.as_deref())?,
            module: module.transpose()?,
            text: self.q.as_deref().map(|text| without_secrets("q", text).map(str::to_owned)).transpose()?,
            created: TimeRange { from: self.created_from, until: self.created_until },
            lifecycle: None,
        })
    }

    fn sort(&self) -> Result<CustomerSort, Problem> {
        Ok(parsed("sort", self.sort.as_deref())?.unwrap_or_default())
    }
}

/// Lists customers.
#[utoipa::path(get, path = "/api/admin/customers", tag = "customers", params(CustomerQuery),
    responses((status = 200, body = CustomerListing)))]
pub(crate) async fn list(
    State(state): State<ApiState>,
    Extension(actor): Extension<Actor>,
    QueryParams(query): QueryParams<CustomerQuery>,
) -> Result<Json<CustomerListing>, Problem> {
    let (filter, sort) = (query.filter()?, query.sort()?);
    let page = page_request(query.limit, query.cursor.as_deref())?;
    let client = state.client(&actor, Right::CustomersRead).await?;
    let total = rows::count(&client, &filter).await.map_err(problem_of_catalog)?;
    let found = rows::list(&client, &filter, sort, &page).await.map_err(problem_of_catalog)?;
    let data = with_figures(&client, found.data).await.map_err(problem_of_catalog)?;
    Ok(Json(CustomerListing {
        data: data.into_iter().map(|(customer, figures)| CustomerRowView::new(customer, figures)).collect(),
        next_cursor: found.next_cursor.map(|cursor| cursor.to_string()),
        total,
    }))
}

async fn with_figures(
    client: &impl GenericClient,
    customers: Vec<Customer>,
) -> Result<Vec<(Customer, Figures)>, CatalogError> {
    let ids: Vec<_> = customers.iter().map(|customer| customer.id).collect();
    let mut figures = rows::figures(client, &ids).await?;
    Ok(customers
        .into_iter()
        .map(|customer| {
            let figures = figures.remove(&customer.id).unwrap_or_default();
            (customer, figures)
        })
        .collect())
}

/// The same customers as a file, all of them. An answer that breaks off isn't whole.
#[utoipa::path(get, path = "/api/admin/customers.csv", tag = "customers", params(CustomerFileQuery),
    responses((status = 200, description = "The rows", content((String = "text/csv")))))]
pub(crate) async fn file(
    State(state): State<ApiState>,
    Extension(actor): Extension<Actor>,
    QueryParams(query): QueryParams<CustomerFileQuery>,
) -> Result<Response, Problem> {
    let query = CustomerQuery::from(query);
    let (filter, sort) = (query.filter()?, query.sort()?);
    let file = File { kind: "text/csv; charset=utf-8", name: "customers.csv", head: Some(&COLUMNS) };
    // Figures change while the file is read: whose moved from one page to another would be in none of them, or in both.
    let order = match sort.by {
        SortedBy::Figure(_) => {
            let client = state.client(&actor, Right::CustomersRead).await?;
            Order::Known(rows::ids(&client, &filter, sort).await.map_err(problem_of_catalog)?.into())
        }
        _ => Order::Sorted { filter, sort, cursor: None },
    };
    download(file, CustomerFile { state, actor, order, is_over: false }).await
}

/// In which order a file's rows are read.
enum Order {
    /// As the database sorts them, on from a cursor.
    Sorted { filter: CustomerFilter, sort: CustomerSort, cursor: Option<Cursor> },
    /// Those who are left of an order that is settled.
    Known(VecDeque<CustomerId>),
}

/// A file under way.
struct CustomerFile {
    state: ApiState,
    actor: Actor,
    order: Order,
    is_over: bool,
}

impl Pages for CustomerFile {
    async fn next(&mut self) -> Result<Option<Bytes>, Problem> {
        if self.is_over {
            return Ok(None);
        }
        // A connection for each page: whoever reads slowly holds none.
        let client = self.state.client(&self.actor, Right::CustomersRead).await?;
        let found = match &mut self.order {
            Order::Sorted { filter, sort, cursor } => {
                let request = PageRequest { limit: ROWS_AT_ONCE, cursor: cursor.take() };
                let page = rows::list(&client, filter, *sort, &request).await.map_err(problem_of_catalog)?;
                self.is_over = page.next_cursor.is_none();
                *cursor = page.next_cursor;
                page.data
            }
            Order::Known(left) => {
                let some: Vec<_> = left.drain(..left.len().min(ROWS_AT_ONCE as usize)).collect();
                self.is_over = left.is_empty();
                rows::of_ids(&client, &some).await.map_err(problem_of_catalog)?
            }
        };
        let data = with_figures(&client, found).await.map_err(problem_of_catalog)?;
        drop(client);
        let lines = csv_lines(data.into_iter().map(cells));
        lines.map(|lines| Some(lines.into())).map_err(|error| Problem::from_unexpected(&error))
    }
}

const COLUMNS: [&str; 17] = [
    "id",
    "customer_id",
    "company_name",
    "subscription_plan",
    "subscription_status",
    "billing_email",
    "industry",
    "company_size",
    "timezone",
    "trial_ends_at",
    "suspended_at",
    "enabled_module_count",
    "api_key_count",
    "requests_30d",
    "schema_version",
    "created_at",
    "updated_at",
];

fn cells((row, figures): (Customer, Figures)) -> [String; COLUMNS.len()] {
    let time = |time: DateTime<Utc>| time.to_rfc3339_opts(SecondsFormat::Micros, true);
    [
        row.id.to_string(),
        row.company_domain.unwrap_or_default(),
        row.company_name,
        row.subscription_plan.to_string(),
        row.subscription_status.to_string(),
        row.billing_email.unwrap_or_default(),
        row.industry.unwrap_or_default(),
        row.company_size.unwrap_or_default(),
        row.timezone,
        row.trial_ends_at.map(time).unwrap_or_default(),
        row.suspended_at.map(time).unwrap_or_default(),
        figures.enabled_modules.to_string(),
        figures.api_keys.to_string(),
        figures.requests_30d.to_string(),
        figures.schema_version.map(|version| version.to_string()).unwrap_or_default(),
        time(row.created_at),
        time(row.updated_at),
    ]
}
