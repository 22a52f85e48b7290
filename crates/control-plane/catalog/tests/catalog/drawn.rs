//! What drew on limits, for counters that Redis has forgotten.

use catalog::api_usage::{self, UsageRecord};
use catalog::quota;
use chrono::{DateTime, TimeDelta, Utc};
use domain::principal::usage_id_of;
use domain::usage::UsageSink as _;
use domain::{ApiKeyId, CustomerId};
use uuid::Uuid;

use crate::api_usage::request;
use crate::setup;

fn noon() -> DateTime<Utc> {
    "2026-11-05T12:00:00Z".parse().unwrap()
}

#[tokio::test]
async fn what_a_person_used_counts_for_the_customer_for_whom_they_used_it() {
    let (_database, catalog) = setup::catalog().await;
    let client = catalog.client().await.unwrap();
    let acme = setup::customer(&client, "acme").await.id;
    let beta = setup::customer(&client, "beta").await.id;
    setup::api_key(&client, acme).await;
    let made = |customer: CustomerId, person: &str, hours: i64| UsageRecord {
        api_key_id: usage_id_of(person),
        ..request(customer, noon() + TimeDelta::hours(hours), 200, 5)
    };
    let batch = [
        made(acme, "ada", -1),
        made(acme, "ada", 1),
        // Whole days, which come from the roll-ups.
        made(acme, "ada", 24),
        made(acme, "ada", 48),
        made(beta, "ada", 2),
        made(beta, "ada", 24),
        made(acme, "bob", 2),
        made(acme, "bob", 24),
        made(acme, "bob", 25),
    ];
    api_usage::insert_batch(&client, &batch).await.unwrap();
    for (customer, person, hours, expected) in [
        (acme, "ada", 0, 3),
        (acme, "ada", -12, 4),
        (acme, "ada", 12, 2),
        (beta, "ada", 0, 2),
        (acme, "bob", 0, 3),
        (beta, "bob", 0, 0),
    ] {
        let since = noon() + TimeDelta::hours(hours);
        let used = quota::used_by_key(&client, customer, usage_id_of(person), since).await.unwrap();
        assert_eq!(used, expected, "{person}, since {since}");
    }
}

/// The rule stands in two places: servers' hand-overs count modules by the one, forgotten counters are found by the other.
#[tokio::test]
async fn the_database_and_the_servers_agree_on_what_drew_on_limits() {
    let (_database, catalog) = setup::catalog().await;
    let client = catalog.client().await.unwrap();
    let customer = CustomerId::generate();
    let mut records = Vec::new();
    for status_code in [200, 400, 401, 403, 404, 429, 500] {
        for module in [None, Some("crm_core")] {
            for outcome in ["ok", "module-disabled", "module-limit-reached"] {
                // Of the first day, which is counted by its requests, and of the next, which is by the roll-ups.
                let api_key_id = ApiKeyId::generate();
                records.extend([1, 24].map(|hours| domain::usage::UsageRecord {
                    id: Uuid::now_v7(),
                    request_id: Uuid::now_v7(),
                    api_key_id,
                    customer_id: customer,
                    endpoint: "/api/v1/deals".into(),
                    method: "POST".into(),
                    status_code,
                    response_time_ms: 1,
                    request_size_bytes: None,
                    response_size_bytes: None,
                    module: module.map(Into::into),
                    outcome: outcome.into(),
                    created_at: noon() + TimeDelta::hours(hours),
                }));
            }
        }
    }
    catalog.write(&records).await.unwrap();
    for record in &records {
        let counted =
            api_usage::accepted_since(&client, customer, &[record.api_key_id], noon()).await.unwrap();
        assert_eq!(counted, if record.drew_on_limits() { 2 } else { 0 }, "{record:?}");
    }
    let all = records.iter().filter(|record| record.drew_on_limits());
    let of_module = all.clone().filter(|record| record.module.is_some()).count();
    let used = quota::used_by_customer(&client, customer, None, noon()).await.unwrap();
    assert_eq!(usize::try_from(used).unwrap(), all.count());
    let by_module = api_usage::module_usage(&client, customer, noon()).await.unwrap();
    assert_eq!(usize::try_from(by_module[0].requests).unwrap(), of_module);
}
