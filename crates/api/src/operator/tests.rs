//! The operator's routes over a real admin database, without a server around them.

mod audit_export;
mod audit_logs;
mod audit_search;
mod audit_verification;
mod customer_database;
mod customer_limits;
mod customer_list;
mod customer_users;
mod data_key_list;
mod denied;
mod events;
mod health;
mod idempotency;
mod impersonations;
mod injection;
mod jobs;
mod keys;
mod limit_simulation;
mod module_preview;
mod modules;
mod openid;
mod operator_access;
mod other_sites;
mod passkeys;
mod passkeys_own;
mod plans;
mod prices;
mod provision;
mod refused;
mod reserved_names;
mod roles;
mod saved_views;
mod search;
mod settings;
mod sign_in;
mod statistics;
mod streams;
mod subscriptions;
mod tables;
mod timeline;
mod tokens;
mod unaudited;
mod usage;
mod usage_movers;
mod usage_requests;
mod usage_series;
mod work;

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::{Body, to_bytes};
use catalog::customers::NewCustomer;
use catalog::{Catalog, CatalogConfig, audit, customers as customer_rows};
use chrono::Utc;
use customer_db::{CustomerDatabases, RouterConfig};
use customers::ControlPlane;
use domain::customer::Lifecycle;
use domain::{AuditAction, CustomerId, CustomerSlug, Plan};
use gateway::TrustedProxies;
use http::request::Builder;
use http::{HeaderMap, Method, Request, StatusCode, header};
use identity::Identity;
use identity::passkeys::RelyingParty;
use provisioning::OperationWatcher;
use secrets::{ExposeSecret as _, MasterKey, OperatorToken};
use serde_json::Value;
use testkit::AdminDatabase;
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;
use tower::ServiceExt as _;

use crate::{ApiState, EVERY_REQUEST, NewsDesk};

/// Where browsers reach the server.
pub(super) const ORIGIN: &str = "https://sixty.test";

/// The operator API over an admin database of the test's own.
pub(super) struct Api {
    database: AdminDatabase,
    catalog: Catalog,
    control_plane: ControlPlane,
    state: ApiState,
    router: Router,
    token: String,
    master_key: MasterKey,
}

/// An answer, read to its end.
#[derive(Debug)]
pub(super) struct Answer {
    status: StatusCode,
    headers: HeaderMap,
    body: Value,
}

impl Api {
    pub(super) async fn new() -> Self {
        let database = testkit::admin_database().await;
        let url = database.server_url();
        Self::over(database, url, &MasterKey::generate())
    }

    /// A server of its own over a database that exists, by this URL.
    pub(super) fn over(database: AdminDatabase, url: String, master_key: &MasterKey) -> Self {
        let catalog = Catalog::connect(&CatalogConfig::new(url.into())).unwrap();
        let control_plane = ControlPlane::new(catalog.clone(), master_key.clone());
        let identity = Identity::new(control_plane.clone(), catalog.clone(), master_key.clone());
        let operator_token = OperatorToken::generate();
        let token = operator_token.secret().expose_secret().to_owned();
        let stop = CancellationToken::new();
        let state = ApiState {
            control_plane: control_plane.clone(),
            watcher: OperationWatcher::start(catalog.clone(), stop.clone()),
            news: NewsDesk::start(catalog.clone(), stop.clone()),
            streams: crate::operator::streams::EventStreams::default(),
            identity: identity.with_passkeys(RelyingParty::at(&ORIGIN.parse().unwrap())),
            audit_streams: audit_streams::AuditStreams::new(control_plane.clone(), master_key.clone()),
            operator_token: Some(Arc::new(operator_token)),
            clerk_webhook: None,
            openid: None,
            certificate: None,
            provision_wait: Duration::from_secs(1),
            stop,
            dependencies: Arc::new([]),
            trusted_proxies: TrustedProxies::default(),
            verifying: Arc::new(Semaphore::new(1)),
            settings: Arc::default(),
            started_at: Utc::now(),
            databases: CustomerDatabases::new(
                RouterConfig::default(),
                Arc::new(catalog.clone()),
                master_key.clone(),
            ),
            customer_log: Arc::new(impersonations::Log::default()),
        };
        let router = super::router(&state).layer(EVERY_REQUEST);
        Self { database, catalog, control_plane, state, router, token, master_key: master_key.clone() }
    }

    pub(super) fn state(&self) -> &ApiState {
        &self.state
    }

    /// A customer who is wholly there, without an instance.
    pub(super) async fn customer(&self, slug: &str, plan: Plan) -> CustomerId {
        let name = CustomerSlug::parse(slug).unwrap();
        let new = NewCustomer {
            lifecycle: Lifecycle::Ready,
            ..NewCustomer::on_trial(name, format!("{slug} Inc."), plan, Utc::now())
        };
        customer_rows::insert(&self.catalog.client().await.unwrap(), &new).await.unwrap().id
    }

    pub(super) fn request(&self, method: Method, path: &str) -> Builder {
        Request::builder()
            .method(method)
            .uri(path)
            .header(header::AUTHORIZATION, format!("Bearer {}", self.token))
            .header(header::CONTENT_TYPE, "application/json")
    }

    pub(super) async fn send(&self, request: Request<Body>) -> Answer {
        let response = self.router.clone().oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        let bytes = to_bytes(body, usize::MAX).await.unwrap();
        let body = serde_json::from_slice(&bytes).unwrap_or(Value::Null);
        Answer { status: parts.status, headers: parts.headers, body }
    }

    pub(super) async fn get(&self, path: &str) -> Answer {
        self.send(self.request(Method::GET, path).body(Body::empty()).unwrap()).await
    }

    pub(super) async fn ask(&self, method: Method, path: &str, body: &Value) -> Answer {
        self.send(self.request(method, path).body(Body::from(body.to_string())).unwrap()).await
    }

    pub(super) async fn post(&self, path: &str, body: &Value) -> Answer {
        self.ask(Method::POST, path, body).await
    }

    /// The values of the audit rows with this action, the newest first: of what, before and after.
    pub(super) async fn audits(&self, action: AuditAction) -> Vec<(String, Value, Value)> {
        let filter = audit::AuditFilter { action: Some(action), ..audit::AuditFilter::default() };
        let client = self.catalog.client().await.unwrap();
        let page = audit::list(&client, &filter, &catalog::PageRequest::default()).await.unwrap();
        let values = |row: audit::AuditRecord| {
            (
                row.resource_id.unwrap_or_default(),
                row.old_values.unwrap_or_default(),
                row.new_values.unwrap_or_default(),
            )
        };
        page.data.into_iter().map(values).collect()
    }

    pub(super) async fn count(&self, table: &str) -> i64 {
        let client = self.catalog.client().await.unwrap();
        client.query_one(&format!("select count(*) from {table}"), &[]).await.unwrap().get(0)
    }

    /// Past the catalog.
    pub(super) async fn sql(&self, sql: &str) {
        self.database.connect().await.batch_execute(sql).await.unwrap();
    }
}

impl Answer {
    #[track_caller]
    pub(super) fn expect(self, status: u16) -> Self {
        assert_eq!(self.status.as_u16(), status, "{self:?}");
        self
    }

    /// A problem of this kind.
    #[track_caller]
    pub(super) fn expect_problem(self, status: u16, kind: &str) -> Self {
        assert_eq!(self.body["type"], format!("/problems/{kind}"), "{self:?}");
        self.expect(status)
    }

    /// The fields that a 400 names.
    #[track_caller]
    pub(super) fn wrong_fields(&self) -> Vec<&str> {
        assert_eq!(self.status, StatusCode::BAD_REQUEST, "{self:?}");
        let errors = self.body["errors"].as_array().unwrap_or_else(|| panic!("{self:?}"));
        errors.iter().map(|error| error["field"].as_str().unwrap()).collect()
    }

    pub(super) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    pub(super) fn text(&self, name: &str) -> &str {
        self.body[name].as_str().unwrap_or_else(|| panic!("{name} in {self:?}"))
    }
}
