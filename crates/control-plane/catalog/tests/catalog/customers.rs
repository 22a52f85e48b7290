//! `catalog::customers`.

use catalog::customers::{self, CustomerChanges, CustomerFilter, CustomerSort, Suspension};
use catalog::{CatalogError, PageRequest, TimeRange};
use chrono::{TimeDelta, Utc};
use domain::customer::Lifecycle;
use domain::{CustomerId, CustomerSlug, Plan, SubscriptionStatus};
use serde_json::json;

use crate::setup;

#[tokio::test]
async fn a_customer_is_found_by_everything_that_names_them() {
    let (_database, catalog) = setup::catalog().await;
    let client = catalog.client().await.unwrap();
    let mut new = setup::new_customer("acme");
    new.clerk_org_id = Some("org_1".to_owned());
    let acme = customers::insert(&client, &new).await.unwrap();
    setup::customer(&client, "other").await;

    assert_eq!(acme.database_name.as_deref(), Some("customer_acme"));
    let trial = acme.trial_ends_at.unwrap() - acme.trial_started_at.unwrap();
    assert_eq!(trial, TimeDelta::days(14));
    let found = [
        customers::by_id(&client, acme.id).await.unwrap(),
        customers::by_slug_or_id(&client, "acme").await.unwrap(),
        customers::by_slug_or_id(&client, &acme.id.to_string()).await.unwrap(),
        customers::by_domain(&client, "acme").await.unwrap(),
        customers::by_clerk_org(&client, "org_1").await.unwrap(),
        customers::any_by_slug(&client, &CustomerSlug::parse("acme").unwrap()).await.unwrap(),
    ];
    for (way, customer) in found.into_iter().enumerate() {
        assert_eq!(customer.map(|customer| customer.id), Some(acme.id), "way {way}");
    }
    for nobody in ["", "acm", "ACME", "acme\0", "' or 1=1 --", &CustomerId::generate().to_string()] {
        // A zero byte can't be part of any text, so PostgreSQL refuses to look for it.
        assert!(matches!(
            customers::by_slug_or_id(&client, nobody).await,
            Ok(None) | Err(CatalogError::Invalid { .. })
        ));
    }
}

#[tokio::test]
async fn a_slug_that_looks_like_another_customers_id_finds_that_customer() {
    let (_database, catalog) = setup::catalog().await;
    let client = catalog.client().await.unwrap();
    let victim = setup::customer(&client, "victim").await;
    let imitator = setup::customer(&client, &victim.id.to_string()).await;
    assert_eq!(customers::by_slug_or_id(&client, &imitator.slug()).await.unwrap().unwrap().id, victim.id);
}

#[tokio::test]
async fn names_that_are_taken_are_a_conflict_and_change_nothing() {
    let (_database, catalog) = setup::catalog().await;
    let client = catalog.client().await.unwrap();
    let mut first = setup::new_customer("acme");
    first.clerk_org_id = Some("org_1".to_owned());
    customers::insert(&client, &first).await.unwrap();

    let error = customers::insert(&client, &setup::new_customer("acme")).await.unwrap_err();
    assert!(error.conflicts_with("admin_customers_company_domain_key"), "{error:?}");
    let mut second = setup::new_customer("acme2");
    second.clerk_org_id = Some("org_1".to_owned());
    let error = customers::insert(&client, &second).await.unwrap_err();
    assert!(error.conflicts_with("admin_customers_clerk_org_id_key"), "{error:?}");
    assert_eq!(customers::count(&client, &CustomerFilter::default()).await.unwrap(), 1);
}

#[tokio::test]
async fn of_many_sign_ups_under_one_name_exactly_one_gets_it() {
    let (_database, catalog) = setup::catalog().await;
    let sign_ups = (0..16).map(|_| {
        let catalog = catalog.clone();
        tokio::spawn(async move {
            let client = catalog.client().await.unwrap();
            customers::insert(&client, &setup::new_customer("acme")).await.is_ok()
        })
    });
    let mut taken = 0;
    for sign_up in sign_ups.collect::<Vec<_>>() {
        taken += usize::from(sign_up.await.unwrap());
    }
    assert_eq!(taken, 1);
}

#[tokio::test]
async fn only_customers_who_are_wholly_there_are_shown() {
    let (_database, catalog) = setup::catalog().await;
    let client = catalog.client().await.unwrap();
    for lifecycle in Lifecycle::ALL {
        let mut new = setup::new_customer(lifecycle.as_str());
        new.lifecycle = *lifecycle;
        new.clerk_org_id = Some(lifecycle.to_string());
        customers::insert(&client, &new).await.unwrap();
    }
    setup::customer(&client, "soft").await;
    client
        .execute("update admin_customers set deleted_at = now() where company_domain = 'soft'", &[])
        .await
        .unwrap();

    for name in ["provisioning", "deleting", "deleted", "soft"] {
        let slug = CustomerSlug::parse(name).unwrap();
        let hidden = customers::any_by_slug(&client, &slug).await.unwrap().unwrap();
        assert!(customers::by_id(&client, hidden.id).await.unwrap().is_none(), "{name}");
        assert!(customers::by_slug_or_id(&client, name).await.unwrap().is_none(), "{name}");
        assert!(customers::by_clerk_org(&client, name).await.unwrap().is_none(), "{name}");
    }
    let shown = customers::list(
        &client,
        &CustomerFilter::default(),
        CustomerSort::default(),
        &PageRequest::default(),
    )
    .await
    .unwrap();
    assert_eq!(shown.data.iter().map(|customer| customer.slug()).collect::<Vec<_>>(), ["ready"]);
    let being_made = CustomerFilter { lifecycle: Some(Lifecycle::Provisioning), ..CustomerFilter::default() };
    assert_eq!(customers::count(&client, &being_made).await.unwrap(), 1);
}

#[tokio::test]
async fn a_lifecycle_moves_on_only_from_where_it_is() {
    let (_database, catalog) = setup::catalog().await;
    let client = catalog.client().await.unwrap();
    let mut new = setup::new_customer("acme");
    new.lifecycle = Lifecycle::Provisioning;
    let id = customers::insert(&client, &new).await.unwrap().id;

    let go = async |from, to| customers::set_lifecycle(&client, id, from, to).await.unwrap();
    assert!(!go(Lifecycle::Ready, Lifecycle::Deleting).await);
    assert!(go(Lifecycle::Provisioning, Lifecycle::Ready).await);
    assert!(!go(Lifecycle::Provisioning, Lifecycle::Ready).await);
    assert!(go(Lifecycle::Ready, Lifecycle::Deleting).await);
    assert!(go(Lifecycle::Deleting, Lifecycle::Deleted).await);
    let gone = customers::any_by_id(&client, id).await.unwrap().unwrap();
    assert!(gone.deleted_at.is_some());
}

#[tokio::test]
async fn a_suspension_remembers_where_to_go_back_to() {
    let (_database, catalog) = setup::catalog().await;
    let client = catalog.client().await.unwrap();
    let id = setup::customer(&client, "acme").await.id;
    for status in [SubscriptionStatus::Trial, SubscriptionStatus::Active, SubscriptionStatus::Canceled] {
        customers::set_status(&client, id, status).await.unwrap().unwrap();
        let suspended =
            customers::suspend(&client, id, Suspension { reason: Some("unpaid"), has_grace: true })
                .await
                .unwrap()
                .unwrap();
        assert_eq!(suspended.subscription_status, SubscriptionStatus::Suspended);
        assert_eq!(suspended.suspended_from, Some(status));
        assert_eq!(suspended.suspension_reason.as_deref(), Some("unpaid"));
        assert!(
            customers::suspend(&client, id, Suspension::default()).await.unwrap().is_none(),
            "suspended twice"
        );

        let resumed = customers::resume(&client, id).await.unwrap().unwrap();
        assert_eq!(resumed.subscription_status, status);
        assert_eq!(
            (resumed.suspended_from, resumed.suspended_at, resumed.suspension_reason),
            (None, None, None)
        );
        assert!(customers::resume(&client, id).await.unwrap().is_none(), "resumed twice");
    }
    // An older client suspends without remembering.
    customers::set_status(&client, id, SubscriptionStatus::Suspended).await.unwrap().unwrap();
    let resumed = customers::resume(&client, id).await.unwrap().unwrap();
    assert_eq!(resumed.subscription_status, SubscriptionStatus::Active);
}

#[tokio::test]
async fn a_change_leaves_the_other_fields_alone() {
    let (_database, catalog) = setup::catalog().await;
    let client = catalog.client().await.unwrap();
    let before = setup::customer(&client, "acme").await;
    let changes: CustomerChanges = serde_json::from_value(json!({
        "industry": "mining", "billing_email": "a@example.com", "subscription_plan": "pro", "metadata": {"a": [1]}
    }))
    .unwrap();
    let changed = customers::update(&client, before.id, &changes).await.unwrap().unwrap();
    assert_eq!(changed.industry.as_deref(), Some("mining"));
    assert_eq!(changed.subscription_plan, Plan::Pro);
    assert_eq!(changed.metadata, json!({"a": [1]}));
    assert_eq!(changed.company_name, before.company_name);
    assert_eq!(changed.trial_ends_at, before.trial_ends_at);
    assert_eq!(changed.created_at, before.created_at);
    assert!(changed.updated_at > before.updated_at);

    let emptied: CustomerChanges = serde_json::from_value(json!({"industry": null})).unwrap();
    let changed = customers::update(&client, before.id, &emptied).await.unwrap().unwrap();
    assert_eq!(changed.industry, None);
    assert_eq!(changed.billing_email.as_deref(), Some("a@example.com"));

    let backwards = CustomerChanges {
        trial_ends_at: Some(before.trial_started_at.map(|start| start - TimeDelta::days(1))),
        ..CustomerChanges::default()
    };
    let error = customers::update(&client, before.id, &backwards).await.unwrap_err();
    assert!(
        matches!(error, CatalogError::Invalid { constraint } if constraint == "admin_customers_trial_period_check")
    );
    assert!(
        serde_json::from_value::<CustomerChanges>(json!({"id": "x"})).is_err(),
        "unknown fields are refused"
    );
    assert!(customers::update(&client, CustomerId::generate(), &emptied).await.unwrap().is_none());
}

#[tokio::test]
async fn pages_show_every_customer_once_in_every_order() {
    let (_database, catalog) = setup::catalog().await;
    let mut client = catalog.client().await.unwrap();
    // In one transaction all are signed up at the same moment: only the id tells them apart.
    let transaction = client.transaction().await.unwrap();
    for number in 0..7 {
        setup::customer(&transaction, &format!("c{number}")).await;
    }
    transaction.commit().await.unwrap();
    let sorts = ["created_at", "-created_at", "updated_at", "-updated_at", "company_name", "-company_name"];
    for sort in sorts {
        let sort: CustomerSort = sort.parse().unwrap();
        let mut seen = Vec::new();
        let mut request = PageRequest { limit: 3, cursor: None };
        loop {
            let page = customers::list(&client, &CustomerFilter::default(), sort, &request).await.unwrap();
            seen.extend(page.data.iter().map(|customer| customer.slug()));
            // As a program carries it: as text.
            let Some(cursor) = page.next_cursor else { break };
            request.cursor = Some(cursor.to_string().parse().unwrap());
        }
        let mut sorted = seen.clone();
        sorted.sort_unstable();
        sorted.dedup();
        assert_eq!((seen.len(), sorted.len()), (7, 7), "{sort}: {seen:?}");
        if sort == CustomerSort::COMPANY_NAME {
            assert_eq!(seen, sorted);
        }
    }
    let page = PageRequest { limit: 1, cursor: None };
    let cursor = customers::list(&client, &CustomerFilter::default(), CustomerSort::COMPANY_NAME, &page)
        .await
        .unwrap();
    let page = PageRequest { limit: 1, cursor: cursor.next_cursor };
    let error = customers::list(&client, &CustomerFilter::default(), CustomerSort::default(), &page)
        .await
        .unwrap_err();
    assert!(matches!(error, CatalogError::Invalid { constraint } if constraint == "cursor"));
}

#[tokio::test]
async fn filters_narrow_the_list_and_its_count() {
    let (_database, catalog) = setup::catalog().await;
    let client = catalog.client().await.unwrap();
    let acme = setup::customer(&client, "acme").await;
    let beta = setup::customer(&client, "beta_50").await;
    customers::set_status(&client, beta.id, SubscriptionStatus::Active).await.unwrap();
    let changes: CustomerChanges =
        serde_json::from_value(json!({"billing_email": "Pay@Example.com", "subscription_plan": "pro"}))
            .unwrap();
    customers::update(&client, acme.id, &changes).await.unwrap();

    let all = CustomerFilter::default;
    let text = |text: &str| CustomerFilter { text: Some(text.to_owned()), ..all() };
    let future = Utc::now() + TimeDelta::hours(1);
    let cases: [(CustomerFilter, &[&str]); 10] = [
        (all(), &["beta_50", "acme"]),
        (CustomerFilter { statuses: vec![SubscriptionStatus::Active], ..all() }, &["beta_50"]),
        (CustomerFilter { plans: vec![Plan::Pro], ..all() }, &["acme"]),
        (text("ACM"), &["acme"]),
        (text("pay@"), &["acme"]),
        (text("_"), &["beta_50"]),
        (text("%"), &[]),
        (text("acme' or '1"), &[]),
        (CustomerFilter { created: TimeRange::default().after(acme.created_at), ..all() }, &["beta_50"]),
        (CustomerFilter { created: TimeRange::default().at_or_after(future), ..all() }, &[]),
    ];
    for (filter, expected) in cases {
        let found = customers::list(&client, &filter, CustomerSort::default(), &PageRequest::default())
            .await
            .unwrap();
        let names: Vec<_> = found.data.iter().map(|customer| customer.slug()).collect();
        assert_eq!(names, expected, "{filter:?}");
        let count = customers::count(&client, &filter).await.unwrap();
        assert_eq!(count, i64::try_from(expected.len()).unwrap(), "{filter:?}");
    }
}

#[tokio::test]
async fn ended_trials_go_to_one_worker_each() {
    let (_database, catalog) = setup::catalog().await;
    let (mut first, mut second) = (catalog.client().await.unwrap(), catalog.client().await.unwrap());
    let now = Utc::now();
    for slug in ["a", "b"] {
        let mut new = setup::new_customer(slug);
        new.trial_started_at = Some(now - TimeDelta::days(15));
        new.trial_ends_at = Some(now - TimeDelta::days(1));
        customers::insert(&first, &new).await.unwrap();
    }
    setup::customer(&first, "still_trying").await;

    let one = first.transaction().await.unwrap();
    let two = second.transaction().await.unwrap();
    let mut names = Vec::new();
    for transaction in [&one, &two] {
        let ended = customers::subscriptions_ended(transaction, now, 1).await.unwrap();
        assert_eq!(ended.len(), 1);
        names.push(ended[0].slug());
    }
    names.sort_unstable();
    assert_eq!(names, ["a", "b"]);
}

#[tokio::test]
async fn a_sign_up_that_is_taken_back_leaves_only_its_audit_rows() {
    use catalog::audit::{Actor, AuditEntry, AuditFilter};
    let (_database, catalog) = setup::catalog().await;
    let client = catalog.client().await.unwrap();
    let id = setup::customer(&client, "acme").await.id;
    setup::api_key(&client, id).await;
    catalog::modules::enable_many(&client, id, &["crm_core"]).await.unwrap();
    let entry = AuditEntry {
        customer_id: Some(id),
        action: domain::AuditAction::CustomerProvisioningFailed,
        resource_type: "customer",
        resource_id: Some(id.to_string()),
        old_values: None,
        new_values: None,
    };
    catalog::audit::insert(&client, &Actor::system(), &entry).await.unwrap();

    assert!(customers::delete_row(&client, id).await.unwrap());
    assert!(!customers::delete_row(&client, id).await.unwrap());
    for table in ["admin_customers", "admin_api_keys", "admin_customer_modules"] {
        let left = client.query_one(&format!("select count(*) from {table}"), &[]).await.unwrap();
        assert_eq!(left.get::<_, i64>(0), 0, "{table}");
    }
    let filter = AuditFilter { customer: Some(id), ..AuditFilter::default() };
    let kept = catalog::audit::list(&client, &filter, &PageRequest::default()).await.unwrap();
    assert_eq!(kept.data.len(), 1);
    assert_eq!(kept.data[0].customer_id, Some(id));
}
