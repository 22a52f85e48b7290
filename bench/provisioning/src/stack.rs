//! The system under test: `sixty dev` on free ports, with a home of its own that is removed afterwards.

use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::{Duration, Instant};

use anyhow::{Context as _, ensure};
use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::process::{Child, Command};

const PATIENCE: Duration = Duration::from_secs(120);

pub(crate) struct Stack {
    home: TempDir,
    child: Child,
    client: reqwest::Client,
    url: String,
    token: String,
}

impl Stack {
    pub(crate) async fn start() -> anyhow::Result<Self> {
        let home = tempfile::Builder::new().prefix("sixty-bench-").tempdir()?;
        // PostgreSQL runs as another user when we are root.
        std::fs::set_permissions(home.path(), std::fs::Permissions::from_mode(0o755))?;
        let binary = std::env::current_exe()?.with_file_name("sixty");
        let [server, admin, template, redis, first] = free_ports()?;
        let child = Command::new(&binary)
            .arg("dev")
            .env("SIXTY_HOME", home.path())
            .env("PORT", server.to_string())
            .env("ADMIN_DB_PORT", admin.to_string())
            .env("DB_PORT", template.to_string())
            .env("REDIS_PORT", redis.to_string())
            .env("SIXTY_CUSTOMER_PORTS", format!("{first}-{}", first.saturating_add(400)))
            .env("SIXTY_LOG", "warn")
            .stdout(Stdio::null())
            .kill_on_drop(true)
            .spawn()
            .with_context(|| format!("{} can't be run", binary.display()))?;
        let client = reqwest::Client::builder().no_proxy().timeout(PATIENCE).build()?;
        let url = format!("http://127.0.0.1:{server}");
        wait_until_ready(&client, &url).await?;
        let token = std::fs::read_to_string(home.path().join("operator-token"))?.trim().to_owned();
        Ok(Self { home, child, client, url, token })
    }

    /// Signs a customer up; answers with their key.
    pub(crate) async fn new_customer(&self, id: &str) -> anyhow::Result<String> {
        let body = json!({ "customerId": id, "customerName": id, "customerEmail": "bench@example.com", "plan": "pro" });
        let request =
            self.client.post(format!("{}/api/provision", self.url)).bearer_auth(&self.token).json(&body);
        let response = request.send().await?;
        let status = response.status();
        let answer: Value = response.json().await?;
        ensure!(status == reqwest::StatusCode::CREATED, "{status}: {answer}");
        answer["apiKey"]["key"].as_str().map(str::to_owned).context("no key in the answer")
    }

    /// The first query of a customer's program.
    pub(crate) async fn first_query(&self, key: &str) -> anyhow::Result<Value> {
        let request = self.client.get(format!("{}/api/v1/organizations", self.url)).bearer_auth(key);
        Ok(request.send().await?.error_for_status()?.json().await?)
    }

    /// The data folders of the customers' instances.
    pub(crate) fn data_folders(&self) -> anyhow::Result<Vec<PathBuf>> {
        let folder = self.home.path().join("instances");
        let entries = std::fs::read_dir(&folder).with_context(|| folder.display().to_string())?;
        Ok(entries
            .filter_map(|entry| Some(entry.ok()?.path().join("data")))
            .filter(|path| is_cluster(path))
            .collect())
    }

    pub(crate) async fn stop(mut self) -> anyhow::Result<()> {
        if let Some(pid) = self.child.id().and_then(|id| Pid::from_raw(i32::try_from(id).ok()?)) {
            kill_process(pid, Signal::INT)?;
        }
        tokio::time::timeout(PATIENCE, self.child.wait()).await.context("sixty dev doesn't stop")??;
        Ok(())
    }
}

fn is_cluster(path: &Path) -> bool {
    path.join("PG_VERSION").exists()
}

async fn wait_until_ready(client: &reqwest::Client, url: &str) -> anyhow::Result<()> {
    let began = Instant::now();
    loop {
        let ready = client.get(format!("{url}/api/ready")).send().await;
        if ready.is_ok_and(|response| response.status().is_success()) {
            return Ok(());
        }
        ensure!(began.elapsed() < PATIENCE, "sixty dev doesn't get ready");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

/// Four free ports, and one from which on many are likely free.
fn free_ports() -> anyhow::Result<[u16; 5]> {
    let mut held = Vec::new();
    let mut ports = [0; 5];
    for port in &mut ports[..4] {
        let listener = TcpListener::bind("127.0.0.1:0")?;
        *port = listener.local_addr()?.port();
        held.push(listener);
    }
    ports[4] = 20_000 + u16::try_from(std::process::id() % 8_000)?;
    Ok(ports)
}
