//! Event streams have an end in number, and neither they nor what a page asks by itself keep a session alive.

use axum::body::{Body, BodyDataStream};
use domain::Role;
use futures_util::StreamExt as _;
use http::{Method, Request, Response, header};
use serde_json::Value;
use tower::ServiceExt as _;

use super::Api;

const EVENTS: &str = "/api/admin/events";

impl Api {
    async fn stream(&self, bearer: &str) -> Response<Body> {
        let request = Request::get(EVENTS).header(header::AUTHORIZATION, format!("Bearer {bearer}"));
        let request = request.header(header::ACCEPT, "text/event-stream").body(Body::empty()).unwrap();
        self.router.clone().oneshot(request).await.unwrap()
    }

    async fn open_stream(&self, bearer: &str) -> BodyDataStream {
        let response = self.stream(bearer).await;
        assert_eq!(response.status(), 200);
        let mut body = response.into_body().into_data_stream();
        assert!(body.next().await.unwrap().is_ok());
        body
    }

    /// How many minutes the only session has been idle.
    async fn idle(&self) -> f64 {
        let sql =
            "select (extract(epoch from now() - last_used_at) / 60)::float8 from admin_operator_sessions";
        self.database.connect().await.query_one(sql, &[]).await.unwrap().get(0)
    }

    async fn lie_idle(&self) {
        self.sql("update admin_operator_sessions set last_used_at = now() - interval '30 minutes'").await;
    }
}

#[tokio::test]
async fn a_session_has_eight_streams_and_takes_nobody_elses() {
    let api = Api::new().await;
    let ann = api.operator("ann@example.org", &[Role::ReadOnly]).await;
    let bob = api.operator("bob@example.org", &[Role::ReadOnly]).await;
    let mut open = Vec::new();
    for _ in 0..8 {
        open.push(api.open_stream(&ann.token).await);
    }
    let refused = api.ask_as(Some(&ann.token), Method::GET, EVENTS, Value::Null).await;
    let refused = refused.expect_problem(429, "too-many-streams");
    assert!(refused.header("retry-after").parse::<u64>().unwrap() > 0);
    // The stream of an operation is one, too.
    let operation = format!("/api/admin/operations/{}/events", uuid::Uuid::now_v7());
    let of_operation = api.ask_as(Some(&ann.token), Method::GET, &operation, Value::Null).await;
    of_operation.expect_problem(429, "too-many-streams");
    let _of_bob = api.open_stream(&bob.token).await;
    open.pop();
    // What was refused or not found has taken none.
    let not_found = api.ask_as(Some(&ann.token), Method::GET, &operation, Value::Null).await;
    not_found.expect_problem(404, "not-found");
    open.push(api.open_stream(&ann.token).await);
    drop(open);
    for _ in 0..8 {
        drop(api.open_stream(&ann.token).await);
    }
}

#[tokio::test]
async fn only_what_a_person_does_keeps_a_session_alive() {
    let api = Api::new().await;
    let ann = api.operator("ann@example.org", &[Role::ReadOnly]).await;
    let ask = async |background: Option<&str>| {
        let request = Request::get("/api/admin/customers")
            .header(header::AUTHORIZATION, format!("Bearer {}", ann.token));
        let request =
            background.into_iter().fold(request, |request, value| request.header("Sixty-Background", value));
        api.send(request.body(Body::empty()).unwrap()).await
    };
    for background in ["true", "True"] {
        api.lie_idle().await;
        ask(Some(background)).await.expect(200);
        assert!(api.idle().await > 29.0, "{background}");
    }
    drop(api.open_stream(&ann.token).await);
    assert!(api.idle().await > 29.0, "a stream is no sign of a person");
    for person in [None, Some("false"), Some("")] {
        api.lie_idle().await;
        ask(person).await.expect(200);
        assert!(api.idle().await < 1.0, "{person:?}");
    }
    // It ends an hour after the last sign, whatever asks meanwhile.
    api.sql("update admin_operator_sessions set last_used_at = now() - interval '61 minutes'").await;
    ask(Some("true")).await.expect_problem(401, "unauthenticated");
    ask(None).await.expect_problem(401, "unauthenticated");
}
