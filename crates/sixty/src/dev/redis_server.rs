//! Redis, as a process of ours.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail};
use rustix::process::{Pid, Signal, kill_process, test_kill_process};
use secrets::{ExposeSecret, SecretString};
use tokio::process::{Child, Command};
use tokio_util::sync::CancellationToken;

use super::DevArgs;
use super::home::Home;

const FOLDER: &str = "redis";
/// How long Redis may take to start or stop.
const PATIENCE: Duration = Duration::from_secs(10);

pub(crate) struct RedisServer {
    program: PathBuf,
    folder: PathBuf,
    url: SecretString,
    child: Child,
}

impl RedisServer {
    pub(crate) async fn start(args: &DevArgs, home: &Home) -> anyhow::Result<Self> {
        let program = args.postgres.program("redis-server").context("redis-server is not installed")?;
        let folder = home.path().join(FOLDER);
        fs::create_dir_all(&folder).with_context(|| format!("{} can't be made", folder.display()))?;
        // What Redis keeps there it makes readable for everybody.
        fs::set_permissions(&folder, fs::Permissions::from_mode(0o700))?;
        write_configuration(&folder, args)?;
        stop_leftover(&folder).await?;
        let child = spawn(&program, &folder)?;
        let server = Self { program, folder, url: args.redis.url(), child };
        server.wait_until_ready().await?;
        Ok(server)
    }

    async fn wait_until_ready(&self) -> anyhow::Result<()> {
        let began = Instant::now();
        loop {
            let client = redis::Client::open(self.url.expose_secret())?;
            if let Ok(mut connection) = client.get_multiplexed_async_connection().await
                && redis::cmd("PING").query_async::<()>(&mut connection).await.is_ok()
            {
                return Ok(());
            }
            if began.elapsed() > PATIENCE {
                bail!("Redis doesn't answer; its log is {}", self.folder.join("redis.log").display());
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    /// Starts Redis again whenever it has ended, and stops it when told to.
    pub(crate) async fn keep_running(mut self, stop: CancellationToken) {
        loop {
            tokio::select! {
                () = stop.cancelled() => break,
                _ = self.child.wait() => {}
            }
            tracing::warn!("Redis has ended; starting it again");
            match spawn(&self.program, &self.folder) {
                Ok(child) => self.child = child,
                Err(error) => tracing::error!(%error, "Redis can't be started; trying again"),
            }
            tokio::time::sleep(Duration::from_millis(500)).await;
        }
        if let Some(pid) = self.child.id().and_then(|id| Pid::from_raw(i32::try_from(id).ok()?)) {
            // An error means that it has ended already.
            let _ = kill_process(pid, Signal::TERM);
        }
        if tokio::time::timeout(PATIENCE, self.child.wait()).await.is_err() {
            let _ = self.child.kill().await;
        }
    }
}

/// The password goes through a file that only its owner reads: a process list shows arguments to everybody.
fn write_configuration(folder: &Path, args: &DevArgs) -> anyhow::Result<()> {
    let password = args.redis.redis_password.expose_secret();
    if password.contains(['"', '\\', '\n']) {
        bail!("REDIS_PASSWORD must not contain quotes, backslashes or line breaks");
    }
    let quoted_folder = folder.display().to_string().replace('\\', "\\\\").replace('"', "\\\"");
    let text = format!(
        "bind 127.0.0.1 -::1\nport {}\nrequirepass \"{password}\"\ndir \"{quoted_folder}\"\npidfile \"{quoted_folder}/redis.pid\"\n\
         logfile \"{quoted_folder}/redis.log\"\nappendonly yes\ndaemonize no\n",
        args.redis.redis_port
    );
    postgres_server::folders::write_private(&folder.join("redis.conf"), &text)?;
    Ok(())
}

fn spawn(program: &Path, folder: &Path) -> anyhow::Result<Child> {
    Command::new(program)
        .arg(folder.join("redis.conf"))
        // It needs nothing of ours, and our environment may hold secrets.
        .env_clear()
        .env("LC_ALL", "C")
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        // Ctrl-C goes to the whole group of the terminal; Redis is stopped when its turn comes.
        .process_group(0)
        // A start that is cut short drops it.
        .kill_on_drop(true)
        .spawn()
        .with_context(|| format!("{} can't be run", program.display()))
}

/// A Redis of this home that outlived a crash: the process in its pid file, if it still is one of Redis.
fn leftover(folder: &Path) -> Option<Pid> {
    let pid = Pid::from_raw(fs::read_to_string(folder.join("redis.pid")).ok()?.trim().parse().ok()?)?;
    test_kill_process(pid).ok()?;
    let output = std::process::Command::new("ps")
        .args(["-o", "comm=", "-p", &pid.as_raw_nonzero().to_string()])
        .output();
    String::from_utf8_lossy(&output.ok()?.stdout).contains("redis").then_some(pid)
}

/// The port on which a Redis of ours may still listen after a crash.
pub(crate) fn port_of_leftover(home: &Home) -> Vec<u16> {
    let folder = home.path().join(FOLDER);
    let port = || {
        leftover(&folder)?;
        let text = fs::read_to_string(folder.join("redis.conf")).ok()?;
        text.lines().find_map(|line| line.strip_prefix("port "))?.trim().parse().ok()
    };
    port().into_iter().collect()
}

async fn stop_leftover(folder: &Path) -> anyhow::Result<()> {
    let Some(pid) = leftover(folder) else { return Ok(()) };
    // Errors mean that it has ended meanwhile.
    let _ = kill_process(pid, Signal::TERM);
    let began = Instant::now();
    while test_kill_process(pid).is_ok() {
        if began.elapsed() > PATIENCE {
            bail!("a Redis from before (process {}) doesn't stop", pid.as_raw_nonzero());
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    Ok(())
}
