//! Backups of customers' databases, and restoring one into a new customer.

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json};
use catalog::backups::{self as rows, Backup, BackupFilter};
use catalog::{GenericClient, customers as customer_rows};
use chrono::{DateTime, Utc};
use customers::sign_up::{self, SignUpRequest};
use customers::{Actor, Right, backups};
use domain::{BackupId, BackupStatus};
use http::StatusCode;
use problem::{JsonBody, PathParam, Problem, QueryParams};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use super::customer_name::{CustomerName, customer_id};
use super::customer_views::SignUpView;
use super::customers::accepted;
use super::page::{Listing, PageQuery, by_id, limit, parsed};
use crate::ApiState;
use crate::problems::{problem_of, problem_of_catalog};

/// A backup of one database.
#[derive(Serialize, ToSchema)]
pub(crate) struct BackupView {
    id: Uuid,
    customer_uuid: Option<Uuid>,
    database_name: String,
    /// `nightly` or `manual`.
    kind: String,
    /// `running`, `succeeded` or `failed`.
    status: String,
    /// Whether the file is encrypted. Those are not that were made before backups were.
    encrypted: bool,
    size_bytes: Option<i64>,
    /// Hex SHA-256 of the file as it lies on the disk.
    sha256: Option<String>,
    postgres_version: Option<String>,
    error: Option<String>,
    started_at: DateTime<Utc>,
    finished_at: Option<DateTime<Utc>>,
}

/// A backup that will be made.
#[derive(Serialize, ToSchema)]
pub(crate) struct BackupRequested {
    /// The job that makes it, if one wasn't waiting already.
    job_id: Option<Uuid>,
}

/// A restore into a new customer.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RestoreBody {
    /// The backup.
    backup_id: Uuid,
    /// The new customer's short name.
    #[schema(pattern = "^[a-z0-9_-]+$", min_length = 1, max_length = 40)]
    customer_id: String,
    /// The new customer's company name.
    #[schema(min_length = 1, max_length = 200)]
    name: String,
    /// Where invoices go.
    #[schema(format = Email)]
    email: String,
    /// `starter`, `pro` or `enterprise`; starter when not given.
    plan: Option<String>,
    /// The IANA time zone; UTC when not given.
    timezone: Option<String>,
}

impl From<Backup> for BackupView {
    fn from(row: Backup) -> Self {
        Self {
            id: row.id.uuid(),
            customer_uuid: row.customer_id.map(domain::CustomerId::uuid),
            database_name: row.database_name,
            kind: row.kind.to_string(),
            status: row.status.to_string(),
            encrypted: row.key.is_some(),
            size_bytes: row.size_bytes,
            sha256: row.sha256,
            postgres_version: row.postgres_version,
            error: row.error,
            started_at: row.started_at,
            finished_at: row.finished_at,
        }
    }
}

/// Which backups to list.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct AllBackupsQuery {
    /// Only of this customer: the UUID or the customerId, also of one who is gone.
    customer: Option<String>,
    /// `running`, `succeeded` or `failed`.
    status: Option<String>,
    /// At most so many rows, up to 200.
    #[param(minimum = 1, maximum = 200, default = 50)]
    limit: Option<u32>,
    /// The `next_cursor` of the page before.
    cursor: Option<String>,
}

/// Lists all backups, the newest first: also those of the admin database and of customers who are gone.
#[utoipa::path(get, path = "/api/admin/backups", tag = "backups", params(AllBackupsQuery),
    responses((status = 200, body = Listing<BackupView>)))]
pub(crate) async fn list(
    State(state): State<ApiState>,
    Extension(actor): Extension<Actor>,
    QueryParams(query): QueryParams<AllBackupsQuery>,
) -> Result<Json<Listing<BackupView>>, Problem> {
    let limit = limit(query.limit)?;
    let status = parsed::<BackupStatus>("status", query.status.as_deref())?;
    let before = parsed::<BackupId>("cursor", query.cursor.as_deref())?;
    let client = state.client(&actor, Right::BackupsRead).await?;
    let customer_id = customer_id(&client, query.customer.as_deref()).await?;
    page(&client, &BackupFilter { customer_id, status, before }, limit).await
}

async fn page(
    client: &impl GenericClient,
    filter: &BackupFilter,
    limit: u32,
) -> Result<Json<Listing<BackupView>>, Problem> {
    let found = rows::list(client, filter, i64::from(limit) + 1).await.map_err(problem_of_catalog)?;
    Ok(Json(by_id(found, limit, |row| row.id.to_string(), BackupView::from)))
}

/// Lists a customer's backups, the newest first. Those of a customer who is gone stay for a while, too.
#[utoipa::path(get, path = "/api/admin/customers/{customer}/backups", tag = "backups",
    params(("customer" = String, Path, description = "The UUID or the customerId"), PageQuery),
    responses((status = 200, body = Listing<BackupView>)))]
pub(crate) async fn of_customer(
    State(state): State<ApiState>,
    Extension(actor): Extension<Actor>,
    PathParam(name): PathParam<String>,
    QueryParams(query): QueryParams<PageQuery>,
) -> Result<Json<Listing<BackupView>>, Problem> {
    let limit = limit(query.limit)?;
    let before = parsed::<BackupId>("cursor", query.cursor.as_deref())?;
    let client = state.client(&actor, Right::BackupsRead).await?;
    let customer = match CustomerName::from(name.as_str()) {
        CustomerName::Id(id) => customer_rows::any_by_id(&client, id).await,
        CustomerName::Slug(slug) => customer_rows::any_by_domain(&client, &slug).await,
    };
    let customer = customer.map_err(problem_of_catalog)?;
    let customer = customer.ok_or_else(|| problem_of(customers::UseCaseError::no_customer(&name)))?;
    page(&client, &BackupFilter { customer_id: Some(customer.id), status: None, before }, limit).await
}

/// Asks for a backup of a customer's database, to be made by the worker now.
#[utoipa::path(post, path = "/api/admin/customers/{customer}/backups", tag = "backups",
    params(("customer" = String, Path, description = "The UUID or the customerId")),
    responses((status = 202, body = BackupRequested)))]
pub(crate) async fn create(
    State(state): State<ApiState>,
    Extension(actor): Extension<Actor>,
    PathParam(customer): PathParam<String>,
) -> Result<Response, Problem> {
    let job = backups::request(&state.control_plane, &actor, &customer).await.map_err(problem_of)?;
    let body = BackupRequested { job_id: job.map(domain::JobId::uuid) };
    Ok((StatusCode::ACCEPTED, Json(body)).into_response())
}

/// Begins to restore a backup into a new customer. The old one isn't touched.
#[utoipa::path(post, path = "/api/admin/restores", tag = "backups", request_body = RestoreBody,
    responses((status = 202, description = "The restore is under way", body = SignUpView),
        (status = 404, description = "There is no such backup", body = crate::problem_document::ProblemDocument),
        (status = 409, description = "The customer_id is taken, or the backup can't be restored", body = crate::problem_document::ProblemDocument)))]
pub(crate) async fn restore(
    State(state): State<ApiState>,
    Extension(actor): Extension<Actor>,
    JsonBody(body): JsonBody<RestoreBody>,
) -> Result<Response, Problem> {
    let request = SignUpRequest {
        customer_id: body.customer_id,
        name: body.name,
        email: body.email,
        plan: body.plan.unwrap_or_else(|| "starter".to_owned()),
        modules: None,
        timezone: body.timezone,
        backup_id: Some(BackupId(body.backup_id)),
    };
    let begun = sign_up::sign_up(&state.control_plane, &actor, &request).await.map_err(problem_of)?;
    Ok(accepted(begun))
}
