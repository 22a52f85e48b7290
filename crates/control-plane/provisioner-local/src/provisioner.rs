//! The local backend: what it is made of and how it is opened.

use std::collections::HashMap;
use std::net::IpAddr;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use domain::InstanceId;
use postgres_server::certificate::CertificateAuthority;
use postgres_server::settings::{self, Setting};
use postgres_server::{
    Installation, InstallationError, InstallationSearch, OsUser, Postmaster, ServerError, Shutdown, folders,
    socket_folder,
};
use provisioning::{BackendError, InstanceSpec};
use tokio::task::{JoinHandle, JoinSet};

use crate::authentication::RoleNames;
use crate::config::{LocalConfig, OpenError};
use crate::errors::{backend_error, joined};
use crate::layout::{InstanceFolder, Layout};
use crate::lock::{FileLock, Sharing};
use crate::template::{INSTANCE_SETTINGS, Maker, Template};
use crate::{authentication, download, durability};

/// How long a step waits for another worker's step on the same instance.
const LOCK_LIMIT: Duration = Duration::from_secs(60);
/// How long a clean stop may take before sessions are cut off.
pub(crate) const STOP_LIMIT: Duration = Duration::from_secs(30);
/// How many instances are stopped at once.
const STOPPING_AT_ONCE: usize = 8;

/// Customers' instances as processes of this machine.
#[derive(Debug)]
pub struct LocalProvisioner {
    pub(crate) installation: Installation,
    pub(crate) user: OsUser,
    pub(crate) layout: Layout,
    pub(crate) socket_dir: PathBuf,
    pub(crate) authority: Arc<CertificateAuthority>,
    pub(crate) host: String,
    pub(crate) listen: Vec<IpAddr>,
    client_networks: Vec<String>,
    /// New instances that are on their way to the disk.
    flushing: Mutex<HashMap<InstanceId, JoinHandle<Result<(), ServerError>>>>,
}

impl LocalProvisioner {
    /// Looks for PostgreSQL (downloads one where there is none) and for the user to run it, and makes the home's
    /// folders. Starts nothing.
    ///
    /// # Errors
    /// [`OpenError`] says what is missing and how to mend it.
    pub async fn open(config: LocalConfig) -> Result<Self, OpenError> {
        let user = OsUser::find(config.os_user.as_deref())?;
        let layout = Layout::of(&config.home);
        for folder in [layout.home().to_owned(), layout.instances(), layout.templates(), layout.locks()] {
            folders::make_own_folder(&folder, &user)?;
        }
        folders::spread_contents(&layout.instances());
        folders::spread_contents(&layout.templates());
        folders::check_traversable(&layout.instances().join("any"), &user)?;
        let search = InstallationSearch {
            bin_dir: config.pg_bin.clone(),
            path: config.path.clone(),
            downloads: Some(layout.downloads()),
        };
        let installation = match Installation::find(&search) {
            Err(InstallationError::NotFound) => {
                folders::make_own_folder(&layout.downloads(), &user)?;
                download::download(&layout.downloads()).await?
            }
            found => found?,
        };
        Ok(Self {
            socket_dir: socket_folder(layout.home(), &user)?,
            authority: Arc::new(CertificateAuthority::with_policy(&layout.tls(), config.certificates)?),
            installation,
            user,
            layout,
            host: config.host,
            listen: config.listen,
            client_networks: config.client_networks,
            flushing: Mutex::default(),
        })
    }

    /// The PostgreSQL that it uses.
    #[must_use]
    pub fn installation(&self) -> &Installation {
        &self.installation
    }

    /// The user that runs it.
    #[must_use]
    pub fn os_user(&self) -> &OsUser {
        &self.user
    }

    /// The folder of the instances' Unix sockets.
    #[must_use]
    pub fn socket_dir(&self) -> &std::path::Path {
        &self.socket_dir
    }

    /// Makes the template now, so that the first customer doesn't wait for it.
    ///
    /// # Errors
    /// When it can't be made.
    pub async fn prepare_template(&self) -> Result<(), BackendError> {
        self.template().await.map(|_| ())
    }

    /// Stops every instance of the home, a few at a time. Whoever supervises them must have been stopped before.
    ///
    /// # Errors
    /// The first failure, after all have been tried.
    pub async fn stop_all(&self) -> Result<(), BackendError> {
        let mut stopping: JoinSet<Result<(), ServerError>> = JoinSet::new();
        let mut first_failure = None;
        let mut note = |outcome: Option<Result<Result<(), ServerError>, tokio::task::JoinError>>| {
            if let Some(Err(error)) = outcome.map(joined) {
                first_failure.get_or_insert(error);
            }
        };
        for entry in std::fs::read_dir(self.layout.instances())?.flatten() {
            let postmaster = self.postmaster_in(&entry.path());
            if postmaster.running().is_none() {
                continue;
            }
            if stopping.len() >= STOPPING_AT_ONCE {
                note(stopping.join_next().await);
            }
            stopping.spawn(async move { postmaster.stop(Shutdown::Fast, STOP_LIMIT).await });
        }
        while let Some(outcome) = stopping.join_next().await {
            note(Some(outcome));
        }
        first_failure.map_or(Ok(()), Err)
    }

    pub(crate) async fn template(&self) -> Result<Template, BackendError> {
        let Self { installation, user, layout, socket_dir, .. } = self;
        Maker { installation, user, layout, socket_dir }.ensure().await
    }

    /// Held during each step, so that two workers never touch one folder at once.
    pub(crate) async fn lock(&self, instance: InstanceId) -> Result<FileLock, BackendError> {
        let path = self.layout.instance_lock(instance);
        Ok(FileLock::take(&path, Sharing::Exclusive, LOCK_LIMIT).await?)
    }

    pub(crate) fn postmaster(&self, folder: &InstanceFolder) -> Postmaster {
        self.postmaster_in(&folder.path())
    }

    fn postmaster_in(&self, folder: &std::path::Path) -> Postmaster {
        Postmaster {
            installation: self.installation.clone(),
            user: self.user.clone(),
            data_dir: folder.join("data"),
            log: folder.join("log"),
        }
    }

    /// What an instance's certificate is good for.
    pub(crate) fn certificate_hosts(&self) -> Vec<String> {
        let mut hosts = vec!["localhost".to_owned(), "127.0.0.1".to_owned(), "::1".to_owned()];
        if !hosts.contains(&self.host) {
            hosts.push(self.host.clone());
        }
        hosts
    }

    /// The settings that differ between instances.
    pub(crate) fn instance_settings(&self, spec: &InstanceSpec) -> Vec<Setting> {
        let addresses: Vec<_> = self.listen.iter().map(ToString::to_string).collect();
        vec![
            ("port", spec.port.to_string()),
            ("listen_addresses", addresses.join(", ")),
            ("unix_socket_directories", self.socket_dir.to_string_lossy().into_owned()),
            ("cluster_name", spec.database.clone()),
            ("ssl", "on".to_owned()),
            ("ssl_cert_file", "server.crt".to_owned()),
            ("ssl_key_file", "server.key".to_owned()),
        ]
    }

    pub(crate) fn write_instance_settings(
        &self,
        data_dir: &std::path::Path,
        spec: &InstanceSpec,
    ) -> Result<(), ServerError> {
        let path = data_dir.join(INSTANCE_SETTINGS);
        let text = settings::render(&self.instance_settings(spec));
        if std::fs::read_to_string(&path).is_ok_and(|current| current == text) {
            return Ok(());
        }
        folders::write_server_file(&path, &text, &self.user)
    }

    pub(crate) fn authentication_rules(&self, spec: &InstanceSpec, roles: &RoleNames) -> String {
        authentication::rules(&spec.database, roles, &self.client_networks)
    }

    /// Begins to flush a new instance to disk, behind what comes next.
    pub(crate) fn begin_to_flush(&self, instance: InstanceId, folder: PathBuf) {
        let flush = tokio::task::spawn_blocking(move || durability::ensure(&folder));
        if let Ok(mut flushing) = self.flushing.lock() {
            flushing.insert(instance, flush);
        }
    }

    /// Returns when the instance has reached the disk: before anything is written into it that must not be lost.
    pub(crate) async fn finish_flushing(
        &self,
        instance: InstanceId,
        folder: PathBuf,
    ) -> Result<(), BackendError> {
        let begun = self.flushing.lock().ok().and_then(|mut flushing| flushing.remove(&instance));
        if let Some(flush) = begun {
            joined(flush.await)?;
        }
        joined(tokio::task::spawn_blocking(move || durability::ensure(&folder)).await)
    }

    /// Work on files, in a thread that may block.
    pub(crate) async fn blocking<T: Send + 'static>(
        work: impl FnOnce() -> Result<T, ServerError> + Send + 'static,
    ) -> Result<T, BackendError> {
        joined(tokio::task::spawn_blocking(work).await)
    }

    /// A connection as the superuser, never into the customer's database.
    pub(crate) async fn superuser(&self, port: u16) -> Result<tokio_postgres::Client, BackendError> {
        let database = crate::template::SUPERUSER_DATABASE;
        postgres_server::connect::as_superuser(&self.socket_dir, port, database).await.map_err(backend_error)
    }
}
