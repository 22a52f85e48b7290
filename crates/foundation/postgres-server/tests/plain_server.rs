//! A server for ourselves, from nothing to its end.
#![expect(clippy::unwrap_used, reason = "what fails here fails the test")]

use std::net::TcpListener;
use std::path::Path;
use std::time::Duration;

use postgres_server::{OsUser, PlainServer, PlainServerConfig, ServerError, socket_folder};
use rustix::process::{Pid, Signal, kill_process};
use secrecy::SecretString;
use testkit::{connect, wait_for};

fn config(home: &Path, port: u16) -> PlainServerConfig {
    let user = OsUser::find(None).unwrap();
    PlainServerConfig {
        installation: testkit::installation(),
        folder: home.join("database"),
        socket_dir: socket_folder(home, &user).unwrap(),
        user,
        port,
        settings: Vec::new(),
    }
}

#[tokio::test]
async fn a_role_reaches_its_database_by_password_and_nobody_else_does() {
    let home = testkit::home();
    let port = testkit::free_port();
    // What a killed first attempt leaves.
    std::fs::create_dir_all(home.path().join("database/making-1/base")).unwrap();
    let server = PlainServer::prepare(config(home.path(), port)).await.unwrap();
    server.start().await.unwrap();
    let again = PlainServer::prepare(config(home.path(), port)).await.unwrap();
    again.start().await.unwrap();
    assert!(!home.path().join("database/making-1").exists());

    for password in ["first", "second"] {
        let secret = SecretString::from(password);
        server.ensure_role_and_database("admin_user", &secret, "saas_admin").await.unwrap();
        let url = format!("postgresql://admin_user:{password}@localhost:{port}/saas_admin");
        let client = connect(&url).await;
        client.batch_execute("create database other").await.unwrap();
        client.batch_execute("drop database other").await.unwrap();
        let owner: String = client
            .query_one("select datdba::regrole::text from pg_database where datname = 'saas_admin'", &[])
            .await
            .unwrap()
            .get(0);
        assert_eq!(owner, "admin_user");
    }
    for wrong in ["admin_user:first", "postgres:", "postgres:postgres"] {
        let url = format!("postgresql://{wrong}@localhost:{port}/saas_admin");
        assert!(tokio_postgres::connect(&url, tokio_postgres::NoTls).await.is_err(), "{wrong}");
    }
    server.superuser("saas_admin").await.unwrap();
    server.stop().await.unwrap();
    server.stop().await.unwrap();
    assert!(!server.is_running());
}

#[tokio::test]
async fn a_killed_server_starts_again_and_a_taken_port_is_named() {
    let home = testkit::home();
    let port = testkit::free_port();
    let server = PlainServer::prepare(config(home.path(), port)).await.unwrap();
    let running = server.start().await.unwrap();
    kill_process(Pid::from_raw(running.pid).unwrap(), Signal::KILL).unwrap();
    server.wait_until_gone().await;
    server.start().await.unwrap();
    server.stop().await.unwrap();

    let somebody = TcpListener::bind(("127.0.0.1", port)).unwrap();
    assert!(matches!(server.start().await, Err(ServerError::PortTaken(taken)) if taken == port));
    let moved = PlainServer::prepare(config(home.path(), testkit::free_port())).await.unwrap();
    moved.start().await.unwrap();
    drop(somebody);
    // The port is moved back while the server runs.
    let back = PlainServer::prepare(config(home.path(), port)).await.unwrap();
    assert_eq!(back.start().await.unwrap().port, port);
    back.stop().await.unwrap();
}

#[tokio::test]
async fn a_cluster_of_another_version_is_refused_with_the_way_out() {
    let home = testkit::home();
    let port = testkit::free_port();
    PlainServer::prepare(config(home.path(), port)).await.unwrap();
    std::fs::write(home.path().join("database/data/PG_VERSION"), "14\n").unwrap();
    let message = PlainServer::prepare(config(home.path(), port)).await.unwrap_err().to_string();
    assert!(message.contains("made by PostgreSQL 14") && message.contains("SIXTY_PG_BIN"), "{message}");
}

#[tokio::test]
async fn a_broken_configuration_is_told_in_the_servers_own_words() {
    let home = testkit::home();
    let mut broken = config(home.path(), testkit::free_port());
    broken.settings.push(("shared_buffers", "a lot".to_owned()));
    let server = PlainServer::prepare(broken).await.unwrap();
    let message = server.start().await.unwrap_err().to_string();
    assert!(message.contains("shared_buffers"), "{message}");
    wait_for("nothing to run", Duration::from_secs(5), || async { !server.is_running() }).await;
}
