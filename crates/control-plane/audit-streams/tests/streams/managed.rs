//! What operators may ask for.

use audit_streams::{NewStreamRequest, StreamChanges};
use customers::{Actor, UseCaseError};
use domain::operator::Credential;
use domain::{Right, Rights};
use uuid::Uuid;

use crate::house::{House, request};

fn fields(error: &UseCaseError) -> Vec<&str> {
    match error {
        UseCaseError::Invalid(fields) => fields.iter().map(|field| field.field.as_str()).collect(),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn wrong_fields_are_named_and_nothing_is_made() {
    let house = House::new().await;
    for (request, wrong) in [
        (request("http://siem.example.org/"), vec!["endpoint"]),
        (
            NewStreamRequest { name: " ".to_owned(), ..request("file:///etc/passwd") },
            vec!["name", "endpoint"],
        ),
        (
            NewStreamRequest { authorization: Some("x".into()), ..request("s3://audit") },
            vec!["authorization"],
        ),
        (
            NewStreamRequest {
                authorization: Some("a\r\nHost: b".into()),
                ..request("https://siem.example.org/")
            },
            vec!["authorization"],
        ),
        (
            NewStreamRequest {
                ca_certificate: Some("none".to_owned()),
                ..request("https://siem.example.org/")
            },
            vec!["ca_certificate"],
        ),
        (
            NewStreamRequest { ca_certificate: Some("none".to_owned()), ..request("s3://audit") },
            vec!["ca_certificate"],
        ),
    ] {
        let refused = house.streams.create(&Actor::system(), &request).await.unwrap_err();
        assert_eq!(fields(&refused), wrong, "{request:?}");
    }
    assert!(house.streams.list(&Actor::system()).await.unwrap().is_empty());
    let id = house.add("s3://audit").await.0.stream.id;
    let taken = house.streams.create(&Actor::system(), &request("s3://other")).await.unwrap_err();
    assert!(matches!(taken, UseCaseError::Taken { .. }), "{taken:?}");
    let change = StreamChanges { authorization: Some(Some("x".into())), ..StreamChanges::default() };
    let refused = house.streams.update(&Actor::system(), id, &change).await.unwrap_err();
    assert_eq!(fields(&refused), ["authorization"]);
    let other = NewStreamRequest { name: "other".to_owned(), ..request("s3://other") };
    house.streams.create(&Actor::system(), &other).await.unwrap();
    let rename = StreamChanges { name: Some("other".to_owned()), ..StreamChanges::default() };
    let taken = house.streams.update(&Actor::system(), id, &rename).await.unwrap_err();
    assert!(matches!(taken, UseCaseError::Taken { .. }), "{taken:?}");
    let nobody = house.streams.update(&Actor::system(), Uuid::nil(), &rename).await.unwrap_err();
    assert!(matches!(nobody, UseCaseError::NotFound(_)), "{nobody:?}");
}

#[tokio::test]
async fn who_may_only_read_the_log_may_not_have_it_sent_away() {
    let house = House::new().await;
    let reader = Actor::operator(Uuid::now_v7(), Credential::Bootstrap, Rights::of(&[Right::AuditRead]));
    let refused = house.streams.create(&reader, &request("https://evil.example.org/")).await.unwrap_err();
    assert!(matches!(refused, UseCaseError::Forbidden(_)), "{refused:?}");
    let id = house.add("s3://audit").await.0.stream.id;
    let off = StreamChanges { is_active: Some(false), ..StreamChanges::default() };
    assert!(matches!(house.streams.update(&reader, id, &off).await, Err(UseCaseError::Forbidden(_))));
    assert!(matches!(house.streams.delete(&reader, id).await, Err(UseCaseError::Forbidden(_))));
    assert_eq!(house.streams.list(&reader).await.unwrap().len(), 1);
}

#[tokio::test]
async fn a_sealed_secret_opens_in_its_own_stream_only() {
    let house = House::new().await;
    let with = |name: &str, authorization: &str| NewStreamRequest {
        name: name.to_owned(),
        authorization: Some(authorization.into()),
        ..request(&format!("http://127.0.0.1:{}/", testkit::free_port()))
    };
    let id = house.streams.create(&Actor::system(), &with("one", "first")).await.unwrap().0.stream.id;
    house.streams.create(&Actor::system(), &with("two", "second")).await.unwrap();
    house
        .sql(
            "update admin_audit_streams set authorization_sealed =
                 (select authorization_sealed from admin_audit_streams where name = 'two') where name = 'one'",
        )
        .await;
    house.worker("one").run_once().await.unwrap();
    let failed = house.stream(id).await.stream.last_error.unwrap();
    assert!(!failed.contains("refused"), "it never came as far as asking: {failed}");
}
