//! Stored secrets: how many there are of each kind, how old the oldest is, and whose. Never a secret itself.

use axum::extract::State;
use axum::{Extension, Json};
use catalog::stored_secrets::{self, StoredSecrets};
use chrono::{DateTime, Utc};
use customers::{Actor, Right};
use domain::CustomerId;
use problem::Problem;
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::schemas;
use crate::ApiState;
use crate::problems::problem_of_catalog;

/// Every kind of stored secret, also those of which there is none.
#[derive(Serialize, ToSchema)]
pub(crate) struct StoredSecretsView {
    data: Vec<StoredSecretKindView>,
}

/// The stored secrets of one kind.
#[derive(Serialize, ToSchema)]
struct StoredSecretKindView {
    #[schema(schema_with = schemas::secret_kind)]
    kind: &'static str,
    /// How many there are. What the data key of a deleted customer sealed isn't counted: nothing opens it.
    count: i64,
    /// When the one that has stayed the same for longest was set; null when there is none.
    #[schema(required)]
    oldest_set_at: Option<DateTime<Utc>>,
    /// For how many whole days it has stayed the same.
    #[schema(required)]
    oldest_age_days: Option<i64>,
    /// Whose that one is; null is the platform.
    #[schema(required)]
    customer_uuid: Option<Uuid>,
    #[schema(required)]
    customer_id: Option<String>,
    #[schema(required)]
    customer_name: Option<String>,
}

impl StoredSecretKindView {
    fn new(stored: StoredSecrets, now: DateTime<Utc>) -> Self {
        let StoredSecrets { kind, count, oldest } = stored;
        let oldest = oldest.as_ref();
        Self {
            kind: kind.as_str(),
            count,
            oldest_set_at: oldest.map(|one| one.set_at),
            oldest_age_days: oldest.map(|one| (now - one.set_at).num_days()),
            customer_uuid: oldest.and_then(|one| one.customer_id).map(CustomerId::uuid),
            customer_id: oldest.and_then(|one| one.customer_slug.clone()),
            customer_name: oldest.and_then(|one| one.company_name.clone()),
        }
    }
}

/// Shows of each kind of stored secret how many there are, and how old the oldest is.
#[utoipa::path(get, path = "/api/admin/secrets/stored", tag = "secrets",
    responses((status = 200, body = StoredSecretsView)))]
pub(crate) async fn list(
    State(state): State<ApiState>,
    Extension(actor): Extension<Actor>,
) -> Result<Json<StoredSecretsView>, Problem> {
    let client = state.client(&actor, Right::SecretsRead).await?;
    let now = Utc::now();
    let stored = stored_secrets::by_kind(&client).await.map_err(problem_of_catalog)?;
    let data = stored.into_iter().map(|kind| StoredSecretKindView::new(kind, now)).collect();
    Ok(Json(StoredSecretsView { data }))
}
