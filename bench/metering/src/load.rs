//! The requests that both sides write.

use chrono::Utc;
use domain::usage::UsageRecord;
use domain::{ApiKeyId, CustomerId};
use uuid::Uuid;

/// Their ids are the numbers from [`FIRST_CUSTOMER`] on, and those of their keys too.
const CUSTOMERS: u64 = 100;
const FIRST_CUSTOMER: u128 = 0x5158;
const ROUTES: u64 = 20;

/// Makes the customers, their keys and their module.
pub(crate) fn customers() -> String {
    format!(
        "insert into admin_customers (id, company_name)
             select lpad(to_hex({FIRST_CUSTOMER} + n), 32, '0')::uuid, 'Customer ' || n
             from generate_series(0, {CUSTOMERS} - 1) n;
         insert into admin_api_keys (id, customer_id, key_hash, key_prefix, name)
             select id, id, encode(sha256(id::text::bytea), 'hex'), 'sk_', 'key' from admin_customers;
         insert into admin_customer_modules (customer_id, module_id)
             select customer.id, module.id from admin_customers customer, admin_feature_modules module
             where module_key = 'crm_core';"
    )
}

/// So many requests, of 100 customers and 20 routes, some of them much busier than others; one of twenty is refused.
pub(crate) fn requests(count: usize) -> Vec<UsageRecord> {
    let mut random = 0x9e37_79b9_7f4a_7c15_u64;
    (0..count).map(|_| request(&mut random)).collect()
}

fn request(random: &mut u64) -> UsageRecord {
    let customer = Uuid::from_u128(FIRST_CUSTOMER + u128::from(skewed(random, CUSTOMERS)));
    let route = skewed(random, ROUTES);
    let is_refused = next(random).is_multiple_of(20);
    UsageRecord {
        id: Uuid::now_v7(),
        request_id: Uuid::now_v7(),
        api_key_id: ApiKeyId(customer),
        customer_id: CustomerId(customer),
        endpoint: format!("/api/v1/resource-{route}/{{id}}").into(),
        method: if route.is_multiple_of(3) { "POST" } else { "GET" }.into(),
        status_code: if is_refused { 404 } else { 200 },
        response_time_ms: u32::try_from(next(random) % 60).unwrap_or_default(),
        request_size_bytes: None,
        response_size_bytes: Some(next(random) % 4_000),
        module: Some("crm_core".into()),
        outcome: if is_refused { "not-found" } else { UsageRecord::OK }.into(),
        created_at: Utc::now(),
    }
}

/// Below `limit`; a quarter of it takes half of the requests.
fn skewed(random: &mut u64, limit: u64) -> u64 {
    let share = (next(random) >> 11) as f64 / (1_u64 << 53) as f64;
    (share * share * limit as f64) as u64
}

/// Xorshift: the same requests in every run.
fn next(state: &mut u64) -> u64 {
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    *state
}
