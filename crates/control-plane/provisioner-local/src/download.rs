//! A PostgreSQL for a machine that has none.

use std::path::Path;

use postgres_server::{Installation, InstallationError, folders};
use postgresql_embedded::{PostgreSQL, SettingsBuilder, VersionReq};

/// The major version that is downloaded.
const VERSION: &str = "=17";

/// Downloads an installation into a folder of `downloads`.
///
/// # Errors
/// [`InstallationError::NotDownloaded`] with the reason: mostly that the machine has no way to the internet.
pub(crate) async fn download(downloads: &Path) -> Result<Installation, InstallationError> {
    let failed = |error: &dyn std::fmt::Display| InstallationError::NotDownloaded(error.to_string());
    tracing::info!(folder = %downloads.display(), "no PostgreSQL found: downloading one");
    std::fs::create_dir_all(downloads).map_err(|error| failed(&error))?;
    // The library also makes a cluster, which it can't as root and which we don't want: it leaves a folder alone that
    // has this file.
    let not_a_cluster = downloads.join("not-a-cluster");
    std::fs::create_dir_all(&not_a_cluster).map_err(|error| failed(&error))?;
    folders::write_private(&not_a_cluster.join("postgresql.conf"), "").map_err(|error| failed(&error))?;
    let settings = SettingsBuilder::new()
        .version(VersionReq::parse(VERSION).map_err(|error| failed(&error))?)
        .installation_dir(downloads)
        .data_dir(&not_a_cluster)
        .password_file(not_a_cluster.join("no-password"))
        .temporary(false)
        .build();
    let mut postgresql = PostgreSQL::new(settings);
    postgresql.setup().await.map_err(|error| failed(&error))?;
    let bin_dir = postgresql.settings().binary_dir();
    Installation::at(&bin_dir).map_err(|error| failed(&error))
}
