//! What somebody has to do.

use super::{CONTACT_ID, CREATED_AT, DEAL_ID, ID, METADATA, ORG_ID, PRIORITIES, UPDATED_AT, USER_ID};
use crate::spec::{AfterCreate, BeforeDelete, Column, Kind, ResourceSpec};

/// What somebody has to do.
pub(crate) static TASKS: ResourceSpec = ResourceSpec {
    path: "tasks",
    table: "tasks",
    schema: "Task",
    noun: "task",
    description: "What somebody has to do, for a deal or a contact or neither.",
    module: "crm_core",
    columns: &[
        ID,
        ORG_ID,
        USER_ID,
        DEAL_ID,
        CONTACT_ID,
        Column::required("title", Kind::Text(500), "In a few words.").filterable().sortable().searchable(),
        Column::optional("description", Kind::Text(50_000), "In more words.").searchable(),
        Column::defaulted(
            "status",
            Kind::Enum(&["open", "in_progress", "completed", "canceled"]),
            "How far it has come; open unless given.",
        )
        .filterable()
        .sortable(),
        Column::defaulted("priority", Kind::Enum(PRIORITIES), "How much it matters; medium unless given.")
            .filterable()
            .sortable(),
        Column::optional("due_date", Kind::Timestamp, "When it has to be done.").filterable().sortable(),
        Column::optional(
            "completed_at",
            Kind::Timestamp,
            "When it was done; now, when the status becomes completed and nothing is given.",
        )
        .filterable()
        .sortable(),
        Column::optional("remind_at", Kind::Timestamp, "When to remind of it.").filterable().sortable(),
        METADATA,
        CREATED_AT,
        UPDATED_AT,
    ],
    constraints: &[(
        "tasks_completed_at_check",
        "only a task of the status completed can have been completed",
    )],
    after_create: AfterCreate::Nothing,
    before_delete: BeforeDelete::Nothing,
};
