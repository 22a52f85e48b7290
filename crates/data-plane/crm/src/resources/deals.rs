//! Sales, and what of them needs the module Advanced Pipeline.

use super::{CONTACT_ID, CREATED_AT, ID, METADATA, ORG_ID, UPDATED_AT, USER_ID};
use crate::spec::{AfterCreate, BeforeDelete, Column, Gate, Kind, ResourceSpec};

/// The module of the stages after the first four, and of split deals.
const ADVANCED_PIPELINE: &str = "advanced_pipeline";

/// Sales in progress and done.
pub(super) static DEALS: ResourceSpec = ResourceSpec {
    path: "deals",
    table: "deals",
    schema: "Deal",
    noun: "deal",
    description: "Sales in progress and done. The stages proposal, negotiation, closed_won and closed_lost and split \
                  deals need the module advanced_pipeline.",
    module: "crm_core",
    columns: &[
        ID,
        ORG_ID,
        USER_ID,
        CONTACT_ID,
        Column::required("name", Kind::Text(200), "Its name.").filterable().sortable().searchable(),
        Column::optional("description", Kind::Text(50_000), "What it is about.").searchable(),
        Column::optional("company_name", Kind::Text(200), "The other side.").filterable().sortable().searchable(),
        Column::defaulted("one_off_revenue", Kind::Money(13), "What is paid once; 0 unless given.")
            .filterable()
            .sortable(),
        Column::defaulted("mrr", Kind::Money(13), "What is paid every month; 0 unless given.")
            .filterable()
            .sortable(),
        Column::computed("ltv", Kind::Money(16), "Three months of mrr and the one-off revenue.")
            .filterable()
            .sortable(),
        Column::defaulted(
            "stage",
            Kind::Enum(&[
                "sql",
                "opportunity",
                "verbal",
                "signed",
                "proposal",
                "negotiation",
                "closed_won",
                "closed_lost",
            ]),
            "How far it has come; sql unless given.",
        )
        .filterable()
        .sortable()
        .gated(Gate::Values {
            module: ADVANCED_PIPELINE,
            values: &["proposal", "negotiation", "closed_won", "closed_lost"],
        }),
        Column::optional("expected_close_date", Kind::Date, "When it should be closed.").filterable().sortable(),
        Column::optional(
            "closed_at",
            Kind::Timestamp,
            "When it was closed; now, when the stage becomes signed, closed_won or closed_lost and nothing is given.",
        )
        .filterable()
        .sortable(),
        Column::defaulted("is_split_deal", Kind::Bool, "Whether several users share it; false unless given.")
            .filterable()
            .gated(Gate::Set { module: ADVANCED_PIPELINE }),
        Column::optional("split_data", Kind::ObjectOrArray, "How they share it.")
            .gated(Gate::Set { module: ADVANCED_PIPELINE }),
        METADATA,
        CREATED_AT,
        UPDATED_AT,
    ],
    constraints: &[(
        "deals_closed_at_check",
        "only a deal in the stage signed, closed_won or closed_lost can have been closed",
    )],
    after_create: AfterCreate::Nothing,
    before_delete: BeforeDelete::Nothing,
};
