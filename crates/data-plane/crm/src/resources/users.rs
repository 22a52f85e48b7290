//! The people of an organization.

use super::{CREATED_AT, ID, METADATA, ORG_ID, UPDATED_AT};
use crate::spec::{AfterCreate, BeforeDelete, Column, Kind, ResourceSpec};

/// The people of an organization.
pub(crate) static USERS: ResourceSpec = ResourceSpec {
    path: "users",
    table: "users",
    schema: "User",
    noun: "user",
    description: "The people of the organization who work with the CRM.",
    module: "crm_core",
    columns: &[
        ID,
        ORG_ID,
        Column::required("email", Kind::Email, "The address; one user per address and organization.")
            .filterable()
            .sortable()
            .searchable(),
        Column::optional("name", Kind::Text(200), "The name.").filterable().sortable().searchable(),
        Column::optional("avatar_url", Kind::Url, "A picture."),
        Column::defaulted("role", Kind::Enum(&["admin", "user", "viewer"]), "The role; user unless given.")
            .filterable()
            .sortable(),
        Column::defaulted("is_active", Kind::Bool, "Whether the user still works here; true unless given.")
            .filterable(),
        Column::optional("clerk_user_id", Kind::Text(255), "The user's id at the identity provider.")
            .filterable(),
        METADATA,
        CREATED_AT,
        UPDATED_AT,
    ],
    constraints: &[],
    after_create: AfterCreate::Nothing,
    before_delete: BeforeDelete::Nothing,
};
