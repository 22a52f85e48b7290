//! `catalog::audit`.

use catalog::audit::{self, Actor, AuditEntry, AuditFilter};
use catalog::{PageRequest, TimeRange};
use chrono::{TimeDelta, Utc};
use domain::{AuditAction, CustomerId};
use serde_json::json;

use crate::setup;

fn entry(customer: CustomerId, action: AuditAction, resource: &str) -> AuditEntry {
    AuditEntry {
        customer_id: Some(customer),
        action,
        resource_type: "module",
        resource_id: Some(resource.to_owned()),
        old_values: Some(json!({"enabled": false})),
        new_values: Some(json!({"enabled": true})),
    }
}

#[tokio::test]
async fn an_entry_reads_back_and_every_filter_finds_it() {
    let (_database, catalog) = setup::catalog().await;
    let client = catalog.client().await.unwrap();
    let (acme, other) = (CustomerId::generate(), CustomerId::generate());
    let operator = Actor::on_behalf_of(Some("op".to_owned()))
        .from(Some("2001:db8::1".parse().unwrap()), Some("curl/8".to_owned()));
    let id = audit::insert(&client, &operator, &entry(acme, AuditAction::ModuleEnabled, "ai_assistant"))
        .await
        .unwrap();
    let foreign = entry(other, AuditAction::ModuleDisabled, "crm_core");
    audit::insert(&client, &Actor::system(), &AuditEntry { resource_type: "other", ..foreign })
        .await
        .unwrap();

    let all = AuditFilter::default;
    let hour = TimeDelta::hours(1);
    let filters = [
        AuditFilter { customer: Some(acme), ..all() },
        AuditFilter { action: Some(AuditAction::ModuleEnabled), ..all() },
        AuditFilter { resource_type: Some("module".to_owned()), ..all() },
        AuditFilter { resource_id: Some("ai_assistant".to_owned()), ..all() },
        AuditFilter { admin_user_id: Some("op".to_owned()), ..all() },
        AuditFilter {
            created: TimeRange::default().after(Utc::now() - hour).before(Utc::now() + hour),
            customer: Some(acme),
            ..all()
        },
    ];
    for filter in filters {
        let page = audit::list(&client, &filter, &PageRequest::default()).await.unwrap();
        assert_eq!(page.data.len(), 1, "{filter:?}");
        let found = &page.data[0];
        assert_eq!((found.id, found.customer_id, found.action), (id, Some(acme), AuditAction::ModuleEnabled));
        assert_eq!(found.ip_address, operator.ip_address);
        assert_eq!(found.user_agent, operator.user_agent);
        assert_eq!(found.new_values, Some(json!({"enabled": true})));
    }
    let later = AuditFilter { created: TimeRange::default().after(Utc::now() + hour), ..all() };
    assert!(audit::list(&client, &later, &PageRequest::default()).await.unwrap().data.is_empty());
}

#[tokio::test]
async fn an_entry_goes_with_its_transaction() {
    let (_database, catalog) = setup::catalog().await;
    let mut client = catalog.client().await.unwrap();
    let transaction = client.transaction().await.unwrap();
    let entry = entry(CustomerId::generate(), AuditAction::ModuleEnabled, "x");
    audit::insert(&transaction, &Actor::system(), &entry).await.unwrap();
    transaction.rollback().await.unwrap();
    let page = audit::list(&client, &AuditFilter::default(), &PageRequest::default()).await.unwrap();
    assert!(page.data.is_empty());
}

#[tokio::test]
async fn every_action_can_be_written_and_pages_show_each_once() {
    let (_database, catalog) = setup::catalog().await;
    let mut client = catalog.client().await.unwrap();
    let transaction = client.transaction().await.unwrap();
    for action in AuditAction::ALL {
        let entry = entry(CustomerId::generate(), *action, "x");
        audit::insert(&transaction, &Actor::system(), &entry).await.unwrap();
    }
    transaction.commit().await.unwrap();
    let mut request = PageRequest { limit: 7, cursor: None };
    let mut seen = Vec::new();
    loop {
        let page = audit::list(&client, &AuditFilter::default(), &request).await.unwrap();
        seen.extend(page.data.iter().map(|entry| entry.action));
        request.cursor = page.next_cursor;
        if request.cursor.is_none() {
            break;
        }
    }
    seen.sort_unstable();
    assert_eq!(seen, AuditAction::ALL);
}
