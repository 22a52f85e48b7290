//! What turning a module on or off would do, before somebody does it.

use axum::extract::State;
use axum::{Extension, Json};
use catalog::modules::{CustomerModule, ModuleSource};
use customers::Actor;
use customers::modules::{self, ModulePreview};
use problem::{PathParam, Problem, QueryParams};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::modules::{CURRENCY, refusal_text};
use crate::ApiState;
use crate::problems::problem_of;

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct ModulePreviewQuery {
    /// On or off, whatever the plan says; what the plan says when not given.
    enabled: Option<bool>,
}

/// What a change of a customer's module would do. Nothing is changed.
#[derive(Serialize, ToSchema)]
pub(crate) struct ModulePreviewView {
    module_key: String,
    module_name: String,
    enabled_now: bool,
    /// Why, in a sentence.
    reason_now: String,
    enabled_after: bool,
    reason_after: String,
    /// Why the change would be refused, such as modules that need this one; null when it can be made.
    #[schema(required)]
    refused: Option<String>,
    /// The other modules that would go on or off.
    also_affected: Vec<AffectedModuleView>,
    /// The routes of the customer API that the module opens, such as `GET /api/v1/workflows`.
    routes: Vec<String>,
    /// How many API keys used them in the last 30 days; null for whoever may not read usage.
    #[schema(required)]
    api_keys_using_last_30d: Option<i64>,
    /// In how many requests.
    #[schema(required)]
    requests_last_30d: Option<i64>,
    /// A decimal, such as `29.99`.
    base_price_monthly: String,
    currency: &'static str,
}

#[derive(Serialize, ToSchema)]
struct AffectedModuleView {
    module_key: String,
    module_name: String,
    enabled_after: bool,
    /// Why, in a sentence.
    reason: String,
}

/// What turning a module on or off for a customer would do: whether it would be refused, what else would change, and who
/// uses it.
#[utoipa::path(get, path = "/api/admin/customers/{customer}/modules/{module_key}/preview", tag = "modules",
    params(("customer" = String, Path, description = "The UUID or the customerId"),
        ("module_key" = String, Path, description = "The module"), ModulePreviewQuery),
    responses((status = 200, body = ModulePreviewView)))]
pub(crate) async fn preview(
    State(state): State<ApiState>,
    Extension(actor): Extension<Actor>,
    PathParam((customer, key)): PathParam<(String, String)>,
    QueryParams(query): QueryParams<ModulePreviewQuery>,
) -> Result<Json<ModulePreviewView>, Problem> {
    let found = modules::preview(&state.control_plane, &actor, (&customer, &key), query.enabled).await;
    found.map(|preview| Json(preview.into())).map_err(problem_of)
}

impl From<ModulePreview> for ModulePreviewView {
    fn from(preview: ModulePreview) -> Self {
        let ModulePreview { now, after, others, refused, listed, used } = preview;
        let routes = crm::ROUTES.iter().filter(|route| route.module == now.module_key);
        let affected = |module: CustomerModule| AffectedModuleView {
            reason: reason(&module),
            enabled_after: module.enabled,
            module_key: module.module_key,
            module_name: module.module_name,
        };
        Self {
            enabled_now: now.enabled,
            reason_now: reason(&now),
            enabled_after: after.enabled,
            reason_after: reason(&after),
            refused,
            also_affected: others.into_iter().map(affected).collect(),
            routes: routes.map(|route| format!("{} {}", route.method, route.path)).collect(),
            api_keys_using_last_30d: used.map(|used| used.api_keys),
            requests_last_30d: used.map(|used| used.requests),
            base_price_monthly: listed.base_price_monthly.to_string(),
            currency: CURRENCY,
            module_key: now.module_key,
            module_name: now.module_name,
        }
    }
}

/// Why a module is on or off, in a sentence.
pub(super) fn reason(module: &CustomerModule) -> String {
    match (&module.refusal, module.source) {
        (Some(refusal), _) => refusal_text(refusal, module.plan),
        (None, ModuleSource::Always) => "Every customer has it.".to_owned(),
        (None, ModuleSource::Override) => match &module.reason {
            Some(reason) => format!("It was turned on for this customer: {reason}"),
            None => "It is turned on for this customer, whatever the plan says.".to_owned(),
        },
        (None, _) => format!("The {} plan has it.", module.plan),
    }
}
