//! The whole system, as `sixty dev` runs it, on free ports and in a folder of its own.

use std::fs::File;
use std::ops::RangeInclusive;
use std::path::PathBuf;
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use serde_json::Value;
use testkit::{Home, wait_for};
use tokio::process::Child;
use tokio_postgres::Client;
use tokio_postgres::types::ToSql;

use crate::processes;
use crate::running;
use crate::turn::Turn;
use crate::watchdog::Watchdog;
use crate::{Api, Customer, Program, database};

/// How long a start may take: on a busy machine, and with PostgreSQL's first start.
const START_LIMIT: Duration = Duration::from_secs(90);
/// How long a stop may take.
const STOP_LIMIT: Duration = Duration::from_secs(60);

/// The four ports of a stack, and its customers'.
#[derive(Debug, Clone)]
pub struct Ports {
    /// The server's.
    pub server: u16,
    /// The admin database's.
    pub admin: u16,
    /// The template database's.
    pub template: u16,
    /// Redis's.
    pub redis: u16,
    /// The customers' instances'.
    pub customers: RangeInclusive<u16>,
}

/// What differs between stacks.
#[derive(Debug, Clone)]
pub struct StackPlan {
    /// How many ports there are for customers' instances.
    pub customer_ports: u16,
    /// Variables on top of those that every stack has.
    pub variables: Vec<(&'static str, String)>,
}

impl Default for StackPlan {
    fn default() -> Self {
        Self { customer_ports: 20, variables: Vec::new() }
    }
}

/// The whole system. When it is dropped, everything that runs is killed and everything on the disk is removed; when the
/// test program is killed, a watchdog does it.
#[derive(Debug)]
pub struct Stack {
    /// Its ports.
    pub ports: Ports,
    /// The program, with the variables of this stack.
    pub program: Program,
    /// The server, with the operator's token.
    pub operator: Api,
    pub(crate) child: Option<Child>,
    starts: u32,
    // Dropped in this order: first the programs, then the databases with the folder, then the turn.
    _watchdog: Watchdog,
    pub(crate) home: Home,
    _turn: Turn,
}

impl Stack {
    /// Starts everything and waits until it is ready.
    ///
    /// # Panics
    /// When it doesn't become ready.
    pub async fn start() -> Self {
        Self::start_with(StackPlan::default()).await
    }

    /// The same, other than usual.
    ///
    /// # Panics
    /// When it doesn't become ready.
    pub async fn start_with(plan: StackPlan) -> Self {
        let mut stack = Self::prepare(plan).await;
        stack.start_again().await;
        stack
    }

    /// Everything but the start.
    pub async fn prepare(plan: StackPlan) -> Self {
        let turn = Turn::take().await;
        let home = testkit::home();
        let ports = Ports {
            server: testkit::free_port(),
            admin: testkit::free_port(),
            template: testkit::free_port(),
            redis: testkit::free_port(),
            customers: turn.ports(plan.customer_ports),
        };
        let mut program = Program::at(home.path())
            .with("SIXTY_HOME", home.path().join("home"))
            .with("PORT", ports.server.to_string())
            .with("ADMIN_DB_PORT", ports.admin.to_string())
            .with("DB_PORT", ports.template.to_string())
            .with("REDIS_PORT", ports.redis.to_string())
            .with("SIXTY_CUSTOMER_PORTS", format!("{}-{}", ports.customers.start(), ports.customers.end()));
        for (name, value) in plan.variables {
            program = program.with(name, value);
        }
        let watchdog = Watchdog::over(program.path());
        let operator = Api::new(ports.server);
        Self { ports, program, operator, child: None, starts: 0, _watchdog: watchdog, home, _turn: turn }
    }

    /// Starts `sixty dev` and waits until everything is ready.
    ///
    /// # Panics
    /// When it doesn't become ready.
    pub async fn start_again(&mut self) {
        self.launch();
        let api = Api::new(self.ports.server);
        self.watch_until("everything is ready", |_| async {
            let asked = api.try_send(api.request(reqwest::Method::GET, "/api/ready")).await;
            asked.is_ok_and(|answer| answer.status.is_success())
        })
        .await;
        let token =
            std::fs::read_to_string(self.path().join("operator-token")).expect("the token is there by now");
        self.operator = api.with_token(token.trim());
    }

    /// Starts `sixty dev` and waits until it has said one of these.
    ///
    /// # Panics
    /// When it doesn't.
    pub async fn start_until(&mut self, said: &[&str]) {
        self.launch();
        self.watch_until(&format!("it says {said:?}"), |log| {
            let is_said = said.iter().any(|words| log.contains(words));
            async move { is_said }
        })
        .await;
    }

    async fn watch_until<T: Future<Output = bool>>(&mut self, what: &str, condition: impl Fn(String) -> T) {
        let begun = std::time::Instant::now();
        while !condition(self.log()).await {
            if let Some(status) =
                self.child.as_mut().and_then(|child| child.try_wait().expect("our own child"))
            {
                panic!("sixty dev ended with {status} before {what}:\n{}", self.log());
            }
            assert!(begun.elapsed() < START_LIMIT, "not {what} after {START_LIMIT:?}:\n{}", self.log());
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    /// Starts `sixty dev` and doesn't wait.
    fn launch(&mut self) {
        self.starts += 1;
        let log = File::create(self.log_file()).expect("our own folder can be written to");
        let errors = log.try_clone().expect("a file can be opened twice");
        let mut command = self.program.command(&["dev"]);
        // A group of its own, as in a terminal of its own.
        command.stdout(Stdio::from(log)).stderr(Stdio::from(errors)).process_group(0);
        self.child = Some(command.spawn().expect("sixty can be run"));
    }

    /// Stops everything as Ctrl-C does, and waits for the end.
    ///
    /// # Panics
    /// When it doesn't end.
    pub async fn stop(&mut self) -> ExitStatus {
        processes::interrupt(self.dev());
        self.wait_for_end().await
    }

    /// Waits until `sixty dev` has ended.
    ///
    /// # Panics
    /// When it doesn't end.
    pub async fn wait_for_end(&mut self) -> ExitStatus {
        let mut child = self.child.take().expect("it was started");
        match tokio::time::timeout(STOP_LIMIT, child.wait()).await {
            Ok(status) => status.expect("our own child"),
            Err(_) => panic!("sixty dev doesn't stop:\n{}", self.log()),
        }
    }

    /// The folder with all state: SIXTY_HOME.
    #[must_use]
    pub fn path(&self) -> PathBuf {
        self.home.path().join("home")
    }

    /// What `sixty dev`, the server and the worker wrote since the last start.
    #[must_use]
    pub fn log(&self) -> String {
        std::fs::read_to_string(self.log_file()).unwrap_or_default()
    }

    fn log_file(&self) -> PathBuf {
        self.home.path().join(format!("log-{}", self.starts))
    }

    /// The rest of the first printed line that begins with this label.
    ///
    /// # Panics
    /// When there is none.
    #[must_use]
    pub fn printed(&self, label: &str) -> String {
        let log = self.log();
        let line =
            log.lines().find_map(|line| line.trim().strip_prefix(label)).map(|rest| rest.trim().to_owned());
        line.unwrap_or_else(|| panic!("nothing about {label:?} was printed:\n{log}"))
    }

    /// Signs a customer up.
    ///
    /// # Panics
    /// When that doesn't succeed.
    pub async fn customer(&self, id: &str) -> Customer {
        Customer::signed_up(&self.operator, self.operator.provision(id).await)
    }

    /// The URL of the admin database.
    #[must_use]
    pub fn admin_url(&self) -> String {
        format!("postgresql://admin_user:admin_password@localhost:{}/saas_admin", self.ports.admin)
    }

    /// A connection to the admin database.
    ///
    /// # Panics
    /// When it can't be had.
    pub async fn admin(&self) -> Client {
        database::connect(&self.admin_url())
            .await
            .unwrap_or_else(|error| panic!("the admin database: {error:?}"))
    }

    /// The rows of a query on the admin database, each as a JSON object.
    ///
    /// # Panics
    /// When the query is refused.
    pub async fn rows(&self, sql: &str, parameters: &[&(dyn ToSql + Sync)]) -> Vec<Value> {
        database::objects(&self.admin().await, sql, parameters)
            .await
            .unwrap_or_else(|error| panic!("{sql}: {error:?}"))
    }

    /// The same, while the admin database may be away: none then.
    pub async fn try_rows(&self, sql: &str, parameters: &[&(dyn ToSql + Sync)]) -> Option<Vec<Value>> {
        let client = database::connect(&self.admin_url()).await.ok()?;
        database::objects(&client, sql, parameters).await.ok()
    }

    /// Waits until no operation is queued or running any more.
    pub async fn settle(&self, limit: Duration) {
        wait_for("the operations to end", limit, || async {
            let busy = "select 1 from admin_operations where status in ('queued', 'running')";
            self.try_rows(busy, &[]).await.is_some_and(|rows| rows.is_empty())
        })
        .await;
    }
}

impl Drop for Stack {
    fn drop(&mut self) {
        if std::thread::panicking() {
            let log = self.log();
            let lines: Vec<_> = log.lines().collect();
            let last = lines[lines.len().saturating_sub(60)..].join("\n");
            let _ = std::io::Write::write_fmt(
                &mut std::io::stderr(),
                format_args!("---- the last lines of sixty dev in {}:\n{last}\n", self.path().display()),
            );
        }
        if let Some(id) = self.child.as_ref().and_then(Child::id) {
            processes::kill(id);
        }
        running::kill_programs(self.program.path());
    }
}
