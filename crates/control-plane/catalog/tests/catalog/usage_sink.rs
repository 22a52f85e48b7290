//! The catalog as the place where usage is written down.

use chrono::{DateTime, TimeDelta, Utc};
use domain::usage::{HandOver, HandedOver, SpoolPosition, UsageRecord, UsageSink as _};
use domain::{ApiKeyId, CustomerId};
use uuid::Uuid;

use crate::setup;

fn request(customer_id: CustomerId, api_key_id: ApiKeyId, created_at: DateTime<Utc>) -> UsageRecord {
    UsageRecord {
        id: Uuid::now_v7(),
        request_id: Uuid::now_v7(),
        api_key_id,
        customer_id,
        endpoint: "/api/v1/deals".into(),
        method: "GET".into(),
        status_code: 200,
        response_time_ms: 1,
        request_size_bytes: None,
        response_size_bytes: None,
        module: None,
        outcome: UsageRecord::OK.into(),
        created_at,
    }
}

#[tokio::test]
async fn a_key_that_is_shown_and_refused_is_not_used() {
    let (_database, catalog) = setup::catalog().await;
    let client = catalog.client().await.unwrap();
    let acme = setup::customer(&client, "acme").await.id;
    let (key, other) = (setup::api_key(&client, acme).await.1.id, setup::api_key(&client, acme).await.1.id);
    let last_used = async |id| catalog::api_keys::get(&client, acme, id).await.unwrap().unwrap().last_used_at;
    let began = DateTime::from_timestamp(Utc::now().timestamp(), 0).unwrap();
    let mut expected = None;
    for (second, (status_code, outcome, is_used)) in [
        (401, "api-key-revoked", false),
        (403, "network-not-allowed", false),
        (200, "ok", true),
        (401, "api-key-expired", false),
        (403, "permission-missing", true),
        (403, "network-not-allowed", false),
        (429, "rate-limited", true),
        (500, "internal", true),
        (401, "api-key-revoked", false),
    ]
    .into_iter()
    .enumerate()
    {
        let at = began + TimeDelta::seconds(i64::try_from(second).unwrap());
        let record = UsageRecord { status_code, outcome: outcome.into(), ..request(acme, key, at) };
        catalog.write(&[record]).await.unwrap();
        expected = if is_used { Some(at) } else { expected };
        assert_eq!(last_used(key).await, expected, "{status_code} {outcome}");
    }

    // By the other way, among those of another key.
    let at = |seconds| began + TimeDelta::seconds(seconds);
    let refused =
        |id, at| UsageRecord { status_code: 401, outcome: "api-key-revoked".into(), ..request(acme, id, at) };
    let records = [request(acme, other, at(100)), refused(other, at(101)), refused(key, at(102))];
    let (spool, to) = (Uuid::now_v7(), SpoolPosition { segment: 0, byte: 900 });
    let from = catalog.open_spool(spool).await.unwrap().position;
    let batch = HandOver { spool, from, to, records: &records };
    assert_eq!(catalog.hand_over(batch).await.unwrap(), HandedOver::Written);
    assert_eq!((last_used(key).await, last_used(other).await), (expected, Some(at(100))));
}
