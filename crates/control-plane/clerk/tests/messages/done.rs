//! What messages do.

use std::time::Duration;

use jobs::{Job as _, JobOutcome};
use serde_json::{Value, json};

use crate::house::{House, context, member, organization, user};

#[tokio::test]
async fn an_organization_becomes_a_customer_exactly_once() {
    let house = House::new().await;
    let message = organization("created", "org_1", "Acme", 0);
    for id in ["msg_1", "msg_2", "msg_3"] {
        house.send(id, &message).await.unwrap();
    }
    // Three messages about one organization, and one of them twice, all at once.
    let ids = ["msg_1", "msg_1", "msg_2", "msg_3"];
    let outcomes = futures_util::future::join_all(ids.map(|id| house.done(id))).await;
    assert!(outcomes.iter().all(Result::is_ok), "{outcomes:?}");
    assert_eq!(house.value::<i64>("select count(*) from admin_customers").await, 1);
    assert_eq!(
        house.value::<i64>("select count(*) from admin_operations where kind = 'customer_create'").await,
        1
    );
    let (slug, plan): (String, String) = {
        let row = house
            .psql
            .query_one("select company_domain, subscription_plan::text from admin_customers where clerk_org_id = 'org_1' and clerk_admin_user_id = 'user_1'", &[])
            .await
            .unwrap();
        (row.get(0), row.get(1))
    };
    assert_eq!((slug.as_str(), plan.as_str()), ("acme", "pro"));
    // Nobody would see a first key.
    assert_eq!(house.value::<i64>("select count(*) from admin_api_keys").await, 0);
    // Another organization of the same name is another customer.
    house.tell("msg_4", &organization("created", "org_2abcdefghijkl", "Acme", 1)).await;
    let slugs: Vec<String> =
        house.value("select array_agg(company_domain order by created_at) from admin_customers").await;
    assert_eq!(slugs, ["acme", "acme-cdefghijkl"]);
    // Somebody whom an operator signed up for the organization is its customer already.
    house.sql("update admin_customers set clerk_org_id = 'org_3' where company_domain = 'acme'").await;
    house.tell("msg_5", &organization("created", "org_3", "Acme", 2)).await;
    assert_eq!(house.value::<i64>("select count(*) from admin_customers").await, 2);
}

/// The user's message looks for customers before the customer is there, and the sign-up for the user before the user is.
#[tokio::test]
async fn who_becomes_known_while_their_organization_is_signed_up_gets_its_invoices() {
    let house = House::new().await;
    let message = organization("created", "org_1", "Acme", 0);
    house.send("msg_1", &message).await.unwrap();
    let mut psql = house.connect().await;
    let telling = psql.transaction().await.unwrap();
    telling
        .batch_execute(
            "select pg_advisory_xact_lock(hashtextextended('clerk user_1', 0));
             insert into admin_clerk_users (clerk_user_id, email, changed_at) values ('user_1', 'ada@example.com', now())",
        )
        .await
        .unwrap();
    let told = async {
        while house.value::<i64>("select count(*) from admin_customers").await == 0 {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        telling.commit().await.unwrap();
    };
    let (done, ()) = tokio::join!(house.done("msg_1"), told);
    done.unwrap();
    let email = house.value::<Option<String>>("select billing_email from admin_customers").await;
    assert_eq!(email.as_deref(), Some("ada@example.com"));
}

#[tokio::test]
async fn a_sign_up_that_was_taken_back_is_begun_again_by_the_scan() {
    let house = House::new().await;
    house.tell("msg_1", &organization("created", "org_1", "Acme", 0)).await;
    // As the engine does when a database can't be made.
    house.sql("delete from admin_operations; delete from admin_customers").await;
    house.scan.run(Value::Null, &context()).await.unwrap();
    assert_eq!(
        house.value::<i64>("select count(*) from admin_customers where clerk_org_id = 'org_1'").await,
        1
    );
}

#[tokio::test]
async fn a_deleted_organization_suspends_its_customer_and_begins_the_grace_period() {
    let house = House::new().await;
    house.tell("msg_1", &organization("created", "org_1", "Acme", 0)).await;
    // While the database is being made it waits.
    let gone = json!({ "type": "organization.deleted", "timestamp": 1_700_000_009_000_i64, "data": { "id": "org_1", "deleted": true } });
    house.send("msg_2", &gone).await.unwrap();
    assert!(matches!(house.done("msg_2").await, Ok(JobOutcome::Later(_))));
    assert_eq!(house.status("msg_2").await, "waiting");
    house.ready().await;
    assert_eq!(house.done("msg_2").await, Ok(JobOutcome::Done));
    let standing = "select subscription_status::text || ' ' || suspended_with_grace from admin_customers";
    assert_eq!(house.value::<String>(standing).await, "suspended true");
    assert_eq!(
        house.value::<i64>("select count(*) from admin_audit_logs where action = 'customer_suspended'").await,
        1
    );
    // What comes late brings nothing back, and an operator who resumes isn't overruled by a replay.
    house.sql("update admin_customers set subscription_status = 'active'").await;
    assert_eq!(house.value::<String>(standing).await, "active false");
    house.tell("msg_3", &organization("updated", "org_1", "Late", 5)).await;
    house.tell("msg_4", &organization("created", "org_1", "Late", 20)).await;
    assert_eq!(house.value::<i64>("select count(*) from admin_customers").await, 1);
    assert_eq!(house.value::<String>("select company_name from admin_customers").await, "Acme");
}

#[tokio::test]
async fn a_new_name_is_the_customers_and_the_creators_address_is_for_invoices() {
    let house = House::new().await;
    house.tell("msg_1", &organization("created", "org_1", "Acme", 0)).await;
    assert_eq!(house.value::<Option<String>>("select billing_email from admin_customers").await, None);
    house.tell("msg_2", &user("created", "user_1", "Ada", 1)).await;
    let email = house.value::<Option<String>>("select billing_email from admin_customers").await;
    assert_eq!(email.as_deref(), Some("ada@example.com"));
    house.tell("msg_3", &organization("updated", "org_1", "Acme Two", 3)).await;
    house.tell("msg_4", &organization("updated", "org_1", "Acme Old", 2)).await;
    assert_eq!(house.value::<String>("select company_name from admin_customers").await, "Acme Two");
    assert_eq!(
        house.value::<i64>("select count(*) from admin_audit_logs where action = 'customer_updated'").await,
        2
    );
    let billed = "select old_values::text || new_values from admin_audit_logs
                  where action = 'customer_updated' and new_values ? 'billing_email'";
    let billed: String = house.value(billed).await;
    assert_eq!(billed, r#"{"billing_email": null}{"billing_email": "ada@example.com"}"#);
}

#[tokio::test]
async fn what_a_membership_gives_and_takes_is_in_the_customers_log() {
    let house = House::new().await;
    house.tell("msg_1", &organization("created", "org_1", "Acme", 0)).await;
    house.tell("msg_2", &user("created", "user_1", "Ada", 1)).await;
    house.tell("msg_3", &member("created", ("org_1", "user_1"), "org:member", 2)).await;
    house.tell("msg_4", &member("updated", ("org_1", "user_1"), "org:admin", 3)).await;
    // Nothing new, and something late.
    house.tell("msg_5", &member("updated", ("org_1", "user_1"), "org:admin", 4)).await;
    house.tell("msg_6", &member("updated", ("org_1", "user_1"), "org:member", 1)).await;
    house.tell("msg_7", &member("deleted", ("org_1", "user_1"), "org:admin", 5)).await;
    house.tell("msg_8", &member("created", ("org_1", "user_1"), "org:member", 6)).await;
    let gone = json!({ "type": "user.deleted", "timestamp": 1_700_000_009_000_i64, "data": { "id": "user_1", "deleted": true } });
    house.tell("msg_9", &gone).await;
    // Of an organization that is nobody's there is no log.
    house.tell("msg_10", &member("created", ("org_other", "user_1"), "org:member", 20)).await;
    let told: Vec<String> = house
        .value(
            "select array_agg(resource_id || ' ' || (old_values ->> 'role' is not null)::int || coalesce(old_values ->> 'role', '')
                    || ' ' || coalesce(new_values ->> 'role', '-') order by log.chain_sequence)
             from admin_audit_logs log join admin_customers customer on customer.id = log.customer_id
             where resource_type = 'membership'",
        )
        .await;
    let steps = [
        "user_1 0 org:member",
        "user_1 1org:member org:admin",
        "user_1 1org:admin -",
        "user_1 0 org:member",
        "user_1 1org:member -",
    ];
    assert_eq!(told, steps);
}

#[tokio::test]
async fn a_membership_waits_for_its_user() {
    let house = House::new().await;
    house.tell("msg_1", &member("created", ("org_1", "user_1"), "org:admin", 1)).await;
    assert_eq!(house.status("msg_1").await, "waiting");
    assert_eq!(house.value::<i64>("select count(*) from admin_clerk_memberships").await, 0);
    // Somebody else's coming changes nothing.
    house.tell("msg_2", &user("created", "user_2", "Bob", 1)).await;
    house.work().await;
    assert_eq!(house.status("msg_1").await, "waiting");
    house.tell("msg_3", &user("created", "user_1", "Ada", 2)).await;
    house.work().await;
    assert_eq!(house.status("msg_1").await, "processed");
    assert_eq!(
        house.value::<i64>("select count(*) from admin_clerk_memberships where removed_at is null").await,
        1
    );
    // One whose user never comes is given up after a day, and says so.
    house.tell("msg_4", &member("created", ("org_1", "user_9"), "org:admin", 1)).await;
    house
        .sql(
            "alter table admin_clerk_messages disable trigger user;
             update admin_clerk_messages set created_at = now() - interval '25 hours' where id = 'msg_4'",
        )
        .await;
    house.done("msg_4").await.unwrap();
    assert_eq!(house.status("msg_4").await, "failed");
}

#[tokio::test]
async fn a_membership_and_its_user_that_come_in_one_moment_miss_each_other_never() {
    let house = House::new().await;
    for round in 0..20 {
        let id = format!("user_{round}");
        let (first, second) = (format!("msg_{round}_member"), format!("msg_{round}_user"));
        house.send(&first, &member("created", ("org_1", &id), "org:member", 1)).await.unwrap();
        house.send(&second, &user("created", &id, "Ada", 1)).await.unwrap();
        let (member, user) = tokio::join!(house.done(&first), house.done(&second));
        assert!(member.is_ok() && user.is_ok());
        house.work().await;
        assert_eq!(house.status(&first).await, "processed", "{round}");
    }
}

/// A history of everything that happens to an organization and its people. The message that says what is true at its end
/// is the youngest of each.
fn history() -> Vec<Value> {
    let gone = |kind: &str, id: &str, seconds: i64| json!({ "type": format!("{kind}.deleted"), "timestamp": crate::house::BEGINNING + seconds * 1000, "data": { "id": id } });
    vec![
        user("created", "user_1", "Ada", 0),
        organization("created", "org_1", "Acme", 1),
        member("created", ("org_1", "user_1"), "org:admin", 2),
        user("created", "user_2", "Bob", 3),
        member("created", ("org_1", "user_2"), "org:member", 4),
        member("updated", ("org_1", "user_2"), "org:admin", 5),
        member("deleted", ("org_1", "user_2"), "org:admin", 6),
        member("created", ("org_1", "user_2"), "org:member", 7),
        user("created", "user_3", "Eve", 8),
        member("created", ("org_1", "user_3"), "org:member", 9),
        member("deleted", ("org_1", "user_3"), "org:member", 10),
        user("created", "user_4", "Dan", 11),
        member("created", ("org_1", "user_4"), "org:member", 12),
        gone("user", "user_4", 13),
        user("updated", "user_1", "Adele", 14),
        organization("updated", "org_1", "Acme Two", 15),
        json!({ "type": "session.created", "timestamp": crate::house::BEGINNING, "data": { "id": "sess_1" } }),
    ]
}

#[expect(clippy::disallowed_methods, reason = "a longer run is asked for by the environment")]
pub(crate) fn is_full() -> bool {
    std::env::var_os("SIXTY_TEST_FULL").is_some_and(|value| value == "1")
}

#[tokio::test]
async fn whatever_the_order_and_however_often_the_end_is_the_same() {
    let mut state = 0x2545_f491_4f6c_dd1d_u64;
    let mut random = move |below: usize| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        usize::try_from(state % below as u64).unwrap()
    };
    let rounds = if is_full() { 60 } else { 8 };
    for round in 0..rounds {
        let house = House::new().await;
        let mut messages: Vec<(usize, Value)> = history().into_iter().enumerate().collect();
        if round > 0 {
            for index in (1..messages.len()).rev() {
                messages.swap(index, random(index + 1));
            }
            for _ in 0..6 {
                let again = messages[random(messages.len())].clone();
                messages.insert(random(messages.len()), again);
            }
        }
        for (number, message) in &messages {
            house.send(&format!("msg_{number}"), message).await.unwrap();
            if random(2) == 0 {
                house.work().await;
            }
        }
        house.work().await;
        let order: Vec<_> = messages.iter().map(|(number, _)| number).collect();
        let members: Vec<String> = house
            .value("select array_agg(clerk_user_id || ' ' || role || ' ' || (removed_at is null) order by clerk_user_id) from admin_clerk_memberships where removed_at is null")
            .await;
        assert_eq!(members, ["user_1 org:admin true", "user_2 org:member true"], "{order:?}");
        assert_eq!(
            house.value::<String>("select company_name from admin_customers").await,
            "Acme Two",
            "{order:?}"
        );
        assert_eq!(house.value::<i64>("select count(*) from admin_customers").await, 1, "{order:?}");
        let name = "select name from admin_clerk_users where clerk_user_id = 'user_1'";
        assert_eq!(house.value::<String>(name).await, "Adele", "{order:?}");
        let waiting = "select count(*) from admin_clerk_messages where status in ('waiting', 'failed')";
        assert_eq!(house.value::<i64>(waiting).await, 0, "{order:?}");
        // And the customer's database is told the same.
        house.ready().await;
        house.scan.run(Value::Null, &context()).await.unwrap();
        house.work().await;
        let active: Vec<String> = {
            let known = house.people.known.lock().unwrap();
            known
                .values()
                .filter(|person| person.is_member)
                .map(|person| person.clerk_user_id.clone())
                .collect()
        };
        assert_eq!(active, ["user_1", "user_2"], "{order:?}");
    }
}

#[tokio::test]
async fn what_can_not_be_understood_says_so_and_stays() {
    let house = House::new().await;
    house
        .tell("msg_1", &json!({ "type": "organization.created", "timestamp": 1, "data": { "id": "org_1" } }))
        .await;
    assert_eq!(house.status("msg_1").await, "failed");
    let detail = house.value::<String>("select detail from admin_clerk_messages").await;
    assert!(detail.contains("missing field `name`"), "{detail}");
    house.tell("msg_2", &json!({ "type": "session.created", "timestamp": 1, "data": {} })).await;
    assert_eq!(house.status("msg_2").await, "ignored");
    // Nothing is left of a message that isn't there any more.
    assert_eq!(house.done("msg_9").await, Ok(JobOutcome::Done));
}
