//! What was done, by whom, and what it changed.

use axum::extract::State;
use axum::{Extension, Json};
use catalog::audit::{self as rows, AuditFilter, AuditRecord};
use catalog::{GenericClient, TimeRange};
use chrono::{DateTime, Utc};
use customers::{Actor, Right};
use domain::{AuditAction, CustomerId};
use problem::{Problem, QueryParams};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

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
    /// The operator; null when the system did it by itself.
    admin_user_id: Option<String>,
    action: String,
    resource_type: Option<String>,
    resource_id: Option<String>,
    old_values: Option<serde_json::Value>,
    new_values: Option<serde_json::Value>,
    ip_address: Option<String>,
    user_agent: Option<String>,
    created_at: DateTime<Utc>,
}

impl From<AuditRecord> for AuditLogView {
    fn from(row: AuditRecord) -> Self {
        Self {
            id: row.id,
            customer_uuid: row.customer_id.map(CustomerId::uuid),
            admin_user_id: row.admin_user_id,
            action: row.action.to_string(),
            resource_type: row.resource_type,
            resource_id: row.resource_id,
            old_values: row.old_values,
            new_values: row.new_values,
            ip_address: row.ip_address.map(|address| address.to_string()),
            user_agent: row.user_agent,
            created_at: row.created_at,
        }
    }
}

/// Lists what was done, the newest first.
#[utoipa::path(get, path = "/api/admin/audit-logs", tag = "audit", params(AuditQuery), responses((status = 200, body = Listing<AuditLogView>)))]
pub(crate) async fn list(
    State(state): State<ApiState>,
    Extension(actor): Extension<Actor>,
    QueryParams(query): QueryParams<AuditQuery>,
) -> Result<Json<Listing<AuditLogView>>, Problem> {
    let page = page_request(query.limit, query.cursor.as_deref())?;
    let client = state.client(&actor, Right::AuditRead).await?;
    let filter = filter_of(&client, query).await?;
    let found = rows::list(&client, &filter, &page).await.map_err(problem_of_catalog)?;
    Ok(Json(Listing::of(found, AuditLogView::from)))
}

/// The filter that a query asks for.
pub(super) async fn filter_of(
    client: &impl GenericClient,
    query: AuditQuery,
) -> Result<AuditFilter, Problem> {
    Ok(AuditFilter {
        customer: customer_id(client, query.customer.as_deref()).await?,
        action: parsed::<AuditAction>("action", query.action.as_deref())?,
        resource_type: query.resource_type,
        resource_id: query.resource_id,
        admin_user_id: query.admin_user_id,
        created: TimeRange { from: query.from, until: query.until },
    })
}
