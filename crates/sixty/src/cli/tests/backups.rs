//! `sixty backup`.

use axum::extract::RawQuery;
use axum::routing::get;
use axum::{Json, Router};
use serde_json::{Value, json};

use super::{serve, sixty};

/// Two backups, or none of customers; the query comes back as the error of the second.
async fn backups(RawQuery(query): RawQuery) -> Json<Value> {
    let query = query.unwrap_or_default();
    if query.contains("customer=nobody") {
        return Json(json!({ "data": [], "next_cursor": null }));
    }
    let backup = |id: &str, database: &str, rest: Value| {
        let mut backup = json!({
            "id": id, "customer_uuid": null, "database_name": database, "kind": "nightly", "sha256": null,
            "encrypted": id == "1", "postgres_version": null, "started_at": "2026-11-23T02:00:00Z", "finished_at": "2026-11-23T02:00:03Z",
        });
        for (name, value) in rest.as_object().unwrap() {
            backup[name] = value.clone();
        }
        backup
    };
    let made = json!({ "status": "succeeded", "size_bytes": 2048, "error": null });
    let failed = json!({ "status": "failed", "size_bytes": null, "error": query });
    Json(
        json!({ "data": [backup("1", "saas_admin", made), backup("2", "customer_acme", failed)], "next_cursor": null }),
    )
}

#[tokio::test]
async fn backups_of_every_database_are_a_table() {
    let url = serve(Router::new().route("/api/admin/backups", get(backups))).await;
    insta::assert_snapshot!(sixty(&url, "backup list --status failed --customer acme --limit 7").await.whole(), @r"
    ID  DATABASE       KIND     STATUS     ENCRYPTED  SIZE      STARTED           TOOK   ERROR
    1   saas_admin     nightly  succeeded  yes        2.00 KiB  2026-11-23 02:00  3.0 s  -
    2   customer_acme  nightly  failed     no         -         2026-11-23 02:00  3.0 s  status=failed&customer=acme&limit=7
    --- notes
    --- code 0
    ");
    insta::assert_snapshot!(sixty(&url, "backup list --customer nobody").await.whole(), @r"
    --- notes
    no backups
    --- code 0
    ");
    let ran = sixty(&url, "backup list --json").await;
    let shown: Value = serde_json::from_str(&ran.results).unwrap();
    assert_eq!(shown["data"][0]["database_name"], "saas_admin", "{shown}");
}
