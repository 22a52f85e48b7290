//! PostgreSQL's plans of the hot queries: each must find its rows through an index.

use tokio_postgres::Client;

/// A database with enough rows that reading a whole table is visibly the worse plan.
async fn filled() -> Client {
    let client = testkit::admin_database().await.connect().await;
    client
        .batch_execute(
            "insert into admin_customers (company_name, company_domain, clerk_org_id, subscription_status, created_at,
                 trial_ends_at)
             select 'Company ' || n, 'c' || n, 'org_' || n,
                 (array['active', 'trial', 'active', 'active', 'suspended'])[1 + n % 5]::subscription_status,
                 now() - n * interval '1 hour', now() + n * interval '1 minute'
             from generate_series(1, 5000) n;
             insert into admin_customer_modules (customer_id, module_id)
             select c.id, m.id from admin_customers c, admin_feature_modules m where m.sort_order <= 4;
             insert into admin_api_keys (customer_id, key_hash, key_prefix, name, expires_at)
             select id, encode(sha256(id::text::bytea), 'hex'), 'sk_', 'key', now() + interval '30 days'
             from admin_customers;
             insert into admin_api_usage (customer_id, api_key_id, endpoint, method, status_code, response_time_ms,
                 created_at)
             select c.id, c.id, '/', 'GET', 200, 5, now() - n * interval '1 minute'
             from (select id from admin_customers limit 500) c, generate_series(1, 40) n;
             insert into admin_audit_logs (customer_id, action, resource_type, resource_id, created_at)
             select c.id, 'customer_updated', 'customer', c.id::text, c.created_at from admin_customers c;
             insert into admin_ai_key_usage (customer_id, ai_provider, key_owner, period_start, period_end)
             select c.id, 'openai', 'system', now(), now() from admin_customers c;
             analyze;",
        )
        .await
        .unwrap();
    client
}

#[tokio::test]
async fn hot_queries_use_their_indexes() {
    let client = filled().await;
    let hot = [
        ("select * from admin_api_keys where key_hash = 'x'", "admin_api_keys_key_hash_key"),
        ("select * from admin_customers where company_domain = 'c77'", "admin_customers_company_domain_key"),
        ("select * from admin_customers where clerk_org_id = 'org_77'", "admin_customers_clerk_org_id_key"),
        (
            "select * from admin_customers where subscription_status = 'active' and deleted_at is null
             and lifecycle = 'ready' order by created_at desc, id desc limit 50",
            "admin_customers_status_idx|admin_customers_created_idx",
        ),
        (
            "select * from admin_customers where deleted_at is null and lifecycle = 'ready'
             and (created_at, id) < (now() - interval '100 days', gen_random_uuid())
             order by created_at desc, id desc limit 50",
            "admin_customers_created_idx",
        ),
        (
            "select * from admin_customers where subscription_status = 'trial' and deleted_at is null
             and lifecycle = 'ready' and trial_ends_at <= now() order by trial_ends_at limit 100",
            "admin_customers_trial_ends_idx",
        ),
        ("select * from admin_customers where lifecycle = 'provisioning'", "admin_customers_lifecycle_idx"),
        (
            "select module_id from admin_customer_modules where customer_id = '0190b5a0-0000-7000-8000-000000000000' and enabled",
            "admin_customer_modules_enabled_idx|admin_customer_modules_customer_id_module_id_key",
        ),
        (
            "select * from admin_api_keys where customer_id = '0190b5a0-0000-7000-8000-000000000000' order by created_at desc, id desc",
            "admin_api_keys_customer_idx",
        ),
        (
            "select * from admin_api_keys where status = 'active' and expires_at <= now()",
            "admin_api_keys_expires_idx",
        ),
        (
            "select count(*) from admin_api_usage where customer_id = (select id from admin_customers limit 1)
             and created_at >= date_trunc('month', now())",
            "customer_id_created_at_idx",
        ),
        (
            "select count(*) from admin_api_usage where api_key_id = (select id from admin_customers limit 1)
             and created_at >= date_trunc('month', now())",
            "api_key_id_created_at_idx",
        ),
        (
            "select * from admin_audit_logs where customer_id = '0190b5a0-0000-7000-8000-000000000000' order by created_at desc limit 50",
            "admin_audit_logs_customer_idx",
        ),
        ("select * from admin_audit_logs order by created_at desc, id desc limit 50", "admin_audit_logs_created_idx"),
        (
            "select * from admin_customer_summary where id = (select id from admin_customers limit 1)",
            "admin_api_keys_active_idx|admin_api_keys_customer_idx",
        ),
        (
            "select * from admin_ai_key_usage where customer_id = '0190b5a0-0000-7000-8000-000000000000' order by period_start desc",
            "admin_ai_key_usage_customer_idx|admin_ai_key_usage_period_key",
        ),
    ];
    for (sql, indexes) in hot {
        let plan = explain(&client, sql).await;
        assert!(
            indexes.split('|').any(|index| plan.contains(index)),
            "{sql}\nuses none of {indexes}:\n{plan}"
        );
    }
}

#[tokio::test]
async fn only_the_months_in_question_are_read() {
    let client = filled().await;
    // Inside one month, whatever today is; PostgreSQL prunes while it plans, because the bounds are constants.
    let month = client.query_one("select to_char(now() at time zone 'UTC', 'YYYY-MM')", &[]).await.unwrap();
    let month: String = month.get(0);
    let sql = format!(
        "select count(*) from admin_api_usage where created_at >= '{month}-02Z' and created_at < '{month}-03Z'"
    );
    let plan = explain(&client, &sql).await;
    let partition = format!("admin_api_usage_y{}", month.replace('-', "m"));
    assert!(plan.contains(&partition), "{plan}");
    assert!(
        !plan.contains("admin_api_usage_default") && plan.matches(" on admin_api_usage_").count() <= 2,
        "{plan}"
    );
}

#[tokio::test]
async fn the_views_find_one_customers_rows_through_an_index() {
    let client = filled().await;
    let id = "(select id from admin_customers limit 1)";
    for view in ["admin_api_usage_summary", "admin_token_usage_summary"] {
        let plan = explain(&client, &format!("select * from {view} where customer_id = {id}")).await;
        assert!(
            plan.contains("Index Cond: (customer_id") || plan.contains("Index Cond: (admin"),
            "{view}:\n{plan}"
        );
    }
}

async fn explain(client: &Client, sql: &str) -> String {
    let rows = client.query(&format!("explain {sql}"), &[]).await.unwrap();
    rows.iter().map(|row| row.get::<_, String>(0)).collect::<Vec<_>>().join("\n")
}
