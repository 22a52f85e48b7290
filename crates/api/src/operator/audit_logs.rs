//! What was done, by whom, and what it changed.

use std::collections::BTreeSet;

use axum::extract::State;
use axum::{Extension, Json};
use catalog::audit::{self as rows, AuditFilter, AuditRecord};
use catalog::{CatalogError, GenericClient, TimeRange, names};
use chrono::{DateTime, Utc};
use customers::{Actor, Right};
use domain::{AuditAction, CustomerId};
use problem::{PathParam, Problem, QueryParams};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use super::audit_words;
use super::customer_name::customer_id;
use super::page::{Listing, page_request, parsed};
use crate::ApiState;
use crate::problems::problem_of_catalog;

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct AuditQuery {
    /// Only about this customer: the UUID or the customerId, also of one who is gone.
    pub(super) customer: Option<String>,
    /// Only this action, such as `module_enabled`.
    pub(super) action: Option<String>,
    /// Only about resources of this type, such as `api_key`.
    pub(super) resource_type: Option<String>,
    /// Only about this resource.
    pub(super) resource_id: Option<String>,
    /// Only by this operator.
    pub(super) admin_user_id: Option<String>,
    /// Words, each of which is somewhere in the action, the thing's type or id, the reason or the old and new values. Without a
    /// customer, in the last 92 days unless told otherwise, and in 366 at most.
    #[param(min_length = 1, max_length = 200)]
    pub(super) q: Option<String>,
    /// At this time or later.
    #[serde(rename = "created_at[gte]")]
    pub(super) from: Option<DateTime<Utc>>,
    /// Before this time.
    #[serde(rename = "created_at[lt]")]
    pub(super) until: Option<DateTime<Utc>>,
    /// At most so many rows, up to 200.
    #[param(minimum = 1, maximum = 200, default = 50)]
    pub(super) limit: Option<u32>,
    /// The `next_cursor` of the page before.
    pub(super) cursor: Option<String>,
}

/// One thing that was done.
#[derive(Serialize, ToSchema)]
pub(crate) struct AuditLogView {
    id: Uuid,
    customer_uuid: Option<Uuid>,
    /// The customer's short name; null when there is no customer, or no row of theirs any more.
    #[schema(required)]
    customer_id: Option<String>,
    /// The customer's name for people; likewise.
    #[schema(required)]
    customer_name: Option<String>,
    /// The operator; null when the system did it by itself.
    admin_user_id: Option<String>,
    /// The operator's name for people; null when the system did it by itself, or when nobody has this id.
    #[schema(required)]
    admin_user_name: Option<String>,
    action: String,
    resource_type: Option<String>,
    resource_id: Option<String>,
    old_values: Option<serde_json::Value>,
    new_values: Option<serde_json::Value>,
    ip_address: Option<String>,
    user_agent: Option<String>,
    created_at: DateTime<Utc>,
}

/// What the bearer of the configured token is called.
pub(super) const BOOTSTRAP_NAME: &str = "The configured token";

impl AuditLogView {
    /// The rows with the names of whom they are about and who did it: two questions, however many rows there are.
    pub(super) async fn named(
        client: &impl GenericClient,
        rows: Vec<AuditRecord>,
    ) -> Result<Vec<Self>, CatalogError> {
        let customers: BTreeSet<_> = rows.iter().filter_map(|row| row.customer_id).collect();
        let customers: Vec<_> = customers.into_iter().map(CustomerId::uuid).collect();
        let operators: BTreeSet<_> = rows.iter().filter_map(operator_of).collect();
        let operators: Vec<_> = operators.into_iter().collect();
        let customers = names::of_customers_with_slugs(client, &customers).await?;
        let operators = names::of_operators(client, &operators).await?;
        let view = |row: AuditRecord| {
            let customer = row.customer_id.and_then(|id| customers.get(&id.uuid())).cloned();
            let (customer_name, customer_id) =
                customer.map_or((None, None), |(name, slug)| (Some(name), slug));
            let admin_user_name = match (operator_of(&row), row.admin_user_id.as_deref()) {
                (Some(id), _) => operators.get(&id).cloned(),
                (None, Some(Actor::BOOTSTRAP)) => Some(BOOTSTRAP_NAME.to_owned()),
                (None, _) => None,
            };
            Self {
                id: row.id,
                customer_uuid: row.customer_id.map(CustomerId::uuid),
                customer_id,
                customer_name,
                admin_user_id: row.admin_user_id,
                admin_user_name,
                action: row.action.to_string(),
                resource_type: row.resource_type,
                resource_id: row.resource_id,
                old_values: row.old_values,
                new_values: row.new_values,
                ip_address: row.ip_address.map(|address| address.to_string()),
                user_agent: row.user_agent,
                created_at: row.created_at,
            }
        };
        Ok(rows.into_iter().map(view).collect())
    }
}

/// The account of who did it. Other clients of the admin database may have written anything there.
fn operator_of(row: &AuditRecord) -> Option<Uuid> {
    row.admin_user_id.as_deref()?.parse().ok()
}

/// Lists what was done, the newest first.
#[utoipa::path(get, path = "/api/admin/audit-logs", tag = "audit", params(AuditQuery), responses((status = 200, body = Listing<AuditLogView>)))]
pub(crate) async fn list(
    State(state): State<ApiState>,
    Extension(actor): Extension<Actor>,
    QueryParams(query): QueryParams<AuditQuery>,
) -> Result<Json<Listing<AuditLogView>>, Problem> {
    let page = page_request(query.limit, query.cursor.as_deref())?;
    let mut client = state.client(&actor, Right::AuditRead).await?;
    let filter = filter_of(&client, query).await?;
    let found = audit_words::page_of(&mut client, &filter, &page).await?;
    let data = AuditLogView::named(&client, found.data).await.map_err(problem_of_catalog)?;
    Ok(Json(Listing { data, next_cursor: found.next_cursor.map(|cursor| cursor.to_string()) }))
}

/// One thing that was done.
#[utoipa::path(get, path = "/api/admin/audit-logs/{id}", tag = "audit",
    params(("id" = Uuid, Path, description = "The row")), responses((status = 200, body = AuditLogView)))]
pub(crate) async fn read(
    State(state): State<ApiState>,
    Extension(actor): Extension<Actor>,
    PathParam(id): PathParam<Uuid>,
) -> Result<Json<AuditLogView>, Problem> {
    let client = state.client(&actor, Right::AuditRead).await?;
    let found = rows::get(&client, id).await.map_err(problem_of_catalog)?;
    let named =
        AuditLogView::named(&client, found.into_iter().collect()).await.map_err(problem_of_catalog)?;
    let nothing = || Problem::not_found("There is no such row, or it is older than what is kept.");
    named.into_iter().next().map(Json).ok_or_else(nothing)
}

/// The filter that a query asks for.
pub(super) async fn filter_of(
    client: &impl GenericClient,
    query: AuditQuery,
) -> Result<AuditFilter, Problem> {
    let words = audit_words::words(query.q.as_deref())?;
    let customer = customer_id(client, query.customer.as_deref()).await?;
    let mut created = TimeRange { from: query.from, until: query.until };
    if customer.is_none() && !words.is_empty() {
        created = audit_words::bounded(created, Utc::now())?;
    }
    Ok(AuditFilter {
        customer,
        action: parsed::<AuditAction>("action", query.action.as_deref())?,
        resource_type: query.resource_type,
        resource_id: query.resource_id,
        admin_user_id: query.admin_user_id,
        created,
        words,
    })
}
