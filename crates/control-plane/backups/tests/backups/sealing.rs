//! What is on the disk, and what becomes of files that were changed by somebody who could change their checksums, too.

use std::path::{Path, PathBuf};
use std::process::Command;

use aws_lc_rs::digest::{SHA256, digest};
use backups::{BackupError, FileLock, RestoreSource, restore_into, verify, write_opened};
use secrets::stream::{CHUNK, TAG};
use testkit::{CustomerDatabase, PASSWORD};

use crate::world::{access, back_up, client_tools, connect, contents, filled_database, new_customer};

const PLANTED: &str = "planted-where-pg_dump-compresses-nothing";

/// What `pg_dump` alone makes of it, as backups were before they were encrypted.
fn plain_dump(database: &CustomerDatabase, path: &Path) {
    let url = format!("postgresql://postgres:{PASSWORD}@localhost:{}/{}", database.port(), database.name());
    let mut command = Command::new(client_tools().join("pg_dump"));
    let dumped = command.env_clear().args([&url, "--format=custom", "--file"]).arg(path).status();
    assert!(dumped.expect("run").success());
}

fn has(path: &Path, text: &str) -> bool {
    let bytes = std::fs::read(path).expect("read");
    bytes.windows(text.len()).any(|window| window == text.as_bytes())
}

/// The file with these bytes, and a row that says that they are right.
fn forged(backup: &RestoreSource, name: &str, bytes: &[u8]) -> RestoreSource {
    let path = backup.path.with_file_name(name);
    std::fs::write(&path, bytes).expect("written");
    RestoreSource { path, sha256: hex::encode(digest(&SHA256, bytes)), ..backup.clone() }
}

#[tokio::test]
async fn nothing_of_the_database_is_on_the_disk_in_the_clear() {
    let (home, source) = (testkit::home(), filled_database().await);
    let owner = testkit::connect(&source.owner_url()).await;
    let sql = format!("comment on table reports.notes is '{PLANTED}'");
    owner.batch_execute(&sql).await.expect("planted");
    let plain = home.path().join("plain.dump");
    plain_dump(&source, &plain);
    assert!(has(&plain, PLANTED) && has(&plain, "PGDMP") && has(&plain, "contacts"));

    let backup = back_up(&home, &source).await;
    for word in [PLANTED, "PGDMP", "contacts", "reports"] {
        assert!(!has(&backup.path, word), "{word}");
    }
    assert!(has(&backup.path, "SIXTYBAK"));
    // The same is in it, for who has the key.
    let opened = home.path().join("opened.dump");
    let file = std::fs::File::create(&opened).expect("made");
    write_opened(&backup.path, backup.lock.as_ref().expect("encrypted"), file).expect("opened");
    assert!(has(&opened, PLANTED) && has(&opened, "PGDMP"));
}

#[tokio::test]
async fn a_plain_backup_of_before_is_verified_and_restored() {
    let (home, source) = (testkit::home(), filled_database().await);
    let path = home.path().join("plain.dump");
    plain_dump(&source, &path);
    let bytes = std::fs::read(&path).expect("read");
    let made = back_up(&home, &source).await;
    let plain = forged(&RestoreSource { lock: None, ..made.clone() }, "plain.dump", &bytes);
    let target = new_customer(&source, "customer_of_before").await;
    verify(&target.superuser, &plain.path, &plain.sha256, None).await.expect("whole");
    restore_into(&target, &plain).await.expect("restored");
    let rows = contents(&connect(&target.superuser).await).await;
    assert_eq!(rows, contents(&testkit::connect(&source.superuser_url()).await).await);

    // It doesn't pass for an encrypted one, nor that one for it.
    for wrong in
        [RestoreSource { lock: made.lock.clone(), ..plain.clone() }, RestoreSource { lock: None, ..made }]
    {
        let error = restore_into(&target, &wrong).await.expect_err("taken for the other");
        assert!(matches!(error, BackupError::Unusable { .. }), "{error}");
    }
    let mut changed = bytes;
    changed[100] ^= 1;
    std::fs::write(&plain.path, changed).expect("written");
    let error = restore_into(&target, &plain).await.expect_err("changed");
    assert!(error.to_string().contains("SHA-256"), "{error}");
    assert_eq!(contents(&connect(&target.superuser).await).await, rows);
}

#[tokio::test]
async fn another_customers_backup_is_refused_before_anything_is_dropped() {
    let (ours_at, theirs_at) = (testkit::home(), testkit::home());
    let source = filled_database().await;
    let (ours, theirs) = (back_up(&ours_at, &source).await, back_up(&theirs_at, &source).await);
    let target = new_customer(&source, "customer_of_ours").await;
    let before = contents(&connect(&target.superuser).await).await;
    let bytes = std::fs::read(&theirs.path).expect("read");
    let renamed = forged(&ours, "renamed.dump", &bytes);
    let error = restore_into(&target, &renamed).await.expect_err("theirs");
    assert!(error.to_string().contains("it is the backup"), "{error}");

    // With the ids of ours written over theirs in the head, it is still sealed with a key that ours isn't.
    let ids = |lock: &Option<FileLock>| {
        let lock = lock.as_ref().expect("encrypted");
        [lock.backup.to_string(), lock.customer.expect("a customer").to_string()]
    };
    let mut renamed = bytes.clone();
    for (theirs, ours) in ids(&theirs.lock).iter().zip(ids(&ours.lock)) {
        let mut places = bytes.windows(theirs.len());
        let place = places.position(|window| window == theirs.as_bytes()).expect("in the head");
        renamed[place..place + ours.len()].copy_from_slice(ours.as_bytes());
    }
    let renamed = forged(&ours, "renamed.dump", &renamed);
    let error = restore_into(&target, &renamed).await.expect_err("theirs");
    assert!(error.to_string().contains("chunk 0"), "{error}");
    assert_eq!(contents(&connect(&target.superuser).await).await, before);
}

#[tokio::test]
async fn what_was_cut_changed_or_reordered_is_refused_before_anything_is_dropped() {
    let (home, source) = (testkit::home(), filled_database().await);
    let client = testkit::connect(&source.superuser_url()).await;
    // Some chunks of what doesn't compress.
    let sql = "insert into reports.notes
        select n, string_agg(md5(random()::text), '') from generate_series(2, 40) n, generate_series(1, 300) group by n";
    client.batch_execute(sql).await.expect("filled");
    let backup = back_up(&home, &source).await;
    let target = new_customer(&source, "customer_unharmed").await;
    let before = contents(&connect(&target.superuser).await).await;
    let bytes = std::fs::read(&backup.path).expect("read");
    let head =
        13 + usize::try_from(u32::from_be_bytes(bytes[9..13].try_into().expect("four"))).expect("small");
    let sealed = CHUNK + TAG;
    assert!(bytes.len() > head + 3 * sealed, "{}", bytes.len());
    let chunk = |number: usize| &bytes[head + number * sealed..head + (number + 1) * sealed];
    let mut changed = bytes.clone();
    changed[head + sealed + 5] ^= 1;
    let wrong: [(&str, Vec<u8>); 6] = [
        ("cut in a chunk", bytes[..bytes.len() - 10].to_vec()),
        ("cut between chunks", bytes[..head + 2 * sealed].to_vec()),
        ("nothing after the head", bytes[..head].to_vec()),
        ("changed", changed),
        ("reordered", [&bytes[..head], chunk(1), chunk(0), &bytes[head + 2 * sealed..]].concat()),
        ("left out", [&bytes[..head], chunk(0), &bytes[head + 2 * sealed..]].concat()),
    ];
    for (what, bytes) in wrong {
        let forged = forged(&backup, "forged.dump", &bytes);
        let error = restore_into(&target, &forged).await.expect_err(what);
        assert!(matches!(error, BackupError::Unusable { .. }) && !error.is_temporary(), "{what}: {error}");
        assert_eq!(contents(&connect(&target.superuser).await).await, before, "{what}");
    }
    restore_into(&target, &backup).await.expect("the file itself is good");
}

/// A `pg_restore` that is told all the same, and one that goes away: the outcome is theirs, nobody hangs.
#[tokio::test]
async fn a_program_that_goes_away_is_no_success() {
    let (home, source) = (testkit::home(), filled_database().await);
    let backup = back_up(&home, &source).await;
    let bin = home.path().join("bin");
    std::fs::create_dir_all(&bin).expect("made");
    let script = bin.join("pg_restore");
    std::fs::write(&script, "#!/bin/sh\necho 'pg_restore: error: gone' >&2; exit 1\n").expect("written");
    std::fs::set_permissions(&script, std::os::unix::fs::PermissionsExt::from_mode(0o755)).expect("runnable");
    let gone =
        backups::DatabaseAccess { client_tools: PathBuf::from(&bin), ..access(source.port(), source.name()) };
    let error = verify(&gone, &backup.path, &backup.sha256, backup.lock.as_ref()).await.expect_err("gone");
    assert!(error.to_string().contains("pg_restore: error: gone"), "{error}");
}
