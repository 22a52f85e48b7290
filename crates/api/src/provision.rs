//! `POST /api/provision` and `GET /api/provision/{customerId}`: the endpoint that existing clients call.
//!
//! Its fields are in camelCase, and every answer has `success` and `message`; the rest of the API does neither.

use std::collections::BTreeMap;
use std::time::Duration;

use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json};
use catalog::{PageRequest, api_keys, customers as customer_rows, modules};
use customers::sign_up::{SignUpRequest, SignedUp};
use customers::{Actor, Right, UseCaseError, operations, sign_up};
use domain::OperationStatus;
use http::{HeaderValue, StatusCode, header};
use problem::{JsonBody, PathParam, Problem};
use secrets::ExposeSecret;
use serde::{Deserialize, Serialize};
use tokio::time::Instant;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::ApiState;
use crate::problems::{problem_of_catalog, problem_with_fields};

/// How long a stopping server waits for a sign-up to be taken back.
const LAST_PATIENCE: Duration = Duration::from_secs(5);

/// How many of a customer's keys `GET` shows, the newest first; `/api/admin` pages through all.
const MOST_KEYS: u32 = 200;

/// A sign-up.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct ProvisionRequest {
    /// The customer's short name.
    #[schema(pattern = "^[a-z0-9_-]+$", min_length = 1, max_length = 40, example = "acme")]
    customer_id: String,
    /// The company's name.
    #[schema(min_length = 1, max_length = 200, example = "Acme Corporation")]
    customer_name: String,
    /// Where invoices go.
    #[schema(format = Email, example = "ada@acme.example")]
    customer_email: String,
    /// `starter`, `pro` or `enterprise`.
    #[schema(example = "pro")]
    plan: String,
    /// The feature modules; the plan's when not given.
    modules: Option<Vec<String>>,
    /// The IANA time zone; UTC when not given.
    #[schema(example = "Europe/Berlin")]
    timezone: Option<String>,
}

/// A customer who is ready.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Provisioned {
    success: bool,
    customer_id: String,
    customer_uuid: Uuid,
    api_key: ProvisionedKey,
    enabled_modules: Vec<String>,
    message: String,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ProvisionedKey {
    /// The key itself. It is shown here and never again.
    key: String,
    key_id: Uuid,
    prefix: String,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ProvisionedCustomer {
    success: bool,
    customer: KnownCustomer,
    modules: Vec<KnownModule>,
    api_keys: Vec<KnownApiKey>,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct KnownCustomer {
    id: Uuid,
    name: String,
    domain: Option<String>,
    plan: String,
    status: String,
    created_at: chrono::DateTime<chrono::Utc>,
}

#[derive(Serialize, ToSchema)]
struct KnownModule {
    name: String,
    enabled: bool,
}

#[derive(Serialize, ToSchema)]
struct KnownApiKey {
    id: Uuid,
    prefix: String,
    name: String,
    status: String,
}

/// Signs a customer up and waits until their database is ready.
///
/// All or nothing: with any other answer than 201, nothing of the customer stays.
#[utoipa::path(post, path = "/api/provision", tag = "provisioning", request_body = ProvisionRequest, responses(
    (status = 201, description = "The customer is ready", body = Provisioned),
    (status = 409, description = "The customerId is taken", body = crate::problem_document::ProblemDocument),
))]
pub(crate) async fn provision(
    State(state): State<ApiState>,
    Extension(actor): Extension<Actor>,
    body: Result<JsonBody<ProvisionRequest>, Problem>,
) -> Result<Response, Problem> {
    let JsonBody(request) = body?;
    let request = SignUpRequest {
        customer_id: request.customer_id,
        name: request.customer_name,
        email: request.customer_email,
        plan: request.plan,
        modules: request.modules,
        timezone: request.timezone,
        backup_id: None,
    };
    // In a task of its own: a caller who hangs up must not leave the sign-up without somebody who waits for it.
    let waiting = tokio::spawn(async move { sign_up_and_wait(&state, &actor, &request).await });
    match waiting.await {
        Ok(outcome) => outcome.map(created),
        Err(panicked) => Err(Problem::from_unexpected(&panicked)),
    }
}

async fn sign_up_and_wait(
    state: &ApiState,
    actor: &Actor,
    request: &SignUpRequest,
) -> Result<SignedUp, Problem> {
    let deadline = Instant::now() + state.provision_wait;
    let begun = sign_up::sign_up(&state.control_plane, actor, request).await.map_err(in_camel_case)?;
    let id = begun.operation.id;
    let finished = tokio::select! {
        finished = state.watcher.wait_until_finished(id, deadline) => finished,
        // The server stops: nobody will be there to hand the key over, so the customer must not stay.
        () = state.stop.cancelled() => None,
    };
    if let Some(operation) = finished {
        return outcome(begun, operation.status);
    }
    // Too late: take it back. If it got ready in the very last moment, it is ready after all.
    match operations::cancel(&state.control_plane, &actor.as_the_system(), id).await {
        Ok(_) | Err(UseCaseError::Conflict(_)) => {}
        Err(error) => {
            tracing::warn!(%error, operation = %id, "a sign-up that took too long can't be taken back now");
        }
    }
    let patience = if state.stop.is_cancelled() { LAST_PATIENCE } else { state.provision_wait / 4 };
    match state.watcher.wait_until_finished(id, Instant::now() + patience).await {
        Some(operation) => outcome(begun, operation.status),
        None => Err(Problem::provisioning_failed(format!(
            "The customer was not ready in time and is being taken back. GET /api/provision/{} tells when it is gone; \
             then try again. Operators find the reason in operation {id}.",
            begun.slug,
        ))
        .with("operation_id", id.to_string())
        .retry_after(30)),
    }
}

fn outcome(begun: SignedUp, status: OperationStatus) -> Result<SignedUp, Problem> {
    if status == OperationStatus::Succeeded {
        return Ok(begun);
    }
    let id = begun.operation.id;
    let what_is_left = match status {
        OperationStatus::Dead => "An operator has to clean up before it can be tried again",
        _ => "Nothing of it is left, so it can be tried again",
    };
    Err(Problem::provisioning_failed(format!(
        "The customer's database could not be made. {what_is_left}. Operators find the reason in operation {id}."
    ))
    .with("operation_id", id.to_string())
    .retry_after(30))
}

fn created(ready: SignedUp) -> Response {
    let location = format!("/api/provision/{}", ready.slug);
    let body = Provisioned {
        success: true,
        customer_id: ready.slug.to_string(),
        customer_uuid: ready.customer_id.uuid(),
        api_key: ProvisionedKey {
            key: ready.api_key.secret().expose_secret().to_owned(),
            key_id: ready.api_key_id.uuid(),
            prefix: ready.api_key.display_prefix(),
        },
        enabled_modules: ready.modules,
        message: format!("Customer {} is ready. Keep the API key: it is not shown again.", ready.slug),
    };
    let mut response = (StatusCode::CREATED, Json(body)).into_response();
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    if let Ok(location) = HeaderValue::from_str(&location) {
        response.headers_mut().insert(header::LOCATION, location);
    }
    response
}

/// What is known of a customer.
#[utoipa::path(get, path = "/api/provision/{customerId}", tag = "provisioning",
    params(("customerId" = String, Path, description = "The customerId, or the customer's UUID")),
    responses((status = 200, body = ProvisionedCustomer)))]
pub(crate) async fn provisioned(
    State(state): State<ApiState>,
    Extension(actor): Extension<Actor>,
    PathParam(customer): PathParam<String>,
) -> Result<Json<ProvisionedCustomer>, Problem> {
    read(&state, &actor, &customer).await.map(Json)
}

async fn read(state: &ApiState, actor: &Actor, name: &str) -> Result<ProvisionedCustomer, Problem> {
    let client = state.client(actor, Right::CustomersRead).await?;
    let found = customer_rows::by_slug_or_id(&client, name).await.map_err(problem_of_catalog)?;
    let customer = found.ok_or_else(|| Problem::not_found(format!("There is no customer {name:?}.")))?;
    let modules = modules::of_customer(&client, customer.id).await.map_err(problem_of_catalog)?;
    let keys = api_keys::list(&client, customer.id, None, &PageRequest { limit: MOST_KEYS, cursor: None })
        .await
        .map_err(problem_of_catalog)?;
    Ok(ProvisionedCustomer {
        success: true,
        customer: KnownCustomer {
            id: customer.id.uuid(),
            name: customer.company_name,
            domain: customer.company_domain,
            plan: customer.subscription_plan.to_string(),
            status: customer.subscription_status.to_string(),
            created_at: customer.created_at,
        },
        modules: modules
            .into_iter()
            .map(|module| KnownModule { name: module.module_key, enabled: module.enabled })
            .collect(),
        api_keys: keys
            .data
            .into_iter()
            .map(|key| KnownApiKey {
                id: key.id.uuid(),
                prefix: key.key_prefix,
                name: key.name,
                status: key.status.to_string(),
            })
            .collect(),
    })
}

/// The use cases call fields as the operator API does; this endpoint's clients know them by other names.
fn in_camel_case(error: UseCaseError) -> Problem {
    let names =
        BTreeMap::from([("customer_id", "customerId"), ("name", "customerName"), ("email", "customerEmail")]);
    problem_with_fields(error, |field| {
        names.get(field).map_or_else(|| field.to_owned(), |name| (*name).to_owned())
    })
}

/// Adds `success` and `message` to every problem of this endpoint, whichever layer it comes from. Goes round them all.
///
/// Only the problem in the extensions is changed: the request id's layer, further out, writes the body from it.
pub(crate) async fn for_old_clients(request: Request, next: Next) -> Response {
    let path = request.uri().path();
    let is_asked = path == "/api/provision" || path.starts_with("/api/provision/");
    let mut response = next.run(request).await;
    if is_asked && let Some(problem) = response.extensions_mut().remove::<Problem>() {
        let message = problem.detail().to_owned();
        response.extensions_mut().insert(problem.with("success", false).with("message", message));
    }
    response
}
