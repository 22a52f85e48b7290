//! The admin database and Redis away, or busy with something else: who is known is served, limited and counted.

use std::process::Stdio;
use std::time::{Duration, Instant};

use futures_util::future::join_all;
use reqwest::Method;
use serde_json::json;
use system_tests::{Api, Customer, Program, Stack};
use testkit::wait_for;
use tokio::process::Child;
use uuid::Uuid;

const LIMIT: Duration = Duration::from_secs(60);

pub(super) async fn story(stack: &Stack, customer: &Customer) {
    without_both(stack, customer).await;
    reports(stack, customer).await;
}

/// A second server of the same system.
async fn second(program: &Program) -> (Child, Api) {
    let port = testkit::free_port();
    let program = program
        .clone()
        .with("PORT", port.to_string())
        .in_the_clear()
        .with("SIXTY_METRICS_PORT", testkit::free_port().to_string());
    let server = program
        .command(&["serve"])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .kill_on_drop(true)
        .spawn()
        .unwrap();
    let api = Api::new(port);
    wait_for("the second server", LIMIT, || async { has_both(&api).await == Some(true) }).await;
    (server, api)
}

/// Whether the server says that both the admin database and Redis are there; none when it isn't ready for requests.
async fn has_both(api: &Api) -> Option<bool> {
    let answer = api.try_send(api.request(Method::GET, "/api/ready")).await.ok()?;
    let dependencies = answer.body["dependencies"].as_array().cloned().unwrap_or_default();
    let is_there = |name: &str| dependencies.iter().any(|one| one["name"] == name && one["status"] == "up");
    let has_none = ["admin_database", "redis"].iter().all(|name| !is_there(name));
    let has_all = ["admin_database", "redis"].iter().all(|name| is_there(name));
    (answer.status == 200 && (has_all || has_none)).then_some(has_all)
}

/// A key of its own, with a limit.
async fn limited_key(stack: &Stack, customer: &Customer, per_day: u64) -> (Uuid, String) {
    let path = format!("/api/admin/customers/{}/api-keys", customer.id);
    let wanted = json!({ "name": "outage", "rate_limit_requests": per_day, "rate_limit_period": "day" });
    let made = stack.operator.post(&path, &wanted).await.expect(201);
    (made["id"].as_str().unwrap().parse().unwrap(), made["key"].as_str().unwrap().to_owned())
}

async fn without_both(stack: &Stack, customer: &Customer) {
    let (database, redis) =
        tokio::join!(testkit::fault_proxy(stack.ports.admin), testkit::fault_proxy(stack.ports.redis));
    let program = stack
        .program
        .clone()
        .with("ADMIN_DB_HOST", "127.0.0.1")
        .with("REDIS_HOST", "127.0.0.1")
        .with("ADMIN_DB_PORT", database.port().to_string())
        .with("REDIS_PORT", redis.port().to_string());
    let (mut server, api) = second(&program).await;
    let contact = customer.api.post("/api/v1/contacts", &json!({ "first_name": "Ada" })).await.expect(201);
    let contact = format!("/api/v1/contacts/{}", contact["id"].as_str().unwrap());
    let (key_id, key) = limited_key(stack, customer, 40).await;
    let (_, stranger) = limited_key(stack, customer, 40).await;
    let known = api.with_token(&key);
    // What was read before the server was told of these keys must not be used once it is told, so an outage in that moment
    // would find the customer unknown. It is told within a second, and reads again what it knows right after.
    known.get(&contact).await.expect(200);
    tokio::time::sleep(Duration::from_secs(3)).await;
    let mut answers = 1;
    for is_silent in [false, true] {
        known.get(&contact).await.expect(200);
        answers += 1;
        match is_silent {
            false => (database.refuse(), redis.refuse()),
            true => (database.pause(), redis.pause()),
        };
        wait_for("the server to have noticed", LIMIT, || async { has_both(&api).await == Some(false) }).await;
        let begun = Instant::now();
        for _ in 0..10 {
            let answer = known.get(&contact).await;
            assert!(answer.header("ratelimit").starts_with("\"key\";r="), "{answer}");
            assert_eq!(answer.expect(200)["first_name"], "Ada");
            answers += 1;
        }
        assert!(begun.elapsed() < Duration::from_secs(10), "ten reads took {:?}", begun.elapsed());
        let refused = api.with_token(&stranger).get(&contact).await;
        let wait = refused.header("retry-after").parse::<u64>();
        assert!(wait.as_ref().is_ok_and(|seconds| *seconds > 0), "Retry-After is {wait:?}: {refused}");
        refused.expect_problem(503, "unavailable");
        database.resume();
        redis.resume();
        wait_for("everything to be back", LIMIT, || async { has_both(&api).await == Some(true) }).await;
    }
    api.with_token(&stranger).get(&contact).await.expect(200);
    // The limit held all the while, and what was used during the outages is counted.
    let mut is_limited = false;
    for _ in 0..60 {
        let answer = known.get(&contact).await;
        answers += 1;
        if answer.status == 429 {
            is_limited = true;
            break;
        }
        answer.expect(200);
    }
    assert!(is_limited, "{answers} requests of 40");
    let sql = "select count(*) from admin_api_usage where api_key_id = $1";
    wait_for("all to be counted", LIMIT, || async {
        json!(stack.rows(sql, &[&key_id]).await) == json!([{ "count": answers }])
    })
    .await;
    server.kill().await.unwrap();
}

/// Operators' reports that take for ever, as many as there are connections for them.
async fn reports(stack: &Stack, customer: &Customer) {
    let (mut server, api) = second(&stack.program).await;
    let (_, key) = limited_key(stack, customer, 1_000).await;
    let lock = stack.admin().await;
    lock.batch_execute("begin; lock table admin_api_usage in access exclusive mode").await.unwrap();
    let token = std::fs::read_to_string(stack.path().join("operator-token")).unwrap();
    let operator = api.with_token(token.trim());
    let reports: Vec<_> = (0..25)
        .map(|_| {
            let operator = operator.clone();
            tokio::spawn(
                async move { operator.try_send(operator.request(Method::GET, "/api/admin/usage")).await },
            )
        })
        .collect();
    wait_for("the reports to wait", LIMIT, || async {
        let sql =
            "select count(*) from pg_locks where not granted and relation = 'admin_api_usage'::regclass";
        lock.query_one(sql, &[]).await.unwrap().get::<_, i64>(0) >= 15
    })
    .await;
    // A key that nobody has looked up.
    let begun = Instant::now();
    api.with_token(&key).get("/api/v1/contacts?limit=1").await.expect(200);
    assert!(begun.elapsed() < Duration::from_secs(2), "looked up after {:?}", begun.elapsed());
    // Whoever asked loses patience; the next one must not wait for what the database still does for them.
    for report in &reports {
        report.abort();
    }
    join_all(reports).await;
    let begun = Instant::now();
    operator.get("/api/admin/customers?limit=1").await.expect(200);
    assert!(begun.elapsed() < Duration::from_secs(20), "answered after {:?}", begun.elapsed());
    lock.batch_execute("rollback").await.unwrap();
    operator.get("/api/admin/usage").await.expect(200);
    server.kill().await.unwrap();
}
