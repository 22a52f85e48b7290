//! `sixty migrate`: the admin database, up to date; on request the customer template database too.

use anyhow::Context as _;
use catalog::Catalog;
use clap::Args;
use postgres_server::ensure_login_role;
use schema::{AdminRoles, Migrated, MigrationSet, quote_identifier};
use tokio_postgres::Client;

use crate::config::{AdminDatabaseArgs, AdminRoleArgs, HomeArgs, RoleLogin, StoreArgs, TemplateDatabaseArgs};
use crate::dev;

/// Bring the admin database up to date. Safe to run again, and by several at once.
#[derive(Args, Debug)]
pub(crate) struct MigrateArgs {
    #[command(flatten)]
    admin_database: AdminDatabaseArgs,
    #[command(flatten)]
    admin_roles: AdminRoleArgs,
    #[command(flatten)]
    stores: StoreArgs,
    #[command(flatten)]
    template_database: TemplateDatabaseArgs,
    /// Bring the customer template database up to date too.
    #[arg(long)]
    template: bool,
    /// Only print the statements that make the roles of the server and the worker, for an administrator of the database.
    #[arg(long)]
    print_roles: bool,
}

pub(crate) async fn run(args: MigrateArgs, home: &HomeArgs) -> anyhow::Result<()> {
    if args.print_roles {
        crate::say(&role_statements(&args.admin_roles.names()));
        return Ok(());
    }
    let roles = args.admin_roles.resolved(&args.stores).await?;
    let admin_database = args.admin_database.resolved(&args.stores).await?;
    let is_beside_dev = dev::runs_in(&home.path()?);
    let (admin_database, template_database) = match is_beside_dev {
        true => (admin_database.beside_dev(), args.template_database.beside_dev()),
        false => (admin_database, args.template_database),
    };
    let catalog = Catalog::connect(&admin_database.catalog_config()?)?;
    let mut client = catalog.dedicated_client().await?;
    let migrated = schema::migrate(&mut client, MigrationSet::admin()).await?;
    tell("admin database", &migrated);
    give_rights(&mut client, &roles).await?;
    if args.template {
        let mut client = template_database.connect().await?;
        tell("customer template database", &schema::migrate(&mut client, MigrationSet::customer()).await?);
    }
    Ok(())
}

/// Makes the roles whose passwords were given, and gives both their rights. Where there are none, the owner's role serves
/// as before, and it is said what to do.
async fn give_rights(client: &mut Client, roles: &AdminRoleArgs) -> anyhow::Result<()> {
    for RoleLogin { role, password } in roles.logins() {
        ensure_login_role(client, &role, &password).await.with_context(|| {
            format!(
                "the role {role} can't be made, or its password can't be set: have an administrator of the database run \
                 what `sixty migrate --print-roles` prints, and leave ADMIN_DB_SERVER_PASSWORD and \
                 ADMIN_DB_WORKER_PASSWORD out of this command"
            )
        })?;
    }
    let names = roles.names();
    let missing = names.missing(client).await?;
    if missing.is_empty() {
        names.grant(client).await.context(
            "the roles of the server and the worker can't be given their rights: run this as the owner of the tables",
        )?;
        crate::say(&format!("The roles {} and {} have their rights.", names.server, names.worker));
        return Ok(());
    }
    crate::say(&format!(
        "Without rights of their own: {}, which the database doesn't know. The server and the worker can only come in as the \
         owner, who may do everything. Set ADMIN_DB_SERVER_PASSWORD and ADMIN_DB_WORKER_PASSWORD where this role may create \
         roles, or have an administrator run what `sixty migrate --print-roles` prints; then run this again.",
        missing.join(", ")
    ));
    Ok(())
}

/// For psql; the passwords are asked for there, so that they are in no file and no history.
fn role_statements(names: &AdminRoles) -> String {
    let statements = [&names.server, &names.worker].map(|role| {
        let quoted = quote_identifier(role);
        format!("create role {quoted} login;\n\\password {quoted}")
    });
    format!(
        "-- For psql, as an administrator; `sixty migrate` gives the rights afterwards.\n{}",
        statements.join("\n")
    )
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
