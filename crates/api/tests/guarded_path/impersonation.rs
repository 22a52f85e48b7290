//! Somebody acts in a customer's place: every answer says so, whatever it is, and its time ends where no clock is asked for.

use std::time::Duration;

use catalog::api_keys::{NewApiKey, NewImpersonation};
use chrono::{DateTime, TimeDelta, Utc};
use domain::Permission;
use gateway::GatewayConfig;
use secrets::ApiKey;

use crate::house::{Answer, Caller, House};

const LONG: Duration = Duration::from_secs(60);
const OPERATOR: &str = "ann@example.org";

/// The customer's key with which an operator acts, reading, until then.
async fn impersonation(house: &House, of: &Caller, until: DateTime<Utc>) -> Caller {
    let sql =
        "insert into admin_operators (email, name, roles, password_hash) values ($1, 'Ann', '{support}', 'x')
               on conflict (email) do update set name = 'Ann' returning id";
    let operator_id = house.psql.query_one(sql, &[&OPERATOR]).await.unwrap().get(0);
    let key = ApiKey::generate();
    let new = NewApiKey {
        permissions: Permission::read_all(),
        expires_at: Some(until),
        impersonation: Some(NewImpersonation { operator_id, reason: "ticket 7".to_owned() }),
        ..NewApiKey::with_defaults(of.id, "Impersonation".to_owned(), key.hash(), key.display_prefix())
    };
    let row = catalog::api_keys::insert(&house.catalog().client().await.unwrap(), &new).await.unwrap();
    Caller { id: of.id, key, row }
}

fn banner(answer: &Answer) -> Option<&str> {
    answer.headers.get("x-impersonated-by").map(|value| value.to_str().unwrap())
}

#[tokio::test]
async fn every_answer_says_who_acts_also_refusals_errors_and_those_that_no_handler_gives() {
    let house = House::new().await;
    let customer = house.caller("acme").await;
    let operator = impersonation(&house, &customer, Utc::now() + TimeDelta::minutes(30)).await;
    let server = house.server(GatewayConfig::default());
    // The first time the directory must be asked, the second everything is at hand.
    for round in 1..=2 {
        for (path, longest, status, problem) in [
            ("/contacts", LONG, 200, "none"),
            ("/new-contact", LONG, 403, "permission-missing"),
            ("/workflows", LONG, 403, "module-disabled"),
            ("/wrong", LONG, 400, "none"),
            ("/nonsense", LONG, 500, "internal"),
            ("/no/such/path", LONG, 404, "none"),
            ("/panics", LONG, 500, "internal"),
            ("/hangs", Duration::from_millis(300), 408, "request-timeout"),
        ] {
            let answer = server.get_within(longest, &operator, path).await;
            let shown = (answer.status.as_u16(), answer.problem());
            assert_eq!(shown, (status, problem), "{round} {path} {answer:?}");
            assert_eq!(banner(&answer), Some(OPERATOR), "{round} {path} {answer:?}");
            // The customer's own requests have none, also not those that come in between.
            let own = server.get_within(longest, &customer, path).await;
            assert_eq!(banner(&own), None, "{round} {path} {own:?}");
        }
    }
    // Too many requests, and a customer who isn't served.
    house
        .sql(&format!("update admin_api_keys set rate_limit_requests = 1 where id = '{}'", operator.row.id))
        .await;
    server.until(&operator, "/contacts", "429").await;
    assert_eq!(banner(&server.get(&operator, "/contacts").await), Some(OPERATOR));
    house.sql("update admin_customers set subscription_status = 'suspended'").await;
    server.until(&operator, "/contacts", "customer-suspended").await;
    assert_eq!(banner(&server.get(&operator, "/contacts").await), Some(OPERATOR));
}

#[tokio::test]
async fn its_time_ends_by_itself_and_nobody_writes_more_of_it() {
    let house = House::new().await;
    let customer = house.caller("acme").await;
    let server = house.server(GatewayConfig::default());
    // One that is over, although nobody has written that down; one that isn't.
    let ended = impersonation(&house, &customer, Utc::now() - TimeDelta::seconds(1)).await;
    let begun = impersonation(&house, &customer, Utc::now() + TimeDelta::minutes(30)).await;
    assert_eq!(server.get(&begun, "/contacts").await.status, 200);
    let answer = server.get(&ended, "/contacts").await;
    assert_eq!((answer.status.as_u16(), answer.problem()), (401, "api-key-expired"));
    assert_eq!(banner(&answer), Some(OPERATOR), "who asked is told apart even then");
    // One that ends while the server knows it already.
    let sql = format!(
        "update admin_api_keys set expires_at = now() + interval '1 second' where id = '{}'",
        begun.row.id
    );
    house.sql(&sql).await;
    server.until(&begun, "/contacts", "api-key-expired").await;
    // The database itself keeps to half an hour, whoever writes to it: a longer one, one without an end, one that is given on.
    for change in [
        "expires_at = created_at + interval '32 minutes'",
        "expires_at = null",
        "impersonated_by = null, impersonation_reason = null",
    ] {
        let sql = format!("update admin_api_keys set {change} where id = '{}'", begun.row.id);
        let refused = house.psql.batch_execute(&sql).await.unwrap_err();
        let refused = refused.as_db_error().and_then(|error| error.constraint()).map(str::to_owned);
        assert_eq!(refused.as_deref(), Some("admin_api_keys_impersonation_check"), "{change}");
    }
}

/// Whoever writes an operator's address past all checks makes them act neither unseen nor in a header of their choice.
#[tokio::test]
async fn an_address_that_no_header_holds_writes_none_and_hides_nobody() {
    let house = House::new().await;
    let customer = house.caller("acme").await;
    let operator = impersonation(&house, &customer, Utc::now() + TimeDelta::minutes(30)).await;
    let id: uuid::Uuid = house.psql.query_one("select id from admin_operators", &[]).await.unwrap().get(0);
    for address in ["ann@example.org\r\nset-cookie: a=b", "ann\n@example.org", "\u{1}@example.org"] {
        let sql = "update admin_operators set email = $1";
        house.psql.execute(sql, &[&address]).await.unwrap();
        let server = house.server(GatewayConfig::default());
        let answer = server.get(&operator, "/contacts").await;
        assert_eq!(answer.status, 200, "{answer:?}");
        assert_eq!(banner(&answer), Some(&*id.to_string()), "{answer:?}");
        assert_eq!(answer.headers.get("set-cookie"), None, "{answer:?}");
    }
}
