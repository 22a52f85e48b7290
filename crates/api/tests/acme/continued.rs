//! Whoever comes after a crash goes on.

use std::time::Duration;

use crate::world::{NAMES, World};

/// A server that is killed after so long. Nothing of it runs on: what is left is what the admin database and the authority know.
#[tokio::test]
async fn whoever_comes_after_a_crash_goes_on_with_the_order() {
    let Some(world) = World::with_pebble(|_| {}).await else { return };
    let config = world.config(&NAMES);
    let _house = world.answering(&config, "127.0.0.1").await;
    let (mut killed, mut lived) = (0, 10);
    loop {
        // A keeper of its own each time, as a process has.
        let keeper = world.keeper(&config);
        match tokio::time::timeout(Duration::from_millis(lived), keeper.look()).await {
            Err(_) => killed += 1,
            Ok(looked) => {
                looked.unwrap();
                if keeper.standing().borrow().issued.is_some() {
                    break;
                }
            }
        }
        // What a connection's end frees is free a moment later.
        lived += 40;
        assert!(lived < 20_000, "it never came to an end");
    }
    assert!(killed > 5, "{killed}");
    let row = world.row(&config).await.unwrap();
    assert!(row.order.is_none() && row.issued.is_some(), "{row:?}");
    // One account; an order more only where the authority had answered and nobody had written it down.
    let accounts = world.database.connect().await;
    let accounts = accounts.query_one("select count(*) from admin_acme_accounts", &[]).await.unwrap();
    assert_eq!(accounts.get::<_, i64>(0), 1);
    assert!(world.pebble().orders() <= 4, "{} orders", world.pebble().orders());
}

/// An authority that has lost its memory is told everything again, with the same key.
#[tokio::test]
async fn an_authority_that_forgot_the_account_is_told_again() {
    let Some(world) = World::with_pebble(|_| {}).await else { return };
    let config = world.config(&NAMES);
    let _house = world.answering(&config, "127.0.0.1").await;
    world.keeper(&config).look().await.unwrap();
    let before = world.row(&config).await.unwrap();
    let sql = "update admin_acme_accounts set account_url = replace(account_url, 'my-account/', 'my-account/9');
               update admin_acme_certificates set starts_at = now() - interval '800 days', next_attempt_at = now()";
    world.database.connect().await.batch_execute(sql).await.unwrap();
    let keeper = world.keeper(&config);
    let refused = keeper.look().await.unwrap_err().to_string();
    assert!(refused.contains("ccount"), "{refused}");
    world.try_again().await;
    keeper.look().await.unwrap();
    let after = world.row(&config).await.unwrap();
    assert_ne!(before.issued.unwrap().chain, after.issued.unwrap().chain);
}
