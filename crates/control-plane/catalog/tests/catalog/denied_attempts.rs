//! `catalog::denied_attempts`.

use catalog::denied_attempts::{note, remove_old, unrecorded};
use chrono::{Days, Utc};
use testkit::AdminDatabase;
use uuid::Uuid;

use crate::setup;

/// Requests of a key, as the roll-ups count them.
async fn used(
    database: &AdminDatabase,
    (customer, key): (Uuid, Uuid),
    days_ago: i32,
    outcome: &str,
    requests: i64,
) {
    let sql = "insert into admin_api_usage_daily (customer_id, usage_date, api_key_id, endpoint, method, status_code, outcome,
                   module, requests)
               values ($1, (now() at time zone 'utc')::date - $3::int, $2, '/api/v1/deals', 'GET', 403, $4, '', $5)
               on conflict (customer_id, usage_date, api_key_id, endpoint, method, status_code, outcome, module)
               do update set requests = admin_api_usage_daily.requests + excluded.requests";
    let client = testkit::connect(&database.superuser_url()).await;
    client.execute(sql, &[&customer, &key, &days_ago, &outcome, &requests]).await.unwrap();
}

#[tokio::test]
async fn each_reason_of_a_key_is_told_once_a_day_and_once_when_the_day_is_over() {
    let (database, catalog) = setup::catalog().await;
    let client = catalog.client().await.unwrap();
    let acme = setup::customer(&client, "acme").await.id;
    let (key, today) = (Uuid::now_v7(), Utc::now().date_naive());
    used(&database, (acme.uuid(), key), 0, "permission-missing", 3).await;
    used(&database, (acme.uuid(), key), 0, "ok", 50).await;
    used(&database, (acme.uuid(), key), 0, "rate-limited", 50).await;
    let found = unrecorded(&client, today).await.unwrap();
    assert_eq!(found.len(), 1, "{found:?}");
    assert_eq!((found[0].requests, found[0].is_final, found[0].customer_id), (3, false, acme));
    assert_eq!(found[0].routes, ["GET /api/v1/deals"]);
    assert!(note(&client, &found[0]).await.unwrap());
    assert!(!note(&client, &found[0]).await.unwrap(), "another worker was first");

    // More of the same: the log knows, and is told how many when the day is over.
    used(&database, (acme.uuid(), key), 0, "permission-missing", 1_000).await;
    assert_eq!(unrecorded(&client, today).await.unwrap(), []);
    let tomorrow = today + Days::new(1);
    let over = unrecorded(&client, tomorrow).await.unwrap();
    assert_eq!((over.len(), over[0].requests, over[0].is_final), (1, 1_003, true));
    assert!(note(&client, &over[0]).await.unwrap());
    assert_eq!(unrecorded(&client, tomorrow).await.unwrap(), []);

    // Another reason, and a key of nobody whose customer is gone.
    used(&database, (acme.uuid(), key), 1, "network-not-allowed", 1).await;
    used(&database, (Uuid::now_v7(), Uuid::now_v7()), 0, "permission-missing", 1).await;
    let found = unrecorded(&client, today).await.unwrap();
    assert_eq!(found.iter().map(|one| one.outcome.as_str()).collect::<Vec<_>>(), ["network-not-allowed"]);
    assert_eq!(remove_old(&client, today).await.unwrap(), 0);
    assert_eq!(remove_old(&client, today + Days::new(8)).await.unwrap(), 1);
}
