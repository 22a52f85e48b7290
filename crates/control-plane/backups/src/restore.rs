//! One file into one database.
//!
//! A dump is a program that its customer has written: it makes functions, and loading it runs them in checks and
//! defaults. Nothing of it may therefore run in a superuser's session, not even after `set role`, which the program
//! could take back. The superuser only empties the database; the owner, logged in as itself, fills it.

use std::path::PathBuf;

use postgres_server::connect::{RoleLogin, over_tls};
use provisioning::{DatabaseRoles, RoleCredential};
use schema::{MigrationSet, quote_identifier};
use tokio_postgres::Client;

use crate::dump::{server_version, verify};
use crate::opening::write_opened;
use crate::sealed_file::FileLock;
use crate::tools::{Tool, major_version};
use crate::{BackupError, DatabaseAccess};

/// The database to restore into.
#[derive(Debug, Clone)]
pub struct RestoreTarget {
    /// How its superuser reaches it.
    pub superuser: DatabaseAccess,
    /// The host at which its roles reach it, named by the server's certificate.
    pub host: String,
    /// The port.
    pub port: u16,
    /// The certificate authority that signed the server's certificate, PEM.
    pub ca_certificate: String,
    /// Its three roles; the owner owns the database and will own everything in it.
    pub roles: DatabaseRoles,
}

/// What to restore.
#[derive(Debug, Clone)]
pub struct RestoreSource {
    /// The file.
    pub path: PathBuf,
    /// Its hex SHA-256 when it was made.
    pub sha256: String,
    /// The version of the server that was dumped.
    pub postgres_version: String,
    /// What opens the file; `None` when it is plain, as all were before they were encrypted.
    pub lock: Option<FileLock>,
}

/// Every schema of ours: in a customer's database, whatever isn't PostgreSQL's own.
const SCHEMAS: &str = "select nspname from pg_catalog.pg_namespace \
     where nspname !~ '^pg_' and nspname <> 'information_schema' order by nspname";

/// Replaces everything in the database by what the file holds, owned by the owner role; brings it up to date, gives
/// the roles their rights, and proves that the walls stand. Done twice, it ends in the same state.
///
/// Nothing is dropped before the file has proved to be whole and readable, with its own key to the last chunk.
///
/// # Errors
/// [`BackupError`] says whether trying again can help.
pub async fn restore_into(target: &RestoreTarget, source: &RestoreSource) -> Result<(), BackupError> {
    let access = &target.superuser;
    check_versions(access, source).await?;
    verify(access, &source.path, &source.sha256, source.lock.as_ref()).await?;
    target.empty().await?;
    target.load(source).await?;
    let mut owner = target.log_in(&target.roles.owner).await?;
    schema::migrate(&mut owner, MigrationSet::customer()).await?;
    let DatabaseRoles { owner: owner_role, app, readonly } = &target.roles;
    let rights = schema::customer_grants(&owner_role.name, &app.name, &readonly.name);
    owner.batch_execute(&rights).await.map_err(|error| access.database_error(&error))?;
    // Without statistics the first requests would be planned blindly.
    owner.batch_execute("analyze").await.map_err(|error| access.database_error(&error))?;
    target.prove_isolation().await
}

async fn check_versions(access: &DatabaseAccess, source: &RestoreSource) -> Result<(), BackupError> {
    let server = major_version(&server_version(access).await?).unwrap_or_default();
    let backup = major_version(&source.postgres_version).unwrap_or_default();
    if backup > server {
        return Err(BackupError::ServerTooOld { backup, server });
    }
    let client = Tool::Restore.version(access).await?;
    if client < server {
        return Err(BackupError::ClientTooOld { program: Tool::Restore.name(), server, client });
    }
    Ok(())
}

impl RestoreTarget {
    /// Drops whatever is there and makes the schema `public` anew. None of the customer's code runs.
    async fn empty(&self) -> Result<(), BackupError> {
        let client = self.superuser.connect().await?;
        let owner = quote_identifier(&self.roles.owner.name);
        let work = async {
            let mut statements = String::from("begin;");
            for row in client.query(SCHEMAS, &[]).await? {
                let schema: String = row.try_get(0)?;
                statements.push_str(&format!("drop schema {} cascade;", quote_identifier(&schema)));
            }
            statements.push_str(&format!("create schema public authorization {owner};commit"));
            client.batch_execute(&statements).await
        };
        work.await.map_err(|error| self.superuser.database_error(&error))
    }

    /// In one transaction: an interrupted restore leaves the schema empty, not half full.
    async fn load(&self, source: &RestoreSource) -> Result<(), BackupError> {
        let access = DatabaseAccess {
            host: self.host.clone(),
            port: self.port,
            user: self.roles.owner.name.clone(),
            password: Some(self.roles.owner.password.clone()),
            ca_certificate: Some(self.ca_certificate.clone()),
            ..self.superuser.clone()
        };
        // A connection string, so that a name with `=` in it can't be taken for one.
        let database = access.database.replace('\\', "\\\\").replace('\'', "\\'");
        let mut arguments = vec![
            format!("--dbname=dbname='{database}'"),
            "--single-transaction".to_owned(),
            "--exit-on-error".to_owned(),
            "--no-owner".to_owned(),
            "--no-acl".to_owned(),
            "--no-publications".to_owned(),
            "--no-subscriptions".to_owned(),
            "--no-tablespaces".to_owned(),
            "--no-password".to_owned(),
        ];
        let Some(lock) = source.lock.clone() else {
            arguments.push(source.path.display().to_string());
            return Tool::Restore.run(&access, arguments).await.map(drop);
        };
        let path = source.path.clone();
        // Its format is read from front to back: a pipe will do.
        let feed = move |to| write_opened(&path, &lock, to);
        Tool::Restore.run_fed(&access, arguments, feed).await.map(drop)
    }

    async fn log_in(&self, role: &RoleCredential) -> Result<Client, BackupError> {
        let database = &self.superuser.database;
        let login = RoleLogin {
            host: &self.host,
            port: self.port,
            database,
            role: &role.name,
            password: &role.password,
        };
        let refused = |error: postgres_server::ServerError| BackupError::Database {
            database: database.clone(),
            reason: format!("{} can't log in: {error}", role.name),
        };
        over_tls(&login, &self.ca_certificate).await.map_err(refused)
    }

    async fn prove_isolation(&self) -> Result<(), BackupError> {
        for role in [&self.roles.app, &self.roles.readonly] {
            let client = self.log_in(role).await?;
            let check = async {
                let rows = client.query(schema::ISOLATION_CHECK, &[]).await?;
                rows.iter().map(|row| row.try_get(0)).collect::<Result<Vec<String>, _>>()
            };
            let faults = check.await.map_err(|error| self.superuser.database_error(&error))?;
            if !faults.is_empty() {
                return Err(BackupError::NotIsolated(faults));
            }
        }
        Ok(())
    }
}
