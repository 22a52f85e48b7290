//! What happens to an organization and its people.

use std::process::Command;

use serde_json::{Value, json};
use system_tests::Connection;
use testkit::{WebhookSigner, wait_for};
use wiremock::matchers::{header, method, path};
use wiremock::{Mock, ResponseTemplate};

use super::house::{BACKEND_KEY, House, PATIENCE};

const READY: &str = "select lifecycle::text from admin_customers where clerk_org_id = 'org_acme'";

/// Members come before they are known, and the organization last; the customer is there, and knows them.
pub(super) async fn people_come(house: &mut House) {
    house.send_member("msg_1", "created", ("org_acme", "user_ada"), "org:admin").await;
    house.send_user("msg_2", "user_ada", "Ada").await;
    let ada = house.signed_in("user_ada", "org_acme", "admin").await;
    ada.get("/api/v1/deals").await.expect_problem(403, "organization-unknown");
    house.send_organization("msg_3", "org_acme", "acme").await;
    house.until_admin_says(READY, "ready").await;
    // Sent again, as it is when an answer was lost: nothing is done twice.
    house.send_organization("msg_3", "org_acme", "acme").await;
    house.send_organization("msg_4", "org_acme", "acme").await;
    house.send_user("msg_5", "user_bob", "Bob").await;
    house.send_member("msg_6", "created", ("org_acme", "user_bob"), "org:member").await;

    wait_for("the members to be users", PATIENCE, async || {
        ada.get("/api/v1/users?sort=email").await.expect(200)["data"].as_array().unwrap().len() == 2
    })
    .await;
    let users = ada.get("/api/v1/users?sort=email").await.expect(200);
    let shown = |user: &Value| (user["email"].clone(), user["role"].clone(), user["clerk_user_id"].clone());
    assert_eq!(shown(&users["data"][0]), (json!("ada@example.com"), json!("admin"), json!("user_ada")));
    assert_eq!(shown(&users["data"][1]), (json!("bob@example.com"), json!("user"), json!("user_bob")));
    let counts = "select count(*)::text from admin_customers where clerk_org_id is not null";
    assert_eq!(house.admin_value(counts).await.as_deref(), Some("1"));
    let begun = "select subscription_plan::text || ' ' || coalesce(billing_email, '') from admin_customers where clerk_org_id is not null";
    assert_eq!(house.admin_value(begun).await.as_deref(), Some("pro ada@example.com"));

    // What the role gives: a member works, and doesn't say who else does.
    let bob = house.signed_in("user_bob", "org_acme", "member").await;
    let deal = bob.post("/api/v1/deals", &json!({ "name": "Deal" })).await.expect(201);
    bob.post("/api/v1/users", &json!({ "email": "eve@example.com" }))
        .await
        .expect_problem(403, "permission-missing");
    // The customer's own log names who did it.
    let connection = Connection::of(&house.stack.operator, "acme", "owner").await;
    let client = connection.connect().await;
    client
        .execute("select set_config('app.org_id', (select id::text from organizations), false)", &[])
        .await
        .unwrap();
    let row = client
        .query_one(
            "select log.user_id = bob.id from audit_logs log, users bob
             where bob.clerk_user_id = 'user_bob' and log.resource_id = $1::text::uuid and log.action = 'create'",
            &[&deal["id"].as_str().unwrap()],
        )
        .await
        .unwrap();
    assert!(row.get::<_, bool>(0));
    let users = client
        .query("select action from audit_logs where resource_type = 'users' order by created_at", &[])
        .await
        .unwrap();
    assert_eq!(users.len(), 2);
}

/// A member of one organization reaches nothing of another, whatever they say.
pub(super) async fn nobody_sees_another_organization(house: &mut House) {
    house.send_organization("msg_10", "org_globex", "globex").await;
    let ready = "select lifecycle::text from admin_customers where clerk_org_id = 'org_globex'";
    house.until_admin_says(ready, "ready").await;
    let bob = house.signed_in("user_bob", "org_acme", "member").await;
    let deals = bob.get("/api/v1/deals").await.expect(200);
    let deal = format!("/api/v1/deals/{}", deals["data"][0]["id"].as_str().unwrap());
    let organization = bob.get("/api/v1/organizations").await.expect(200)["data"][0]["id"].clone();
    let stranger = house.signed_in("user_eve", "org_globex", "admin").await;
    assert_eq!(stranger.get("/api/v1/deals").await.expect(200)["data"], json!([]));
    stranger.get(&deal).await.expect_problem(404, "not-found");
    stranger
        .in_organization(organization.as_str().unwrap())
        .get(&deal)
        .await
        .expect_problem(404, "not-found");
    // Nor is a session a way to what operators do, or a signature of one's own a way in.
    stranger.get("/api/admin/customers").await.expect(401);
    let forged = WebhookSigner::new(b"a key of the stranger's own, long enough");
    let body = json!({ "type": "organizationMembership.created", "timestamp": 1, "data": {} }).to_string();
    house.send_body("msg_11", &body, &forged).await.expect_problem(401, "webhook-refused");
    let written = "select count(*)::text from admin_clerk_messages where id = 'msg_11'";
    assert_eq!(house.admin_value(written).await.as_deref(), Some("0"));
}

/// A new key is asked for; with the provider gone, the known keys go on.
pub(super) async fn keys_change_and_the_provider_goes_away(house: &mut House) {
    house.provider.generate_key("second").await;
    let bob = house.signed_in_by("second", "user_bob", "org_acme", "member").await;
    bob.get_once("/api/v1/deals", 200).await;
    let unfinished = json!({
        "sub": "user_bob", "azp": "https://other.example.com", "v": 2, "o": { "id": "org_acme", "rol": "member" }
    });
    let token = house.provider.sign("first", &unfinished).await;
    house.stack.operator.with_token(&token).get("/api/v1/deals").await.expect_problem(401, "session-refused");
}

/// Who is removed is out at once, though the token is good for a minute.
pub(super) async fn people_go(house: &mut House) {
    let bob = house.signed_in("user_bob", "org_acme", "member").await;
    let ada = house.signed_in("user_ada", "org_acme", "admin").await;
    bob.get("/api/v1/deals").await.expect(200);
    house.send_member("msg_20", "deleted", ("org_acme", "user_bob"), "org:member").await;
    let refused = bob.get_once("/api/v1/deals", 403).await;
    refused.expect_problem(403, "membership-ended");
    ada.get("/api/v1/deals").await.expect(200);
    wait_for("the user to be inactive", PATIENCE, async || {
        let users = ada.get("/api/v1/users?email=bob@example.com").await.expect(200);
        users["data"][0]["is_active"] == false
    })
    .await;
}

/// `sixty clerk` and the operator API show it, have a message done once more, and compare.
pub(super) async fn operators_look_at_it(house: &House) {
    let program = &house.stack.program;
    let listed = program.run(&["clerk", "messages", "--all", "--json"]).await.succeeded().json();
    assert!(
        listed["data"].as_array().unwrap().iter().all(|message| message["status"] == "processed"),
        "{listed}"
    );
    let shown = program.run(&["clerk", "message", "msg_2"]).await.succeeded().json();
    assert_eq!(shown["payload"]["data"]["id"], "user_ada");
    program.run(&["clerk", "replay", "msg_2"]).await.succeeded();
    let missing = program.run(&["clerk", "replay", "msg_none"]).await;
    assert_eq!(missing.code, Some(3), "{missing:?}");

    // Clerk knows of one more member, and of nobody in the other organization.
    let answers = |at: &str, body: Value| {
        Mock::given(method("GET"))
            .and(path(at))
            .and(header("authorization", format!("Bearer {BACKEND_KEY}")))
            .respond_with(ResponseTemplate::new(200).set_body_json(body))
    };
    let organization =
        |id: &str, name: &str| json!({ "id": id, "name": name, "slug": name, "created_by": "user_ada" });
    let member = |user: &str| json!({ "role": "org:admin", "organization": { "id": "org_acme" }, "public_user_data": { "user_id": user } });
    let both = json!({ "data": [organization("org_acme", "acme"), organization("org_globex", "globex")] });
    answers("/v1/organizations", both).mount(&house.api).await;
    let members = json!({ "data": [member("user_ada"), member("user_dan")] });
    answers("/v1/organizations/org_acme/memberships", members).mount(&house.api).await;
    answers("/v1/organizations/org_globex/memberships", json!({ "data": [] })).mount(&house.api).await;
    let dan = json!({ "id": "user_dan", "first_name": "Dan", "email_addresses": [{ "id": "i", "email_address": "dan@example.com" }] });
    answers("/v1/users/user_dan", dan).mount(&house.api).await;
    program.run(&["clerk", "reconcile"]).await.succeeded();
    let found = "select string_agg(entry ->> 'kind', ',') from admin_clerk_reconciliations, jsonb_array_elements(drift) entry";
    house.until_admin_says(found, "membership_missing").await;
    let member = "select count(*)::text from admin_clerk_memberships where clerk_user_id = 'user_dan' and synced_version = version";
    house.until_admin_says(member, "1").await;
    let status = program.run(&["clerk", "status"]).await.succeeded();
    assert!(status.output.contains("2 organizations, 2 memberships, 1 differences"), "{status:?}");
}

/// A deleted organization: its customer is suspended.
pub(super) async fn an_organization_goes(house: &mut House) {
    let eve = house.signed_in("user_eve", "org_globex", "admin").await;
    eve.get("/api/v1/deals").await.expect(200);
    let gone = json!({ "id": "org_globex", "deleted": true, "object": "organization" });
    house.send("msg_30", "organization.deleted", gone).await.expect(204);
    eve.get_once("/api/v1/deals", 403).await.expect_problem(403, "customer-suspended");
    let ada = house.signed_in("user_ada", "org_acme", "admin").await;
    ada.get("/api/v1/deals").await.expect(200);
}

/// Neither a secret of the configuration nor a session token is in a file, a log or a process list.
pub(super) async fn no_secret_is_left_behind(house: &mut House) {
    let token = house.provider.sign("first", &json!({})).await;
    let begin = token.split('.').next().unwrap().to_owned();
    let secrets = [BACKEND_KEY.to_owned(), house.signer.secret(), begin];
    for secret in &secrets {
        let output =
            Command::new("grep").args(["-rlaF", "-e", secret]).arg(house.stack.path()).output().unwrap();
        let files = String::from_utf8_lossy(&output.stdout).into_owned();
        assert_eq!(files, "", "{secret} is in a file");
        assert!(!house.stack.log().contains(secret.as_str()), "{secret} is in the log");
        for process in house.stack.processes() {
            for what in ["cmdline", "environ"] {
                let bytes = std::fs::read(format!("/proc/{}/{what}", process.id)).unwrap_or_default();
                assert!(!String::from_utf8_lossy(&bytes).contains(secret.as_str()), "{secret} in {what}");
            }
        }
    }
}
