//! An operator acts in a customer's place: what they may do, what the customer sees of it, and when it ends.

use std::time::Duration;

use serde_json::json;
use system_tests::Stack;
use testkit::wait_for;

const PATIENCE: Duration = Duration::from_secs(20);

pub(super) async fn story(stack: &Stack) {
    let (customer, other) = tokio::join!(stack.customer("helped"), stack.customer("unhelped"));
    let second = json!({ "name": "Second" });
    customer.api.post("/api/v1/organizations", &second).await.expect(201);
    let deal = json!({ "name": "Deal" });
    let (support, admin) = tokio::join!(
        stack.signed_in("support@example.org", &["support"]),
        stack.signed_in("admin@example.org", &["admin"]),
    );
    let path = format!("/api/admin/customers/{}/impersonations", customer.id);
    let reason = json!({ "reason": "ticket 7: a deal is missing" });

    // Only who is signed in, only with a reason, only so far as their role goes.
    stack.operator.post(&path, &reason).await.expect_problem(403, "forbidden");
    support.post(&path, &json!({ "reason": " " })).await.expect_problem(400, "invalid-fields");
    support
        .post(&path, &json!({ "reason": "why", "minutes": 31 }))
        .await
        .expect_problem(400, "invalid-fields");
    let write = json!({ "reason": "ticket 8: the import", "write": true, "minutes": 30 });
    support.post(&path, &write).await.expect_problem(403, "operator-permission-missing");

    let reading = support.post(&path, &reason).await.expect(201);
    let reader = customer.api.with_token(reading["key"].as_str().unwrap());
    let page = reader.get("/api/v1/deals").await;
    assert_eq!(page.status, 200);
    assert_eq!(page.header("x-impersonated-by"), "support@example.org");
    reader.post("/api/v1/deals", &deal).await.expect_problem(403, "permission-missing");
    assert_eq!(customer.api.get("/api/v1/deals").await.header("x-impersonated-by"), "");

    let writing = admin.post(&path, &write).await.expect(201);
    let writer = customer.api.with_token(writing["key"].as_str().unwrap());
    let made = writer.post("/api/v1/deals", &deal).await.expect(201);
    // The other customer has nothing of it.
    let elsewhere = format!("/api/v1/deals/{}", made["id"].as_str().unwrap());
    other.api.get(&elsewhere).await.expect_problem(404, "not-found");
    let theirs = format!("/api/admin/customers/{}/impersonations", other.id);
    let end = format!("{theirs}/{}/end", writing["id"].as_str().unwrap());
    admin.post(&end, &json!({})).await.expect_problem(404, "not-found");

    the_customer_sees_it(stack, &customer.uuid.to_string()).await;

    // The key is as it was made: nobody gives it more time, and no successor outlives it.
    let key = format!("/api/admin/customers/{}/api-keys/{}", customer.id, writing["id"].as_str().unwrap());
    let longer = json!({ "expires_at": "2999-01-01T00:00:00Z" });
    stack.operator.patch(&key, &longer).await.expect_problem(409, "conflict");
    stack.operator.post(&format!("{key}/rotate"), &json!({})).await.expect_problem(409, "conflict");
    let by_hand = "update admin_api_keys set expires_at = now() + interval '1 day' where id = $1::text::uuid";
    let id = writing["id"].as_str().unwrap();
    assert!(stack.admin().await.execute(by_hand, &[&id]).await.is_err());

    // It ends when its operator says so, and nobody else's does; and when an owner keeps its operator out.
    let end = |id: &serde_json::Value| format!("{path}/{}/end", id.as_str().unwrap());
    support.post(&end(&writing["id"]), &json!({})).await.expect_problem(404, "not-found");
    admin.post(&end(&writing["id"]), &json!({})).await.expect(200);
    ends(&writer).await;
    reader.get("/api/v1/deals").await.expect(200);
    let operators = stack.operator.get("/api/admin/operators").await.expect(200);
    let operators = operators["data"].as_array().unwrap().clone();
    let found = operators.iter().find(|one| one["email"] == "support@example.org").unwrap();
    let found = format!("/api/admin/operators/{}", found["id"].as_str().unwrap());
    stack.operator.patch(&found, &json!({ "disabled": true })).await.expect(200);
    ends(&reader).await;

    let listed = admin.get(&path).await.expect(200);
    let listed: Vec<_> = listed["data"].as_array().unwrap().iter().map(|row| row["status"].clone()).collect();
    assert_eq!(listed, ["revoked", "revoked"]);
}

async fn ends(api: &system_tests::Api) {
    wait_for("the impersonation to end", PATIENCE, || async {
        api.get("/api/v1/deals").await.status.as_u16() == 401
    })
    .await;
}

/// The customer's own log names the operator in every row that they caused, in each organization; ours names the customer.
async fn the_customer_sees_it(stack: &Stack, customer: &str) {
    let psql = |sql: &'static str| {
        let arguments =
            ["customer", "psql", "helped", "--role", "owner", "--", "-At", "-c", sql].map(str::to_owned);
        async move { stack.program.run(&arguments).await.succeeded().output }
    };
    // The owner sees past no wall, so it is asked room by room.
    let rooms = psql("select id from organizations order by created_at").await;
    let mut told = Vec::new();
    for room in rooms.lines() {
        let sql = format!(
            "set app.org_id = '{room}'; select action || ' ' || impersonator || ' ' || \
             coalesce(new_values->>'reason', '') from audit_logs where impersonator is not null order by created_at, id"
        );
        let arguments = ["customer", "psql", "helped", "--role", "owner", "--", "-At", "-c", &sql];
        let output = stack.program.run(&arguments).await.succeeded().output;
        told.push(output.lines().filter(|line| *line != "SET").map(str::to_owned).collect::<Vec<_>>());
    }
    let started = [
        "impersonation_started support@example.org ticket 7: a deal is missing",
        "impersonation_started admin@example.org ticket 8: the import",
    ];
    assert_eq!(told[0][..2], started);
    assert!(told[0][2].starts_with("create admin@example.org"), "{told:?}");
    assert_eq!(told[1], started);

    let sql = "select action::text, resource_type from admin_audit_logs
               where customer_id = $1::text::uuid and action = 'impersonation_started'";
    assert_eq!(stack.rows(sql, &[&customer]).await.len(), 2);
}
