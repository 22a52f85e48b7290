//! Usage over time: every group adds up to what was made, wherever the numbers come from.

use catalog::api_usage::{UsageRecord, insert_batch};
use chrono::{DateTime, DurationRound as _, SecondsFormat, TimeDelta, Utc};
use domain::{ApiKeyId, CustomerId, Plan};
use serde_json::{Value, json};
use uuid::Uuid;

use super::Api;

const SERIES: &str = "/api/admin/usage/series";

fn at(moment: DateTime<Utc>) -> String {
    moment.to_rfc3339_opts(SecondsFormat::Secs, true)
}

/// A request, one minute before the moment.
fn request(customer_id: CustomerId, moment: DateTime<Utc>, status_code: u16, time: i32) -> UsageRecord {
    UsageRecord {
        id: Uuid::now_v7(),
        created_at: moment - TimeDelta::minutes(1),
        customer_id,
        api_key_id: ApiKeyId(customer_id.uuid()),
        request_id: None,
        endpoint: "/api/v1/deals".to_owned(),
        method: "GET".to_owned(),
        status_code,
        response_time_ms: Some(time),
        request_size_bytes: Some(1),
        response_size_bytes: Some(10),
        module: Some("crm_core".to_owned()),
        outcome: Some(if status_code < 400 { "ok" } else { "rate-limited" }.to_owned()),
    }
}

/// Two customers; the second's requests are fewer, slower and partly refused.
async fn used(api: &Api, moments: &[DateTime<Utc>]) -> [CustomerId; 2] {
    let customers = [api.customer("acme", Plan::Starter).await, api.customer("globex", Plan::Starter).await];
    let mut batch = Vec::new();
    for moment in moments {
        batch.extend((1..=100).map(|time| request(customers[0], *moment, 200, time % 10 + 1)));
        batch.extend((1..=20).map(|_| request(customers[1], *moment, 200, 1000)));
        batch.push(UsageRecord { method: "POST".to_owned(), ..request(customers[1], *moment, 429, 1) });
    }
    let client = api.catalog.client().await.unwrap();
    for requests in batch.chunks(50) {
        insert_batch(&client, requests).await.unwrap();
    }
    customers
}

fn sum(group: &Value, name: &str) -> i64 {
    group["points"].as_array().unwrap().iter().map(|point| point[name].as_i64().unwrap()).sum()
}

/// Everything in an answer fits together.
fn assert_whole(answer: &Value, requests: i64, label: &str) {
    assert_eq!(answer["total"]["requests"], requests, "{label}: {answer}");
    let groups = answer["groups"].as_array().unwrap();
    let of_groups: i64 = groups.iter().map(|group| group["total"]["requests"].as_i64().unwrap()).sum();
    assert_eq!(of_groups, requests, "{label}");
    let (from, until): (DateTime<Utc>, DateTime<Utc>) = (
        answer["from"].as_str().unwrap().parse().unwrap(),
        answer["until"].as_str().unwrap().parse().unwrap(),
    );
    let seconds = answer["interval_seconds"].as_i64().unwrap();
    for group in groups {
        assert_eq!(json!(sum(group, "requests")), group["total"]["requests"], "{label}");
        assert_eq!(json!(sum(group, "failed")), group["total"]["failed"], "{label}");
        let points = group["points"].as_array().unwrap();
        assert_eq!(i64::try_from(points.len()).unwrap() * seconds, (until - from).num_seconds(), "{label}");
        for (number, point) in (0..).zip(points) {
            let expected = from + TimeDelta::seconds(seconds * number);
            assert_eq!(point["at"].as_str().unwrap().parse::<DateTime<Utc>>().unwrap(), expected);
            assert_eq!(point["requests"] == 0, point["p50_response_time_ms"].is_null(), "{label}: {point}");
        }
    }
}

#[tokio::test]
async fn every_interval_and_group_tells_the_same() {
    let api = Api::new().await;
    let now = Utc::now().duration_trunc(TimeDelta::hours(1)).unwrap();
    // The last span has two moments, the one before it has one, whatever its length.
    for (length, interval, seconds) in [
        (TimeDelta::hours(1), "minute", 60),
        (TimeDelta::hours(12), "five_minutes", 300),
        (TimeDelta::days(1), "fifteen_minutes", 900),
        (TimeDelta::days(7), "hour", 3600),
        (TimeDelta::days(100), "day", 86_400),
    ] {
        let api = if interval == "minute" { &api } else { &Api::new().await };
        let now = if interval == "day" { now.duration_trunc(TimeDelta::days(1)).unwrap() } else { now };
        let from = now - length;
        let customers = used(api, &[now, from + TimeDelta::minutes(2), from]).await;
        let range = format!("created_at[gte]={}&created_at[lt]={}", at(from), at(now));
        let [acme, globex] = customers.map(|customer| customer.to_string());
        for (group_by, expected) in [
            ("", vec![("all", "All requests", 242)]),
            ("customer", vec![(acme.as_str(), "acme Inc.", 200), (globex.as_str(), "globex Inc.", 42)]),
            ("api_key", vec![(acme.as_str(), acme.as_str(), 200), (globex.as_str(), globex.as_str(), 42)]),
            (
                "route",
                vec![
                    ("GET /api/v1/deals", "GET /api/v1/deals", 240),
                    ("POST /api/v1/deals", "POST /api/v1/deals", 2),
                ],
            ),
            ("status", vec![("200", "200 OK", 240), ("429", "429 Too Many Requests", 2)]),
            ("module", vec![("crm_core", "CRM Core", 242)]),
            ("outcome", vec![("ok", "OK", 240), ("rate-limited", "Rate limited", 2)]),
        ] {
            let grouping = if group_by.is_empty() { String::new() } else { format!("&group_by={group_by}") };
            for chosen in [String::new(), format!("&interval={interval}")] {
                let label = format!("{interval}{grouping}{chosen}");
                let answer = api.get(&format!("{SERIES}?{range}{grouping}{chosen}")).await.expect(200).body;
                assert_eq!(answer["interval_seconds"], seconds, "{label}");
                assert_whole(&answer, 242, &label);
                let told: Vec<_> = answer["groups"]
                    .as_array()
                    .unwrap()
                    .iter()
                    .map(|group| {
                        let requests = group["total"]["requests"].as_i64().unwrap();
                        (group["key"].as_str().unwrap(), group["label"].as_str().unwrap(), requests)
                    })
                    .collect();
                assert_eq!(told, expected, "{label}");
                assert_eq!(answer["previous"]["requests"], 121, "{label}");
                let total = &answer["total"];
                assert_eq!((&total["failed"], &total["response_size_bytes"]), (&json!(2), &json!(2420)));
                assert_eq!(
                    (&total["p50_response_time_ms"], &total["p99_response_time_ms"]),
                    (&json!(6), &json!(991))
                );
                assert_eq!(total["max_response_time_ms"], 1000, "{label}");
            }
        }
        // The others are what is left, and how fast they were, too.
        let answer = api.get(&format!("{SERIES}?{range}&group_by=customer&top=1")).await.expect(200).body;
        assert_whole(&answer, 242, interval);
        let others = &answer["groups"][1];
        assert_eq!((&others["key"], &others["label"]), (&Value::Null, &json!("Others")));
        assert_eq!((&others["total"]["requests"], &others["total"]["failed"]), (&json!(42), &json!(2)));
        let p50 = others["total"]["p50_response_time_ms"].as_i64().unwrap();
        assert!((938..=1062).contains(&p50), "{interval}: {p50}");
        // One customer's question never meets another's requests.
        for filter in ["customer=globex".to_owned(), format!("api_key_id={globex}")] {
            let answer =
                api.get(&format!("{SERIES}?{range}&{filter}&group_by=customer")).await.expect(200).body;
            assert_whole(&answer, 42, interval);
            assert_eq!(answer["groups"][0]["key"], json!(globex));
            assert_eq!(answer["previous"]["requests"], 21);
        }
        for (filter, requests) in [
            ("status_code=429", 2),
            ("outcome=rate-limited&method=POST", 2),
            ("outcome=", 0),
            ("module=crm_core&endpoint=/api/v1/deals&method=GET", 240),
            ("module=", 0),
            ("endpoint=nowhere", 0),
        ] {
            for group_by in ["route", "customer"] {
                let path = format!("{SERIES}?{range}&{filter}&group_by={group_by}");
                let answer = api.get(&path).await.expect(200).body;
                assert_whole(&answer, requests, &format!("{interval} {filter} {group_by}"));
            }
        }
    }
}

#[tokio::test]
async fn a_span_or_group_that_makes_no_sense_is_refused() {
    let api = Api::new().await;
    for (query, field) in [
        ("interval=week", "interval"),
        ("group_by=colour", "group_by"),
        ("top=0", "top"),
        ("top=21", "top"),
        ("top=-1", "top"),
        ("status_code=99", "status_code"),
        ("api_key_id=x", "api_key_id"),
        ("customer=nobody", "customer"),
        ("created_at[gte]=2026-01-02T00:00:00Z&created_at[lt]=2026-01-01T00:00:00Z", "created_at[lt]"),
        ("created_at[gte]=2026-01-01T00:00:00Z&created_at[lt]=2026-01-01T00:00:00Z", "created_at[lt]"),
        ("created_at[gte]=0001-01-01T00:00:00Z", "created_at[gte]"),
        ("interval=minute", "created_at[gte]"),
        ("limit=3", "limit"),
    ] {
        let refused = api.get(&format!("{SERIES}?{query}")).await;
        assert_eq!(refused.wrong_fields(), [field], "{query}");
    }
    for far in ["9999-12-31T23:59:59Z", "0000-01-01T00:00:00Z"] {
        api.get(&format!("{SERIES}?created_at[lt]={far}")).await.expect(200);
    }
}

#[tokio::test]
async fn what_is_retired_is_told_by_the_day_or_not_at_all() {
    let api = Api::new().await;
    let now = Utc::now();
    used(&api, &[now - TimeDelta::hours(2)]).await;
    api.sql(
        "insert into admin_api_usage_retired (month, requests) values (date_trunc('month', now())::date, 1)",
    )
    .await;
    let range = format!("created_at[gte]={}", at(now - TimeDelta::hours(3)));
    let refused = api.get(&format!("{SERIES}?{range}&interval=minute")).await;
    assert_eq!(refused.wrong_fields(), ["interval"]);
    assert_eq!(
        api.get(&format!("{SERIES}?{range}&customer=acme&interval=hour")).await.wrong_fields(),
        ["interval"]
    );
    api.get(&format!("{SERIES}?{range}&interval=hour")).await.expect(200);
    let by_day = api.get(&format!("{SERIES}?{range}")).await.expect(200).body;
    assert_eq!((&by_day["interval_seconds"], &by_day["total"]["requests"]), (&json!(86_400), &json!(121)));
}
