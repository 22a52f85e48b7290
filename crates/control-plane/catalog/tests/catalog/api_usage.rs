//! `catalog::api_usage`.

use catalog::api_usage::{self, UsageFilter, UsageRecord};
use catalog::{CatalogError, TimeRange};
use chrono::{DateTime, Datelike as _, Months, NaiveTime, TimeDelta, Utc};
use domain::{ApiKeyId, CustomerId};
use uuid::Uuid;

use crate::setup;

pub(crate) fn request(
    customer_id: CustomerId,
    created_at: DateTime<Utc>,
    status_code: u16,
    milliseconds: i32,
) -> UsageRecord {
    UsageRecord {
        id: Uuid::now_v7(),
        created_at,
        customer_id,
        api_key_id: ApiKeyId(customer_id.uuid()),
        request_id: Some(Uuid::new_v4()),
        endpoint: "/api/v1/deals".to_owned(),
        method: "GET".to_owned(),
        status_code,
        response_time_ms: Some(milliseconds),
        request_size_bytes: None,
        response_size_bytes: Some(100),
        module: Some("crm_core".to_owned()),
        outcome: Some(if status_code < 400 { "ok" } else { "not-found" }.to_owned()),
    }
}

#[tokio::test]
async fn a_batch_that_is_written_again_counts_once() {
    let (_database, catalog) = setup::catalog().await;
    let client = catalog.client().await.unwrap();
    let customer = CustomerId::generate();
    let batch: Vec<_> = (0..1000).map(|number| request(customer, Utc::now(), 200, number)).collect();
    assert_eq!(api_usage::insert_batch(&client, &batch).await.unwrap(), 1000);
    assert_eq!(api_usage::insert_batch(&client, &batch).await.unwrap(), 0);
    assert_eq!(api_usage::insert_batch(&client, &[]).await.unwrap(), 0);
    let totals = api_usage::totals_of(&client, &UsageFilter::default()).await.unwrap();
    assert_eq!(totals.total_requests, 1000);

    let mut broken = vec![request(customer, Utc::now(), 200, 1), request(customer, Utc::now(), 200, -1)];
    let error = api_usage::insert_batch(&client, &broken).await.unwrap_err();
    assert!(matches!(error, CatalogError::Invalid { .. }), "{error:?}");
    broken.pop();
    assert_eq!(
        api_usage::insert_batch(&client, &broken).await.unwrap(),
        1,
        "nothing of a refused batch stays"
    );
}

#[tokio::test]
async fn rows_land_in_the_partition_of_their_month() {
    let (_database, catalog) = setup::catalog().await;
    let client = catalog.client().await.unwrap();
    let customer = CustomerId::generate();
    // As older clients insert: without knowing of partitions.
    for months in [-7, 0, 3, 9] {
        client
            .execute(
                "insert into admin_api_usage (customer_id, api_key_id, endpoint, method, status_code, created_at)
                 values ($1, $1, '/', 'GET', 200,
                     (date_trunc('month', now() at time zone 'UTC') + make_interval(months => $2)) at time zone 'UTC')",
                &[&customer.uuid(), &months],
            )
            .await
            .unwrap();
    }
    let partitions = async || -> Vec<(String, i64)> {
        let rows = client
            .query(
                "select tableoid::regclass::text, count(*) from admin_api_usage group by 1 order by 1",
                &[],
            )
            .await
            .unwrap();
        rows.iter().map(|row| (row.get(0), row.get(1))).collect()
    };
    let name = |months: u32| {
        let month = Utc::now().date_naive() + chrono::Months::new(months);
        month.format("admin_api_usage_y%Ym%m").to_string()
    };
    let mut expected = vec![("admin_api_usage_default".to_owned(), 2), (name(0), 1), (name(3), 1)];
    expected.sort();
    assert_eq!(partitions().await, expected);

    // Partitions that are made later take their rows from the default one. Asking twice, and at once, is fine.
    let made = (0..4).map(|_| {
        let catalog = catalog.clone();
        tokio::spawn(async move {
            api_usage::ensure_partitions(&catalog.client().await.unwrap(), 9).await.unwrap()
        })
    });
    let mut sum = 0;
    for made in made.collect::<Vec<_>>() {
        sum += made.await.unwrap();
    }
    assert_eq!(sum, 6);
    let mut expected =
        vec![("admin_api_usage_default".to_owned(), 1), (name(0), 1), (name(3), 1), (name(9), 1)];
    expected.sort();
    assert_eq!(partitions().await, expected);
    assert_eq!(api_usage::ensure_partitions(&client, 9).await.unwrap(), 0);
}

#[tokio::test]
async fn partitions_are_made_while_requests_are_written() {
    let (_database, catalog) = setup::catalog().await;
    let customer = CustomerId::generate();
    let far = Utc::now() + chrono::Months::new(5);
    let writers = (0..6).map(|_| {
        let catalog = catalog.clone();
        tokio::spawn(async move {
            let client = catalog.client().await.unwrap();
            let mut written = 0;
            for _ in 0..30 {
                let batch: Vec<_> = (0..10).map(|_| request(customer, far, 200, 1)).collect();
                written += api_usage::insert_batch(&client, &batch).await.unwrap();
            }
            written
        })
    });
    let writers: Vec<_> = writers.collect();
    let client = catalog.client().await.unwrap();
    assert_eq!(api_usage::ensure_partitions(&client, 6).await.unwrap(), 3);
    let mut written = 0;
    for writer in writers {
        written += writer.await.unwrap();
    }
    let totals = api_usage::totals_of(&client, &UsageFilter::default()).await.unwrap();
    assert_eq!((written, totals.total_requests), (1800, 1800));
}

#[tokio::test]
async fn summaries_count_what_was_asked_for() {
    let (_database, catalog) = setup::catalog().await;
    let client = catalog.client().await.unwrap();
    let (acme, other) = (CustomerId::generate(), CustomerId::generate());
    let noon: DateTime<Utc> = "2026-11-05T12:00:00Z".parse().unwrap();
    let mut batch: Vec<_> = (1..=100).map(|ms| request(acme, noon, 200, ms)).collect();
    batch.push(request(acme, noon + TimeDelta::days(1), 404, 7));
    batch.push(request(acme, noon + TimeDelta::days(1), 500, 9));
    batch.push(request(other, noon, 200, 1));
    api_usage::insert_batch(&client, &batch).await.unwrap();

    let of_acme = UsageFilter { customer: Some(acme), ..UsageFilter::default() };
    let days = api_usage::by_day(&client, &of_acme).await.unwrap();
    assert_eq!(days.len(), 2);
    assert_eq!(days[0].usage_date.to_string(), "2026-11-06");
    assert_eq!((days[0].totals.successful_requests, days[0].totals.failed_requests), (0, 2));
    let first = &days[1].totals;
    assert_eq!((first.total_requests, first.avg_response_time_ms), (100, Some(50.5)));
    assert_eq!(
        (first.p50_response_time_ms, first.p95_response_time_ms, first.p99_response_time_ms),
        (Some(50), Some(95), Some(99))
    );
    assert_eq!((first.max_response_time_ms, first.response_size_bytes), (Some(100), 10_000));

    let keys = api_usage::by_key(&client, &UsageFilter::default()).await.unwrap().rows;
    let counts: Vec<_> = keys.iter().map(|key| (key.api_key_id.uuid(), key.totals.total_requests)).collect();
    assert_eq!(counts, [(acme.uuid(), 102), (other.uuid(), 1)]);
    let first_day =
        UsageFilter { time: TimeRange::default().before(noon + TimeDelta::hours(1)), ..of_acme.clone() };
    assert_eq!(api_usage::totals_of(&client, &first_day).await.unwrap().total_requests, 100);
    let nobody = UsageFilter { customer: Some(CustomerId::generate()), ..UsageFilter::default() };
    assert_eq!(api_usage::totals_of(&client, &nobody).await.unwrap(), api_usage::UsageTotals::default());
}

#[tokio::test]
async fn usage_is_told_by_route_status_outcome_and_module() {
    let (_database, catalog) = setup::catalog().await;
    let client = catalog.client().await.unwrap();
    let customer = CustomerId::generate();
    let mut batch: Vec<_> = (0..3).map(|_| request(customer, Utc::now(), 200, 5)).collect();
    batch.push(request(customer, Utc::now(), 404, 5));
    let other = request(customer, Utc::now(), 201, 5);
    batch.push(UsageRecord { method: "POST".to_owned(), module: None, outcome: None, ..other });
    api_usage::insert_batch(&client, &batch).await.unwrap();

    let all = UsageFilter::default();
    let routes = api_usage::by_route(&client, &all).await.unwrap().rows;
    let routes: Vec<_> = routes
        .iter()
        .map(|row| (row.method.as_str(), row.endpoint.as_str(), row.totals.total_requests))
        .collect();
    assert_eq!(routes, [("GET", "/api/v1/deals", 4), ("POST", "/api/v1/deals", 1)]);
    let statuses = api_usage::by_status(&client, &all).await.unwrap().rows;
    let statuses: Vec<_> = statuses.iter().map(|row| (row.status_code, row.totals.total_requests)).collect();
    assert_eq!(statuses, [(200, 3), (201, 1), (404, 1)]);
    let outcomes = api_usage::by_outcome(&client, &all).await.unwrap().rows;
    let outcomes: Vec<_> =
        outcomes.iter().map(|row| (row.outcome.as_deref(), row.totals.total_requests)).collect();
    assert_eq!(outcomes, [(Some("ok"), 3), (Some("not-found"), 1), (None, 1)]);
    let modules = api_usage::by_module(&client, &all).await.unwrap().rows;
    let modules: Vec<_> =
        modules.iter().map(|row| (row.module.as_deref(), row.totals.total_requests)).collect();
    assert_eq!(modules, [(Some("crm_core"), 4), (None, 1)]);
}

#[tokio::test]
async fn what_drew_on_a_quota_is_counted_from_any_moment_on() {
    let (_database, catalog) = setup::catalog().await;
    let client = catalog.client().await.unwrap();
    let acme = setup::customer(&client, "acme").await.id;
    let (_, old_key) = setup::api_key(&client, acme).await;
    let (_, new_key) = setup::api_key(&client, acme).await;
    let (_, other_key) = setup::api_key(&client, acme).await;
    let noon: DateTime<Utc> = "2026-11-05T12:00:00Z".parse().unwrap();
    let made = |key: ApiKeyId, hours: i64, status: u16| UsageRecord {
        api_key_id: key,
        ..request(acme, noon + TimeDelta::hours(hours), status, 5)
    };
    let batch = [
        made(old_key.id, -1, 200),
        made(old_key.id, 0, 200),
        made(old_key.id, 11, 404),
        made(new_key.id, 12, 200),
        made(new_key.id, 48, 500),
        // Drew on nothing, or on somebody else's.
        made(new_key.id, 1, 401),
        UsageRecord { module: None, ..made(new_key.id, 1, 403) },
        made(new_key.id, 20, 429),
        made(other_key.id, 1, 200),
    ];
    api_usage::insert_batch(&client, &batch).await.unwrap();
    let line = [old_key.id, new_key.id];
    for (hours, expected) in [(-36, 5), (-12, 5), (-1, 5), (0, 4), (1, 3), (12, 2), (13, 1), (48, 1), (49, 0)]
    {
        let since = noon + TimeDelta::hours(hours);
        let counted = api_usage::accepted_since(&client, acme, &line, since).await.unwrap();
        assert_eq!(counted, expected, "since {since}");
    }
    assert_eq!(api_usage::accepted_since(&client, acme, &[], noon).await.unwrap(), 0);

    let of_modules = api_usage::module_usage(&client, acme, noon).await.unwrap();
    let expected = api_usage::ModuleUsage { module: "crm_core".to_owned(), requests: 5 };
    assert_eq!(of_modules, [expected], "what passed the guard, however it was answered");
}

#[tokio::test]
async fn what_drew_on_the_limit_of_a_route_is_counted_whether_its_body_was_wanted_or_not() {
    let (_database, catalog) = setup::catalog().await;
    let client = catalog.client().await.unwrap();
    let [acme, beta] = [setup::customer(&client, "acme").await.id, setup::customer(&client, "beta").await.id];
    let noon: DateTime<Utc> = "2026-11-05T12:00:00Z".parse().unwrap();
    let made = |customer, method: &str, hours: i64, status: u16| UsageRecord {
        method: method.to_owned(),
        ..request(customer, noon + TimeDelta::hours(hours), status, 5)
    };
    let batch = [
        made(acme, "GET", 0, 200),
        made(acme, "HEAD", 1, 200),
        made(acme, "HEAD", 24, 200),
        made(acme, "POST", 1, 201),
        made(acme, "GET", 1, 429),
        made(acme, "GET", -1, 200),
        made(beta, "GET", 1, 200),
    ];
    api_usage::insert_batch(&client, &batch).await.unwrap();
    let endpoint = batch[0].endpoint.as_str();
    for (route, expected) in [
        (Some(("GET", endpoint)), 3),
        (Some(("POST", endpoint)), 1),
        (Some(("GET", "/nowhere")), 0),
        (None, 4),
    ] {
        let used = catalog::quota::used_by_customer(&client, acme, route, noon).await.unwrap();
        assert_eq!(used, expected, "{route:?}");
    }
}

#[tokio::test]
async fn old_months_are_retired_one_by_one_and_never_before_they_are_rolled_up() {
    let (_database, catalog) = setup::catalog().await;
    let client = catalog.client().await.unwrap();
    let customer = CustomerId::generate();
    let this_month = Utc::now().date_naive().with_day0(0).unwrap();
    let month = |ago: u32| this_month - Months::new(ago);
    // Months of the past have tables only if they were made then.
    for ago in [2, 3] {
        let (from, until) = (month(ago), month(ago - 1));
        client
            .batch_execute(&format!(
                "create table admin_api_usage_{} partition of admin_api_usage
                     for values from ('{from} 00:00Z') to ('{until} 00:00Z')",
                from.format("y%Ym%m")
            ))
            .await
            .unwrap();
    }
    let at = |ago: u32| month(ago).and_time(NaiveTime::MIN).and_utc() + TimeDelta::hours(30);
    let batch: Vec<_> =
        [0, 1, 2, 2, 3, 3, 3, 5, 6].map(|ago| request(customer, at(ago), 200, 5)).into_iter().collect();
    api_usage::insert_batch(&client, &batch).await.unwrap();
    // As if the trigger had been off for a while.
    client
        .execute("delete from admin_api_usage_daily where usage_date = $1", &[&at(3).date_naive()])
        .await
        .unwrap();

    let error = api_usage::retire_oldest_month(&client, 0).await.unwrap_err();
    assert!(matches!(error, CatalogError::Invalid { .. }), "{error:?}");
    for expected in [Some(month(3)), Some(month(2)), Some(month(6)), None, None] {
        assert_eq!(api_usage::retire_oldest_month(&client, 1).await.unwrap(), expected);
    }
    let left = api_usage::totals_of(&client, &UsageFilter::default()).await.unwrap();
    assert_eq!(left.total_requests, 2, "this month and the last are kept");
    let rolled_up = async || -> Vec<i64> {
        catalog::summaries::api_usage(&client, customer)
            .await
            .unwrap()
            .iter()
            .map(|day| day.total_requests)
            .collect()
    };
    assert_eq!(rolled_up().await, [1, 1, 2, 3, 1, 1]);
    for ago in [2, 3, 5, 6] {
        assert!(api_usage::rebuild_day(&client, at(ago).date_naive()).await.unwrap().skipped);
    }
    assert_eq!(rolled_up().await, [1, 1, 2, 3, 1, 1], "what is gone is not counted anew");
    // A request that comes very late still counts.
    api_usage::insert_batch(&client, &[request(customer, at(3), 200, 5)]).await.unwrap();
    assert_eq!(rolled_up().await, [1, 1, 2, 4, 1, 1]);
    assert_eq!(api_usage::retire_oldest_month(&client, 1).await.unwrap(), Some(month(3)));
    assert_eq!(rolled_up().await, [1, 1, 2, 4, 1, 1]);
}
