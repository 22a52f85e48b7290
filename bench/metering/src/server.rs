//! A PostgreSQL of the benchmark's own, durable as in production.

use anyhow::Context as _;
use postgres_server::{
    Installation, InstallationSearch, OsUser, PlainServer, PlainServerConfig, socket_folder,
};
use secrecy::SecretString;
use tempfile::TempDir;
use tokio_postgres::{Client, NoTls};

const ROLE: &str = "admin_user";
const PASSWORD: &str = "benchmark";
const TEMPLATE: &str = "filled";

pub(crate) struct Server {
    server: PlainServer,
    pub(crate) version: String,
    _folder: TempDir,
}

impl Server {
    /// Starts it, with a database that has so many requests in it.
    pub(crate) async fn start(filled: i64) -> anyhow::Result<Self> {
        let search = InstallationSearch { bin_dir: None, path: Vec::new(), downloads: None };
        let installation = Installation::find(&search)?;
        let user = OsUser::find(None)?;
        let folder = tempfile::Builder::new().prefix("sixty-bench-").tempdir_in("/tmp")?;
        std::fs::set_permissions(folder.path(), std::os::unix::fs::PermissionsExt::from_mode(0o711))?;
        // What an operator would give a database that takes many rows; fsync and synchronous_commit stay on.
        let settings =
            [("shared_buffers", "512MB"), ("max_wal_size", "8GB"), ("checkpoint_timeout", "30min")];
        let port = std::net::TcpListener::bind(("127.0.0.1", 0))?.local_addr()?.port();
        let server = PlainServer::prepare(PlainServerConfig {
            socket_dir: socket_folder(folder.path(), &user)?,
            folder: folder.path().join("postgres"),
            port,
            settings: settings.map(|(name, value)| (name, value.to_owned())).into(),
            installation: installation.clone(),
            user,
        })
        .await?;
        server.start().await?;
        let this = Self { server, version: installation.version.text.clone(), _folder: folder };
        match this.prepare(filled).await {
            Ok(()) => Ok(this),
            Err(error) => {
                this.stop().await?;
                Err(error)
            }
        }
    }

    async fn prepare(&self, filled: i64) -> anyhow::Result<()> {
        self.server.ensure_role_and_database(ROLE, &SecretString::from(PASSWORD), TEMPLATE).await?;
        let mut client = self.client(TEMPLATE).await?;
        schema::migrate(&mut client, schema::MigrationSet::admin()).await?;
        client.batch_execute(&crate::load::customers()).await?;
        fill(&client, filled).await.context("the first rows")
    }

    /// A database of its own, with the first rows.
    pub(crate) async fn database(&self, name: &str) -> anyhow::Result<()> {
        let superuser = self.server.superuser("postgres").await?;
        superuser.batch_execute(&format!("create database {name} template {TEMPLATE} owner {ROLE}")).await?;
        Ok(())
    }

    pub(crate) fn filled(&self) -> &'static str {
        TEMPLATE
    }

    pub(crate) async fn client(&self, database: &str) -> anyhow::Result<Client> {
        let (client, connection) = tokio_postgres::connect(&self.url(database), NoTls).await?;
        tokio::spawn(connection);
        Ok(client)
    }

    pub(crate) fn url(&self, database: &str) -> String {
        format!("postgresql://{ROLE}:{PASSWORD}@127.0.0.1:{}/{database}", self.server.port())
    }

    pub(crate) async fn stop(self) -> anyhow::Result<()> {
        Ok(self.server.stop().await?)
    }
}

/// Requests of 200 customers over the month until now.
async fn fill(client: &Client, rows: i64) -> anyhow::Result<()> {
    const CHUNK: i64 = 500_000;
    let mut done = 0;
    while done < rows {
        let until = (done + CHUNK).min(rows);
        client
            .execute(
                "insert into admin_api_usage (customer_id, api_key_id, request_id, endpoint, method, status_code,
                     response_time_ms, response_size_bytes, module, outcome, created_at)
                 select md5((n % 200)::text)::uuid, md5((n % 200)::text)::uuid, gen_random_uuid(),
                     '/api/v1/resource-' || n % 7, case when n % 3 = 0 then 'POST' else 'GET' end,
                     case when n % 19 = 0 then 404 else 200 end, n % 50, 400, 'crm_core', 'ok',
                     now() - (n % 40000) * interval '1 minute'
                 from generate_series($1::bigint + 1, $2::bigint) n",
                &[&done, &until],
            )
            .await?;
        done = until;
    }
    for table in ["admin_api_usage", "admin_api_usage_daily"] {
        client.batch_execute(&format!("vacuum analyze {table}")).await?;
    }
    Ok(())
}
