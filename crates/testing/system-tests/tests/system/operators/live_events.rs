//! Watching a sign-up live, as server-sent events.

use serde_json::{Value, json};
use system_tests::Stack;

const STEPS: [&str; 5] =
    ["place", "create_instance", "start_instance", "configure_database", "activate_customer"];

pub(super) async fn story(stack: &Stack) {
    let body =
        json!({ "customer_id": "watched", "name": "Watched", "email": "ada@watched.example", "plan": "pro" });
    let answer = stack.operator.post("/api/admin/customers", &body).await;
    let location = answer.header("location").to_owned();
    let begun = answer.expect(202);
    let id = begun["operation"]["id"].as_str().unwrap();
    assert_eq!(location, format!("/api/admin/operations/{id}"));

    let events = stack.operator.events(id).await;
    check(&events);
    let last = events.last().unwrap();
    assert_eq!(&stack.operator.get(&location).await.expect(200), last, "the last event is how it stays");
    let key = begun["api_key"]["key"].as_str().unwrap();
    stack.operator.with_token(key).get("/api/v1/contacts").await.expect(200);

    // Whoever comes when it is over is told so, once.
    assert_eq!(stack.operator.events(id).await, std::slice::from_ref(last));
    let path = format!("{location}/events");
    stack.operator.anonymous().get(&path).await.expect_problem(401, "unauthenticated");
    stack.operator.with_token(key).get(&path).await.expect_problem(401, "unauthenticated");
    let unknown = "/api/admin/operations/01a20922-337d-705e-845b-39d610d3630a/events";
    stack.operator.get(unknown).await.expect_problem(404, "not-found");
}

fn check(events: &[Value]) {
    assert!(events.len() >= 3, "a sign-up is more than its end: {events:#?}");
    for pair in events.windows(2) {
        assert_ne!(pair[0], pair[1], "an event without a change");
        assert!(rank(&pair[0]) <= rank(&pair[1]), "{} after {}", pair[1], pair[0]);
        assert!(pair[0]["finished_at"].is_null(), "something came after the end: {pair:#?}");
        let done = |event: &Value| {
            event["steps"].as_array().unwrap().iter().filter(|step| step["status"] == "succeeded").count()
        };
        assert!(done(&pair[0]) <= done(&pair[1]), "a step was undone: {pair:#?}");
    }
    let last = events.last().unwrap();
    assert_eq!(last["status"], "succeeded", "{last}");
    let steps = last["steps"].as_array().unwrap();
    assert_eq!(steps.iter().map(|step| step["name"].as_str().unwrap()).collect::<Vec<_>>(), STEPS);
    for step in steps {
        assert_eq!(step["status"], "succeeded", "{step}");
        assert!(step["started_at"].is_string() && step["finished_at"].is_string(), "{step}");
    }
}

fn rank(operation: &Value) -> usize {
    let status = operation["status"].as_str().unwrap();
    ["queued", "running", "succeeded"]
        .iter()
        .position(|known| *known == status)
        .unwrap_or_else(|| panic!("{operation}"))
}
