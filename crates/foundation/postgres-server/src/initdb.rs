//! Makes a new cluster with `initdb`.

use std::path::Path;

use crate::{Installation, OsUser, SUPERUSER, ServerError, folders};

/// PostgreSQL's own default.
const WAL_SEGMENT_MEGABYTES: u32 = 16;

/// Makes a cluster in `data_dir`, which must be absent or empty: UTF-8, superuser [`SUPERUSER`], WAL segments of
/// `wal_segment_megabytes`. Nothing is flushed to disk: that's the caller's to do, once, for everything.
///
/// Blocks for about a second: call it where blocking is allowed.
///
/// # Errors
/// With what `initdb` said.
pub fn initdb(
    installation: &Installation,
    user: &OsUser,
    data_dir: &Path,
    wal_segment_megabytes: u32,
) -> Result<(), ServerError> {
    let failed = |message: String| ServerError::Program { program: "initdb", message };
    let mut first_failure = None;
    for locale in locales(installation) {
        folders::remove(data_dir)?;
        folders::make_server_folder(data_dir, user)?;
        let output = user
            .command(&installation.program("initdb"))
            .arg("--pgdata")
            .arg(data_dir)
            .arg(format!("--username={SUPERUSER}"))
            .arg(format!("--wal-segsize={wal_segment_megabytes}"))
            .args(["--encoding=UTF8", "--auth=peer", "--no-sync", "--no-instructions"])
            .args(locale)
            .output()
            .map_err(|error| failed(error.to_string()))?;
        if output.status.success() {
            return Ok(());
        }
        let message = String::from_utf8_lossy(&output.stderr).trim().to_owned();
        let is_about_the_locale = message.contains("locale");
        first_failure.get_or_insert(message);
        if !is_about_the_locale {
            break;
        }
    }
    Err(failed(first_failure.unwrap_or_default()))
}

/// Makes a cluster beside `data_dir` and moves it there whole: half a cluster is never taken for one. Takes away what
/// killed processes left of their attempts.
pub(crate) fn initdb_whole(
    installation: &Installation,
    user: &OsUser,
    data_dir: &Path,
) -> Result<(), ServerError> {
    const MAKING: &str = "making-";
    let folder = data_dir.parent().unwrap_or(data_dir);
    for entry in std::fs::read_dir(folder).map_err(ServerError::file(folder))?.flatten() {
        if entry.file_name().to_string_lossy().starts_with(MAKING) {
            // What can't be removed now is still being written by a killed process's `initdb`: the next one removes it.
            let _ = folders::remove(&entry.path());
        }
    }
    // Under a name of our own, so that the two don't meet.
    let making = folder.join(format!("{MAKING}{}", std::process::id()));
    initdb(installation, user, &making, WAL_SEGMENT_MEGABYTES)?;
    std::fs::rename(&making, data_dir).map_err(ServerError::file(data_dir))
}

/// From the best to the one that every system has. All sort by code point, so that an index means the same on every
/// machine and survives a change of the C library.
fn locales(installation: &Installation) -> Vec<&'static [&'static str]> {
    let mut locales: Vec<&[&str]> = Vec::new();
    if installation.version.major >= 17 {
        locales.push(&["--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C"]);
    }
    locales.push(&["--locale=C.UTF-8"]);
    locales.push(&["--locale=C", "--lc-ctype=en_US.UTF-8"]);
    locales.push(&["--locale=C"]);
    locales
}
