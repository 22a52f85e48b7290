//! How old each data key is, the customers' and the platform's own. Never a key, not even wrapped.

use std::collections::HashMap;

use axum::extract::State;
use axum::{Extension, Json};
use catalog::data_key_ages::{self, DataKeyAge};
use catalog::names;
use chrono::{DateTime, Utc};
use customers::{Actor, Right};
use domain::CustomerId;
use problem::{Problem, QueryParams};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use super::customer_name::customer_id;
use super::page::{Listing, page_request};
use super::secret_keys::KeyRotationView;
use crate::ApiState;
use crate::problems::problem_of_catalog;

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct DataKeyQuery {
    /// Only this customer's: the UUID or the customerId.
    customer: Option<String>,
    /// At most so many rows, up to 200.
    #[param(minimum = 1, maximum = 200, default = 50)]
    limit: Option<u32>,
    /// The `next_cursor` of the page before.
    cursor: Option<String>,
}

/// The data key that seals somebody's secrets now. The key itself is never shown.
#[derive(Serialize, ToSchema)]
pub(crate) struct DataKeyView {
    /// Whose; null for the platform's own.
    #[schema(required = true)]
    customer_uuid: Option<Uuid>,
    /// The customer's short name, where they have one.
    #[schema(required = true)]
    customer_id: Option<String>,
    /// The customer's name for people.
    #[schema(required = true)]
    customer_name: Option<String>,
    /// Which of theirs, from 1.
    version: i32,
    /// Since when it seals.
    created_at: DateTime<Utc>,
    /// For how many whole days.
    age_days: i64,
    /// The master key that wraps it.
    master_key_id: String,
    /// How many versions before it are still there: they open what isn't sealed anew yet, and go an hour after their last use.
    older_versions: i64,
    /// The last rotation of their data key; null when there was none.
    #[schema(required = true)]
    last_rotation: Option<KeyRotationView>,
}

type Names = HashMap<Uuid, (String, Option<String>)>;

impl DataKeyView {
    fn new(row: DataKeyAge, names: &Names, now: DateTime<Utc>) -> Self {
        let customer_uuid = row.customer_id.map(CustomerId::uuid);
        let (name, slug) = customer_uuid.and_then(|id| names.get(&id)).cloned().unzip();
        Self {
            customer_uuid,
            customer_id: slug.flatten(),
            customer_name: name,
            version: row.version,
            created_at: row.created_at,
            age_days: (now - row.created_at).num_days(),
            master_key_id: row.master_key_id,
            older_versions: row.older_versions,
            last_rotation: row.last_rotation.map(KeyRotationView::from),
        }
    }
}

/// Lists the data keys that seal now, one for each customer and one for the platform, the oldest first.
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
    let found = data_key_ages::list(&client, customer, &page).await.map_err(problem_of_catalog)?;
    let ids: Vec<_> = found.data.iter().filter_map(|key| key.customer_id.map(CustomerId::uuid)).collect();
    let names = names::of_customers_with_slugs(&client, &ids).await.map_err(problem_of_catalog)?;
    let now = Utc::now();
    Ok(Json(Listing::of(found, |row| DataKeyView::new(row, &names, now))))
}
