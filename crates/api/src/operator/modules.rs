//! Feature modules: the price list, and how each stands with a customer.

use axum::extract::State;
use axum::{Extension, Json};
use catalog::modules::{self as rows, CustomerModule, FeatureModule, ModuleSetting};
use chrono::{DateTime, SecondsFormat, Utc};
use customers::price_list::PriceChanges;
use customers::{Actor, Right, modules, price_list};
use domain::Plan;
use domain::customer_limit::WithoutRedis;
use domain::entitlement::Refusal;
use problem::{JsonBody, PathParam, Problem};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::merge_patch::{may_be_empty, never_empty};
use super::page::{Listing, parsed};
use crate::ApiState;
use crate::problems::{problem_of, problem_of_catalog};

/// The currency of the price list.
pub(super) const CURRENCY: &str = "USD";

/// A feature module of the price list.
#[derive(Serialize, ToSchema)]
pub(crate) struct FeatureModuleView {
    module_key: String,
    name: String,
    description: Option<String>,
    /// A decimal, such as `29.99`.
    base_price_monthly: String,
    /// A decimal, such as `299.99`.
    base_price_annual: String,
    currency: &'static str,
    enabled_by_default: bool,
    is_active: bool,
}

/// A feature module as a customer has it.
#[derive(Serialize, ToSchema)]
pub(crate) struct CustomerModuleView {
    module_key: String,
    name: String,
    /// Whether the customer may use it now.
    enabled: bool,
    /// What decides that: `always`, `plan`, `override`, `dependency` (a module that it needs is missing) or `not_offered`.
    source: &'static str,
    /// Why the customer may not use it.
    refusal: Option<String>,
    enabled_at: Option<DateTime<Utc>>,
    disabled_at: Option<DateTime<Utc>>,
    /// When the override ends, and the plan decides again.
    expires_at: Option<DateTime<Utc>>,
    reason: Option<String>,
    /// How many requests may use it until the reset; null is without limit.
    usage_limit: Option<i64>,
    /// What that limit does while Redis is away: `local`, `open` or `closed`; null is as the configuration says.
    without_redis: Option<&'static str>,
    usage_count: i64,
    /// When the count begins anew, then every month; null is never.
    reset_date: Option<DateTime<Utc>>,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ModuleBody {
    /// On or off, whatever the plan says.
    enabled: bool,
    /// When the plan decides again; never when not given.
    expires_at: Option<DateTime<Utc>>,
    /// Why.
    #[schema(max_length = 500)]
    reason: Option<String>,
    /// How many requests may use it until the reset; null takes the limit away. Stays as it is when not given.
    #[schema(minimum = 0)]
    #[serde(default, deserialize_with = "may_be_empty")]
    usage_limit: Option<Option<i64>>,
    /// What that limit does while Redis is away: each server counts for itself (`local`), everything passes (`open`), or what
    /// isn't granted already is refused (`closed`); null is as the configuration says. Stays as it is when not given.
    #[serde(default, deserialize_with = "may_be_empty")]
    without_redis: Option<Option<String>>,
    /// When the count begins anew, then every month; null is never. Stays as it is when not given.
    #[serde(default, deserialize_with = "may_be_empty")]
    reset_date: Option<Option<DateTime<Utc>>>,
}

impl From<FeatureModule> for FeatureModuleView {
    fn from(row: FeatureModule) -> Self {
        Self {
            module_key: row.module_key,
            name: row.module_name,
            description: row.module_description,
            base_price_monthly: row.base_price_monthly.to_string(),
            base_price_annual: row.base_price_annual.to_string(),
            currency: CURRENCY,
            enabled_by_default: row.enabled_by_default,
            is_active: row.is_active,
        }
    }
}

/// Why a customer may not use a module, for people.
pub(super) fn refusal_text(refusal: &Refusal, plan: Plan) -> String {
    match refusal {
        Refusal::NotOffered => "It is not offered at the moment.".to_owned(),
        Refusal::NotInPlan(smallest) => {
            format!("The {plan} plan doesn't have it; the smallest that does is {smallest}.")
        }
        Refusal::TurnedOff { reason: Some(reason) } => {
            format!("It was turned off for this customer: {reason}")
        }
        Refusal::TurnedOff { reason: None } => "It was turned off for this customer.".to_owned(),
        Refusal::RanOut(ended) => {
            let ended = ended.to_rfc3339_opts(SecondsFormat::Secs, true);
            format!("It was on until {ended}, and the {plan} plan doesn't have it.")
        }
        Refusal::Needs(key) => format!("It needs {key}, which the customer doesn't have."),
    }
}

impl From<CustomerModule> for CustomerModuleView {
    fn from(row: CustomerModule) -> Self {
        Self {
            source: row.source.as_str(),
            refusal: row.refusal.as_ref().map(|refusal| refusal_text(refusal, row.plan)),
            module_key: row.module_key,
            name: row.module_name,
            enabled: row.enabled,
            enabled_at: row.enabled_at,
            disabled_at: row.disabled_at,
            expires_at: row.expires_at,
            reason: row.reason,
            usage_limit: row.usage_limit,
            without_redis: row.without_redis.map(WithoutRedis::as_str),
            usage_count: row.usage_count,
            reset_date: row.reset_date,
        }
    }
}

/// The price list.
#[utoipa::path(get, path = "/api/admin/modules", tag = "modules", responses((status = 200, body = Listing<FeatureModuleView>)))]
pub(crate) async fn catalogue(
    State(state): State<ApiState>,
    Extension(actor): Extension<Actor>,
) -> Result<Json<Listing<FeatureModuleView>>, Problem> {
    let client = state.client(&actor, Right::CustomersRead).await?;
    let modules = rows::list(&client).await.map_err(problem_of_catalog)?;
    Ok(Json(Listing { data: modules.into_iter().map(FeatureModuleView::from).collect(), next_cursor: None }))
}

/// What to change about a module of the price list. A field that isn't given stays.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct PricePatch {
    /// A decimal in US dollars, such as `29.99`.
    #[schema(nullable = false)]
    #[serde(default, deserialize_with = "never_empty")]
    base_price_monthly: Option<String>,
    /// Likewise.
    #[schema(nullable = false)]
    #[serde(default, deserialize_with = "never_empty")]
    base_price_annual: Option<String>,
    /// Whether it is on sale: what isn't, nobody has.
    #[schema(nullable = false)]
    #[serde(default, deserialize_with = "never_empty")]
    is_active: Option<bool>,
}

/// Changes what a module costs, or whether it is on sale. What isn't on sale no customer has from then on; nothing is deleted.
#[utoipa::path(patch, path = "/api/admin/modules/{module_key}", tag = "modules",
    params(("module_key" = String, Path, description = "The module")),
    request_body = PricePatch, responses((status = 200, body = FeatureModuleView),
        (status = 409, description = "Every customer has the module", body = crate::problem_document::ProblemDocument)))]
pub(crate) async fn change_price(
    State(state): State<ApiState>,
    Extension(actor): Extension<Actor>,
    PathParam(key): PathParam<String>,
    JsonBody(body): JsonBody<PricePatch>,
) -> Result<Json<FeatureModuleView>, Problem> {
    let PricePatch { base_price_monthly, base_price_annual, is_active } = body;
    let wanted = PriceChanges { base_price_monthly, base_price_annual, is_active };
    let changed = price_list::change(&state.control_plane, &actor, &key, &wanted).await;
    changed.map(|module| Json(module.into())).map_err(problem_of)
}

/// The modules and how each stands with a customer.
#[utoipa::path(get, path = "/api/admin/customers/{customer}/modules", tag = "modules",
    params(("customer" = String, Path, description = "The UUID or the customerId")),
    responses((status = 200, body = Listing<CustomerModuleView>)))]
pub(crate) async fn of_customer(
    State(state): State<ApiState>,
    Extension(actor): Extension<Actor>,
    PathParam(customer): PathParam<String>,
) -> Result<Json<Listing<CustomerModuleView>>, Problem> {
    let modules = modules::list(&state.control_plane, &actor, &customer).await.map_err(problem_of)?;
    Ok(Json(Listing { data: modules.into_iter().map(CustomerModuleView::from).collect(), next_cursor: None }))
}

/// Turns a module on or off for a customer, whatever the plan says. Turning it off deletes nothing.
#[utoipa::path(put, path = "/api/admin/customers/{customer}/modules/{module_key}", tag = "modules",
    params(("customer" = String, Path, description = "The UUID or the customerId"),
        ("module_key" = String, Path, description = "The module")),
    request_body = ModuleBody, responses((status = 200, body = CustomerModuleView),
        (status = 409, description = "Other modules stand in the way", body = crate::problem_document::ProblemDocument)))]
pub(crate) async fn set(
    State(state): State<ApiState>,
    Extension(actor): Extension<Actor>,
    PathParam((customer, key)): PathParam<(String, String)>,
    JsonBody(body): JsonBody<ModuleBody>,
) -> Result<Json<CustomerModuleView>, Problem> {
    let declared = body
        .without_redis
        .map(|text| parsed::<WithoutRedis>("/without_redis", text.as_deref()))
        .transpose()?;
    let setting = ModuleSetting {
        enabled: body.enabled,
        expires_at: body.expires_at,
        reason: body.reason,
        usage_limit: body.usage_limit,
        without_redis: declared,
        reset_date: body.reset_date,
    };
    let module =
        modules::set(&state.control_plane, &actor, (&customer, &key), setting).await.map_err(problem_of)?;
    Ok(Json(module.into()))
}

/// Takes back what was decided for a customer: the plan says again whether they have the module. Deletes nothing, and a
/// limit stays.
#[utoipa::path(delete, path = "/api/admin/customers/{customer}/modules/{module_key}", tag = "modules",
    params(("customer" = String, Path, description = "The UUID or the customerId"),
        ("module_key" = String, Path, description = "The module")),
    responses((status = 200, body = CustomerModuleView),
        (status = 409, description = "Other modules stand in the way", body = crate::problem_document::ProblemDocument)))]
pub(crate) async fn reset(
    State(state): State<ApiState>,
    Extension(actor): Extension<Actor>,
    PathParam((customer, key)): PathParam<(String, String)>,
) -> Result<Json<CustomerModuleView>, Problem> {
    let module = modules::reset(&state.control_plane, &actor, (&customer, &key)).await.map_err(problem_of)?;
    Ok(Json(module.into()))
}
