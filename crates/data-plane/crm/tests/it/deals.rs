//! Deals: stages, closing, and what needs the module Advanced Pipeline.

use http::StatusCode;
use serde_json::{Value, json};

use crate::api::Api;

#[tokio::test]
async fn further_stages_and_split_deals_need_advanced_pipeline() {
    let mut api = Api::new().await;
    api.only_module("crm_core");
    let deal = api.create("deals", json!({"name": "Big", "is_split_deal": false, "split_data": null})).await;
    let object = format!("deals/{}", deal["id"].as_str().unwrap());
    for (body, field) in [
        (json!({"stage": "proposal"}), "/stage"),
        (json!({"stage": "negotiation"}), "/stage"),
        (json!({"stage": "closed_won"}), "/stage"),
        (json!({"stage": "closed_lost"}), "/stage"),
        (json!({"is_split_deal": true}), "/is_split_deal"),
        (json!({"split_data": {"ann": 50}}), "/split_data"),
    ] {
        let mut whole = body.clone();
        whole["name"] = json!("Other");
        for answer in [api.patch(&object, body.clone()).await, api.post("deals", whole).await] {
            assert_eq!(answer.status, StatusCode::FORBIDDEN, "{body}");
            assert_eq!(answer.body["type"], "/problems/module-disabled");
            assert_eq!(answer.body["module"], "advanced_pipeline");
            assert_eq!(answer.body["errors"][0]["field"], field);
        }
    }
    for stage in ["sql", "opportunity", "verbal", "signed"] {
        assert_eq!(api.patch(&object, json!({"stage": stage})).await.status, StatusCode::OK, "{stage}");
    }

    api.switch_module("advanced_pipeline", true);
    let changed = api
        .patch(&object, json!({"stage": "negotiation", "is_split_deal": true, "split_data": [{"user": "ann", "share": 50}]}))
        .await;
    assert_eq!(changed.status, StatusCode::OK, "{}", changed.body);
    assert_eq!(changed.body["split_data"][0]["share"], 50);
}

#[tokio::test]
async fn a_signed_deal_is_closed_and_an_open_one_is_not() {
    let api = Api::new().await;
    let deal = api.create("deals", json!({"name": "Big"})).await;
    assert_eq!((&deal["stage"], &deal["closed_at"]), (&json!("sql"), &Value::Null));
    let object = format!("deals/{}", deal["id"].as_str().unwrap());
    let signed = api.patch(&object, json!({"stage": "signed"})).await.body;
    assert!(signed["closed_at"].is_string());
    assert_eq!(api.patch(&object, json!({"stage": "verbal"})).await.body["closed_at"], Value::Null);
    let given =
        api.patch(&object, json!({"stage": "signed", "closed_at": "2020-01-01T00:00:00Z"})).await.body;
    assert_eq!(given["closed_at"], "2020-01-01T00:00:00.000000Z");
    let answer = api.post("deals", json!({"name": "x", "closed_at": "2020-01-01T00:00:00Z"})).await;
    assert_eq!(answer.fields(), ["/closed_at"]);
}

#[tokio::test]
async fn a_completed_task_knows_when() {
    let api = Api::new().await;
    let task = api.create("tasks", json!({"title": "Do"})).await;
    let object = format!("tasks/{}", task["id"].as_str().unwrap());
    let done = api.patch(&object, json!({"status": "completed"})).await.body;
    assert!(done["completed_at"].is_string());
    assert_eq!(api.patch(&object, json!({"status": "open"})).await.body["completed_at"], Value::Null);
    assert_eq!(
        api.patch(&object, json!({"completed_at": "2020-01-01T00:00:00Z"})).await.fields(),
        ["/completed_at"]
    );
}
