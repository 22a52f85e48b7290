//! Refusals of customers' callers come into the audit log, each into its own customer's chain.

use std::collections::BTreeMap;

use catalog::audit::{self, AuditFilter};
use catalog::{Catalog, CatalogConfig};
use chrono::{Days, Utc};
use customers::ControlPlane;
use customers::denied::record_denied;
use domain::{AuditAction, Plan};
use secrets::MasterKey;
use serde_json::json;
use uuid::Uuid;

use super::Api;

#[tokio::test]
async fn who_tries_what_they_may_not_is_in_their_customers_log_however_often_they_try() {
    let api = Api::new().await;
    let customers = [api.customer("acme", Plan::Starter).await, api.customer("globex", Plan::Starter).await];
    let key = Uuid::now_v7();
    for (customer, requests) in customers.iter().zip([40, 1]) {
        api.sql(&format!(
            "insert into admin_api_usage_daily
                 (customer_id, usage_date, api_key_id, endpoint, method, status_code, outcome, requests)
             values ('{customer}', (now() at time zone 'utc')::date, '{key}', '/api/v1/deals', 'POST', 403,
                     'permission-missing', {requests})"
        ))
        .await;
    }
    let worker = Catalog::connect(&CatalogConfig::new(api.database.worker_url().into())).unwrap();
    let worker = ControlPlane::new(worker, MasterKey::generate());
    let today = Utc::now().date_naive();
    // Two workers at once, and again: nobody is told of twice.
    let both = tokio::join!(record_denied(&worker, today), record_denied(&worker, today));
    assert_eq!(both.0.unwrap() + both.1.unwrap(), 2);
    assert_eq!(record_denied(&worker, today).await.unwrap(), 0);
    api.sql("update admin_api_usage_daily set requests = requests + 1000").await;
    assert_eq!(record_denied(&worker, today).await.unwrap(), 0);
    assert_eq!(record_denied(&worker, today + Days::new(1)).await.unwrap(), 2);

    let mut told = BTreeMap::new();
    for customer in customers {
        let filter = AuditFilter {
            customer: Some(customer),
            action: Some(AuditAction::AccessDenied),
            ..AuditFilter::default()
        };
        let client = api.catalog.client().await.unwrap();
        let page = audit::list(&client, &filter, &catalog::PageRequest::default()).await.unwrap();
        assert!(page.data.iter().all(|row| row.resource_id == Some(key.to_string())));
        let values = page.data.into_iter().rev().filter_map(|row| row.new_values);
        told.insert(customer, values.collect::<Vec<_>>());
    }
    let row = |requests: i64, is_over: bool| {
        json!({
            "reason": "permission-missing", "day": today, "requests": requests, "routes": ["POST /api/v1/deals"],
            "day_is_over": is_over,
        })
    };
    assert_eq!(told[&customers[0]], [row(40, false), row(1040, true)]);
    assert_eq!(told[&customers[1]], [row(1, false), row(1001, true)]);
}
