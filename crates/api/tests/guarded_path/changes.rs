//! Whatever changes in the admin database, whoever changes it, acts on every server.

use std::time::{Duration, Instant};

use gateway::GatewayConfig;

use crate::house::House;

#[tokio::test]
async fn every_change_made_with_psql_acts_on_every_server() {
    let house = House::new().await;
    let caller = house.caller("acme").await;
    let servers = [house.server(GatewayConfig::default()), house.server(GatewayConfig::default())];
    for server in &servers {
        server.until(&caller, "/contacts", "200").await;
    }
    let key = format!("where id = '{}'", caller.row.id);
    let customer = format!("where id = '{}'", caller.id);
    let workflows = "(select id from admin_feature_modules where module_key = 'workflow_automation')";
    for (sql, path, wanted) in [
        (
            format!("update admin_api_keys set permissions = '[\"read:deals\"]' {key}"),
            "/contacts",
            "permission-missing",
        ),
        (format!("update admin_api_keys set permissions = '[\"read:*\"]' {key}"), "/contacts", "200"),
        (
            format!("update admin_api_keys set allowed_networks = '{{2001:db8::/32}}' {key}"),
            "/contacts",
            "network-not-allowed",
        ),
        (
            format!("update admin_api_keys set allowed_networks = '{{198.51.100.0/24}}' {key}"),
            "/contacts",
            "200",
        ),
        (format!("update admin_api_keys set rate_limit_requests = 0 {key}"), "/contacts", "quota-exceeded"),
        (format!("update admin_api_keys set rate_limit_requests = 100000 {key}"), "/contacts", "200"),
        (
            format!("update admin_customers set subscription_status = 'suspended' {customer}"),
            "/contacts",
            "customer-suspended",
        ),
        (
            format!("update admin_customers set subscription_status = 'canceled' {customer}"),
            "/contacts",
            "subscription-canceled",
        ),
        (format!("update admin_customers set subscription_status = 'active' {customer}"), "/contacts", "200"),
        (
            format!("update admin_customers set subscription_status = 'expired' {customer}"),
            "/contacts",
            "subscription-expired",
        ),
        (format!("update admin_customers set subscription_status = 'active' {customer}"), "/contacts", "200"),
        // One that ended and is renewed goes on.
        (
            format!("update admin_customers set subscription_ends_at = now() - interval '1 day' {customer}"),
            "/contacts",
            "200",
        ),
        (
            format!("update admin_customers set auto_renew = false {customer}"),
            "/contacts",
            "subscription-expired",
        ),
        (
            format!("update admin_customers set subscription_ends_at = now() + interval '1 day' {customer}"),
            "/contacts",
            "200",
        ),
        (format!("update admin_customers set subscription_plan = 'pro' {customer}"), "/workflows", "200"),
        (
            format!("update admin_customers set subscription_plan = 'starter' {customer}"),
            "/workflows",
            "module-disabled",
        ),
        (
            format!(
                "insert into admin_customer_modules (customer_id, module_id) values ('{}', {workflows})",
                caller.id
            ),
            "/workflows",
            "200",
        ),
        (
            "update admin_customer_modules set usage_limit = 0".to_owned(),
            "/workflows",
            "module-limit-reached",
        ),
        ("update admin_customer_modules set usage_limit = null".to_owned(), "/workflows", "200"),
        ("update admin_customer_modules set expires_at = now()".to_owned(), "/workflows", "module-disabled"),
        ("update admin_customer_modules set expires_at = null".to_owned(), "/workflows", "200"),
        (
            "update admin_feature_modules set is_active = false where module_key = 'workflow_automation'"
                .to_owned(),
            "/workflows",
            "module-disabled",
        ),
        ("update admin_feature_modules set is_active = true".to_owned(), "/workflows", "200"),
        ("update admin_customer_modules set enabled = false".to_owned(), "/workflows", "module-disabled"),
        (format!("update admin_api_keys set expires_at = now() {key}"), "/contacts", "api-key-expired"),
        (format!("update admin_api_keys set expires_at = null {key}"), "/contacts", "200"),
        (format!("update admin_api_keys set status = 'revoked' {key}"), "/contacts", "api-key-revoked"),
        (format!("delete from admin_api_keys {key}"), "/contacts", "unauthenticated"),
    ] {
        house.sql(&sql).await;
        for server in &servers {
            server.until(&caller, path, wanted).await;
        }
    }
}

#[tokio::test]
async fn what_happens_to_one_customer_does_not_touch_another() {
    let house = House::new().await;
    let (acme, beta) = (house.caller("acme").await, house.caller("beta").await);
    let server = house.server(GatewayConfig::default());
    server.until(&acme, "/contacts", "200").await;
    house
        .sql(&format!("update admin_api_keys set status = 'revoked' where customer_id = '{}'", acme.id))
        .await;
    server.until(&acme, "/contacts", "api-key-revoked").await;
    let answer = server.get(&beta, "/contacts").await;
    assert_eq!(answer.status, 200, "{answer:?}");
    let recorded = server.recorded.all();
    for record in &recorded {
        let is_acme = record.customer_id == acme.id;
        assert_eq!(is_acme, record.api_key_id == acme.row.id, "usage of one customer under the other's key");
    }
    assert_eq!(recorded.iter().filter(|record| record.customer_id == beta.id).count(), 1);
    assert!(
        recorded.iter().any(|record| record.outcome == "api-key-revoked" && record.customer_id == acme.id)
    );
}

#[tokio::test]
async fn a_key_that_was_unknown_a_moment_ago_works_when_it_is_made() {
    let house = House::new().await;
    let caller = house.caller("acme").await;
    let server = house.server(GatewayConfig::default());
    let hash = caller.key.hash();
    house
        .sql(&format!("update admin_api_keys set key_hash = '{}' where key_hash = '{hash}'", "0".repeat(64)))
        .await;
    server.until(&caller, "/contacts", "unauthenticated").await;
    house.sql(&format!("update admin_api_keys set key_hash = '{hash}'")).await;
    server.until(&caller, "/contacts", "200").await;
}

/// What every change promises; a single one may be late on a busy machine.
const PROMISED: Duration = Duration::from_secs(1);
/// How often each change is tried, there and back.
const TRIALS: usize = 10;

#[tokio::test]
async fn changes_of_every_kind_act_within_a_second() {
    let house = House::new().await;
    let caller = house.caller("acme").await;
    let server = house.server(GatewayConfig::default());
    house
        .sql("update admin_customers set subscription_plan = 'pro'; update admin_api_keys set rate_limit_requests = 10000000")
        .await;
    server.until(&caller, "/workflows", "200").await;
    let (key, customer) = (format!("where id = '{}'", caller.row.id), format!("where id = '{}'", caller.id));
    let module = "where module_key = 'workflow_automation'";
    for (there, refusal, back) in [
        (
            format!("update admin_api_keys set status = 'revoked' {key}"),
            "api-key-revoked",
            format!("update admin_api_keys set status = 'active' {key}"),
        ),
        (
            format!("update admin_customers set subscription_status = 'suspended' {customer}"),
            "customer-suspended",
            format!("update admin_customers set subscription_status = 'active' {customer}"),
        ),
        (
            format!("update admin_feature_modules set is_active = false {module}"),
            "module-disabled",
            format!("update admin_feature_modules set is_active = true {module}"),
        ),
        (
            format!("update admin_api_keys set rate_limit_requests = 0 {key}"),
            "quota-exceeded",
            format!("update admin_api_keys set rate_limit_requests = 10000000 {key}"),
        ),
    ] {
        // What is taken away and what is given back act by different ways: each has a promise of its own.
        let mut took = [const { Vec::new() }; 2];
        for _ in 0..TRIALS {
            for ((change, wanted), took) in [(&there, refusal), (&back, "200")].into_iter().zip(&mut took) {
                house.sql(change).await;
                let changed = Instant::now();
                loop {
                    let answer = server.get(&caller, "/workflows").await;
                    if answer.problem() == wanted || answer.status.as_str() == wanted {
                        break;
                    }
                    assert!(changed.elapsed() < PROMISED * 20, "{change}: {answer:?}");
                    tokio::time::sleep(Duration::from_millis(1)).await;
                }
                took.push(changed.elapsed());
            }
        }
        for (change, mut took) in [&there, &back].into_iter().zip(took) {
            took.sort_unstable();
            let (median, second_worst) = (took[TRIALS / 2], took[TRIALS - 2]);
            assert!(
                median < PROMISED && second_worst < PROMISED * 5,
                "{change}: acts after {median:?}, all but once within {second_worst:?}: {took:?}"
            );
        }
    }
}
