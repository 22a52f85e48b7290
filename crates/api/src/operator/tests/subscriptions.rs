//! Subscriptions that run out, as the worker writes it down.

use chrono::{TimeDelta, Utc};
use customers::subscription;
use domain::{AuditAction, Plan};
use serde_json::json;

use super::Api;

#[tokio::test]
async fn a_subscription_that_ended_and_is_not_renewed_is_expired_by_the_worker() {
    let api = Api::new().await;
    for slug in ["ended", "renewed", "running", "suspended"] {
        api.customer(slug, Plan::Pro).await;
    }
    let set = async |what: &str, slug: &str| {
        api.sql(&format!("update admin_customers set {what} where company_domain = '{slug}'")).await;
    };
    let (past, future) = (Utc::now() - TimeDelta::hours(1), Utc::now() + TimeDelta::hours(1));
    set(
        &format!("subscription_status = 'active', subscription_ends_at = '{past}', auto_renew = false"),
        "ended",
    )
    .await;
    set(&format!("subscription_status = 'active', subscription_ends_at = '{past}'"), "renewed").await;
    set(
        &format!("subscription_status = 'active', subscription_ends_at = '{future}', auto_renew = false"),
        "running",
    )
    .await;
    set(
        &format!("subscription_status = 'suspended', subscription_ends_at = '{past}', auto_renew = false"),
        "suspended",
    )
    .await;

    assert_eq!(subscription::expire(&api.control_plane).await.unwrap(), 1);
    assert_eq!(subscription::expire(&api.control_plane).await.unwrap(), 0);
    for (slug, status) in
        [("ended", "expired"), ("renewed", "active"), ("running", "active"), ("suspended", "suspended")]
    {
        let shown = api.get(&format!("/api/admin/customers/{slug}")).await.expect(200).body;
        assert_eq!(shown["subscription_status"], status, "{slug}");
    }
    let audits = api.audits(AuditAction::SubscriptionExpired).await;
    assert_eq!(audits.len(), 1, "{audits:?}");
    let (_, old, new) = &audits[0];
    assert_eq!(
        (&old["subscription_status"], &new["subscription_status"]),
        (&json!("active"), &json!("expired"))
    );
}
