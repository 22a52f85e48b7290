//! Bad input is refused, and every wrong field is named.

use axum::body::Body;
use crm::RESOURCES;
use http::{Method, Request, StatusCode};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use serde_json::{Value, json};

use crate::api::{Api, authorization, least};

#[tokio::test]
async fn every_wrong_field_is_named_at_once() {
    let api = Api::new().await;
    let answer = api
        .post(
            "deals",
            json!({"name": " ", "mrr": "-1", "one_off_revenue": "1.001", "stage": "won", "user_id": "me",
                "expected_close_date": "2026-02-30", "closed_at": "yesterday", "is_split_deal": "yes",
                "metadata": [], "ltv": "1", "nope": 1, "a/b~c": 1}),
        )
        .await;
    let mut fields = answer.fields();
    fields.sort_unstable();
    assert_eq!(
        fields,
        [
            "/a~1b~0c",
            "/closed_at",
            "/expected_close_date",
            "/is_split_deal",
            "/ltv",
            "/metadata",
            "/mrr",
            "/name",
            "/nope",
            "/one_off_revenue",
            "/stage",
            "/user_id",
        ]
    );
    assert!(api.list("deals").await.is_empty());
}

#[tokio::test]
async fn what_is_required_is_missed_and_what_is_read_only_is_refused() {
    let api = Api::new().await;
    for resource in RESOURCES {
        let path = resource.path;
        let required: Vec<_> = resource
            .columns
            .iter()
            .filter(|column| column.required)
            .map(|column| format!("/{}", column.name))
            .collect();
        let answer = api.post(path, json!({})).await;
        if !required.is_empty() {
            assert_eq!(answer.fields(), required, "{path}");
        }
        let created = api.create(path, least(path)).await;
        let object = format!("{path}/{}", created["id"].as_str().unwrap());
        for column in resource.columns {
            let patch = json!({column.name: null});
            let answer = api.patch(&object, patch).await;
            if column.read_only || !column.nullable {
                assert_eq!(answer.fields(), [format!("/{}", column.name)], "{path}");
            }
            if column.read_only {
                let answer = api.patch(&object, json!({column.name: created[column.name]})).await;
                assert_eq!(answer.fields(), [format!("/{}", column.name)], "{path}");
            }
        }
    }
}

#[tokio::test]
async fn a_body_that_can_be_read_in_two_ways_is_refused_and_names_the_field() {
    let api = Api::new().await;
    let object = api.create("contacts", json!({"first_name": "Z"})).await;
    let object = format!("contacts/{}", object["id"].as_str().unwrap());
    for (method, path) in [(Method::POST, "contacts"), (Method::PATCH, object.as_str())] {
        for (body, field) in [
            (r#"{"first_name":"A","first_name":"B"}"#, "/first_name"),
            (r#"{"first_name":"A","first_name":"A"}"#, "/first_name"),
            (r#"{"first_name":"A","\u0066irst_name":"B"}"#, "/first_name"),
            (r#"{"first_name":"A","metadata":{"a":{"b":1,"c":2,"b":1}}}"#, "/metadata/a/b"),
            (r#"{"first_name":"A","metadata":{"a":[0,{"b":1,"b":2}]}}"#, "/metadata/a/1/b"),
        ] {
            let answer = api.send_text(method.clone(), path, body).await;
            assert_eq!(answer.fields(), [field], "{method} {body}");
        }
        // The same names, each once where it stands.
        let body = r#"{"first_name":"A","metadata":{"a":[{"b":1},{"b":2}],"first_name":{"b":3}}}"#;
        let answer = api.send_text(method.clone(), path, body).await;
        assert!(answer.status.is_success(), "{method}: {}", answer.body);
        assert_eq!(answer.body["metadata"]["a"], json!([{"b": 1}, {"b": 2}]));
    }
    // The one from the beginning, and the one that was taken.
    assert_eq!(api.list("contacts").await.len(), 2);
}

#[tokio::test]
async fn a_contact_is_somebody() {
    let api = Api::new().await;
    assert_eq!(api.post("contacts", json!({"notes": "who?"})).await.fields(), ["/first_name"]);
    let contact = api.create("contacts", json!({"phone": "+43 1 234"})).await;
    let object = format!("contacts/{}", contact["id"].as_str().unwrap());
    assert_eq!(api.patch(&object, json!({"phone": null})).await.fields(), ["/first_name"]);
    assert_eq!(api.patch(&object, json!({"phone": null, "company": "Acme"})).await.status, StatusCode::OK);
}

#[tokio::test]
async fn an_event_ends_after_it_begins() {
    let api = Api::new().await;
    let mut event = least("calendar-events");
    event["end_time"] = json!("2025-01-01T00:00:00Z");
    assert_eq!(api.post("calendar-events", event).await.fields(), ["/end_time"]);
}

#[tokio::test]
async fn characters_and_sizes_that_can_not_be_stored_are_refused() {
    let api = Api::new().await;
    for (body, field) in [
        (json!({"first_name": "a\u{0}b"}), "/first_name"),
        (json!({"first_name": "a", "metadata": {"x": ["\u{0}"]}}), "/metadata/x/0"),
        (json!({"first_name": "a", "metadata": {"\u{0}": 1}}), "/metadata"),
        (json!({"first_name": "a".repeat(201)}), "/first_name"),
        (json!({"first_name": "a", "metadata": {"x": "y".repeat(70_000)}}), "/metadata"),
    ] {
        assert_eq!(api.post("contacts", body).await.fields(), [field]);
    }
    // Everything up to the limits can be stored, whatever it consists of.
    api.create("contacts", json!({"first_name": "\u{1F600}".repeat(200), "company": "\u{FFFF}".repeat(200)}))
        .await;
    let mut event = least("calendar-events");
    event["external_id"] = json!("\u{1F600}".repeat(500));
    event["user_id"] = api.create("users", least("users")).await["id"].clone();
    api.create("calendar-events", event).await;
}

#[tokio::test]
async fn a_body_is_json_and_not_too_large() {
    let api = Api::new().await;
    let send = async |content_type: Option<&str>, body: Body| {
        let mut request = Request::builder()
            .method(Method::POST)
            .uri("/api/v1/contacts")
            .header("authorization", authorization());
        if let Some(content_type) = content_type {
            request = request.header("content-type", content_type);
        }
        api.send(request.body(body).unwrap()).await
    };
    for content_type in [None, Some("text/plain"), Some("application/x-www-form-urlencoded")] {
        let answer = send(content_type, Body::from("{}")).await;
        assert_eq!(answer.status, StatusCode::UNSUPPORTED_MEDIA_TYPE);
    }
    let json = Some("application/json; charset=utf-8");
    let too_large = format!("{{\"notes\": \"{}\"}}", "x".repeat(1024 * 1024));
    assert_eq!(send(json, Body::from(too_large)).await.status, StatusCode::PAYLOAD_TOO_LARGE);
    let deep = format!("{{\"metadata\": {}{}}}", "[".repeat(100_000), "]".repeat(100_000));
    let not_utf8 = b"{\"first_name\": \"\xff\"}".to_vec();
    for body in [
        "",
        "{",
        "null",
        "[]",
        "\"x\"",
        "1",
        "{} {}",
        "{\"first_name\": \"\\ud800\"}",
        "{\"a\": 1e999}",
        &deep,
    ] {
        let answer = send(json, Body::from(body.to_owned())).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{body:.50}");
    }
    assert_eq!(send(json, Body::from(not_utf8)).await.status, StatusCode::BAD_REQUEST);
    // It is its depth that is refused, before anything is made of it; within bounds the same is taken.
    for (open, close) in [("[", "]"), ("{\"a\":", "}")] {
        let nested = |depth: usize| {
            let inner = format!("{}null{}", open.repeat(depth), close.repeat(depth));
            Body::from(format!("{{\"first_name\": \"Deep\", \"metadata\": {{\"a\": {inner}}}}}"))
        };
        for depth in [200, 100_000] {
            let refused = send(json, nested(depth)).await;
            assert_eq!(refused.status, StatusCode::BAD_REQUEST);
            let detail = refused.body["detail"].as_str().unwrap();
            assert!(detail.contains("recursion limit exceeded"), "{detail}");
        }
        assert_eq!(send(json, nested(30)).await.fields().len(), 1, "deeper than a column keeps");
        assert_eq!(send(json, nested(10)).await.status, StatusCode::CREATED);
    }
    assert_eq!(api.list("contacts").await.len(), 2);
}

#[tokio::test]
async fn unknown_parameters_are_refused_everywhere() {
    let api = Api::new().await;
    let id = uuid::Uuid::now_v7();
    for (method, path) in [
        (Method::GET, "contacts?nope=1".to_owned()),
        (Method::POST, "contacts?nope=1".to_owned()),
        (Method::GET, format!("contacts/{id}?nope=1")),
        (Method::PATCH, format!("contacts/{id}?nope=1")),
        (Method::DELETE, format!("contacts/{id}?nope=1")),
    ] {
        let body = matches!(method, Method::POST | Method::PATCH).then(|| least("contacts"));
        assert_eq!(api.call(method, &path, &[], body.as_ref()).await.fields(), ["nope"]);
    }
    assert_eq!(api.get("contacts?first_name=a&first_name=b").await.fields(), ["first_name"]);
    assert_eq!(api.get("contacts?first_name=%00").await.fields(), ["first_name"]);
    assert_eq!(api.get("contacts?first_name=%ff").await.fields(), ["first_name"]);
    assert_eq!(api.get("contacts/not-an-id").await.status, StatusCode::NOT_FOUND);
}

fn any_json() -> impl Strategy<Value = Value> {
    let text = prop_oneof![
        any::<String>(),
        "\\PC{0,10}",
        Just("a\u{0}".to_owned()),
        Just("2026-01-31T12:00:00Z".to_owned()),
        Just("-262143-01-01T00:00:00Z".to_owned()),
        Just("9999-12-31T23:59:60Z".to_owned()),
        Just("99999999999999999999.99".to_owned()),
        Just("x@y".to_owned()),
        Just("https://example.com".to_owned()),
        Just("00000000-0000-0000-0000-000000000000".to_owned()),
    ];
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        text.prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 16, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::btree_map(any::<String>(), inner, 0..4)
                .prop_map(|members| Value::Object(members.into_iter().collect())),
        ]
    })
}

/// A body for the resource with some members replaced by anything.
fn any_body() -> impl Strategy<Value = (&'static str, Value)> {
    (0..RESOURCES.len(), prop::collection::vec((any::<prop::sample::Index>(), any_json()), 1..4)).prop_map(
        |(index, changes)| {
            let resource = RESOURCES[index];
            let mut body = least(resource.path);
            for (column, value) in changes {
                body[column.get(resource.columns).name] = value;
            }
            (resource.path, body)
        },
    )
}

/// Whatever is sent, the answer is a success or a refusal, never our own failure; and what was accepted can be read.
#[test]
fn no_body_breaks_the_server() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let api = runtime.block_on(Api::new());
    let mut runner = TestRunner::new(Config { cases: 400, failure_persistence: None, ..Config::default() });
    runner
        .run(&any_body(), |(path, body)| {
            runtime.block_on(async {
                let answer = api.post(path, body).await;
                prop_assert!(answer.status.as_u16() < 500, "{path}: {}", answer.body);
                if answer.status == StatusCode::CREATED {
                    let object = format!("{path}/{}", answer.body["id"].as_str().unwrap());
                    prop_assert_eq!(&api.get(&object).await.body, &answer.body);
                }
                Ok(())
            })
        })
        .unwrap();
}

/// The same for query strings.
#[test]
fn no_query_string_breaks_the_server() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let api = runtime.block_on(Api::new());
    let columns: Vec<_> = RESOURCES
        .iter()
        .flat_map(|resource| resource.columns.iter().map(|column| (resource.path, column.name)))
        .collect();
    let value = prop_oneof![
        "[0-9T:.Z-]{0,20}",
        "[a-z,-]{0,20}",
        "(%[0-9a-f]{2}){0,6}",
        Just("-created_at".to_owned())
    ];
    let suffix = prop::sample::select(vec!["", "[gte]", "[lt]", "%5Bgt%5D", "[x]", "[", "]"]);
    let name =
        prop_oneof![Just(None), prop::sample::select(vec!["q", "limit", "cursor", "sort"]).prop_map(Some)];
    let mut runner = TestRunner::new(Config { cases: 400, failure_persistence: None, ..Config::default() });
    runner
        .run(
            &(prop::sample::select(columns), name, suffix, value),
            |((path, column), name, suffix, value)| {
                let name = name.unwrap_or(column);
                let answer = runtime.block_on(api.get(&format!("{path}?{name}{suffix}={value}")));
                prop_assert!(answer.status.as_u16() < 500, "{path} {name}{suffix}={value}: {}", answer.body);
                Ok(())
            },
        )
        .unwrap();
}
