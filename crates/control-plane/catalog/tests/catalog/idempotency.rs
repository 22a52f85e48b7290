//! `catalog::idempotency`.

use std::time::Duration;

use catalog::idempotency::{self, Claim, NewRequest, StoredAnswer};
use serde_json::json;
use uuid::Uuid;

use crate::setup;

const LEASE: Duration = Duration::from_secs(60);

fn request(scope: char, fingerprint: char) -> NewRequest<'static> {
    NewRequest {
        id: Uuid::now_v7(),
        scope_hash: scope.to_string().repeat(64),
        operator: "operator",
        method: "POST",
        path: "/api/admin/customers",
        key: "key",
        fingerprint: fingerprint.to_string().repeat(64),
    }
}

#[tokio::test]
async fn a_key_is_taken_once_and_answers_from_then_on() {
    let (_database, catalog) = setup::catalog().await;
    let client = catalog.client().await.unwrap();
    let first = request('a', '1');
    assert_eq!(idempotency::claim(&client, &first, LEASE).await.unwrap(), Claim::Won);
    let claim = |request: NewRequest<'static>| {
        let client = &client;
        async move { idempotency::claim(client, &request, LEASE).await.unwrap() }
    };
    assert_eq!(claim(request('a', '1')).await, Claim::Running);
    assert_eq!(claim(request('a', '2')).await, Claim::Reused);
    assert_eq!(claim(request('b', '1')).await, Claim::Won, "another key");

    let answer = StoredAnswer {
        status: 201,
        headers: json!({ "location": "/there" }),
        body_sealed: "v1.sealed".to_owned(),
        asked_permissions: Some(vec!["keys:write".to_owned()]),
        asked_session: true,
    };
    idempotency::keep(&client, first.id, &answer).await.unwrap();
    assert_eq!(claim(request('a', '1')).await, Claim::Done(first.id, answer.clone()));
    assert_eq!(claim(request('a', '2')).await, Claim::Reused);
    // Whoever comes late changes nothing any more.
    idempotency::free(&client, first.id).await.unwrap();
    idempotency::leave_unknown(&client, first.id).await.unwrap();
    idempotency::keep(&client, first.id, &StoredAnswer { status: 500, ..answer.clone() }).await.unwrap();
    assert_eq!(claim(request('a', '1')).await, Claim::Done(first.id, answer));
}

#[tokio::test]
async fn a_server_that_stopped_renewing_leaves_an_unknown_outcome_and_never_a_second_try() {
    let (_database, catalog) = setup::catalog().await;
    let client = catalog.client().await.unwrap();
    let first = request('a', '1');
    idempotency::claim(&client, &first, Duration::ZERO).await.unwrap();
    for _ in 0..2 {
        let again = idempotency::claim(&client, &request('a', '1'), LEASE).await.unwrap();
        assert_eq!(again, Claim::Unknown);
    }
    // It was only slow.
    idempotency::renew(&client, first.id, LEASE).await.unwrap();
    assert_eq!(idempotency::claim(&client, &request('a', '1'), LEASE).await.unwrap(), Claim::Running);
    idempotency::leave_unknown(&client, first.id).await.unwrap();
    assert_eq!(idempotency::claim(&client, &request('a', '1'), LEASE).await.unwrap(), Claim::Unknown);
}

#[tokio::test]
async fn a_key_that_was_given_back_or_is_a_day_old_is_free() {
    let (_database, catalog) = setup::catalog().await;
    let client = catalog.client().await.unwrap();
    let first = request('a', '1');
    idempotency::claim(&client, &first, LEASE).await.unwrap();
    idempotency::free(&client, first.id).await.unwrap();
    let second = request('a', '2');
    assert_eq!(idempotency::claim(&client, &second, LEASE).await.unwrap(), Claim::Won);

    let age = "update admin_idempotency_keys set expires_at = now()";
    client.execute(age, &[]).await.unwrap();
    // Still being done: neither free nor removed.
    assert_eq!(idempotency::claim(&client, &request('a', '2'), LEASE).await.unwrap(), Claim::Running);
    assert_eq!(idempotency::remove_expired(&client, 10).await.unwrap(), 0);
    let answer = StoredAnswer {
        status: 200,
        headers: json!({}),
        body_sealed: "v1.sealed".to_owned(),
        asked_permissions: Some(vec!["keys:write".to_owned()]),
        asked_session: true,
    };
    idempotency::keep(&client, second.id, &answer).await.unwrap();
    assert_eq!(idempotency::claim(&client, &request('a', '3'), LEASE).await.unwrap(), Claim::Won);
    assert_eq!(idempotency::claim(&client, &request('a', '3'), LEASE).await.unwrap(), Claim::Running);

    client.execute("update admin_idempotency_keys set lease_expires_at = now()", &[]).await.unwrap();
    assert_eq!(idempotency::remove_expired(&client, 10).await.unwrap(), 0, "its day isn't over");
    client.execute(age, &[]).await.unwrap();
    assert_eq!(idempotency::remove_expired(&client, 10).await.unwrap(), 1);
}

#[tokio::test]
async fn of_many_at_once_one_wins() {
    let (_database, catalog) = setup::catalog().await;
    let claims = (0..20).map(|_| {
        let catalog = catalog.clone();
        tokio::spawn(async move {
            let client = catalog.client().await.unwrap();
            idempotency::claim(&client, &request('a', '1'), LEASE).await.unwrap()
        })
    });
    let mut won = 0;
    for claim in claims.collect::<Vec<_>>() {
        match claim.await.unwrap() {
            Claim::Won => won += 1,
            other => assert_eq!(other, Claim::Running),
        }
    }
    assert_eq!(won, 1);
}
