//! `sixty customer`.

use std::os::unix::fs::PermissionsExt as _;
use std::sync::{Arc, Mutex};

use axum::extract::{Path, RawQuery};
use axum::http::HeaderMap;
use axum::routing::{delete, get, post, put};
use axum::{Json, Router};
use serde_json::{Value, json};

use super::{Access, access, customer, operation, run, serve, sixty};

#[tokio::test]
async fn a_list_is_a_table_or_a_document() {
    let answer = || async {
        Json(json!({ "data": [customer("acme"), customer("beta")], "next_cursor": null, "total": 2 }))
    };
    let url = serve(Router::new().route("/api/admin/customers", get(answer))).await;
    insta::assert_snapshot!(sixty(&url, "customer list").await.whole(), @r"
    CUSTOMER  NAME       PLAN  STATUS  DATABASE        CREATED
    acme      Acme GmbH  pro   active  localhost:5434  2026-11-23 15:00
    beta      Acme GmbH  pro   active  localhost:5434  2026-11-23 15:00
    --- notes
    --- code 0
    ");
    let ran = sixty(&url, "customer list --json").await;
    let document: Value = serde_json::from_str(&ran.results).unwrap();
    assert_eq!((ran.code, &document["data"][1]["customer_id"]), (0, &json!("beta")));
}

#[tokio::test]
async fn pages_are_put_together() {
    let asked = Arc::new(Mutex::new(Vec::new()));
    let seen = Arc::clone(&asked);
    let answer = move |RawQuery(query): RawQuery| async move {
        let query = query.unwrap_or_default();
        let is_last = query.contains("cursor=second");
        seen.lock().unwrap().push(query);
        let next = if is_last { Value::Null } else { json!("second") };
        Json(
            json!({ "data": [customer(if is_last { "beta" } else { "acme" })], "next_cursor": next, "total": 2 }),
        )
    };
    let url = serve(Router::new().route("/api/admin/customers", get(answer))).await;
    let ran = sixty(&url, "customer list --all --plan pro --json").await;
    let document: Value = serde_json::from_str(&ran.results).unwrap();
    assert_eq!(document["data"].as_array().unwrap().len(), 2);
    assert_eq!(document["next_cursor"], Value::Null);
    assert_eq!(*asked.lock().unwrap(), ["plan=pro&limit=200", "plan=pro&cursor=second&limit=200"]);
    insta::assert_snapshot!(sixty(&url, "customer list --limit 1").await.whole(), @r"
    CUSTOMER  NAME       PLAN  STATUS  DATABASE        CREATED
    acme      Acme GmbH  pro   active  localhost:5434  2026-11-23 15:00
    --- notes
    1 of 2 customers; --all shows every one
    --- code 0
    ");
}

#[tokio::test]
async fn a_customer_is_shown_with_what_belongs_to_them() {
    let answer = |Path(name): Path<String>| async move { Json(customer(&name)) };
    let url = serve(Router::new().route("/api/admin/customers/{customer}", get(answer))).await;
    insta::assert_snapshot!(sixty(&url, "customer show acme").await.whole(), @r"
    customer        acme
    id              0190a0a0-0000-7000-8000-00000000000a
    name            Acme GmbH
    plan            pro
    status          active
    billing e-mail  office@acme.example
    time zone       Europe/Berlin
    database        customer_acme
    address         localhost:5434
    backend         local
    PostgreSQL      16.4
    schema          1
    modules         crm_core api_access
    created         2026-11-23 15:00
    --- notes
    --- code 0
    ");
    // Whatever somebody types is one segment of the path, and nothing in a name steers the terminal.
    let ran = sixty(&url, "customer show ../\u{1b}[31macme?x=y").await;
    assert!(ran.results.contains("../\u{fffd}[31macme?x=y"), "{}", ran.results);
}

#[tokio::test]
async fn a_plan_is_changed_or_told_of() {
    let told = |RawQuery(query): RawQuery| async move {
        assert_eq!(query.as_deref(), Some("plan=starter"));
        Json(json!({
            "plan_now": "pro", "plan_after": "starter", "direction": "downgrade", "modules_gained": [],
            "modules_lost": [{ "module_key": "workflow_automation" }, { "module_key": "calendar_integration" }],
            "overrides": [{ "module_key": "ai_assistant", "enabled": true }],
            "limits_changed": [
                { "module_key": "workflow_automation", "usage_limit": 100, "applies_after": false },
            ],
            "api_keys_affected": [{ "name": "Default", "prefix": "sk_8fJ2aB", "requests_last_30d": 12 }],
            "api_keys_affected_total": 1,
        }))
    };
    let change = |Path(name): Path<String>, Json(body): Json<Value>| async move {
        assert_eq!(body, json!({ "plan": "starter", "reason": "unpaid" }));
        Json(customer(&name))
    };
    let router = Router::new()
        .route("/api/admin/customers/{customer}/plan", put(change))
        .route("/api/admin/customers/{customer}/plan/preview", get(told));
    let url = serve(router).await;
    insta::assert_snapshot!(sixty(&url, "customer plan acme starter --preview").await.whole(), @r"
    plan                from pro to starter
    loses               workflow_automation, calendar_integration
    stays as decided    ai_assistant (on)
    limits              100 requests of workflow_automation no longer hold
    API keys that lose  1
    KEY        NAME     REQUESTS IN 30 DAYS
    sk_8fJ2aB  Default  12
    --- notes
    --- code 0
    ");
    insta::assert_snapshot!(sixty(&url, "customer plan acme starter --reason unpaid").await.whole(), @r"
    acme has the starter plan; their modules follow it.
    --- notes
    --- code 0
    ");
}

#[tokio::test]
async fn suspending_and_resuming_tell_what_they_did() {
    let body = |Json(body): Json<Value>| async move {
        assert_eq!(body, json!({ "reason": "unpaid" }));
        Json(customer("acme"))
    };
    let router = Router::new()
        .route("/api/admin/customers/acme/suspend", post(body))
        .route("/api/admin/customers/acme/resume", post(|| async { Json(customer("acme")) }));
    let url = serve(router).await;
    insta::assert_snapshot!(sixty(&url, "customer suspend acme --reason unpaid").await.whole(), @r"
    acme is suspended: requests are refused, the data stays.
    --- notes
    --- code 0
    ");
    insta::assert_snapshot!(sixty(&url, "customer resume acme").await.whole(), @r"
    acme is served again, as active.
    --- notes
    --- code 0
    ");
}

#[tokio::test]
async fn deleting_asks_first() {
    let router =
        Router::new().route("/api/admin/customers/acme", delete(|| async { Json(operation("queued", &[])) }));
    let url = serve(router).await;
    let ran = sixty(&url, "customer delete acme --yes --no-wait --json").await;
    assert_eq!(ran.code, 0, "{}", ran.notes);
    if !std::io::IsTerminal::is_terminal(&std::io::stdin()) {
        let ran = sixty(&url, "customer delete acme --no-wait").await;
        insta::assert_snapshot!(ran.whole(), @r"
        --- notes
        error: deleting acme can't be undone, and nobody is there to ask: add --yes
        --- code 2
        ");
    }
}

fn connection() -> Value {
    json!({
        "url": "postgresql://customer_acme_app:pass-word@localhost:5434/customer_acme?sslmode=verify-full",
        "role": "app",
        "host": "localhost",
        "port": 5434,
        "database": "customer_acme",
        "user": "customer_acme_app",
        "password": "pass-word",
        "ca_certificate": "-----BEGIN CERTIFICATE-----\n",
    })
}

#[tokio::test]
async fn a_url_is_all_that_is_printed() {
    let answer = |headers: HeaderMap, Json(body): Json<Value>| async move {
        assert_eq!(headers["authorization"], "Bearer op_test");
        assert_eq!(body, json!({ "role": "app" }));
        Json(connection())
    };
    let url = serve(Router::new().route("/api/admin/customers/acme/connection-urls", post(answer))).await;
    let folder = tempfile::tempdir().unwrap();
    let authorities = folder.path().join("the authorities");
    let ran =
        run(Access { authorities: authorities.clone(), ..access(url) }, "customer url acme --role app").await;
    let file = authorities.join("localhost-5434.pem");
    let named = file.to_str().unwrap().replace(' ', "%20");
    let told = connection()["url"].as_str().unwrap().to_owned();
    assert_eq!(ran.results.trim_end(), format!("{told}&sslrootcert={named}"));
    assert_eq!((ran.code, ran.notes.as_str()), (0, ""));
    assert_eq!(std::fs::read_to_string(file).unwrap(), "-----BEGIN CERTIFICATE-----\n");
}

/// Who can't verify whom they speak to doesn't.
#[tokio::test]
async fn without_an_authority_nobody_connects() {
    let mut answer = connection();
    answer["ca_certificate"] = Value::Null;
    let router = Router::new()
        .route("/api/admin/customers/acme/connection-urls", post(|| async move { Json(answer) }));
    let url = serve(router).await;
    for command in ["customer url acme --role app", "customer psql acme"] {
        let ran = sixty(&url, command).await;
        assert!(ran.code == 1 && ran.notes.contains("vouches for"), "{}", ran.whole());
        assert!(!ran.results.contains("pass-word"));
    }
}

#[tokio::test]
async fn a_token_goes_to_no_other_machine_in_the_clear() {
    let there: url::Url = "http://192.0.2.1:3000".parse().unwrap();
    for command in ["customer list", "login ann@example.org", "login --browser"] {
        let ran = sixty(&there, command).await;
        assert!(ran.code == 2 && ran.notes.contains("in the clear"), "{}", ran.whole());
    }
}

#[tokio::test]
async fn psql_is_told_everything_in_its_environment() {
    let folder = tempfile::tempdir().unwrap();
    let psql = folder.path().join("psql");
    // Shows what psql would see, in the file that its last argument names, and ends as psql does on an error.
    let script = "#!/bin/sh\nfor last; do :; done\n{ echo \"$@\"; env | grep ^PG | sort; cat \"$PGSSLROOTCERT\"; } > \"$last\"\nexit 3\n";
    std::fs::write(&psql, script).unwrap();
    std::fs::set_permissions(&psql, std::fs::Permissions::from_mode(0o755)).unwrap();

    let router = Router::new()
        .route("/api/admin/customers/acme/connection-urls", post(|| async { Json(connection()) }));
    let mut access = access(serve(router).await);
    access.client_tools = Some(folder.path().to_owned());
    let seen = folder.path().join("seen");
    let organization = "0190a0a0-0000-7000-8000-00000000000c";
    let line =
        format!("customer psql acme --role app --organization {organization} -- -X {}", seen.display());
    let ran = run(access, &line).await;
    assert_eq!(ran.code, 3, "{}", ran.notes);

    let seen = std::fs::read_to_string(&seen).unwrap();
    let (arguments, environment) = seen.split_once('\n').unwrap();
    assert!(arguments.starts_with("-X ") && !arguments.contains("pass-word"), "{arguments}");
    for told in
        ["PGPASSWORD=pass-word", "PGSSLMODE=verify-full", "PGPORT=5434", "-----BEGIN CERTIFICATE-----"]
    {
        assert!(environment.contains(told), "{told} is missing in {environment}");
    }
    assert!(environment.contains(&format!("PGOPTIONS=-c app.org_id={organization}")), "{environment}");
}
