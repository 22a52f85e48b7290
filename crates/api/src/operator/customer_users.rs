//! The people of a customer, as the customer's own database has them, and how each stands with the identity provider.

use std::collections::HashMap;
use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use axum::extract::State;
use axum::{Extension, Json};
use catalog::clerk::memberships::{self, SyncedMembership};
use catalog::{customers as customer_rows, instances};
use chrono::{DateTime, Utc};
use crm::people::{self, Person};
use customers::{Actor, Right, UseCaseError};
use problem::{PathParam, Problem, QueryParams};
use serde::Serialize;
use tokio::time::timeout;
use utoipa::ToSchema;
use uuid::Uuid;

use super::customer_database::problem_text;
use super::page::{Listing, PageQuery, by_id, limit, parsed};
use super::schemas;
use crate::ApiState;
use crate::problem_document::ProblemDocument;
use crate::problems::{problem_of, problem_of_catalog};

/// How long the customer's database may take. Longer than one that is down is tried (`RouterConfig::wait_timeout`): whoever tried it
/// knows what is wrong.
const PATIENCE: Duration = Duration::from_secs(8);

/// Somebody who works with the CRM at a customer's.
#[derive(Serialize, ToSchema)]
pub(crate) struct CustomerUserView {
    id: Uuid,
    organization: OrganizationView,
    email: String,
    #[schema(required)]
    name: Option<String>,
    #[schema(schema_with = schemas::user_role)]
    role: String,
    is_active: bool,
    /// Who they are at the identity provider; null when they aren't linked to it.
    #[schema(required)]
    clerk_user_id: Option<String>,
    /// What the provider told of them; null when they aren't linked, it told nothing, or who asks lacks `clerk:read`.
    #[schema(required)]
    membership: Option<MembershipView>,
    created_at: DateTime<Utc>,
}

/// An organization of a customer.
#[derive(Serialize, ToSchema)]
struct OrganizationView {
    id: Uuid,
    name: String,
}

/// A membership at the identity provider.
#[derive(Serialize, ToSchema)]
struct MembershipView {
    state: MembershipState,
    /// The role's key there, such as `org:admin`.
    role: String,
    /// Since when this holds.
    changed_at: DateTime<Utc>,
    /// Whether the customer's database knows of the last change.
    is_synced: bool,
    /// Why it doesn't.
    #[schema(required)]
    sync_error: Option<String>,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum MembershipState {
    /// They are in the organization.
    Member,
    /// They were.
    Removed,
}

impl From<SyncedMembership> for MembershipView {
    fn from(row: SyncedMembership) -> Self {
        let is_over = row.membership.removed_at.is_some();
        Self {
            state: if is_over { MembershipState::Removed } else { MembershipState::Member },
            role: row.membership.role,
            changed_at: row.membership.changed_at,
            is_synced: row.is_synced,
            sync_error: row.sync_error,
        }
    }
}

/// After which user a page begins.
struct After(Uuid, Uuid);

impl FromStr for After {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let ids = text
            .split_once('.')
            .and_then(|(organization, user)| Some((organization.parse().ok()?, user.parse().ok()?)));
        let (organization, user) =
            ids.ok_or("is not a cursor of this list: use the next_cursor of the page before")?;
        Ok(Self(organization, user))
    }
}

impl fmt::Display for After {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}.{}", self.0, self.1)
    }
}

/// The users in a customer's own database, organization by organization, each with what the identity provider told of them.
#[utoipa::path(get, path = "/api/admin/customers/{customer}/users", tag = "customers",
    params(("customer" = String, Path, description = "The UUID or the customerId"), PageQuery),
    responses((status = 200, body = Listing<CustomerUserView>),
        (status = 409, description = "The database was not made by this platform", body = ProblemDocument),
        (status = 503, description = "The customer's database is away", body = ProblemDocument)))]
pub(crate) async fn list(
    State(state): State<ApiState>,
    Extension(actor): Extension<Actor>,
    PathParam(customer): PathParam<String>,
    QueryParams(query): QueryParams<PageQuery>,
) -> Result<Json<Listing<CustomerUserView>>, Problem> {
    let limit = limit(query.limit)?;
    let After(organization, user) =
        parsed::<After>("cursor", query.cursor.as_deref())?.unwrap_or(After(Uuid::nil(), Uuid::nil()));
    let id = {
        let client = state.client(&actor, Right::CustomersRead).await?;
        let found = customer_rows::by_slug_or_id(&client, &customer).await.map_err(problem_of_catalog)?;
        let found = found.ok_or_else(|| problem_of(UseCaseError::no_customer(&customer)))?;
        if instances::of_customer(&client, found.id).await.map_err(problem_of_catalog)?.is_none() {
            return Err(Problem::conflict("This customer's database was not made by this platform."));
        }
        found.id
    };
    let asked = people::list(&state.databases, id, (organization, user), limit as usize + 1);
    let found = match timeout(PATIENCE, asked).await {
        Ok(found) => found.map_err(|error| Problem::unavailable(problem_text(&error, id)).retry_after(5))?,
        Err(_) => {
            let detail = format!("The database gave no answer within {} seconds.", PATIENCE.as_secs());
            return Err(Problem::unavailable(detail).retry_after(5));
        }
    };
    let linked: Vec<_> = found.iter().filter_map(|person| person.clerk_user_id.clone()).collect();
    let mut told = HashMap::new();
    // What the identity provider told is behind a right of its own.
    if !linked.is_empty() && actor.rights().has(Right::ClerkRead) {
        let client = state.client(&actor, Right::CustomersRead).await?;
        let rows = memberships::of_customers_users(&client, id, &linked).await.map_err(problem_of_catalog)?;
        told.extend(rows.into_iter().map(|row| (row.membership.clerk_user_id.clone(), row)));
    }
    let view = |person: Person| {
        let membership = person.clerk_user_id.as_ref().and_then(|id| told.get(id)).cloned();
        CustomerUserView {
            id: person.id,
            organization: OrganizationView { id: person.organization_id, name: person.organization_name },
            email: person.email,
            name: person.name,
            role: person.role,
            is_active: person.is_active,
            clerk_user_id: person.clerk_user_id,
            membership: membership.map(MembershipView::from),
            created_at: person.created_at,
        }
    };
    let cursor = |person: &Person| After(person.organization_id, person.id).to_string();
    Ok(Json(by_id(found, limit, cursor, view)))
}
