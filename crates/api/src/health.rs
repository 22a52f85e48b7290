//! Is the server alive, and can it work: `/api/health` and `/api/ready`.

use std::sync::Arc;
use std::time::{Duration, Instant};

use async_trait::async_trait;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use futures_util::future::join_all;
use http::{HeaderValue, StatusCode, header};
use serde::Serialize;
use utoipa::ToSchema;

use crate::ApiState;

/// How long a dependency may take to answer before it counts as down.
const LONGEST_CHECK: Duration = Duration::from_secs(2);

/// Whether the server can work without a dependency.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Need {
    /// Without it, the server is not ready.
    Required,
    /// It was needed to begin. The server has begun, and goes on without it for those whom it knows: whoever shares out
    /// requests among servers must not take all of them away at once.
    ToBegin,
    /// Without it, the server works, but worse.
    Optional,
}

/// Something the server needs.
#[async_trait]
pub trait Dependency: Send + Sync {
    /// Its name in the answer.
    fn name(&self) -> &'static str;

    /// Whether the server can work without it.
    fn need(&self) -> Need;

    /// Asks it whether it works. The text says what is wrong, without internals.
    async fn check(&self) -> Result<(), String>;
}

#[derive(Serialize, ToSchema)]
pub(crate) struct Health {
    /// Always `ok`.
    status: &'static str,
    /// The server's version.
    version: &'static str,
}

#[derive(Serialize, ToSchema)]
pub(crate) struct Readiness {
    /// `ready`, `degraded` (something optional is down) or `unavailable`.
    status: &'static str,
    dependencies: Vec<DependencyStatus>,
}

#[derive(Serialize, ToSchema)]
pub(crate) struct DependencyStatus {
    pub(crate) name: &'static str,
    /// `up` or `down`.
    pub(crate) status: &'static str,
    pub(crate) required: bool,
    #[serde(skip)]
    pub(crate) need: Need,
    /// How long it took to answer, in milliseconds.
    pub(crate) latency_ms: f64,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) detail: Option<String>,
}

pub(crate) fn router(state: &ApiState) -> Router {
    Router::new().route("/api/health", get(health)).route("/api/ready", get(ready)).with_state(state.clone())
}

/// Whether the process is alive. Asks nobody else.
#[utoipa::path(get, path = "/api/health", tag = "health", responses((status = 200, body = Health)), security(()))]
pub(crate) async fn health() -> Json<Health> {
    Json(Health { status: "ok", version: env!("CARGO_PKG_VERSION") })
}

/// Whether the server can work, and how each dependency answers.
#[utoipa::path(get, path = "/api/ready", tag = "health", security(()), responses(
    (status = 200, description = "Ready, or degraded", body = Readiness),
    (status = 503, description = "Something required is down", body = Readiness),
))]
pub(crate) async fn ready(State(state): State<ApiState>) -> Response {
    let dependencies = join_all(state.dependencies.iter().map(status_of)).await;
    let down =
        |required: bool| dependencies.iter().any(|one| one.status == "down" && one.required == required);
    let (code, status) = match (down(true), down(false)) {
        (true, _) => (StatusCode::SERVICE_UNAVAILABLE, "unavailable"),
        (false, true) => (StatusCode::OK, "degraded"),
        (false, false) => (StatusCode::OK, "ready"),
    };
    let mut response = (code, Json(Readiness { status, dependencies })).into_response();
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

pub(crate) async fn status_of(dependency: &Arc<dyn Dependency>) -> DependencyStatus {
    let started = Instant::now();
    let outcome = tokio::time::timeout(LONGEST_CHECK, dependency.check())
        .await
        .unwrap_or_else(|_| Err(format!("no answer within {} s", LONGEST_CHECK.as_secs())));
    // After the check, which may be the first good one.
    let need = dependency.need();
    let latency_ms = (started.elapsed().as_secs_f64() * 1e6).round() / 1e3;
    DependencyStatus {
        name: dependency.name(),
        status: if outcome.is_ok() { "up" } else { "down" },
        required: need == Need::Required,
        need,
        latency_ms,
        detail: outcome.err(),
    }
}
