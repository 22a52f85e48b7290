//! The system under test: `sixty dev` on free ports, with a home of its own that is removed afterwards.

use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::{Duration, Instant};

use anyhow::{Context as _, ensure};
use http::{Method, StatusCode};
use postgres_server::OsUser;
use rustix::process::Signal;
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::process::{Child, Command};
use tokio_postgres::{Client, NoTls};

use crate::processes::{self, PATIENCE};
use crate::servers::{CustomerLogin, PLAIN_TABLE};

/// What the key may do: so much that it never ends.
const HUGE_LIMIT: &str =
    "update admin_api_keys set rate_limit_requests = 2000000000, rate_limit_period = 'month'";
/// The peer's database.
const PEERS_DATABASE: &str = "peer_admin";

pub(crate) struct Stack {
    home: TempDir,
    child: Child,
    client: reqwest::Client,
    pub(crate) url: String,
    token: String,
    admin_port: u16,
    redis_port: u16,
}

/// A customer with one contact.
pub(crate) struct Customer {
    pub(crate) key: String,
    /// The contact.
    pub(crate) contact: String,
    /// How their app connects to their database.
    pub(crate) login: CustomerLogin,
}

impl Stack {
    pub(crate) async fn start() -> anyhow::Result<Self> {
        let home = tempfile::Builder::new().prefix("sixty-bench-").tempdir()?;
        // PostgreSQL runs as another user when we are root.
        std::fs::set_permissions(home.path(), std::fs::Permissions::from_mode(0o755))?;
        let binary = std::env::current_exe()?.with_file_name("sixty");
        let ports = free_ports(5)?;
        let [server, admin, template, redis, metrics] = ports[..] else { anyhow::bail!("five ports") };
        // From here on many are likely free.
        let first = 20_000 + u16::try_from(std::process::id() % 8_000)?;
        let child = Command::new(&binary)
            .arg("dev")
            .env("SIXTY_HOME", home.path())
            .env("PORT", server.to_string())
            .env("ADMIN_DB_PORT", admin.to_string())
            .env("DB_PORT", template.to_string())
            .env("REDIS_PORT", redis.to_string())
            .env("SIXTY_METRICS_PORT", metrics.to_string())
            .env("SIXTY_CUSTOMER_PORTS", format!("{first}-{}", first.saturating_add(20)))
            .stdout(Stdio::null())
            .stderr(std::fs::File::create(home.path().join("log"))?)
            .kill_on_drop(true)
            .spawn()
            .with_context(|| format!("{} can't be run", binary.display()))?;
        let client = reqwest::Client::builder().no_proxy().timeout(PATIENCE).build()?;
        let url = format!("http://127.0.0.1:{server}");
        wait_until_answered(&client, &format!("{url}/api/ready"), None).await?;
        let token = std::fs::read_to_string(home.path().join("operator-token"))?.trim().to_owned();
        Ok(Self { home, child, client, url, token, admin_port: admin, redis_port: redis })
    }

    /// A folder that goes with the stack.
    pub(crate) fn folder(&self) -> &Path {
        self.home.path()
    }

    pub(crate) fn admin_url(&self) -> String {
        self.database_url("saas_admin")
    }

    fn database_url(&self, database: &str) -> String {
        format!("postgresql://admin_user:admin_password@localhost:{}/{database}", self.admin_port)
    }

    pub(crate) fn redis_url(&self) -> String {
        format!("redis://:dev_password@localhost:{}", self.redis_port)
    }

    /// The process of `sixty serve`.
    pub(crate) fn server(&self) -> anyhow::Result<u32> {
        let parent = self.child.id().context("sixty dev has ended")?;
        processes::child_with_argument(parent, "serve").context("sixty dev runs no server")
    }

    /// Signs a customer up, with a key that may do whatever it likes, one contact, and a copy of its table without
    /// row-level security.
    pub(crate) async fn customer(&self) -> anyhow::Result<Customer> {
        let body = json!({ "customerId": "bench", "customerName": "Bench", "customerEmail": "bench@example.com", "plan": "pro" });
        let signed_up = self.post("/api/provision", &self.token, &body).await?;
        let key = signed_up["apiKey"]["key"].as_str().context("no key in the answer")?.to_owned();
        connect(&self.admin_url()).await?.batch_execute(HUGE_LIMIT).await?;
        let contact = json!({
            "first_name": "Ada", "last_name": "Lovelace", "email": "ada@example.com", "phone": "+44 20 7946 0000",
            "company": "Analytical Engines Ltd.", "job_title": "Mathematician", "notes": "Met in London.",
        });
        let made = self.post("/api/v1/contacts", &key, &contact).await?;
        let contact = made["id"].as_str().context("no id in the answer")?.to_owned();
        let app = self.login("app").await?;
        let owner = self.login("owner").await?.connect().await?;
        // `sixty serve` refuses a database in which a table with an `org_id` has no row-level security: here the column has
        // another name.
        let plain = format!(
            "create table {PLAIN_TABLE} (like contacts including all);
             alter table {PLAIN_TABLE} rename column org_id to organization_id;
             grant select on {PLAIN_TABLE} to {};",
            app.user
        );
        owner.batch_execute(&plain).await?;
        // The owner too sees an organization's rows only from inside of it.
        let copy = format!(
            "begin; select set_config('app.org_id', (select id::text from organizations limit 1), true);
             insert into {PLAIN_TABLE} select * from contacts; commit; analyze {PLAIN_TABLE}; analyze contacts;"
        );
        owner.batch_execute(&copy).await?;
        Ok(Customer { key, contact, login: app })
    }

    async fn login(&self, role: &str) -> anyhow::Result<CustomerLogin> {
        let path = "/api/admin/customers/bench/connection-urls";
        Ok(serde_json::from_value(self.post(path, &self.token, &json!({ "role": role })).await?)?)
    }

    /// The operator's token.
    pub(crate) fn token(&self) -> &str {
        &self.token
    }

    async fn post(&self, path: &str, token: &str, body: &Value) -> anyhow::Result<Value> {
        let (status, answer) = self.ask(Method::POST, path, token, Some(body)).await?;
        ensure!(status.is_success(), "{path}: {status}: {answer}");
        Ok(answer)
    }

    /// Asks `sixty serve`; null where there is no JSON in the answer.
    pub(crate) async fn ask(
        &self,
        method: Method,
        path: &str,
        token: &str,
        body: Option<&Value>,
    ) -> anyhow::Result<(StatusCode, Value)> {
        let mut request = self.client.request(method, format!("{}{path}", self.url)).bearer_auth(token);
        if let Some(body) = body {
            request = request.json(body);
        }
        let response = request.send().await?;
        Ok((response.status(), serde_json::from_slice(&response.bytes().await?).unwrap_or_default()))
    }

    /// A database for the peer on the same server: the admin schema's first version alone, without what later ones do
    /// when a row of usage is written; with the same customer, modules and key.
    pub(crate) async fn peers_database(&self, key: &str) -> anyhow::Result<String> {
        let sockets = postgres_server::socket_folder(self.home.path(), &OsUser::find(None)?)?;
        let superuser = postgres_server::connect::as_superuser(&sockets, self.admin_port, "postgres").await?;
        superuser.batch_execute(&format!("create database {PEERS_DATABASE} owner admin_user")).await?;
        let url = self.database_url(PEERS_DATABASE);
        let peer = connect(&url).await?;
        let schema =
            Path::new(env!("CARGO_MANIFEST_DIR")).join("../../migrations/admin/0001_admin_schema.sql");
        peer.batch_execute(&std::fs::read_to_string(schema)?).await?;
        let ours = connect(&self.admin_url()).await?;
        let query = "select key_hash, key_prefix from admin_api_keys
            where key_hash = encode(sha256(convert_to($1, 'UTF8')), 'hex')";
        let row = ours.query_one(query, &[&key]).await.context("the key isn't kept as its SHA-256")?;
        let (hash, prefix): (String, String) = (row.get(0), row.get(1));
        let insert = "with customer as (
                insert into admin_customers (company_name, subscription_status) values ('Bench', 'active') returning id
            ), modules as (
                insert into admin_customer_modules (customer_id, module_id)
                select customer.id, m.id from customer, admin_feature_modules m where m.enabled_by_default
            )
            insert into admin_api_keys (customer_id, key_hash, key_prefix, name, permissions, rate_limit_requests)
            select id, $1, $2, 'bench', '[\"read:*\", \"write:*\", \"execute:*\"]', 2000000000 from customer";
        peer.execute(insert, &[&hash, &prefix]).await?;
        peer.batch_execute("analyze").await?;
        Ok(url)
    }

    pub(crate) async fn stop(self) -> anyhow::Result<()> {
        let Self { home: _home, child, .. } = self;
        processes::end(child, Signal::INT).await.context("sixty dev")
    }

    /// Where it writes its log.
    pub(crate) fn log(&self) -> PathBuf {
        self.home.path().join("log")
    }
}

/// A connection to the admin database or the peer's.
pub(crate) async fn connect(url: &str) -> anyhow::Result<Client> {
    let (client, connection) = tokio_postgres::connect(url, NoTls).await?;
    tokio::spawn(connection);
    Ok(client)
}

/// Waits until a server answers with success.
pub(crate) async fn wait_until_answered(
    client: &reqwest::Client,
    url: &str,
    key: Option<&str>,
) -> anyhow::Result<()> {
    let began = Instant::now();
    loop {
        let request = client.get(url);
        let request = if let Some(key) = key { request.bearer_auth(key) } else { request };
        let answer = request.send().await;
        if answer.as_ref().is_ok_and(|response| response.status().is_success()) {
            return Ok(());
        }
        ensure!(began.elapsed() < PATIENCE, "{url} doesn't answer: {answer:?}");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

/// So many free ports, all different.
pub(crate) fn free_ports(count: usize) -> anyhow::Result<Vec<u16>> {
    let held: Vec<_> = (0..count).map(|_| TcpListener::bind("127.0.0.1:0")).collect::<Result<_, _>>()?;
    Ok(held.iter().map(|listener| Ok(listener.local_addr()?.port())).collect::<std::io::Result<_>>()?)
}
