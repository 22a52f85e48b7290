//! Finding anything by whatever is known of it, for the command palette.

use axum::extract::State;
use axum::{Extension, Json};
use catalog::finding::{self, FoundApiKey, FoundCustomer, FoundOperator, Wanted};
use customers::{Actor, Right};
use domain::recognise::has_token;
use problem::{Problem, QueryParams};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use super::choices::{KeyStatusName, PlanName, StatusName};
use crate::ApiState;
use crate::problems::problem_of_catalog;

/// How much is found of each kind unless told otherwise, and at most.
const DEFAULT_LIMIT: u8 = 8;
const LARGEST_LIMIT: u8 = 20;
/// The longest text that is looked for.
const LONGEST_TEXT: usize = 200;
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct SearchQuery {
    /// A part of a customer's customerId, name, billing address or database, of a key's name or of an operator's name or
    /// address; the beginning of a key, as lists show it; or a UUID. Never a whole key.
    #[param(min_length = 1, max_length = 200)]
    q: String,
    /// At most so many of each kind.
    #[param(minimum = 1, maximum = 20, default = 8, nullable = false)]
    limit: Option<u8>,
}

/// What was found. A kind that the operator may not see is empty.
#[derive(Serialize, ToSchema)]
pub(crate) struct SearchView {
    customers: Vec<FoundCustomerView>,
    api_keys: Vec<FoundKeyView>,
    operators: Vec<FoundOperatorView>,
}

#[derive(Serialize, ToSchema)]
struct FoundCustomerView {
    id: Uuid,
    /// The customer's short name.
    #[schema(required = true)]
    customer_id: Option<String>,
    company_name: String,
    subscription_plan: PlanName,
    subscription_status: StatusName,
}

#[derive(Serialize, ToSchema)]
struct FoundKeyView {
    id: Uuid,
    name: String,
    /// The beginning of the key.
    prefix: String,
    status: KeyStatusName,
    /// Whose it is: the customerId, or the UUID of who has none.
    customer_id: String,
    customer_name: String,
}

#[derive(Serialize, ToSchema)]
struct FoundOperatorView {
    id: Uuid,
    name: String,
    email: String,
}

/// Finds customers, API keys and operators, as far as whoever asks may see them.
#[utoipa::path(get, path = "/api/admin/search", tag = "search", params(SearchQuery),
    responses((status = 200, body = SearchView)))]
pub(crate) async fn search(
    State(state): State<ApiState>,
    Extension(actor): Extension<Actor>,
    QueryParams(query): QueryParams<SearchQuery>,
) -> Result<Json<SearchView>, Problem> {
    let text = checked(&query.q)?;
    let limit = query.limit.unwrap_or(DEFAULT_LIMIT);
    if !(1..=LARGEST_LIMIT).contains(&limit) {
        return Err(Problem::field("limit", format!("must be from 1 to {LARGEST_LIMIT}")));
    }
    let wanted = Wanted::new(text, limit);
    let mut found = SearchView { customers: Vec::new(), api_keys: Vec::new(), operators: Vec::new() };
    if actor.permit(Right::CustomersRead).is_ok() {
        let client = state.client(&actor, Right::CustomersRead).await?;
        let customers = finding::customers(&client, &wanted).await.map_err(problem_of_catalog)?;
        let api_keys = finding::api_keys(&client, &wanted).await.map_err(problem_of_catalog)?;
        found.customers = customers.into_iter().map(FoundCustomerView::from).collect();
        found.api_keys = api_keys.into_iter().map(FoundKeyView::from).collect();
    }
    if actor.permit(Right::OperatorsRead).is_ok() {
        let client = state.client(&actor, Right::OperatorsRead).await?;
        let operators = finding::operators(&client, &wanted).await.map_err(problem_of_catalog)?;
        found.operators = operators.into_iter().map(FoundOperatorView::from).collect();
    }
    Ok(Json(found))
}

/// The text, if it is one to look for. Addresses end up in histories and logs of others: a secret doesn't belong there.
fn checked(given: &str) -> Result<&str, Problem> {
    let text = given.trim();
    if text.is_empty() || text.chars().count() > LONGEST_TEXT {
        return Err(Problem::field("q", format!("must have from 1 to {LONGEST_TEXT} characters")));
    }
    without_secrets("q", text)
}

/// The text, unless a whole key or token stands in it.
pub(super) fn without_secrets<'a>(field: &str, text: &'a str) -> Result<&'a str, Problem> {
    if has_token(text) {
        return Err(Problem::field(
            field,
            "looks like a whole key or token, which doesn't belong into an address: search by its first characters, and \
             replace it if others could have seen it",
        ));
    }
    Ok(text)
}

impl From<FoundCustomer> for FoundCustomerView {
    fn from(found: FoundCustomer) -> Self {
        Self {
            id: found.id.uuid(),
            customer_id: found.slug,
            company_name: found.company_name,
            subscription_plan: found.plan.into(),
            subscription_status: found.status.into(),
        }
    }
}

impl From<FoundApiKey> for FoundKeyView {
    fn from(found: FoundApiKey) -> Self {
        Self {
            id: found.id.uuid(),
            name: found.name,
            prefix: found.prefix,
            status: found.status.into(),
            customer_id: found.customer_slug,
            customer_name: found.customer_name,
        }
    }
}

impl From<FoundOperator> for FoundOperatorView {
    fn from(found: FoundOperator) -> Self {
        Self { id: found.id, name: found.name, email: found.email }
    }
}
