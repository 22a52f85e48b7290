//! `catalog::stored_secrets`: what counts, and as how old.

use catalog::audit_streams::{self, StreamChange};
use catalog::stored_secrets::{self, SecretKind, StoredSecrets};
use catalog::{Client, sealed_places};
use chrono::Utc;
use uuid::Uuid;

use crate::setup;

/// Name, number, and age and owner of the oldest.
type Row<'a> = (&'static str, i64, Option<(i64, Option<&'a str>)>);

async fn told(client: &Client) -> Vec<StoredSecrets> {
    stored_secrets::by_kind(client).await.unwrap()
}

fn rows(stored: &[StoredSecrets]) -> Vec<Row<'_>> {
    stored
        .iter()
        .map(|StoredSecrets { kind, count, oldest }| {
            let oldest = oldest.as_ref();
            let age = oldest.map(|one| ((Utc::now() - one.set_at).num_days(), one.customer_slug.as_deref()));
            (kind.as_str(), *count, age)
        })
        .collect()
}

#[tokio::test]
async fn each_secret_counts_once_for_its_kind_and_the_oldest_is_told() {
    let (_database, catalog) = setup::catalog().await;
    let client = catalog.client().await.unwrap();
    let none: Vec<Row<'_>> = SecretKind::ALL.map(|kind| (kind.as_str(), 0, None)).into();
    assert_eq!(rows(&told(&client).await), none);

    let acme = setup::customer(&client, "acme").await.id;
    let beta = setup::customer(&client, "beta").await.id;
    let gone = setup::customer(&client, "gone").await.id;
    let ago = |days: i32| format!("now() - interval '{days} days'");
    let stream = Uuid::now_v7();
    let sql = [
        // The app role's password is there twice.
        format!(
            "insert into admin_database_credentials (customer_id, role, username, password_encrypted, created_at)
             values ('{acme}', 'app', 'a', 's', {ten}), ('{acme}', 'owner', 'o', 's', {ten}), ('{beta}', 'app', 'b', 's', {old})",
            ten = ago(10),
            old = ago(400),
        ),
        "update admin_customers set database_password_encrypted = 's'".to_owned(),
        // A key is as old as itself, not as its row; one that isn't used is stored all the same.
        format!(
            "insert into admin_customer_ai_keys (customer_id, ai_provider, api_key_encrypted, is_active, set_at, created_at)
             values ('{acme}', 'openai', 's', true, {}, {}), ('{beta}', 'gemini', 's', false, {}, {}),
                    ('{gone}', 'openai', 's', true, {}, {})",
            ago(3), ago(900), ago(2), ago(2), ago(800), ago(800),
        ),
        format!(
            "insert into admin_backups (customer_id, database_name, kind, path, key_encrypted, key_sealed, created_at)
             values ('{acme}', 'a', 'manual', '/a', 's', null, {}), ('{gone}', 'g', 'manual', '/g', null, 's', {}),
                    (null, 'admin', 'manual', '/admin', null, 's', {}), ('{beta}', 'b', 'manual', '/b', null, null, {})",
            ago(20), ago(500), ago(1), ago(900),
        ),
        format!(
            "insert into admin_operators (email, name, roles, password_hash, totp_secret_sealed, totp_confirmed_at, created_at)
             values ('a@example.org', 'A', '{{owner}}', 'x', 's', {}, {}), ('b@example.org', 'B', '{{owner}}', 'x', 's', null, {})",
            ago(30), ago(300), ago(900),
        ),
        format!(
            "insert into admin_audit_streams (id, name, endpoint, signing_secret_sealed, authorization_sealed, created_at)
             values ('{stream}', 'a', 'https://a.example', 's', 's', {}), (gen_random_uuid(), 'b', 's3://bucket', null, null, {})",
            ago(700), ago(900),
        ),
        format!(
            "insert into admin_acme_accounts (id, directory, key_sealed, created_at)
             values ('{stream}', 'https://ca.example', 's', {})",
            ago(50),
        ),
        format!(
            "insert into admin_acme_certificates
                 (account_id, domains, chain, key_sealed, starts_at, expires_at, order_url, order_key_sealed, created_at)
             values ('{stream}', '{{a.example}}', 'c', 's', {}, now(), 'https://ca.example/1', 's', {}),
                    ('{stream}', '{{b.example}}', null, null, null, null, 'https://ca.example/2', 's', {})",
            ago(5), ago(900), ago(900),
        ),
        "insert into admin_idempotency_keys
             (scope_hash, operator, method, path, idempotency_key, fingerprint, lease_expires_at, response_status,
              response_body_sealed)
         values (repeat('a', 64), 'o', 'POST', '/', 'k', repeat('b', 64), now(), 200, 's')"
            .to_owned(),
        // Their data key is gone, and with it what it sealed. Their backup's key was handed over to the platform's.
        format!("update admin_customers set lifecycle = 'deleted', deleted_at = now() where id = '{gone}'"),
    ];
    client.batch_execute(&sql.join(";\n")).await.unwrap();

    let stored = told(&client).await;
    let expected: Vec<Row<'_>> = vec![
        ("database_password", 3, Some((400, Some("beta")))),
        ("ai_key", 2, Some((3, Some("acme")))),
        ("backup_key", 3, Some((500, Some("gone")))),
        ("authenticator_app", 1, Some((30, None))),
        ("stream_signing_secret", 1, Some((700, None))),
        ("stream_authorization", 1, Some((700, None))),
        ("acme_account_key", 1, Some((50, None))),
        ("certificate_key", 1, Some((5, None))),
    ];
    assert_eq!(rows(&stored), expected);
    assert_eq!(stored[0].oldest.as_ref().unwrap().customer_id, Some(beta));
    assert_eq!(stored[0].oldest.as_ref().unwrap().company_name.as_deref(), Some("beta Inc."));

    // Another one is new; the same one, sealed anew, is as old as before.
    let change = |authorization_sealed| StreamChange {
        name: "a",
        is_active: true,
        authorization_sealed: Some(authorization_sealed),
        ca_certificate: None,
    };
    audit_streams::update(&client, stream, &change("s")).await.unwrap();
    assert_eq!(rows(&told(&client).await), expected);
    audit_streams::update(&client, stream, &change("t")).await.unwrap();
    assert_eq!(rows(&told(&client).await)[5], ("stream_authorization", 1, Some((0, None))));
    client
        .batch_execute(&format!("update admin_audit_streams set authorization_set_at = {}", ago(40)))
        .await
        .unwrap();
    let place = sealed_places::of(None).find(|place| place.column == "authorization_sealed").unwrap();
    let secret = sealed_places::SealedSecret { place, row: stream, sealed: "t".to_owned() };
    assert!(sealed_places::replace(&client, &secret, "u").await.unwrap());
    assert_eq!(
        rows(&told(&client).await)[4..6],
        [("stream_signing_secret", 1, Some((700, None))), ("stream_authorization", 1, Some((40, None))),]
    );
}
