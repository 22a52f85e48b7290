//! People outside the organization.

use super::{CREATED_AT, ID, METADATA, ORG_ID, UPDATED_AT, USER_ID};
use crate::spec::{AfterCreate, BeforeDelete, Column, Kind, ResourceSpec};

/// People outside the organization.
pub(super) static CONTACTS: ResourceSpec = ResourceSpec {
    path: "contacts",
    table: "contacts",
    schema: "Contact",
    noun: "contact",
    description: "People outside the organization. At least one of first_name, last_name, email, phone and company \
                  says who it is.",
    module: "crm_core",
    columns: &[
        ID,
        ORG_ID,
        USER_ID,
        Column::optional("first_name", Kind::Text(200), "The first name.")
            .filterable()
            .sortable()
            .searchable(),
        Column::optional("last_name", Kind::Text(200), "The last name.").filterable().sortable().searchable(),
        Column::optional("email", Kind::Email, "The address.").filterable().sortable().searchable(),
        Column::optional("phone", Kind::Text(50), "The telephone number.").filterable().searchable(),
        Column::optional("company", Kind::Text(200), "Where the contact works.")
            .filterable()
            .sortable()
            .searchable(),
        Column::optional("job_title", Kind::Text(200), "As what.").filterable().sortable().searchable(),
        Column::optional("notes", Kind::Text(50_000), "Anything else.").searchable(),
        Column::optional("linkedin_url", Kind::Url, "The page at LinkedIn."),
        Column::optional("twitter_handle", Kind::Text(100), "The name at Twitter."),
        Column::defaulted("is_active", Kind::Bool, "Whether the contact is still of use; true unless given.")
            .filterable(),
        METADATA,
        CREATED_AT,
        UPDATED_AT,
    ],
    constraints: &[(
        "contacts_first_name_check",
        "a contact needs at least one of first_name, last_name, email, phone and company",
    )],
    after_create: AfterCreate::Nothing,
    before_delete: BeforeDelete::Nothing,
};
