//! Finding anything, as far as one may see it.

use catalog::audit::Actor;
use domain::operator::Credential;
use domain::{Right, Rights};
use secrets::{ApiKey, ExposeSecret as _, OperatorToken};
use serde_json::Value;
use uuid::Uuid;

use super::Api;

const SEARCH: &str = "/api/admin/search";
const ACME: &str = "0198f7a0-0000-7000-8000-00000000000a";
const KEY: &str = "0198f7a0-0000-7000-8000-00000000000b";
const OPERATOR: &str = "0198f7a0-0000-7000-8000-00000000000c";

async fn rows(api: &Api) {
    api.sql(&format!(
        "insert into admin_customers (id, company_name, company_domain, billing_email, database_name, lifecycle)
         values ('{ACME}', 'Acme 100% GmbH', 'acme', 'pay@billing.example', 'db_of_acme', 'ready'),
                (default, 'Not Acme', 'zacme', null, null, 'ready'),
                (default, 'Acmeleon', 'other', null, null, 'ready'),
                (default, 'Acme to come', 'acme-to-come', null, null, 'provisioning');
         insert into admin_api_keys (id, customer_id, key_hash, key_prefix, name, status, impersonated_by, impersonation_reason)
         values ('{KEY}', '{ACME}', repeat('a', 64), 'sk_abcdefgh', 'Acme backend', 'active', null, null),
                (default, '{ACME}', repeat('b', 64), 'sk_abcdzzzz', 'Acme worker', 'revoked', null, null);
         insert into admin_operators (id, email, name, roles, password_hash)
         values ('{OPERATOR}', 'ann@acme.example', 'Ann', array['owner'], '$argon2id$')",
    ))
    .await;
}

fn found(answer: &Value, kind: &str, name: &str) -> Vec<String> {
    let rows = answer[kind].as_array().unwrap();
    rows.iter().map(|row| row[name].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn whatever_is_known_finds_it_and_the_best_comes_first() {
    let api = Api::new().await;
    rows(&api).await;
    for (text, customers, keys, operators) in [
        ("acme", vec!["acme", "other", "zacme"], vec!["Acme backend", "Acme worker"], vec!["Ann"]),
        ("ACME%20100%25", vec!["acme"], vec![], vec![]),
        ("%25", vec!["acme"], vec![], vec![]),
        ("billing.example", vec!["acme"], vec![], vec![]),
        ("db_of", vec!["acme"], vec![], vec![]),
        (ACME, vec!["acme"], vec![], vec![]),
        (KEY, vec![], vec!["Acme backend"], vec![]),
        (OPERATOR, vec![], vec![], vec!["Ann"]),
        ("sk_abcd", vec![], vec!["Acme backend", "Acme worker"], vec![]),
        ("%20sk_abcdefgh%20", vec![], vec!["Acme backend"], vec![]),
        ("bcdefgh", vec![], vec![], vec![]),
        ("ann@", vec![], vec![], vec!["Ann"]),
        ("nothing%20of%20that", vec![], vec![], vec![]),
    ] {
        let answer = api.get(&format!("{SEARCH}?q={text}")).await.expect(200).body;
        assert_eq!(found(&answer, "customers", "customer_id"), customers, "{text}");
        assert_eq!(found(&answer, "api_keys", "name"), keys, "{text}");
        assert_eq!(found(&answer, "operators", "name"), operators, "{text}");
    }
    let one = api.get(&format!("{SEARCH}?q=acme&limit=1")).await.expect(200).body;
    let counts = ["customers", "api_keys", "operators"].map(|kind| one[kind].as_array().unwrap().len());
    assert_eq!(counts, [1, 1, 1]);
    let key = &one["api_keys"][0];
    assert_eq!((&key["customer_id"], &key["customer_name"]), (&"acme".into(), &"Acme 100% GmbH".into()));
    assert_eq!(key["status"], "active");
}

#[tokio::test]
async fn nobody_finds_what_they_may_not_see() {
    for (rights, kinds) in [
        (Rights::of(&[Right::CustomersRead]), [3, 2, 0]),
        (Rights::of(&[Right::OperatorsRead]), [0, 0, 1]),
        (Rights::NONE, [0, 0, 0]),
    ] {
        let api = Api::new().await;
        rows(&api).await;
        let api = api.known_as(Actor::operator(Uuid::now_v7(), Credential::Session(Uuid::nil()), rights));
        let answer = api.get(&format!("{SEARCH}?q=acme")).await.expect(200).body;
        let counts =
            ["customers", "api_keys", "operators"].map(|kind| answer[kind].as_array().unwrap().len());
        assert_eq!(counts, kinds);
    }
}

#[tokio::test]
async fn a_secret_in_an_address_is_refused_and_not_repeated() {
    let api = Api::new().await;
    let key = ApiKey::generate().secret().expose_secret().to_owned();
    let token = OperatorToken::generate().secret().expose_secret().to_owned();
    for text in [key.clone(), token, format!("Bearer%20{key}"), format!("KEY={key}"), key[..25].to_owned()] {
        let refused = api.get(&format!("{SEARCH}?q={text}")).await;
        assert_eq!(refused.wrong_fields(), ["q"], "{text}");
        assert!(!refused.body.to_string().contains(&key[..12]), "{refused:?}");
    }
    api.get(&format!("{SEARCH}?q=sk_a_company_with_a_long_name")).await.expect(200);
    for (query, field) in [
        ("", "q"),
        ("q=", "q"),
        ("q=%20", "q"),
        ("q=a&limit=0", "limit"),
        ("q=a&limit=21", "limit"),
        ("q=%00", "q"),
        (&format!("q={}", "x".repeat(201)), "q"),
        ("text=a", "text"),
    ] {
        assert_eq!(api.get(&format!("{SEARCH}?{query}")).await.wrong_fields(), [field], "{query}");
    }
}
