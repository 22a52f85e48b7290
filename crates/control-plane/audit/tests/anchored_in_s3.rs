//! Anchors in a bucket, as moto has it: beside a real PostgreSQL, and somebody who owns that.
#![expect(clippy::unwrap_used, reason = "a test that can't go on fails at once")]

use audit::anchors::{AnchoredHead, BucketJournal, heads};
use audit::{Anchors, Fault, verify};
use object_storage::{Bucket, LockMode, ObjectLock, S3Access, S3Credentials};
use secrets::{SigningKey, VerifyingKey};
use testkit::Moto;
use uuid::Uuid;

const A: &str = "00000000-0000-7000-8000-00000000000a";

fn bucket(moto: &Moto, address: &str) -> Bucket {
    let access = S3Access {
        region: "eu-central-1".to_owned(),
        endpoint: Some(moto.url().parse().unwrap()),
        credentials: S3Credentials::Fixed {
            access_key_id: "AKIDEXAMPLE".to_owned(),
            secret_access_key: "the-secret-access-key".into(),
            session_token: None,
        },
    };
    Bucket::open(address.parse().unwrap(), access).unwrap()
}

/// A key, and a way to have it more than once.
fn key() -> (impl Fn() -> SigningKey, [VerifyingKey; 1]) {
    let secret = SigningKey::generate().unwrap().secret().clone();
    let again = move || SigningKey::parse(&secret).unwrap();
    let verifying = again().verifying_key();
    (again, [verifying])
}

fn head(chain: u128, sequence: i64) -> AnchoredHead {
    AnchoredHead { chain: Uuid::from_u128(chain), sequence, hash: vec![sequence as u8; 32] }
}

#[tokio::test]
async fn a_chain_that_was_written_anew_is_named_by_anchors_that_nobody_can_take_away() {
    let moto = testkit::moto().await;
    moto.make_bucket("audit", Some(365)).await;
    let (key, trusted) = key();
    let database = testkit::admin_database().await;
    let catalog =
        catalog::Catalog::connect(&catalog::CatalogConfig::new(database.server_url().into())).unwrap();
    let mut journal = BucketJournal::new(bucket(&moto, "s3://audit/sixty"), key());
    let kept = ObjectLock::Kept { mode: LockMode::Compliance, days: 365 };
    assert_eq!(journal.object_lock().await.unwrap(), kept);
    let client = catalog.client().await.unwrap();
    for _ in 0..3 {
        let sql =
            format!("insert into admin_audit_logs (customer_id, action) values ('{A}', 'customer_updated')");
        database.connect().await.batch_execute(&sql).await.unwrap();
        assert_eq!(journal.add(heads(&client).await.unwrap()).await.unwrap(), 1);
        assert_eq!(journal.add(heads(&client).await.unwrap()).await.unwrap(), 0, "nothing has grown");
    }
    let read = || async { Anchors::read_bucket(&bucket(&moto, "s3://audit/sixty"), &trusted).await.unwrap() };
    let anchors = read().await;
    assert_eq!((anchors.read, anchors.torn, anchors.bad.len()), (3, 0, 0));
    let good = verify(&mut database.connect().await, anchors).await.unwrap();
    assert_eq!(good.findings, []);

    let rewrite = format!(
        "set session_replication_role = replica;
         update admin_audit_logs set resource_id = 'forged' where chain_id = '{A}' and chain_sequence = 3;
         update admin_audit_logs log set row_hash = admin_audit_row_hash(log) where chain_id = '{A}' and chain_sequence = 3;
         update admin_audit_heads set hash = (
             select row_hash from admin_audit_logs where chain_id = '{A}' and chain_sequence = 3) where chain_id = '{A}'"
    );
    testkit::connect(&database.superuser_url()).await.batch_execute(&rewrite).await.unwrap();
    let unseen = verify(&mut database.connect().await, Anchors::default()).await.unwrap();
    assert_eq!(unseen.findings, [], "from inside it looks whole");
    let seen = async || {
        let anchors = read().await;
        assert_eq!((anchors.read, anchors.torn, &anchors.bad), (3, 0, &vec![]));
        let seen = verify(&mut database.connect().await, anchors).await.unwrap();
        let seen: Vec<_> = seen.findings.into_iter().map(|found| (found.sequence, found.fault)).collect();
        assert_eq!(seen, [(3, Fault::Rewritten { after: 2 })]);
    };
    seen().await;

    // Object lock keeps what was put there first, and hinders nobody who may write from putting something over it.
    let whole = bucket(&moto, "s3://audit/sixty");
    let names = whole.names("").await.unwrap();
    let (first, last) = (&names[0], &names[2]);
    let another = whole.get(first).await.unwrap();
    for over in ["".into(), another] {
        whole.put(last, over).await.unwrap();
        seen().await;
    }
    // A plain DELETE only marks: nothing is there any more, for whoever asks by name.
    for name in &names {
        moto.delete_object(&format!("/audit/sixty/{name}")).await;
        seen().await;
    }
    assert_eq!(whole.names("").await.unwrap(), [""; 0]);
    // Nor does it help to go on where nothing seems to be: what was there first is what counts.
    assert!(whole.put_new(last, "{}").await.unwrap());
    seen().await;
}

#[tokio::test]
async fn workers_with_one_key_make_one_row_of_anchors_also_after_a_restart() {
    let moto = testkit::moto().await;
    moto.make_bucket("audit", None).await;
    let (key, trusted) = key();
    let journal = || BucketJournal::new(bucket(&moto, "s3://audit"), key());
    let (mut first, mut second) = (journal(), journal());
    assert_eq!(first.add(vec![head(1, 1), head(2, 1)]).await.unwrap(), 2);
    // The second finds where the first one is, and what it has said already.
    assert_eq!(second.add(vec![head(1, 1), head(2, 1)]).await.unwrap(), 0);
    assert_eq!(second.add(vec![head(1, 2), head(2, 1)]).await.unwrap(), 1);
    // The first believes that the second number is free, is refused, reads, and goes on behind it.
    assert_eq!(first.add(vec![head(1, 3), head(2, 1)]).await.unwrap(), 2);
    let (one, other) = tokio::join!(first.add(vec![head(1, 4)]), second.add(vec![head(2, 4)]));
    assert_eq!((one.unwrap(), other.unwrap()), (1, 1));
    // A restarted worker knows the last anchor only, and names what that one doesn't.
    assert_eq!(journal().add(vec![head(1, 4), head(2, 4)]).await.unwrap(), 1);
    let bucket = bucket(&moto, "s3://audit");
    let anchors = Anchors::read_bucket(&bucket, &trusted).await.unwrap();
    assert_eq!((anchors.read, anchors.bad), (6, vec![]));
    // Somebody else's key has a folder of its own, and isn't believed.
    let mut stranger = BucketJournal::new(bucket.clone(), SigningKey::generate().unwrap());
    stranger.add(vec![head(1, 9)]).await.unwrap();
    let anchors = Anchors::read_bucket(&bucket, &trusted).await.unwrap();
    assert_eq!((anchors.read, anchors.bad.len()), (6, 1), "{:?}", anchors.bad);
}

#[tokio::test]
async fn a_restarted_worker_goes_on_behind_the_last_anchor_whatever_hides_it() {
    let moto = testkit::moto().await;
    moto.make_bucket("audit", Some(365)).await;
    let (key, trusted) = key();
    let at = |folder: &str| bucket(&moto, &format!("s3://audit/{folder}"));
    BucketJournal::new(at("first"), key()).add(vec![head(1, 1)]).await.unwrap();
    let made = at("first").names("").await.unwrap().remove(0);
    let first = at("first").get(&made).await.unwrap();
    let old = format!("{}/2020-01-01/000000000001.json", made.split_once('/').unwrap().0);
    for (over, is_taken_away) in [(&[""][..], false), (&[], true), (&[""], true), (&["", "{}"], false)] {
        let folder = format!("hidden-{}-{is_taken_away}", over.len());
        // Of another day, which stays: everything of the last one is hidden.
        at(&folder).put(&old, first.clone()).await.unwrap();
        let journal = || BucketJournal::new(at(&folder), key());
        journal().add(vec![head(1, 2)]).await.unwrap();
        journal().add(vec![head(1, 3)]).await.unwrap();
        let names = at(&folder).names("").await.unwrap();
        assert_eq!((names.len(), &names[0]), (3, &old));
        for name in &names[1..] {
            for text in over {
                at(&folder).put(name, *text).await.unwrap();
            }
            if is_taken_away {
                moto.delete_object(&format!("/audit/{folder}/{name}")).await;
            }
        }
        // A name that no anchor can have, behind which there is no number.
        let (folder_of_day, _) = names[1].rsplit_once('/').unwrap();
        at(&folder).put(&format!("{folder_of_day}/{}.json", u64::MAX), "{}").await.unwrap();
        assert_eq!(journal().add(vec![head(1, 3)]).await.unwrap(), 0, "{folder}: that is said already");
        assert_eq!(journal().add(vec![head(1, 4)]).await.unwrap(), 1, "{folder}");
        assert_eq!(journal().add(vec![head(1, 5)]).await.unwrap(), 1, "{folder}");
        let anchors = Anchors::read_bucket(&at(&folder), &trusted).await.unwrap();
        assert_eq!((anchors.read, anchors.torn, anchors.bad.len()), (5, 0, 1), "{folder}: {:?}", anchors.bad);
    }
}

#[tokio::test]
async fn an_anchor_that_was_replaced_or_taken_away_is_missed() {
    let moto = testkit::moto().await;
    moto.make_bucket("loose", None).await;
    let (key, trusted) = key();
    let mut journal = BucketJournal::new(bucket(&moto, "s3://loose"), key());
    for sequence in 1..=4 {
        journal.add(vec![head(1, sequence)]).await.unwrap();
    }
    let bucket = bucket(&moto, "s3://loose");
    let names = bucket.names("").await.unwrap();
    assert_eq!(names.len(), 4);
    let (first, second) = (bucket.get(&names[0]).await.unwrap(), bucket.get(&names[1]).await.unwrap());
    bucket.put(&names[1], first).await.unwrap();
    let anchors = Anchors::read_bucket(&bucket, &trusted).await.unwrap();
    assert_eq!(
        anchors.bad.len(),
        2,
        "the second is the first, the third misses the second: {:?}",
        anchors.bad
    );
    bucket.put(&names[1], "").await.unwrap();
    let anchors = Anchors::read_bucket(&bucket, &trusted).await.unwrap();
    // It is missed by the one behind it, and is none itself.
    assert_eq!((anchors.read, anchors.torn, anchors.bad.len()), (3, 0, 2), "{:?}", anchors.bad);
    // Also the last one, which nothing follows.
    bucket.put(&names[1], second).await.unwrap();
    bucket.put(&names[3], "").await.unwrap();
    let anchors = Anchors::read_bucket(&bucket, &trusted).await.unwrap();
    assert_eq!((anchors.read, anchors.bad.len()), (3, 1), "{:?}", anchors.bad);
    assert_eq!(anchors.bad[0].line, 4);
}

#[tokio::test]
async fn a_bucket_that_is_away_fails_and_nothing_is_left_out_afterwards() {
    let moto = testkit::moto().await;
    let (key, trusted) = key();
    let mut journal = BucketJournal::new(bucket(&moto, "s3://later"), key());
    let away = journal.add(vec![head(1, 1)]).await.unwrap_err();
    assert!(away.to_string().starts_with("s3://later: "), "{away}");
    moto.make_bucket("later", None).await;
    assert_eq!(journal.add(vec![head(1, 2)]).await.unwrap(), 1);
    let anchors = Anchors::read_bucket(&bucket(&moto, "s3://later"), &trusted).await.unwrap();
    assert_eq!((anchors.read, anchors.bad), (1, vec![]));
}
