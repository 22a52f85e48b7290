//! One object of every resource.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use system_tests::Api;

/// A body that makes an object in which this text stands. A new resource needs a line here.
pub(crate) fn example(resource: &str, text: &str) -> Value {
    match resource {
        "organizations" | "workflows" => json!({ "name": text }),
        "users" => json!({ "email": format!("{text}@example.org"), "name": text }),
        "contacts" => json!({ "first_name": text }),
        "deals" => json!({ "name": text }),
        "activities" => json!({ "type": "note", "subject": text }),
        "tasks" => json!({ "title": text }),
        "calendar-events" => {
            json!({ "title": text, "start_time": "2026-01-01T10:00:00Z", "end_time": "2026-01-01T11:00:00Z" })
        }
        "smart-task-templates" => {
            json!({ "name": text, "trigger_activity_type": "note", "task_title": text })
        }
        other => panic!("there is no example of {other}: give one"),
    }
}

/// Makes an object of every resource; their ids by resource.
pub(crate) async fn make_all(api: &Api, resources: &[&str], text: &str) -> BTreeMap<String, String> {
    let mut made = BTreeMap::new();
    for resource in resources {
        let object = api.post(&format!("/api/v1/{resource}"), &example(resource, text)).await.expect(201);
        made.insert((*resource).to_owned(), object["id"].as_str().unwrap().to_owned());
    }
    made
}
