//! `sixty migrate`: the admin database, up to date; on request the customer template database too.

use anyhow::Context as _;
use catalog::Catalog;
use clap::Args;
use schema::{Migrated, MigrationSet};

use crate::config::{AdminDatabaseArgs, StoreArgs, TemplateDatabaseArgs};

/// Bring the admin database up to date. Safe to run again, and by several at once.
#[derive(Args, Debug)]
pub(crate) struct MigrateArgs {
    #[command(flatten)]
    admin_database: AdminDatabaseArgs,
    #[command(flatten)]
    stores: StoreArgs,
    #[command(flatten)]
    template_database: TemplateDatabaseArgs,
    /// Bring the customer template database up to date too.
    #[arg(long)]
    template: bool,
}

pub(crate) async fn run(args: MigrateArgs) -> anyhow::Result<()> {
    let admin_database = args.admin_database.resolved(&args.stores).await?;
    let catalog = Catalog::connect(&admin_database.catalog_config())?;
    let mut client = catalog.dedicated_client().await?;
    let migrated = schema::migrate(&mut client, MigrationSet::admin()).await?;
    tell("admin database", &migrated);
    if args.template {
        let connecting = args.template_database.driver_config()?.connect(tokio_postgres::NoTls).await;
        let (mut client, connection) =
            connecting.context("the customer template database can't be reached")?;
        tokio::spawn(connection);
        tell("customer template database", &schema::migrate(&mut client, MigrationSet::customer()).await?);
    }
    Ok(())
}

fn tell(database: &str, migrated: &Migrated) {
    let version = migrated.version;
    match migrated.applied.len() {
        0 => crate::say(&format!("The {database} is up to date at schema version {version}.")),
        applied => crate::say(&format!(
            "The {database} is at schema version {version} now; migrations applied: {applied}."
        )),
    }
}
