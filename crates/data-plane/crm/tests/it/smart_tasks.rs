//! Smart task templates: an activity leaves its follow-up tasks.

use http::StatusCode;
use serde_json::{Value, json};

use crate::api::{Api, least};
use crate::support::enter;

async fn template(api: &Api, extra: Value) -> Value {
    let mut body = json!({"name": "Template", "trigger_activity_type": "meeting", "task_title": "Follow up"});
    body.as_object_mut().unwrap().extend(extra.as_object().unwrap().clone());
    api.create("smart-task-templates", body).await
}

fn meeting(notes: Option<&str>) -> Value {
    json!({"type": "meeting", "notes": notes, "activity_date": "2026-03-01T10:00:00Z"})
}

#[tokio::test]
async fn a_matching_activity_creates_its_tasks() {
    let api = Api::new().await;
    let id = |value: &Value| value["id"].as_str().unwrap().to_owned();
    let user = id(&api.create("users", least("users")).await);
    let deal = id(&api.create("deals", least("deals")).await);
    let contact = id(&api.create("contacts", least("contacts")).await);
    let plain = template(&api, json!({})).await;
    assert_eq!(plain["delay_days"], 3);
    template(
        &api,
        json!({"trigger_match_notes": "Q1 100%", "task_title": "Send offer", "task_description": "With the price.",
            "task_priority": "urgent", "delay_days": 0}),
    )
    .await;
    template(&api, json!({"is_active": false, "task_title": "Never"})).await;
    template(&api, json!({"trigger_activity_type": "call", "task_title": "Never"})).await;

    let mut activity = meeting(Some("they want q1 100% now"));
    activity["user_id"] = json!(user);
    activity["deal_id"] = json!(deal);
    activity["contact_id"] = json!(contact);
    let activity = api.create("activities", activity).await;
    let tasks = api.list("tasks?sort=title").await;
    assert_eq!(tasks.len(), 2, "{tasks:?}");
    let (follow_up, offer) = (&tasks[0], &tasks[1]);
    assert_eq!(follow_up["title"], "Follow up");
    assert_eq!(follow_up["priority"], "medium");
    assert_eq!(follow_up["due_date"], "2026-03-04T10:00:00.000000Z");
    assert_eq!(offer["title"], "Send offer");
    assert_eq!(offer["description"], "With the price.");
    assert_eq!(offer["priority"], "urgent");
    assert_eq!(offer["due_date"], "2026-03-01T10:00:00.000000Z");
    for task in &tasks {
        assert_eq!(
            [&task["user_id"], &task["deal_id"], &task["contact_id"]],
            [&json!(user), &json!(deal), &json!(contact)]
        );
        assert_eq!((&task["status"], &task["metadata"]["activity_id"]), (&json!("open"), &activity["id"]));
    }

    // Another change of the activity creates nothing more.
    api.patch(&format!("activities/{}", id(&activity)), json!({"notes": "q1 100%"})).await;
    assert_eq!(api.list("tasks").await.len(), 2);

    // Each task is in the log.
    let readonly = testkit::connect(&api.customer.database.readonly_url()).await;
    enter(&readonly, &api.customer.first.to_string()).await;
    let sql = "select count(*) from audit_logs where resource_type = 'tasks' and action = 'create'";
    assert_eq!(readonly.query_one(sql, &[]).await.unwrap().get::<_, i64>(0), 2);
}

#[tokio::test]
async fn what_does_not_match_creates_nothing() {
    let mut api = Api::new().await;
    template(&api, json!({"trigger_match_notes": "offer"})).await;
    for activity in [
        meeting(None),
        meeting(Some("")),
        meeting(Some("nothing")),
        json!({"type": "call", "notes": "offer"}),
    ] {
        api.create("activities", activity).await;
    }
    assert_eq!(api.list("tasks").await.len(), 0);

    // Another organization's templates are not ours.
    api.enter(api.customer.second);
    api.create("activities", meeting(Some("the offer"))).await;
    assert_eq!(api.list("tasks").await.len(), 0);
    api.enter(api.customer.first);

    // Without the module, templates sleep.
    api.switch_module("workflow_automation", false);
    api.create("activities", meeting(Some("the offer"))).await;
    assert_eq!(api.list("tasks").await.len(), 0);
    api.switch_module("workflow_automation", true);
    api.create("activities", meeting(Some("the OFFER"))).await;
    assert_eq!(api.list("tasks").await.len(), 1);
}

#[tokio::test]
async fn a_refused_activity_leaves_no_tasks_and_the_end_of_time_is_no_error() {
    let api = Api::new().await;
    template(&api, json!({"delay_days": 3650})).await;
    let mut activity = meeting(None);
    activity["deal_id"] = json!(uuid::Uuid::now_v7());
    assert_eq!(api.post("activities", activity).await.status, StatusCode::BAD_REQUEST);
    assert_eq!(api.list("tasks").await.len(), 0);
    api.create("activities", json!({"type": "meeting", "activity_date": "9999-12-31T23:59:59Z"})).await;
    assert_eq!(api.list("tasks").await[0]["due_date"], "9999-12-31T23:59:59.000000Z");
}
