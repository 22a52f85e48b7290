//! Data keys: whose each is, how old it is, and which master key opens it. Never a key itself.

use axum::extract::State;
use axum::{Extension, Json};
use catalog::data_key_list::{self, DataKey};
use chrono::{DateTime, Utc};
use customers::{Actor, Right};
use domain::CustomerId;
use problem::{Problem, QueryParams};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use super::customer_name::customer_id;
use super::page::{Listing, page_request};
use crate::ApiState;
use crate::problems::problem_of_catalog;

/// A version of a data key. The key itself is never shown.
#[derive(Serialize, ToSchema)]
pub(crate) struct DataKeyView {
    /// Whose; null is the platform.
    #[schema(required)]
    customer_uuid: Option<Uuid>,
    #[schema(required)]
    customer_id: Option<String>,
    #[schema(required)]
    customer_name: Option<String>,
    /// Which of theirs, from 1: the highest seals, and those before only open.
    version: i32,
    /// The master key that opens it.
    master_key_id: String,
    created_at: DateTime<Utc>,
    /// For how many whole days it is there.
    age_days: i64,
    /// Since when a later version seals; null while this one does.
    #[schema(required)]
    superseded_at: Option<DateTime<Utc>>,
}

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct DataKeyQuery {
    /// Only of this customer: the UUID or the customerId.
    customer: Option<String>,
    /// At most so many rows, up to 200.
    #[param(minimum = 1, maximum = 200, default = 50)]
    limit: Option<u32>,
    /// The `next_cursor` of the page before.
    cursor: Option<String>,
}

impl DataKeyView {
    fn new(key: DataKey, now: DateTime<Utc>) -> Self {
        Self {
            customer_uuid: key.customer_id.map(CustomerId::uuid),
            customer_id: key.customer_slug,
            customer_name: key.company_name,
            version: key.version,
            master_key_id: key.master_key_id,
            age_days: (now - key.created_at).num_days(),
            created_at: key.created_at,
            superseded_at: key.superseded_at,
        }
    }
}

/// Lists the data keys, the oldest first: of all customers and the platform, or of one customer.
#[utoipa::path(get, path = "/api/admin/secrets/data-keys", tag = "secrets", params(DataKeyQuery),
    responses((status = 200, body = Listing<DataKeyView>)))]
pub(crate) async fn list(
    State(state): State<ApiState>,
    Extension(actor): Extension<Actor>,
    QueryParams(query): QueryParams<DataKeyQuery>,
) -> Result<Json<Listing<DataKeyView>>, Problem> {
    let page = page_request(query.limit, query.cursor.as_deref())?;
    let client = state.client(&actor, Right::SecretsRead).await?;
    let customer = customer_id(&client, query.customer.as_deref()).await?;
    let found = data_key_list::list(&client, customer, &page).await.map_err(problem_of_catalog)?;
    let now = Utc::now();
    Ok(Json(Listing::of(found, |key| DataKeyView::new(key, now))))
}
