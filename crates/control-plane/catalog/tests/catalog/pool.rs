//! Connections: how many, how long, and what happens when they break.

use std::time::Duration;

use catalog::{Address, CUSTOMER_CHANGED, Catalog, CatalogConfig, CatalogError, customers, modules};
use chrono::Utc;
use domain::SubscriptionStatus;
use domain::principal::Directory as _;
use testkit::wait_for;

use crate::setup;

const LONG: Duration = Duration::from_secs(20);

#[tokio::test]
async fn the_defaults_are_those_that_users_know() {
    let config = CatalogConfig::new("postgresql://u:hidden@h/d".into());
    assert_eq!(config.max_connections, 20);
    assert_eq!(
        (config.idle_timeout, config.connect_timeout),
        (Duration::from_secs(30), Duration::from_secs(2))
    );
    assert!(!format!("{config:?}").contains("hidden"));
    let error =
        Catalog::connect(&CatalogConfig::new("postgresql://u:hidden@h:notaport/d".into())).unwrap_err();
    assert!(!format!("{error} {error:?}").contains("hidden"), "{error:?}");
}

#[tokio::test]
async fn no_connection_is_made_before_one_is_needed_and_idle_ones_go() {
    let database = testkit::admin_database().await;
    let config = CatalogConfig {
        idle_timeout: Duration::from_millis(200),
        ..CatalogConfig::new(database.url().into())
    };
    let catalog = Catalog::connect(&config).unwrap();
    assert_eq!(catalog.open_connections(), 0);
    let clients =
        [catalog.client().await.unwrap(), catalog.client().await.unwrap(), catalog.client().await.unwrap()];
    assert_eq!(catalog.open_connections(), 3);
    drop(clients);
    wait_for("idle connections to close", LONG, async || catalog.open_connections() == 0).await;
    catalog.ping().await.unwrap();

    // The server agrees, when it has noticed; and with the last catalog its connections go too.
    let observer = database.connect().await;
    let connections = async || -> i64 {
        let sql = "select count(*) from pg_stat_activity
                   where datname = current_database() and application_name = 'sixty'";
        observer.query_one(sql, &[]).await.unwrap().get(0)
    };
    wait_for("the server to notice", LONG, async || connections().await <= 1).await;
    let last = catalog.clone();
    drop(catalog);
    last.ping().await.unwrap();
    drop(last);
    wait_for("the dropped pool's connections to close", LONG, async || connections().await == 0).await;
}

#[tokio::test]
async fn a_full_pool_says_so_in_time() {
    let database = testkit::admin_database().await;
    let config = CatalogConfig {
        max_connections: 1,
        connect_timeout: Duration::from_secs(3),
        ..CatalogConfig::new(database.url().into())
    };
    let catalog = Catalog::connect(&config).unwrap();
    let held = catalog.client().await.unwrap();
    let error = catalog.client().await.map(|_| ()).unwrap_err();
    assert!(error.is_temporary(), "{error:?}");
    drop(held);
    catalog.ping().await.unwrap();
}

#[tokio::test]
async fn an_address_in_parts_needs_no_escaping() {
    let database = testkit::admin_database().await;
    let superuser = testkit::connect(&database.superuser_url()).await;
    let (role, password) = ("strange", "p@ss:w/rd '%41\\");
    superuser
        .batch_execute(&format!(
            "drop role if exists {role}; create role {role} login password '{}'",
            password.replace('\'', "''")
        ))
        .await
        .unwrap();
    let catalog = Catalog::connect(&CatalogConfig::at(Address::Parts {
        host: "localhost".to_owned(),
        port: database.port(),
        user: role.to_owned(),
        password: password.into(),
        database: database.name().to_owned(),
    }))
    .unwrap();
    catalog.ping().await.unwrap();
}

#[tokio::test]
async fn tls_is_checked_when_it_is_asked_for() {
    let database = testkit::admin_database().await;
    let authority = testkit::customer_database().await.ca_certificate().to_owned();
    let is_encrypted = async |config: CatalogConfig| -> Result<bool, CatalogError> {
        let client = Catalog::connect(&config)?.client().await?;
        Ok(client.query_one("select ssl from pg_stat_ssl where pid = pg_backend_pid()", &[]).await?.get(0))
    };
    let plain = CatalogConfig::new(database.url().into());
    let trusting = CatalogConfig { ca_certificate: Some(authority), ..plain.clone() };
    assert!(!is_encrypted(plain).await.unwrap());
    assert!(is_encrypted(trusting.clone()).await.unwrap());
    let catalog = Catalog::connect(&trusting).unwrap();
    catalog.dedicated_client().await.unwrap();
    catalog.listen(&["x"]).await.unwrap();

    // The machine's authorities didn't sign the test server's certificate.
    let required = CatalogConfig::new(format!("{}?sslmode=require", database.url()).into());
    assert!(is_encrypted(required).await.unwrap_err().is_temporary());
    let rubbish = CatalogConfig { ca_certificate: Some("no certificate".to_owned()), ..trusting };
    assert!(is_encrypted(rubbish).await.unwrap_err().is_temporary());
}

#[tokio::test]
async fn a_broken_connection_is_unavailable_and_the_next_one_works() {
    let database = testkit::admin_database().await;
    let proxy = testkit::fault_proxy(database.port()).await;
    let config = CatalogConfig {
        connect_timeout: Duration::from_secs(3),
        ..CatalogConfig::new(database.url_through(proxy.port()).into())
    };
    let catalog = Catalog::connect(&config).unwrap();
    catalog.ping().await.unwrap();
    let client = catalog.client().await.unwrap();
    proxy.refuse();
    let error = customers::by_domain(&client, "x").await.unwrap_err();
    assert!(error.is_temporary(), "{error:?}");
    drop(client);
    assert!(catalog.ping().await.unwrap_err().is_temporary());
    proxy.resume();
    wait_for("the server to be back", LONG, async || catalog.ping().await.is_ok()).await;
    // A server that hangs is noticed too.
    proxy.pause();
    assert!(catalog.ping().await.unwrap_err().is_temporary());
    assert!(catalog.dedicated_client().await.map(|_| ()).unwrap_err().is_temporary());
    assert!(catalog.listen(&["x"]).await.map(|_| ()).unwrap_err().is_temporary());
    proxy.resume();
    wait_for("the server to answer again", LONG, async || catalog.ping().await.is_ok()).await;
}

#[tokio::test]
async fn a_session_that_the_server_ends_is_unavailable() {
    let (database, catalog) = setup::catalog().await;
    let client = catalog.client().await.unwrap();
    let process: i32 = client.query_one("select pg_backend_pid()", &[]).await.unwrap().get(0);
    let superuser = testkit::connect(&database.superuser_url()).await;
    superuser.execute("select pg_terminate_backend($1)", &[&process]).await.unwrap();
    let error = customers::by_domain(&client, "x").await.unwrap_err();
    assert!(matches!(error, CatalogError::Unavailable(_)), "{error:?}");
    drop(client);
    wait_for("the broken connection to be replaced", LONG, async || catalog.ping().await.is_ok()).await;
}

#[tokio::test]
async fn migrations_run_over_a_dedicated_client() {
    let (_database, catalog) = setup::catalog().await;
    let mut client = catalog.dedicated_client().await.unwrap();
    let migrated = schema::migrate(&mut client, schema::MigrationSet::admin()).await.unwrap();
    assert!(migrated.applied.is_empty());
}

#[tokio::test]
async fn what_decides_about_requests_is_told_to_listeners() {
    let (_database, catalog) = setup::catalog().await;
    let mut listener = catalog.listen(&[CUSTOMER_CHANGED, "another \"channel\""]).await.unwrap();
    let client = catalog.client().await.unwrap();
    let acme = setup::customer(&client, "acme").await.id;
    let mut told = async |what: &str| {
        let notification = tokio::time::timeout(LONG, listener.next()).await.expect(what).unwrap();
        assert_eq!(
            (notification.channel.as_str(), notification.payload),
            (CUSTOMER_CHANGED, acme.to_string())
        );
    };
    told("a new customer").await;
    let (_, key) = setup::api_key(&client, acme).await;
    told("a new key").await;
    // Not told: the next notification is the module's, and no one comes between.
    catalog::api_keys::touch_last_used(&client, &[(key.id, Utc::now())]).await.unwrap();
    modules::enable_many(&client, acme, &["crm_core"]).await.unwrap();
    told("a module").await;
    customers::set_status(&client, acme, SubscriptionStatus::Active).await.unwrap();
    told("a status").await;
    catalog::api_keys::revoke(&client, acme, key.id).await.unwrap();
    told("a revoked key").await;
    client.batch_execute("notify \"another \"\"channel\"\"\", 'end'").await.unwrap();
    let end = tokio::time::timeout(LONG, listener.next()).await.unwrap().unwrap();
    assert_eq!((end.channel.as_str(), end.payload.as_str()), ("another \"channel\"", "end"));
}

#[tokio::test]
async fn a_listener_tells_that_its_connection_is_lost() {
    let database = testkit::admin_database().await;
    let proxy = testkit::fault_proxy(database.port()).await;
    let catalog = Catalog::connect(&CatalogConfig::new(database.url_through(proxy.port()).into())).unwrap();
    let mut listener = catalog.listen(&["x"]).await.unwrap();
    proxy.cut();
    let error = tokio::time::timeout(LONG, listener.next()).await.expect("the loss is told").unwrap_err();
    assert!(error.is_temporary());
    assert!(listener.next().await.is_err(), "it stays lost");
}

/// A pooler in transaction mode takes `listen`, and nobody hears anything: who relies on it would go on with what was
/// revoked.
#[tokio::test]
async fn nobody_listens_through_what_passes_no_notifications_on() {
    let database = testkit::admin_database().await;
    let tap = testkit::postgres_tap(database.port()).await;
    let catalog = Catalog::connect(&CatalogConfig::new(database.url_through(tap.port()).into())).unwrap();
    let mut listener = catalog.listen(&["x"]).await.unwrap();
    database.connect().await.batch_execute("notify x, 'told'").await.unwrap();
    assert_eq!(tokio::time::timeout(LONG, listener.next()).await.unwrap().unwrap().payload, "told");
    tap.mute();
    let error = catalog.listen(&["x"]).await.map(|_| ()).unwrap_err();
    assert!(error.to_string().contains("transaction mode"), "{error}");
    catalog.ping().await.unwrap();
}

/// Holds whoever wants to read keys, until it is dropped.
async fn locked_keys(database: &testkit::AdminDatabase) -> tokio_postgres::Client {
    let client = database.connect().await;
    client.batch_execute("begin; lock table admin_api_keys in access exclusive mode").await.unwrap();
    client
}

#[tokio::test]
async fn a_statement_that_was_broken_off_holds_up_nobody_else_and_ends() {
    let database = testkit::admin_database().await;
    let catalog = Catalog::connect(&CatalogConfig::new(database.server_url().into())).unwrap();
    catalog.ping().await.unwrap();
    let lock = locked_keys(&database).await;
    let patience = Duration::from_millis(300);
    let question = catalog.principal("nobody's");
    assert!(tokio::time::timeout(patience, question).await.is_err(), "it waits for the lock");
    // The last connection to come back is the first to be given out.
    let begun = std::time::Instant::now();
    catalog.ping().await.unwrap();
    assert!(begun.elapsed() < Duration::from_secs(2), "answered after {:?}", begun.elapsed());
    // And the database doesn't work for nobody.
    wait_for("the statement to be canceled", LONG, async || {
        let sql = "select count(*) from pg_locks where not granted and database =
                       (select oid from pg_database where datname = current_database())";
        lock.query_one(sql, &[]).await.unwrap().get::<_, i64>(0) == 0
    })
    .await;
    drop(lock);
    assert!(catalog.principal("nobody's").await.unwrap().is_none());
}

#[tokio::test]
async fn a_transaction_that_was_broken_off_holds_up_nobody_else() {
    let database = testkit::admin_database().await;
    let catalog = Catalog::connect(&CatalogConfig::new(database.server_url().into())).unwrap();
    let lock = locked_keys(&database).await;
    let changed = async {
        let mut client = catalog.client().await.unwrap();
        let transaction = client.transaction().await.unwrap();
        catalog::api_keys::by_hash(&transaction, "nobodys").await.unwrap();
    };
    assert!(
        tokio::time::timeout(Duration::from_millis(300), changed).await.is_err(),
        "it waits for the lock"
    );
    let begun = std::time::Instant::now();
    catalog.ping().await.unwrap();
    assert!(begun.elapsed() < Duration::from_secs(2), "answered after {:?}", begun.elapsed());
    drop(lock);
}

#[tokio::test]
async fn a_statement_that_takes_too_long_is_given_up_as_unavailable() {
    let database = testkit::admin_database().await;
    let config = CatalogConfig {
        statement_timeout: Some(Duration::from_millis(200)),
        ..CatalogConfig::new(database.server_url().into())
    };
    let catalog = Catalog::connect(&config).unwrap();
    let _lock = locked_keys(&database).await;
    let client = catalog.client().await.unwrap();
    let error = catalog::api_keys::by_hash(&client, "nobodys").await.unwrap_err();
    assert!(error.is_temporary(), "{error:?}");
    drop(client);
    catalog.ping().await.unwrap();
}
