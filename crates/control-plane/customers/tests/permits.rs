//! Every use case asks for its right before it has a connection: here there is no admin database to connect to, so that whoever
//! comes past the question learns that it is away, and whoever doesn't learns what they may not. That none of them has another
//! way to the database is looked at in `doors.rs`.

use std::collections::BTreeSet;
use std::path::Path;

use catalog::customers::CustomerChanges;
use catalog::modules::ModuleSetting;
use catalog::{Catalog, CatalogConfig, PageRequest};
use customers::api_keys::{KeyChangesRequest, NewKeyRequest, RotationRequest};
use customers::limits::LimitRequest;
use customers::price_list::PriceChanges;
use customers::secret_keys::Whose;
use customers::sign_up::{OrganizationSignUp, SignUpRequest};
use customers::{
    Actor, ControlPlane, Right, UseCaseError, api_keys, backups, connection, jobs, limits, modules,
    operations, plan, price_list, profile, removal, secret_keys, sign_up, subscription,
};
use domain::operator::{Credential, Role};
use domain::{ApiKeyId, BackupId, Forbidden, JobId, OperationId, Plan, Rights};
use secrets::MasterKey;
use uuid::Uuid;

/// What was tried, which right it needs, and which one was missing; `None`: they came as far as the admin database, which is away.
type Tried = (&'static str, Right, Option<Right>);

const CUSTOMER: &str = "acme";

fn refused<T>(answer: Result<T, UseCaseError>) -> Option<Right> {
    match answer {
        Err(UseCaseError::Forbidden(Forbidden(right))) => Some(right),
        Err(UseCaseError::Unavailable(_)) => None,
        Err(other) => unreachable!("{other:?}"),
        Ok(_) => unreachable!("there is no admin database"),
    }
}

/// Every use case, tried by whoever this is.
async fn tried(control_plane: &ControlPlane, actor: &Actor) -> Vec<Tried> {
    let (at, by) = (control_plane, actor);
    let mut all = of_customers(at, by).await;
    all.extend(of_keys(at, by).await);
    all.extend(of_what_was_bought(at, by).await);
    all.extend(of_work(at, by).await);
    all.extend(of_master_and_data_keys(at, by).await);
    all
}

async fn of_customers(at: &ControlPlane, by: &Actor) -> Vec<Tried> {
    let request = SignUpRequest {
        customer_id: "umbrella".to_owned(),
        name: "Umbrella".to_owned(),
        email: "ada@umbrella.example".to_owned(),
        plan: "pro".to_owned(),
        ..SignUpRequest::default()
    };
    let restore = SignUpRequest { backup_id: Some(BackupId::generate()), ..request.clone() };
    let organization = OrganizationSignUp {
        clerk_org_id: "org_1".to_owned(),
        clerk_admin_user_id: None,
        name: "Umbrella".to_owned(),
        slug: None,
        plan: Plan::Starter,
    };
    let (write, suspend) = (Right::CustomersWrite, Right::CustomersSuspend);
    vec![
        ("sign_up::sign_up", write, refused(sign_up::sign_up(at, by, &request).await)),
        ("sign_up::sign_up", Right::BackupsRestore, refused(sign_up::sign_up(at, by, &restore).await)),
        (
            "sign_up/organization::sign_up_organization",
            write,
            refused(sign_up::sign_up_organization(at, by, &organization).await),
        ),
        (
            "profile::update",
            write,
            refused(profile::update(at, by, CUSTOMER, CustomerChanges::default(), None).await),
        ),
        ("removal::remove", Right::CustomersDelete, refused(removal::remove(at, by, CUSTOMER, None).await)),
        ("subscription::suspend", suspend, refused(subscription::suspend(at, by, CUSTOMER, None).await)),
        (
            "subscription::suspend_with_grace",
            suspend,
            refused(subscription::suspend_with_grace(at, by, CUSTOMER, "gone").await),
        ),
        ("subscription::resume", suspend, refused(subscription::resume(at, by, CUSTOMER).await)),
        (
            "connection::reveal",
            Right::CredentialsReveal,
            refused(connection::reveal(at, by, CUSTOMER, "app").await),
        ),
        ("backups::request", Right::BackupsWrite, refused(backups::request(at, by, CUSTOMER).await)),
    ]
}

async fn of_keys(at: &ControlPlane, by: &Actor) -> Vec<Tried> {
    let (read, write) = (Right::CustomersRead, Right::KeysWrite);
    let (id, page) = (ApiKeyId::generate(), PageRequest::default());
    let new = NewKeyRequest { name: "reports".to_owned(), ..NewKeyRequest::default() };
    let (changes, rotation) = (KeyChangesRequest::default(), RotationRequest::default());
    vec![
        ("api_keys::list", read, refused(api_keys::list(at, by, CUSTOMER, None, &page).await)),
        ("api_keys::get", read, refused(api_keys::get(at, by, CUSTOMER, id).await)),
        ("api_keys::create", write, refused(api_keys::create(at, by, CUSTOMER, &new).await)),
        ("api_keys::update", write, refused(api_keys::update(at, by, (CUSTOMER, id), &changes, None).await)),
        ("api_keys::revoke", write, refused(api_keys::revoke(at, by, CUSTOMER, id).await)),
        (
            "api_keys/rotation::rotate",
            write,
            refused(api_keys::rotate(at, by, (CUSTOMER, id), &rotation, None).await),
        ),
    ]
}

async fn of_what_was_bought(at: &ControlPlane, by: &Actor) -> Vec<Tried> {
    let (read, write) = (Right::CustomersRead, Right::CustomersWrite);
    let (module, bought) = ((CUSTOMER, "ai_assistant"), Right::SubscriptionsWrite);
    let limit =
        LimitRequest { requests: Some(10), period: Some("minute".to_owned()), ..LimitRequest::default() };
    let (page, prices) = (PageRequest::default(), PriceChanges::default());
    vec![
        ("plan::preview", read, refused(plan::preview(at, by, CUSTOMER, Plan::Pro).await)),
        ("plan::change", bought, refused(plan::change(at, by, CUSTOMER, (Plan::Pro, None), None).await)),
        ("modules::list", read, refused(modules::list(at, by, CUSTOMER).await)),
        (
            "modules::set",
            Right::ModulesWrite,
            refused(modules::set(at, by, module, ModuleSetting::from(true)).await),
        ),
        ("modules::reset", Right::ModulesWrite, refused(modules::reset(at, by, module).await)),
        ("modules/preview::preview", read, refused(modules::preview(at, by, module, None).await)),
        (
            "price_list::change",
            Right::PricesWrite,
            refused(price_list::change(at, by, "ai_assistant", &prices).await),
        ),
        ("limits::list", read, refused(limits::list(at, by, CUSTOMER).await)),
        ("limits::list_all", read, refused(limits::list_all(at, by, &page).await)),
        ("limits::set", write, refused(limits::set(at, by, CUSTOMER, limit).await)),
        ("limits::remove", write, refused(limits::remove(at, by, CUSTOMER, None).await)),
    ]
}

async fn of_work(at: &ControlPlane, by: &Actor) -> Vec<Tried> {
    let (operation, job) = (OperationId::generate(), JobId::generate());
    let write = Right::OperationsWrite;
    vec![
        ("operations::get", Right::CustomersRead, refused(operations::get(at, by, operation).await)),
        ("operations::retry", write, refused(operations::retry(at, by, operation).await)),
        ("operations::cancel", write, refused(operations::cancel(at, by, operation).await)),
        ("jobs::retry", Right::JobsWrite, refused(jobs::retry(at, by, job).await)),
        ("jobs::cancel", Right::JobsWrite, refused(jobs::cancel(at, by, job).await)),
    ]
}

async fn of_master_and_data_keys(at: &ControlPlane, by: &Actor) -> Vec<Tried> {
    let (read, write) = (Right::SecretsRead, Right::SecretsWrite);
    vec![
        ("secret_keys::status", read, refused(secret_keys::status(at, by).await)),
        ("secret_keys::rotation", read, refused(secret_keys::rotation(at, by, Uuid::nil()).await)),
        (
            "secret_keys::rotate_master_key",
            write,
            refused(secret_keys::rotate_master_key(at, by, None).await),
        ),
        ("secret_keys::retire", write, refused(secret_keys::retire(at, by, "1a2b3c4d").await)),
        (
            "secret_keys::rotate_data_key",
            write,
            refused(secret_keys::rotate_data_key(at, by, Whose::Platform).await),
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
    let mut found = testkit::use_cases_by_file(&sources);
    // Nobody asks for it: it notes who asked for something else, and may not.
    assert!(found.remove("refusals::record"));
    assert_eq!(found, table, "add it to the table: which right does it ask for?");
}
