//! Keys are sealed for their row.

use acme::AcmeConfig;
use catalog::acme as rows;
use chrono::{TimeDelta, Utc};
use rcgen::{CertificateParams, KeyPair};
use uuid::Uuid;

use crate::world::World;

const KEY: &str = "admin_acme_certificates.key_sealed";
const DIRECTORY: &str = "https://ca.example.test/dir";

/// As if an authority had issued it.
async fn issued(world: &World, name: &str) -> AcmeConfig {
    let config = world.config_of(DIRECTORY, &[name]);
    let client = world.catalog.client().await.unwrap();
    rows::insert_account(&client, Uuid::now_v7(), DIRECTORY, "v1.data1.x").await.unwrap();
    let account = rows::account(&client, DIRECTORY).await.unwrap().unwrap();
    rows::ensure_certificate(&client, account.id, config.domains()).await.unwrap();
    let row = rows::certificate(&client, DIRECTORY, config.domains()).await.unwrap().unwrap();
    let key = KeyPair::generate().unwrap();
    let chain = CertificateParams::new([name.to_owned()]).unwrap().self_signed(&key).unwrap().pem();
    let seal = data_keys::platform_seal(&client, &world.keys, KEY).await.unwrap();
    let key_sealed = seal.seal(row.id, &key.serialize_pem().into()).unwrap();
    let (starts_at, expires_at) = (Utc::now(), Utc::now() + TimeDelta::days(90));
    let stored = rows::IssuedCertificate { chain, key_sealed, starts_at, expires_at };
    rows::issued(&client, row.id, &stored).await.unwrap();
    config
}

#[tokio::test]
async fn a_key_that_is_copied_to_another_row_or_column_does_not_open() {
    let world = World::new().await;
    let (own, other) = (issued(&world, "own.example.test").await, issued(&world, "other.example.test").await);
    let opens = async |config: &AcmeConfig| {
        let keeper = world.keeper(config);
        let looked = keeper.look().await;
        let is_shown = keeper.standing().borrow().issued.is_some();
        assert_eq!(looked.is_ok(), is_shown, "{looked:?}");
        is_shown
    };
    assert!(opens(&own).await && opens(&other).await);
    let admin = world.database.connect().await;
    let copy =
        "update admin_acme_certificates to_row set key_sealed = from_row.key_sealed, chain = from_row.chain
                from admin_acme_certificates from_row
                where to_row.domains = '{own.example.test}' and from_row.domains = '{other.example.test}'";
    admin.batch_execute(copy).await.unwrap();
    assert!(!opens(&own).await, "another row's key");
    assert!(opens(&other).await);
    let move_it = "update admin_acme_certificates set order_url = 'x', order_key_sealed = key_sealed";
    admin.batch_execute(move_it).await.unwrap();
    let row = world.row(&other).await.unwrap();
    let client = world.catalog.client().await.unwrap();
    let place = "admin_acme_certificates.order_key_sealed";
    let sealed = row.order.unwrap().key_sealed;
    let seal = data_keys::platform_seal_for(&client, &world.keys, place, &sealed).await.unwrap();
    assert!(seal.open(row.id, &sealed).is_err(), "another column's key");
}

/// A server whose master key is another one says so, and shows nothing that it can't open.
#[tokio::test]
async fn another_master_key_opens_nothing() {
    let world = World::new().await;
    let config = issued(&world, "own.example.test").await;
    let stranger = World { keys: World::new().await.keys, ..world };
    let error = stranger.keeper(&config).look().await.unwrap_err().to_string();
    assert!(error.starts_with("a key of the certificate can't be sealed or opened"), "{error}");
}
