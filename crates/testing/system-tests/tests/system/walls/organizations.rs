//! Two organizations of one customer: the same database, and still two worlds.

use std::collections::BTreeSet;

use serde_json::json;
use system_tests::{Api, Customer, Stack};

use super::resources::make_all;
use super::routes::{Audience, Route};

/// The resources that belong to the customer and not to one of its organizations.
const SHARED: [&str; 1] = ["organizations"];

pub(super) async fn story(stack: &Stack, routes: &[Route], customer: &Customer, other: &Customer) {
    let second = customer.api.post("/api/v1/organizations", &json!({ "name": "Second" })).await.expect(201);
    let third = customer.api.post("/api/v1/organizations", &json!({ "name": "Third" })).await.expect(201);
    let id = |organization: &serde_json::Value| organization["id"].as_str().unwrap().to_owned();
    let (second, third) =
        (customer.api.in_organization(&id(&second)), customer.api.in_organization(&id(&third)));
    let resources: BTreeSet<_> = routes
        .iter()
        .filter(|route| route.audience() == Audience::Customer)
        .map(Route::resource)
        .filter(|resource| !SHARED.contains(resource))
        .collect();
    let resources: Vec<_> = resources.into_iter().collect();
    let in_second = make_all(&second, &resources, "in-second").await;
    let in_third = make_all(&third, &resources, "in-third").await;
    for resource in &resources {
        for (inside, own, foreign, word) in
            [(&second, &in_second, &in_third, "in-third"), (&third, &in_third, &in_second, "in-second")]
        {
            let many = format!("/api/v1/{resource}");
            let page = inside.get(&many).await.expect(200);
            let ids: Vec<_> = page["data"].as_array().unwrap().iter().map(|row| row["id"].clone()).collect();
            assert_eq!(ids, [json!(own[*resource])], "{page}");
            assert_eq!(inside.get(&format!("{many}?q={word}")).await.expect(200)["data"], json!([]));
            let foreign = format!("{many}/{}", foreign[*resource]);
            inside.get(&foreign).await.expect_problem(404, "not-found");
            inside.patch(&foreign, &json!({})).await.expect_problem(404, "not-found");
            inside.delete(&foreign).await.expect_problem(404, "not-found");
            // Nor in the first organization, where one is without the header.
            customer.api.get(&foreign).await.expect_problem(404, "not-found");
        }
    }
    no_links_across(&second, &in_third["contacts"], &in_third["deals"], &in_third["users"]).await;
    let their_contact =
        other.api.post("/api/v1/contacts", &json!({ "first_name": "Theirs" })).await.expect(201);
    let their_contact = their_contact["id"].as_str().unwrap().to_owned();
    no_links_across(&second, &their_contact, &their_contact, &their_contact).await;
    for (header, status, kind) in
        [("nonsense", 400, "invalid-fields"), ("01a20922-337d-705e-845b-39d610d3630a", 404, "not-found")]
    {
        customer.api.in_organization(header).get("/api/v1/contacts").await.expect_problem(status, kind);
    }
    // What a move of the row would be is no field of the API.
    let moved = json!({ "org_id": id(&other.api.get("/api/v1/organizations").await.expect(200)["data"][0]) });
    let own = format!("/api/v1/contacts/{}", in_second["contacts"]);
    let refused = second.patch(&own, &moved).await;
    assert_eq!(refused.wrong_fields(), ["/org_id"], "{refused}");
    a_deleted_one_is_gone(stack, customer).await;
}

async fn no_links_across(inside: &Api, contact: &str, deal: &str, user: &str) {
    let cases = [
        ("tasks", json!({ "title": "x", "contact_id": contact }), "/contact_id"),
        ("tasks", json!({ "title": "x", "deal_id": deal }), "/deal_id"),
        ("deals", json!({ "name": "x", "contact_id": contact }), "/contact_id"),
        ("contacts", json!({ "first_name": "x", "user_id": user }), "/user_id"),
        ("activities", json!({ "type": "note", "deal_id": deal }), "/deal_id"),
    ];
    for (resource, body, field) in cases {
        let refused = inside.post(&format!("/api/v1/{resource}"), &body).await;
        assert_eq!(refused.wrong_fields(), [field], "{refused}");
        refused.expect_problem(400, "invalid-fields");
    }
}

async fn a_deleted_one_is_gone(_: &Stack, customer: &Customer) {
    let fourth = customer.api.post("/api/v1/organizations", &json!({ "name": "Fourth" })).await.expect(201);
    let id = fourth["id"].as_str().unwrap();
    let inside = customer.api.in_organization(id);
    inside.get("/api/v1/contacts").await.expect(200);
    customer.api.delete(&format!("/api/v1/organizations/{id}")).await.expect(204);
    inside.get("/api/v1/contacts").await.expect_problem(404, "not-found");
    inside.post("/api/v1/contacts", &json!({ "first_name": "x" })).await.expect_problem(404, "not-found");
}
