//! `sixty worker`: brings customers' databases into being, keeps them running, and does the background jobs.

mod certificates;
mod customers_users;
mod jobs;

use std::sync::Arc;
use std::time::Duration;

use ::jobs::Worker;
use anyhow::Context as _;
use api::DatabaseLog;
use audit_streams::AuditDelivery;
use backups::{BackupConfig, Backups, DatabaseAccess};
use catalog::{Catalog, CatalogConfig, instances};
use clap::Args;
use clerk::{ClerkScan, ProcessMessage, Reconcile, SyncPeople};
use customers::ControlPlane;
use customers_users::CustomersUsers;
use data_keys::{KeyTidy, RotateDataKey, RotateMasterKey};
use provisioner_local::{LocalConfig, LocalProvisioner, supervise};
use provisioning::{Engine, EngineConfig, InstanceSpec, Provisioner};
use tokio_util::sync::CancellationToken;

pub(crate) use self::jobs::Journal;

use crate::config::{
    AdminDatabaseArgs, AnchorArgs, ClerkWorkerArgs, HomeArgs, MasterKeyArgs, PostgresArgs, RedisArgs,
};
use crate::{own_role, shutdown};

/// Do the background work, against an admin database and a Redis that exist.
#[derive(Args, Debug)]
pub(crate) struct WorkerArgs {
    #[command(flatten)]
    admin_database: AdminDatabaseArgs,
    #[command(flatten)]
    redis: RedisArgs,
    #[command(flatten)]
    postgres: PostgresArgs,
    #[command(flatten)]
    master_key: MasterKeyArgs,
    #[command(flatten)]
    anchors: AnchorArgs,
    #[command(flatten)]
    clerk: ClerkWorkerArgs,
    /// How many seconds lie between two anchors of the audit log: what was written since the last one can be written anew
    /// unseen by whoever takes the database over.
    #[arg(long, env = "SIXTY_AUDIT_ANCHOR_SECONDS", default_value_t = 60, value_parser = clap::value_parser!(u64).range(1..=86_400))]
    audit_anchor_seconds: u64,
    /// For how many days audit rows are kept. For ever unless given.
    #[arg(long, env = "SIXTY_AUDIT_RETENTION_DAYS", value_parser = clap::value_parser!(u32).range(30..=36_500))]
    audit_retention_days: Option<u32>,
    /// The hour of the nightly backups, UTC.
    #[arg(long, env = "SIXTY_BACKUP_HOUR", default_value_t = 2, value_parser = clap::value_parser!(u32).range(0..24))]
    backup_hour: u32,
    /// For how many whole months, beside the present one, single requests are kept; what they amount to by day stays.
    #[arg(long, env = "SIXTY_USAGE_RETENTION_MONTHS", default_value_t = 13, value_parser = clap::value_parser!(i32).range(1..=1_200))]
    usage_retention_months: i32,
    /// Stop when standard input ends.
    #[arg(long, hide = true)]
    with_parent: bool,
}

pub(crate) async fn run(args: WorkerArgs, home: &HomeArgs) -> anyhow::Result<()> {
    let home = home.path()?;
    let keys = args.master_key.ring(&home).await?;
    let admin_database = args.admin_database.resolved(args.master_key.stores()).await?;
    let redis = args.redis.resolved(args.master_key.stores()).await?.address()?;
    let catalog_config =
        CatalogConfig { application_name: own_role::WORKER, ..admin_database.catalog_config()? };
    let catalog = Catalog::connect(&catalog_config)?;
    let provisioner = Arc::new(LocalProvisioner::open(local_config(&args.postgres, home.clone())).await?);
    // Made now, so that the first customer doesn't wait for it.
    provisioner.prepare_template().await.context("the template for customers' instances can't be made")?;
    let tools = provisioner.installation().bin_dir.clone();
    let backups = Backups::new(
        catalog.clone(),
        provisioner.clone(),
        DatabaseAccess {
            ca_certificate: catalog_config.ca_certificate.clone(),
            requires_tls: catalog_config.requires_tls,
            ..DatabaseAccess::of_admin(&catalog_config.address, tools)?
        },
        keys.clone(),
        BackupConfig::new(home.join("backups")),
    );
    let worker_name = format!("worker-{}-{}", std::process::id(), uuid::Uuid::now_v7().simple());
    let engine_config = EngineConfig::new(worker_name.clone(), args.postgres.customer_ports.0);
    let engine = Engine::new(
        catalog.clone(),
        provisioner.clone(),
        Arc::new(backups.clone()),
        keys.clone(),
        EngineConfig { host: args.postgres.network.customer_host.clone(), ..engine_config },
    );
    let host = args.postgres.network.customer_host;

    let stop = shutdown::token(args.with_parent)?;
    tokio::spawn(own_role::warn(catalog.clone(), own_role::WORKER, stop.clone()));
    let stream_keys = keys.clone();
    let control_plane = ControlPlane::new(catalog.clone(), keys.clone());
    let messages = ProcessMessage::new(control_plane.clone(), catalog.clone(), args.clerk.clerk_plan);
    let compare = args.clerk.backend(args.master_key.stores()).await?;
    let compare = compare.map(|backend| Reconcile::beside(&messages, backend, args.clerk.every()));
    let users = CustomersUsers::new(&catalog, &keys, args.clerk.grants.grants());
    let log = DatabaseLog(users.databases());
    let mut jobs = Worker::builder(Arc::new(catalog.clone()), redis)
        .register(jobs::ProvisioningNudge::new(engine.clone()))
        .register(jobs::ReconcilerScan::new(engine.clone(), catalog.clone()))
        .register(jobs::KeyExpiry::new(control_plane.clone()))
        .register(jobs::TrialExpiry::new(control_plane.clone()))
        .register(jobs::ModuleOverrides::new(control_plane.clone()))
        .register(jobs::DeniedAttempts::new(control_plane.clone()))
        .register(jobs::IdempotencyKeys::new(control_plane))
        .register(jobs::ImpersonationEnds::new(catalog.clone(), Box::new(log)))
        .register(jobs::SignInTidy::new(catalog.clone()))
        .register(ClerkScan::beside(&messages))
        .register(messages)
        .register(SyncPeople::new(catalog.clone(), Arc::new(users)))
        .register(jobs::AuditAnchors::new(
            catalog.clone(),
            args.anchors.journal(&home, args.master_key.stores())?,
            Duration::from_secs(args.audit_anchor_seconds),
        ))
        .register(jobs::UsageNights::new(catalog.clone(), args.usage_retention_months))
        .register(RotateMasterKey::new(catalog.clone(), keys.clone()))
        .register(RotateDataKey::new(catalog.clone(), keys.clone()))
        .register(KeyTidy::new(catalog.clone(), keys))
        .register(backups::BackUpDatabase::new(backups.clone()))
        .register(backups::NightlyBackup::new(backups, args.backup_hour, 0));
    if let Some(days) = args.audit_retention_days {
        jobs = jobs.register(jobs::AuditRetention::new(catalog.clone(), days));
    }
    if let Some(compare) = compare {
        jobs = jobs.register(compare);
    }
    let stores = args.master_key.stores().clone();
    let streams = AuditDelivery::new(
        catalog.clone(),
        stream_keys,
        worker_name,
        Arc::new(move |address| stores.bucket(address).map_err(|error| format!("{error:#}"))),
    );
    tokio::join!(
        engine.run(stop.clone()),
        streams.run(stop.clone()),
        jobs.run(stop.clone()),
        certificates::keep(catalog.clone(), Arc::clone(&provisioner), host, stop.clone()),
        keep_instances_running(catalog, provisioner, stop),
    );
    Ok(())
}

/// What the local backend is told by the configuration.
pub(crate) fn local_config(postgres: &PostgresArgs, home: std::path::PathBuf) -> LocalConfig {
    LocalConfig {
        pg_bin: postgres.pg_bin.clone(),
        path: postgres.search_path(),
        os_user: postgres.pg_user.clone(),
        host: postgres.network.customer_host.clone(),
        listen: postgres.network.customer_listen.clone(),
        client_networks: postgres.network.customer_networks.clone(),
        certificates: postgres.network.certificates.policy(),
        ..LocalConfig::new(home)
    }
}

async fn keep_instances_running(
    catalog: Catalog,
    provisioner: Arc<LocalProvisioner>,
    stop: CancellationToken,
) {
    let backend = provisioner.backend();
    let wanted = move || {
        let catalog = catalog.clone();
        async move {
            let client = catalog.client().await?;
            let rows = instances::should_run(&client, backend).await?;
            Ok::<_, catalog::CatalogError>(rows.into_iter().map(spec).collect::<Vec<_>>())
        }
    };
    supervise(provisioner, wanted, stop).await;
}

/// What the backend needs to know of an instance that is there already.
pub(crate) fn spec(instance: instances::Instance) -> InstanceSpec {
    InstanceSpec {
        instance: instance.id,
        customer: instance.customer_id,
        port: instance.port,
        database: instance.database_name,
        // Only needed to configure a new instance; one that should run has its organization.
        organization_name: String::new(),
        timezone: String::new(),
    }
}
