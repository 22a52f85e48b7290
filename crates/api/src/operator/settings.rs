//! What the server was started with, for people who look. Nothing secret is in it, nor where a secret is.

use axum::extract::State;
use axum::{Extension, Json};
use catalog::api_keys::NewApiKey;
use chrono::{DateTime, Utc};
use customers::{Actor, Right};
use domain::{CustomerId, Plan, modules};
use problem::Problem;
use serde::Serialize;
use utoipa::ToSchema;

use super::schemas;
use crate::ApiState;
use crate::problems::problem_of_refusal;
use crate::settings::LimitSetting;

/// What the server was started with.
#[derive(Serialize, ToSchema)]
pub(crate) struct SettingsView {
    /// The server's version.
    version: &'static str,
    started_at: DateTime<Utc>,
    server: ServerSettings,
    sign_in: SignInSettings,
    clerk: ClerkSettings,
    limits: LimitSettings,
    subscriptions: SubscriptionSettings,
    usage: UsageSettings,
    plans: Vec<PlanView>,
    schema: SchemaSettings,
}

#[derive(Serialize, ToSchema)]
struct ServerSettings {
    /// Whether it speaks HTTPS itself.
    https: bool,
    /// Until when its certificate is good; null where it speaks plain HTTP.
    #[schema(required)]
    certificate_expires_at: Option<DateTime<Utc>>,
    /// The networks of the proxies whose X-Forwarded-For counts.
    trusted_proxies: Vec<String>,
    /// The sites whose pages may ask the customer API.
    cors_origins: Vec<String>,
    /// How long `POST /api/provision` waits for a customer to be ready.
    provision_wait_seconds: u64,
    /// Whether metrics are served for Prometheus.
    metrics: bool,
}

#[derive(Serialize, ToSchema)]
struct SignInSettings {
    /// The OpenID provider that vouches for operators; null without one.
    #[schema(required)]
    openid_issuer: Option<String>,
    /// Whether the token of the configuration is taken.
    configured_token: bool,
}

#[derive(Serialize, ToSchema)]
struct ClerkSettings {
    /// Whether its messages are taken.
    webhook: bool,
    /// Whether its session tokens are taken.
    sessions: bool,
}

#[derive(Serialize, ToSchema)]
struct LimitSettings {
    /// How many requests a customer may make over all keys; null is without limit.
    #[schema(required)]
    customer: Option<LimitView>,
    /// How many a customer may make on some routes.
    routes: Vec<RouteLimitView>,
    /// What a key may do unless told otherwise.
    default_key: LimitView,
    /// What a limit does while Redis is away: each server counts for itself (`local`), everything passes (`open`), or what isn't
    /// granted already is refused (`closed`).
    #[schema(schema_with = schemas::without_redis)]
    without_redis: &'static str,
}

#[derive(Serialize, ToSchema)]
struct LimitView {
    requests: u64,
    #[schema(schema_with = schemas::period)]
    period: String,
    /// What it does while Redis is away; null is as all limits do.
    #[schema(required)]
    without_redis: Option<&'static str>,
}

#[derive(Serialize, ToSchema)]
struct RouteLimitView {
    /// Method and path, such as `POST /api/v1/deals`.
    route: String,
    requests: u64,
    #[schema(schema_with = schemas::period)]
    period: String,
    /// What it does while Redis is away; null is as all limits do.
    #[schema(required)]
    without_redis: Option<&'static str>,
}

#[derive(Serialize, ToSchema)]
struct SubscriptionSettings {
    /// For how many days a customer whose subscription has ended may still read.
    grace_days: u32,
}

#[derive(Serialize, ToSchema)]
struct UsageSettings {
    /// How much of this machine's disk usage may take that isn't in the admin database yet.
    spool_bytes: u64,
}

/// A plan and what is in it.
#[derive(Serialize, ToSchema)]
struct PlanView {
    #[schema(schema_with = schemas::plan)]
    plan: String,
    /// The keys of its modules.
    modules: Vec<&'static str>,
}

#[derive(Serialize, ToSchema)]
struct SchemaSettings {
    /// The newest version of the admin database's schema that this server knows.
    admin: i32,
    /// The same of customers' databases.
    customer: i32,
}

impl From<&LimitSetting> for LimitView {
    fn from(limit: &LimitSetting) -> Self {
        Self { requests: limit.requests, period: limit.period.clone(), without_redis: limit.without_redis }
    }
}

/// What this server was started with, and what is in the plans. Other servers may have been started otherwise; what only the
/// worker is told, such as how long the audit log is kept, isn't here.
#[utoipa::path(get, path = "/api/admin/settings", tag = "settings", responses((status = 200, body = SettingsView)))]
pub(crate) async fn settings(
    State(state): State<ApiState>,
    Extension(actor): Extension<Actor>,
) -> Result<Json<SettingsView>, Problem> {
    // Every role has it.
    actor.permit(Right::CustomersRead).map_err(problem_of_refusal)?;
    let given = &state.settings;
    let certificate = state.certificate.as_ref();
    let plan = |plan: &Plan| PlanView {
        plan: plan.to_string(),
        modules: modules::of_plan(*plan).map(|module| module.key()).collect(),
    };
    let route = |(route, limit): &(String, LimitSetting)| RouteLimitView {
        route: route.clone(),
        requests: limit.requests,
        period: limit.period.clone(),
        without_redis: limit.without_redis,
    };
    Ok(Json(SettingsView {
        version: env!("CARGO_PKG_VERSION"),
        started_at: state.started_at,
        server: ServerSettings {
            https: certificate.is_some(),
            certificate_expires_at: certificate.and_then(|shown| shown.expires_at()).map(DateTime::from),
            trusted_proxies: given.trusted_proxies.clone(),
            cors_origins: given.cors_origins.clone(),
            provision_wait_seconds: given.provision_wait_seconds,
            metrics: given.has_metrics,
        },
        sign_in: SignInSettings {
            openid_issuer: state.openid.as_ref().map(|provider| provider.issuer().to_owned()),
            configured_token: state.operator_token.is_some(),
        },
        clerk: ClerkSettings { webhook: state.clerk_webhook.is_some(), sessions: given.has_sessions },
        limits: LimitSettings {
            customer: given.customer_limit.as_ref().map(LimitView::from),
            routes: given.route_limits.iter().map(route).collect(),
            default_key: default_key_limit(),
            without_redis: given.limits_without_redis,
        },
        subscriptions: SubscriptionSettings { grace_days: given.grace_days },
        usage: UsageSettings { spool_bytes: given.usage_spool_bytes },
        plans: Plan::ALL.iter().map(plan).collect(),
        schema: SchemaSettings {
            admin: schema::MigrationSet::admin().latest(),
            customer: schema::MigrationSet::customer().latest(),
        },
    }))
}

/// As a key is made when nobody says otherwise.
fn default_key_limit() -> LimitView {
    let key = NewApiKey::with_defaults(CustomerId::generate(), String::new(), String::new(), String::new());
    LimitView {
        requests: u64::try_from(key.rate_limit_requests).unwrap_or(0),
        period: key.rate_limit_period.to_string(),
        without_redis: None,
    }
}
