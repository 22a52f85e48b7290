//! The steps of an instance's life.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use postgres_server::{ServerError, Shutdown, connect, folders};
use provisioning::{
    AdminAccess, BackendError, DatabaseRoles, InstanceFacts, InstanceSpec, InstanceState, Observed,
    Provisioner,
};

use crate::authentication::RoleNames;
use crate::errors::backend_error;
use crate::layout::InstanceFolder;
use crate::provisioner::{LocalProvisioner, STOP_LIMIT};
use crate::template::SUPERUSER_DATABASE;
use crate::{authentication, clone, durability};

/// How long an observer waits for an instance's own answer.
const OBSERVE_LIMIT: Duration = Duration::from_secs(5);

#[async_trait]
impl Provisioner for LocalProvisioner {
    fn backend(&self) -> &'static str {
        "local"
    }

    async fn observe(&self, spec: &InstanceSpec) -> Observed {
        let folder = self.layout.instance(spec.instance);
        let exists = |path: &Path| path.try_exists();
        match (exists(&folder.path()), exists(&folder.making()), exists(&folder.trash())) {
            (Ok(true), Ok(_), Ok(_)) if durability::is_torn(&folder.path()) => {
                Observed::Present(InstanceState::Incomplete)
            }
            (Ok(true), Ok(_), Ok(_)) => self.observe_whole(spec, &folder).await,
            (Ok(false), Ok(false), Ok(false)) => Observed::Absent,
            (Ok(false), Ok(_), Ok(_)) => Observed::Present(InstanceState::Incomplete),
            _ => Observed::Unknown,
        }
    }

    async fn is_port_free(&self, port: u16) -> bool {
        self.listen.iter().all(|address| postgres_server::is_port_free(*address, port))
    }

    async fn create(&self, spec: &InstanceSpec) -> Result<(), BackendError> {
        let folder = self.layout.instance(spec.instance);
        let _lock = self.lock(spec.instance).await?;
        if folder.path().exists() && !durability::is_torn(&folder.path()) {
            return Ok(());
        }
        let template = self.template().await?;
        let rules = self.authentication_rules(spec, &RoleNames::of_database(&spec.database));
        let work = {
            let (folder, user, authority) = (folder.clone(), self.user.clone(), Arc::clone(&self.authority));
            let (hosts, template_data) = (self.certificate_hosts(), template.data_dir.clone());
            let settings = postgres_server::settings::render(&self.instance_settings(spec));
            move || {
                for remains in [folder.making(), folder.trash(), folder.path()] {
                    folders::remove(&remains)?;
                }
                let making = folder.making();
                let data_dir = making.join("data");
                let make = || {
                    folders::make_server_folder(&making, &user)?;
                    clone::copy(&template_data, &data_dir, &user)?;
                    clone::give_identity(&data_dir)?;
                    authority.ensure_server_certificate(&data_dir, &hosts, &user)?;
                    authentication::write(&data_dir, &rules, &user)?;
                    let settings_file = data_dir.join(crate::template::INSTANCE_SETTINGS);
                    folders::write_server_file(&settings_file, &settings, &user)?;
                    durability::mark_created(&making)?;
                    std::fs::rename(&making, folder.path()).map_err(ServerError::file(&folder.path()))
                };
                let made = make();
                if made.is_err() {
                    // Half a copy on a full disk helps nobody.
                    let _ = folders::remove(&making);
                }
                made
            }
        };
        Self::blocking(work).await?;
        self.begin_to_flush(spec.instance, folder.path());
        if !durability::can_tell_boots_apart() {
            self.finish_flushing(spec.instance, folder.path()).await?;
        }
        Ok(())
    }

    async fn start(&self, spec: &InstanceSpec) -> Result<(), BackendError> {
        let folder = self.layout.instance(spec.instance);
        let _lock = self.lock(spec.instance).await?;
        if !folder.data().exists() {
            return Err(BackendError::Temporary(format!("there is no instance {} to start", spec.instance)));
        }
        let postmaster = self.postmaster(&folder);
        if postmaster.running().is_some_and(|running| running.port != spec.port && running.port != 0) {
            // It was placed anew meanwhile.
            postmaster.stop(Shutdown::Fast, STOP_LIMIT).await.map_err(backend_error)?;
        }
        if postmaster.running().is_none() {
            self.authority
                .ensure_server_certificate(&folder.data(), &self.certificate_hosts(), &self.user)
                .and_then(|_| self.write_instance_settings(&folder.data(), spec))
                .map_err(backend_error)?;
        }
        postmaster.start(spec.port, &self.listen).await.map_err(backend_error)?;
        Ok(())
    }

    async fn configure(
        &self,
        spec: &InstanceSpec,
        roles: &DatabaseRoles,
    ) -> Result<InstanceFacts, BackendError> {
        let folder = self.layout.instance(spec.instance);
        let _lock = self.lock(spec.instance).await?;
        self.configure_locked(spec, roles, &folder).await
    }

    async fn stop(&self, spec: &InstanceSpec) -> Result<(), BackendError> {
        let folder = self.layout.instance(spec.instance);
        if !folder.path().exists() {
            return Ok(());
        }
        let _lock = self.lock(spec.instance).await?;
        self.postmaster(&folder).stop(Shutdown::Fast, STOP_LIMIT).await.map_err(backend_error)
    }

    async fn destroy(&self, spec: &InstanceSpec) -> Result<(), BackendError> {
        let folder = self.layout.instance(spec.instance);
        let lock = self.lock(spec.instance).await?;
        // What is being flushed is being read: let it end, whatever it says.
        if folder.path().exists() {
            let _ = self.finish_flushing(spec.instance, folder.path()).await;
        }
        let postmaster = self.postmaster(&folder);
        postmaster.stop(Shutdown::Immediate, STOP_LIMIT).await.map_err(backend_error)?;
        remove_socket(&self.socket_dir, spec.port, &folder.data());
        let remove = move || {
            // Out of its place in one step: a kill in between leaves nothing that looks like an instance.
            folders::remove(&folder.trash())?;
            if folder.path().exists() {
                std::fs::rename(folder.path(), folder.trash()).map_err(ServerError::file(&folder.path()))?;
            }
            folders::remove(&folder.making())?;
            folders::remove(&folder.trash())
        };
        Self::blocking(remove).await?;
        Ok(lock.remove()?)
    }

    async fn admin_access(&self, spec: &InstanceSpec) -> Result<AdminAccess, BackendError> {
        let running = self.postmaster(&self.layout.instance(spec.instance)).running();
        let running =
            running.ok_or_else(|| BackendError::Temporary("the instance doesn't run".to_owned()))?;
        Ok(AdminAccess {
            host: running.socket_dir.to_string_lossy().into_owned(),
            port: running.port,
            user: postgres_server::SUPERUSER.to_owned(),
            database: spec.database.clone(),
            client_tools: self.installation.bin_dir.clone(),
        })
    }
}

impl LocalProvisioner {
    async fn observe_whole(&self, spec: &InstanceSpec, folder: &InstanceFolder) -> Observed {
        let Some(running) = self.postmaster(folder).running() else {
            return Observed::Present(InstanceState::Stopped);
        };
        let ask = async {
            let client = connect::as_superuser(&running.socket_dir, running.port, SUPERUSER_DATABASE).await?;
            is_configured(&client, &spec.database).await.map_err(ServerError::from)
        };
        match tokio::time::timeout(OBSERVE_LIMIT, ask).await {
            Ok(Ok(true)) => Observed::Present(InstanceState::Configured),
            Ok(Ok(false)) => Observed::Present(InstanceState::Unconfigured),
            Ok(Err(error)) => {
                tracing::debug!(instance = %spec.instance, %error, "an instance doesn't answer");
                Observed::Unknown
            }
            Err(_) => Observed::Unknown,
        }
    }
}

/// Whether the database has its name and all three roles can log in: the last of them is let in as the last step of
/// [`LocalProvisioner::configure_locked`].
async fn is_configured(
    client: &tokio_postgres::Client,
    database: &str,
) -> Result<bool, tokio_postgres::Error> {
    let roles = RoleNames::of_database(database).all().map(str::to_owned).to_vec();
    let row = client
        .query_one(
            "select exists (select from pg_catalog.pg_database where datname = $1)
                and (select count(*) from pg_catalog.pg_authid
                     where rolname = any ($2) and rolcanlogin and rolpassword is not null) = 3",
            &[&database, &roles],
        )
        .await?;
    Ok(row.get(0))
}

/// The socket of a server that was killed stays behind; its lock file tells whose it was.
fn remove_socket(socket_dir: &Path, port: u16, data_dir: &Path) {
    let socket = socket_dir.join(format!(".s.PGSQL.{port}"));
    let lock = socket_dir.join(format!(".s.PGSQL.{port}.lock"));
    let is_its_own = std::fs::read_to_string(&lock)
        .is_ok_and(|text| text.lines().nth(1).is_some_and(|line| Path::new(line.trim()) == data_dir));
    if is_its_own {
        let _ = std::fs::remove_file(&socket);
        let _ = std::fs::remove_file(&lock);
    }
}
