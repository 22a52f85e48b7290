//! Follow-up tasks: what an activity leaves to be done, by the organization's smart task templates.

use std::sync::LazyLock;

use customer_db::{Error, Session};
use uuid::Uuid;

use crate::audit::{self, Change};
use crate::caller::Caller;
use crate::resources;
use crate::sql;

/// The module without which templates do nothing.
const MODULE: &str = "workflow_automation";

/// A template's text is looked for in the notes as it is, whatever the case; an empty one matches everything. A due
/// date beyond the year 9999 could not be written as RFC 3339 says.
static CREATE: LazyLock<String> = LazyLock::new(|| {
    format!(
        "insert into tasks (user_id, deal_id, contact_id, title, description, priority, due_date, metadata) \
         select activity.user_id, activity.deal_id, activity.contact_id, template.task_title, \
             template.task_description, template.task_priority, \
             least(activity.activity_date + make_interval(days => template.delay_days), \
                 timestamptz '9999-12-31 23:59:59Z'), \
             jsonb_build_object('smart_task_template_id', template.id, 'activity_id', activity.id) \
         from activities as activity \
         join smart_task_templates as template on template.trigger_activity_type = activity.type \
         where activity.id = $1 and template.is_active \
             and position(lower(coalesce(template.trigger_match_notes, '')) in lower(coalesce(activity.notes, ''))) > 0 \
         order by template.created_at, template.id \
         returning id, {}",
        sql::document(&resources::TASKS)
    )
});

/// Creates the follow-up tasks of a new activity, if the customer has the module.
pub(crate) async fn follow_up(session: &mut Session, caller: &Caller, activity: Uuid) -> Result<(), Error> {
    if !caller.principal.has_module(MODULE) {
        return Ok(());
    }
    for row in session.query(&CREATE, &[&activity]).await? {
        let document: String = row.get(1);
        let change =
            Change { action: "create", table: "tasks", id: row.get(0), old: None, new: Some(&document) };
        audit::record(session, caller, change).await?;
    }
    Ok(())
}
