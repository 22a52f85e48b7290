//! An endpoint that is posted to.

use audit_streams::StreamChanges;
use aws_lc_rs::hmac;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use customers::Actor;
use secrets::ExposeSecret as _;
use serde_json::Value;
use wiremock::matchers::{header, method, path};
use wiremock::{Mock, MockServer, Request, ResponseTemplate};

use crate::house::{House, lines, request};

fn text(request: &Request) -> String {
    String::from_utf8(request.body.clone()).unwrap()
}

async fn told(server: &MockServer) -> Vec<Value> {
    server.received_requests().await.unwrap().iter().flat_map(|request| lines(&text(request))).collect()
}

#[tokio::test]
async fn what_is_written_is_posted_signed_and_once() {
    let server = MockServer::start().await;
    Mock::given(method("POST"))
        .and(path("/in"))
        .and(header("authorization", "Splunk 4f1d"))
        .respond_with(ResponseTemplate::new(204))
        .mount(&server)
        .await;
    let house = House::new().await;
    house.write(1, 2).await;
    let new = audit_streams::NewStreamRequest {
        authorization: Some("Splunk 4f1d".into()),
        ..request(&format!("{}/in", server.uri()))
    };
    let (stream, secret) = house.streams.create(&Actor::system(), &new).await.unwrap();
    // What was there before isn't told; the row of its own making is.
    assert_eq!(stream.lag.rows, 1);
    house.write(1, 3).await;
    house.write(2, 1).await;
    let worker = house.worker("one");
    assert_eq!(worker.run_once().await.unwrap(), 1);
    assert_eq!(worker.run_once().await.unwrap(), 0);
    let requests = server.received_requests().await.unwrap();
    assert_eq!(requests.len(), 1);
    let body = text(&requests[0]);
    let told = lines(&body);
    assert_eq!((House::places(&told, 1), House::places(&told, 2)), (vec![3, 4, 5], vec![1]));
    assert_eq!(told.len(), 5);
    let own = told.iter().find(|line| line["action"] == "audit_stream_created").unwrap();
    assert_eq!(own["new_values"]["authorized"], true);
    assert!(!body.contains("4f1d"), "{body}");
    let first = &told[0];
    for field in ["id", "created_at", "action", "chain_id", "row_hash", "new_values", "admin_user_id"] {
        assert!(first.get(field).is_some(), "{field} of {first}");
    }

    // As Standard Webhooks has it.
    let head = |name: &str| requests[0].headers.get(name).unwrap().to_str().unwrap();
    assert_eq!(head("content-type"), "application/x-ndjson");
    let secret = secret.unwrap();
    let key = BASE64.decode(secret.expose_secret().strip_prefix("whsec_").unwrap()).unwrap();
    let signed = format!("{}.{}.{body}", head("webhook-id"), head("webhook-timestamp"));
    let signature = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, &key), signed.as_bytes());
    assert_eq!(head("webhook-signature"), format!("v1,{}", BASE64.encode(signature)));

    let after = house.stream(stream.stream.id).await;
    assert_eq!((after.lag.rows, after.lag.oldest, after.stream.delivered_rows), (0, None, 5));
    assert!(after.stream.last_delivered_at.is_some() && after.stream.last_error.is_none());
    // Neither secret is in the database as it stands.
    let dump = "select string_agg(stream::text, '') from admin_audit_streams stream";
    let dump: String = house.database.connect().await.query_one(dump, &[]).await.unwrap().get(0);
    assert!(!dump.contains("4f1d") && !dump.contains(secret.expose_secret()), "{dump}");
}

#[tokio::test]
async fn an_endpoint_that_refuses_is_tried_again_and_told_everything_then() {
    let server = MockServer::start().await;
    let refusing =
        Mock::given(method("POST")).respond_with(ResponseTemplate::new(503).set_body_string("s3cret"));
    refusing.up_to_n_times(2).mount(&server).await;
    Mock::given(method("POST")).respond_with(ResponseTemplate::new(200)).mount(&server).await;
    let house = House::new().await;
    let id = house.add(&server.uri()).await.0.stream.id;
    house.write(1, 3).await;
    let worker = house.worker("one");
    worker.run_once().await.unwrap();
    let failing = house.stream(id).await;
    assert_eq!(failing.stream.last_error.as_deref(), Some("it answered 503 Service Unavailable"));
    assert_eq!((failing.stream.failed_attempts, failing.lag.rows), (1, 4));
    assert!(failing.lag.oldest.is_some());
    // Not before its pause is over; then again, with a longer one.
    assert_eq!(worker.run_once().await.unwrap(), 0);
    house.sql("update admin_audit_streams set next_attempt_at = now()").await;
    worker.run_once().await.unwrap();
    let failing = house.stream(id).await.stream;
    assert_eq!(failing.failed_attempts, 2);
    assert!(failing.next_attempt_at > chrono::Utc::now() + chrono::TimeDelta::milliseconds(1500));
    // An operator who mended it needn't wait.
    let resumed = StreamChanges { is_active: Some(true), ..StreamChanges::default() };
    house.streams.update(&Actor::system(), id, &resumed).await.unwrap();
    worker.run_once().await.unwrap();
    let mended = house.stream(id).await;
    assert_eq!((mended.lag.rows, mended.stream.failed_attempts, mended.stream.last_error), (0, 0, None));
    let all = told(&server).await;
    assert_eq!(House::places(&all, 1), [1, 2, 3, 1, 2, 3, 1, 2, 3], "twice refused, then taken");
}

#[tokio::test]
async fn a_redirect_is_not_followed_and_nobody_who_listens_is_said_so() {
    let elsewhere = MockServer::start().await;
    let server = MockServer::start().await;
    let redirect = ResponseTemplate::new(307).insert_header("location", elsewhere.uri());
    Mock::given(method("POST")).respond_with(redirect).mount(&server).await;
    let house = House::new().await;
    let id = house.add(&server.uri()).await.0.stream.id;
    house.worker("one").run_once().await.unwrap();
    let failed = house.stream(id).await.stream.last_error.unwrap();
    assert_eq!(failed, "it answered 307 Temporary Redirect");
    assert_eq!(elsewhere.received_requests().await.unwrap().len(), 0);

    // What a machine says that was never meant to be asked is told to nobody.
    let talkative = MockServer::start().await;
    let says = ResponseTemplate::new(403).set_body_string("the password is hunter2");
    Mock::given(method("POST")).respond_with(says).mount(&talkative).await;
    let curious = House::new().await;
    let id = curious.add(&talkative.uri()).await.0.stream.id;
    curious.worker("one").run_once().await.unwrap();
    assert_eq!(curious.stream(id).await.stream.last_error.unwrap(), "it answered 403 Forbidden");

    let nobody = House::new().await;
    let id = nobody.add(&format!("http://127.0.0.1:{}/in", testkit::free_port())).await.0.stream.id;
    nobody.worker("one").run_once().await.unwrap();
    let failed = nobody.stream(id).await.stream.last_error.unwrap();
    assert!(failed.contains("refused"), "{failed}");
}
