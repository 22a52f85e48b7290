//! An authority that gives certificates to its own customers only.

use std::time::Duration;

use acme::{AcmeConfig, ExternalAccount};

use crate::world::{NAMES, World};

const KEY: &str = "zWNDZM6eQGHWpSRTPal5eIUYFTu7EajVIoguysqZ9wG44nMEtx3MUAsUDkMTQ12W";
const OTHER: &str = "b10lLJs8l1GPIzsLP0s6pMt8O0XVGnfTaCeROxQM0BIt2XrJMDHJZBM5NuQmQJQH";

async fn world() -> Option<World> {
    World::with_pebble(|plan| plan.customers = vec![("kid-1".to_owned(), KEY.to_owned())]).await
}

fn bound(config: AcmeConfig, id: &str, key: &str) -> AcmeConfig {
    config.with_external_account(Some(ExternalAccount::new(id, &key.into()).unwrap()))
}

#[tokio::test]
async fn who_is_no_customer_of_the_authoritys_is_told_what_to_set_and_who_is_one_is_served() {
    let Some(world) = world().await else { return };
    let plain = world.config(&NAMES);
    let refused = world.keeper(&plain).look().await.unwrap_err().to_string();
    for word in ["externalAccountRequired", "SIXTY_ACME_EAB_KEY_ID", "SIXTY_ACME_EAB_HMAC_KEY_FILE"] {
        assert!(refused.contains(word), "{word}: {refused}");
    }
    for (id, key) in [("kid-2", KEY), ("kid-1", OTHER)] {
        world.try_again().await;
        let keeper = world.keeper(&bound(plain.clone(), id, key));
        let refused = keeper.look().await.unwrap_err().to_string();
        assert!(!refused.contains(key), "{refused}");
        let row = world.row(&plain).await.unwrap();
        assert_eq!(row.last_error.as_deref(), Some(refused.as_str()));
    }
    let config = bound(plain, "kid-1", KEY);
    let house = world.answering(&config, "127.0.0.1").await;
    world.try_again().await;
    let keeper = world.keeper(&config);
    // The connection that has the last one's lock may be closing still.
    testkit::wait_for("a certificate", Duration::from_secs(60), || async {
        keeper.look().await.unwrap();
        keeper.standing().borrow().issued.is_some()
    })
    .await;
    let issued = keeper.standing().borrow().issued.clone().unwrap();
    house.certificate.show(&issued.chain, secrets::ExposeSecret::expose_secret(&issued.key)).unwrap();
    assert!(house.serves(&world.root().await, NAMES[0]).await);

    // The authority's key is the configuration's: the admin database has nothing of it.
    let admin = world.database.connect().await;
    let sql = "select concat((select string_agg(a::text, '') from admin_acme_accounts a),
                             (select string_agg(c::text, '') from admin_acme_certificates c),
                             (select string_agg(l::text, '') from admin_audit_logs l))";
    let stored: String = admin.query_one(sql, &[]).await.unwrap().get(0);
    assert!(stored.contains(&world.pebble().directory()) && !stored.contains(KEY));
}

/// A server that dies between being known to the authority and writing that down has its key already: the next one finds the
/// account, and uses up no further binding.
#[tokio::test]
async fn whoever_comes_after_a_crash_finds_the_same_account() {
    let Some(world) = world().await else { return };
    let config = bound(world.config(&NAMES), "kid-1", KEY);
    let _house = world.answering(&config, "127.0.0.1").await;
    world.keeper(&config).look().await.unwrap();
    let admin = world.database.connect().await;
    let url = async || -> Option<String> {
        admin.query_one("select account_url from admin_acme_accounts", &[]).await.unwrap().get(0)
    };
    let before = url().await;
    assert!(before.is_some());
    admin.batch_execute("update admin_acme_accounts set account_url = null").await.unwrap();
    let due =
        "update admin_acme_certificates set starts_at = now() - interval '800 days', next_attempt_at = now()";
    admin.batch_execute(due).await.unwrap();
    world.keeper(&config).look().await.unwrap();
    assert_eq!(url().await, before);
}
