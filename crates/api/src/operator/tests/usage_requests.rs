//! Single requests: every one once, page by page, and nobody else's.

use std::collections::BTreeSet;

use chrono::{SecondsFormat, TimeDelta, Utc};
use domain::Plan;
use serde_json::{Value, json};

use super::Api;

const REQUESTS: &str = "/api/admin/usage/requests";

/// Over three months, many at the same moment; every tenth is globex's.
async fn used(api: &Api) {
    let acme = api.customer("acme", Plan::Starter).await;
    let globex = api.customer("globex", Plan::Starter).await;
    api.sql(&format!(
        "insert into admin_api_keys (id, customer_id, key_hash, key_prefix, name)
         values ('{globex}', '{globex}', repeat('a', 64), 'sk_globex', 'G');
         insert into admin_api_usage (customer_id, api_key_id, endpoint, method, status_code, response_time_ms, outcome,
             created_at, request_id)
         select c.id, c.id, '/x', case when n % 10 = 0 then 'POST' else 'GET' end,
                case when n % 10 = 0 then 429 else 200 end, n,
                case when n % 10 = 0 then 'rate-limited' end, now() - (n / 7) * interval '10 hours', gen_random_uuid()
         from generate_series(1, 1500) n
         cross join lateral (select case when n % 10 = 0 then '{globex}' else '{acme}' end::uuid as id) c",
    ))
    .await;
}

impl Api {
    async fn every_request(&self, query: &str, limit: usize) -> Vec<Value> {
        let (mut rows, mut cursor) = (Vec::new(), String::new());
        loop {
            let page = self.get(&format!("{REQUESTS}?limit={limit}&{query}{cursor}")).await.expect(200).body;
            let data = page["data"].as_array().unwrap();
            assert!(data.len() <= limit);
            rows.extend(data.clone());
            match page["next_cursor"].as_str() {
                Some(next) => cursor = format!("&cursor={next}"),
                None => return rows,
            }
        }
    }
}

#[tokio::test]
async fn every_request_is_there_once_the_newest_first() {
    let api = Api::new().await;
    used(&api).await;
    let since = (Utc::now() - TimeDelta::days(365)).to_rfc3339_opts(SecondsFormat::Secs, true);
    let range = format!("created_at[gte]={since}");
    let rows = api.every_request(&range, 200).await;
    let ids: BTreeSet<_> = rows.iter().map(|row| row["id"].as_str().unwrap()).collect();
    assert_eq!((rows.len(), ids.len()), (1500, 1500));
    assert!(rows.windows(2).all(|pair| {
        let place = |row: &Value| (row["created_at"].as_str().unwrap().to_owned(), row["id"].to_string());
        place(&pair[0]) > place(&pair[1])
    }));
    for (filter, expected) in [
        ("customer=globex", 150),
        ("customer=acme", 1350),
        ("status_code=429", 150),
        ("method=POST&outcome=rate-limited", 150),
        ("outcome=", 1350),
        ("endpoint=/x&module=", 1500),
        ("endpoint=/y", 0),
        ("min_response_time_ms=1400", 101),
        ("customer=globex&min_response_time_ms=1400", 11),
    ] {
        let found = api.every_request(&format!("{range}&{filter}"), 60).await;
        assert_eq!(found.len(), expected, "{filter}");
    }
    let one = &api.every_request(&format!("{range}&customer=globex"), 200).await[0];
    let id = one["customer"]["id"].clone();
    assert_eq!(one["customer"], json!({ "id": id, "customer_id": "globex", "company_name": "globex Inc." }));
    assert_eq!((&one["api_key_prefix"], &one["outcome"]), (&json!("sk_globex"), &json!("rate-limited")));
    let key = id.as_str().unwrap();
    assert_eq!(api.every_request(&format!("{range}&api_key_id={key}"), 200).await.len(), 150);
    // The last hour, when nothing else is asked for.
    assert_eq!(api.every_request("", 200).await.len(), 6);
    // Usage stays when its customer goes.
    api.sql("delete from admin_customers where company_domain = 'globex'").await;
    let gone = &api.every_request(&format!("{range}&customer={key}"), 200).await[0];
    assert_eq!(gone["customer"], json!({ "id": key, "customer_id": null, "company_name": null }));
    assert_eq!(gone["api_key_prefix"], Value::Null);
}

#[tokio::test]
async fn a_page_that_makes_no_sense_is_refused() {
    let api = Api::new().await;
    for (query, field) in [
        ("min_response_time_ms=-1", "min_response_time_ms"),
        ("min_response_time_ms=x", "min_response_time_ms"),
        ("limit=0", "limit"),
        ("limit=201", "limit"),
        ("status_code=1", "status_code"),
        ("customer=nobody", "customer"),
        ("created_at[lt]=2026-01-01T00:00:00Z&created_at[gte]=2026-01-01T00:00:00Z", "created_at[lt]"),
        ("cursor=x", "cursor"),
        ("group_by=route", "group_by"),
    ] {
        assert_eq!(api.get(&format!("{REQUESTS}?{query}")).await.wrong_fields(), [field], "{query}");
    }
    used(&api).await;
    // {"s":"created_at","v":"2026-01-01T00:00:00Z","i":"00000000-0000-0000-0000-000000000000"}: of another list.
    let other = "eyJzIjoiY3JlYXRlZF9hdCIsInYiOiIyMDI2LTAxLTAxVDAwOjAwOjAwWiIsImkiOiIwMDAwMDAwMC0wMDAwLTAwMDAtMDAwMC0wMDAwMDAwMDAwMDAifQ";
    assert_eq!(api.get(&format!("{REQUESTS}?cursor={other}")).await.wrong_fields(), ["cursor"]);
    let wide = "created_at[gte]=0001-01-01T00:00:00Z&created_at[lt]=9999-12-31T00:00:00Z";
    assert_eq!(api.every_request(&format!("{wide}&endpoint=/y"), 200).await.len(), 0);
}

#[tokio::test]
async fn it_is_said_since_when_every_request_is_there() {
    let api = Api::new().await;
    let old = format!("{REQUESTS}?created_at[gte]=2025-12-30T00:00:00Z&created_at[lt]=2026-01-02T00:00:00Z");
    assert_eq!(api.get(&old).await.expect(200).body["kept_since"], Value::Null);
    api.sql("insert into admin_api_usage_retired (month, requests) values ('2026-01-01', 1)").await;
    let told = api.get(&old).await.expect(200).body;
    assert_eq!((&told["data"], &told["kept_since"]), (&json!([]), &json!("2026-02-01T00:00:00Z")));
}
