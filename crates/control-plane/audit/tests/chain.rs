//! The chains against a real PostgreSQL: many writers, and everything that somebody with SQL could do to the rows.
#![expect(clippy::unwrap_used, reason = "a test that can't go on fails at once")]

use std::time::Duration;

use audit::{Anchors, ChainReport, Fault, verify, verify_chain};
use testkit::AdminDatabase;
use tokio_postgres::Client;
use uuid::Uuid;

const A: &str = "00000000-0000-7000-8000-00000000000a";
const OLD: &str = "00000000-0000-7000-8000-00000000000c";
const LENGTH: i64 = 6;

/// A database with a chain of customer A, one of B and the platform's; a superuser, whom no trigger stops.
async fn written() -> (AdminDatabase, Client) {
    let database = testkit::admin_database().await;
    let client = database.connect().await;
    for n in 1..=LENGTH {
        client
            .batch_execute(&format!(
                "insert into admin_audit_logs (customer_id, admin_user_id, action, resource_type, resource_id, old_values,
                     new_values, ip_address, user_agent)
                 select customer, 'ann', 'customer_updated', 'customer', 'r{n}', '{{\"n\": 1.50, \"ä\": null}}',
                        '{{\"n\": {n}}}', '10.0.0.1', 'curl, ünï:code'
                 from (values ('{A}'::uuid), ('00000000-0000-7000-8000-00000000000b'), (null)) given (customer)"
            ))
            .await
            .unwrap();
    }
    let superuser = testkit::connect(&database.superuser_url()).await;
    superuser.batch_execute("set session_replication_role = replica").await.unwrap();
    (database, superuser)
}

#[tokio::test]
async fn sixty_four_writers_make_neither_fork_nor_gap() {
    let database = testkit::admin_database().await;
    let mut writers = tokio::task::JoinSet::new();
    for writer in 0..64 {
        let client = database.connect().await;
        writers.spawn(async move {
            for n in 0..365 {
                // Every seventh change is given up after its row was written.
                let end = if n % 7 == 6 { "rollback" } else { "commit" };
                let customer = if n % 3 == 0 { "null".to_owned() } else { format!("'{A}'") };
                let sql = format!(
                    "begin;
                     insert into admin_audit_logs (customer_id, action, resource_id)
                     values ({customer}, 'customer_updated', 'w{writer}');
                     {end}"
                );
                client.batch_execute(&sql).await.unwrap();
            }
        });
    }
    writers.join_all().await;
    let report = verify(&mut database.connect().await, Anchors::default()).await.unwrap();
    assert_eq!(report.findings, []);
    assert_eq!((report.chains, report.rows), (2, 64 * (365 - 52)));
}

/// The first bad place of A's chain after `sql`; every other chain must still be whole.
async fn found(superuser: &mut Client, sql: &str) -> (i64, Fault) {
    superuser.batch_execute(sql).await.unwrap();
    let report = verify(superuser, Anchors::default()).await.unwrap();
    assert_eq!(report.findings.len(), 1, "{sql}: {:?}", report.findings);
    assert_eq!(report.findings[0].chain, A.parse::<Uuid>().unwrap(), "{sql}");
    (report.findings[0].sequence, report.findings[0].fault)
}

#[tokio::test]
async fn every_change_of_every_column_of_every_row_is_named() {
    let (_database, mut superuser) = written().await;
    assert_eq!(verify(&mut superuser, Anchors::default()).await.unwrap().findings, []);
    let changes = [
        "id = admin_uuidv7()",
        "customer_id = null",
        "admin_user_id = 'bob'",
        "admin_user_id = null",
        "action = 'customer_deleted'",
        "resource_type = ''",
        "resource_id = 'other'",
        "old_values = null",
        "new_values = new_values || '{\"m\": 1}'",
        "old_values = '{\"n\": 1.5, \"ä\": null}'",
        "ip_address = '10.0.0.1/31'",
        "user_agent = 'curl'",
        "created_at = created_at + interval '1 microsecond'",
        "updated_at = updated_at - interval '1 microsecond'",
        "previous_hash = sha256('')",
        "row_hash = sha256('')",
    ];
    for n in 1..=LENGTH {
        let row = format!("chain_id = '{A}' and chain_sequence = {n}");
        for change in changes {
            superuser.batch_execute("create temporary table kept as table admin_audit_logs").await.unwrap();
            let found =
                found(&mut superuser, &format!("update admin_audit_logs set {change} where {row}")).await;
            assert_eq!(found, (n, Fault::Changed), "{change}");
            superuser
                .batch_execute(
                    "delete from admin_audit_logs; insert into admin_audit_logs table kept; drop table kept",
                )
                .await
                .unwrap();
        }
    }
}

#[tokio::test]
async fn removed_reordered_inserted_and_rehashed_rows_are_named() {
    let (_database, mut superuser) = written().await;
    for n in 1..=LENGTH {
        let row = format!("chain_id = '{A}' and chain_sequence = {n}");
        let copy = "create temporary table copied as select * from admin_audit_logs";
        let rehashed =
            format!("update admin_audit_logs l set row_hash = admin_audit_row_hash(l) where {row}");
        let next = n % LENGTH + 1;
        let mut cases = vec![
            (format!("delete from admin_audit_logs where {row}"), n, Fault::Missing),
            (
                format!(
                    "update admin_audit_logs set chain_sequence = -1 where {row};
                     update admin_audit_logs set chain_sequence = {n} where chain_id = '{A}' and chain_sequence = {next};
                     update admin_audit_logs set chain_sequence = {next} where chain_id = '{A}' and chain_sequence = -1"
                ),
                n.min(next),
                Fault::Changed,
            ),
            (
                format!(
                    "create temporary table slipped as select * from admin_audit_logs where {row};
                     update slipped set id = admin_uuidv7(), chain_sequence = {LENGTH} + 1;
                     update slipped set previous_hash = (select hash from admin_audit_heads where chain_id = '{A}');
                     update slipped set row_hash = sha256('');
                     insert into admin_audit_logs table slipped; drop table slipped;
                     update admin_audit_logs l set row_hash = admin_audit_row_hash(l)
                     where chain_id = '{A}' and chain_sequence = {LENGTH} + 1"
                ),
                LENGTH + 1,
                Fault::NotTheHead,
            ),
        ];
        let forged = format!("update admin_audit_logs set resource_id = 'forged' where {row}; {rehashed}");
        cases.push(if n == LENGTH { (forged, n, Fault::NotTheHead) } else { (forged, n + 1, Fault::Forked) });
        for (sql, sequence, fault) in cases {
            superuser.batch_execute(copy).await.unwrap();
            assert_eq!(found(&mut superuser, &sql).await, (sequence, fault), "{sql}");
            superuser
                .batch_execute("delete from admin_audit_logs; insert into admin_audit_logs table copied; drop table copied")
                .await
                .unwrap();
        }
    }
}

#[tokio::test]
async fn rows_go_only_by_retention_which_leaves_the_rest_provable() {
    let (database, _superuser) = written().await;
    let mut client = database.connect().await;
    for sql in [
        "update admin_audit_logs set user_agent = ''",
        "delete from admin_audit_logs",
        "truncate admin_audit_logs",
    ] {
        let error = client.batch_execute(sql).await.unwrap_err();
        assert_eq!(error.code().unwrap().code(), "42501", "{sql}");
    }
    // Old rows of a chain of their own, and one that isn't.
    let sql = format!(
        "insert into admin_audit_logs (customer_id, action, created_at)
         select '{OLD}', 'customer_updated', now() - case when n < 5 then interval '31 days' else interval '29 days' end
         from generate_series(1, 6) n"
    );
    client.batch_execute(&sql).await.unwrap();
    for (chain, through) in [(A, 1), (A, LENGTH), (OLD, 5)] {
        let error = client
            .query_one(&format!("select admin_audit_remove('{chain}', {through})"), &[])
            .await
            .unwrap_err();
        assert_eq!(error.code().unwrap().code(), "42501", "{chain} {through}");
    }
    let remove = format!("select admin_audit_remove('{OLD}', 4)");
    let removed: i64 = client.query_one(&remove, &[]).await.unwrap().get(0);
    assert_eq!(removed, 4);
    let report = verify(&mut client, Anchors::default()).await.unwrap();
    assert_eq!((report.findings, report.rows, report.removed), (vec![], 20, 4));
    let error = client.batch_execute("delete from admin_audit_logs").await.unwrap_err();
    assert_eq!(error.code().unwrap().code(), "42501");
}

#[tokio::test]
async fn a_beginning_that_is_gone_without_a_record_is_named() {
    let (_database, mut superuser) = written().await;
    let taken = format!(
        "update admin_audit_heads set removed_sequence = 3, removed_hash = (
             select row_hash from admin_audit_logs where chain_id = '{A}' and chain_sequence = 3
         ) where chain_id = '{A}';
         delete from admin_audit_logs where chain_id = '{A}' and chain_sequence <= 3"
    );
    assert_eq!(found(&mut superuser, &taken).await, (3, Fault::NotOnRecord));
    let one = |report: ChainReport| report.finding.map(|found| (found.sequence, found.fault));
    let chain = A.parse().unwrap();
    let report = verify_chain(&mut superuser, chain, Duration::from_secs(60)).await.unwrap();
    assert_eq!(one(report), Some((3, Fault::NotOnRecord)));
    // Neither does a record do that names another row, or another number of rows.
    for (sequence, hash, rows) in [(3, "sha256('')", 3), (2, "removed_hash", 3), (3, "removed_hash", 2)] {
        let record = format!(
            "delete from admin_audit_removals;
             insert into admin_audit_removals (chain_id, removed_sequence, removed_hash, removed_rows)
             select chain_id, {sequence}, {hash}, {rows} from admin_audit_heads where chain_id = '{A}'"
        );
        assert_eq!(found(&mut superuser, &record).await, (3, Fault::NotOnRecord));
    }
    let record = "update admin_audit_removals set removed_rows = 3";
    superuser.batch_execute(record).await.unwrap();
    assert_eq!(verify(&mut superuser, Anchors::default()).await.unwrap().findings, []);
    // And a beginning that was put back while a removal is on record.
    let back = format!("update admin_audit_heads set removed_sequence = 0 where chain_id = '{A}'");
    assert_eq!(found(&mut superuser, &back).await, (0, Fault::NotOnRecord));
}

#[tokio::test]
async fn an_id_that_is_taken_costs_no_place_in_the_chain() {
    let (database, _superuser) = written().await;
    let mut client = database.connect().await;
    let error = client
        .batch_execute(
            "insert into admin_audit_logs (id, action) select id, action from admin_audit_logs limit 1 on conflict do nothing",
        )
        .await
        .unwrap_err();
    assert_eq!(error.code().unwrap().code(), "23505");
    assert_eq!(verify(&mut client, Anchors::default()).await.unwrap().findings, []);
}

#[tokio::test]
async fn rows_from_before_the_chains_join_them_in_their_order() {
    let database = testkit::admin_database().await;
    let mut client = testkit::connect(&database.superuser_url()).await;
    client.batch_execute("drop schema public cascade; create schema public").await.unwrap();
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../../migrations/admin");
    let mut migrations: Vec<_> =
        std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    migrations.sort();
    let chains = migrations.iter().position(|path| path.ends_with("0009_audit_chain.sql")).unwrap();
    for (n, path) in migrations.iter().enumerate().take(chains + 1) {
        if n == chains {
            let sql = format!(
                "insert into admin_audit_logs (customer_id, action, resource_id, created_at)
                 select case when n % 2 = 0 then '{A}'::uuid end, 'customer_updated', n, now() - n * interval '1 hour'
                 from generate_series(1, 100) n"
            );
            client.batch_execute(&sql).await.unwrap();
        }
        let sql = format!("begin; {} commit", std::fs::read_to_string(path).unwrap());
        client.batch_execute(&sql).await.unwrap();
    }
    client.batch_execute("insert into admin_audit_logs (action) values ('customer_created')").await.unwrap();
    let report = verify(&mut client, Anchors::default()).await.unwrap();
    assert_eq!((report.findings, report.chains, report.rows), (vec![], 2, 101));
    let oldest = client
        .query_one(
            &format!(
                "select resource_id from admin_audit_logs where chain_id = '{A}' and chain_sequence = 1"
            ),
            &[],
        )
        .await
        .unwrap();
    assert_eq!(oldest.get::<_, &str>(0), "100");
}
