//! The admin database away, Redis away, both: who is known is served, and nothing stale survives the return.

use gateway::{FeedState, GatewayConfig};
use testkit::wait_for;

use crate::house::{House, SOON, Server};

async fn feed_is(server: &Server, state: FeedState) {
    wait_for(&format!("the feed to be {state:?}"), SOON, async || server.directory.feed() == state).await;
}

#[tokio::test]
async fn without_the_admin_database_the_known_are_served_and_strangers_told_to_come_back() {
    let house = House::new().await;
    let (known, stranger) = (house.caller("acme").await, house.caller("beta").await);
    let server = house.server(GatewayConfig::default());
    feed_is(&server, FeedState::Live).await;
    server.until(&known, "/contacts", "200").await;
    for is_redis_away in [false, true] {
        house.database_proxy.refuse();
        if is_redis_away {
            house.redis_proxy.refuse();
        }
        feed_is(&server, FeedState::Lost).await;
        for _ in 0..20 {
            let answer = server.get(&known, "/contacts").await;
            assert_eq!(answer.status, 200, "{answer:?}");
            assert!(answer.header("ratelimit").starts_with("\"key\";r="));
        }
        let answer = server.get(&stranger, "/contacts").await;
        assert_eq!((answer.status.as_u16(), answer.problem()), (503, "unavailable"), "{answer:?}");
        assert!(!answer.header("retry-after").is_empty());
        house.database_proxy.resume();
        house.redis_proxy.resume();
        feed_is(&server, FeedState::Live).await;
    }
    server.until(&stranger, "/contacts", "200").await;
    let counts = server.directory.counts();
    assert!(counts.failed >= 1 && counts.questions > counts.failed, "{counts:?}");
    let served = server.recorded.all().iter().filter(|record| record.outcome == "ok").count();
    assert!(served >= 41, "requests during the outage are counted too");
}

#[tokio::test]
async fn what_changed_while_nobody_could_hear_acts_on_return() {
    let house = House::new().await;
    let caller = house.caller("acme").await;
    let server = house.server(GatewayConfig::default());
    feed_is(&server, FeedState::Live).await;
    server.until(&caller, "/contacts", "200").await;
    house.database_proxy.refuse();
    feed_is(&server, FeedState::Lost).await;
    house.sql("update admin_api_keys set status = 'revoked'").await;
    assert_eq!(server.get(&caller, "/contacts").await.status, 200, "nobody could have told");
    house.database_proxy.resume();
    feed_is(&server, FeedState::Live).await;
    // Not "soon": the first answer after the return is already right.
    assert_eq!(server.get(&caller, "/contacts").await.problem(), "api-key-revoked");
}

#[tokio::test]
async fn a_connection_that_is_silent_is_taken_for_lost() {
    let house = House::new().await;
    let caller = house.caller("acme").await;
    let server = house.server(GatewayConfig::default());
    feed_is(&server, FeedState::Live).await;
    server.until(&caller, "/contacts", "200").await;
    house.database_proxy.pause();
    feed_is(&server, FeedState::Lost).await;
    assert_eq!(server.get(&caller, "/contacts").await.status, 200);
    house.database_proxy.resume();
    feed_is(&server, FeedState::Live).await;
}

#[tokio::test]
async fn the_last_answer_is_used_while_questions_hang_and_that_is_counted() {
    let house = House::new().await;
    let caller = house.caller("acme").await;
    let server = house.server(GatewayConfig::default());
    feed_is(&server, FeedState::Live).await;
    server.until(&caller, "/contacts", "200").await;
    assert_eq!(server.directory.counts().last_resorts, 0);
    let locking = house.database.connect().await;
    locking.batch_execute("begin; lock table admin_api_keys in access exclusive mode").await.unwrap();
    // Concerns everybody, and changes nothing.
    house.sql("update admin_feature_modules set is_active = is_active").await;
    wait_for("an old answer to be used", SOON, async || {
        assert_eq!(server.get(&caller, "/contacts").await.status, 200);
        server.directory.counts().last_resorts > 0
    })
    .await;
    let counts = server.directory.counts();
    assert!(counts.failed >= counts.last_resorts, "{counts:?}");
    locking.batch_execute("rollback").await.unwrap();
}
