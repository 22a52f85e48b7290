//! Customers: sign up, read, suspend, resume, delete.

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json};
use catalog::customers::{self as rows, CustomerChanges};
use catalog::{instances, modules};
use customers::sign_up::{SignUpRequest, SignedUp};
use customers::{Actor, Right, profile, removal, sign_up, subscription};
use http::{HeaderMap, HeaderValue, StatusCode, header};
use problem::{JsonBody, PathParam, Problem};
use secrets::ExposeSecret;
use serde::Deserialize;
use utoipa::ToSchema;

use super::customer_views::{
    CustomerDetails, CustomerView, InstanceView, NewCustomerView, NewKeyView, SignUpView,
};
use super::entity_tag;
use super::merge_patch::{may_be_empty, never_empty};
use super::operations::{self, OperationView};
use crate::ApiState;
use crate::problems::{problem_of, problem_of_catalog};

/// A sign-up.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewCustomerBody {
    /// The customer's short name.
    #[schema(pattern = "^[a-z0-9_-]+$", min_length = 1, max_length = 40, example = "acme")]
    customer_id: String,
    /// The company's name.
    #[schema(min_length = 1, max_length = 200)]
    name: String,
    /// Where invoices go.
    #[schema(format = Email)]
    email: String,
    /// `starter`, `pro` or `enterprise`.
    #[schema(example = "pro")]
    plan: String,
    /// The feature modules; the plan's when not given.
    modules: Option<Vec<String>>,
    /// The IANA time zone; UTC when not given.
    timezone: Option<String>,
}

#[derive(Deserialize, ToSchema, Default)]
#[serde(deny_unknown_fields)]
pub(crate) struct SuspensionBody {
    /// Why.
    #[schema(max_length = 500)]
    reason: Option<String>,
}

/// Begins to sign a customer up. The operation tells when they are ready.
#[utoipa::path(post, path = "/api/admin/customers", tag = "customers", request_body = NewCustomerBody, responses(
    (status = 202, description = "The sign-up is under way", body = SignUpView),
    (status = 409, description = "The customer_id is taken", body = crate::problem_document::ProblemDocument),
))]
pub(crate) async fn create(
    State(state): State<ApiState>,
    Extension(actor): Extension<Actor>,
    JsonBody(body): JsonBody<NewCustomerBody>,
) -> Result<Response, Problem> {
    let request = SignUpRequest {
        customer_id: body.customer_id,
        name: body.name,
        email: body.email,
        plan: body.plan,
        modules: body.modules,
        timezone: body.timezone,
        backup_id: None,
    };
    let begun = sign_up::sign_up(&state.control_plane, &actor, &request).await.map_err(problem_of)?;
    Ok(accepted(begun))
}

/// The answer to a sign-up that has begun.
pub(crate) fn accepted(begun: SignedUp) -> Response {
    let location = operations::location(begun.operation.id);
    let view = SignUpView {
        customer: NewCustomerView {
            id: begun.customer_id.uuid(),
            customer_id: begun.slug.to_string(),
            modules: begun.modules,
        },
        api_key: NewKeyView {
            id: begun.api_key_id.uuid(),
            key: begun.api_key.secret().expose_secret().to_owned(),
            prefix: begun.api_key.display_prefix(),
        },
        operation: OperationView::new(begun.operation, Vec::new()),
    };
    let no_store = (header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    (StatusCode::ACCEPTED, [(header::LOCATION, location), no_store], Json(view)).into_response()
}

/// One customer with modules and instance.
#[utoipa::path(get, path = "/api/admin/customers/{customer}", tag = "customers",
    params(("customer" = String, Path, description = "The UUID or the customerId")),
    responses((status = 200, body = CustomerDetails)))]
pub(crate) async fn read(
    State(state): State<ApiState>,
    Extension(actor): Extension<Actor>,
    PathParam(name): PathParam<String>,
) -> Result<Response, Problem> {
    let client = state.client(&actor, Right::CustomersRead).await?;
    let found = rows::by_slug_or_id(&client, &name).await.map_err(problem_of_catalog)?;
    let customer = found.ok_or_else(|| problem_of(customers::UseCaseError::no_customer(&name)))?;
    let instance = instances::of_customer(&client, customer.id).await.map_err(problem_of_catalog)?;
    let modules = modules::of_customer(&client, customer.id).await.map_err(problem_of_catalog)?;
    let updated_at = customer.updated_at;
    let details = CustomerDetails {
        customer: customer.into(),
        modules: modules
            .into_iter()
            .filter(|module| module.enabled)
            .map(|module| module.module_key)
            .collect(),
        instance: instance.map(|instance| InstanceView {
            id: instance.id.uuid(),
            backend: instance.backend,
            host: instance.host,
            port: instance.port,
            system_identifier: instance.system_identifier.map(|identifier| identifier.to_string()),
            postgres_version: instance.postgres_version,
            schema_version: instance.schema_version,
        }),
    };
    Ok(entity_tag::tagged(updated_at, Json(details)))
}

/// What to change about a customer. A field that isn't given stays; null empties one that may be empty.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct CustomerPatch {
    #[schema(min_length = 1, max_length = 200, nullable = false)]
    #[serde(default, deserialize_with = "never_empty")]
    company_name: Option<String>,
    /// The IANA time zone.
    #[schema(nullable = false)]
    #[serde(default, deserialize_with = "never_empty")]
    timezone: Option<String>,
    #[serde(default, deserialize_with = "may_be_empty")]
    company_logo_url: Option<Option<String>>,
    #[serde(default, deserialize_with = "may_be_empty")]
    industry: Option<Option<String>>,
    #[serde(default, deserialize_with = "may_be_empty")]
    company_size: Option<Option<String>>,
    /// Where invoices go.
    #[serde(default, deserialize_with = "may_be_empty")]
    billing_email: Option<Option<String>>,
    /// The identity provider's organization.
    #[serde(default, deserialize_with = "may_be_empty")]
    clerk_org_id: Option<Option<String>>,
    /// The identity provider's user who administers it.
    #[serde(default, deserialize_with = "may_be_empty")]
    clerk_admin_user_id: Option<Option<String>>,
}

/// Changes what is known about a customer.
#[utoipa::path(patch, path = "/api/admin/customers/{customer}", tag = "customers",
    params(("customer" = String, Path, description = "The UUID or the customerId"),
        ("If-Match" = Option<String>, Header, description = "The ETag of the version that you read")),
    request_body = CustomerPatch, responses((status = 200, body = CustomerView),
        (status = 409, description = "The identity provider's organization is another customer's", body = crate::problem_document::ProblemDocument),
        (status = 412, description = "The customer was changed since", body = crate::problem_document::ProblemDocument)))]
pub(crate) async fn update(
    State(state): State<ApiState>,
    Extension(actor): Extension<Actor>,
    PathParam(name): PathParam<String>,
    headers: HeaderMap,
    JsonBody(body): JsonBody<CustomerPatch>,
) -> Result<Response, Problem> {
    let changes = CustomerChanges {
        company_name: body.company_name,
        timezone: body.timezone,
        company_logo_url: body.company_logo_url,
        industry: body.industry,
        company_size: body.company_size,
        billing_email: body.billing_email,
        clerk_org_id: body.clerk_org_id,
        clerk_admin_user_id: body.clerk_admin_user_id,
        ..CustomerChanges::default()
    };
    let if_match = entity_tag::if_match(&headers)?;
    let customer =
        profile::update(&state.control_plane, &actor, &name, changes, if_match).await.map_err(problem_of)?;
    Ok(entity_tag::tagged(customer.updated_at, Json(CustomerView::from(customer))))
}

/// Stops serving a customer. The data stays.
#[utoipa::path(post, path = "/api/admin/customers/{customer}/suspend", tag = "customers",
    params(("customer" = String, Path, description = "The UUID or the customerId")),
    request_body = SuspensionBody, responses((status = 200, body = CustomerView)))]
pub(crate) async fn suspend(
    State(state): State<ApiState>,
    Extension(actor): Extension<Actor>,
    PathParam(name): PathParam<String>,
    JsonBody(body): JsonBody<SuspensionBody>,
) -> Result<Json<CustomerView>, Problem> {
    if body.reason.as_ref().is_some_and(|reason| reason.chars().count() > 500 || reason.contains('\0')) {
        return Err(Problem::field("/reason", "must be at most 500 characters, none of them NUL"));
    }
    let customer = subscription::suspend(&state.control_plane, &actor, &name, body.reason.as_deref()).await;
    customer.map(|customer| Json(customer.into())).map_err(problem_of)
}

/// Serves a suspended customer again.
#[utoipa::path(post, path = "/api/admin/customers/{customer}/resume", tag = "customers",
    params(("customer" = String, Path, description = "The UUID or the customerId")),
    responses((status = 200, body = CustomerView),
        (status = 409, description = "The customer isn't suspended", body = crate::problem_document::ProblemDocument)))]
pub(crate) async fn resume(
    State(state): State<ApiState>,
    Extension(actor): Extension<Actor>,
    PathParam(name): PathParam<String>,
) -> Result<Json<CustomerView>, Problem> {
    let customer = subscription::resume(&state.control_plane, &actor, &name).await;
    customer.map(|customer| Json(customer.into())).map_err(problem_of)
}

/// Begins to delete a customer with everything they have. Their keys stop working at once.
#[utoipa::path(delete, path = "/api/admin/customers/{customer}", tag = "customers",
    params(("customer" = String, Path, description = "The UUID or the customerId"),
        ("If-Match" = Option<String>, Header, description = "The ETag of the version that you read")),
    responses((status = 202, description = "The removal is under way", body = OperationView),
        (status = 409, description = "Another operation works on the customer", body = crate::problem_document::ProblemDocument),
        (status = 412, description = "The customer was changed since", body = crate::problem_document::ProblemDocument)))]
pub(crate) async fn remove(
    State(state): State<ApiState>,
    Extension(actor): Extension<Actor>,
    PathParam(name): PathParam<String>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let if_match = entity_tag::if_match(&headers)?;
    let operation =
        removal::remove(&state.control_plane, &actor, &name, if_match).await.map_err(problem_of)?;
    Ok(operations::accepted(operation))
}
