//! `catalog::api_keys`.

use catalog::api_keys::{self, ApiKeyChanges, NewApiKey, Replaced};
use catalog::{CatalogError, PageRequest};
use chrono::{DateTime, TimeDelta, Utc};
use domain::customer::ApiKeyStatus;
use domain::{ApiKeyId, CustomerId, RateLimitPeriod};
use ipnet::IpNet;
use secrets::ApiKey;

use crate::setup;

/// PostgreSQL keeps microseconds.
fn now() -> DateTime<Utc> {
    DateTime::from_timestamp_micros(Utc::now().timestamp_micros()).unwrap()
}

#[tokio::test]
async fn a_key_reads_back_with_its_defaults() {
    let (_database, catalog) = setup::catalog().await;
    let client = catalog.client().await.unwrap();
    let acme = setup::customer(&client, "acme").await.id;
    let (key, record) = setup::api_key(&client, acme).await;
    assert_eq!(record.permissions, ["read:*", "write:*", "execute:*"]);
    assert_eq!((record.rate_limit_requests, record.rate_limit_period), (1000, RateLimitPeriod::Month));
    assert_eq!(record.status, ApiKeyStatus::Active);
    assert_eq!(api_keys::by_hash(&client, &key.hash()).await.unwrap(), Some(record.clone()));
    let json = serde_json::to_string(&record).unwrap();
    assert!(!json.contains(&key.hash()), "the hash is for nobody's eyes");
}

#[tokio::test]
async fn a_key_belongs_to_one_customer() {
    let (_database, catalog) = setup::catalog().await;
    let client = catalog.client().await.unwrap();
    let acme = setup::customer(&client, "acme").await.id;
    let other = setup::customer(&client, "other").await.id;
    let (key, record) = setup::api_key(&client, acme).await;

    assert!(api_keys::get(&client, other, record.id).await.unwrap().is_none());
    assert!(api_keys::revoke(&client, other, record.id).await.unwrap().is_none());
    let rename = ApiKeyChanges { name: Some("mine".to_owned()), ..ApiKeyChanges::default() };
    assert!(api_keys::update(&client, other, record.id, &rename).await.unwrap().is_none());
    assert!(api_keys::list(&client, other, None, &PageRequest::default()).await.unwrap().data.is_empty());
    assert_eq!(api_keys::get(&client, acme, record.id).await.unwrap(), Some(record));

    let again = NewApiKey::with_defaults(other, "x".to_owned(), key.hash(), "sk_".to_owned());
    let error = api_keys::insert(&client, &again).await.unwrap_err();
    assert!(error.conflicts_with("admin_api_keys_key_hash_key"), "{error:?}");
    let nobodys =
        NewApiKey::with_defaults(CustomerId::generate(), "x".to_owned(), "0".repeat(64), "s".to_owned());
    let error = api_keys::insert(&client, &nobodys).await.unwrap_err();
    assert!(error.conflicts_with("admin_api_keys_customer_id_fkey"), "{error:?}");
    let malformed = NewApiKey::with_defaults(acme, "x".to_owned(), "no hash".to_owned(), "s".to_owned());
    let error = api_keys::insert(&client, &malformed).await.unwrap_err();
    assert!(
        matches!(error, CatalogError::Invalid { constraint } if constraint == "admin_api_keys_key_hash_check")
    );
}

#[tokio::test]
async fn a_key_is_revoked_once() {
    let (_database, catalog) = setup::catalog().await;
    let client = catalog.client().await.unwrap();
    let acme = setup::customer(&client, "acme").await.id;
    let (_, record) = setup::api_key(&client, acme).await;
    let revoked = api_keys::revoke(&client, acme, record.id).await.unwrap().unwrap();
    assert!(revoked.is_new);
    assert_eq!(revoked.key.status, ApiKeyStatus::Revoked);
    let again = api_keys::revoke(&client, acme, record.id).await.unwrap().unwrap();
    assert!(!again.is_new);
    assert_eq!(again.key, revoked.key);
    assert!(api_keys::revoke(&client, acme, ApiKeyId::generate()).await.unwrap().is_none());
}

#[tokio::test]
async fn a_change_leaves_the_other_fields_alone() {
    let (_database, catalog) = setup::catalog().await;
    let client = catalog.client().await.unwrap();
    let acme = setup::customer(&client, "acme").await.id;
    let (_, before) = setup::api_key(&client, acme).await;
    let changes = ApiKeyChanges {
        permissions: Some(vec!["read:contacts".parse().unwrap()]),
        rate_limit_period: Some(RateLimitPeriod::Minute),
        description: Some(Some("for reports".to_owned())),
        ..ApiKeyChanges::default()
    };
    let changed = api_keys::update(&client, acme, before.id, &changes).await.unwrap().unwrap();
    assert_eq!(changed.permissions, ["read:contacts"]);
    assert_eq!(changed.rate_limit_period, RateLimitPeriod::Minute);
    assert_eq!((changed.name, changed.rate_limit_requests), (before.name, before.rate_limit_requests));
    assert_eq!(changed.description.as_deref(), Some("for reports"));
    let emptied = ApiKeyChanges { description: Some(None), ..ApiKeyChanges::default() };
    let changed = api_keys::update(&client, acme, before.id, &emptied).await.unwrap().unwrap();
    assert_eq!((changed.description, changed.permissions), (None, vec!["read:contacts".to_owned()]));
    let negative = ApiKeyChanges { rate_limit_requests: Some(-1), ..ApiKeyChanges::default() };
    let error = api_keys::update(&client, acme, before.id, &negative).await.unwrap_err();
    assert!(
        matches!(error, CatalogError::Invalid { constraint } if constraint == "admin_api_keys_rate_limit_requests_check")
    );
}

#[tokio::test]
async fn keys_expire_when_their_time_has_run_out_and_only_once() {
    let (_database, catalog) = setup::catalog().await;
    let client = catalog.client().await.unwrap();
    let acme = setup::customer(&client, "acme").await.id;
    let now = now();
    let mut ids = Vec::new();
    for expires_at in [None, Some(now - TimeDelta::seconds(1)), Some(now), Some(now + TimeDelta::hours(1))] {
        let (_, record) = setup::api_key(&client, acme).await;
        let changes = ApiKeyChanges { expires_at: Some(expires_at), ..ApiKeyChanges::default() };
        api_keys::update(&client, acme, record.id, &changes).await.unwrap().unwrap();
        ids.push(record.id);
    }
    let mut expired: Vec<_> = api_keys::expire_due(&client, now).await.unwrap();
    expired.sort_by_key(|key| key.id);
    assert_eq!(expired.iter().map(|key| key.id).collect::<Vec<_>>(), ids[1..3]);
    assert!(expired.iter().all(|key| key.status == ApiKeyStatus::Expired));
    assert!(api_keys::expire_due(&client, now).await.unwrap().is_empty());
    let active =
        api_keys::list(&client, acme, Some(ApiKeyStatus::Active), &PageRequest::default()).await.unwrap();
    assert_eq!(active.data.len(), 2);

    for (expires_at, status) in [
        (Some(now - TimeDelta::seconds(1)), ApiKeyStatus::Expired),
        (Some(now + TimeDelta::hours(1)), ApiKeyStatus::Active),
        (None, ApiKeyStatus::Active),
    ] {
        let changes = ApiKeyChanges { expires_at: Some(expires_at), ..ApiKeyChanges::default() };
        let key = api_keys::update(&client, acme, ids[1], &changes).await.unwrap().unwrap();
        assert_eq!((key.expires_at, key.status), (expires_at, status));
    }
}

#[tokio::test]
async fn networks_are_kept_as_they_were_given() {
    let (_database, catalog) = setup::catalog().await;
    let client = catalog.client().await.unwrap();
    let acme = setup::customer(&client, "acme").await.id;
    let networks: Vec<IpNet> =
        ["192.0.2.7/32", "10.0.0.0/8", "2001:db8::/32", "::1/128"].map(|text| text.parse().unwrap()).into();
    let key = ApiKey::generate();
    let new = NewApiKey {
        allowed_networks: networks.clone(),
        ..NewApiKey::with_defaults(acme, "bound".to_owned(), key.hash(), key.display_prefix())
    };
    let made = api_keys::insert(&client, &new).await.unwrap();
    assert_eq!(made.allowed_networks, networks);
    let rename = ApiKeyChanges { name: Some("still bound".to_owned()), ..ApiKeyChanges::default() };
    let changed = api_keys::update(&client, acme, made.id, &rename).await.unwrap().unwrap();
    assert_eq!(changed.allowed_networks, networks);
    let free = ApiKeyChanges { allowed_networks: Some(Vec::new()), ..ApiKeyChanges::default() };
    let changed = api_keys::update(&client, acme, made.id, &free).await.unwrap().unwrap();
    assert!(changed.allowed_networks.is_empty());
    assert!(setup::api_key(&client, acme).await.1.allowed_networks.is_empty());
}

#[tokio::test]
async fn a_key_is_replaced_once_and_ends_no_later_than_it_would() {
    let (_database, catalog) = setup::catalog().await;
    let client = catalog.client().await.unwrap();
    let acme = setup::customer(&client, "acme").await.id;
    let other = setup::customer(&client, "other").await.id;
    let (_, old) = setup::api_key(&client, acme).await;
    let successor = || {
        let key = ApiKey::generate();
        NewApiKey {
            replaces: Some(Replaced { id: old.id, quota_key_id: old.id }),
            ..NewApiKey::with_defaults(acme, "new".to_owned(), key.hash(), key.display_prefix())
        }
    };
    assert!(api_keys::replacement(&client, acme, old.id).await.unwrap().is_none());
    let new = api_keys::insert(&client, &successor()).await.unwrap();
    assert_eq!((new.rotated_from, new.quota_key_id), (Some(old.id), Some(old.id)));
    assert_eq!(api_keys::replacement(&client, acme, old.id).await.unwrap(), Some(new));
    assert!(api_keys::replacement(&client, other, old.id).await.unwrap().is_none());
    let error = api_keys::insert(&client, &successor()).await.unwrap_err();
    assert!(error.conflicts_with("admin_api_keys_rotated_from_idx"), "{error:?}");

    let soon = now() + TimeDelta::hours(1);
    let ends = |latest| api_keys::end_by(&client, acme, old.id, latest);
    assert_eq!(ends(soon).await.unwrap().unwrap().expires_at, Some(soon));
    assert_eq!(ends(soon + TimeDelta::hours(1)).await.unwrap().unwrap().expires_at, Some(soon));
    let sooner = soon - TimeDelta::minutes(5);
    assert_eq!(ends(sooner).await.unwrap().unwrap().expires_at, Some(sooner));
    assert!(
        api_keys::end_by(&client, other, old.id, soon).await.unwrap().is_none(),
        "another customer's key"
    );
}

#[tokio::test]
async fn pages_show_every_key_once() {
    let (_database, catalog) = setup::catalog().await;
    let mut client = catalog.client().await.unwrap();
    let acme = setup::customer(&client, "acme").await.id;
    let transaction = client.transaction().await.unwrap();
    for _ in 0..5 {
        setup::api_key(&transaction, acme).await;
    }
    transaction.commit().await.unwrap();
    let mut request = PageRequest { limit: 2, cursor: None };
    let mut seen = std::collections::BTreeSet::new();
    let mut pages = 0;
    loop {
        let page = api_keys::list(&client, acme, None, &request).await.unwrap();
        seen.extend(page.data.iter().map(|key| key.id));
        pages += 1;
        request.cursor = page.next_cursor;
        if request.cursor.is_none() {
            break;
        }
    }
    assert_eq!((seen.len(), pages), (5, 3));
}

#[tokio::test]
async fn the_last_use_never_goes_back_and_batches_never_lock_each_other_out() {
    let (_database, catalog) = setup::catalog().await;
    let client = catalog.client().await.unwrap();
    let acme = setup::customer(&client, "acme").await.id;
    let mut ids = Vec::new();
    for _ in 0..8 {
        ids.push(setup::api_key(&client, acme).await.1.id);
    }
    let now = now();
    // The same keys, over and over, in opposite orders.
    let batches = (0..10).map(|number| {
        let (catalog, mut ids) = (catalog.clone(), ids.clone());
        tokio::spawn(async move {
            if number % 2 == 0 {
                ids.reverse();
            }
            let used: Vec<_> = ids.into_iter().map(|id| (id, now - TimeDelta::seconds(number))).collect();
            api_keys::touch_last_used(&catalog.client().await.unwrap(), &used).await.unwrap();
        })
    });
    for batch in batches.collect::<Vec<_>>() {
        batch.await.unwrap();
    }
    for id in &ids {
        let key = api_keys::get(&client, acme, *id).await.unwrap().unwrap();
        assert_eq!(key.last_used_at, Some(now));
    }
    let twice_and_gone = [(ids[0], now), (ids[0], now + TimeDelta::seconds(5)), (ApiKeyId::generate(), now)];
    assert_eq!(api_keys::touch_last_used(&client, &twice_and_gone).await.unwrap(), 1);
    let key = api_keys::get(&client, acme, ids[0]).await.unwrap().unwrap();
    assert_eq!(key.last_used_at, Some(now + TimeDelta::seconds(5)));
}
