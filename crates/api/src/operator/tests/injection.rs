//! Text that would be SQL were it not handed over as a value: in every place of every route that takes text.

use axum::body::Body;
use domain::Plan;
use http::header::{AUTHORIZATION, CONTENT_ENCODING, CONTENT_TYPE};
use http::{Method, Request};
use serde_json::Value;

use super::passkeys::OWN;
use super::{Answer, Api};

/// A word that nobody has.
const NOBODY: &str = "nobody";
/// Each ends what it would stand in, and goes on as everything, as nothing, as another statement or as a long pause.
const STATEMENTS: [&str; 7] = [
    "nobody' or '1'='1",
    "nobody' or 1=1 --",
    "nobody'; drop table admin_customers cascade; --",
    "nobody') or ('1'='1",
    "nobody\\'; select pg_sleep(60); --",
    "nobody\" or \"1\"=\"1",
    "nobody$$ || pg_sleep(60) || $$",
];

/// `{}` as gzip packs it.
const PACKED: &[u8] = b"\x1f\x8b\x08\0\0\0\0\0\0\x03\xab\xae\x05\0\x43\xbf\xa6\xa3\x02\0\0\0";

/// The parameters of the routes that read: the path, and the name of one in its query, or none for the one in the path.
fn places() -> Vec<(String, Option<String>)> {
    let document = serde_json::to_value(crate::openapi_document()).unwrap();
    let mut places = Vec::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        // What streams doesn't end, and a customer's own routes are asked with another key.
        if item["get"].is_null() || path.ends_with("/events") || path.starts_with("/api/v1/") {
            continue;
        }
        if path.contains('{') {
            places.push((path.clone(), None));
        }
        for parameter in item["get"]["parameters"].as_array().into_iter().flatten() {
            let is_text = parameter["schema"].to_string().contains("\"string\"");
            if parameter["in"] == "query" && is_text {
                places.push((path.clone(), parameter["name"].as_str().map(str::to_owned)));
            }
        }
    }
    places
}

impl Api {
    async fn ask_with(&self, (path, query): &(String, Option<String>), text: &str) -> Answer {
        let text: String = text.bytes().map(|byte| format!("%{byte:02X}")).collect();
        let is_named = |word: &str| word.starts_with('{');
        let filled = |word: &str| match query {
            None if is_named(word) => text.clone(),
            Some(_) if is_named(word) => "acme".to_owned(),
            _ => word.to_owned(),
        };
        let path: Vec<_> = path.split('/').map(filled).collect();
        let query = query.as_ref().map_or_else(String::new, |name| format!("?{name}={text}"));
        let asked = self.request(Method::GET, &format!("{}{query}", path.join("/")));
        self.send(asked.body(Body::empty()).unwrap()).await
    }
}

#[tokio::test]
async fn text_is_a_value_wherever_it_stands_and_never_a_statement() {
    let api = Api::new().await;
    for name in ["acme", "globex"] {
        api.customer(name, Plan::Pro).await;
    }
    let places = places();
    assert!(places.len() > 60, "{}", places.len());
    let rows = |answer: &Answer| answer.body["data"].as_array().map(Vec::len);
    for place in &places {
        let harmless = api.ask_with(place, NOBODY).await;
        for statement in STATEMENTS {
            let answer = api.ask_with(place, statement).await;
            let status = answer.status.as_u16();
            assert!(status < 500, "{place:?} {statement}: {answer:?}");
            // As many rows as another word finds that nobody has; or it is no word that can stand there.
            let is_same = (status, rows(&answer)) == (harmless.status.as_u16(), rows(&harmless));
            assert!(is_same || [400, 404].contains(&status), "{place:?} {statement}: {answer:?}");
        }
    }
    assert_eq!(api.count("admin_customers").await, 2);
    let found = api.get("/api/admin/customers?q=acme").await.expect(200);
    assert_eq!(found.body["data"].as_array().map(Vec::len), Some(1), "{found:?}");
    assert!(matches!(api.get("/api/admin/customers/acme").await.body["company_name"], Value::String(_)));
}

#[tokio::test]
async fn a_body_that_is_deep_packed_or_said_twice_is_refused_as_it_is() {
    let api = Api::new().await;
    let (ann, _) = api.holder("ann@example.org").await;
    let post_to = async |path: &str, body: Vec<u8>, encoding: &'static str| {
        let asked =
            Request::post(path).header(CONTENT_TYPE, "application/json").header(CONTENT_ENCODING, encoding);
        let asked = asked.header(AUTHORIZATION, format!("Bearer {}", ann.token));
        api.send(asked.body(Body::from(body)).unwrap()).await
    };
    let post = async |body: Vec<u8>, encoding| post_to("/api/admin/customers", body, encoding).await;
    // Deeper than any stack is, and cut off.
    for bracket in ["[", "{\"a\":"] {
        let deep = format!("{{\"customer_id\": {}", bracket.repeat(200_000));
        let refused = post(deep.into_bytes(), "identity").await.expect(400);
        assert!(!refused.text("type").is_empty(), "{refused:?}");
    }
    // The same, well formed and where any JSON may stand, so that nothing but its depth is wrong.
    for (open, close) in [("[", "]"), ("{\"a\":", "}")] {
        let nested = |depth: usize| {
            let credential = format!("{}null{}", open.repeat(depth), close.repeat(depth));
            format!(r#"{{"name": "deep", "credential": {credential}}}"#).into_bytes()
        };
        for depth in [200, 100_000] {
            let refused = post_to(OWN, nested(depth), "identity").await.expect_problem(400, "bad-request");
            assert!(refused.text("detail").contains("recursion limit exceeded"), "{refused:?}");
        }
        // Within bounds it is read, and found to be no passkey.
        let read = post_to(OWN, nested(20), "identity").await;
        assert_eq!(read.wrong_fields(), ["/credential"], "{read:?}");
    }
    let twice = br#"{"name": "twice", "credential": {"id": "a", "response": {"b": 1, "b": 2}}}"#;
    let refused = post_to(OWN, twice.to_vec(), "identity").await;
    assert_eq!(refused.wrong_fields(), ["/credential/response/b"]);
    // It isn't unpacked, and so nothing that grows is either.
    for encoding in ["gzip", "br", "gzip, gzip", "identity"] {
        let refused = post(PACKED.to_vec(), encoding).await.expect(400);
        assert!(refused.text("detail").contains("not valid JSON"), "{refused:?}");
    }
    // What two parsers could read in two ways, and what a program in between could take for its own.
    let sign_up = r#""customer_id": "twice", "name": "N", "email": "n@example.org", "plan": "pro""#;
    for (more, field) in [
        (r#""name": "M""#, "/name"),
        (r#""name": "N""#, "/name"),
        (r#""__proto__": {}"#, "/__proto__"),
        (r#""lifecycle": "ready""#, "/lifecycle"),
        (r#""is_admin": true"#, "/is_admin"),
    ] {
        let refused = post(format!("{{{sign_up}, {more}}}").into_bytes(), "identity").await;
        assert_eq!(refused.wrong_fields(), [field], "{more}");
    }
    assert_eq!(api.count("admin_customers").await, 0);
    // Without any of it, the same is taken.
    let taken = post(format!("{{{sign_up}}}").into_bytes(), "identity").await;
    assert!(taken.status.is_success(), "{taken:?}");
    assert_eq!(api.count("admin_customers").await, 1);
}
