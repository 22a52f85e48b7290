//! The people of a customer: all of them, page by page, and never another customer's.

use domain::Plan;
use http::Method;
use serde_json::{Value, json};
use testkit::CustomerDatabase;
use uuid::Uuid;

use super::Api;

const PATH: &str = "/api/admin/customers/acme/users";

/// Organizations with users, as their owner makes them.
async fn people(database: &CustomerDatabase, organization: &str, users: &[&str]) {
    let owner = testkit::connect(&database.superuser_url()).await;
    let sql = "insert into organizations (name) values ($1) returning id";
    let id: Uuid = owner.query_one(sql, &[&organization]).await.unwrap().get(0);
    for user in users {
        let (email, clerk) = (format!("{user}@example.org"), format!("user_{user}"));
        let sql =
            "insert into users (org_id, email, name, role, clerk_user_id) values ($1, $2, $3, 'user', $4)";
        owner.execute(sql, &[&id, &email, user, &clerk]).await.unwrap();
    }
}

fn emails(page: &Value) -> Vec<&str> {
    page["data"].as_array().unwrap().iter().map(|user| user["email"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn everybody_is_listed_with_their_organization_and_their_link() {
    let api = Api::new().await;
    let (acme, other) = (testkit::customer_database().await, testkit::customer_database().await);
    people(&acme, "First", &["ada", "bob"]).await;
    people(&acme, "Empty", &[]).await;
    people(&acme, "Second", &["cem", "dee"]).await;
    people(&other, "Elsewhere", &["eve"]).await;
    for (slug, database) in [("acme", &acme), ("other", &other)] {
        let id = api.customer(slug, Plan::Pro).await;
        api.place(id, database, database.port()).await;
        if slug == "acme" {
            // The next one's place is its own.
            api.sql("update admin_instances set host = '127.0.0.1'").await;
        }
    }
    api.sql(
        "update admin_customers set clerk_org_id = 'org_' || company_domain;
         insert into admin_clerk_memberships (clerk_org_id, clerk_user_id, role, changed_at, removed_at, version, synced_version)
             values ('org_acme', 'user_ada', 'org:admin', now(), null, 2, 2),
                    ('org_acme', 'user_bob', 'org:member', now(), now(), 3, 2),
                    ('org_other', 'user_cem', 'org:admin', now(), null, 1, 1)",
    )
    .await;
    let another = json!({ "clerk_org_id": "org_acme" });
    let taken = api.ask(Method::PATCH, "/api/admin/customers/other", &another).await;
    assert_eq!(taken.body["errors"][0]["field"], "/clerk_org_id", "{taken:?}");
    taken.expect_problem(409, "already-exists");
    let all = api.get(PATH).await.expect(200).body;
    let expected = ["ada@example.org", "bob@example.org", "cem@example.org", "dee@example.org"];
    assert_eq!(emails(&all), expected);
    assert_eq!(all["next_cursor"], Value::Null);
    let [ada, bob, cem] = [0, 1, 2].map(|place| &all["data"][place]);
    assert_eq!(
        (&ada["organization"]["name"], &cem["organization"]["name"]),
        (&json!("First"), &json!("Second"))
    );
    assert_eq!(
        (&ada["membership"]["state"], &ada["membership"]["is_synced"]),
        (&json!("member"), &json!(true))
    );
    assert_eq!(
        (&bob["membership"]["state"], &bob["membership"]["is_synced"]),
        (&json!("removed"), &json!(false))
    );
    assert_eq!(cem["membership"], Value::Null, "what is told of them elsewhere doesn't count here");

    for size in 1..=5 {
        let (mut paged, mut cursor) = (Vec::new(), String::new());
        loop {
            let page = api.get(&format!("{PATH}?limit={size}{cursor}")).await.expect(200).body;
            assert!(page["data"].as_array().unwrap().len() <= size);
            paged.extend(page["data"].as_array().unwrap().clone());
            match page["next_cursor"].as_str() {
                Some(next) => cursor = format!("&cursor={next}"),
                None => break,
            }
        }
        assert_eq!(&json!(paged), &all["data"], "{size} a page");
    }
    let theirs = api.get("/api/admin/customers/other/users").await.expect(200).body;
    assert_eq!(emails(&theirs), ["eve@example.org"]);
}

#[tokio::test]
async fn a_database_that_is_away_or_somebody_elses_is_named() {
    let api = Api::new().await;
    let database = testkit::customer_database().await;
    let proxy = testkit::fault_proxy(database.port()).await;
    let id = api.customer("acme", Plan::Starter).await;
    api.place(id, &database, proxy.port()).await;
    api.customer("foreign", Plan::Starter).await;
    assert_eq!(emails(&api.get(PATH).await.expect(200).body), [""; 0], "no organization, nobody");
    for (query, field) in [("limit=201", "limit"), ("cursor=x.y", "cursor"), ("q=a", "q")] {
        assert_eq!(api.get(&format!("{PATH}?{query}")).await.wrong_fields(), [field]);
    }
    proxy.refuse();
    let away = api.get(PATH).await.expect_problem(503, "unavailable");
    assert!(away.text("detail").contains("can't be reached"), "{away:?}");
    api.get("/api/admin/customers/foreign/users").await.expect_problem(409, "conflict");
    api.get("/api/admin/customers/nobody/users").await.expect_problem(404, "not-found");
}
