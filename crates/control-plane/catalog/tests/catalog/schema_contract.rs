//! What the contract of the admin database promises to every client.

use domain::customer::{ApiKeyStatus, Lifecycle};
use domain::{AiProvider, AuditAction, KeyOwner, Plan, RateLimitPeriod, SubscriptionStatus};
use rust_decimal::Decimal;
use uuid::Uuid;

use crate::setup;

const TABLES: [&str; 9] = [
    "admin_feature_modules",
    "admin_customers",
    "admin_customer_modules",
    "admin_api_keys",
    "admin_api_usage",
    "admin_customer_ai_keys",
    "admin_ai_key_usage",
    "admin_audit_logs",
    "admin_subscription_invoices",
];

#[tokio::test]
async fn the_seed_is_what_the_domain_says() {
    let (_database, catalog) = setup::catalog().await;
    let seeded = catalog::modules::list(&catalog.client().await.unwrap()).await.unwrap();
    assert_eq!(seeded.len(), domain::modules::ALL.len());
    for (row, module) in seeded.iter().zip(domain::modules::ALL) {
        assert_eq!(row.module_key, module.key());
        assert_eq!(row.module_name, module.name());
        assert_eq!(row.module_description.as_deref(), Some(module.description()));
        assert_eq!(row.base_price_monthly, module.price_monthly());
        assert_eq!(row.base_price_annual, module.price_annual());
        assert_eq!(row.enabled_by_default, module.enabled_by_default());
        assert!(row.is_active);
    }
}

#[tokio::test]
async fn enums_are_what_the_domain_says() {
    let client = testkit::admin_database().await.connect().await;
    let expected: [(&str, Vec<&str>); 8] = [
        ("subscription_status", SubscriptionStatus::ALL.iter().map(|value| value.as_str()).collect()),
        ("plan_type", Plan::ALL.iter().map(|value| value.as_str()).collect()),
        ("rate_limit_period", RateLimitPeriod::ALL.iter().map(|value| value.as_str()).collect()),
        ("api_key_status", ApiKeyStatus::ALL.iter().map(|value| value.as_str()).collect()),
        ("ai_provider_type", AiProvider::ALL.iter().map(|value| value.as_str()).collect()),
        ("key_owner_type", KeyOwner::ALL.iter().map(|value| value.as_str()).collect()),
        ("audit_action", AuditAction::ALL.iter().map(|value| value.as_str()).collect()),
        ("customer_lifecycle", Lifecycle::ALL.iter().map(|value| value.as_str()).collect()),
    ];
    for (name, values) in expected {
        let row = client
            .query_one(
                "select array_agg(enumlabel::text order by enumsortorder) from pg_enum where enumtypid = $1::text::regtype",
                &[&name],
            )
            .await
            .unwrap();
        assert_eq!(row.get::<_, Vec<String>>(0), values, "{name}");
    }
}

#[tokio::test]
async fn thirty_indexes_and_more_serve_the_nine_tables() {
    let client = testkit::admin_database().await.connect().await;
    // Primary keys aside, and each index of the partitioned table once.
    let row = client
        .query_one(
            "select count(*) from pg_index
             where indrelid = any(select name::regclass from unnest($1::text[]) given (name)) and not indisprimary",
            &[&TABLES.as_slice()],
        )
        .await
        .unwrap();
    let count: i64 = row.get(0);
    assert!(count >= 30, "{count} indexes");
}

#[tokio::test]
async fn every_foreign_key_is_indexed() {
    let client = testkit::admin_database().await.connect().await;
    let rows = client
        .query(
            "select conrelid::regclass::text || '.' || conname from pg_constraint
             where contype = 'f' and connamespace = 'public'::regnamespace and not exists (
                 select from pg_index
                 where indrelid = conrelid and indpred is null
                   and (indkey::smallint[])[0:array_length(conkey, 1) - 1] = conkey
             )",
            &[],
        )
        .await
        .unwrap();
    let missing: Vec<String> = rows.iter().map(|row| row.get(0)).collect();
    assert!(missing.is_empty(), "foreign keys without an index: {missing:?}");
}

#[tokio::test]
async fn every_table_keeps_its_timestamps() {
    let client = testkit::admin_database().await.connect().await;
    client
        .batch_execute(
            "insert into admin_customers (id, company_name) values ('00000000-0000-7000-8000-000000000001', 'A');
             insert into admin_customer_modules (customer_id, module_id)
                 select '00000000-0000-7000-8000-000000000001', id from admin_feature_modules limit 1;
             insert into admin_api_keys (customer_id, key_hash, key_prefix, name)
                 values ('00000000-0000-7000-8000-000000000001', repeat('a', 64), 'sk_a', 'a');
             insert into admin_api_usage (customer_id, api_key_id, endpoint, method, status_code)
                 values (gen_random_uuid(), gen_random_uuid(), '/', 'GET', 200);
             insert into admin_customer_ai_keys (customer_id, ai_provider, api_key_encrypted)
                 values ('00000000-0000-7000-8000-000000000001', 'openai', 'x');
             insert into admin_ai_key_usage (customer_id, ai_provider, key_owner, period_start, period_end)
                 values ('00000000-0000-7000-8000-000000000001', 'openai', 'system', now(), now());
             insert into admin_audit_logs (action) values ('customer_created');
             insert into admin_subscription_invoices (customer_id, invoice_number)
                 values ('00000000-0000-7000-8000-000000000001', '1');",
        )
        .await
        .unwrap();
    // Audit rows can't be changed at all.
    for table in TABLES.into_iter().filter(|table| *table != "admin_audit_logs") {
        let row = client
            .query_one(
                &format!(
                    "with before as (select id, created_at from {table} order by id limit 1)
                     update {table} changed set created_at = '2000-01-01', updated_at = '2000-01-01' from before
                     where changed.id = before.id
                     returning changed.created_at = before.created_at, changed.updated_at > before.created_at"
                ),
                &[],
            )
            .await
            .unwrap();
        assert!(row.get::<_, bool>(0), "{table}: created_at can be changed");
        assert!(row.get::<_, bool>(1), "{table}: updated_at doesn't follow");
    }
}

#[tokio::test]
async fn ids_are_ordered_in_time() {
    let client = testkit::admin_database().await.connect().await;
    let mut last = Uuid::nil();
    for _ in 0..20 {
        let row = client.query_one("select admin_uuidv7(), pg_sleep(0.002)", &[]).await.unwrap();
        let id: Uuid = row.get(0);
        assert_eq!(id.get_version_num(), 7);
        assert_eq!(id.get_variant(), uuid::Variant::RFC4122);
        assert!(id > last, "{id} after {last}");
        last = id;
    }
    let now = client.query_one("select extract(epoch from now())::float8", &[]).await.unwrap();
    let (seconds, _) = last.get_timestamp().unwrap().to_unix();
    assert!((now.get::<_, f64>(0) - seconds as f64).abs() < 60.0);
}

#[tokio::test]
async fn values_that_make_no_sense_are_refused() {
    let client = testkit::admin_database().await.connect().await;
    client.execute("insert into admin_customers (company_name) values ('A')", &[]).await.unwrap();
    let cases = [
        (
            "insert into admin_feature_modules (module_key, module_name) values ('Not A Key', 'x')",
            "admin_feature_modules_module_key_check",
        ),
        (
            "update admin_feature_modules set base_price_monthly = -1",
            "admin_feature_modules_base_price_monthly_check",
        ),
        ("update admin_customers set database_port = 70000", "admin_customers_database_port_check"),
        (
            "update admin_customers set trial_started_at = now(), trial_ends_at = now()",
            "admin_customers_trial_period_check",
        ),
        (
            "update admin_customers set subscription_started_at = now(), subscription_ends_at = now() - interval '1 day'",
            "admin_customers_subscription_period_check",
        ),
        ("update admin_customers set suspended_from = 'suspended'", "admin_customers_suspended_from_check"),
        (
            "insert into admin_customer_modules (customer_id, module_id, usage_count) select c.id, m.id, -1 from admin_customers c, admin_feature_modules m limit 1",
            "admin_customer_modules_usage_count_check",
        ),
        (
            "insert into admin_api_keys (customer_id, key_hash, key_prefix, name) select id, repeat('A', 64), 'sk_', 'x' from admin_customers",
            "admin_api_keys_key_hash_check",
        ),
        (
            "insert into admin_api_keys (customer_id, key_hash, key_prefix, name) select id, repeat('a', 64), repeat('p', 21), 'x' from admin_customers",
            "admin_api_keys_key_prefix_check",
        ),
        (
            "insert into admin_api_keys (customer_id, key_hash, key_prefix, name, permissions) select id, repeat('a', 64), 'p', 'x', '{}' from admin_customers",
            "admin_api_keys_permissions_check",
        ),
        (
            "insert into admin_api_usage (customer_id, api_key_id, endpoint, method, status_code, response_time_ms) values (gen_random_uuid(), gen_random_uuid(), '/', 'GET', 200, -1)",
            "admin_api_usage_response_time_ms_check",
        ),
        (
            "insert into admin_ai_key_usage (customer_id, ai_provider, key_owner, period_start, period_end) select id, 'openai', 'system', now(), now() - interval '1 day' from admin_customers",
            "admin_ai_key_usage_period_check",
        ),
        (
            "insert into admin_ai_key_usage (customer_id, ai_provider, key_owner, period_start, period_end, estimated_cost_usd) select id, 'openai', 'system', now(), now(), -0.0001 from admin_customers",
            "admin_ai_key_usage_estimated_cost_usd_check",
        ),
        (
            "insert into admin_subscription_invoices (customer_id, invoice_number, status) select id, '1', 'lost' from admin_customers",
            "admin_subscription_invoices_status_check",
        ),
        (
            "insert into admin_subscription_invoices (customer_id, invoice_number, total) select id, '1', -1 from admin_customers",
            "admin_subscription_invoices_total_check",
        ),
        (
            "insert into admin_subscription_invoices (customer_id, invoice_number, invoice_date, due_date) select id, '1', '2026-02-01', '2026-01-01' from admin_customers",
            "admin_subscription_invoices_due_date_check",
        ),
    ];
    for (sql, constraint) in cases {
        let error = client.execute(sql, &[]).await.expect_err(sql);
        let database = error.as_db_error().expect("PostgreSQL's own refusal");
        assert_eq!(database.constraint(), Some(constraint), "{sql}: {database:?}");
        assert!(
            matches!(catalog::CatalogError::from(error), catalog::CatalogError::Invalid { constraint: named } if named == constraint),
            "{sql}"
        );
    }
}

#[tokio::test]
async fn money_is_never_a_float() {
    let client = testkit::admin_database().await.connect().await;
    let floats: i64 = client
        .query_one(
            "select count(*) from information_schema.columns
             where table_schema = 'public' and table_name = any($1::text[]) and data_type in ('real', 'double precision')",
            &[&TABLES.as_slice()],
        )
        .await
        .unwrap()
        .get(0);
    assert_eq!(floats, 0);
    let price: Decimal = client
        .query_one(
            "select base_price_monthly from admin_feature_modules where module_key = 'ai_assistant'",
            &[],
        )
        .await
        .unwrap()
        .get(0);
    assert_eq!(price.to_string(), "49.99");
}
