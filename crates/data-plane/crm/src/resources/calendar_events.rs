//! Appointments.

use super::{CONTACT_ID, CREATED_AT, DEAL_ID, ID, METADATA, ORG_ID, UPDATED_AT, USER_ID};
use crate::spec::{AfterCreate, BeforeDelete, Column, Kind, ResourceSpec};

/// Meetings and other appointments.
pub(super) static CALENDAR_EVENTS: ResourceSpec = ResourceSpec {
    path: "calendar-events",
    table: "calendar_events",
    schema: "CalendarEvent",
    noun: "calendar event",
    description: "Meetings and other appointments, our own and those of a connected calendar. One per user and \
                  external id.",
    module: "calendar_integration",
    columns: &[
        ID,
        ORG_ID,
        USER_ID,
        DEAL_ID,
        CONTACT_ID,
        Column::required("title", Kind::Text(500), "In a few words.").filterable().sortable().searchable(),
        Column::optional("description", Kind::Text(50_000), "In more words.").searchable(),
        Column::optional("location", Kind::Text(500), "Where it is.").filterable().searchable(),
        Column::optional("external_id", Kind::Text(500), "Its id in the connected calendar.").filterable(),
        Column::optional("external_source", Kind::Text(100), "Which calendar that is.").filterable(),
        Column::required("start_time", Kind::Timestamp, "When it begins.").filterable().sortable(),
        Column::required("end_time", Kind::Timestamp, "When it ends.").filterable().sortable(),
        Column::defaulted("is_all_day", Kind::Bool, "Whether it takes whole days; false unless given.")
            .filterable(),
        Column::optional("recurrence_rule", Kind::Text(1000), "How it repeats, as in RFC 5545."),
        Column::defaulted("attendees", Kind::Array, "Who comes."),
        METADATA,
        CREATED_AT,
        UPDATED_AT,
    ],
    constraints: &[
        ("calendar_events_end_time_check", "must not be before start_time"),
        ("calendar_events_external_id_key", "the user has an event with this external_id already"),
    ],
    after_create: AfterCreate::Nothing,
    before_delete: BeforeDelete::Nothing,
};
