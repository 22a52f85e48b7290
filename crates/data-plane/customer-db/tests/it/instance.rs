//! A PostgreSQL instance of the test's own, which may be killed and started again.

use std::sync::Arc;
use std::time::Duration;

use domain::CustomerId;
use domain::principal::SealedEndpoint;
use postgres_server::{OsUser, PlainServer, PlainServerConfig, ServerError, socket_folder};
use rustix::process::{Pid, Signal, kill_process};
use schema::MigrationSet;
use testkit::Home;
use tokio_postgres::NoTls;

use crate::support::{TestDirectory, ensure_first};

const DATABASE: &str = "customer";

/// The instance, with one migrated customer database, without TLS.
pub(crate) struct Instance {
    server: PlainServer,
    _home: Home,
}

impl Instance {
    pub(crate) async fn start() -> Self {
        let home = testkit::home();
        let user = OsUser::find(None).unwrap();
        let config = PlainServerConfig {
            installation: testkit::installation(),
            folder: home.path().join("instance"),
            socket_dir: socket_folder(home.path(), &user).unwrap(),
            user,
            port: testkit::free_port(),
            settings: vec![("fsync", "off".to_owned())],
        };
        let server = PlainServer::prepare(config).await.unwrap();
        server.start().await.unwrap();
        let password = testkit::PASSWORD.to_owned().into();
        server.ensure_role_and_database(testkit::CUSTOMER_OWNER, &password, DATABASE).await.unwrap();
        let superuser = server.superuser("postgres").await.unwrap();
        for role in [testkit::CUSTOMER_APP, testkit::CUSTOMER_READONLY] {
            let sql = format!("create role {role} with login password '{}'", testkit::PASSWORD);
            superuser.batch_execute(&sql).await.unwrap();
        }
        let url = format!(
            "postgresql://{}:{}@localhost:{}/{DATABASE}",
            testkit::CUSTOMER_OWNER,
            testkit::PASSWORD,
            server.port()
        );
        let (mut owner, connection) = tokio_postgres::connect(&url, NoTls).await.unwrap();
        tokio::spawn(connection);
        schema::migrate(&mut owner, MigrationSet::customer()).await.unwrap();
        let grants = schema::customer_grants(
            testkit::CUSTOMER_OWNER,
            testkit::CUSTOMER_APP,
            testkit::CUSTOMER_READONLY,
        );
        owner.batch_execute(&grants).await.unwrap();
        ensure_first(&owner, "First").await;
        Self { server, _home: home }
    }

    /// A customer whose database is here.
    pub(crate) fn place(&self, directory: &Arc<TestDirectory>, customer: CustomerId, password: &str) {
        let sealed = directory.seal(customer, password);
        let endpoint = SealedEndpoint {
            port: self.server.port(),
            database: DATABASE.to_owned(),
            user: testkit::CUSTOMER_APP.to_owned(),
            ca_certificate: None,
            ..sealed
        };
        directory.change(customer, Some(endpoint));
    }

    pub(crate) async fn superuser(&self) -> tokio_postgres::Client {
        self.server.superuser(DATABASE).await.unwrap()
    }

    /// kill -9, of the server and all its sessions.
    pub(crate) async fn kill(&self) {
        let sessions: Vec<i32> = self
            .superuser()
            .await
            .query("select pid from pg_stat_activity where pid <> pg_backend_pid()", &[])
            .await
            .unwrap()
            .iter()
            .map(|row| row.get(0))
            .collect();
        let server = self.server.postmaster().running().unwrap().pid;
        for pid in [server].into_iter().chain(sessions) {
            // A session may have ended by itself meanwhile.
            let _ = kill_process(Pid::from_raw(pid).unwrap(), Signal::KILL);
        }
        self.server.wait_until_gone().await;
    }

    /// Stops it as an operator would.
    pub(crate) async fn stop(&self) {
        self.server.stop().await.unwrap();
    }

    pub(crate) async fn start_again(&self) {
        // A session that began while the others were killed holds the port until it notices that it is alone.
        testkit::wait_for("the port to be free", Duration::from_secs(20), async || {
            let started = self.server.start().await;
            if matches!(started, Err(ServerError::PortTaken(_))) {
                return false;
            }
            started.unwrap();
            true
        })
        .await;
    }
}
