//! The audit log as a file: whole, however long it is, and only what was asked for.

use axum::body::{Body, to_bytes};
use http::{Method, StatusCode};
use serde_json::Value;
use tower::ServiceExt as _;

use super::Api;

const EXPORT: &str = "/api/admin/audit-logs/export";

impl Api {
    pub(super) async fn file(&self, query: &str) -> (String, String) {
        let request = self.request(Method::GET, &format!("{EXPORT}{query}")).body(Body::empty()).unwrap();
        let response = self.router.clone().oneshot(request).await.unwrap();
        assert_eq!(response.status(), StatusCode::OK);
        let kind = response.headers()["content-type"].to_str().unwrap().to_owned();
        assert!(response.headers()["content-disposition"].to_str().unwrap().starts_with("attachment; "));
        let bytes = to_bytes(response.into_body(), usize::MAX).await.unwrap();
        (kind, String::from_utf8(bytes.into()).unwrap())
    }
}

#[tokio::test]
async fn every_row_is_there_once_in_both_forms_and_formulas_are_texts() {
    let api = Api::new().await;
    // More than two pages.
    api.sql(
        "insert into admin_audit_logs (action, resource_type, resource_id, admin_user_id, new_values)
         select 'customer_updated', 'thing', '=cmd|n' || n, 'ann, \"the\" owner', jsonb_build_object('n', n)
         from generate_series(1, 2500) n;
         insert into admin_audit_logs (action, resource_type) values ('customer_created', 'other')",
    )
    .await;
    let (kind, lines) = api.file("").await;
    assert_eq!(kind, "application/jsonl");
    let rows: Vec<Value> = lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(rows.len(), 2501);
    let mut ids: Vec<_> = rows.iter().map(|row| row["id"].as_str().unwrap()).collect();
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), 2501);
    assert!(rows.windows(2).all(|pair| pair[0]["created_at"].as_str() >= pair[1]["created_at"].as_str()));

    let (kind, text) = api.file("?format=csv&resource_type=thing").await;
    assert_eq!(kind, "text/csv; charset=utf-8");
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    assert_eq!(reader.headers().unwrap().iter().next(), Some("created_at"));
    let records: Vec<_> = reader.records().map(Result::unwrap).collect();
    assert_eq!(records.len(), 2500);
    for record in &records {
        assert!(record[6].starts_with("'=cmd|n"), "{record:?}");
        assert_eq!((&record[3], &record[4]), ("ann, \"the\" owner", "customer_updated"));
    }
    let (_, none) = api.file("?format=csv&resource_type=nothing").await;
    assert_eq!(none.lines().count(), 1);
    let (_, none) = api.file("?resource_type=nothing").await;
    assert_eq!(none, "");
    api.get(&format!("{EXPORT}?format=xml")).await.expect(400);
    assert_eq!(api.get(&format!("{EXPORT}?action=nonsense")).await.wrong_fields(), ["action"]);
    assert_eq!(api.get(&format!("{EXPORT}?limit=3")).await.wrong_fields(), ["limit"]);
}
