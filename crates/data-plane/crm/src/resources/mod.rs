//! The resources, one file each. This list is the only other place that names them.

mod activities;
mod calendar_events;
mod contacts;
mod deals;
mod organizations;
mod smart_task_templates;
mod tasks;
mod users;
mod workflows;

pub(crate) use tasks::TASKS;
pub(crate) use users::USERS;

use crate::spec::{Column, Kind, ResourceSpec};

/// Every resource of the customer API.
pub static RESOURCES: [&ResourceSpec; 9] = [
    &organizations::ORGANIZATIONS,
    &USERS,
    &contacts::CONTACTS,
    &deals::DEALS,
    &activities::ACTIVITIES,
    &TASKS,
    &calendar_events::CALENDAR_EVENTS,
    &smart_task_templates::SMART_TASK_TEMPLATES,
    &workflows::WORKFLOWS,
];

const ACTIVITY_TYPES: &[&str] = &["call", "email", "meeting", "proposal", "task", "note"];
const PRIORITIES: &[&str] = &["low", "medium", "high", "urgent"];

const ID: Column = Column::computed("id", Kind::Id, "The object's id.").sortable();
const ORG_ID: Column = Column::computed("org_id", Kind::Id, "The organization that it belongs to.");
const USER_ID: Column =
    Column::optional("user_id", Kind::Reference("users"), "The user who owns it.").filterable();
const DEAL_ID: Column =
    Column::optional("deal_id", Kind::Reference("deals"), "The deal that it is about.").filterable();
const CONTACT_ID: Column =
    Column::optional("contact_id", Kind::Reference("contacts"), "The contact that it is about.").filterable();
const METADATA: Column =
    Column::defaulted("metadata", Kind::Object, "Whatever the client wants to keep with it.");
const CREATED_AT: Column =
    Column::computed("created_at", Kind::Timestamp, "When it was created.").filterable().sortable();
const UPDATED_AT: Column =
    Column::computed("updated_at", Kind::Timestamp, "When it was last changed.").filterable().sortable();

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_resource_belongs_to_a_module_that_exists() {
        for resource in RESOURCES {
            assert!(domain::modules::find(resource.module).is_some(), "{}", resource.path);
            assert_eq!(resource.path.replace('-', "_"), resource.table);
        }
    }

    #[test]
    fn only_what_can_be_compared_is_filtered_sorted_and_searched() {
        for column in RESOURCES.iter().flat_map(|resource| resource.columns) {
            assert!(!column.kind.is_json() || !(column.filterable || column.sortable), "{}", column.name);
            assert!(
                !column.searchable || matches!(column.kind, Kind::Text(_) | Kind::Email | Kind::Url),
                "{}",
                column.name
            );
            assert!(!(column.required && column.read_only), "{}", column.name);
        }
    }
}
