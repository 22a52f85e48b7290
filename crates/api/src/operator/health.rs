//! How every part fares, as far as this server knows: what it needs itself, and what the admin database shows of the others.

mod shown;

use std::time::Duration;

use axum::extract::State;
use axum::{Extension, Json};
use catalog::health as rows;
use chrono::{DateTime, Utc};
use customers::{Actor, Right};
use futures_util::future::join_all;
use problem::Problem;
use serde::Serialize;
use tokio::time::timeout;
use utoipa::ToSchema;

use crate::ApiState;
use crate::Need;
use crate::health::{DependencyStatus, status_of};
use crate::problems::problem_of_refusal;

/// How long the admin database may take to say how the others fare.
const PATIENCE: Duration = Duration::from_secs(2);

/// How something fares.
#[derive(Serialize, ToSchema, Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[serde(rename_all = "snake_case")]
pub(crate) enum PartStatus {
    /// As it should.
    Ok,
    /// Nobody can say, because whoever knows it is away.
    Unknown,
    /// It works, but somebody should look.
    Degraded,
    /// It doesn't work.
    Down,
}

/// How the platform fares.
#[derive(Serialize, ToSchema)]
pub(crate) struct PlatformHealthView {
    /// `down` when something is down that the server can't work without, `degraded` when anything else isn't as it should be.
    status: PartStatus,
    /// What the server needs itself comes first. A part that isn't set up isn't listed.
    parts: Vec<PartView>,
}

/// A part of the platform.
#[derive(Serialize, ToSchema)]
pub(crate) struct PartView {
    /// Such as `admin_database`, `redis`, `usage`, `session_keys`, `worker`, `jobs`, `operations`, `backups`, `audit_anchors`,
    /// `audit_streams`, `clerk`, `certificate`.
    name: &'static str,
    status: PartStatus,
    /// How it is, in a sentence.
    detail: String,
    /// How long it took to answer; null for what wasn't asked itself.
    #[schema(required)]
    latency_ms: Option<f64>,
    checked_at: DateTime<Utc>,
}

impl PartView {
    fn shown(name: &'static str, status: PartStatus, detail: impl Into<String>) -> Self {
        Self { name, status, detail: detail.into(), latency_ms: None, checked_at: Utc::now() }
    }

    fn asked(dependency: DependencyStatus) -> Self {
        let status = match (dependency.status, dependency.need) {
            ("up", _) => PartStatus::Ok,
            (_, Need::Optional) => PartStatus::Degraded,
            // Operators, unlike customers, can do nothing without it.
            (_, Need::Required | Need::ToBegin) => PartStatus::Down,
        };
        let detail = dependency.detail.map_or_else(|| "It works.".to_owned(), |detail| sentence(&detail));
        Self { latency_ms: Some(dependency.latency_ms), ..Self::shown(dependency.name, status, detail) }
    }
}

/// `can't be reached` as "It can't be reached."
fn sentence(detail: &str) -> String {
    let is_verb = ["can't ", "refuses ", "still "].iter().any(|verb| detail.starts_with(verb));
    let mut text = if is_verb { format!("It {detail}") } else { detail.to_owned() };
    if let Some(first) = text.get_mut(..1) {
        first.make_ascii_uppercase();
    }
    text.push('.');
    text
}

/// How every part fares: the admin database, Redis, usage, the worker, backups, and what else is set up. Says only what is
/// really known: what can't be asked is `unknown`.
#[utoipa::path(get, path = "/api/admin/health", tag = "health",
    responses((status = 200, body = PlatformHealthView)))]
pub(crate) async fn health(
    State(state): State<ApiState>,
    Extension(actor): Extension<Actor>,
) -> Result<Json<PlatformHealthView>, Problem> {
    // Every role has it.
    actor.permit(Right::CustomersRead).map_err(problem_of_refusal)?;
    let (asked, shown) =
        tokio::join!(join_all(state.dependencies.iter().map(status_of)), look(&state, &actor));
    let mut parts: Vec<_> = asked.into_iter().map(PartView::asked).collect();
    let is_down = parts.iter().any(|part| part.status == PartStatus::Down);
    let now = Utc::now();
    parts.extend(match shown {
        Some(health) => shown::parts(&health, now, state.clerk_webhook.is_some()),
        None => shown::unknown(),
    });
    let expires = state.certificate.as_ref().and_then(|certificate| certificate.expires_at());
    parts.extend(expires.map(|expires| shown::certificate(expires.into(), now)));
    let worst = parts.iter().map(|part| part.status).max();
    let status = match worst {
        _ if is_down => PartStatus::Down,
        Some(PartStatus::Degraded | PartStatus::Down) => PartStatus::Degraded,
        _ => PartStatus::Ok,
    };
    Ok(Json(PlatformHealthView { status, parts }))
}

/// What the admin database shows; `None` when it can't be asked in time.
async fn look(state: &ApiState, actor: &Actor) -> Option<rows::Health> {
    let looked = timeout(PATIENCE, async {
        let client = state.client(actor, Right::CustomersRead).await.ok()?;
        rows::read(&client)
            .await
            .inspect_err(|error| tracing::warn!(%error, "how the parts fare can't be read"))
            .ok()
    });
    looked.await.ok().flatten()
}
