//! The catalog as the data plane's `Directory`.

use catalog::api_keys::NewApiKey;
use catalog::customers::{DatabaseConnection, Suspension};
use catalog::{
    Catalog, CatalogConfig, GenericClient, api_keys, credentials, customers, data_keys, instances, modules,
};
use chrono::Utc;
use domain::customer::{ApiKeyStatus, Lifecycle};
use domain::entitlement::{self, Refusal};
use domain::permission::Action;
use domain::principal::{Caller, Directory};
use domain::{CustomerId, SubscriptionStatus};
use secrets::ApiKey;
use uuid::Uuid;

use crate::setup;

#[tokio::test]
async fn a_key_yields_its_own_customer_and_never_another() {
    let (_database, catalog) = setup::catalog().await;
    let client = catalog.client().await.unwrap();
    let mut keys = Vec::new();
    for (slug, module) in [("acme", "ai_assistant"), ("beta", "custom_fields"), ("gamma", "api_access")] {
        let id = setup::customer(&client, slug).await.id;
        modules::enable_many(&client, id, &["crm_core", module]).await.unwrap();
        modules::set(&client, id, "bulk_operations", false).await.unwrap();
        keys.push((slug, module, id, setup::api_key(&client, id).await.0));
    }
    for (slug, module, id, key) in &keys {
        let principal = catalog.principal(&key.hash()).await.unwrap().unwrap();
        assert_eq!((principal.customer.id, principal.customer.slug.as_str()), (*id, *slug));
        let granted = |key: &str| {
            let module = domain::modules::find(key).unwrap();
            let customer = &principal.customer;
            entitlement::decide(module, customer.plan, &customer.modules, Utc::now(), customer.time_zone)
        };
        let granted_keys: Vec<_> = domain::modules::ALL
            .iter()
            .map(|module| module.key())
            .filter(|key| granted(key).is_ok())
            .collect();
        // The starter plan's two, and the customer's own one.
        let mut expected = vec!["crm_core", "advanced_pipeline", *module];
        expected
            .sort_unstable_by_key(|key| domain::modules::ALL.iter().position(|module| module.key() == *key));
        assert_eq!(granted_keys, expected);
        assert_eq!(granted("bulk_operations"), Err(Refusal::TurnedOff { reason: None }));
        assert_eq!(principal.customer.subscription_status, SubscriptionStatus::Trial);
        assert!(principal.may(Action::Write, "deals"));
    }
    assert!(catalog.principal(&ApiKey::generate().hash()).await.unwrap().is_none());
    for rubbish in ["", "' or true --", "%"] {
        assert!(catalog.principal(rubbish).await.unwrap().is_none(), "{rubbish}");
    }
}

#[tokio::test]
async fn a_key_that_may_not_be_used_is_told_with_the_reason() {
    let (_database, catalog) = setup::catalog().await;
    let client = catalog.client().await.unwrap();
    let id = setup::customer(&client, "acme").await.id;
    let (key, record) = setup::api_key(&client, id).await;
    api_keys::revoke(&client, id, record.id).await.unwrap();
    customers::suspend(&client, id, Suspension::default()).await.unwrap();
    let principal = catalog.principal(&key.hash()).await.unwrap().unwrap();
    let Caller::Key(shown) = &principal.caller else { unreachable!("a key was shown") };
    assert_eq!(shown.status, ApiKeyStatus::Revoked);
    assert_eq!(principal.customer.subscription_status, SubscriptionStatus::Suspended);
    assert_eq!(principal.customer.lifecycle, Lifecycle::Ready);
    // Softly deleted by a client that doesn't know of the lifecycle.
    client.execute("update admin_customers set deleted_at = now()", &[]).await.unwrap();
    assert_eq!(catalog.principal(&key.hash()).await.unwrap().unwrap().customer.lifecycle, Lifecycle::Deleted);
}

#[tokio::test]
async fn permissions_that_nobody_understands_allow_nothing() {
    let (_database, catalog) = setup::catalog().await;
    let client = catalog.client().await.unwrap();
    let id = setup::customer(&client, "acme").await.id;
    let key = ApiKey::generate();
    let new = NewApiKey::with_defaults(id, "x".to_owned(), key.hash(), key.display_prefix());
    api_keys::insert(&client, &new).await.unwrap();
    client
        .execute(
            r#"update admin_api_keys set permissions = '["*", "admin:*", 7, null, "read:contacts"]'"#,
            &[],
        )
        .await
        .unwrap();
    let principal = catalog.principal(&key.hash()).await.unwrap().unwrap();
    assert_eq!(principal.permissions.len(), 1);
    assert!(principal.may(Action::Read, "contacts"));
    assert!(!principal.may(Action::Write, "contacts") && !principal.may(Action::Read, "deals"));
}

/// Everything that serving a customer needs.
async fn place(client: &impl GenericClient, customer: CustomerId, port: u16) {
    let new = instances::NewInstance {
        customer_id: customer,
        backend: "local".to_owned(),
        host: "localhost".to_owned(),
        port,
        database_name: format!("database_{port}"),
    };
    instances::reserve(client, &new).await.unwrap().unwrap();
    for role in ["owner", "app", "readonly"] {
        let credential = credentials::Credential {
            id: Uuid::now_v7(),
            customer_id: customer,
            role: role.to_owned(),
            username: format!("{role}_{port}"),
            password_encrypted: format!("sealed_{role}_{port}"),
        };
        credentials::insert_if_absent(client, &credential).await.unwrap();
    }
    data_keys::insert(client, customer, &format!("wrapped_{port}")).await.unwrap();
}

#[tokio::test]
async fn an_endpoint_is_the_customers_own_and_for_the_app_role_only() {
    let (_database, catalog) = setup::catalog().await;
    let client = catalog.client().await.unwrap();
    let acme = setup::customer(&client, "acme").await.id;
    let beta = setup::customer(&client, "beta").await.id;
    assert!(catalog.endpoint(acme).await.unwrap().is_none(), "nothing is there yet");
    place(&client, acme, 5434).await;
    place(&client, beta, 5435).await;
    for (id, port) in [(acme, 5434), (beta, 5435)] {
        let endpoint = catalog.endpoint(id).await.unwrap().unwrap();
        assert_eq!((endpoint.customer_id, endpoint.port), (id, port));
        assert_eq!(endpoint.database, format!("database_{port}"));
        assert_eq!(endpoint.user, format!("app_{port}"));
        assert_eq!(endpoint.password_sealed, format!("sealed_app_{port}"));
        assert_eq!(endpoint.data_key_wrapped, format!("wrapped_{port}"));
    }
    assert!(customers::set_lifecycle(&client, acme, Lifecycle::Ready, Lifecycle::Deleting).await.unwrap());
    assert!(catalog.endpoint(acme).await.unwrap().is_none());
    assert!(catalog.endpoint(CustomerId::generate()).await.unwrap().is_none());
    let connection = DatabaseConnection {
        host: "localhost".to_owned(),
        port: 5435,
        name: "customer_beta".to_owned(),
        user: "app_5435".to_owned(),
        password_encrypted: "sealed".to_owned(),
    };
    assert!(customers::set_database(&client, beta, &connection).await.unwrap());
    let shown = customers::by_id(&client, beta).await.unwrap().unwrap();
    assert_eq!(shown.database_port, Some(5435));
    assert!(!serde_json::to_string(&shown).unwrap().contains("sealed"));
}

#[tokio::test]
async fn a_directory_that_cannot_be_asked_says_so() {
    let port = testkit::free_port();
    let url = format!("postgresql://nobody:secret-password@127.0.0.1:{port}/none");
    let catalog = Catalog::connect(&CatalogConfig::new(url.into())).unwrap();
    let error = catalog.principal("x").await.unwrap_err();
    assert!(!format!("{error} {error:?}").contains("secret-password"));
}
