//! The ground that the other tests stand on.

use std::time::Duration;

use testkit::{connect, wait_for};

#[tokio::test]
async fn every_test_has_an_admin_database_of_its_own() {
    let (one, other) = (testkit::admin_database().await, testkit::admin_database().await);
    let client = one.connect().await;
    client.batch_execute("create table only_here (id int)").await.unwrap();
    let missing = other.connect().await.query("select * from only_here", &[]).await.unwrap_err();
    assert_eq!(missing.code().unwrap().code(), "42P01");
    let modules: i64 =
        client.query_one("select count(*) from admin_feature_modules", &[]).await.unwrap().get(0);
    assert_eq!(modules, 10);
}

#[tokio::test]
async fn a_customer_database_has_its_roles_and_its_walls() {
    let database = testkit::customer_database().await;
    for url in [database.app_url(), database.readonly_url()] {
        let faults = connect(&url).await.query(schema::ISOLATION_CHECK, &[]).await.unwrap();
        assert!(
            faults.is_empty(),
            "{:?}",
            faults.iter().map(|row| row.get::<_, String>(0)).collect::<Vec<_>>()
        );
    }
    connect(&database.owner_url()).await.batch_execute("create table mine (id int)").await.unwrap();
    connect(&database.app_url()).await.batch_execute("create table mine (id int)").await.unwrap_err();
    let is_super: bool = connect(&database.superuser_url())
        .await
        .query_one("select usesuper from pg_user where usename = current_user", &[])
        .await
        .unwrap()
        .get(0);
    assert!(is_super);
}

#[tokio::test]
async fn redis_can_be_killed_and_comes_back() {
    let mut redis = testkit::redis().await;
    let client = redis::Client::open(redis.url()).unwrap();
    let ping = async || {
        let mut connection = client.get_multiplexed_async_connection().await?;
        redis::cmd("PING").query_async::<String>(&mut connection).await
    };
    assert_eq!(ping().await.unwrap(), "PONG");
    redis.kill();
    ping().await.unwrap_err();
    redis.start().await;
    assert_eq!(ping().await.unwrap(), "PONG");
}

#[tokio::test]
async fn the_proxy_cuts_pauses_and_refuses() {
    let database = testkit::admin_database().await;
    let proxy = testkit::fault_proxy(database.port()).await;
    let url = database.url_through(proxy.port()).replace("localhost", "127.0.0.1");
    let client = connect(&url).await;
    client.query_one("select 1", &[]).await.unwrap();

    proxy.pause();
    let query = client.query_one("select 1", &[]);
    tokio::pin!(query);
    assert!(tokio::time::timeout(Duration::from_millis(50), &mut query).await.is_err());
    proxy.resume();
    query.await.unwrap();

    proxy.cut();
    wait_for("the client to notice", Duration::from_secs(5), || async { client.is_closed() }).await;
    connect(&url).await.query_one("select 1", &[]).await.unwrap();
    proxy.refuse();
    assert!(tokio_postgres::connect(&url, tokio_postgres::NoTls).await.is_err());
}

#[test]
fn a_home_is_gone_when_it_is_dropped() {
    let home = testkit::home();
    let path = home.path().to_owned();
    std::fs::write(path.join("file"), "x").unwrap();
    drop(home);
    assert!(!path.exists());
}
