//! HTTP: the routes by audience, problem documents, the OpenAPI document and its page, the dashboard.
//!
//! A handler parses, calls one use case and converts. What a customer's program may call is in `crm`; this crate
//! puts the gateway's layers round it.

mod bodies;
mod browsers;
mod connection;
mod customer_log;
mod dashboard;
mod docs;
mod every_request;
mod fallback;
mod health;
mod joined;
mod known_parameters;
mod news;
mod openapi;
mod operator;
mod other_sites;
mod patience;
mod problem_document;
mod problems;
mod provision;
mod server;
mod settings;
mod silence;
mod tls;
mod unread;
mod webhooks;

use std::sync::Arc;
use std::time::Duration;

use audit_streams::AuditStreams;
use axum::Router;
use axum::routing::any;
use catalog::Client;
use chrono::{DateTime, Utc};
use customer_db::CustomerDatabases;
pub use customer_log::DatabaseLog;
use customers::{Actor, ControlPlane, Right};
use gateway::{Gateway, TrustedProxies};
use identity::Identity;
use identity::impersonation::CustomerLog;
use identity::openid::OpenIdProvider;
use operator::streams::EventStreams;
use problem::Problem;
use provisioning::OperationWatcher;
use secrets::OperatorToken;
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;
use tower::Layer as _;

pub use every_request::Answering;
use every_request::EveryRequest;
pub use health::{Dependency, Need};
pub use news::NewsDesk;
pub use openapi::document as openapi_document;
pub use other_sites::{AllowedOrigins, OriginError};
pub use server::{Door, Routes, ServerLimits, serve};
pub use settings::{LimitSetting, Settings};
pub use tls::{CertificateError, CertificateFiles, ChallengeAnswers, ServerCertificate};

/// How long a request may take. Sign-ups wait for their operation, so it is longer than their own limit.
const LONGEST_REQUEST: Duration = Duration::from_secs(150);

/// How long a body may pause before its request is given up.
const SLOWEST_BODY: Duration = Duration::from_secs(15);

const EVERY_REQUEST: EveryRequest =
    EveryRequest { longest: LONGEST_REQUEST, slowest_body: SLOWEST_BODY, is_https: false };

/// Everything the API stands on.
pub struct ApiParts {
    /// The use cases of the control plane.
    pub control_plane: ControlPlane,
    /// Watches operations for whoever waits for them.
    pub watcher: OperationWatcher,
    /// Tells dashboards what changed.
    pub news: NewsDesk,
    /// The layers that every customer request passes.
    pub gateway: Gateway,
    /// The customers' databases.
    pub databases: CustomerDatabases,
    /// What `/api/ready` asks.
    pub dependencies: Vec<Arc<dyn Dependency>>,
    /// Operators and how they come in.
    pub identity: Identity,
    /// To whom the audit log is told.
    pub audit_streams: AuditStreams,
    /// The token of the configuration, with which the first owner is made; none when it is turned off.
    pub operator_token: Option<OperatorToken>,
    /// The sites whose pages may ask the customer API.
    pub allowed_origins: AllowedOrigins,
    /// Where messages of Clerk come in, if they do.
    pub clerk_webhook: Option<clerk::Webhook>,
    /// The OpenID provider that vouches for operators, if there is one.
    pub openid: Option<Arc<OpenIdProvider>>,
    /// What the server shows of itself, where it speaks HTTPS.
    pub certificate: Option<Arc<ServerCertificate>>,
    /// Whether callers reach it over HTTPS all the same, because something in front of it speaks it.
    pub is_https_in_front: bool,
    /// What the server was started with, to be shown.
    pub settings: Settings,
    /// Cancelled when the server stops: whoever waits or watches is let go then.
    pub stop: CancellationToken,
    /// How long `POST /api/provision` waits for a customer to be ready before it takes the sign-up back.
    pub provision_wait: Duration,
}

/// What handlers share. Cheap to clone.
#[derive(Clone)]
pub(crate) struct ApiState {
    pub(crate) control_plane: ControlPlane,
    pub(crate) watcher: OperationWatcher,
    pub(crate) news: NewsDesk,
    pub(crate) streams: EventStreams,
    pub(crate) identity: Identity,
    pub(crate) audit_streams: AuditStreams,
    pub(crate) operator_token: Option<Arc<OperatorToken>>,
    pub(crate) provision_wait: Duration,
    pub(crate) clerk_webhook: Option<clerk::Webhook>,
    pub(crate) openid: Option<Arc<OpenIdProvider>>,
    pub(crate) certificate: Option<Arc<ServerCertificate>>,
    pub(crate) stop: CancellationToken,
    pub(crate) settings: Arc<Settings>,
    pub(crate) started_at: DateTime<Utc>,
    /// One verification of the audit log at a time.
    pub(crate) verifying: Arc<Semaphore>,
    /// The customers' databases, for what operators are told of them.
    pub(crate) databases: CustomerDatabases,
    /// Where the customers are told who acts in their place.
    pub(crate) customer_log: Arc<dyn CustomerLog>,
    pub(crate) dependencies: Arc<[Arc<dyn Dependency>]>,
    pub(crate) trusted_proxies: TrustedProxies,
}

impl ApiState {
    /// A connection to the admin database, to read what somebody may see.
    pub(crate) async fn client(&self, actor: &Actor, right: Right) -> Result<Client, Problem> {
        let permit = actor.permit(right).map_err(problems::problem_of_refusal)?;
        self.control_plane.client(&permit).await.map_err(problems::problem_of_catalog)
    }
}

/// All routes, ready to be served.
pub fn router(parts: ApiParts) -> Answering<Router> {
    let is_https = parts.certificate.is_some() || parts.is_https_in_front;
    let state = ApiState {
        control_plane: parts.control_plane,
        watcher: parts.watcher,
        news: parts.news,
        streams: EventStreams::default(),
        identity: parts.identity,
        audit_streams: parts.audit_streams,
        operator_token: parts.operator_token.map(Arc::new),
        provision_wait: parts.provision_wait,
        clerk_webhook: parts.clerk_webhook,
        openid: parts.openid,
        certificate: parts.certificate,
        stop: parts.stop,
        settings: Arc::new(parts.settings),
        started_at: Utc::now(),
        verifying: Arc::new(Semaphore::new(1)),
        databases: parts.databases.clone(),
        customer_log: Arc::new(DatabaseLog(parts.databases.clone())),
        dependencies: parts.dependencies.into(),
        trusted_proxies: parts.gateway.trusted_proxies().clone(),
    };
    // What is no route is metered too, when it shows a key.
    let customer_routes = crm::router(&parts.databases, &parts.gateway)
        .route("/api/v1/{*rest}", any(parts.gateway.guard_the_rest(fallback::not_found)));
    with_common_layers(all_routes(&state, customer_routes, parts.allowed_origins), is_https)
}

/// The customers' routes, which pages of named sites may ask, and all others, which they may not. A page asks with OPTIONS
/// first, which is no method of any route: so what answers a wrong method is opened with the routes.
fn all_routes(state: &ApiState, customer_routes: Router, allowed_origins: AllowedOrigins) -> Router {
    Router::new()
        .merge(operator::router(state))
        .merge(webhooks::router(state))
        .merge(health::router(state))
        .merge(docs::router())
        .merge(dashboard::router())
        .merge(
            allowed_origins.open(customer_routes.method_not_allowed_fallback(fallback::method_not_allowed)),
        )
        .fallback(fallback::not_found)
        .method_not_allowed_fallback(fallback::method_not_allowed)
}

/// Puts what every request passes round these routes: the request id, the answer to a panic, and the time limits. Round all
/// of them together: a router puts a layer round each of its routes, in a box of its own for every request. Where callers come
/// in over HTTPS, browsers are told to come in no other way.
pub fn with_common_layers(routes: Router, is_https: bool) -> Answering<Router> {
    // A router that is given its state makes each handler a service once; else it does so for every request.
    EveryRequest { is_https, ..EVERY_REQUEST }.layer(routes.with_state(()))
}

/// The same with another limit of how long a request may take.
pub fn with_common_layers_for(routes: Router, longest: Duration) -> Answering<Router> {
    EveryRequest { longest, ..EVERY_REQUEST }.layer(routes)
}
