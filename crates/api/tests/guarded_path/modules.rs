//! The limit of a feature module and the count in its row: the same requests, whoever reads which.

use catalog::Catalog;
use domain::usage::UsageSink as _;
use gateway::GatewayConfig;

use crate::house::{Caller, House, Server};

/// Hands over what the servers counted, as they do by themselves.
pub(crate) async fn hand_over(catalog: &Catalog, servers: &[&Server]) {
    for server in servers {
        catalog.write(&server.recorded.all()).await.unwrap();
    }
}

async fn limit(house: &House, caller: &Caller, columns: &str, values: &str) {
    house
        .sql(&format!(
            "insert into admin_customer_modules (customer_id, module_id, {columns})
             select '{}', id, {values} from admin_feature_modules where module_key = 'crm_core'",
            caller.id
        ))
        .await;
}

async fn used(house: &House) -> i64 {
    house.psql.query_one("select usage_count from admin_customer_modules", &[]).await.unwrap().get(0)
}

#[tokio::test]
async fn a_modules_limit_and_the_count_in_its_row_are_the_same_requests() {
    let house = House::new().await;
    let (caller, beta) = (house.caller("acme").await, house.caller("beta").await);
    limit(&house, &caller, "usage_limit, reset_date", "10, now() + interval '10 days'").await;
    let [first, second] = [0, 1].map(|_| house.server_with_counts(GatewayConfig::default()));
    let catalog = house.catalog();
    // What isn't answered as it asked has used the module all the same, also when the handler refuses it as the guard would.
    for turn in 0..10 {
        let server = if turn % 2 == 0 { &first } else { &second };
        let (path, status) = match turn {
            0..3 => ("/wrong", 400),
            3..6 => ("/needs-more", 403),
            _ => ("/contacts", 200),
        };
        let answer = server.get(&caller, path).await;
        assert_eq!(answer.status, status, "{answer:?}");
    }
    for server in [&first, &second] {
        assert_eq!(server.get(&caller, "/contacts").await.problem(), "module-limit-reached");
        assert_eq!(server.get(&beta, "/contacts").await.status, 200, "another customer's count");
    }
    hand_over(&catalog, &[&first, &second]).await;
    assert_eq!(used(&house).await, 10, "refused requests are not among them");
    // A server and a Redis that know nothing learn it from the row.
    house.flush_redis().await;
    let third = house.server_with_counts(GatewayConfig::default());
    assert_eq!(third.get(&caller, "/contacts").await.problem(), "module-limit-reached");
    // And so it does when the count begins anew, and the worker writes that down.
    house.sql("update admin_customer_modules set reset_date = now() - interval '1 minute'").await;
    for server in [&first, &second, &third] {
        server.until(&caller, "/contacts", "200").await;
    }
    let client = catalog.client().await.unwrap();
    let mut accepted = third.recorded.all().iter().filter(|record| record.outcome == "ok").count();
    let rows = catalog::modules::customers_due(&client, chrono::Utc::now(), 10).await.unwrap();
    assert_eq!(rows, [caller.id]);
    drop(client);
    let mut client = catalog.client().await.unwrap();
    let transaction = client.transaction().await.unwrap();
    catalog::modules::tidy(&transaction, caller.id, chrono::Utc::now()).await.unwrap();
    transaction.commit().await.unwrap();
    assert_eq!(used(&house).await, 0);
    // Ten in all since the reset, whoever wrote down what meanwhile.
    accepted += 2;
    for turn in 0..20 {
        let server = [&first, &second, &third][turn % 3];
        accepted += usize::from(server.get(&caller, "/contacts").await.status == 200);
    }
    assert_eq!(accepted, 10);
}

#[tokio::test]
async fn a_count_that_is_set_with_psql_acts_on_every_server() {
    let house = House::new().await;
    let caller = house.caller("acme").await;
    limit(&house, &caller, "usage_limit", "3").await;
    let servers = [0, 1].map(|_| house.server_with_counts(GatewayConfig::default()));
    for _ in 0..3 {
        assert_eq!(servers[0].get(&caller, "/contacts").await.status, 200);
    }
    for server in &servers {
        server.until(&caller, "/contacts", "module-limit-reached").await;
    }
    // The servers' own counting begins nothing anew.
    hand_over(&house.catalog(), &[&servers[0]]).await;
    assert_eq!(used(&house).await, 3);
    assert_eq!(servers[1].get(&caller, "/contacts").await.problem(), "module-limit-reached");

    house.sql("update admin_customer_modules set usage_count = 1").await;
    servers[0].until(&caller, "/contacts", "200").await;
    servers[1].until(&caller, "/contacts", "200").await;
    servers[1].until(&caller, "/contacts", "module-limit-reached").await;
    house.sql("update admin_customer_modules set usage_count = 0").await;
    servers[1].until(&caller, "/contacts", "200").await;
    house.sql("update admin_customer_modules set usage_count = usage_limit").await;
    for server in &servers {
        server.until(&caller, "/contacts", "module-limit-reached").await;
    }
    // So does a row that takes another's place.
    house.sql("delete from admin_customer_modules").await;
    limit(&house, &caller, "usage_limit", "3").await;
    servers[0].until(&caller, "/contacts", "200").await;
}
