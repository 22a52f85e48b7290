//! What is summed up of usage: the same however it came in, and after it was counted anew.

use catalog::api_usage::{self, UsageRecord, response_time_bounds};
use chrono::{DateTime, TimeDelta, Utc};
use domain::{ApiKeyId, CustomerId};
use uuid::Uuid;

use crate::setup;

#[tokio::test]
async fn response_times_have_the_same_buckets_in_the_database() {
    let (_database, catalog) = setup::catalog().await;
    let client = catalog.client().await.unwrap();
    let bounds = response_time_bounds();
    let rows = client
        .query(
            "select low, admin_response_time_bucket(low - 1), admin_response_time_bucket(low)
             from unnest($1::integer[]) with ordinality bounds (low, place) order by place",
            &[&bounds],
        )
        .await
        .unwrap();
    assert_eq!(rows.len(), bounds.len());
    for (bucket, row) in (1..).zip(rows) {
        let low: i32 = row.get(0);
        assert_eq!((row.get::<_, i32>(1), row.get::<_, i32>(2)), (bucket - 1, bucket), "{low}");
    }
    let none: Option<i32> =
        client.query_one("select admin_response_time_bucket(null)", &[]).await.unwrap().get(0);
    assert_eq!(none, None);
}

const PLATFORM: &str = "select hours, starts_at::text, method, status_code, outcome, module, requests, \
     response_time_ms_sum, response_time_ms_max, response_times::text from admin_api_usage_platform order by 1, 2, 3, 4";
const KEYS: &str = "select usage_date::text, customer_id::text, api_key_id::text, requests, failed \
     from admin_api_usage_by_key order by 1, 2, 3";
const DAILY: &str = "select usage_date::text, customer_id::text, status_code, requests, response_times::text \
     from admin_api_usage_daily order by 1, 2, 3";

#[tokio::test]
async fn every_roll_up_is_that_of_the_requests() {
    let (database, catalog) = setup::catalog().await;
    let client = catalog.client().await.unwrap();
    let customers = [CustomerId::generate(), CustomerId::generate()];
    let noon: DateTime<Utc> = "2026-11-05T12:00:00Z".parse().unwrap();
    let request = |number: i32| UsageRecord {
        id: Uuid::now_v7(),
        created_at: noon + TimeDelta::minutes(i64::from(number) * 7),
        customer_id: customers[usize::from(number % 3 == 0)],
        api_key_id: ApiKeyId(Uuid::nil()),
        request_id: None,
        endpoint: "/api/v1/deals".to_owned(),
        method: "GET".to_owned(),
        status_code: if number % 10 == 0 { 500 } else { 200 },
        response_time_ms: (number % 11 != 0).then_some(number * number),
        request_size_bytes: None,
        response_size_bytes: Some(1),
        module: None,
        outcome: None,
    };
    let batch: Vec<_> = (0..200).map(request).collect();
    for some in batch.chunks(17) {
        api_usage::insert_batch(&client, some).await.unwrap();
        // What was written before counts once.
        api_usage::insert_batch(&client, some).await.unwrap();
    }
    let picture = async |sql: &str| -> Vec<String> {
        let rows = database.connect().await.simple_query(sql).await.unwrap();
        rows.iter().map(|row| format!("{row:?}")).collect()
    };
    let kept = [picture(DAILY).await, picture(KEYS).await, picture(PLATFORM).await];
    let sum = async |sql: &str| -> i64 { client.query_one(sql, &[]).await.unwrap().get(0) };
    for hours in [1, 24] {
        let of = |what: &str| {
            format!("select ({what})::bigint from admin_api_usage_platform where hours = {hours}")
        };
        assert_eq!(sum(&of("sum(requests)")).await, 200);
        // Eighteen of the two hundred have no time.
        let times = "sum((select sum(answers) from unnest(response_times) answers))";
        assert_eq!((sum(&of("sum(response_time_ms_count)")).await, sum(&of(times)).await), (181, 181));
    }
    assert_eq!(sum("select sum(requests)::bigint from admin_api_usage_by_key").await, 200);
    assert_eq!(sum("select sum(failed)::bigint from admin_api_usage_by_key").await, 20);

    // As if the trigger had been off for a while.
    let owner = database.connect().await;
    owner
        .batch_execute(
            "update admin_api_usage_daily set requests = 7, response_times = '{1}';
             delete from admin_api_usage_by_key; update admin_api_usage_platform set requests = 1;",
        )
        .await
        .unwrap();
    for day in [noon, noon + TimeDelta::days(1)] {
        assert!(api_usage::rebuild_day(&client, day.date_naive()).await.unwrap().groups_changed > 0);
    }
    assert_eq!([picture(DAILY).await, picture(KEYS).await, picture(PLATFORM).await], kept);
    assert_eq!(api_usage::rebuild_day(&client, noon.date_naive()).await.unwrap().groups_changed, 0);
}
