//! A request with an Idempotency-Key has its effect once, however often it arrives.

use std::sync::Arc;
use std::time::Duration;

use http::{Method, StatusCode};
use metrics_exporter_prometheus::PrometheusBuilder;
use serde_json::{Value, json};
use testkit::wait_for;
use tokio::task::JoinSet;

use crate::api::{Answer, Api, least};

async fn post(api: &Api, path: &str, key: &str, body: &Value) -> Answer {
    api.call(Method::POST, path, &[("Idempotency-Key", key)], Some(body)).await
}

async fn owner(api: &Api) -> tokio_postgres::Client {
    testkit::connect(&api.customer.database.superuser_url()).await
}

/// What is there in all organizations, whatever the API shows.
async fn count(api: &Api, table: &str) -> i64 {
    let sql = format!("select count(*) from {table}");
    owner(api).await.query_one(&sql, &[]).await.unwrap().get(0)
}

fn is_replayed(answer: &Answer) -> bool {
    match answer.headers.get("idempotent-replayed") {
        Some(value) => {
            assert_eq!(value, "true");
            true
        }
        None => false,
    }
}

#[track_caller]
fn assert_problem(answer: &Answer, status: StatusCode, kind: &str) {
    assert_eq!(answer.status, status, "{}", answer.body);
    assert_eq!(answer.body["type"], format!("/problems/{kind}"));
}

#[tokio::test]
async fn a_repeated_request_gets_the_first_answer_and_has_no_effect() {
    let api = Api::new().await;
    for route in crm::ROUTES.iter().filter(|route| route.method == Method::POST) {
        let (path, table) = (route.resource.path, route.resource.table);
        let before = count(&api, table).await;
        let first = post(&api, path, "key-1", &least(path)).await;
        assert_eq!(first.status, StatusCode::CREATED, "{path}: {}", first.body);
        assert!(!is_replayed(&first), "{path}");
        // Bare or quoted, it is the same key.
        for key in ["key-1", "\"key-1\"", " key-1 "] {
            let again = post(&api, path, key, &least(path)).await;
            assert_eq!(again.status, first.status, "{path}: {}", again.body);
            assert_eq!(again.body, first.body, "{path}");
            for header in ["location", "etag", "content-type"] {
                assert_eq!(again.header(header), first.header(header), "{path}");
            }
            assert!(is_replayed(&again), "{path}");
        }
        assert_eq!(count(&api, table).await, before + 1, "{path}");
        let logs = "audit_logs where action = 'create' and resource_type = ";
        assert_eq!(count(&api, &format!("{logs}'{table}'")).await, 1, "{path}");
    }
}

#[tokio::test]
async fn it_is_counted_what_a_request_with_a_key_turns_out_to_be() {
    let recorder = PrometheusBuilder::new().build_recorder();
    let numbers = recorder.handle();
    let _counting = metrics::set_default_local_recorder(&recorder);
    let api = Api::new().await;
    let counted = |outcomes: [u32; 4]| {
        let text = numbers.render();
        for (outcome, count) in ["new", "replayed", "in_progress", "reused"].into_iter().zip(outcomes) {
            let line = format!("sixty_idempotent_requests_total{{outcome=\"{outcome}\"}} ");
            let told = text.lines().find_map(|told| told.strip_prefix(&line)).unwrap_or("0");
            assert_eq!(told, count.to_string(), "{outcome}: {text}");
        }
    };
    let (big, other) = (json!({"name": "Big"}), json!({"name": "Other"}));
    api.create("deals", big.clone()).await;
    // Refused, it has had no effect, and nothing is kept.
    post(&api, "deals", "k", &json!({"name": "Big", "contact_id": uuid::Uuid::now_v7()})).await;
    counted([0, 0, 0, 0]);
    post(&api, "deals", "k", &big).await;
    post(&api, "deals", "l", &big).await;
    counted([2, 0, 0, 0]);
    for _ in 0..3 {
        assert!(is_replayed(&post(&api, "deals", "k", &big).await));
    }
    post(&api, "deals", "k", &other).await;
    counted([2, 3, 0, 1]);
    // Somebody holds the lock of a key, as a first request does.
    let first = owner(&api).await;
    let lock = "select pg_advisory_lock(hashtextextended(concat_ws(' ', $1::text, 'POST', '/api/v1/deals', 'm'), 0))";
    first.query(lock, &[&api.customer.first.to_string()]).await.unwrap();
    let answer = post(&api, "deals", "m", &big).await;
    assert_problem(&answer, StatusCode::CONFLICT, "idempotency-in-progress");
    counted([2, 3, 1, 1]);
}

#[tokio::test]
async fn what_the_object_became_since_changes_nothing_in_the_answer() {
    let api = Api::new().await;
    let first = post(&api, "deals", "k", &json!({"name": "Big"})).await;
    let deal = format!("deals/{}", first.body["id"].as_str().unwrap());
    assert_eq!(api.patch(&deal, json!({"name": "Bigger"})).await.status, StatusCode::OK);
    assert_eq!(post(&api, "deals", "k", &json!({"name": "Big"})).await.body["name"], "Big");
    assert_eq!(api.delete(&deal).await.status, StatusCode::NO_CONTENT);
    let again = post(&api, "deals", "k", &json!({"name": "Big"})).await;
    assert_eq!((again.status, again.body), (StatusCode::CREATED, first.body));
    assert_eq!(count(&api, "deals").await, 0);
}

#[tokio::test]
async fn another_request_with_the_key_is_refused() {
    let api = Api::new().await;
    let body = json!({"name": "Big", "metadata": {"a": 1, "b": [1, 2]}});
    post(&api, "deals", "k", &body).await;
    for other in [json!({"name": "Bigger"}), json!({"name": "Big", "metadata": {"a": 1, "b": [2, 1]}})] {
        let answer = post(&api, "deals", "k", &other).await;
        assert_problem(&answer, StatusCode::UNPROCESSABLE_ENTITY, "idempotency-key-reused");
        assert!(!is_replayed(&answer));
    }
    // The same object, written in another order.
    let reordered = json!({"metadata": {"b": [1, 2], "a": 1}, "name": "Big"});
    assert!(is_replayed(&post(&api, "deals", "k", &reordered).await));
    assert_eq!(count(&api, "deals").await, 1);
}

#[tokio::test]
async fn a_key_that_is_none_is_refused_before_anything_happens() {
    let api = Api::new().await;
    let too_long = "k".repeat(256);
    for wrong in ["", "\"\"", "\"open", "a\tb", "\u{e4}", &too_long] {
        let answer = post(&api, "deals", wrong, &json!({"name": "Big"})).await;
        assert_eq!(answer.fields(), ["Idempotency-Key"], "{wrong}");
    }
    let twice = [("Idempotency-Key", "a"), ("Idempotency-Key", "b")];
    let answer = api.call(Method::POST, "deals", &twice, Some(&json!({"name": "Big"}))).await;
    assert_eq!(answer.fields(), ["Idempotency-Key"]);
    assert_eq!(count(&api, "deals").await, 0);
}

#[tokio::test]
async fn a_refused_request_is_not_kept_and_may_be_mended() {
    let api = Api::new().await;
    let wrong = json!({"name": "Big", "stage": "won"});
    assert_eq!(post(&api, "deals", "k", &wrong).await.fields(), ["/stage"]);
    // Refused by the database, in the transaction.
    let nobody = json!({"name": "Big", "contact_id": uuid::Uuid::now_v7()});
    assert_eq!(post(&api, "deals", "k", &nobody).await.fields(), ["/contact_id"]);
    assert_eq!(count(&api, "idempotency_keys").await, 0);
    let answer = post(&api, "deals", "k", &json!({"name": "Big"})).await;
    assert_eq!((answer.status, is_replayed(&answer)), (StatusCode::CREATED, false));
}

#[tokio::test]
async fn without_the_header_nothing_is_kept_and_other_methods_have_none() {
    let api = Api::new().await;
    api.create("deals", json!({"name": "Big"})).await;
    let deal = api.create("deals", json!({"name": "Big"})).await;
    let deal = format!("deals/{}", deal["id"].as_str().unwrap());
    let key = [("Idempotency-Key", "k")];
    for name in ["A", "B"] {
        let answer = api.call(Method::PATCH, &deal, &key, Some(&json!({"name": name}))).await;
        assert_eq!(answer.body["name"], name);
    }
    assert_eq!(count(&api, "deals").await, 2);
    assert_eq!(count(&api, "idempotency_keys").await, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_many_at_once_one_has_the_effect() {
    let api = Arc::new(Api::new().await);
    let mut twins = JoinSet::new();
    for number in 0..40 {
        let api = Arc::clone(&api);
        twins.spawn(async move {
            let key = format!("k{}", number % 4);
            let body = json!({"name": key});
            loop {
                let answer = post(&api, "deals", &key, &body).await;
                if answer.status == StatusCode::CREATED {
                    return (answer.body["id"].as_str().unwrap().to_owned(), is_replayed(&answer));
                }
                assert_problem(&answer, StatusCode::CONFLICT, "idempotency-in-progress");
                assert_eq!(answer.header("retry-after"), "1");
            }
        });
    }
    let answers = twins.join_all().await;
    assert_eq!(count(&api, "deals").await, 4);
    assert_eq!(answers.iter().filter(|(_, replayed)| !replayed).count(), 4);
    let ids: std::collections::BTreeSet<_> = answers.iter().map(|(id, _)| id).collect();
    assert_eq!(ids.len(), 4);
}

#[tokio::test]
async fn while_the_first_runs_the_second_is_told_so_and_a_killed_first_leaves_nothing() {
    let api = Arc::new(Api::new().await);
    let superuser = owner(&api).await;
    // The first one stops in the middle: its deal is written, its row in the log has to wait.
    superuser.batch_execute("begin; lock table audit_logs in access exclusive mode").await.unwrap();
    let first = {
        let api = Arc::clone(&api);
        tokio::spawn(async move { post(&api, "deals", "k", &json!({"name": "Big"})).await })
    };
    let observer = owner(&api).await;
    let blocked = async || -> Option<i32> {
        let sql = "select pid from pg_stat_activity \
             where datname = current_database() and usename = $1 and wait_event_type = 'Lock'";
        observer.query_opt(sql, &[&testkit::CUSTOMER_APP]).await.unwrap().map(|row| row.get(0))
    };
    wait_for("the first to wait", Duration::from_secs(10), || async { blocked().await.is_some() }).await;
    for body in [json!({"name": "Big"}), json!({"name": "Other"})] {
        let answer = post(&api, "deals", "k", &body).await;
        assert_problem(&answer, StatusCode::CONFLICT, "idempotency-in-progress");
    }
    // Its connection ends before the commit, as when the server or the database dies.
    let pid = blocked().await.unwrap();
    observer.query("select pg_terminate_backend($1, 5000)", &[&pid]).await.unwrap();
    assert_eq!(first.await.unwrap().status, StatusCode::SERVICE_UNAVAILABLE);
    superuser.batch_execute("rollback").await.unwrap();
    assert_eq!((count(&api, "deals").await, count(&api, "idempotency_keys").await), (0, 0));
    let again = post(&api, "deals", "k", &json!({"name": "Big"})).await;
    assert_eq!((again.status, is_replayed(&again)), (StatusCode::CREATED, false));
    assert!(is_replayed(&post(&api, "deals", "k", &json!({"name": "Big"})).await));
    assert_eq!(count(&api, "deals").await, 1);
}

#[tokio::test]
async fn an_answer_that_is_lost_on_its_way_is_given_again() {
    let api = Arc::new(Api::new().await);
    // The caller goes away at any point; whatever happened by then, the repetition completes it once.
    for polls in 0..60 {
        let key = format!("k{polls}");
        let body = json!({"name": key});
        let mut request = Box::pin(post(&api, "deals", &key, &body));
        for _ in 0..polls {
            if futures_util::poll!(&mut request).is_ready() {
                break;
            }
            tokio::task::yield_now().await;
        }
        drop(request);
        loop {
            let answer = post(&api, "deals", &key, &body).await;
            if answer.status == StatusCode::CREATED {
                break;
            }
            assert_problem(&answer, StatusCode::CONFLICT, "idempotency-in-progress");
        }
    }
    assert_eq!(count(&api, "deals").await, 60);
    assert_eq!(count(&api, "(select distinct name from deals) as names").await, 60);
}

#[tokio::test]
async fn organizations_customers_and_routes_have_keys_of_their_own() {
    let (api, other) = (Api::new().await, Api::new().await);
    let body = json!({"name": "Same"});
    // The organization that a request doesn't name is the first one, and so are its keys.
    let unnamed = post(&api, "contacts", "k", &least("contacts")).await;
    api.enter(api.customer.first);
    let named = post(&api, "contacts", "k", &least("contacts")).await;
    assert_eq!((&named.body, is_replayed(&named)), (&unnamed.body, true));

    let mut ids = Vec::new();
    for (api, organization, path) in [
        (&api, api.customer.first, "deals"),
        (&api, api.customer.second, "deals"),
        (&api, api.customer.first, "workflows"),
        (&other, other.customer.first, "deals"),
    ] {
        api.enter(organization);
        let first = post(api, path, "k", &body).await;
        assert_eq!((first.status, is_replayed(&first)), (StatusCode::CREATED, false), "{path}");
        let again = post(api, path, "k", &body).await;
        assert_eq!((&again.body, is_replayed(&again)), (&first.body, true));
        ids.push(first.body["id"].as_str().unwrap().to_owned());
    }
    let unique: std::collections::BTreeSet<_> = ids.iter().collect();
    assert_eq!(unique.len(), ids.len());
}

#[tokio::test]
async fn after_a_day_a_key_is_new_and_old_answers_are_removed_a_few_at_a_time() {
    let api = Api::new().await;
    let body = json!({"name": "Big"});
    let first = post(&api, "deals", "k", &body).await;
    let superuser = owner(&api).await;
    let age = async |interval: &str| {
        let sql = format!("update idempotency_keys set created_at = now() - interval '{interval}'");
        superuser.batch_execute(&sql).await.unwrap();
    };
    age("23 hours 59 minutes").await;
    assert_eq!(post(&api, "deals", "k", &body).await.body, first.body);
    age("24 hours 1 second").await;
    // Even for something else.
    let second = post(&api, "deals", "k", &json!({"name": "Other"})).await;
    assert_eq!((second.status, is_replayed(&second)), (StatusCode::CREATED, false), "{}", second.body);
    assert!(is_replayed(&post(&api, "deals", "k", &json!({"name": "Other"})).await));
    assert_eq!(count(&api, "idempotency_keys").await, 1);

    let many = "insert into idempotency_keys (org_id, method, path, key, fingerprint, status, body, created_at) \
         select org_id, method, path, 'old ' || number, fingerprint, status, body, now() - interval '25 hours' \
         from idempotency_keys, generate_series(1, 50) as number";
    superuser.batch_execute(many).await.unwrap();
    for (request, left) in [(0, 30 + 2), (1, 10 + 3), (2, 4), (3, 5)] {
        post(&api, "deals", &format!("new {request}"), &body).await;
        assert_eq!(count(&api, "idempotency_keys").await, left, "{request}");
    }
}

#[tokio::test]
async fn a_database_without_the_table_says_so_and_serves_everything_else() {
    let api = Api::new().await;
    owner(&api).await.batch_execute("drop table idempotency_keys").await.unwrap();
    let answer = post(&api, "deals", "k", &json!({"name": "Big"})).await;
    assert_problem(&answer, StatusCode::SERVICE_UNAVAILABLE, "unavailable");
    assert!(answer.body["detail"].as_str().unwrap().contains("Idempotency-Key"), "{}", answer.body);
    assert!(!answer.header("retry-after").is_empty());
    api.create("deals", json!({"name": "Big"})).await;
    assert_eq!(count(&api, "deals").await, 1);
}
