//! The keys of backups: whose they are, how they are rotated, what is left of them when somebody is gone.

use std::process::Command;
use std::sync::Arc;
use std::time::Duration;

use backups::{BackupError, Backups, check_opened, head_of, lock_of_file, write_opened};
use catalog::audit::Actor;
use catalog::backups::{Backup, BackupFilter, BackupKey};
use catalog::{Catalog, CatalogConfig};
use data_keys::backup_keys;
use domain::{BackupId, BackupStatus, CustomerId};
use secrets::{KeyRing, LocalKeys, MasterKey};
use testkit::{CustomerDatabase, PASSWORD};
use tokio_util::sync::CancellationToken;

use crate::house::{World, night};
use crate::world::{client_tools, connect, contents, filled_database, new_customer};

fn ring(keys: &[&MasterKey]) -> KeyRing {
    KeyRing::new(vec![Arc::new(LocalKeys::new(keys.iter().map(|key| (*key).clone()).collect()))])
}

async fn customer_with_backup(world: &World) -> (CustomerId, CustomerDatabase, Backup) {
    let database = filled_database().await;
    let customer = world.customer(&database, true).await;
    let backup = world.backups.back_up(Some(customer), &Actor::system()).await.expect("backed up");
    (customer, database, backup)
}

/// A catalog whose database isn't there.
fn nowhere() -> Catalog {
    let url = format!("postgresql://nobody:nothing@localhost:{}/gone", testkit::free_port());
    Catalog::connect(&CatalogConfig::new(url.into())).expect("a URL")
}

#[tokio::test]
async fn a_key_opens_in_its_own_row_only() {
    let world = World::new().await;
    let (_, _first, ours) = customer_with_backup(&world).await;
    let (_, _second, theirs) = customer_with_backup(&world).await;
    let again = world.backups.back_up(ours.customer_id, &Actor::system()).await.expect("backed up");
    let admins = world.backups.back_up(None, &Actor::system()).await.expect("backed up");
    for backup in [&ours, &theirs, &again, &admins] {
        world.backups.source(backup.id).await.expect("its own key opens");
    }
    let client = world.admin.connect().await;
    let copy = "update admin_backups set key_encrypted = other.key_encrypted, key_sealed = other.key_sealed
                from admin_backups as other where admin_backups.id = $1 and other.id = $2";
    // Another customer's, another one of the same customer, and the platform's.
    for (of, to) in [(&theirs, &ours), (&again, &ours), (&admins, &ours)] {
        client.execute(copy, &[&to.id.uuid(), &of.id.uuid()]).await.expect("copied");
        let error = world.backups.source(to.id).await.expect_err("another one's key");
        assert!(matches!(error, BackupError::Key(_)) && !error.is_temporary(), "{error}");
    }
    let second = world.backups.back_up(None, &Actor::system()).await.expect("backed up");
    client.execute(copy, &[&admins.id.uuid(), &second.id.uuid()]).await.expect("copied");
    let error = world.backups.source(admins.id).await.expect_err("another one's key");
    assert!(matches!(error, BackupError::Key(_)), "{error}");
    // Nor do the keys in the files open as another one's.
    let head = head_of(admins.path.as_ref()).expect("read").expect("encrypted");
    assert!(backup_keys::open_admins(&world.keys, admins.id, &head.key).await.is_ok());
    assert!(backup_keys::open_admins(&world.keys, second.id, &head.key).await.is_err());
}

#[tokio::test]
async fn backups_from_before_a_rotation_of_all_keys_are_restored() {
    let world = World::new().await;
    let (customer, database, backup) = customer_with_backup(&world).await;
    let admins = world.backups.back_up(None, &Actor::system()).await.expect("backed up");
    let new = MasterKey::generate();
    let (both, stop) = (ring(&[&world.master, &new]), CancellationToken::new());
    for whose in [Some(customer), None] {
        data_keys::reseal_all(&world.catalog, &both, whose, 2, &stop).await.expect("resealed");
    }
    data_keys::rewrap_all(&world.catalog, &both, new.id(), None, &stop).await.expect("rewrapped");
    // The old master key is gone for good, and then the old data keys, too.
    let only_new = ring(&[&new]);
    let removed = data_keys::remove_superseded(&world.catalog, &only_new, Duration::ZERO, &stop).await;
    assert_eq!(removed.expect("removed"), 2);
    let after = world.list(BackupFilter::default()).await;
    let sealed =
        |id: BackupId| after.iter().find(|one| one.id == id).expect("there").key.clone().expect("a key");
    assert!(matches!(sealed(backup.id), BackupKey::Customers(text) if text.starts_with("v1.data2.")));
    assert!(matches!(sealed(admins.id), BackupKey::Platforms(text) if text.starts_with("v1.data2.")));

    let backups = world.with_keys(&only_new);
    let source = backups.source(backup.id).await.expect("the key opens");
    let target = new_customer(&database, "customer_rotated").await;
    backups::restore_into(&target, &source).await.expect("restored");
    let rows = contents(&connect(&target.superuser).await).await;
    assert_eq!(rows, contents(&testkit::connect(&database.superuser_url()).await).await);
    // The admin database's file needs the old master key, unless its row is there.
    let head = head_of(admins.path.as_ref()).expect("read").expect("encrypted");
    let lock = lock_of_file(&world.catalog, &only_new, &head).await.expect("by its row");
    check_opened(admins.path.as_ref(), &lock).expect("opened");
    assert!(lock_of_file(&nowhere(), &only_new, &head).await.is_err());
    let lock = lock_of_file(&nowhere(), &both, &head).await.expect("by the key from the safe");
    check_opened(admins.path.as_ref(), &lock).expect("opened");
}

#[tokio::test]
async fn after_the_loss_of_the_admin_database_the_master_key_opens_everything() {
    let world = World::new().await;
    let (customer, _database, early) = customer_with_backup(&world).await;
    let done = world.backups.nightly(night(), &CancellationToken::new()).await.expect("a night");
    assert_eq!((done.made, done.failed.len()), (2, 0), "{done:?}");
    let late = world.backups.back_up(Some(customer), &Actor::system()).await.expect("backed up");
    let all = world.list(BackupFilter::default()).await;
    let admins = all.iter().find(|backup| backup.customer_id.is_none()).expect("made");

    // Nothing is there but the files and the master key.
    let keys = ring(&[&world.master]);
    let head = head_of(admins.path.as_ref()).expect("read").expect("encrypted");
    let lock = lock_of_file(&nowhere(), &keys, &head).await.expect("by the master key");
    let opened = world.home.path().join("opened.dump");
    let file = std::fs::File::create(&opened).expect("made");
    write_opened(admins.path.as_ref(), &lock, file).expect("opened");
    let url = |database: &str| {
        format!("postgresql://postgres:{PASSWORD}@localhost:{}/{database}", world.admin.port())
    };
    let again = format!("{}_again", world.admin.name());
    let postgres = testkit::connect(&url("postgres")).await;
    postgres.batch_execute(&format!("create database {again}")).await.expect("a database");
    let restored = Command::new(client_tools().join("pg_restore"))
        .env_clear()
        .args(["--no-owner", "--no-acl", "--dbname", &url(&again)])
        .arg(&opened)
        .output()
        .expect("run");
    assert!(restored.status.success(), "{restored:?}");

    // The rows of all backups of that night are in it; one that came later has its key in its file.
    let catalog = Catalog::connect(&CatalogConfig::new(url(&again).into())).expect("a URL");
    let client = catalog.client().await.expect("a connection");
    assert!(catalog::backups::get(&client, late.id).await.expect("asked").is_none());
    let nightly = all.iter().find(|one| one.customer_id.is_some() && one.backup_day.is_some()).expect("made");
    for backup in [&early, nightly] {
        let row = catalog::backups::get(&client, backup.id).await.expect("asked").expect("there");
        assert_eq!(row.status, BackupStatus::Succeeded);
    }
    for backup in [&early, nightly, &late] {
        let head = head_of(backup.path.as_ref()).expect("read").expect("encrypted");
        let lock = lock_of_file(&catalog, &keys, &head).await.expect("opened");
        check_opened(backup.path.as_ref(), &lock).expect("opened");
    }
    let stranger = ring(&[&MasterKey::generate()]);
    assert!(lock_of_file(&catalog, &stranger, &head).await.is_err());
    drop(client);
    let drop_it = format!("drop database {again} with (force)");
    postgres.batch_execute(&drop_it).await.expect("dropped");
}

#[tokio::test]
async fn a_backup_outlives_its_customer_and_its_copies_do_not_outlive_its_row() {
    let world = World::new().await;
    let (customer, _database, backup) = customer_with_backup(&world).await;
    let (other, _beside, beside) = customer_with_backup(&world).await;
    let client = world.catalog.client().await.expect("a connection");
    // Killed in between, and done again.
    for moved in [1, 0] {
        let done = backup_keys::hand_over(&client, &world.keys, customer).await.expect("handed over");
        assert_eq!(done, moved);
        world.backups.source(backup.id).await.expect("the key opens at any time");
    }
    catalog::data_keys::delete(&client, customer).await.expect("destroyed");
    // A worker that has never had the data key in its memory.
    let backups: Backups = world.with_keys(&ring(&[&world.master]));
    let source = backups.source(backup.id).await.expect("the key opens");
    check_opened(&source.path, source.lock.as_ref().expect("encrypted")).expect("opened");
    let row = catalog::backups::get(&client, backup.id).await.expect("asked").expect("there");
    assert!(matches!(row.key, Some(BackupKey::Platforms(_))));
    // Nobody else's was touched.
    let row = catalog::backups::get(&client, beside.id).await.expect("asked").expect("there");
    assert!(matches!(row.key, Some(BackupKey::Customers(_))), "of {other}");

    // Once the row is gone, a copy of the file opens with no master key.
    let copy = world.home.path().join("copy.dump");
    std::fs::copy(&backup.path, &copy).expect("copied");
    catalog::backups::forget(&client, backup.id).await.expect("forgotten");
    let head = head_of(&copy).expect("read").expect("encrypted");
    let error = lock_of_file(&world.catalog, &ring(&[&world.master]), &head).await.expect_err("gone");
    assert!(matches!(error, BackupError::Key(_)), "{error}");
}

/// Dropped at whatever point, as by a worker that is killed: nothing is believed that isn't whole, and the night is made
/// up for.
#[tokio::test]
async fn a_backup_that_is_killed_at_any_point_is_never_half_believed() {
    let world = World::new().await;
    let database = filled_database().await;
    let customer = world.customer(&database, true).await;
    let (mut whole, actor) = (0, Actor::system());
    for milliseconds in (0..400).step_by(20) {
        let making = world.backups.back_up(Some(customer), &actor);
        whole += usize::from(tokio::time::timeout(Duration::from_millis(milliseconds), making).await.is_ok());
    }
    let all = world.list(BackupFilter::default()).await;
    let believed: Vec<_> = all.iter().filter(|one| one.status == BackupStatus::Succeeded).collect();
    assert!(believed.len() >= whole && all.len() > believed.len(), "{} of {}", believed.len(), all.len());
    for backup in &all {
        match world.backups.source(backup.id).await {
            Ok(source) => {
                assert_eq!(backup.status, BackupStatus::Succeeded);
                check_opened(&source.path, source.lock.as_ref().expect("encrypted")).expect("whole");
            }
            Err(error) => {
                assert!(matches!(error, BackupError::NotFound(_)), "{error}");
                assert_ne!(backup.status, BackupStatus::Succeeded);
            }
        }
    }
    // What is left of them goes, once they are taken for dead.
    let age = "update admin_backups set started_at = started_at - interval '2 days' where status = 'running'";
    world.admin.connect().await.batch_execute(age).await.expect("aged");
    world.backups.nightly(night(), &CancellationToken::new()).await.expect("a night");
    let after = world.list(BackupFilter::default()).await;
    assert!(after.iter().all(|one| one.status != BackupStatus::Running));
    let whole: Vec<_> = after.iter().filter(|one| one.status == BackupStatus::Succeeded).collect();
    let folders = std::fs::read_dir(world.home.path().join("backups")).expect("a folder");
    let files = folders.flat_map(|folder| std::fs::read_dir(folder.expect("read").path()).expect("a folder"));
    let mut files: Vec<_> = files.map(|file| file.expect("read").path().display().to_string()).collect();
    let mut paths: Vec<_> = whole.iter().map(|backup| backup.path.clone()).collect();
    files.sort();
    paths.sort();
    assert_eq!(files, paths);
}
