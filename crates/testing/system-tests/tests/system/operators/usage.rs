//! Every request that shows a key leaves one row, whatever became of it, and no request leaves two.

use std::collections::BTreeMap;
use std::time::Duration;

use reqwest::Method;
use serde_json::{Value, json};
use system_tests::{Customer, Stack};
use testkit::wait_for;

const ROWS: &str = "select endpoint, method, status_code, request_id, request_size_bytes, response_size_bytes, response_time_ms
    from admin_api_usage where customer_id = $1";

pub(super) async fn story(stack: &Stack) {
    let customer = stack.customer("counted").await;
    let mut expected: BTreeMap<(String, String, u64), u64> = BTreeMap::new();
    let mut ids = Vec::new();
    for (method, path, body, status, endpoint) in requests() {
        let mut request = customer.api.request(method.clone(), &path);
        if let Some(body) = &body {
            request = request.json(body);
        }
        let answer = customer.api.send(request).await;
        assert_eq!(answer.status.as_u16(), status, "{answer}");
        ids.push(answer.header("x-request-id").to_owned());
        *expected.entry((endpoint.to_owned(), method.to_string(), status.into())).or_default() += 1;
    }
    // Many at once, too.
    let many = (0..200).map(|_| customer.api.get("/api/v1/deals"));
    for answer in futures_util::future::join_all(many).await {
        assert_eq!(answer.status.as_u16(), 200, "{answer}");
        ids.push(answer.header("x-request-id").to_owned());
    }
    *expected.entry(("/api/v1/deals".to_owned(), "GET".to_owned(), 200)).or_default() += 200;
    // No key, and keys that nobody has, are nobody's usage.
    let all = "select count(*) from admin_api_usage where customer_id is null or api_key_id is null";
    customer.api.anonymous().get("/api/v1/deals").await.expect_problem(401, "unauthenticated");
    customer.api.with_token("sk_nonsense").get("/api/v1/deals").await.expect_problem(401, "unauthenticated");
    assert_eq!(json!(stack.rows(all, &[]).await), json!([{ "count": 0 }]));

    let total = expected.values().sum::<u64>();
    wait_for("the usage to be written", Duration::from_secs(10), || async {
        stack.rows(ROWS, &[&customer.uuid]).await.len() as u64 >= total
    })
    .await;
    let rows = stack.rows(ROWS, &[&customer.uuid]).await;
    let mut counted: BTreeMap<(String, String, u64), u64> = BTreeMap::new();
    for row in &rows {
        let text = |name: &str| row[name].as_str().unwrap().to_owned();
        *counted
            .entry((text("endpoint"), text("method"), row["status_code"].as_u64().unwrap()))
            .or_default() += 1;
        assert!(row["response_time_ms"].is_u64(), "{row}");
        if row["status_code"] == 200 {
            assert!(row["response_size_bytes"].as_u64().is_some_and(|size| size > 10), "{row}");
        }
        if row["method"] == "POST" {
            assert!(row["request_size_bytes"].as_u64().is_some_and(|size| size > 0), "{row}");
        }
    }
    assert_eq!(counted, expected);
    let mut written: Vec<_> = rows.iter().map(|row| row["request_id"].as_str().unwrap().to_owned()).collect();
    written.sort_unstable();
    ids.sort_unstable();
    assert_eq!(written, ids, "each row names its request");

    let told = stack.operator.get(&format!("/api/admin/usage?customer={}", customer.id)).await.expect(200);
    assert_eq!(told["total"]["requests"], json!(total), "{told}");
    let successful: u64 = expected.iter().filter(|(key, _)| key.2 < 400).map(|(_, count)| count).sum();
    assert_eq!(told["total"]["successful"], json!(successful), "{told}");
    assert_eq!(told["total"]["failed"], json!(total - successful), "{told}");
    let used = stack
        .rows(
            "select last_used_at is not null as used from admin_api_keys where id = $1",
            &[&customer.key_id],
        )
        .await;
    assert_eq!(json!(used), json!([{ "used": true }]));
    nights(stack, &customer).await;
}

/// What the worker does every night: a roll-up that is wrong is mended, and a month that is old enough retires, but for its
/// roll-ups.
async fn nights(stack: &Stack, customer: &Customer) {
    let (yesterday, long_ago) =
        ("date_trunc('day', now(), 'UTC') - interval '12 hours'", "now() - interval '20 months'");
    let admin = stack.admin().await;
    for at in [yesterday, yesterday, long_ago] {
        let sql = format!(
            "insert into admin_api_usage (id, created_at, customer_id, api_key_id, endpoint, method, status_code)
             values (gen_random_uuid(), {at}, $1, $2, '/api/v1/deals', 'GET', 200)"
        );
        admin.execute(&sql, &[&customer.uuid, &customer.key_id]).await.unwrap();
    }
    let wrong = "update admin_api_usage_daily set requests = 77 where customer_id = $1 and usage_date = ((now() at time zone 'UTC')::date - 1)";
    assert_eq!(admin.execute(wrong, &[&customer.uuid]).await.unwrap(), 1);
    admin.batch_execute("insert into admin_jobs (kind) values ('usage_nights')").await.unwrap();
    let sql = "select
             (select sum(requests)::bigint from admin_api_usage_daily
              where customer_id = $1 and usage_date = ((now() at time zone 'UTC')::date - 1)) as yesterday,
             (select sum(requests)::bigint from admin_api_usage_daily
              where customer_id = $1 and usage_date < (now() - interval '19 months')::date) as rolled_up,
             (select count(*) from admin_api_usage where created_at < now() - interval '19 months') as kept";
    wait_for("usage to be in order", Duration::from_secs(60), || async {
        json!(stack.rows(sql, &[&customer.uuid]).await)
            == json!([{ "yesterday": 2, "rolled_up": 1, "kept": 0 }])
    })
    .await;
}

/// Method, path, body, the status of the answer, and the endpoint under which it is counted.
fn requests() -> Vec<(Method, String, Option<Value>, u16, &'static str)> {
    let one = "/api/v1/contacts/01a20922-337d-705e-845b-39d610d3630a".to_owned();
    let many = "/api/v1/contacts".to_owned();
    let right = json!({ "first_name": "Ada" });
    vec![
        (Method::GET, many.clone(), None, 200, "/api/v1/contacts"),
        (Method::POST, many.clone(), Some(right.clone()), 201, "/api/v1/contacts"),
        (Method::POST, many.clone(), Some(json!({ "colour": 1 })), 400, "/api/v1/contacts"),
        (Method::GET, format!("{many}?colour=red"), None, 400, "/api/v1/contacts"),
        (Method::GET, one.clone(), None, 404, "/api/v1/contacts/{id}"),
        (Method::PATCH, one.clone(), Some(right), 404, "/api/v1/contacts/{id}"),
        (Method::DELETE, one, None, 404, "/api/v1/contacts/{id}"),
        (Method::GET, "/api/v1/contacts/nonsense".to_owned(), None, 404, "/api/v1/contacts/{id}"),
        (Method::PUT, many, Some(json!({})), 405, "/api/v1/contacts"),
    ]
}
