//! A page of the dashboard is no customer's name; who has it already keeps it.

use domain::Plan;
use http::Method;
use serde_json::json;

use super::Api;

#[tokio::test]
async fn nobody_is_signed_up_as_a_page_of_the_dashboard() {
    let api = Api::new().await;
    let body = json!({ "customer_id": "new", "name": "New", "email": "a@new.example", "plan": "pro" });
    let refused = api.post("/api/admin/customers", &body).await;
    assert_eq!(refused.wrong_fields(), ["/customer_id"]);
    assert!(refused.text("detail").contains("is reserved"), "{refused:?}");
    let old = json!({ "customerId": "new", "customerName": "New", "customerEmail": "a@new.example", "plan": "pro" });
    assert_eq!(api.post("/api/provision", &old).await.wrong_fields(), ["/customerId"]);
    assert_eq!(api.count("admin_customers").await, 0);
    let body = json!({ "customer_id": "new-york", "name": "New", "email": "a@new.example", "plan": "pro" });
    api.post("/api/admin/customers", &body).await.expect(202);
}

#[tokio::test]
async fn who_is_called_so_already_is_found_and_changed_as_ever() {
    let api = Api::new().await;
    let id = api.customer("new", Plan::Starter).await;
    let path = "/api/admin/customers/new";
    assert_eq!(api.get(path).await.expect(200).body["id"], json!(id));
    api.ask(Method::PATCH, path, &json!({ "industry": "trade" })).await.expect(200);
    api.ask(Method::PUT, &format!("{path}/plan"), &json!({ "plan": "pro" })).await.expect(200);
    assert_eq!(api.get("/api/admin/customers?q=new").await.expect(200).body["total"], 1);
}
