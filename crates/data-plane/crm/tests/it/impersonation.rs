//! Every row of the customer's own log that an operator causes in their place names the operator beside the customer's key, and
//! no row that the customer causes does.

use std::collections::BTreeSet;

use crm::RESOURCES;
use domain::principal::{Caller, Impersonator};
use http::{Method, StatusCode};
use serde_json::json;
use uuid::Uuid;

use crate::api::{Api, least};
use crate::support::enter;

const OPERATOR: &str = "ann@example.org";

#[tokio::test]
async fn every_row_that_an_operator_causes_names_both_and_no_other_row_does() {
    let mut api = Api::new().await;
    let mut keys = BTreeSet::new();
    for impersonated in [false, true] {
        let Caller::Key(key) = &mut api.principal.caller else { panic!("a key") };
        key.impersonator =
            impersonated.then(|| Impersonator { operator_id: Uuid::now_v7(), email: OPERATOR.to_owned() });
        // A key of its own, as an impersonation has.
        key.id = domain::ApiKeyId::generate();
        keys.insert((key.id.uuid(), impersonated));
        for resource in RESOURCES {
            let path = resource.path;
            let once = format!("{path} {impersonated}");
            let made = api.call(Method::POST, path, &[("idempotency-key", &once)], Some(&least(path))).await;
            assert_eq!(made.status, StatusCode::CREATED, "{path}: {}", made.body);
            let banner = made.headers.get("x-impersonated-by").map(|value| value.to_str().unwrap());
            assert_eq!(banner, impersonated.then_some(OPERATOR), "{path}");
            let object = format!("{path}/{}", made.body["id"].as_str().unwrap());
            let change = match path {
                "workflows" | "smart-task-templates" => json!({ "name": "Changed" }),
                _ => json!({ "metadata": { "is": "changed" } }),
            };
            assert_eq!(api.patch(&object, change).await.status, StatusCode::OK, "{path}");
            // Refused and not found: they change nothing and leave nothing, and say who asked all the same.
            let refused = api.patch(&object, json!({ "no_such_field": 1 })).await;
            let missing = api.delete(&format!("{path}/{}", Uuid::nil())).await;
            for answer in [&refused, &missing] {
                let banner = answer.headers.get("x-impersonated-by").map(|value| value.to_str().unwrap());
                assert_eq!(banner, impersonated.then_some(OPERATOR), "{path}: {answer:?}");
            }
            assert_eq!((refused.status, missing.status), (StatusCode::BAD_REQUEST, StatusCode::NOT_FOUND));
            assert_eq!(api.delete(&object).await.status, StatusCode::NO_CONTENT, "{path}");
        }
    }
    let readonly = testkit::connect(&api.customer.database.readonly_url()).await;
    let mut seen = BTreeSet::new();
    for organization in [api.customer.first, api.customer.second] {
        enter(&readonly, &organization.to_string()).await;
        let sql = "select resource_type, action, api_key_id, impersonator from audit_logs";
        for row in readonly.query(sql, &[]).await.unwrap() {
            let (resource, action): (String, String) = (row.get(0), row.get(1));
            let key: Option<Uuid> = row.get(2);
            let impersonator: Option<String> = row.get(3);
            let is_operators = impersonator.as_deref() == Some(OPERATOR);
            assert!(impersonator.is_none() || is_operators);
            let is_of_key = key.is_some_and(|key| keys.contains(&(key, is_operators)));
            assert!(is_of_key, "{action} of {resource} by {key:?}: {impersonator:?}");
            seen.insert((resource, action, is_operators));
        }
    }
    for resource in RESOURCES {
        for action in ["create", "update", "delete"] {
            for by_operator in [false, true] {
                let wanted = (resource.table.to_owned(), action.to_owned(), by_operator);
                assert!(seen.contains(&wanted), "{wanted:?}: {seen:?}");
            }
        }
    }
}
