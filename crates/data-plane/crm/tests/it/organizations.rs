//! A customer's organizations: choosing one, keeping them apart, keeping one.

use http::{Method, StatusCode};
use serde_json::{Value, json};

use crate::api::{Api, least};

#[tokio::test]
async fn the_header_chooses_and_the_first_is_the_default() {
    let api = Api::new().await;
    let (first, second) = (api.customer.first, api.customer.second);
    let in_default = api.create("contacts", json!({"first_name": "Default"})).await;
    assert_eq!(in_default["org_id"], json!(first));
    api.enter(second);
    let in_second = api.create("contacts", json!({"first_name": "Second"})).await;
    assert_eq!(in_second["org_id"], json!(second));
    assert_eq!(api.list("contacts").await, [in_second]);
    api.enter(first);
    assert_eq!(api.list("contacts").await, [in_default]);

    // The list of organizations is the same from everywhere.
    assert_eq!(api.list("organizations").await.len(), 2);
}

#[tokio::test]
async fn a_malformed_header_is_named() {
    let api = Api::new().await;
    for wrong in ["", "x", "123", "00000000-0000-7000-8000-00000000000g"] {
        let answer = api.call(Method::GET, "contacts", &[("x-organization-id", wrong)], None).await;
        assert_eq!(answer.fields(), ["X-Organization-Id"], "{wrong}");
    }
    let first = api.customer.first.to_string();
    let twice = [("x-organization-id", first.as_str()), ("x-organization-id", first.as_str())];
    assert_eq!(api.call(Method::GET, "contacts", &twice, None).await.fields(), ["X-Organization-Id"]);
}

#[tokio::test]
async fn another_organizations_objects_look_as_if_they_were_not_there() {
    let api = Api::new().await;
    api.enter(api.customer.second);
    let mut foreign = std::collections::BTreeMap::new();
    for resource in crm::RESOURCES.into_iter().filter(|resource| resource.path != "organizations") {
        let created = api.create(resource.path, least(resource.path)).await;
        foreign.insert(resource.path, created["id"].as_str().unwrap().to_owned());
    }
    api.enter(api.customer.first);
    let nobody = uuid::Uuid::now_v7().to_string();
    for (path, id) in &foreign {
        assert!(api.list(path).await.is_empty(), "{path}");
        for method in [Method::GET, Method::PATCH, Method::DELETE] {
            let body = (method == Method::PATCH).then(|| json!({}));
            let foreign = api.call(method.clone(), &format!("{path}/{id}"), &[], body.as_ref()).await;
            let unknown = api.call(method, &format!("{path}/{nobody}"), &[], body.as_ref()).await;
            assert_eq!(foreign.status, StatusCode::NOT_FOUND, "{path}");
            assert_eq!(foreign.body, unknown.body, "{path}");
        }
    }
    for (path, link, target) in [
        ("contacts", "user_id", "users"),
        ("deals", "user_id", "users"),
        ("deals", "contact_id", "contacts"),
        ("activities", "user_id", "users"),
        ("activities", "deal_id", "deals"),
        ("activities", "contact_id", "contacts"),
        ("tasks", "user_id", "users"),
        ("tasks", "deal_id", "deals"),
        ("tasks", "contact_id", "contacts"),
        ("calendar-events", "user_id", "users"),
        ("calendar-events", "deal_id", "deals"),
        ("calendar-events", "contact_id", "contacts"),
        ("workflows", "user_id", "users"),
    ] {
        let mut body = least(path);
        body[link] = json!(foreign[target]);
        let with_foreign = api.post(path, body.clone()).await;
        body[link] = json!(nobody);
        let with_nobody = api.post(path, body).await;
        assert_eq!(with_foreign.fields(), [format!("/{link}")]);
        assert_eq!(with_foreign.body, with_nobody.body, "{path} {link}");
    }
}

#[tokio::test]
async fn one_organization_stays_and_none_goes_with_its_rows() {
    let api = Api::new().await;
    let (first, second) = (api.customer.first, api.customer.second);
    api.create("contacts", json!({"first_name": "Ann"})).await;
    let answer = api.delete(&format!("organizations/{first}")).await;
    assert_eq!(answer.status, StatusCode::CONFLICT, "{}", answer.body);
    assert_eq!(api.delete(&format!("organizations/{second}")).await.status, StatusCode::NO_CONTENT);
    let answer = api.delete(&format!("organizations/{first}")).await;
    assert_eq!(answer.status, StatusCode::CONFLICT);
    assert!(answer.body["detail"].as_str().unwrap().contains("last"), "{}", answer.body);
    api.enter(second);
    assert_eq!(api.get("contacts").await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn of_two_that_delete_the_last_two_organizations_one_is_refused() {
    for _ in 0..5 {
        let api = Api::new().await;
        let (first, second) = (api.customer.first, api.customer.second);
        let (first, second) = (format!("organizations/{first}"), format!("organizations/{second}"));
        let header = [("x-organization-id", &first[14..])];
        let other = [("x-organization-id", &second[14..])];
        let (one, two) = tokio::join!(
            api.call(Method::DELETE, &first, &header, None),
            api.call(Method::DELETE, &second, &other, None)
        );
        let statuses = [one.status, two.status];
        assert!(statuses.contains(&StatusCode::NO_CONTENT), "{statuses:?}");
        assert!(statuses.contains(&StatusCode::CONFLICT), "{statuses:?}");
        assert_eq!(api.list("organizations").await.len(), 1);
    }
}

#[tokio::test]
async fn an_organization_is_described() {
    let api = Api::new().await;
    let made = api
        .create(
            "organizations",
            json!({"name": "Vienna", "timezone": "Europe/Vienna", "currency": "EUR", "website": "https://example.com"}),
        )
        .await;
    assert_eq!(
        (&made["timezone"], &made["currency"], &made["metadata"]),
        (&json!("Europe/Vienna"), &json!("EUR"), &json!({}))
    );
    let answer =
        api.post("organizations", json!({"name": "x", "timezone": "Mars/Base", "currency": "eur"})).await;
    assert_eq!(answer.fields(), ["/timezone", "/currency"]);
    let object = format!("organizations/{}", made["id"].as_str().unwrap());
    assert_eq!(api.patch(&object, json!({"timezone": Value::Null})).await.fields(), ["/timezone"]);
}
