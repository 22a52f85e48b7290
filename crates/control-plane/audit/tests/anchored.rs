//! What the anchors prove that the chains alone don't: against a real PostgreSQL, and somebody who owns it.
#![expect(clippy::unwrap_used, reason = "a test that can't go on fails at once")]

use std::fs;
use std::path::Path;

use audit::anchors::{AnchorJournal, AnchoredHead, heads};
use audit::{Anchors, Fault, Finding, verify, verify_at};
use chrono::{TimeDelta, Utc};
use secrets::{SigningKey, VerifyingKey};
use testkit::AdminDatabase;
use tokio_postgres::Client;

const A: &str = "00000000-0000-7000-8000-00000000000a";

/// A database with a chain of customer A and the platform's, which are anchored after each of these numbers of rows. The rows
/// say that they are old enough to be removed; the anchors know better.
struct Scene {
    database: AdminDatabase,
    folder: tempfile::TempDir,
    key: VerifyingKey,
    superuser: Client,
}

impl Scene {
    async fn new(anchored_after: &[i64]) -> Self {
        let database = testkit::admin_database().await;
        let folder = tempfile::tempdir().unwrap();
        let key = SigningKey::generate().unwrap();
        let verifying = key.verifying_key();
        let mut journal = AnchorJournal::new(folder.path(), key);
        let client = database.connect().await;
        let mut written = 0;
        for count in anchored_after {
            let sql = format!(
                "insert into admin_audit_logs (customer_id, action, resource_id, created_at)
                 select customer, 'customer_updated', 'r' || n, now() - interval '40 days'
                 from generate_series({written} + 1, {count}) n, (values ('{A}'::uuid), (null)) given (customer) order by n"
            );
            client.batch_execute(&sql).await.unwrap();
            written = *count;
            journal.add(current(&database).await).unwrap();
        }
        let superuser = testkit::connect(&database.superuser_url()).await;
        superuser.batch_execute("set session_replication_role = replica").await.unwrap();
        Self { database, folder, key: verifying, superuser }
    }

    async fn verified(&self, anchors: Anchors) -> Vec<Finding> {
        verify(&mut self.database.connect().await, anchors).await.unwrap().findings
    }

    /// When retention may have removed what was anchored.
    async fn verified_later(&self, anchors: Anchors) -> Vec<Finding> {
        let later = Utc::now() + TimeDelta::days(40);
        verify_at(&mut self.database.connect().await, anchors, later).await.unwrap().findings
    }

    fn anchors(&self) -> Anchors {
        Anchors::read(self.folder.path(), std::slice::from_ref(&self.key)).unwrap()
    }

    /// The one finding of a log that looks whole from inside.
    async fn only_the_anchors_know(&self) -> Finding {
        assert_eq!(self.verified(Anchors::default()).await, []);
        let anchors = self.anchors();
        assert_eq!(anchors.bad, []);
        let mut findings = self.verified_later(anchors).await;
        assert_eq!(findings.len(), 1, "{findings:?}");
        findings.remove(0)
    }

    /// Writes A's rows anew from this one on, with the database's own functions, heads and all.
    async fn rewrite_from(&self, sequence: i64) {
        let sql = format!(
            "do $do$
             declare entry admin_audit_logs; last bytea;
             begin
                 select row_hash into last from admin_audit_logs where chain_id = '{A}' and chain_sequence = {sequence} - 1;
                 last := coalesce(last, (select removed_hash from admin_audit_heads where chain_id = '{A}'));
                 for entry in select * from admin_audit_logs where chain_id = '{A}' and chain_sequence >= {sequence}
                     order by chain_sequence
                 loop
                     entry.previous_hash := last;
                     if entry.chain_sequence = {sequence} then entry.resource_id := 'forged'; end if;
                     entry.row_hash := admin_audit_row_hash(entry);
                     last := entry.row_hash;
                     update admin_audit_logs set previous_hash = entry.previous_hash, row_hash = entry.row_hash,
                         resource_id = entry.resource_id where id = entry.id;
                 end loop;
                 update admin_audit_heads set hash = last where chain_id = '{A}';
             end $do$"
        );
        self.superuser.batch_execute(&sql).await.unwrap();
    }
}

async fn current(database: &AdminDatabase) -> Vec<AnchoredHead> {
    let catalog =
        catalog::Catalog::connect(&catalog::CatalogConfig::new(database.server_url().into())).unwrap();
    heads(&catalog.client().await.unwrap()).await.unwrap()
}

#[tokio::test]
async fn a_chain_that_was_written_anew_is_named_from_any_row_on() {
    for (sequence, named, after) in [(1, 3, 0), (3, 3, 0), (4, 5, 3), (5, 5, 3), (6, 9, 5), (9, 9, 5)] {
        let scene = Scene::new(&[3, 5, 9]).await;
        assert_eq!(scene.verified(scene.anchors()).await, []);
        scene.rewrite_from(sequence).await;
        let found = scene.only_the_anchors_know().await;
        assert_eq!((found.sequence, found.fault), (named, Fault::Rewritten { after }), "{sequence}");
        assert_eq!(found.chain.to_string(), A);
    }
}

#[tokio::test]
async fn a_chain_that_was_cut_off_or_taken_away_is_named() {
    let scene = Scene::new(&[3, 5]).await;
    let cut = format!(
        "delete from admin_audit_logs where chain_id = '{A}' and chain_sequence > 4;
         update admin_audit_heads set sequence = 4, hash = (
             select row_hash from admin_audit_logs where chain_id = '{A}' and chain_sequence = 4) where chain_id = '{A}'"
    );
    scene.superuser.batch_execute(&cut).await.unwrap();
    let found = scene.only_the_anchors_know().await;
    assert_eq!((found.sequence, found.fault), (5, Fault::CutOff { anchored: 5 }));

    let gone = format!(
        "delete from admin_audit_logs where chain_id = '{A}'; delete from admin_audit_heads where chain_id = '{A}'"
    );
    scene.superuser.batch_execute(&gone).await.unwrap();
    let found = scene.only_the_anchors_know().await;
    assert_eq!((found.sequence, found.fault), (1, Fault::CutOff { anchored: 5 }));
}

#[tokio::test]
async fn what_retention_removed_is_vouched_for_by_its_last_row() {
    let scene = Scene::new(&[3, 5, 9]).await;
    let client = scene.database.connect().await;
    client.batch_execute(&format!("select admin_audit_remove('{A}', 5)")).await.unwrap();
    assert_eq!(scene.verified_later(scene.anchors()).await, []);
    // What is left can't be written anew, nor the last row that is gone.
    scene.rewrite_from(6).await;
    let found = scene.only_the_anchors_know().await;
    assert_eq!((found.sequence, found.fault), (9, Fault::Rewritten { after: 5 }));
    let forged = format!(
        "update admin_audit_heads set removed_hash = sha256('') where chain_id = '{A}';
         update admin_audit_removals set removed_hash = sha256('') where chain_id = '{A}'"
    );
    scene.superuser.batch_execute(&forged).await.unwrap();
    scene.rewrite_from(6).await;
    let found = scene.only_the_anchors_know().await;
    assert_eq!((found.sequence, found.fault), (5, Fault::Rewritten { after: 3 }));
}

#[tokio::test]
async fn what_was_removed_too_early_is_missed_by_its_anchors() {
    let scene = Scene::new(&[3, 5, 9]).await;
    let client = scene.database.connect().await;
    // The first anchor may be of old rows; what came after it was written after it.
    client.batch_execute(&format!("select admin_audit_remove('{A}', 3)")).await.unwrap();
    assert_eq!(scene.verified(scene.anchors()).await, []);
    client.batch_execute(&format!("select admin_audit_remove('{A}', 9)")).await.unwrap();
    assert_eq!(scene.verified(Anchors::default()).await, []);
    let found = scene.verified(scene.anchors()).await;
    let found: Vec<_> = found.iter().map(|found| (found.sequence, found.fault)).collect();
    assert_eq!(found, [(4, Fault::RemovedTooEarly { after: 3 })]);

    // A chain that began after the first anchor is young from its first row on.
    let key = SigningKey::generate().unwrap();
    let (folder, trusted) = (tempfile::tempdir().unwrap(), [key.verifying_key()]);
    let mut journal = AnchorJournal::new(folder.path(), key);
    journal.add(current(&scene.database).await).unwrap();
    let b = "00000000-0000-7000-8000-00000000000b";
    let sql = format!(
        "insert into admin_audit_logs (customer_id, action, created_at) values ('{b}', 'customer_updated', '2020-01-01')"
    );
    client.batch_execute(&sql).await.unwrap();
    journal.add(current(&scene.database).await).unwrap();
    client.batch_execute(&format!("select admin_audit_remove('{b}', 1)")).await.unwrap();
    let found = scene.verified(Anchors::read(folder.path(), &trusted).unwrap()).await;
    let found: Vec<_> = found.iter().map(|found| (found.chain.to_string(), found.fault)).collect();
    assert_eq!(found, [(b.to_owned(), Fault::RemovedTooEarly { after: 0 })]);
}

#[tokio::test]
async fn anchors_that_were_changed_left_out_or_signed_by_others_prove_nothing() {
    let scene = Scene::new(&[3, 5, 9]).await;
    let path = fs::read_dir(scene.folder.path()).unwrap().next().unwrap().unwrap().path();
    let text = fs::read_to_string(&path).unwrap();
    let lines: Vec<_> = text.lines().collect();
    let bad = |text: String| {
        fs::write(&path, text).unwrap();
        scene.anchors().bad.into_iter().map(|bad| (bad.line, bad.reason)).collect::<Vec<_>>()
    };
    let missing = "an anchor before it is missing or was changed";
    assert_eq!(bad(text.clone()), [] as [(usize, &str); 0]);
    assert_eq!(bad(format!("{}\n{}\n", lines[0], lines[2])), [(2, missing)], "one in the middle is missing");
    assert_eq!(bad(format!("{}\n{}\n", lines[1], lines[2])), [(1, missing)], "the first is missing");
    // One digit of the hash of the last row, and nothing else.
    let digest = lines[2].rfind("\\\"]]").unwrap() - 1;
    let mut changed = lines[2].to_owned();
    let digit = if &changed[digest..=digest] == "0" { "1" } else { "0" };
    changed.replace_range(digest..=digest, digit);
    assert_eq!(bad(format!("{}\n{}\n{changed}\n", lines[0], lines[1])), [(3, "its signature is wrong")]);
    // Neither what was signed nor by whom: the form that it is said to be of.
    let other_form = lines[0].replacen("sixty-anchor-1", "sixty-anchor-2", 1);
    assert_eq!(
        bad(format!("{other_form}\n{}\n{}\n", lines[1], lines[2])),
        [(1, "its signature is wrong"), (2, missing)]
    );
    fs::write(&path, &text).unwrap();
    let stranger = SigningKey::generate().unwrap().verifying_key();
    let anchors = Anchors::read(scene.folder.path(), &[stranger]).unwrap();
    assert_eq!((anchors.read, anchors.bad.len()), (0, 3));
}

#[tokio::test]
async fn a_journal_goes_on_after_a_crash_in_the_middle_of_a_line() {
    let database = testkit::admin_database().await;
    let client = database.connect().await;
    let folder = tempfile::tempdir().unwrap();
    let key = SigningKey::generate().unwrap();
    let trusted = [key.verifying_key()];
    let stored = key.secret().clone();
    let insert = "insert into admin_audit_logs (action) values ('customer_created')";
    let journal = |folder: &Path| AnchorJournal::new(folder, SigningKey::parse(&stored).unwrap());

    client.batch_execute(insert).await.unwrap();
    assert_eq!(journal(folder.path()).add(current(&database).await).unwrap(), 1);
    // Another process, later: what has not grown isn't written again.
    assert_eq!(journal(folder.path()).add(current(&database).await).unwrap(), 0);
    let path = fs::read_dir(folder.path()).unwrap().next().unwrap().unwrap().path();
    let mut torn = fs::read_to_string(&path).unwrap();
    torn.push_str("{\"anchor\":\"{\\\"form");
    fs::write(&path, torn).unwrap();
    client.batch_execute(insert).await.unwrap();
    let mut after = journal(folder.path());
    assert_eq!(after.add(current(&database).await).unwrap(), 1);
    assert_eq!(after.add(current(&database).await).unwrap(), 0);
    let anchors = Anchors::read(folder.path(), &trusted).unwrap();
    assert_eq!((anchors.read, anchors.torn, anchors.bad.as_slice()), (2, 1, &[][..]));
    let report = verify(&mut database.connect().await, anchors).await.unwrap();
    assert_eq!((report.findings, report.rows), (vec![], 2));
}

#[tokio::test]
async fn several_workers_add_to_one_journal() {
    let database = testkit::admin_database().await;
    let client = database.connect().await;
    let folder = tempfile::tempdir().unwrap();
    let key = SigningKey::generate().unwrap();
    let mut journals: Vec<_> =
        (0..4).map(|_| AnchorJournal::new(folder.path(), SigningKey::parse(key.secret()).unwrap())).collect();
    for round in 0..10 {
        client
            .batch_execute("insert into admin_audit_logs (action) values ('customer_created')")
            .await
            .unwrap();
        let heads = current(&database).await;
        std::thread::scope(|scope| {
            for journal in &mut journals {
                let heads = heads.clone();
                scope.spawn(move || journal.add(heads).unwrap());
            }
        });
        let anchors = Anchors::read(folder.path(), &[key.verifying_key()]).unwrap();
        assert_eq!((anchors.read, anchors.torn, anchors.bad), (round + 1, 0, vec![]));
    }
}
