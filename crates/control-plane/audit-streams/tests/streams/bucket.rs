//! A bucket.

use std::sync::Arc;

use object_storage::{Bucket, S3Access, S3Credentials};

use crate::house::{House, lines};

#[tokio::test]
async fn what_is_written_becomes_objects_by_day() {
    let moto = testkit::moto().await;
    let house = House::new().await;
    let endpoint: url::Url = moto.url().parse().unwrap();
    let open = move |address| {
        let access = S3Access {
            region: "eu-central-1".to_owned(),
            endpoint: Some(endpoint.clone()),
            credentials: S3Credentials::Fixed {
                access_key_id: "AKIDEXAMPLE".to_owned(),
                secret_access_key: "the-secret-access-key".into(),
                session_token: None,
            },
        };
        Bucket::open(address, access).map_err(|error| error.to_string())
    };
    let bucket = open("s3://audit/log".parse().unwrap()).unwrap();
    let worker = house.worker_with("one", Arc::new(open));
    let id = house.add("s3://audit/log").await.0.stream.id;
    worker.run_once().await.unwrap();
    let failed = house.stream(id).await.stream.last_error.unwrap();
    assert!(failed.contains("404 NoSuchBucket"), "{failed}");

    moto.make_bucket("audit", Some(30)).await;
    house.sql("update admin_audit_streams set next_attempt_at = now()").await;
    house.write(1, 2).await;
    worker.run_once().await.unwrap();
    house.write(1, 1).await;
    worker.run_once().await.unwrap();
    let names = bucket.names("").await.unwrap();
    assert_eq!(names.len(), 2, "{names:?}");
    let day = chrono::Utc::now().format("%Y/%m/").to_string();
    assert!(names.iter().all(|name| name.starts_with(&day) && name.ends_with(".jsonl")), "{names:?}");
    let mut all = Vec::new();
    for name in &names {
        all.extend(lines(std::str::from_utf8(&bucket.get(name).await.unwrap()).unwrap()));
    }
    assert_eq!(House::places(&all, 1), [1, 2, 3]);
    assert_eq!(house.stream(id).await.lag.rows, 0);
}
