//! What Clerk's messages change in a customer's affairs is in the log, or doesn't happen: the message waits, and is done when the
//! log takes rows again.

use serde_json::{Value, json};

use crate::house::{BEGINNING, House, member, organization, user};

/// No row of the audit log can be written any more; what is there stays.
const FULL: &str = "alter table admin_audit_logs add constraint full_up check (false) not valid";
const MENDED: &str = "alter table admin_audit_logs drop constraint full_up";

/// Everything that is known of people and customers.
async fn known(house: &House) -> Vec<String> {
    house
        .value(
            "select coalesce(array_agg(row order by row), '{}') from (
                 select c.clerk_org_id || c.company_name || c.subscription_status || coalesce(c.billing_email, '') as row
                 from admin_customers c
                 union all select clerk_user_id || role || (removed_at is null) from admin_clerk_memberships
                 union all select clerk_user_id || coalesce(name, '') || (deleted_at is null) from admin_clerk_users
             ) as rows",
        )
        .await
}

#[tokio::test]
async fn nothing_that_a_message_says_happens_without_its_row_of_the_log() {
    let house = House::new().await;
    house.tell("msg_1", &organization("created", "org_1", "Acme", 0)).await;
    house.ready().await;
    house.tell("msg_2", &user("created", "user_2", "Bob", 1)).await;
    let gone = |kind: &str, id: &str, seconds: i64| -> Value {
        json!({ "type": format!("{kind}.deleted"), "timestamp": BEGINNING + seconds * 1000, "data": { "id": id } })
    };
    let steps = [
        // The first one to be known gives the customer an address for invoices.
        user("created", "user_1", "Ada", 2),
        member("created", ("org_1", "user_2"), "org:member", 3),
        member("updated", ("org_1", "user_2"), "org:admin", 4),
        organization("updated", "org_1", "Acme Two", 5),
        member("deleted", ("org_1", "user_2"), "org:admin", 6),
        member("created", ("org_1", "user_2"), "org:member", 7),
        gone("user", "user_2", 8),
    ];
    for (number, message) in steps.iter().enumerate() {
        let id = format!("msg_step_{number}");
        let (before, rows) =
            (known(&house).await, house.value::<i64>("select count(*) from admin_audit_logs").await);
        house.sql(FULL).await;
        house.send(&id, message).await.unwrap();
        house.done(&id).await.unwrap_err();
        assert_eq!(known(&house).await, before, "{message}");
        assert_eq!(house.status(&id).await, "waiting", "{message}");
        house.sql(MENDED).await;
        house.done(&id).await.unwrap();
        assert_ne!(known(&house).await, before, "{message}");
        assert_eq!(house.status(&id).await, "processed", "{message}");
        assert!(house.value::<i64>("select count(*) from admin_audit_logs").await > rows, "{message}");
    }
}
