//! The ways into a customer's instance: one for each of its three roles, and none for anybody else.

use secrecy::SecretString;
use system_tests::{Connection, Stack};
use tokio_postgres::NoTls;

/// Refused before anything: nobody like that may come in.
const NO_ENTRY: &str = "28000";
const WRONG_PASSWORD: &str = "28P01";

/// Nobody comes in but the three roles, with TLS, by their own passwords, to their own database.
pub(super) async fn are_closed(stack: &Stack, own: [&Connection; 3], other: &str) {
    let [owner, app, _] = own;
    for connection in own {
        only_over_tls(connection).await;
    }
    only_the_own_database(stack, owner).await;
    the_superuser_comes_in_by_nobodys_door(app).await;
    another_customers_password_opens_nothing(stack, own, other).await;
}

async fn only_over_tls(connection: &Connection) {
    assert_eq!(plain(&connection.plain_url()).await, NO_ENTRY, "{} came in without TLS", connection.user);
    assert!(connection.try_connect().await.is_ok());
}

/// The code with which a connection without TLS is refused.
async fn plain(url: &str) -> String {
    match tokio_postgres::connect(url, NoTls).await {
        Ok(_) => "let in".to_owned(),
        Err(error) => error.code().map_or_else(|| error.to_string(), |code| code.code().to_owned()),
    }
}

/// The code with which a connection with TLS is refused.
async fn entry(connection: &Connection) -> String {
    match connection.try_connect().await {
        Ok(_) => "let in".to_owned(),
        Err(postgres_server::ServerError::Database(error)) => {
            error.code().map_or_else(|| error.to_string(), |code| code.code().to_owned())
        }
        Err(error) => error.to_string(),
    }
}

async fn only_the_own_database(stack: &Stack, owner: &Connection) {
    for database in ["template1", "postgres", "template0", "customer_nobody", "all", "replication"] {
        let elsewhere = Connection { database: database.to_owned(), ..owner.clone() };
        assert_eq!(entry(&elsewhere).await, NO_ENTRY, "{database}");
    }
    // Over the Unix socket not even with the password: there, the superuser's operating-system users come in.
    let socket =
        postgres_server::connect::as_superuser(&stack.path().join("run"), owner.port, &owner.database).await;
    assert!(socket.is_ok(), "the platform itself can't get to {}", owner.database);
    let config = || {
        let mut config = tokio_postgres::Config::new();
        config.host_path(stack.path().join("run")).port(owner.port).dbname(&owner.database);
        config.user(&owner.user).password(&owner.password);
        config
    };
    let error = config().connect(NoTls).await.err().expect("a role came in over the Unix socket");
    assert_eq!(error.code().map(|code| code.code()), Some(NO_ENTRY), "{error:?}");
}

async fn the_superuser_comes_in_by_nobodys_door(app: &Connection) {
    for database in [&app.database, "template1"] {
        for password in ["", "postgres", &app.password] {
            let superuser = Connection {
                user: "postgres".to_owned(),
                database: database.to_owned(),
                password: password.to_owned(),
                ..app.clone()
            };
            assert_eq!(entry(&superuser).await, NO_ENTRY);
            assert_eq!(plain(&superuser.plain_url()).await, NO_ENTRY);
        }
    }
}

async fn another_customers_password_opens_nothing(stack: &Stack, own: [&Connection; 3], other: &str) {
    for (connection, role) in own.into_iter().zip(["owner", "app", "readonly"]) {
        let theirs = Connection::of(&stack.operator, other, role).await;
        assert_ne!(connection.password, theirs.password);
        assert_ne!(connection.port, theirs.port);
        let with_our_password = Connection { password: connection.password.clone(), ..theirs.clone() };
        assert_eq!(entry(&with_our_password).await, WRONG_PASSWORD);
        let as_ourselves = Connection { port: theirs.port, ..connection.clone() };
        assert_eq!(entry(&as_ourselves).await, NO_ENTRY);
        let into_theirs = Connection { user: connection.user.clone(), ..with_our_password };
        assert_eq!(entry(&into_theirs).await, NO_ENTRY);
        let guessed = postgres_server::connect::RoleLogin {
            host: &theirs.host,
            port: theirs.port,
            database: &theirs.database,
            role: &theirs.user,
            password: &SecretString::from(""),
        };
        assert!(postgres_server::connect::over_tls(&guessed, &theirs.ca_certificate).await.is_err());
    }
}
