//! Callers who say of themselves what no record of a request may keep: it would fill the spool, and make rows for good.

use std::time::Duration;

use system_tests::{Customer, Stack};
use testkit::wait_for;

use super::hostile::status;

/// How many requests with a method of the caller's own.
const MADE_UP: usize = 60;
/// How many requests whose body is as long as HTTP can say.
const ENDLESS: usize = 3;
/// A head holds such a method, and a few headers.
const LONG: usize = 60_000;
const LIMIT: Duration = Duration::from_secs(60);

pub(super) async fn story(stack: &Stack, customer: &Customer) {
    let port = stack.ports.server;
    let headers = format!("Host: x\r\nAuthorization: Bearer {}\r\nConnection: close\r\n", customer.key);
    for number in 0..MADE_UP {
        let length = if number.is_multiple_of(2) { LONG } else { 10 };
        let method = format!("M{number}{}", "X".repeat(length));
        let request = format!("{method} /api/v1/deals HTTP/1.1\r\n{headers}\r\n");
        assert_eq!(status(port, request.as_bytes()).await, Some(405));
    }
    // Two of them are more than the admin database can add up.
    let endless = format!("GET /api/v1/deals HTTP/1.1\r\n{headers}Content-Length: {}\r\n\r\n", i64::MAX);
    for _ in 0..ENDLESS {
        assert_eq!(status(port, endless.as_bytes()).await, Some(200));
    }

    let admin = stack.admin().await;
    let count = async |sql: &str| -> usize {
        let found: i64 = admin.query_one(sql, &[&customer.uuid]).await.unwrap().get(0);
        usize::try_from(found).unwrap()
    };
    let of_deals = "from admin_api_usage where customer_id = $1 and endpoint = '/api/v1/deals'";
    wait_for("all to be counted", LIMIT, async || {
        count(&format!("select count(*) {of_deals} and method = 'OTHER'")).await == MADE_UP
            && count(&format!("select count(*) {of_deals} and method = 'GET'")).await == ENDLESS
    })
    .await;
    assert_eq!(count(&format!("select count(distinct method) {of_deals}")).await, 2);
    assert_eq!(count(&format!("select count(*) {of_deals} and request_size_bytes is not null")).await, 0);
    for table in ["daily where customer_id = $1", "platform where $1::uuid is not null"] {
        let longer = format!("select count(*) from admin_api_usage_{table} and length(method) > 7");
        assert_eq!(count(&longer).await, 0, "{table}");
    }
    let roll_ups = "select count(distinct (method, status_code, outcome)) from admin_api_usage_daily \
         where customer_id = $1 and endpoint = '/api/v1/deals'";
    assert_eq!(count(roll_ups).await, 2);
}
