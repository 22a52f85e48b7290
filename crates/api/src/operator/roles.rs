//! What the roles of operators may do.

use axum::{Extension, Json};
use customers::{Actor, Right};
use domain::Role;
use problem::Problem;
use serde::Serialize;
use utoipa::ToSchema;

use super::page::Listing;
use super::schemas;
use crate::problems::problem_of_refusal;

/// A role and what it may do.
// Not `RoleView`: that is a role in a customer's database, and names are one set in the document.
#[derive(Serialize, ToSchema)]
pub(crate) struct OperatorRoleView {
    #[schema(schema_with = schemas::role)]
    role: &'static str,
    /// What it is for, in a sentence.
    description: &'static str,
    #[schema(schema_with = schemas::permissions)]
    permissions: Vec<&'static str>,
}

impl From<Role> for OperatorRoleView {
    fn from(role: Role) -> Self {
        Self {
            role: role.as_str(),
            description: role.description(),
            permissions: role.rights().iter().map(Right::as_str).collect(),
        }
    }
}

/// The roles, the one that may do most first, with what each may do.
#[utoipa::path(get, path = "/api/admin/roles", tag = "operators",
    responses((status = 200, body = Listing<OperatorRoleView>)))]
pub(crate) async fn list(
    Extension(actor): Extension<Actor>,
) -> Result<Json<Listing<OperatorRoleView>>, Problem> {
    // Every role has it: a refusal tells who may do what all the same.
    actor.permit(Right::CustomersRead).map_err(problem_of_refusal)?;
    let data = Role::ALL.iter().copied().map(OperatorRoleView::from).collect();
    Ok(Json(Listing { data, next_cursor: None }))
}
