//! One dump, and how it fails.

use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use backups::{BackupError, DatabaseAccess, RestoreSource, backup_database, restore_into, verify};
use testkit::PASSWORD;

use crate::world::{access, client_tools, filled_database, new_customer, new_lock};

fn mode(path: &Path) -> u32 {
    std::fs::metadata(path).expect("there").permissions().mode() & 0o777
}

fn files(folder: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(folder).expect("a folder");
    entries.map(|entry| entry.expect("read").file_name().to_string_lossy().into_owned()).collect()
}

/// A program in the folder's `bin` that runs this script.
fn script(folder: &Path, name: &str, text: &str) {
    let bin = folder.join("bin");
    std::fs::create_dir_all(&bin).expect("made");
    let path = bin.join(name);
    std::fs::write(&path, format!("#!/bin/sh\n{text}\n")).expect("written");
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).expect("runnable");
}

#[tokio::test]
async fn a_dump_is_whole_and_nobody_elses() {
    let (home, database) = (testkit::home(), filled_database().await);
    let from = access(database.port(), database.name());
    let path = home.path().join("backups/acme/one.dump");
    let new = new_lock();
    let file = backup_database(&from, &path, &new).await.expect("backed up");
    assert_eq!(
        file.size_bytes,
        i64::try_from(std::fs::metadata(&path).expect("there").len()).expect("small")
    );
    assert!(
        file.postgres_version.starts_with(|first: char| first.is_ascii_digit()),
        "{}",
        file.postgres_version
    );
    verify(&from, &path, &file.sha256, Some(&new.lock)).await.expect("whole");
    assert_eq!((mode(&path), mode(path.parent().expect("a folder"))), (0o600, 0o700));
    assert_eq!(files(path.parent().expect("a folder")), ["one.dump"]);
}

#[tokio::test]
async fn nothing_secret_is_on_a_command_line_or_in_an_environment() {
    let (home, database) = (testkit::home(), filled_database().await);
    let seen = |tool: &str| home.path().join(format!("seen-{tool}"));
    for tool in ["pg_dump", "pg_restore"] {
        let (seen, real) = (seen(tool), client_tools().join(tool));
        let (seen, real) = (seen.display(), real.display());
        script(home.path(), tool, &format!("echo \"$@\" >> {seen}\nexport -p >> {seen}\nexec {real} \"$@\""));
    }
    let tools = home.path().join("bin");
    let from = DatabaseAccess { client_tools: tools.clone(), ..access(database.port(), database.name()) };
    let (path, new) = (home.path().join("one.dump"), new_lock());
    let file = backup_database(&from, &path, &new).await.expect("backed up");
    let mut target = new_customer(&database, "customer_of_wrapped_tools").await;
    target.superuser.client_tools = tools;
    let (sha256, postgres_version) = (file.sha256, file.postgres_version);
    let backup = RestoreSource { path, sha256, postgres_version, lock: Some(new.lock) };
    restore_into(&target, &backup).await.expect("restored");
    for (tool, argument) in [("pg_dump", "--format=custom"), ("pg_restore", "--no-owner")] {
        let seen = std::fs::read_to_string(seen(tool)).expect("it has run");
        assert!(seen.contains(argument) && seen.contains("PGPASSFILE="), "{tool}: {seen}");
        assert!(!seen.contains(PASSWORD), "{tool}: {seen}");
    }
    assert!(!format!("{from:?} {target:?}").contains(PASSWORD));
}

#[tokio::test]
async fn a_failed_dump_leaves_nothing_behind() {
    let (home, database) = (testkit::home(), filled_database().await);
    let folder = home.path().join("backups");
    let path = folder.join("one.dump");

    let error = backup_database(&access(database.port(), "no_such_database"), &path, &new_lock())
        .await
        .expect_err("refused");
    assert!(matches!(&error, BackupError::Database { .. }) && error.is_temporary(), "{error}");

    script(home.path(), "pg_dump", "echo 'pg_dump (PostgreSQL) 9.6.24'");
    let old =
        DatabaseAccess { client_tools: home.path().join("bin"), ..access(database.port(), database.name()) };
    let error = backup_database(&old, &path, &new_lock()).await.expect_err("too old");
    assert!(matches!(error, BackupError::ClientTooOld { client: 9, .. }) && !error.is_temporary(), "{error}");

    script(
        home.path(),
        "pg_dump",
        "case $1 in --version) echo 'pg_dump (PostgreSQL) 99.0';;
         *) echo 'pg_dump: error: connection lost' >&2; echo 'pg_dump: detail: ann@example.com' >&2; exit 1;; esac",
    );
    let error = backup_database(&old, &path, &new_lock()).await.expect_err("failed");
    assert_eq!(error.to_string(), "pg_dump failed: pg_dump: error: connection lost");
    assert_eq!(files(&folder), Vec::<String>::new());

    let none = DatabaseAccess { client_tools: home.path().join("nowhere"), ..old };
    let error = backup_database(&none, &path, &new_lock()).await.expect_err("no program");
    assert!(matches!(error, BackupError::Program { .. }), "{error}");
}
