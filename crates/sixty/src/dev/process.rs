//! The server and the worker, as processes of this same binary.

use std::ffi::OsString;
use std::process::Stdio;
use std::time::{Duration, Instant};

use anyhow::Context as _;
use postgres_server::Installation;
use rustix::process::{Pid, Signal, kill_process};
use secrets::ExposeSecret;
use tokio::process::{ChildStdin, Command};
use tokio_util::sync::CancellationToken;

use super::DevArgs;
use super::home::Home;
use crate::config::{LogArgs, LogFormatArg};

/// How long a process may take to stop; a sign-up that waits for its customer is let go by then.
const PATIENCE: Duration = Duration::from_secs(40);

/// What the two processes are told: the configuration of this one, by the environment, so that no password is in a
/// process list.
pub(crate) struct ChildPlan<'a> {
    pub(crate) args: &'a DevArgs,
    pub(crate) home: &'a Home,
    pub(crate) log: &'a LogArgs,
    pub(crate) installation: &'a Installation,
}

/// How to start one of them.
pub(crate) struct ChildCommand {
    name: &'static str,
    environment: Vec<(&'static str, OsString)>,
}

/// One of them, running.
pub(crate) struct Child {
    command: ChildCommand,
    process: tokio::process::Child,
    /// The other end of its standard input. Held here, because waiting for a process closes the one it has.
    lifeline: Option<ChildStdin>,
}

impl ChildPlan<'_> {
    pub(crate) fn serve(&self) -> ChildCommand {
        let DevArgs { server, operator_token, admin_database, admin_roles, .. } = self.args;
        let mut environment = self.common();
        environment.extend(admin_roles.server_of(admin_database).variables());
        environment.extend([
            ("PORT", server.port.to_string().into()),
            ("SIXTY_HOST", server.host.to_string().into()),
            ("SIXTY_PROVISION_WAIT_SECONDS", server.provision_wait_seconds.to_string().into()),
            ("SIXTY_OPERATOR_TOKEN_FILE", operator_token.file(self.home.path()).into()),
            ("SIXTY_READY_FILE", self.home.ready_file().into()),
        ]);
        environment.extend(server.tls.map(|tls| ("SIXTY_TLS", tls.as_str().into())));
        let token = operator_token.operator_token.as_ref();
        environment.extend(token.map(|token| ("SIXTY_OPERATOR_TOKEN", token.expose_secret().into())));
        ChildCommand { name: "serve", environment }
    }

    pub(crate) fn worker(&self) -> ChildCommand {
        let DevArgs { postgres, admin_database, admin_roles, .. } = self.args;
        let ports = &postgres.customer_ports.0;
        let mut environment = self.common();
        environment.extend(admin_roles.worker_of(admin_database).variables());
        environment.extend(postgres.network.variables());
        environment.extend([
            ("SIXTY_PG_BIN", self.installation.bin_dir.clone().into()),
            ("SIXTY_CUSTOMER_PORTS", format!("{}-{}", ports.start(), ports.end()).into()),
        ]);
        environment.extend(postgres.pg_user.as_ref().map(|user| ("SIXTY_PG_USER", user.clone().into())));
        ChildCommand { name: "worker", environment }
    }

    /// What both are told. Options of this process become variables, so that they reach the others too.
    fn common(&self) -> Vec<(&'static str, OsString)> {
        let log_format = if self.log.log_format == LogFormatArg::Json { "json" } else { "text" };
        vec![
            ("SIXTY_HOME", self.home.path().into()),
            ("SIXTY_LOG", self.log.log.clone().into()),
            ("SIXTY_LOG_FORMAT", log_format.into()),
            ("SIXTY_MASTER_KEY_FILE", self.args.master_key.file(self.home.path()).into()),
            ("REDIS_URL", self.args.redis.url().expose_secret().into()),
            ("REDIS_TLS", "plain".into()),
        ]
    }
}

impl Child {
    pub(crate) fn start(command: ChildCommand) -> anyhow::Result<Self> {
        let (process, lifeline) = spawn(&command)?;
        Ok(Self { command, process, lifeline })
    }

    /// Starts it again whenever it has ended, and stops it when told to.
    pub(crate) async fn keep_running(mut self, stop: CancellationToken) {
        let mut pause = Duration::from_millis(100);
        loop {
            let began = Instant::now();
            let ended = tokio::select! {
                () = stop.cancelled() => break,
                ended = self.process.wait() => ended,
            };
            let status = ended.map_or_else(|error| error.to_string(), |status| status.to_string());
            tracing::warn!(status, "sixty {} has ended; starting it again", self.command.name);
            pause = if began.elapsed() > Duration::from_secs(10) {
                Duration::from_millis(100)
            } else {
                pause * 2
            };
            tokio::select! {
                () = stop.cancelled() => return,
                () = tokio::time::sleep(pause.min(Duration::from_secs(10))) => {}
            }
            match spawn(&self.command) {
                Ok((process, lifeline)) => (self.process, self.lifeline) = (process, lifeline),
                Err(error) => tracing::error!(%error, "sixty {} can't be started", self.command.name),
            }
        }
        self.stop().await;
    }

    async fn stop(&mut self) {
        if let Some(pid) = self.process.id().and_then(|id| Pid::from_raw(i32::try_from(id).ok()?)) {
            // An error means that it has ended already.
            let _ = kill_process(pid, Signal::TERM);
        }
        if tokio::time::timeout(PATIENCE, self.process.wait()).await.is_err() {
            tracing::warn!("sixty {} doesn't stop; it is killed", self.command.name);
            let _ = self.process.kill().await;
        }
    }
}

/// The child's standard input is a pipe that nobody writes to: it ends when this process does, and the child with it.
fn spawn(command: &ChildCommand) -> anyhow::Result<(tokio::process::Child, Option<ChildStdin>)> {
    let binary = std::env::current_exe().context("the path of this program is not known")?;
    let mut process = Command::new(binary)
        .args([command.name, "--with-parent"])
        .envs(command.environment.iter().map(|(name, value)| (name, value)))
        // The whole URLs would win over the parts that are set here.
        .env_remove("ADMIN_DATABASE_URL")
        .env_remove("ADMIN_DB_CA_FILE")
        // On this machine alone, and the start-up asks the server by HTTP.
        .env_remove("SIXTY_TLS_CERTIFICATE_FILE")
        .env_remove("SIXTY_TLS_KEY_FILE")
        .env_remove("SIXTY_ACME_DOMAINS")
        // Each knows its own only.
        .env_remove("ADMIN_DB_SERVER_PASSWORD")
        .env_remove("ADMIN_DB_WORKER_PASSWORD")
        .stdin(Stdio::piped())
        .process_group(0)
        .spawn()
        .with_context(|| format!("sixty {} can't be started", command.name))?;
    let lifeline = process.stdin.take();
    Ok((process, lifeline))
}
