//! What a customer bought: changed, and what a change would do before somebody makes it.

use axum::extract::State;
use axum::response::Response;
use axum::{Extension, Json};
use catalog::modules::{CustomerModule, KeyUse, ModuleUse};
use chrono::{DateTime, Utc};
use customers::Actor;
use customers::plan::{self, PlanPreview};
use domain::Plan;
use http::HeaderMap;
use problem::{JsonBody, PathParam, Problem, QueryParams};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use super::choices::PlanName;
use super::customer_views::CustomerView;
use super::entity_tag;
use super::module_preview::reason;
use super::modules::CURRENCY;
use super::schemas;
use crate::ApiState;
use crate::problem_document::ProblemDocument;
use crate::problems::problem_of;

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct PlanPreviewQuery {
    /// The plan to be.
    #[param(schema_with = schemas::plan)]
    plan: String,
}

/// What to change a customer's plan to.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct PlanBody {
    /// The plan to be.
    #[schema(schema_with = schemas::plan)]
    plan: String,
    /// Why; the audit log keeps it.
    #[schema(max_length = 500)]
    reason: Option<String>,
}

/// What another plan would do to a customer. Nothing is changed.
#[derive(Serialize, ToSchema)]
pub(crate) struct PlanPreviewView {
    plan_now: PlanName,
    plan_after: PlanName,
    direction: Direction,
    /// The modules that would go on.
    modules_gained: Vec<PlanModuleView>,
    /// The modules that would go off. Nothing of what was made with them is deleted.
    modules_lost: Vec<PlanModuleView>,
    /// What was decided for this customer, whatever the plan says. It stays as it is.
    overrides: Vec<PlanOverrideView>,
    /// Limits that are kept for modules which would go on or off.
    limits_changed: Vec<PlanLimitView>,
    /// The API keys that used what would be lost in the last 30 days, the busiest first, at most 50; null for whoever may not
    /// read usage.
    #[schema(required)]
    api_keys_affected: Option<Vec<AffectedKeyView>>,
    /// How many there are.
    #[schema(required)]
    api_keys_affected_total: Option<i64>,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum Direction {
    Upgrade,
    Downgrade,
    /// It is the plan that they have.
    None,
}

#[derive(Serialize, ToSchema)]
struct PlanModuleView {
    module_key: String,
    module_name: String,
    /// Why it would be on or off, in a sentence.
    reason: String,
    /// A decimal, such as `29.99`; null for a module that isn't in the price list.
    #[schema(required)]
    base_price_monthly: Option<String>,
    currency: &'static str,
    /// In how many requests it was used in the last 30 days; null for what would be gained, and for whoever may not read usage.
    #[schema(required)]
    requests_last_30d: Option<i64>,
    /// By how many API keys.
    #[schema(required)]
    api_keys_using_last_30d: Option<i64>,
}

#[derive(Serialize, ToSchema)]
struct PlanOverrideView {
    module_key: String,
    module_name: String,
    enabled: bool,
    plan_has_it_now: bool,
    plan_has_it_after: bool,
    /// When it ends, and the plan decides.
    #[schema(required)]
    expires_at: Option<DateTime<Utc>>,
    #[schema(required)]
    reason: Option<String>,
}

#[derive(Serialize, ToSchema)]
struct PlanLimitView {
    module_key: String,
    module_name: String,
    /// How many requests may use the module until the reset.
    usage_limit: i64,
    usage_count: i64,
    #[schema(required)]
    reset_date: Option<DateTime<Utc>>,
    /// Whether it would hold: the limit of a module that goes off is kept, and holds again when it comes back.
    applies_after: bool,
}

#[derive(Serialize, ToSchema)]
struct AffectedKeyView {
    id: Uuid,
    name: String,
    /// The beginning of the key.
    prefix: String,
    requests_last_30d: i64,
    /// The modules that it used and would lose.
    module_keys: Vec<String>,
}

/// What another plan would do: modules gained and lost, what was decided for the customer and stays, and whose keys would be
/// refused what they use.
#[utoipa::path(get, path = "/api/admin/customers/{customer}/plan/preview", tag = "customers",
    params(("customer" = String, Path, description = "The UUID or the customerId"), PlanPreviewQuery),
    responses((status = 200, body = PlanPreviewView)))]
pub(crate) async fn preview(
    State(state): State<ApiState>,
    Extension(actor): Extension<Actor>,
    PathParam(customer): PathParam<String>,
    QueryParams(query): QueryParams<PlanPreviewQuery>,
) -> Result<Json<PlanPreviewView>, Problem> {
    let wanted = query.plan.parse().map_err(|error: String| Problem::field("plan", error))?;
    let told = plan::preview(&state.control_plane, &actor, &customer, wanted).await;
    told.map(|told| Json(told.into())).map_err(problem_of)
}

/// Changes what a customer bought. Their modules follow, but for those about which it was decided otherwise; the subscription's
/// status and all data stay.
#[utoipa::path(put, path = "/api/admin/customers/{customer}/plan", tag = "customers",
    params(("customer" = String, Path, description = "The UUID or the customerId"),
        ("If-Match" = Option<String>, Header, description = "The ETag of the version that you read")),
    request_body = PlanBody, responses((status = 200, body = CustomerView),
        (status = 412, description = "The customer was changed since", body = ProblemDocument)))]
pub(crate) async fn change(
    State(state): State<ApiState>,
    Extension(actor): Extension<Actor>,
    PathParam(customer): PathParam<String>,
    headers: HeaderMap,
    JsonBody(body): JsonBody<PlanBody>,
) -> Result<Response, Problem> {
    let wanted: Plan = body.plan.parse().map_err(|error: String| Problem::field("/plan", error))?;
    let if_match = entity_tag::if_match(&headers)?;
    let change = (wanted, body.reason.as_deref());
    let changed = plan::change(&state.control_plane, &actor, &customer, change, if_match).await;
    let customer = changed.map_err(problem_of)?;
    Ok(entity_tag::tagged(customer.updated_at, Json(CustomerView::from(customer))))
}

impl From<PlanPreview> for PlanPreviewView {
    fn from(preview: PlanPreview) -> Self {
        let PlanPreview { now, after, gained, lost, decided, listed, used } = preview;
        let price = |key: &str| {
            let found = listed.iter().find(|module| module.module_key == key);
            found.map(|module| module.base_price_monthly.to_string())
        };
        let module = |module: &CustomerModule, used: Option<ModuleUse>| PlanModuleView {
            reason: reason(module),
            base_price_monthly: price(&module.module_key),
            currency: CURRENCY,
            requests_last_30d: used.map(|used| used.requests),
            api_keys_using_last_30d: used.map(|used| used.api_keys),
            module_key: module.module_key.clone(),
            module_name: module.module_name.clone(),
        };
        let use_of = |module: &CustomerModule| {
            let nobody = ModuleUse { requests: 0, api_keys: 0 };
            used.as_ref().map(|used| used.modules.get(&module.module_key).copied().unwrap_or(nobody))
        };
        Self {
            plan_now: now.into(),
            plan_after: after.into(),
            direction: match after.cmp(&now) {
                std::cmp::Ordering::Greater => Direction::Upgrade,
                std::cmp::Ordering::Less => Direction::Downgrade,
                std::cmp::Ordering::Equal => Direction::None,
            },
            modules_gained: gained.iter().map(|gained| module(gained, None)).collect(),
            modules_lost: lost.iter().map(|lost| module(lost, use_of(lost))).collect(),
            limits_changed: gained.iter().chain(&lost).filter_map(PlanLimitView::of).collect(),
            overrides: decided.into_iter().map(|module| PlanOverrideView::new(module, now, after)).collect(),
            api_keys_affected_total: used.as_ref().map(|used| used.keys_total),
            api_keys_affected: used.map(|used| used.keys.into_iter().map(AffectedKeyView::from).collect()),
        }
    }
}

impl PlanOverrideView {
    fn new(module: CustomerModule, now: Plan, after: Plan) -> Self {
        Self {
            enabled: module.enabled,
            plan_has_it_now: plan::has(now, &module.module_key),
            plan_has_it_after: plan::has(after, &module.module_key),
            expires_at: module.expires_at,
            reason: module.reason,
            module_key: module.module_key,
            module_name: module.module_name,
        }
    }
}

impl PlanLimitView {
    fn of(module: &CustomerModule) -> Option<Self> {
        Some(Self {
            module_key: module.module_key.clone(),
            module_name: module.module_name.clone(),
            usage_limit: module.usage_limit?,
            usage_count: module.usage_count,
            reset_date: module.reset_date,
            applies_after: module.enabled,
        })
    }
}

impl From<KeyUse> for AffectedKeyView {
    fn from(key: KeyUse) -> Self {
        Self {
            id: key.id.uuid(),
            name: key.name,
            prefix: key.prefix,
            requests_last_30d: key.requests,
            module_keys: key.module_keys,
        }
    }
}
