//! Whole nights: every database once, whatever becomes of the others.

use std::path::Path;
use std::time::Duration;

use backups::{BackupConfig, BackupError, DatabaseAccess, NightlyBackup};
use catalog::audit::Actor;
use catalog::backups::{BackupFilter, BackupKey, NewBackup};
use chrono::{TimeDelta, Utc};
use domain::{BackupId, BackupStatus, JobId};
use jobs::{Job, JobContext, JobError, JobOutcome};
use provisioning::{AdminAccess, BackendError, Restorer};
use tokio_util::sync::CancellationToken;

use crate::house::{World, night, over_the_socket};
use crate::world::{contents, filled_database, new_customer, new_lock};

#[tokio::test]
async fn a_failure_stops_nobody_else_and_the_next_try_makes_only_what_is_missing() {
    let world = World::new().await;
    let (up, down) = (filled_database().await, filled_database().await);
    world.customer(&up, true).await;
    let late = world.customer(&down, false).await;
    let go_on = CancellationToken::new();

    let first = world.backups.nightly(night(), &go_on).await.expect("a night");
    assert_eq!((first.made, first.had), (2, 0), "{first:?}");
    assert_eq!(first.failed, [(Some(late), "the instance doesn't answer".to_owned())]);

    world.up(late, &down).await;
    let second = world.backups.nightly(night(), &go_on).await.expect("a night");
    assert_eq!((second.made, second.had, second.failed.len()), (1, 2, 0));
    let third = world.backups.nightly(night(), &go_on).await.expect("a night");
    assert_eq!((third.made, third.had, third.failed.len()), (0, 3, 0));
    let next = world.backups.nightly(night() + TimeDelta::days(1), &go_on).await.expect("a night");
    assert_eq!((next.made, next.had, next.failed.len()), (3, 0, 0));

    let made =
        world.list(BackupFilter { status: Some(BackupStatus::Succeeded), ..BackupFilter::default() }).await;
    assert_eq!(made.len(), 6);
    for backup in &made {
        assert!(Path::new(&backup.path).is_file(), "{}", backup.path);
        let bytes = std::fs::metadata(&backup.path).expect("there").len();
        assert_eq!(backup.size_bytes, i64::try_from(bytes).ok());
    }
    assert_eq!(world.audit_rows().await, 6);

    go_on.cancel();
    let error = world.backups.nightly(night() + TimeDelta::days(2), &go_on).await.expect_err("stopping");
    assert!(matches!(error, BackupError::Interrupted));
}

#[tokio::test]
async fn what_a_killed_worker_left_is_given_up_and_made_again() {
    let world = World::new().await;
    let id = BackupId::generate();
    let path = world.home.path().join("left.dump");
    let partial = world.home.path().join("left.dump.partial");
    std::fs::write(&partial, "half").expect("written");
    let new = NewBackup {
        id,
        customer_id: None,
        database_name: world.admin.name().to_owned(),
        backup_day: Some(night()),
        path: path.display().to_string(),
        key: BackupKey::Platforms("v1.data.sealed".to_owned()),
    };
    let client = world.catalog.client().await.expect("a connection");
    catalog::backups::begin(&client, &new).await.expect("asked").expect("the first of the night");
    assert!(
        catalog::backups::begin(&client, &NewBackup { id: BackupId::generate(), ..new })
            .await
            .expect("asked")
            .is_none()
    );

    let done = world.backups.nightly(night(), &CancellationToken::new()).await.expect("a night");
    assert_eq!((done.made, done.had, done.failed.len()), (1, 0, 0));
    let left = catalog::backups::get(&client, id).await.expect("read").expect("there");
    assert_eq!(left.status, BackupStatus::Failed);
    assert!(!partial.exists());
}

#[tokio::test]
async fn outdated_backups_go_except_the_newest_of_each_database() {
    let world = World::new().await;
    let database = filled_database().await;
    let customer = world.customer(&database, true).await;
    let mut made = Vec::new();
    for _ in 0..3 {
        made.push(world.backups.back_up(Some(customer), &Actor::system()).await.expect("backed up"));
    }
    let two_weeks = BackupConfig::new(world.home.path().to_owned()).keep;
    assert_eq!(two_weeks, Duration::from_secs(14 * 24 * 3600));
    assert_eq!(world.backups.prune(Utc::now() + TimeDelta::days(13)).await.expect("pruned"), 0);
    assert_eq!(world.backups.prune(Utc::now() + TimeDelta::days(15)).await.expect("pruned"), 2);
    let left: Vec<_> =
        world.list(BackupFilter::default()).await.into_iter().map(|backup| backup.id).collect();
    assert_eq!(left, [made[2].id]);
    assert!(!Path::new(&made[0].path).exists() && Path::new(&made[2].path).exists());
}

#[tokio::test]
async fn a_customers_backup_is_restored_by_its_id_into_another_customer() {
    let world = World::new().await;
    let database = filled_database().await;
    let customer = world.customer(&database, true).await;
    let actor = Actor::on_behalf_of(Some("ann".to_owned()));
    let backup = world.backups.back_up(Some(customer), &actor).await.expect("backed up");
    let target = new_customer(&database, "customer_by_id").await;
    let at = AdminAccess { database: target.superuser.database.clone(), ..over_the_socket(&database).await };
    let error = world.backups.restore(backup.id, &at, &target.roles).await.expect_err("not configured");
    assert!(error.to_string().contains("has not been configured"), "{error}");

    let client = world.admin.connect().await;
    let sql = "with customer as (insert into admin_customers (company_name) values ('New') returning id)
               insert into admin_instances (customer_id, backend, host, port, database_name, ca_certificate)
               select id, 'tests', 'localhost', $1, $2, $3 from customer";
    let parameters: [&(dyn tokio_postgres::types::ToSql + Sync); 3] =
        [&i32::from(target.port), &target.superuser.database, &target.ca_certificate];
    client.execute(sql, &parameters).await.expect("an instance");
    world.backups.restore(backup.id, &at, &target.roles).await.expect("restored");
    let rows = contents(&crate::world::connect(&target.superuser).await).await;
    assert_eq!(rows, contents(&testkit::connect(&database.superuser_url()).await).await);

    let error = world.backups.restore(BackupId::generate(), &at, &target.roles).await.expect_err("unknown");
    assert!(matches!(error, BackendError::Permanent(_)), "{error}");
}

#[tokio::test]
async fn the_job_is_tried_again_until_every_database_has_its_backup() {
    let world = World::new().await;
    let database = filled_database().await;
    let customer = world.customer(&database, false).await;
    let job = NightlyBackup::new(world.backups.clone(), 2, 0);
    let stopping = CancellationToken::new();
    let context = JobContext { id: JobId::generate(), attempt: 1, max_attempts: 10, stopping };
    let payload = serde_json::json!({ "period_start": "2026-11-23T02:00:00Z" });
    let error = job.run(payload.clone(), &context).await.expect_err("one is down");
    assert_eq!(error, JobError::retry("1 of 2 databases have no backup: the instance doesn't answer"));
    world.up(customer, &database).await;
    assert_eq!(job.run(payload, &context).await, Ok(JobOutcome::Done));
    let made = world.list(BackupFilter { customer_id: Some(customer), ..BackupFilter::default() }).await;
    assert_eq!((made.len(), made[0].backup_day), (1, Some(night())));
}

#[test]
fn the_admin_databases_password_is_not_shown() {
    let address =
        catalog::Address::Url("postgresql://admin:hush%3A@db.example:6432/saas_admin".to_owned().into());
    let access = DatabaseAccess::of_admin(&address, "/usr/bin".into()).expect("a URL");
    assert_eq!(
        (access.host.as_str(), access.port, access.database.as_str()),
        ("db.example", 6432, "saas_admin")
    );
    assert!(!format!("{access:?}").contains("hush"));
    assert!(!access.requires_tls);
}

#[tokio::test]
async fn the_admin_databases_url_may_demand_tls() {
    let admin = testkit::admin_database().await;
    let url = format!("{}?sslmode=require", admin.url());
    let access = DatabaseAccess::of_admin(&catalog::Address::Url(url.into()), crate::world::client_tools())
        .expect("a URL");
    assert!(access.requires_tls);
    let folder = testkit::home();
    // The machine's authorities didn't sign the test server's certificate, so nothing may be sent to it.
    let error = backups::backup_database(&access, &folder.path().join("admin.dump"), &new_lock()).await;
    assert!(matches!(error, Err(BackupError::Database { .. })), "{error:?}");
    let trusting = DatabaseAccess {
        ca_certificate: Some(testkit::customer_database().await.ca_certificate().to_owned()),
        ..access
    };
    backups::backup_database(&trusting, &folder.path().join("admin.dump"), &new_lock())
        .await
        .expect("backed up over TLS");
}

#[tokio::test]
async fn a_customer_whom_an_older_client_removed_spoils_no_night() {
    let world = World::new().await;
    let database = filled_database().await;
    let gone = world.customer(&database, false).await;
    let sql = "update admin_customers set deleted_at = now() where id = $1";
    world.admin.connect().await.execute(sql, &[&gone.uuid()]).await.expect("removed");
    let done = world.backups.nightly(night(), &CancellationToken::new()).await.expect("a night");
    assert_eq!((done.made, done.had, done.failed.len()), (1, 0, 0), "{done:?}");
    let client = world.catalog.client().await.expect("a connection");
    assert!(catalog::instances::should_run(&client, "tests").await.expect("asked").is_empty());
}
