//! Against S3 as moto has it.
#![expect(clippy::unwrap_used, reason = "a test that can't go on fails at once")]

use object_storage::{Bucket, BucketError, LockMode, ObjectLock, S3Access, S3Credentials};
use testkit::Moto;
use wiremock::matchers::{method, path, query_param};
use wiremock::{Mock, MockServer, ResponseTemplate};

fn access(moto: &Moto) -> S3Access {
    S3Access {
        region: "eu-central-1".to_owned(),
        endpoint: Some(moto.url().parse().unwrap()),
        credentials: S3Credentials::Fixed {
            access_key_id: "AKIDEXAMPLE".to_owned(),
            secret_access_key: "the-secret-access-key".into(),
            session_token: None,
        },
    }
}

fn bucket(moto: &Moto, address: &str) -> Bucket {
    Bucket::open(address.parse().unwrap(), access(moto)).unwrap()
}

#[tokio::test]
async fn an_object_is_put_once_listed_and_read() {
    let moto = testkit::moto().await;
    moto.make_bucket("things", None).await;
    let things = bucket(&moto, "s3://things/sixty");
    assert!(things.put_new("2026-01-01/2.json", "two").await.unwrap());
    assert!(!things.put_new("2026-01-01/2.json", "another two").await.unwrap());
    things.put("2026-01-01/1.json", "one").await.unwrap();
    things.put("2026-01-01/1.json", "one anew").await.unwrap();
    things.put("2025-12-31/9.json", "nine").await.unwrap();
    assert_eq!(things.get("2026-01-01/2.json").await.unwrap(), "two");
    assert_eq!(things.get("2026-01-01/1.json").await.unwrap(), "one anew");
    assert_eq!(things.folders("").await.unwrap(), ["2025-12-31", "2026-01-01"]);
    assert_eq!(things.names("2026-01-01").await.unwrap(), ["1.json", "2.json"]);
    assert_eq!(
        things.names("").await.unwrap(),
        ["2025-12-31/9.json", "2026-01-01/1.json", "2026-01-01/2.json"]
    );
    // Another folder of the same bucket has nothing of it.
    assert_eq!(bucket(&moto, "s3://things/six").names("").await.unwrap(), [""; 0]);
    let missing = things.get("2026-01-01/3.json").await.unwrap_err();
    assert!(matches!(missing, BucketError::Missing(_)), "{missing}");
    let nowhere = bucket(&moto, "s3://nothing-there").put("x", "").await.unwrap_err();
    assert!(nowhere.to_string().starts_with("s3://nothing-there: "), "{nowhere}");
    assert!(!nowhere.to_string().contains("the-secret"), "{nowhere}");
}

#[tokio::test]
async fn a_bucket_says_how_long_it_keeps_what_it_was_given() {
    let moto = testkit::moto().await;
    moto.make_bucket("loose", None).await;
    moto.make_bucket("locked", Some(30)).await;
    assert_eq!(bucket(&moto, "s3://loose").object_lock().await.unwrap(), ObjectLock::None);
    let locked = bucket(&moto, "s3://locked");
    let kept = ObjectLock::Kept { mode: LockMode::Compliance, days: 30 };
    assert_eq!(locked.object_lock().await.unwrap(), kept);
    assert!(locked.put_new("a", "a").await.unwrap());
    let gone = bucket(&moto, "s3://not-there").object_lock().await.unwrap_err();
    assert!(gone.to_string().contains("404"), "{gone}");
}

#[tokio::test]
async fn nothing_is_sent_in_the_clear_to_another_machine() {
    let access = S3Access {
        region: "eu-central-1".to_owned(),
        endpoint: Some("http://storage.example/".parse().unwrap()),
        credentials: S3Credentials::Machine,
    };
    let refused = Bucket::open("s3://audit".parse().unwrap(), access).unwrap_err();
    assert!(refused.to_string().contains("use https"), "{refused}");
}

#[tokio::test]
async fn what_was_there_first_is_read_whatever_was_put_over_it() {
    let moto = testkit::moto().await;
    moto.make_bucket("locked", Some(30)).await;
    let things = bucket(&moto, "s3://locked/sixty");
    // More than are listed at once, so that the versions of one name are on two pages.
    for again in 0..600 {
        things.put("b", again.to_string()).await.unwrap();
    }
    for name in ["a", "c/d"] {
        things.put(name, "first").await.unwrap();
        things.put(name, "second").await.unwrap();
        moto.delete_object(&format!("/locked/sixty/{name}")).await;
    }
    bucket(&moto, "s3://locked/six").put("e", "another folder's").await.unwrap();
    assert_eq!(things.names("").await.unwrap(), ["b"]);
    let read = async |folder: &str| {
        let mut read = Vec::new();
        for first in things.first_versions(folder).await.unwrap() {
            let text = String::from_utf8(things.get_first(&first).await.unwrap().to_vec()).unwrap();
            read.push((first.name, text));
        }
        read
    };
    let pair = |name: &str, text: &str| (name.to_owned(), text.to_owned());
    assert_eq!(read("").await, [pair("a", "first"), pair("b", "0"), pair("c/d", "first")]);
    // A folder in which nothing seems to be is one, and has what was put into it.
    assert_eq!(things.folders("").await.unwrap(), ["c"]);
    assert_eq!(read("c").await, [pair("c/d", "first")]);
    assert_eq!(things.folders("c").await.unwrap(), [""; 0]);
}

#[tokio::test]
async fn without_versions_there_is_one_of_each_and_that_is_the_first() {
    let moto = testkit::moto().await;
    moto.make_bucket("things", None).await;
    let things = bucket(&moto, "s3://things");
    things.put("a", "first").await.unwrap();
    things.put("a", "second").await.unwrap();
    let first = things.first_versions("").await.unwrap();
    assert_eq!(first.len(), 1);
    assert_eq!(things.get_first(&first[0]).await.unwrap(), "second");

    // One that doesn't know what a version is.
    let other = MockServer::start().await;
    let listed = "<ListBucketResult><Name>things</Name><IsTruncated>false</IsTruncated><Contents><Key>b/a</Key>\
                  <LastModified>2026-01-01T00:00:00.000Z</LastModified><ETag>&quot;e&quot;</ETag><Size>5</Size></Contents>\
                  <CommonPrefixes><Prefix>b/</Prefix></CommonPrefixes></ListBucketResult>";
    for (name, value, answer) in [
        (
            "versions",
            "",
            ResponseTemplate::new(501).set_body_string("<Error><Code>NotImplemented</Code></Error>"),
        ),
        ("list-type", "2", ResponseTemplate::new(200).set_body_string(listed)),
    ] {
        Mock::given(path("/things")).and(query_param(name, value)).respond_with(answer).mount(&other).await;
    }
    let object = ResponseTemplate::new(200).insert_header("last-modified", "Thu, 01 Jan 2026 00:00:00 GMT");
    let object = object.insert_header("etag", "\"e\"").set_body_string("first");
    Mock::given(method("GET")).and(path("/things/b/a")).respond_with(object).mount(&other).await;
    let access = S3Access { endpoint: Some(other.uri().parse().unwrap()), ..access(&moto) };
    let things = Bucket::open("s3://things".parse().unwrap(), access).unwrap();
    assert_eq!(things.folders("").await.unwrap(), ["b"]);
    for folder in ["", "b"] {
        let first = things.first_versions(folder).await.unwrap();
        assert_eq!((first.len(), &*first[0].name), (1, "b/a"));
        assert_eq!(things.get_first(&first[0]).await.unwrap(), "first");
    }
}
