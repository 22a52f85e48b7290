//! All that happened to one customer, in sentences.

mod words;

use axum::extract::State;
use axum::{Extension, Json};
use catalog::timeline::{self as rows, Entry, EntryKind};
use chrono::{DateTime, Utc};
use customers::{Actor, Right, UseCaseError};
use problem::{PathParam, Problem, QueryParams};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use super::audit_logs::BOOTSTRAP_NAME;
use super::customer_name::CustomerName;
use super::page::{Listing, page_request, parsed};
use super::schemas;
use crate::ApiState;
use crate::problems::{problem_of, problem_of_catalog, problem_of_refusal};

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct TimelineQuery {
    /// Only `audit`, `operation` or `backup`.
    #[param(schema_with = schemas::entry_kind)]
    kind: Option<String>,
    /// At most so many rows, up to 200.
    #[param(minimum = 1, maximum = 200, default = 50)]
    limit: Option<u32>,
    /// The `next_cursor` of the page before.
    cursor: Option<String>,
}

/// Something that happened to a customer.
#[derive(Serialize, ToSchema)]
pub(crate) struct TimelineEntryView {
    /// The audit row, operation or backup.
    id: Uuid,
    /// When it happened or began.
    at: DateTime<Utc>,
    #[schema(schema_with = schemas::entry_kind)]
    kind: &'static str,
    /// The action of an audit row, such as `module_enabled`; the kind of an operation or backup, such as `customer_create` or
    /// `nightly`.
    action: String,
    /// What happened, in a sentence for people. Who did it is in `actor`.
    summary: String,
    /// Who did it or asked for it; null when the system did it by itself.
    #[schema(required)]
    actor: Option<TimelineActorView>,
    /// Where an operation (`queued`, `running`, `succeeded`, `failed`, `dead`, `canceled`) or backup (`running`, `succeeded`,
    /// `failed`) stands now; null for audit rows.
    #[schema(required)]
    status: Option<String>,
    /// The kind of thing that changed.
    #[schema(required)]
    resource_type: Option<String>,
    /// Which one.
    #[schema(required)]
    resource_id: Option<String>,
}

/// Who did something.
#[derive(Serialize, ToSchema)]
pub(crate) struct TimelineActorView {
    kind: ActorKind,
    /// What people call them.
    name: String,
}

/// What somebody is.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum ActorKind {
    /// An operator with an account.
    Operator,
    /// The bearer of the configured token.
    Bootstrap,
    /// Another client of the admin database, or an operator whose account is gone.
    Other,
}

impl From<Entry> for TimelineEntryView {
    fn from(entry: Entry) -> Self {
        let summary = words::summary(&entry);
        let actor = entry.actor.map(|actor| match (entry.actor_name, actor.as_str()) {
            (Some(name), _) => TimelineActorView { kind: ActorKind::Operator, name },
            (None, Actor::BOOTSTRAP) => {
                TimelineActorView { kind: ActorKind::Bootstrap, name: BOOTSTRAP_NAME.to_owned() }
            }
            (None, _) => TimelineActorView { kind: ActorKind::Other, name: actor },
        });
        Self {
            id: entry.id,
            at: entry.at,
            kind: entry.kind.as_str(),
            action: entry.action,
            summary,
            actor,
            status: entry.status,
            resource_type: entry.resource_type,
            resource_id: entry.resource_id,
        }
    }
}

/// All that happened to a customer, the newest first: what was done, long work, backups. Also of one who is gone. Backups are
/// left out for whoever may not read them.
#[utoipa::path(get, path = "/api/admin/customers/{customer}/timeline", tag = "customers",
    params(("customer" = String, Path, description = "The UUID or the customerId"), TimelineQuery),
    responses((status = 200, body = Listing<TimelineEntryView>)))]
pub(crate) async fn timeline(
    State(state): State<ApiState>,
    Extension(actor): Extension<Actor>,
    PathParam(customer): PathParam<String>,
    QueryParams(query): QueryParams<TimelineQuery>,
) -> Result<Json<Listing<TimelineEntryView>>, Problem> {
    let client = state.client(&actor, Right::AuditRead).await?;
    actor.permit(Right::CustomersRead).map_err(problem_of_refusal)?;
    let page = page_request(query.limit, query.cursor.as_deref())?;
    let kinds = match parsed::<EntryKind>("kind", query.kind.as_deref())? {
        Some(EntryKind::Backup) => {
            actor.permit(Right::BackupsRead).map_err(problem_of_refusal)?;
            vec![EntryKind::Backup]
        }
        Some(kind) => vec![kind],
        None if actor.rights().has(Right::BackupsRead) => EntryKind::ALL.to_vec(),
        None => vec![EntryKind::Audit, EntryKind::Operation],
    };
    let nobody = || problem_of(UseCaseError::no_customer(&customer));
    let id = CustomerName::from(customer.as_str()).id(&client).await?.ok_or_else(nobody)?;
    let found = rows::list(&client, id, &kinds, &page).await.map_err(problem_of_catalog)?;
    if found.data.is_empty() && !is_known(&client, id).await? {
        return Err(nobody());
    }
    Ok(Json(Listing::of(found, TimelineEntryView::from)))
}

/// Whether there is such a customer, or was one.
async fn is_known(client: &catalog::Client, id: domain::CustomerId) -> Result<bool, Problem> {
    let found = catalog::customers::any_by_id(client, id).await.map_err(problem_of_catalog)?;
    Ok(found.is_some())
}
