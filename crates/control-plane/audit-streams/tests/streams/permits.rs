//! Every use case asks for its right before it has a connection: there is no admin database here.

use std::collections::BTreeSet;
use std::path::Path;

use audit_streams::{AuditStreams, NewStreamRequest, StreamChanges};
use catalog::{Catalog, CatalogConfig};
use customers::{Actor, ControlPlane, Right, UseCaseError};
use domain::operator::{Credential, Role};
use domain::{Forbidden, Rights};
use secrets::MasterKey;
use uuid::Uuid;

/// `None`: they came as far as the admin database, which is away.
fn refused<T: std::fmt::Debug>(answer: Result<T, UseCaseError>) -> Option<Right> {
    match answer {
        Err(UseCaseError::Forbidden(Forbidden(right))) => Some(right),
        Err(UseCaseError::Unavailable(_)) => None,
        other => unreachable!("{other:?}"),
    }
}

async fn tried(streams: &AuditStreams, actor: &Actor) -> Vec<(&'static str, Right, Option<Right>)> {
    let (read, write, id) = (Right::AuditRead, Right::AuditStreamsWrite, Uuid::nil());
    let request = NewStreamRequest {
        name: "a".to_owned(),
        endpoint: "s3://audit".to_owned(),
        authorization: None,
        ca_certificate: None,
        from_beginning: false,
    };
    vec![
        ("list", read, refused(streams.list(actor).await)),
        ("get", read, refused(streams.get(actor, id).await)),
        ("create", write, refused(streams.create(actor, &request).await)),
        ("update", write, refused(streams.update(actor, id, &StreamChanges::default()).await)),
        ("delete", write, refused(streams.delete(actor, id).await)),
    ]
}

#[tokio::test]
async fn every_use_case_asks_every_role_for_its_right_before_it_has_a_connection() {
    let url = "postgresql://nobody@127.0.0.1:1/nothing".to_owned();
    let catalog = Catalog::connect(&CatalogConfig::new(url.into())).unwrap();
    let key = MasterKey::generate();
    let streams = AuditStreams::new(ControlPlane::new(catalog, key.clone()), key);
    let mut table = BTreeSet::new();
    let everybody = Role::ALL.iter().map(|role| role.rights()).chain([Rights::NONE, Rights::ALL]);
    for rights in everybody {
        let actor = Actor::operator(Uuid::now_v7(), Credential::Session(Uuid::nil()), rights);
        for (name, right, refused) in tried(&streams, &actor).await {
            assert_eq!(refused, (!rights.has(right)).then_some(right), "{rights:?} on {name}");
            table.insert(name.to_owned());
        }
    }
    let sources = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    assert_eq!(testkit::use_cases(&sources), table, "add it to the table: which right does it ask for?");
}
