//! The prepared instance that every new one is a copy of.
//!
//! There is one per PostgreSQL version and schema. It has the roles (without passwords), the database with the schema
//! and its rights, and nothing else: the databases `postgres` and `template0` are dropped, because nothing of ours
//! connects to them and they are half of what would be copied. (`pg_upgrade` wants `template0` back:
//! `create database template0 template template1 is_template true`.)

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use aws_lc_rs::digest;
use postgres_server::settings::{self, Setting};
use postgres_server::{Installation, OsUser, Postmaster, ServerError, Shutdown, connect, folders, initdb};
use provisioning::BackendError;
use schema::MigrationSet;
use uuid::Uuid;

use crate::authentication::{self, RoleNames};
use crate::control_file::ControlFile;
use crate::errors::{backend_error, joined};
use crate::layout::Layout;
use crate::lock::{FileLock, Sharing};
use crate::{durability, write_ahead_log};

/// The name of the customer's database in the template.
pub(crate) const DATABASE: &str = "sixty_customer";
/// The database that the superuser connects to: nothing of a customer's is in it.
pub(crate) const SUPERUSER_DATABASE: &str = "template1";
/// What differs between instances: included by `postgresql.conf`, written for each.
pub(crate) const INSTANCE_SETTINGS: &str = "instance.conf";

/// Changes when the template is made in another way.
const REVISION: u32 = 1;
/// Making one takes about two seconds; others wait for it meanwhile.
const LOCK_LIMIT: Duration = Duration::from_secs(120);
/// How long the remains of a killed process may keep from being removed.
const REMAINS_LIMIT: Duration = Duration::from_secs(10);

/// The template, and the promise that it stays while this is held.
#[derive(Debug)]
pub(crate) struct Template {
    pub(crate) data_dir: PathBuf,
    _lock: FileLock,
}

/// What making a template takes.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Maker<'a> {
    pub(crate) installation: &'a Installation,
    pub(crate) user: &'a OsUser,
    pub(crate) layout: &'a Layout,
    pub(crate) socket_dir: &'a Path,
}

impl Maker<'_> {
    /// The template, made if it isn't there. One process makes it, the others wait.
    pub(crate) async fn ensure(&self) -> Result<Template, BackendError> {
        let name = self.name();
        let folder = self.layout.templates().join(&name);
        let lock_file = self.layout.template_lock();
        loop {
            let lock = FileLock::take(&lock_file, Sharing::Shared, LOCK_LIMIT).await?;
            let data_dir = folder.join("data");
            if data_dir.join("PG_VERSION").exists() {
                return Ok(Template { data_dir, _lock: lock });
            }
            drop(lock);
            let _alone = FileLock::take(&lock_file, Sharing::Exclusive, LOCK_LIMIT).await?;
            if !folder.exists() {
                tracing::info!(template = name, "making the template of customers' instances");
                self.remove_others().await.map_err(backend_error)?;
                self.make(&folder).await?;
            }
        }
    }

    /// The version, and everything that the template is made of.
    fn name(&self) -> String {
        let ingredients = format!(
            "{REVISION} {} {} {} {}",
            MigrationSet::customer().fingerprint(),
            schema::customer_grants("o", "a", "r"),
            settings::render(&self.settings()),
            self.installation.bin_dir.display(),
        );
        let fingerprint = hex::encode(digest::digest(&digest::SHA256, ingredients.as_bytes()));
        format!("{}-{fingerprint:.16}", self.installation.version)
    }

    fn settings(&self) -> Vec<Setting> {
        let mut all = settings::lean(self.installation);
        all.extend(settings::common());
        all
    }

    fn postmaster(&self, folder: &Path) -> Postmaster {
        Postmaster {
            installation: self.installation.clone(),
            user: self.user.clone(),
            data_dir: folder.join("data"),
            log: folder.join("log"),
        }
    }

    /// Templates of other versions and schemas, and halves of a killed process, whose server may still run.
    async fn remove_others(&self) -> Result<(), ServerError> {
        let templates = self.layout.templates();
        for entry in std::fs::read_dir(&templates).map_err(ServerError::file(&templates))?.flatten() {
            self.postmaster(&entry.path()).stop(Shutdown::Immediate, Duration::from_secs(5)).await?;
            let begun = Instant::now();
            // The `initdb` of a killed process writes on until it next has something to say.
            while let Err(error) = folders::remove(&entry.path()) {
                if begun.elapsed() > REMAINS_LIMIT {
                    return Err(error);
                }
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        }
        Ok(())
    }

    /// Makes it beside its place and moves it there whole.
    async fn make(&self, folder: &Path) -> Result<(), BackendError> {
        // Under a new name each time: see `remove_others`.
        let making = self.layout.templates().join(format!(".making-{}", Uuid::now_v7()));
        folders::make_server_folder(&making, self.user).map_err(backend_error)?;
        let data_dir = making.join("data");
        let (installation, user) = (self.installation.clone(), self.user.clone());
        let target = data_dir.clone();
        joined(
            tokio::task::spawn_blocking(move || {
                initdb::initdb(&installation, &user, &target, write_ahead_log::SEGMENT_MEGABYTES)
            })
            .await,
        )?;
        self.fill(&making).await.map_err(backend_error)?;
        let (making, folder) = (making.clone(), folder.to_owned());
        joined(
            tokio::task::spawn_blocking(move || {
                slim(&making.join("data"))?;
                durability::flush_filesystem(&making)?;
                std::fs::rename(&making, &folder).map_err(ServerError::file(&folder))
            })
            .await,
        )
    }

    async fn fill(&self, making: &Path) -> Result<(), ServerError> {
        let postmaster = self.postmaster(making);
        let mut all = self.settings();
        let configuration = |all: &[Setting]| {
            let mut text = settings::render(all);
            text.push_str(&format!("include_if_exists = '{INSTANCE_SETTINGS}'\n"));
            folders::write_server_file(&postmaster.data_dir.join("postgresql.conf"), &text, self.user)
        };
        // Over a socket of its own, and without a port, which might be somebody's.
        let socket_dir = self.socket_dir.join("t");
        folders::make_server_folder(&socket_dir, self.user)?;
        let port = 1;
        all.extend([
            ("listen_addresses", String::new()),
            ("port", port.to_string()),
            ("unix_socket_directories", socket_dir.to_string_lossy().into_owned()),
            ("fsync", "off".to_owned()),
            // Keeps the log short, of which every copy gets a piece.
            ("min_wal_size", "2MB".to_owned()),
        ]);
        configuration(&all)?;
        authentication::write(
            &postmaster.data_dir,
            &authentication::rules(DATABASE, &RoleNames::of_template(), &[]),
            self.user,
        )?;
        postmaster.start(port, &[]).await?;
        let filled = fill_databases(&socket_dir, port).await;
        postmaster.stop(Shutdown::Fast, Duration::from_secs(30)).await?;
        folders::remove(&socket_dir)?;
        filled?;
        configuration(&self.settings())
    }
}

async fn fill_databases(socket_dir: &Path, port: u16) -> Result<(), ServerError> {
    let roles = RoleNames::of_template();
    let superuser = connect::as_superuser(socket_dir, port, SUPERUSER_DATABASE).await?;
    for role in roles.all() {
        superuser.batch_execute(&format!("create role {role} with nologin")).await?;
    }
    superuser.batch_execute(&format!("create database {DATABASE} owner {}", roles.owner)).await?;

    let mut owner = connect::as_superuser(socket_dir, port, DATABASE).await?;
    owner.batch_execute(&format!("set session authorization {}", roles.owner)).await?;
    schema::migrate(&mut owner, MigrationSet::customer()).await.map_err(|error| ServerError::Program {
        program: "postgres",
        message: format!("the customer schema can't be applied: {error}"),
    })?;
    owner.batch_execute(&schema::customer_grants(&roles.owner, &roles.app, &roles.readonly)).await?;
    owner.batch_execute("reset session authorization").await?;
    // So that no copy has to do it.
    owner.batch_execute("vacuum (freeze, analyze)").await?;
    drop(owner);

    for statement in [
        "revoke all on database template1 from public",
        "alter database template0 is_template false",
        "drop database template0",
        "drop database postgres",
        "vacuum (freeze, analyze)",
        "checkpoint",
    ] {
        superuser.batch_execute(statement).await?;
    }
    Ok(())
}

/// Takes away what a copy has no use for.
fn slim(data_dir: &Path) -> Result<(), ServerError> {
    let control = ControlFile::read(data_dir)?;
    if !control.is_shut_down() {
        let running = std::io::Error::other("the template wasn't stopped cleanly");
        return Err(ServerError::file(data_dir)(running));
    }
    write_ahead_log::remove_unneeded(data_dir, &control)?;
    let leftover = data_dir.join("postmaster.opts");
    std::fs::remove_file(&leftover).map_err(ServerError::file(&leftover))
}
