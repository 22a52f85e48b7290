//! What else a day brings, so that a program built for the ways it goes doesn't take all but the measured routes for
//! seldom ones: customers' programs read, list, write and are refused, operators look around.

use anyhow::ensure;
use http::{Method, StatusCode};
use serde_json::{Value, json};

use crate::stack::{Customer, Stack};

const ROUNDS: u32 = 50;
/// Where operators look.
const PAGES: [&str; 10] = [
    "/api/admin/customers?limit=50",
    "/api/admin/customers/bench",
    "/api/admin/customers/bench/api-keys",
    "/api/admin/customers/bench/timeline",
    "/api/admin/operations",
    "/api/admin/audit-logs",
    "/api/admin/usage",
    "/api/admin/statistics/customers",
    "/api/admin/search?q=bench",
    "/api/ready",
];

/// Does each of it often.
pub(crate) async fn lives(stack: &Stack, customer: &Customer) -> anyhow::Result<()> {
    let key = &customer.key;
    for round in 0..ROUNDS {
        let company = format!("Company {round}");
        let contact = json!({ "first_name": "Grace", "last_name": "Hopper", "email": "grace@example.com", "company": company });
        let made = stack.ask(Method::POST, "/api/v1/contacts", key, Some(&contact)).await?;
        let made = answered(made, StatusCode::CREATED)?;
        let path = format!("/api/v1/contacts/{}", made["id"].as_str().unwrap_or_default());
        for (method, path, body, status) in [
            (Method::GET, path.as_str(), None, StatusCode::OK),
            (Method::GET, "/api/v1/contacts?limit=20", None, StatusCode::OK),
            (Method::GET, "/api/v1/deals?limit=20", None, StatusCode::OK),
            (Method::PATCH, path.as_str(), Some(json!({ "job_title": "Admiral" })), StatusCode::OK),
            (Method::POST, "/api/v1/contacts", Some(json!({ "email": 7 })), StatusCode::BAD_REQUEST),
            (Method::DELETE, path.as_str(), None, StatusCode::NO_CONTENT),
            (Method::GET, path.as_str(), None, StatusCode::NOT_FOUND),
        ] {
            answered(stack.ask(method, path, key, body.as_ref()).await?, status)?;
        }
        let stranger = stack.ask(Method::GET, "/api/v1/contacts", "sk_wrong", None).await?;
        answered(stranger, StatusCode::UNAUTHORIZED)?;
        for page in PAGES {
            answered(stack.ask(Method::GET, page, stack.token(), None).await?, StatusCode::OK)?;
        }
    }
    Ok(())
}

fn answered((status, answer): (StatusCode, Value), wanted: StatusCode) -> anyhow::Result<Value> {
    ensure!(status == wanted, "{status} and not {wanted}: {answer}");
    Ok(answer)
}
