//! `catalog::summaries`: the three views.

use catalog::ai_keys::NewAiKey;
use catalog::{PageRequest, ai_keys, api_keys, modules, summaries};
use domain::{AiProvider, KeyOwner};
use rust_decimal::Decimal;
use uuid::Uuid;

use crate::setup;

#[tokio::test]
async fn each_count_is_the_true_count() {
    let (_database, catalog) = setup::catalog().await;
    let client = catalog.client().await.unwrap();
    let acme = setup::customer(&client, "acme").await.id;
    let bare = setup::customer(&client, "bare").await.id;
    let gone = setup::customer(&client, "gone").await.id;
    client
        .execute("update admin_customers set deleted_at = now() where id = $1", &[&gone.uuid()])
        .await
        .unwrap();
    // Three, four and two children in three tables, and one in each that doesn't count.
    modules::enable_many(&client, acme, &["crm_core", "ai_assistant", "api_access", "custom_fields"])
        .await
        .unwrap();
    modules::set(&client, acme, "custom_fields", false).await.unwrap();
    for _ in 0..5 {
        setup::api_key(&client, acme).await;
    }
    let keys = api_keys::list(&client, acme, None, &PageRequest::default()).await.unwrap();
    api_keys::revoke(&client, acme, keys.data[0].id).await.unwrap();
    for ai_provider in AiProvider::ALL {
        let new = NewAiKey {
            id: Uuid::now_v7(),
            customer_id: acme,
            ai_provider: *ai_provider,
            api_key_encrypted: "sealed".to_owned(),
            monthly_token_budget: None,
        };
        ai_keys::set(&client, &new).await.unwrap();
    }
    client
        .execute("update admin_customer_ai_keys set is_active = false where ai_provider = 'gemini'", &[])
        .await
        .unwrap();

    let page = summaries::customers(&client, &PageRequest::default()).await.unwrap();
    let counts: Vec<_> = page
        .data
        .iter()
        .map(|row| (row.id, row.enabled_module_count, row.api_key_count, row.ai_key_count))
        .collect();
    assert_eq!(counts, [(bare, 0, 0, 0), (acme, 3, 4, 2)]);
}

#[tokio::test]
async fn days_are_utc_days_and_400_is_a_failure() {
    let (_database, catalog) = setup::catalog().await;
    let client = catalog.client().await.unwrap();
    let acme = setup::customer(&client, "acme").await.id;
    client
        .execute(
            "insert into admin_api_usage (customer_id, api_key_id, endpoint, method, status_code, response_time_ms,
                 created_at)
             values ($1, $1, '/', 'GET', 200, 10, '2026-11-05T23:59:59Z'),
                    ($1, $1, '/', 'GET', 399, 20, '2026-11-05T00:00:00Z'),
                    ($1, $1, '/', 'GET', 400, 31, '2026-11-05T12:00:00Z'),
                    ($1, $1, '/', 'GET', 500, null, '2026-11-06T00:00:00Z')",
            &[&acme.uuid()],
        )
        .await
        .unwrap();
    client.batch_execute("set time zone 'Asia/Tokyo'").await.unwrap();
    let days = summaries::api_usage(&client, acme).await.unwrap();
    assert_eq!(
        days.iter().map(|day| day.usage_date.to_string()).collect::<Vec<_>>(),
        ["2026-11-06", "2026-11-05"]
    );
    assert_eq!((days[1].total_requests, days[1].successful_requests, days[1].failed_requests), (3, 2, 1));
    assert_eq!(days[1].avg_response_time_ms, Some(Decimal::new(2033, 2)));
    assert_eq!((days[1].max_response_time_ms, days[0].max_response_time_ms), (Some(31), None));
}

#[tokio::test]
async fn tokens_are_summed_per_provider_owner_and_day() {
    let (_database, catalog) = setup::catalog().await;
    let client = catalog.client().await.unwrap();
    let acme = setup::customer(&client, "acme").await.id;
    client
        .execute(
            "insert into admin_ai_key_usage (customer_id, ai_provider, key_owner, prompt_tokens, completion_tokens,
                 total_tokens, estimated_cost_usd, period_start, period_end)
             values ($1, 'openai', 'system', 1, 2, 3, 0.000123, '2026-11-01', '2026-11-02'),
                    ($1, 'openai', 'system', 10, 20, 30, 0.1, '2026-11-01T10:00:00Z', '2026-11-02'),
                    ($1, 'openai', 'customer', 5, 5, 10, 0, '2026-11-01', '2026-11-02')",
            &[&acme.uuid()],
        )
        .await
        .unwrap();
    let rows = summaries::token_usage(&client, acme).await.unwrap();
    assert_eq!(rows.len(), 2);
    let system = rows.iter().find(|row| row.key_owner == KeyOwner::System).unwrap();
    assert_eq!(
        (system.total_prompt_tokens, system.total_completion_tokens, system.total_tokens),
        (11, 22, 33)
    );
    assert_eq!(system.total_estimated_cost, Decimal::new(100_123, 6));
}

/// The view over roll-ups and a count over the requests themselves; both must say the same.
const BOTH: &str = "select
    (select array_agg(row(customer_id, usage_date, total_requests, successful_requests, failed_requests,
            avg_response_time_ms, max_response_time_ms)::text order by customer_id, usage_date)
     from admin_api_usage_summary),
    (select array_agg(counted::text order by customer_id, usage_date) from (
        select customer_id, (created_at at time zone 'UTC')::date as usage_date, count(*),
            count(*) filter (where status_code < 400), count(*) filter (where status_code >= 400),
            round(avg(response_time_ms), 2), max(response_time_ms)
        from admin_api_usage group by 1, 2
    ) counted)";

async fn view_and_count(client: &impl catalog::GenericClient) -> (Option<Vec<String>>, Option<Vec<String>>) {
    let row = client.query_one(BOTH, &[]).await.unwrap();
    (row.get(0), row.get(1))
}

/// Requests of many kinds within two days.
const MIXED: &str = "insert into admin_api_usage (customer_id, api_key_id, endpoint, method, status_code,
        response_time_ms, outcome, module, created_at)
    select md5((n % 3)::text)::uuid, md5((n % 5)::text)::uuid, '/api/' || n % 4, 'GET',
        (array[200, 201, 404, 429])[1 + n % 4], nullif(n % 50, 0), case when n % 2 = 0 then 'ok' end,
        case when n % 3 = 0 then 'crm_core' end, '2026-11-05T22:00:00Z'::timestamptz + n * interval '1 minute'
    from generate_series($1::integer, $2::integer) n";

#[tokio::test]
async fn the_view_says_what_a_count_says_whoever_inserts() {
    let (_database, catalog) = setup::catalog().await;
    let client = catalog.client().await.unwrap();
    assert_eq!(view_and_count(&client).await, (None, None));
    client.execute(MIXED, &[&1, &400]).await.unwrap();
    // Straight into a month's table, into the default one, and with texts too long for any index.
    let leaf: String = client
        .query_one("select 'admin_api_usage_' || to_char(now() at time zone 'UTC', '\"y\"YYYY\"m\"MM')", &[])
        .await
        .unwrap()
        .get(0);
    client
        .batch_execute(&format!(
            "insert into {leaf} (customer_id, api_key_id, endpoint, method, status_code)
                 values (gen_random_uuid(), gen_random_uuid(), '/', 'GET', 200);
             insert into admin_api_usage_default (customer_id, api_key_id, endpoint, method, status_code, created_at)
                 values (gen_random_uuid(), gen_random_uuid(), '/', 'GET', 200, '2020-02-03');
             insert into admin_api_usage (customer_id, api_key_id, endpoint, method, status_code, outcome)
                 select gen_random_uuid(), gen_random_uuid(), string_agg(md5(n::text), ''), repeat('X', 9000), 500,
                     string_agg(md5(n::text), '') from generate_series(1, 1000) n;"
        ))
        .await
        .unwrap();
    let (view, counted) = view_and_count(&client).await;
    assert_eq!(view, counted);
    assert_eq!(view.unwrap().len(), 2 * 3 + 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn roll_ups_stay_true_while_they_are_counted_anew_and_requests_come_in() {
    let (_database, catalog) = setup::catalog().await;
    let client = catalog.client().await.unwrap();
    // Some of each day: one without a request is left out when its month has no table of its own, as in a later month than the
    // requests are of.
    client.execute(MIXED, &[&1, &400]).await.unwrap();
    let writers: Vec<_> = (0..4)
        .map(|writer| {
            let catalog = catalog.clone();
            tokio::spawn(async move {
                let client = catalog.client().await.unwrap();
                for round in 0..25 {
                    let first = writer * 7 + round * 11;
                    client.execute(MIXED, &[&first, &(first + 150)]).await.unwrap();
                }
            })
        })
        .collect();
    let days: [chrono::NaiveDate; 2] = ["2026-11-05".parse().unwrap(), "2026-11-06".parse().unwrap()];
    while writers.iter().any(|writer| !writer.is_finished()) {
        for day in days {
            let rebuilt = catalog::api_usage::rebuild_day(&client, day).await.unwrap();
            assert_eq!((rebuilt.skipped, rebuilt.groups_changed), (false, 0), "{rebuilt:?}");
        }
    }
    for writer in writers {
        writer.await.unwrap();
    }
    let (view, counted) = view_and_count(&client).await;
    assert_eq!(view, counted);
}

#[tokio::test]
async fn counting_anew_mends_what_was_changed_by_hand() {
    let (_database, catalog) = setup::catalog().await;
    let client = catalog.client().await.unwrap();
    client.execute(MIXED, &[&1, &400]).await.unwrap();
    client
        .batch_execute(
            "delete from admin_api_usage where status_code = 429;
             update admin_api_usage set response_time_ms = 1000 where status_code = 404;
             delete from admin_api_usage_daily where status_code = 201;",
        )
        .await
        .unwrap();
    let day = "2026-11-06".parse().unwrap();
    let rebuilt = catalog::api_usage::rebuild_day(&client, day).await.unwrap();
    assert!(!rebuilt.skipped && rebuilt.groups_changed > 0, "{rebuilt:?}");
    catalog::api_usage::rebuild_day(&client, "2026-11-05".parse().unwrap()).await.unwrap();
    let (view, counted) = view_and_count(&client).await;
    assert_eq!(view, counted);
    let again = catalog::api_usage::rebuild_day(&client, day).await.unwrap();
    assert_eq!((again.groups_changed, again.requests_before), (0, rebuilt.requests_after));

    // A month whose table was dropped by hand keeps what was counted.
    client
        .batch_execute("drop table admin_api_usage_y2026m11")
        .await
        .or_else(|error| error.code().map(|_| ()).ok_or(error))
        .unwrap();
    client.batch_execute("delete from admin_api_usage_default").await.unwrap();
    let gone = catalog::api_usage::rebuild_day(&client, day).await.unwrap();
    assert!(gone.skipped);
    assert_eq!(gone.requests_after, rebuilt.requests_after);
    // The count would not see what others committed meanwhile.
    drop(client);
    let mut client = catalog.client().await.unwrap();
    let strict = client
        .build_transaction()
        .isolation_level(tokio_postgres::IsolationLevel::RepeatableRead)
        .start()
        .await
        .unwrap();
    assert!(strict.query("select admin_rebuild_api_usage_daily('2026-11-06')", &[]).await.is_err());
}
