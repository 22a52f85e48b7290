//! The API of one customer, as a program with a key sees it.

use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use axum::Router;
use axum::body::{Body, to_bytes};
use chrono::Utc;
use customer_db::RouterConfig;
use domain::customer::{ApiKeyStatus, Lifecycle};
use domain::entitlement::{HeldModule, ModuleDecision};
use domain::permission::Permission;
use domain::principal::{
    Caller, ChangeFeed, Changes, CustomerStanding, Directory, DirectoryUnavailable, KeyCaller, Member,
    Principal, SealedEndpoint,
};
use domain::usage::UsageRecord;
use domain::{ApiKeyId, CustomerId, OrganizationId, Plan, RateLimitPeriod, SubscriptionStatus};
use gateway::{Gateway, GatewayConfig, KnownDirectory, KnownDirectoryConfig, UsageRecorder};
use http::{HeaderMap, Method, Request, StatusCode, header};
use limits::{Limiter, LimiterConfig, QuotaSeed, SeedError, Span, Subject};
use secrets::{ApiKey, ExposeSecret as _};
use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;
use tower::ServiceExt as _;

use crate::support::{self, TestCustomer};

/// The API, with everything in front of it that the tests need to change.
pub(crate) struct Api {
    pub(crate) customer: TestCustomer,
    pub(crate) principal: Principal,
    organization: Mutex<Option<OrganizationId>>,
}

/// What came back.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Value,
}

impl Api {
    /// A new customer's, with every module and a key that may do everything.
    pub(crate) async fn new() -> Self {
        Self::with(support::config()).await
    }

    /// The same, with these limits of the connections.
    pub(crate) async fn with(config: RouterConfig) -> Self {
        let customer = support::customer_with(config).await;
        let api_key_id = ApiKeyId::generate();
        let principal = Principal {
            caller: Caller::Key(KeyCaller {
                id: api_key_id,
                quota_key_id: api_key_id,
                status: ApiKeyStatus::Active,
                expires_at: None,
                allowed_networks: Vec::new(),
                impersonator: None,
            }),
            permissions: Permission::default_set(),
            rate_limit_requests: 1_000_000,
            rate_limit_period: RateLimitPeriod::Month,
            without_redis: None,
            customer: CustomerStanding {
                id: customer.id,
                slug: "test".to_owned(),
                time_zone: chrono_tz::UTC,
                plan: Plan::Enterprise,
                subscription_status: SubscriptionStatus::Active,
                status_changed_at: Utc::now(),
                has_grace: false,
                trial_ends_at: None,
                paid_until: None,
                lifecycle: Lifecycle::Ready,
                limits: Vec::new(),
                modules: Vec::new(),
            },
        };
        Self { customer, principal, organization: Mutex::default() }
    }

    /// Switches a module on or off for this customer, whatever the plan says.
    pub(crate) fn switch_module(&mut self, key: &str, enabled: bool) {
        self.principal.customer.modules.retain(|module| module.key != key);
        self.principal.customer.modules.push(HeldModule {
            key: key.to_owned(),
            is_active: true,
            decision: Some(ModuleDecision { enabled, expires_at: None, reason: None }),
            usage_limit: None,
            without_redis: None,
            usage_count: 0,
            count_set_at: None,
            reset_date: None,
            reset_anchor: None,
        });
    }

    /// Leaves the customer with this module and the core.
    pub(crate) fn only_module(&mut self, only: &str) {
        for module in domain::modules::ALL {
            self.switch_module(module.key(), module.key() == only);
        }
    }

    /// Works in this organization from now on.
    pub(crate) fn enter(&self, organization: OrganizationId) {
        *self.organization.lock().unwrap() = Some(organization);
    }

    pub(crate) fn router(&self) -> Router {
        crm::router(&self.customer.databases, &gateway_of(&self.principal))
    }

    pub(crate) async fn send(&self, request: Request<Body>) -> Answer {
        let response = self.router().oneshot(request).await.unwrap();
        let (head, body) = response.into_parts();
        let bytes = to_bytes(body, usize::MAX).await.unwrap();
        let body =
            if bytes.is_empty() { Value::Null } else { serde_json::from_slice(&bytes).unwrap_or_default() };
        Answer { status: head.status, headers: head.headers, body }
    }

    pub(crate) async fn call(
        &self,
        method: Method,
        path: &str,
        headers: &[(&str, &str)],
        body: Option<&Value>,
    ) -> Answer {
        let mut request = Request::builder()
            .method(method)
            .uri(format!("/api/v1/{path}"))
            .header(header::AUTHORIZATION, authorization());
        let organization = *self.organization.lock().unwrap();
        if let Some(organization) = organization {
            request = request.header("X-Organization-Id", organization.to_string());
        }
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let body = match body {
            Some(body) => {
                request = request.header(header::CONTENT_TYPE, "application/json");
                Body::from(body.to_string())
            }
            None => Body::empty(),
        };
        self.send(request.body(body).unwrap()).await
    }

    /// A body as it is.
    pub(crate) async fn send_text(&self, method: Method, path: &str, body: &str) -> Answer {
        let request = Request::builder().method(method).uri(format!("/api/v1/{path}"));
        let request = request.header(header::AUTHORIZATION, authorization());
        let request = request.header(header::CONTENT_TYPE, "application/json").body(body.to_owned().into());
        self.send(request.unwrap()).await
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.call(Method::GET, path, &[], None).await
    }

    pub(crate) async fn post(&self, path: &str, body: Value) -> Answer {
        self.call(Method::POST, path, &[], Some(&body)).await
    }

    pub(crate) async fn patch(&self, path: &str, body: Value) -> Answer {
        self.call(Method::PATCH, path, &[], Some(&body)).await
    }

    pub(crate) async fn delete(&self, path: &str) -> Answer {
        self.call(Method::DELETE, path, &[], None).await
    }

    /// Creates an object that must be accepted, and returns it.
    pub(crate) async fn create(&self, path: &str, body: Value) -> Value {
        let answer = self.post(path, body).await;
        assert_eq!(answer.status, StatusCode::CREATED, "{path}: {}", answer.body);
        answer.body
    }

    /// The objects of the first page.
    pub(crate) async fn list(&self, path: &str) -> Vec<Value> {
        let answer = self.get(path).await;
        assert_eq!(answer.status, StatusCode::OK, "{path}: {}", answer.body);
        answer.body["data"].as_array().unwrap().clone()
    }
}

/// A header with a well-formed key.
pub(crate) fn authorization() -> String {
    format!("Bearer {}", ApiKey::generate().secret().expose_secret())
}

/// A gateway that takes everybody for this principal.
pub(crate) fn gateway_of(principal: &Principal) -> Gateway {
    let everybody = Arc::new(Everybody(Arc::new(principal.clone())));
    let directory = KnownDirectory::start(
        everybody.clone(),
        everybody.clone(),
        KnownDirectoryConfig::default(),
        CancellationToken::new(),
    );
    // Nothing listens there: the limits count alone.
    let redis = format!("redis://127.0.0.1:{}", testkit::free_port()).into();
    let limiter =
        Limiter::start(LimiterConfig::default(), &redis, everybody.clone(), CancellationToken::new());
    Gateway::new(GatewayConfig::default(), directory, limiter, everybody)
}

struct Everybody(Arc<Principal>);

#[async_trait]
impl Directory for Everybody {
    async fn principal(&self, _: &str) -> Result<Option<Arc<Principal>>, DirectoryUnavailable> {
        Ok(Some(Arc::clone(&self.0)))
    }

    async fn member(&self, _: &str, _: &str) -> Result<Option<Arc<Member>>, DirectoryUnavailable> {
        Ok(None)
    }

    async fn endpoint(&self, _: CustomerId) -> Result<Option<SealedEndpoint>, DirectoryUnavailable> {
        Ok(None)
    }
}

#[async_trait]
impl ChangeFeed for Everybody {
    async fn subscribe(&self) -> Result<Box<dyn Changes>, DirectoryUnavailable> {
        std::future::pending().await
    }
}

#[async_trait]
impl QuotaSeed for Everybody {
    async fn used(&self, _: &Subject, _: Span) -> Result<u64, SeedError> {
        Ok(0)
    }
}

impl UsageRecorder for Everybody {
    fn record(&self, _: UsageRecord) {}
}

impl Answer {
    /// The fields that a refusal names.
    pub(crate) fn fields(&self) -> Vec<&str> {
        assert_eq!(self.status, StatusCode::BAD_REQUEST, "{}", self.body);
        assert_eq!(self.body["type"], "/problems/invalid-fields", "{}", self.body);
        self.body["errors"].as_array().unwrap().iter().map(|error| error["field"].as_str().unwrap()).collect()
    }

    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).unwrap_or_else(|| panic!("no {name}")).to_str().unwrap()
    }
}

/// A body that creates one of the resource with all that it needs.
pub(crate) fn least(path: &str) -> Value {
    match path {
        "organizations" => json!({"name": "Third"}),
        "users" => json!({"email": "ann@example.com"}),
        "contacts" => json!({"first_name": "Carl"}),
        "deals" => json!({"name": "Big"}),
        "activities" => json!({"type": "call"}),
        "tasks" => json!({"title": "Do"}),
        "calendar-events" => {
            json!({"title": "Meet", "start_time": "2026-01-01T10:00:00Z", "end_time": "2026-01-01T11:00:00Z"})
        }
        "smart-task-templates" => {
            json!({"name": "Template", "trigger_activity_type": "meeting", "task_title": "Follow up"})
        }
        "workflows" => json!({"name": "Flow"}),
        other => panic!("no body for {other}"),
    }
}
