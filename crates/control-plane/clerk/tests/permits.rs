//! What operators ask of Clerk's part asks for its right before it has a connection: there is no admin database here.

use std::collections::BTreeSet;
use std::path::Path;

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

async fn tried(control_plane: &ControlPlane, actor: &Actor) -> Vec<(&'static str, Right, Option<Right>)> {
    let (read, write) = (Right::ClerkRead, Right::ClerkWrite);
    vec![
        ("status", read, refused(clerk::status(control_plane, actor).await)),
        ("replay", write, refused(clerk::replay(control_plane, actor, "msg_1").await)),
        (
            "request_reconciliation",
            write,
            refused(clerk::request_reconciliation(control_plane, actor, true).await),
        ),
    ]
}

#[tokio::test]
async fn every_use_case_asks_every_role_for_its_right_before_it_has_a_connection() {
    let url = "postgresql://nobody@127.0.0.1:1/nothing".to_owned();
    let catalog = Catalog::connect(&CatalogConfig::new(url.into())).unwrap();
    let control_plane = ControlPlane::new(catalog, MasterKey::generate());
    let mut table = BTreeSet::new();
    let everybody = Role::ALL.iter().map(|role| role.rights()).chain([Rights::NONE, Rights::ALL]);
    for rights in everybody {
        let actor = Actor::operator(Uuid::now_v7(), Credential::Session(Uuid::nil()), rights);
        for (name, right, refused) in tried(&control_plane, &actor).await {
            assert_eq!(refused, (!rights.has(right)).then_some(right), "{rights:?} on {name}");
            table.insert(name.to_owned());
        }
    }
    let sources = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    assert_eq!(testkit::use_cases(&sources), table, "add it to the table: which right does it ask for?");
}
