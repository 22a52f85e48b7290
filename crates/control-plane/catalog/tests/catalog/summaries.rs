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
