//! A customer's database moves: what was written into the admin database by psql reaches the connections of the server.

use std::time::Duration;

use system_tests::{Connection, Customer, Stack};
use testkit::wait_for;

const LIMIT: Duration = Duration::from_secs(30);

pub(super) async fn story(stack: &Stack, customer: &Customer) {
    let other = stack.customer("stays").await;
    let old = Connection::of(&stack.operator, &customer.id, "app").await.port;
    // The same database at another place, which can go away while the old one stays.
    let new_place = testkit::fault_proxy(old).await;
    customer.api.get("/api/v1/contacts").await.expect(200);
    move_to(stack, customer, new_place.port()).await;
    customer.api.get("/api/v1/contacts").await.expect(200);

    new_place.refuse();
    wait_for("the moved customer to depend on the new place", LIMIT, async || {
        customer.api.get("/api/v1/contacts").await.status == 503
    })
    .await;
    other.api.get("/api/v1/contacts").await.expect(200);

    move_to(stack, customer, old).await;
    wait_for("the customer to be served from the old place again", LIMIT, async || {
        customer.api.get("/api/v1/contacts").await.status == 200
    })
    .await;
}

async fn move_to(stack: &Stack, customer: &Customer, port: u16) {
    let sql = "update admin_instances set port = $2 where customer_id = $1";
    let moved = stack.admin().await.execute(sql, &[&customer.uuid, &i32::from(port)]).await.unwrap();
    assert_eq!(moved, 1);
}
