//! Creating, reading, changing, deleting: representation, entity tags, the log.

use crm::RESOURCES;
use http::{Method, StatusCode};
use serde_json::{Value, json};

use crate::api::{Api, least};
use crate::support::enter;

#[tokio::test]
async fn every_resource_lives_its_life() {
    let api = Api::new().await;
    for resource in RESOURCES {
        let path = resource.path;
        let created = api.post(path, least(path)).await;
        assert_eq!(created.status, StatusCode::CREATED, "{path}: {}", created.body);
        let id = created.body["id"].as_str().unwrap();
        let location = created.header("location");
        assert_eq!(location, format!("/api/v1/{path}/{id}"));
        let object = location.trim_start_matches("/api/v1/");

        let members: Vec<_> = created.body.as_object().unwrap().keys().map(String::as_str).collect();
        let mut columns: Vec<_> = resource.columns.iter().map(|column| column.name).collect();
        columns.sort_unstable();
        let mut sorted = members.clone();
        sorted.sort_unstable();
        assert_eq!(sorted, columns, "{path}");

        let read = api.get(object).await;
        assert_eq!((read.status, &read.body), (StatusCode::OK, &created.body));
        assert_eq!(read.header("etag"), created.header("etag"));
        let known = api.call(Method::GET, object, &[("if-none-match", read.header("etag"))], None).await;
        assert_eq!(known.status, StatusCode::NOT_MODIFIED);

        // What was read can be sent back, but for what the server sets.
        let mut same = read.body.clone();
        for column in resource.columns.iter().filter(|column| column.read_only) {
            same.as_object_mut().unwrap().remove(column.name);
        }
        let changed = api.patch(object, same).await;
        assert_eq!(changed.status, StatusCode::OK, "{path}: {}", changed.body);
        let unchanged = api.patch(object, json!({})).await;
        assert_eq!((unchanged.status, &unchanged.body), (StatusCode::OK, &changed.body));

        assert!(api.list(path).await.contains(&changed.body), "{path}");
        assert_eq!(api.delete(object).await.status, StatusCode::NO_CONTENT, "{path}");
        for gone in [api.get(object).await, api.patch(object, json!({})).await, api.delete(object).await] {
            assert_eq!(gone.status, StatusCode::NOT_FOUND, "{path}");
        }
        assert!(!api.list(path).await.contains(&changed.body), "{path}");
    }
}

#[tokio::test]
async fn lost_updates_are_noticed() {
    let api = Api::new().await;
    let created = api.post("contacts", json!({"first_name": "Ann"})).await;
    let object = format!("contacts/{}", created.body["id"].as_str().unwrap());
    let old = created.header("etag").to_owned();
    assert!(old.starts_with('"'), "a weak entity tag");

    let change = json!({"last_name": "Archer"});
    let changed = api.call(Method::PATCH, &object, &[("if-match", &old)], Some(&change)).await;
    assert_eq!(changed.status, StatusCode::OK);
    assert_ne!(changed.header("etag"), old);
    for method in [Method::PATCH, Method::DELETE] {
        let body = (method == Method::PATCH).then_some(&change);
        let refused = api.call(method, &object, &[("if-match", &old)], body).await;
        assert_eq!(refused.status, StatusCode::PRECONDITION_FAILED);
        assert_eq!(refused.body["type"], "/problems/precondition-failed");
    }
    assert_eq!(api.get(&object).await.body, changed.body);
    let gone = api.call(Method::DELETE, &object, &[("if-match", changed.header("etag"))], None).await;
    assert_eq!(gone.status, StatusCode::NO_CONTENT);
}

#[tokio::test]
async fn of_many_that_saw_the_same_version_one_changes_it() {
    let api = Api::new().await;
    let created = api.post("deals", json!({"name": "Big"})).await;
    let object = format!("deals/{}", created.body["id"].as_str().unwrap());
    let tag = created.header("etag");
    let calls = (0..10).map(|number| {
        let (api, object) = (&api, &object);
        async move {
            let change = json!({"description": format!("{number}")});
            api.call(Method::PATCH, object, &[("if-match", tag)], Some(&change)).await.status
        }
    });
    let statuses = futures_util::future::join_all(calls).await;
    assert_eq!(statuses.iter().filter(|status| **status == StatusCode::OK).count(), 1, "{statuses:?}");
    assert_eq!(statuses.iter().filter(|status| **status == StatusCode::PRECONDITION_FAILED).count(), 9);
}

#[tokio::test]
async fn free_json_is_merged_and_everything_else_replaced() {
    let api = Api::new().await;
    let created = api
        .create(
            "workflows",
            json!({"name": "Flow", "trigger": {"a": {"b": 1, "c": 2}, "d": 3}, "actions": [1, 2]}),
        )
        .await;
    let object = format!("workflows/{}", created["id"].as_str().unwrap());
    let changed = api
        .patch(&object, json!({"trigger": {"a": {"b": null, "e": [null]}, "f": {}}, "actions": [3]}))
        .await
        .body;
    assert_eq!(changed["trigger"], json!({"a": {"c": 2, "e": [null]}, "d": 3, "f": {}}));
    assert_eq!(changed["actions"], json!([3]));
    assert_eq!(changed["name"], "Flow");
}

#[tokio::test]
async fn money_and_times_look_as_they_should() {
    let api = Api::new().await;
    let deal = api
        .create(
            "deals",
            json!({"name": "Big", "mrr": "29.99", "one_off_revenue": 100, "expected_close_date": "2026-02-28",
                "stage": "signed", "closed_at": "2026-01-31T23:30:00.5+02:00"}),
        )
        .await;
    assert_eq!(deal["mrr"], "29.99");
    assert_eq!(deal["one_off_revenue"], "100.00");
    assert_eq!(deal["ltv"], "189.97");
    assert_eq!(deal["expected_close_date"], "2026-02-28");
    assert_eq!(deal["closed_at"], "2026-01-31T21:30:00.500000Z");
    let created_at = deal["created_at"].as_str().unwrap();
    assert!(
        created_at.ends_with('Z') && chrono::DateTime::parse_from_rfc3339(created_at).is_ok(),
        "{created_at}"
    );
}

#[tokio::test]
async fn every_change_is_in_the_log_with_old_and_new_values() {
    let api = Api::new().await;
    let created = api
        .call(Method::POST, "contacts", &[("user-agent", "test/1")], Some(&json!({"first_name": "Ann"})))
        .await
        .body;
    let object = format!("contacts/{}", created["id"].as_str().unwrap());
    let changed = api.patch(&object, json!({"last_name": "Archer"})).await.body;
    api.patch(&object, json!({})).await;
    api.patch(&object, json!({"email": "wrong"})).await;
    api.delete(&object).await;

    let readonly = testkit::connect(&api.customer.database.readonly_url()).await;
    enter(&readonly, &api.customer.first.to_string()).await;
    let rows = readonly
        .query(
            "select action, resource_type, old_values, new_values, api_key_id, user_agent \
             from audit_logs where resource_id = $1::text::uuid order by id",
            &[&created["id"].as_str().unwrap()],
        )
        .await
        .unwrap();
    let entries: Vec<(String, Option<Value>, Option<Value>)> =
        rows.iter().map(|row| (row.get(0), row.get(2), row.get(3))).collect();
    assert_eq!(
        entries,
        [
            ("create".to_owned(), None, Some(created.clone())),
            ("update".to_owned(), Some(created), Some(changed.clone())),
            ("delete".to_owned(), Some(changed), None),
        ]
    );
    assert!(rows.iter().all(|row| row.get::<_, String>(1) == "contacts"));
    assert!(rows.iter().all(|row| row.get::<_, uuid::Uuid>(4) == api.principal.caller.usage_id().uuid()));
    assert_eq!(rows[0].get::<_, Option<String>>(5).as_deref(), Some("test/1"));
}

#[tokio::test]
async fn links_are_cut_when_their_target_goes() {
    let api = Api::new().await;
    let id = |value: &Value| value["id"].as_str().unwrap().to_owned();
    let user = id(&api.create("users", least("users")).await);
    let contact = id(&api.create("contacts", json!({"first_name": "Carl", "user_id": user})).await);
    let deal = id(&api.create("deals", json!({"name": "Big", "user_id": user, "contact_id": contact})).await);
    let links = json!({"title": "Do", "user_id": user, "deal_id": deal, "contact_id": contact});
    let task = id(&api.create("tasks", links).await);
    for target in [format!("users/{user}"), format!("deals/{deal}"), format!("contacts/{contact}")] {
        assert_eq!(api.delete(&target).await.status, StatusCode::NO_CONTENT, "{target}");
    }
    let task = api.get(&format!("tasks/{task}")).await.body;
    for link in ["user_id", "deal_id", "contact_id"] {
        assert_eq!(task[link], Value::Null, "{link}");
    }
}

#[tokio::test]
async fn what_must_be_unique_is_a_conflict_that_names_the_field() {
    let api = Api::new().await;
    let user = api.create("users", json!({"email": "Ann@example.com", "clerk_user_id": "c1"})).await;
    for (body, field) in [
        (json!({"email": "ANN@example.com"}), "/email"),
        (json!({"email": "bob@example.com", "clerk_user_id": "c1"}), "/clerk_user_id"),
    ] {
        let answer = api.post("users", body).await;
        assert_eq!(answer.status, StatusCode::CONFLICT);
        assert_eq!(answer.body["errors"][0]["field"], field);
    }
    let mut event = least("calendar-events");
    event["user_id"] = user["id"].clone();
    event["external_id"] = json!("e1");
    api.create("calendar-events", event.clone()).await;
    let answer = api.post("calendar-events", event).await;
    assert_eq!(answer.status, StatusCode::CONFLICT);
    assert_eq!(answer.body["errors"][0]["field"], "/external_id");
}
