//! Which activities create which tasks.

use super::{ACTIVITY_TYPES, CREATED_AT, ID, ORG_ID, PRIORITIES, UPDATED_AT};
use crate::spec::{AfterCreate, BeforeDelete, Column, Kind, ResourceSpec};

/// Which activities create which follow-up tasks.
pub(super) static SMART_TASK_TEMPLATES: ResourceSpec = ResourceSpec {
    path: "smart-task-templates",
    table: "smart_task_templates",
    schema: "SmartTaskTemplate",
    noun: "smart task template",
    description: "Which activities create which follow-up tasks.",
    module: "workflow_automation",
    columns: &[
        ID,
        ORG_ID,
        Column::required("name", Kind::Text(200), "Its name.").filterable().sortable().searchable(),
        Column::required(
            "trigger_activity_type",
            Kind::Enum(ACTIVITY_TYPES),
            "The type of activity that it follows.",
        )
        .filterable()
        .sortable(),
        Column::optional(
            "trigger_match_notes",
            Kind::Text(500),
            "It follows only activities whose notes contain this, whatever the case.",
        )
        .searchable(),
        Column::required("task_title", Kind::Text(500), "The task's title.")
            .filterable()
            .sortable()
            .searchable(),
        Column::optional("task_description", Kind::Text(50_000), "The task's description.").searchable(),
        Column::defaulted(
            "task_priority",
            Kind::Enum(PRIORITIES),
            "The task's priority; medium unless given.",
        )
        .filterable()
        .sortable(),
        Column::defaulted(
            "delay_days",
            Kind::Integer(0, 3650),
            "How many days after the activity the task is due; 3 unless given.",
        )
        .filterable()
        .sortable(),
        Column::defaulted("is_active", Kind::Bool, "Whether it creates tasks; true unless given.")
            .filterable(),
        CREATED_AT,
        UPDATED_AT,
    ],
    constraints: &[],
    after_create: AfterCreate::Nothing,
    before_delete: BeforeDelete::Nothing,
};
