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

#[tokio::test]
async fn rows_go_from_the_beginning_of_their_chain_when_they_are_old_enough() {
    let (database, catalog) = setup::catalog().await;
    let client = catalog.client().await.unwrap();
    let acme = setup::customer(&client, "acme").await.id;
    // Two old ones, a new one, and an old one behind it, which can't go before it.
    let owner = testkit::connect(&database.url()).await;
    let sql = format!(
        "insert into admin_audit_logs (customer_id, action, resource_id, created_at)
         select '{acme}'::uuid, 'customer_updated', n, now() - case when n = 3 then interval '1 day' else interval '90 days' end
         from generate_series(1, 4) n"
    );
    owner.batch_execute(&sql).await.unwrap();
    let cutoff = Utc::now() - chrono::TimeDelta::days(30);
    let worker =
        catalog::Catalog::connect(&catalog::CatalogConfig::new(database.worker_url().into())).unwrap();
    let worker = worker.client().await.unwrap();
    assert_eq!(audit::remove_before(&worker, cutoff).await.unwrap(), 2);
    assert_eq!(audit::remove_before(&worker, cutoff).await.unwrap(), 0);
    let left =
        "select resource_id from admin_audit_logs where customer_id is not null order by chain_sequence";
    let left = owner.query(left, &[]).await.unwrap();
    assert_eq!(left.iter().map(|row| row.get::<_, String>(0)).collect::<Vec<_>>(), ["3", "4"]);
    let recorded =
        owner.query_one("select sum(removed_rows)::bigint from admin_audit_removals", &[]).await.unwrap();
    assert_eq!(recorded.get::<_, i64>(0), 2);
}

#[tokio::test]
async fn what_looks_like_a_secret_is_masked_before_it_is_written() {
    let (_database, catalog) = setup::catalog().await;
    let client = catalog.client().await.unwrap();
    let acme = setup::customer(&client, "acme").await.id;
    let key = "sk_012345678901234567890123456789012";
    let planted = AuditEntry {
        resource_id: Some(format!("GET /x/{key}/hunter")),
        old_values: Some(json!({ "webhook_secret": "hunter2" })),
        new_values: Some(
            json!({ "deep": [{ "password": "hunter2", "name": "n" }], "path": format!("/x/{key}") }),
        ),
        ..entry(acme, AuditAction::CustomerUpdated, "customer")
    };
    let actor = Actor::system().from(None, Some(format!("curl {key}")));
    let id = audit::insert(&client, &actor, &planted).await.unwrap();
    let sql = "select admin_audit_logs::text from admin_audit_logs where id = $1";
    let text: String = client.query_one(sql, &[&id]).await.unwrap().get(0);
    assert!(text.contains("***") && text.contains('n') && !text.contains("hunter2"), "{text}");
    assert!(text.contains("/hunter") && text.contains("curl") && !text.contains(key), "{text}");
}
