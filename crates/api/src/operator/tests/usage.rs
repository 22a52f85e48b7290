//! Usage: its groups and its filters.

use catalog::api_usage::{UsageRecord, insert_batch};
use chrono::Utc;
use domain::{ApiKeyId, Plan};
use serde_json::json;
use uuid::Uuid;

use super::Api;

#[tokio::test]
async fn usage_is_told_by_every_group_and_for_every_filter() {
    let api = Api::new().await;
    let customer_id = api.customer("acme", Plan::Starter).await;
    let keys = [ApiKeyId::generate(), ApiKeyId::generate()];
    let made = |key: ApiKeyId, endpoint: &str, status_code: u16, outcome: &str, time: i32| UsageRecord {
        id: Uuid::now_v7(),
        created_at: Utc::now() - chrono::TimeDelta::minutes(1),
        customer_id,
        api_key_id: key,
        request_id: None,
        endpoint: endpoint.to_owned(),
        method: "GET".to_owned(),
        status_code,
        response_time_ms: Some(time),
        request_size_bytes: None,
        response_size_bytes: Some(10),
        module: None,
        outcome: Some(outcome.to_owned()),
    };
    let mut batch: Vec<_> = (1..=100).map(|time| made(keys[0], "/api/v1/deals", 200, "ok", time)).collect();
    batch.push(made(keys[1], "/api/v1/deals", 429, "rate-limited", 1));
    batch.push(made(keys[1], "/api/v1/contacts/{id}", 404, "not-found", 2));
    insert_batch(&api.catalog.client().await.unwrap(), &batch).await.unwrap();

    let all = api.get("/api/admin/usage?customer=acme").await.expect(200).body;
    assert_eq!(all["total"]["requests"], 102);
    let first = |group: &str, name: &str| (all[group].as_array().unwrap().len(), all[group][0][name].clone());
    assert_eq!(first("by_route", "endpoint"), (2, json!("/api/v1/deals")));
    assert_eq!(first("by_status", "status_code"), (3, json!(200)));
    assert_eq!(first("by_outcome", "outcome"), (3, json!("ok")));
    assert_eq!(first("by_key", "api_key_id"), (2, json!(keys[0])));
    let fast = &all["by_status"][0];
    assert_eq!(
        (&fast["p50_response_time_ms"], &fast["p95_response_time_ms"], &fast["p99_response_time_ms"]),
        (&json!(50), &json!(95), &json!(99))
    );

    for (filter, requests) in [
        ("endpoint=/api/v1/deals", 101),
        ("endpoint=/api/v1/contacts/%7Bid%7D", 1),
        ("status_code=404", 1),
        ("outcome=rate-limited", 1),
        ("outcome=rate-limited&status_code=200", 0),
        (&format!("api_key_id={}", keys[1]), 2),
        ("endpoint=nowhere", 0),
    ] {
        let found = api.get(&format!("/api/admin/usage?{filter}")).await.expect(200).body;
        assert_eq!(found["total"]["requests"], requests, "{filter}");
        for group in ["by_day", "by_key", "by_route", "by_status", "by_outcome"] {
            let rows = found[group].as_array().unwrap();
            let sum: i64 = rows.iter().map(|row| row["requests"].as_i64().unwrap()).sum();
            assert_eq!(sum, requests, "{filter} {group}");
        }
    }
    // Which verifications of a key failed, and why.
    let of_key = api.get(&format!("/api/admin/usage?api_key_id={}", keys[1])).await.expect(200).body;
    let outcomes: Vec<_> =
        of_key["by_outcome"].as_array().unwrap().iter().map(|row| row["outcome"].clone()).collect();
    assert_eq!(outcomes, ["not-found", "rate-limited"]);
}

#[tokio::test]
async fn whose_fault_a_failure_was_is_told_everywhere() {
    let api = Api::new().await;
    let customer_id = api.customer("acme", Plan::Starter).await;
    let made = |status_code: u16| UsageRecord {
        id: Uuid::now_v7(),
        created_at: Utc::now() - chrono::TimeDelta::minutes(1),
        customer_id,
        api_key_id: ApiKeyId(customer_id.uuid()),
        request_id: None,
        endpoint: "/api/v1/deals".to_owned(),
        method: "GET".to_owned(),
        status_code,
        response_time_ms: None,
        request_size_bytes: None,
        response_size_bytes: None,
        module: None,
        outcome: None,
    };
    let batch: Vec<_> = [200, 302, 400, 404, 499, 500, 503].into_iter().map(made).collect();
    insert_batch(&api.catalog.client().await.unwrap(), &batch).await.unwrap();
    let told = |totals: &serde_json::Value| {
        ["requests", "failed", "client_errors", "server_errors"].map(|name| totals[name].as_i64().unwrap())
    };
    let expected = [7, 5, 3, 2];
    let usage = api.get("/api/admin/usage").await.expect(200).body;
    assert_eq!((told(&usage["total"]), told(&usage["by_route"][0])), (expected, expected), "{usage}");
    let month = (Utc::now() - chrono::TimeDelta::days(30)).format("%Y-%m-%d");
    // From single requests, and from the roll-ups of everybody and of one.
    for query in [
        String::new(),
        "customer=acme".to_owned(),
        "interval=minute&created_at[gte]=".to_owned()
            + &(Utc::now() - chrono::TimeDelta::hours(1)).to_rfc3339_opts(chrono::SecondsFormat::Secs, true),
        format!("interval=day&customer=acme&group_by=route&created_at[gte]={month}T00:00:00Z"),
        format!(
            "interval=hour&created_at[gte]={}",
            (Utc::now() - chrono::TimeDelta::days(1)).format("%Y-%m-%dT00:00:00Z")
        ),
        "group_by=customer&top=1".to_owned(),
    ] {
        let series = api.get(&format!("/api/admin/usage/series?{query}")).await.expect(200).body;
        assert_eq!(told(&series["total"]), expected, "{query}");
        let points = series["groups"][0]["points"].as_array().unwrap();
        let sum = points
            .iter()
            .map(told)
            .fold([0; 4], |sum, point| std::array::from_fn(|index| sum[index] + point[index]));
        assert_eq!(sum, expected, "{query}");
    }
}

#[tokio::test]
async fn long_spans_and_many_rows_have_an_end() {
    let api = Api::new().await;
    let customer_id = api.customer("acme", Plan::Starter).await;
    let days = |days: i64| {
        let from = Utc::now() - chrono::TimeDelta::days(days);
        format!("created_at[gte]={}", from.to_rfc3339_opts(chrono::SecondsFormat::Secs, true))
    };
    for (query, fits) in [
        (days(91), true),
        (days(93), false),
        (format!("customer=acme&{}", days(399)), true),
        (format!("api_key_id={}&{}", Uuid::nil(), days(399)), true),
        (format!("customer=acme&{}", days(401)), false),
        ("created_at[gte]=0001-01-01T00:00:00Z".to_owned(), false),
    ] {
        let answer = api.get(&format!("/api/admin/usage?{query}")).await;
        if fits {
            answer.expect(200);
        } else {
            assert_eq!(answer.wrong_fields(), ["created_at[gte]"], "{query}");
            assert!(answer.text("detail").contains("days"), "{answer:?}");
        }
    }
    let backwards = "created_at[gte]=2026-01-02T00:00:00Z&created_at[lt]=2026-01-01T00:00:00Z";
    assert_eq!(api.get(&format!("/api/admin/usage?{backwards}")).await.wrong_fields(), ["created_at[lt]"]);

    api.sql(&format!(
        "insert into admin_api_usage (api_key_id, customer_id, endpoint, method, status_code)
         select gen_random_uuid(), '{customer_id}', '/r/' || n, 'GET', 200 from generate_series(1, 203) n"
    ))
    .await;
    let told = api.get("/api/admin/usage").await.expect(200).body;
    let rows = |group: &str| told[group].as_array().unwrap().len();
    assert_eq!((rows("by_key"), rows("by_route"), rows("by_status")), (200, 200, 1));
    assert_eq!(told["left_out"], json!({ "by_key": 3, "by_route": 3, "by_status": 0, "by_outcome": 0 }));
    assert_eq!(told["total"]["requests"], 203);
}

#[tokio::test]
async fn a_filter_that_makes_no_sense_is_refused() {
    let api = Api::new().await;
    for (query, field) in [
        ("status_code=ok", "status_code"),
        ("status_code=99", "status_code"),
        ("status_code=600", "status_code"),
        ("status_code=-1", "status_code"),
        ("api_key_id=nonsense", "api_key_id"),
        ("endpoint=%ff", "endpoint"),
        ("outcome=%00", "outcome"),
        ("outcome=a&outcome=b", "outcome"),
        ("route=/api", "route"),
    ] {
        let refused = api.get(&format!("/api/admin/usage?{query}")).await;
        assert_eq!(refused.wrong_fields(), [field], "{query}");
    }
}

#[tokio::test]
async fn months_whose_requests_are_gone_are_refused_and_not_left_out() {
    let api = Api::new().await;
    api.customer("acme", Plan::Starter).await;
    api.sql(
        "insert into admin_api_usage_retired (month, requests) values ('2020-01-01', 7), ('2020-02-01', 8)",
    )
    .await;
    let from = async |text: &str| {
        api.get(&format!("/api/admin/usage?created_at[gte]={text}&created_at[lt]=2020-03-05T00:00:00Z")).await
    };
    for gone in ["2020-01-01T00:00:00Z", "2020-02-29T23:59:59Z"] {
        let refused = from(gone).await;
        assert_eq!(refused.wrong_fields(), ["created_at[gte]"], "{gone}");
        let message = refused.body["errors"][0]["message"].as_str().unwrap();
        assert!(message.contains("kept since 2020-03-01") && message.contains("usage/series"), "{message}");
    }
    from("2020-03-01T00:00:00Z").await.expect(200);
    // Who names no beginning gets what there is.
    api.sql("insert into admin_api_usage_retired (month, requests) values ('2021-01-01', 1)").await;
    let answer = api.get("/api/admin/usage?created_at[lt]=2021-02-11T00:00:00Z").await.expect(200).body;
    assert_eq!(answer["from"], "2021-02-01T00:00:00Z");
}
