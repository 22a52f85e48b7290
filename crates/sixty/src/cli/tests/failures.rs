//! What is told, and with which code, when it doesn't work.

use axum::extract::Path;
use axum::http::{StatusCode, header};
use axum::routing::get;
use axum::{Json, Router};
use serde_json::{Value, json};

use super::{access, run, serve, sixty};

fn problem(status: u16, detail: &str, errors: Value) -> Value {
    json!({
        "type": "/problems/some", "title": "Some", "status": status, "detail": detail,
        "instance": "0190a0a0-0000-7000-8000-0000000000ff", "errors": errors,
    })
}

/// A server where a customer's name is the status of the answer.
fn refusing() -> Router {
    let answer = |Path(name): Path<String>| async move {
        let status: u16 = name.parse().unwrap();
        let errors = json!([{ "field": "/plan", "message": "is unknown" }, { "field": "/name", "message": "is empty" }]);
        let document = problem(
            status,
            "2 fields are wrong; see errors.",
            if status == 400 { errors } else { Value::Null },
        );
        let content = [(header::CONTENT_TYPE, "application/problem+json")];
        (StatusCode::from_u16(status).unwrap(), content, Json(document))
    };
    Router::new().route("/api/admin/customers/{customer}", get(answer))
}

#[tokio::test]
async fn every_kind_of_refusal_has_its_code() {
    let url = serve(refusing()).await;
    for (status, code) in
        [(400, 2), (404, 3), (409, 4), (412, 4), (401, 5), (403, 5), (429, 6), (503, 6), (500, 1), (302, 1)]
    {
        assert_eq!(sixty(&url, &format!("customer show {status}")).await.code, code, "{status}");
    }
}

#[tokio::test]
async fn people_are_told_the_fields_the_request_and_what_to_do() {
    let url = serve(refusing()).await;
    insta::assert_snapshot!(sixty(&url, "customer show 400").await.whole(), @r"
    --- notes
    error: 2 fields are wrong; see errors.
      /plan: is unknown
      /name: is empty
    request: 0190a0a0-0000-7000-8000-0000000000ff
    --- code 2
    ");
    insta::assert_snapshot!(sixty(&url, "customer show 401").await.whole(), @r"
    --- notes
    error: 2 fields are wrong; see errors.
    request: 0190a0a0-0000-7000-8000-0000000000ff
    hint: the token is that of SIXTY_OPERATOR_TOKEN, else of `sixty login`, else of the file operator-token in SIXTY_HOME
    --- code 5
    ");
}

#[tokio::test]
async fn programs_get_the_problem_document() {
    let url = serve(refusing()).await;
    let ran = sixty(&url, "customer show 404 --json").await;
    let document: Value = serde_json::from_str(&ran.notes).unwrap();
    assert_eq!((document["status"].as_u64(), ran.results.as_str()), (Some(404), ""));
}

#[tokio::test]
async fn a_server_that_is_away_is_said_to_be() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", taken.local_addr().unwrap()).parse().unwrap();
    drop(taken);
    let ran = sixty(&url, "customer list").await;
    assert_eq!(ran.code, 6);
    assert!(ran.notes.contains("can't be reached") && ran.notes.contains("sixty dev"), "{}", ran.notes);
    // Watching doesn't wait for a server that never answered.
    assert_eq!(sixty(&url, "operation watch some").await.code, 6);
}

#[tokio::test]
async fn something_else_on_the_port_is_told_apart() {
    let router = Router::new().route("/api/admin/customers", get(|| async { "<html>hello</html>" }));
    let ran = sixty(&serve(router).await, "customer list").await;
    assert_eq!(ran.code, 1);
    assert!(ran.notes.contains("not as Sixty does"), "{}", ran.notes);
}

#[tokio::test]
async fn the_token_comes_from_the_variable_or_the_file() {
    let url = serve(refusing()).await;
    let folder = tempfile::tempdir().unwrap();
    let mut access = access(url);
    access.token = None;
    access.token_file = folder.path().join("operator-token");
    let ran = run(access.clone(), "customer show 404").await;
    assert_eq!(ran.code, 5);
    assert!(ran.notes.contains("SIXTY_OPERATOR_TOKEN"), "{}", ran.notes);
    std::fs::write(&access.token_file, "op_from_file\n").unwrap();
    assert_eq!(run(access.clone(), "customer show 404").await.code, 3);
    std::fs::write(&access.token_file, "\n").unwrap();
    assert_eq!(run(access, "customer show 404").await.code, 5);
}

#[tokio::test]
async fn a_session_is_shown_to_the_server_that_gave_it_and_to_no_other() {
    let shown = get(|headers: axum::http::HeaderMap| async move {
        let shown = headers.get("authorization").and_then(|value| value.to_str().ok()).unwrap_or_default();
        axum::Json(json!({
            "credential": shown, "email": null, "name": null, "roles": [], "permissions": []
        }))
    });
    let router = Router::new().route("/api/admin/session", shown);
    let (home, other) = (serve(router.clone()).await, serve(router).await);
    let folder = tempfile::tempdir().unwrap();
    let mut access = access(home.clone());
    access.token = None;
    access.session_file = folder.path().join("session");
    access.token_file = folder.path().join("operator-token");
    std::fs::write(&access.token_file, "op_from_file\n").unwrap();
    let session = crate::cli::signed_in::SignedIn { url: home, token: "os_of_home".into() };
    crate::cli::signed_in::keep(&access, &session).unwrap();
    let ran = run(access.clone(), "whoami").await;
    assert!(ran.results.contains("Bearer os_of_home"), "{}", ran.whole());
    access.url = other;
    let ran = run(access, "whoami").await;
    assert!(ran.results.contains("Bearer op_from_file"), "{}", ran.whole());
}

#[tokio::test]
async fn an_address_that_is_none_is_a_wrong_command() {
    let ran = sixty(&"ftp://localhost".parse().unwrap(), "customer list").await;
    assert_eq!(ran.code, 2);
}
