//! `sixty dev`: the whole system on this machine, in the foreground.
//!
//! It starts what is missing, in order: admin database, template database and Redis, then the server and the worker
//! as processes of their own (so that one can crash without the other), then the demo customer. It restarts what
//! ends, and stops everything when it is stopped. To run it is to ask for plain text on this machine: what it starts is told so
//! explicitly. Only customers' databases are encrypted, as they always are.

mod banner;
mod databases;
mod demo;
mod home;
mod instances;
mod preflight;
mod process;
mod redis_server;

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use anyhow::Context as _;
use clap::Args;
use provisioner_local::LocalProvisioner;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::config::{
    AdminDatabaseArgs, AdminRoleArgs, HomeArgs, LogArgs, MasterKeyArgs, OperatorTokenArgs, PostgresArgs,
    RedisArgs, ServerArgs, TemplateDatabaseArgs, ensure_master_key, ensure_operator_token,
};
use crate::{say, shutdown};
use databases::Databases;
use home::Home;
pub(crate) use home::runs_in;
use process::{Child, ChildPlan};
use redis_server::RedisServer;

/// Run the whole system on this machine: databases, Redis, server and worker.
#[derive(Args, Debug, Clone)]
pub(crate) struct DevArgs {
    #[command(flatten)]
    pub(crate) server: ServerArgs,
    #[command(flatten)]
    pub(crate) admin_database: AdminDatabaseArgs,
    #[command(flatten)]
    pub(crate) admin_roles: AdminRoleArgs,
    #[command(flatten)]
    pub(crate) template_database: TemplateDatabaseArgs,
    #[command(flatten)]
    pub(crate) redis: RedisArgs,
    #[command(flatten)]
    pub(crate) postgres: PostgresArgs,
    #[command(flatten)]
    pub(crate) master_key: MasterKeyArgs,
    #[command(flatten)]
    pub(crate) operator_token: OperatorTokenArgs,
}

/// How long a Ctrl-C may take from the programs that we run to us.
const A_MOMENT: Duration = Duration::from_millis(300);

pub(crate) async fn run(args: DevArgs, home_args: &HomeArgs, log: &LogArgs) -> anyhow::Result<()> {
    let stop = shutdown::token(false)?;
    let args = DevArgs {
        admin_database: args.admin_database.on_this_machine(),
        admin_roles: args.admin_roles.with_passwords(),
        template_database: args.template_database.on_this_machine(),
        redis: args.redis.on_this_machine(),
        server: args.server.in_the_local_stack(),
        ..args
    };
    let home = Home::open(&home_args.path()?)?;
    say(&format!("State is kept in {}", home.path().display()));
    tokio::select! {
        checked = preflight::check(&args, &home) => checked?,
        () = stop.cancelled() => anyhow::bail!("stopped while starting"),
    }

    let layers = Layers::default();
    let started = tokio::select! {
        started = start(&args, &home, log, &layers) => started,
        () = stop.cancelled() => Err(anyhow::anyhow!("stopped while starting")),
    };
    let outcome = match started {
        Ok(()) => {
            stop.cancelled().await;
            Ok(())
        }
        // Ctrl-C reaches the programs that we run, too, and may reach them first: their failure is not the reason.
        Err(error) => match tokio::time::timeout(A_MOMENT, stop.cancelled()).await {
            Ok(()) => Err(anyhow::anyhow!("stopped while starting")),
            Err(_) => Err(error),
        },
    };
    say("\nStopping ...");
    stop_everything(&args, &home, &layers).await;
    drop(home);
    say("Everything has stopped. The state stays; start again with the same command.");
    outcome
}

/// What is stopped together.
#[derive(Default)]
struct Layer {
    stop: CancellationToken,
    supervisors: TaskTracker,
}

impl Layer {
    async fn stop(&self) {
        self.stop.cancel();
        self.supervisors.close();
        self.supervisors.wait().await;
    }
}

/// The upper layer stands on the lower one, so it stops first.
#[derive(Default)]
struct Layers {
    /// Server and worker.
    upper: Layer,
    /// Databases and Redis.
    lower: Layer,
    /// What PostgreSQL is run with; empty for as long as none was found, and nothing was started.
    provisioner: OnceLock<Arc<LocalProvisioner>>,
}

/// Starts everything, each part supervised from then on.
async fn start(args: &DevArgs, home: &Home, log: &LogArgs, layers: &Layers) -> anyhow::Result<()> {
    ensure_master_key(&args.master_key.file(home.path()))?;
    let token = ensure_operator_token(&args.operator_token, home.path())?;

    say("Looking for PostgreSQL ...");
    let config = crate::worker::local_config(&args.postgres, home.path().to_owned());
    let opened = LocalProvisioner::open(config).await?;
    let provisioner = Arc::clone(layers.provisioner.get_or_init(|| Arc::new(opened)));
    say(&format!(
        "Using PostgreSQL {} from {}",
        provisioner.installation().version.text,
        provisioner.installation().bin_dir.display()
    ));
    say("Starting the admin database, the customer template database and Redis ...");
    let (databases, redis) =
        tokio::try_join!(Databases::start(args, home, &provisioner), RedisServer::start(args, home),)?;
    let Layer { stop, supervisors } = &layers.lower;
    supervisors.spawn(databases.admin.keep_running("admin database", stop.clone()));
    supervisors.spawn(databases.template.keep_running("customer template database", stop.clone()));
    supervisors.spawn(redis.keep_running(stop.clone()));
    databases::migrate_both(args).await?;
    say("Preparing the template for customers' instances ...");
    provisioner.prepare_template().await.context("the template for customers' instances can't be made")?;

    say("Starting the server and the worker ...");
    let plan = ChildPlan { args, home, log, installation: provisioner.installation() };
    let Layer { stop, supervisors } = &layers.upper;
    let serve = Child::start(plan.serve())?;
    let worker = Child::start(plan.worker())?;
    supervisors.spawn(serve.keep_running(stop.clone()));
    supervisors.spawn(worker.keep_running(stop.clone()));
    instances::wait_until_all_run(args, &provisioner).await?;
    let demo = demo::ensure(args, home, &token).await?;
    banner::print(args, home, &token, demo.as_ref());
    demo::remember(home)?;
    home.announce_ready()
}

/// Server and worker first, then the customers' instances, then what they stand on.
async fn stop_everything(args: &DevArgs, home: &Home, layers: &Layers) {
    layers.upper.stop().await;
    layers.lower.stop().await;
    let Some(provisioner) = layers.provisioner.get() else { return };
    if let Err(error) = provisioner.stop_all().await {
        tracing::warn!(%error, "not every customer's instance could be stopped");
    }
    Databases::stop(args, home, provisioner).await;
}
