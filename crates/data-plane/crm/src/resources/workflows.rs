//! Definitions of workflows.

use super::{CREATED_AT, ID, ORG_ID, UPDATED_AT, USER_ID};
use crate::spec::{AfterCreate, BeforeDelete, Column, Kind, ResourceSpec};

/// What is to happen by itself, and when.
pub(super) static WORKFLOWS: ResourceSpec = ResourceSpec {
    path: "workflows",
    table: "workflows",
    schema: "Workflow",
    noun: "workflow",
    description: "What is to happen by itself, and when.",
    module: "workflow_automation",
    columns: &[
        ID,
        ORG_ID,
        USER_ID,
        Column::required("name", Kind::Text(200), "Its name.").filterable().sortable().searchable(),
        Column::optional("description", Kind::Text(5000), "What it is for.").searchable(),
        Column::defaulted("trigger", Kind::Object, "What starts it; nothing unless given."),
        Column::defaulted("actions", Kind::Array, "What it does, in order; nothing unless given."),
        Column::defaulted(
            "status",
            Kind::Enum(&["draft", "active", "paused", "archived"]),
            "Whether it runs; draft unless given.",
        )
        .filterable()
        .sortable(),
        Column::computed("execution_count", Kind::Integer(0, i64::MAX), "How often it ran.")
            .filterable()
            .sortable(),
        Column::computed("last_executed_at", Kind::Timestamp, "When it last ran.")
            .nullable()
            .filterable()
            .sortable(),
        CREATED_AT,
        UPDATED_AT,
    ],
    constraints: &[],
    after_create: AfterCreate::Nothing,
    before_delete: BeforeDelete::Nothing,
};
