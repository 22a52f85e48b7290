//! The customer's business units.

use super::{CREATED_AT, ID, METADATA, UPDATED_AT};
use crate::spec::{AfterCreate, BeforeDelete, Column, Kind, ResourceSpec};

/// The customer's business units.
pub(super) static ORGANIZATIONS: ResourceSpec = ResourceSpec {
    path: "organizations",
    table: "organizations",
    schema: "Organization",
    noun: "organization",
    description: "The customer's business units. Each sees only its own rows; the oldest is the default.",
    module: "crm_core",
    columns: &[
        ID,
        Column::required("name", Kind::Text(200), "Its name.").filterable().sortable().searchable(),
        Column::optional("description", Kind::Text(5000), "What it does.").searchable(),
        Column::optional("logo_url", Kind::Url, "Its logo."),
        Column::optional("website", Kind::Url, "Its web site."),
        Column::optional("industry", Kind::Text(100), "Its industry.").filterable().sortable().searchable(),
        Column::defaulted(
            "timezone",
            Kind::TimeZone,
            "Its time zone, such as Europe/Vienna; UTC unless given.",
        )
        .filterable(),
        Column::defaulted("currency", Kind::Currency, "Its currency, such as EUR; USD unless given.")
            .filterable(),
        METADATA,
        CREATED_AT,
        UPDATED_AT,
    ],
    constraints: &[],
    after_create: AfterCreate::Nothing,
    before_delete: BeforeDelete::KeepOne,
};
