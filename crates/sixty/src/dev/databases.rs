//! The admin database and the customer template database, each a PostgreSQL server of its own.

use std::fs;
use std::path::PathBuf;

use anyhow::Context as _;
use catalog::Catalog;
use postgres_server::{PlainServer, PlainServerConfig, ServerError, socket_folder};
use provisioner_local::LocalProvisioner;
use schema::MigrationSet;
use secrets::SecretString;
use tokio_util::sync::CancellationToken;

use super::DevArgs;
use super::home::Home;
use crate::config::RoleLogin;

const ADMIN_FOLDER: &str = "admin-database";
const TEMPLATE_FOLDER: &str = "template-database";

/// A server that is kept running.
#[derive(Clone)]
pub(crate) struct Database {
    server: PlainServer,
}

pub(crate) struct Databases {
    pub(crate) admin: Database,
    pub(crate) template: Database,
}

/// Who owns which database.
struct Owner<'a> {
    role: &'a str,
    password: &'a SecretString,
    database: &'a str,
}

impl Databases {
    pub(crate) async fn start(
        args: &DevArgs,
        home: &Home,
        provisioner: &LocalProvisioner,
    ) -> anyhow::Result<Self> {
        let admin_owner = Owner {
            role: &args.admin_database.admin_db_user,
            password: &args.admin_database.admin_db_password,
            database: &args.admin_database.admin_db_name,
        };
        let template_owner = Owner {
            role: &args.template_database.db_user,
            password: &args.template_database.db_password,
            database: &args.template_database.db_name,
        };
        let (admin, template) = tokio::join!(
            Database::start(config(args, home, provisioner, ADMIN_FOLDER), admin_owner),
            Database::start(config(args, home, provisioner, TEMPLATE_FOLDER), template_owner),
        );
        let admin = admin.context("the admin database can't be started")?;
        for RoleLogin { role, password } in args.admin_roles.logins() {
            admin.server.ensure_role(&role, &password).await.map_err(for_people)?;
        }
        Ok(Self { admin, template: template.context("the customer template database can't be started")? })
    }

    /// Stops both, also those of a start that was cut short.
    pub(crate) async fn stop(args: &DevArgs, home: &Home, provisioner: &LocalProvisioner) {
        for folder in [ADMIN_FOLDER, TEMPLATE_FOLDER] {
            if !home.path().join(folder).join("data").join("postmaster.pid").exists() {
                continue;
            }
            let stopped =
                async { PlainServer::prepare(config(args, home, provisioner, folder)?).await?.stop().await };
            if let Err(error) = stopped.await {
                tracing::warn!(%error, folder, "a database can't be stopped");
            }
        }
    }
}

impl Database {
    async fn start(config: Result<PlainServerConfig, ServerError>, owner: Owner<'_>) -> anyhow::Result<Self> {
        let server = PlainServer::prepare(config?).await.map_err(for_people)?;
        server.start().await.map_err(for_people)?;
        server
            .ensure_role_and_database(owner.role, owner.password, owner.database)
            .await
            .map_err(for_people)?;
        Ok(Self { server })
    }

    /// Starts the server again whenever it has ended, until told to stop.
    pub(crate) async fn keep_running(self, name: &'static str, stop: CancellationToken) {
        loop {
            tokio::select! {
                () = stop.cancelled() => return,
                () = self.server.wait_until_gone() => {}
            }
            if stop.is_cancelled() {
                return;
            }
            tracing::warn!("the {name} has ended; starting it again");
            if let Err(error) = self.server.start().await {
                tracing::error!(%error, "the {name} can't be started; trying again");
                tokio::time::sleep(std::time::Duration::from_secs(1)).await;
            }
        }
    }
}

fn for_people(error: ServerError) -> anyhow::Error {
    if error.is_disk_full() {
        return anyhow::anyhow!("the disk is full: free some space, or choose another SIXTY_HOME");
    }
    error.into()
}

fn config(
    args: &DevArgs,
    home: &Home,
    provisioner: &LocalProvisioner,
    folder: &str,
) -> Result<PlainServerConfig, ServerError> {
    let port = if folder == ADMIN_FOLDER {
        args.admin_database.admin_db_port
    } else {
        args.template_database.db_port
    };
    Ok(PlainServerConfig {
        installation: provisioner.installation().clone(),
        user: provisioner.os_user().clone(),
        folder: home.path().join(folder),
        socket_dir: socket_folder(home.path(), provisioner.os_user())?,
        port,
        settings: Vec::new(),
    })
}

/// The ports on which servers of ours may still listen after a crash: line 4 of their `postmaster.pid`.
pub(crate) fn ports_of_leftovers(home: &Home) -> Vec<u16> {
    [ADMIN_FOLDER, TEMPLATE_FOLDER]
        .into_iter()
        .map(|folder| -> PathBuf { home.path().join(folder).join("data").join("postmaster.pid") })
        .filter_map(|path| fs::read_to_string(path).ok()?.lines().nth(3)?.trim().parse().ok())
        .collect()
}

/// Brings the admin database and the template database up to date.
pub(crate) async fn migrate_both(args: &DevArgs) -> anyhow::Result<()> {
    let catalog = Catalog::connect(&args.admin_database.catalog_config()?)?;
    let mut client = catalog.dedicated_client().await?;
    schema::migrate(&mut client, MigrationSet::admin())
        .await
        .context("the admin database can't be migrated")?;
    args.admin_roles
        .names()
        .grant(&mut client)
        .await
        .context("the roles of the server and the worker can't be given their rights")?;
    let mut client = args.template_database.connect().await?;
    schema::migrate(&mut client, MigrationSet::customer())
        .await
        .context("the customer template database can't be migrated")?;
    Ok(())
}
