//! What changed most: against rows of which each is known, over spans that are read from each table.

use chrono::{DateTime, DurationRound as _, SecondsFormat, TimeDelta, Utc};
use domain::Plan;
use serde_json::{Value, json};

use super::Api;

const MOVERS: &str = "/api/admin/usage/movers";

fn at(moment: DateTime<Utc>) -> String {
    moment.to_rfc3339_opts(SecondsFormat::Secs, true)
}

#[tokio::test]
async fn the_greatest_change_comes_first_up_or_down() {
    let now = Utc::now();
    let hours = |moment: DateTime<Utc>| moment.duration_trunc(TimeDelta::hours(1)).unwrap();
    let days = |moment: DateTime<Utc>| moment.duration_trunc(TimeDelta::days(1)).unwrap();
    for (length, until) in [
        (TimeDelta::hours(1), hours(now)),
        (TimeDelta::hours(5), hours(now)),
        (TimeDelta::days(7), days(now)),
        (TimeDelta::days(50), days(now)),
    ] {
        let api = Api::new().await;
        let mut ids = Vec::new();
        for name in ["grown", "fallen", "same", "new"] {
            ids.push(api.customer(name, Plan::Starter).await);
        }
        let from = until - length;
        // (customer, method, before, in the span, how many of those failed)
        for (number, method, before, during, failed) in
            [(0, "GET", 10, 15, 2), (1, "POST", 20, 4, 0), (2, "GET", 7, 7, 7), (3, "PUT", 0, 3, 0)]
        {
            let sql = |moment: DateTime<Utc>, requests: i32, failed: i32| {
                format!(
                    "insert into admin_api_usage (customer_id, api_key_id, endpoint, method, status_code, created_at)
                     select '{id}', '{id}', '/x', '{method}', case when n <= {failed} then 500 else 200 end, '{}'
                     from generate_series(1, {requests}) n;",
                    moment.to_rfc3339(),
                    id = ids[number]
                )
            };
            api.sql(&sql(from - TimeDelta::minutes(1), before, 1)).await;
            api.sql(&sql(from, during, failed)).await;
            // Neither in the one nor in the other.
            api.sql(&sql(until, 100, 0)).await;
            api.sql(&sql(from - length - TimeDelta::minutes(1), 100, 0)).await;
        }
        // What is asked for is rounded down.
        let range = format!("created_at[gte]={}&created_at[lt]={}", at(from), at(until));
        let told = api.get(&format!("{MOVERS}?{range}")).await.expect(200).body;
        assert_eq!((&told["from"], &told["until"]), (&json!(at(from)), &json!(at(until))), "{length}");
        let row = |row: &Value| {
            let number = |name: &str| row[name].as_i64().unwrap();
            (
                row["label"].as_str().unwrap().to_owned(),
                [
                    number("requests"),
                    number("previous_requests"),
                    number("change"),
                    number("failed"),
                    number("previous_failed"),
                ],
            )
        };
        let rows = |told: &Value| told["data"].as_array().unwrap().iter().map(row).collect::<Vec<_>>();
        let expected = [
            ("fallen Inc.".to_owned(), [4, 20, -16, 0, 1]),
            ("grown Inc.".to_owned(), [15, 10, 5, 2, 1]),
            ("new Inc.".to_owned(), [3, 0, 3, 0, 0]),
        ];
        assert_eq!(rows(&told), expected, "{length}");
        let told = api.get(&format!("{MOVERS}?{range}&by=api_key")).await.expect(200).body;
        let keys: Vec<_> = told["data"].as_array().unwrap().iter().map(|row| row["key"].clone()).collect();
        assert_eq!(keys, [json!(ids[1]), json!(ids[0]), json!(ids[3])], "{length}");
        let told = api.get(&format!("{MOVERS}?{range}&by=route")).await.expect(200).body;
        let expected = [
            ("POST /x".to_owned(), [4, 20, -16, 0, 1]),
            ("GET /x".to_owned(), [22, 17, 5, 9, 2]),
            ("PUT /x".to_owned(), [3, 0, 3, 0, 0]),
        ];
        assert_eq!(rows(&told), expected, "{length}");

        // The same question, narrowed: each source knows each filter.
        let asked =
            async |filter: &str| rows(&api.get(&format!("{MOVERS}?{range}&{filter}")).await.expect(200).body);
        let grown = [("grown Inc.".to_owned(), [15, 10, 5, 2, 1])];
        assert_eq!(asked("customer=grown").await, grown, "{length}");
        assert_eq!(asked(&format!("api_key_id={}", ids[0])).await, grown, "{length}");
        let of_get = [("GET /x".to_owned(), [15, 10, 5, 2, 1])];
        assert_eq!(asked("customer=grown&by=route").await, of_get, "{length}");
        assert_eq!(asked("method=PUT").await, [("new Inc.".to_owned(), [3, 0, 3, 0, 0])], "{length}");
        let failed = [("grown Inc.".to_owned(), [2, 1, 1, 2, 1]), ("same Inc.".to_owned(), [7, 1, 6, 7, 1])];
        let mut told = asked("status_code=500&endpoint=/x").await;
        told.retain(|(name, _)| name != "fallen Inc.");
        told.sort();
        assert_eq!(told, failed, "{length}");
        assert_eq!(asked("status_code=500&by=route").await[0], ("GET /x".to_owned(), [9, 2, 7, 9, 2]));
        assert!(asked("module=crm_core").await.is_empty(), "{length}");
        assert!(asked("outcome=ok&by=route").await.is_empty(), "{length}");
    }
}

#[tokio::test]
async fn a_question_that_makes_no_sense_is_refused() {
    let api = Api::new().await;
    let old = "created_at[gte]=2026-01-01T00:00:00Z&created_at[lt]=2026-01-01T01:00:00Z";
    for (query, field) in [
        ("by=status".to_owned(), "by"),
        ("status_code=7".to_owned(), "status_code"),
        ("api_key_id=x".to_owned(), "api_key_id"),
        (
            "created_at[gte]=2026-01-02T00:00:00Z&created_at[lt]=2026-01-01T00:00:00Z".to_owned(),
            "created_at[lt]",
        ),
    ] {
        assert_eq!(api.get(&format!("{MOVERS}?{query}")).await.wrong_fields(), [field], "{query}");
    }
    assert_eq!(api.get(&format!("{MOVERS}?{old}")).await.expect(200).body["data"], json!([]));
    api.sql("insert into admin_api_usage_retired (month, requests) values ('2026-01-01', 1)").await;
    assert_eq!(api.get(&format!("{MOVERS}?{old}")).await.wrong_fields(), ["created_at[gte]"]);
    for by in ["customer", "api_key", "route"] {
        let wide = "created_at[gte]=0001-01-01T00:00:00Z&created_at[lt]=9999-12-31T00:00:00Z";
        assert_eq!(api.get(&format!("{MOVERS}?by={by}&{wide}")).await.expect(200).body["data"], json!([]));
    }
}
