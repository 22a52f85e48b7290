//! What was done; the trigger of smart tasks.

use super::{ACTIVITY_TYPES, CONTACT_ID, CREATED_AT, DEAL_ID, ID, METADATA, ORG_ID, UPDATED_AT, USER_ID};
use crate::spec::{AfterCreate, BeforeDelete, Column, Kind, ResourceSpec};

/// A year in minutes: longer than any call.
const LONGEST: i64 = 366 * 24 * 60;

/// What was done.
pub(super) static ACTIVITIES: ResourceSpec = ResourceSpec {
    path: "activities",
    table: "activities",
    schema: "Activity",
    noun: "activity",
    description: "What was done for a deal or with a contact. With the module workflow_automation, a new activity \
                  creates the follow-up tasks of the smart task templates that match it.",
    module: "crm_core",
    columns: &[
        ID,
        ORG_ID,
        USER_ID,
        DEAL_ID,
        CONTACT_ID,
        Column::required("type", Kind::Enum(ACTIVITY_TYPES), "What it was.").filterable().sortable(),
        Column::optional("subject", Kind::Text(500), "In a few words.").filterable().sortable().searchable(),
        Column::optional("description", Kind::Text(50_000), "In more words.").searchable(),
        Column::optional("duration_minutes", Kind::Integer(0, LONGEST), "How long it took.")
            .filterable()
            .sortable(),
        Column::optional("notes", Kind::Text(50_000), "What came of it.").searchable(),
        Column::defaulted("activity_date", Kind::Timestamp, "When it was; now unless given.")
            .filterable()
            .sortable(),
        METADATA,
        CREATED_AT,
        UPDATED_AT,
    ],
    constraints: &[],
    after_create: AfterCreate::SmartTasks,
    before_delete: BeforeDelete::Nothing,
};
