//! Refusals of customers' callers come into the audit log, each into its own customer's chain.

use std::collections::BTreeMap;

use catalog::audit::{self, AuditFilter};
use catalog::{Catalog, CatalogConfig};
use chrono::{Days, Utc};
use customers::ControlPlane;
use customers::denied::record_denied;
use domain::principal::usage_id_of;
use domain::{AuditAction, Plan, Role};
use http::Method;
use secrets::MasterKey;
use serde_json::{Value, json};
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

#[tokio::test]
async fn a_refusal_names_the_person_or_the_operator_behind_it() {
    let api = Api::new().await;
    let acme = api.customer("acme", Plan::Starter).await;
    let ann = api.operator("ann@example.org", &[Role::Support]).await;
    let path = "/api/admin/customers/acme/impersonations";
    let begun = api.ask_as(Some(&ann.token), Method::POST, path, json!({ "reason": "ticket 7" })).await;
    let impersonation = begun.expect(201).text("id").to_owned();
    api.sql(
        "update admin_customers set clerk_org_id = 'org_acme';
         insert into admin_clerk_memberships (clerk_org_id, clerk_user_id, role, changed_at, removed_at)
         values ('org_acme', 'user_1', 'org:member', now(), now())",
    )
    .await;
    let person = usage_id_of("user_1").to_string();
    let stranger = usage_id_of("user_2").to_string();
    // Up to a week back: a worker may have been away.
    for (id, outcome, days) in [
        (&person, "membership-ended", 7),
        (&impersonation, "permission-missing", 3),
        (&stranger, "subscription-canceled", 0),
        (&stranger, "subscription-expired", 0),
        (&stranger, "session-refused", 0),
        (&person, "membership-ended", 8),
    ] {
        api.sql(&format!(
            "insert into admin_api_usage_daily
                 (customer_id, usage_date, api_key_id, endpoint, method, status_code, outcome, requests)
             values ('{acme}', (now() at time zone 'utc')::date - {days}, '{id}', '/x', 'GET', 403, '{outcome}', 1)"
        ))
        .await;
    }
    let worker = Catalog::connect(&CatalogConfig::new(api.database.worker_url().into())).unwrap();
    let worker = ControlPlane::new(worker, MasterKey::generate());
    assert_eq!(record_denied(&worker, Utc::now().date_naive()).await.unwrap(), 4);
    let filter = AuditFilter { action: Some(AuditAction::AccessDenied), ..AuditFilter::default() };
    let client = api.catalog.client().await.unwrap();
    let page = audit::list(&client, &filter, &catalog::PageRequest::default()).await.unwrap();
    let mut told: Vec<_> = page
        .data
        .into_iter()
        .map(|row| {
            let values = row.new_values.unwrap();
            assert_eq!(row.customer_id, Some(acme));
            let reason = values["reason"].as_str().unwrap().to_owned();
            (reason, row.resource_type.unwrap(), row.resource_id.unwrap(), values["operator_id"].clone())
        })
        .collect();
    told.sort_by(|one, other| one.0.cmp(&other.0));
    let row = |reason: &str, kind: &str, id: &str, operator: Value| {
        (reason.to_owned(), kind.to_owned(), id.to_owned(), operator)
    };
    assert_eq!(
        told,
        [
            row("membership-ended", "user", "user_1", Value::Null),
            row("permission-missing", "impersonation", &impersonation, json!(ann.id)),
            row("subscription-canceled", "api_key", &stranger, Value::Null),
            row("subscription-expired", "api_key", &stranger, Value::Null),
        ]
    );
}
