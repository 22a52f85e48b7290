//! The plain path: what somebody does who follows PostgreSQL's own manual, without shells in between: initdb, start,
//! role, database, schema, first query.

use std::net::TcpListener;
use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context as _, ensure};
use postgres_server::{Installation, OsUser, folders};
use schema::MigrationSet;
use tokio_postgres::{Client, NoTls};

/// Makes a cluster with everything that a customer's database has; how long it took. It is stopped and removed
/// afterwards, uncounted.
pub(crate) async fn new_customer(installation: &Installation, user: &OsUser) -> anyhow::Result<Duration> {
    let folder = tempfile::Builder::new().prefix("plain-").tempdir()?;
    folders::give_to(folder.path(), user)?;
    let data = folder.path().join("data");
    let port = TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();

    let began = Instant::now();
    run(installation, user, "initdb", &["-D", &text(&data), "-U", "postgres", "-A", "trust", "-E", "UTF8"])
        .await?;
    let options =
        format!("-p {port} -c listen_addresses=127.0.0.1 -c unix_socket_directories={}", text(folder.path()));
    let log = text(&folder.path().join("log"));
    run(installation, user, "pg_ctl", &["-D", &text(&data), "-w", "-l", &log, "-o", &options, "start"])
        .await?;
    let made = make_database(port).await;
    let elapsed = began.elapsed();

    run(installation, user, "pg_ctl", &["-D", &text(&data), "-w", "-m", "immediate", "stop"]).await?;
    made?;
    Ok(elapsed)
}

async fn make_database(port: u16) -> anyhow::Result<()> {
    let superuser = connect(port, "postgres", "postgres").await?;
    superuser.batch_execute("create role customer login password 'secret'").await?;
    superuser.batch_execute("create database customer owner customer").await?;
    let mut owner = connect(port, "customer", "customer").await?;
    schema::migrate(&mut owner, MigrationSet::customer()).await?;
    let row = owner.query_one("select count(*) from organizations", &[]).await?;
    ensure!(row.get::<_, i64>(0) == 0, "a new database has no organizations yet");
    Ok(())
}

async fn connect(port: u16, user: &str, database: &str) -> anyhow::Result<Client> {
    let mut config = tokio_postgres::Config::new();
    config.host("127.0.0.1").port(port).user(user).password("secret").dbname(database);
    let (client, connection) = config.connect(NoTls).await?;
    tokio::spawn(connection);
    Ok(client)
}

async fn run(
    installation: &Installation,
    user: &OsUser,
    program: &str,
    arguments: &[&str],
) -> anyhow::Result<()> {
    let mut command = tokio::process::Command::from(user.command(&installation.program(program)));
    // A server that pg_ctl starts would keep a pipe open for ever.
    let output =
        command.args(arguments).stdout(std::process::Stdio::null()).stderr(std::process::Stdio::null());
    let status = output.status().await.with_context(|| format!("{program} can't be run"))?;
    ensure!(status.success(), "{program} {arguments:?} failed: {status}");
    Ok(())
}

fn text(path: &Path) -> String {
    path.display().to_string()
}
