//! What goes wrong is said, and what is shown stays.

use std::time::Duration;

use chrono::{TimeDelta, Utc};
use serde_json::json;
use wiremock::matchers::{method, path};
use wiremock::{Mock, MockServer, ResponseTemplate};

use crate::world::{NAMES, World};

/// Has the certificate that is there be due for renewal.
async fn due(world: &World) {
    let sql =
        "update admin_acme_certificates set starts_at = now() - interval '800 days', next_attempt_at = now()";
    world.database.connect().await.batch_execute(sql).await.unwrap();
}

#[tokio::test]
async fn a_refusal_says_what_is_wrong_and_keeps_the_certificate() {
    let Some(world) = World::with_pebble(|_| {}).await else { return };
    let config = world.config(&NAMES);
    let keeper = world.keeper(&config);

    // Nobody is found under the names.
    let refused = keeper.look().await.unwrap_err().to_string();
    for word in ["port 443", NAMES[0], "Failed to connect"] {
        assert!(refused.contains(word), "{word}: {refused}");
    }
    let row = world.row(&config).await.unwrap();
    assert_eq!((row.failed_attempts, row.last_error.as_deref()), (1, Some(refused.as_str())));
    assert!(row.next_attempt_at > Utc::now() + TimeDelta::seconds(20), "{row:?}");
    assert!(row.order.is_none() && keeper.standing().borrow().issued.is_none());
    assert_eq!(keeper.standing().borrow().failed_attempts, 1);
    // It isn't asked again before its time.
    keeper.look().await.unwrap();
    assert_eq!(world.pebble().orders(), 1);

    // With a server there it works, and the failures are over.
    let house = world.answering(&config, "127.0.0.1").await;
    world.try_again().await;
    keeper.look().await.unwrap();
    let issued = keeper.standing().borrow().issued.clone().unwrap();
    assert_eq!(world.row(&config).await.unwrap().failed_attempts, 0);
    assert_eq!(keeper.standing().borrow().failed_attempts, 0);

    // It is away: the certificate that is there stays.
    drop(house);
    due(&world).await;
    keeper.look().await.unwrap_err();
    assert_eq!(keeper.standing().borrow().issued.as_ref().unwrap().chain, issued.chain);
    let another = world.keeper(&config);
    another.look().await.unwrap();
    assert_eq!(another.standing().borrow().issued.as_ref().unwrap().chain, issued.chain);
}

#[tokio::test]
async fn a_name_that_is_not_given_is_named() {
    let blocked = "blocked.example.test";
    let Some(world) = World::with_pebble(|plan| plan.blocked = vec![blocked.to_owned()]).await else {
        return;
    };
    let refused = world.keeper(&world.config(&[blocked])).look().await.unwrap_err().to_string();
    assert!(refused.contains("rejectedIdentifier") && refused.contains(blocked), "{refused}");
}

#[tokio::test]
async fn an_authority_that_is_away_or_a_stranger_is_said_to_be() {
    let Some(world) = World::with_pebble(|_| {}).await else { return };
    let stranger = world.config_of(&world.pebble().directory(), &NAMES);
    let refused = world.keeper(&stranger).look().await.unwrap_err().to_string();
    assert!(refused.contains("certificate"), "nobody vouches for it: {refused}");
    let nobody = format!("https://localhost:{}/dir", testkit::free_port());
    let refused = world.keeper(&world.config_of(&nobody, &NAMES)).look().await.unwrap_err().to_string();
    assert!(refused.contains(&nobody), "{refused}");
}

/// One that has issued enough is left alone for as long as it says.
#[tokio::test]
async fn an_authority_that_wants_to_be_left_alone_is() {
    let world = World::new().await;
    let directory = MockServer::start().await;
    let url = |name: &str| format!("{}/{name}", directory.uri());
    let known = json!({ "newNonce": url("nonce"), "newAccount": url("account"), "newOrder": url("order") });
    let nonce = ("Replay-Nonce", "bm9uY2U");
    let answers = [
        ("GET", "/dir", ResponseTemplate::new(200).set_body_json(known)),
        ("HEAD", "/nonce", ResponseTemplate::new(200).insert_header(nonce.0, nonce.1)),
        (
            "POST",
            "/account",
            ResponseTemplate::new(201)
                .insert_header(nonce.0, nonce.1)
                .insert_header("Location", url("account/1").as_str())
                .set_body_json(json!({ "status": "valid" })),
        ),
        (
            "POST",
            "/order",
            ResponseTemplate::new(429).insert_header("Retry-After", "7200").set_body_raw(
                json!({ "type": "urn:ietf:params:acme:error:rateLimited", "detail": "too many certificates" })
                    .to_string(),
                "application/problem+json",
            ),
        ),
    ];
    for (kind, place, answer) in answers {
        Mock::given(method(kind)).and(path(place)).respond_with(answer).mount(&directory).await;
    }
    let config = world.config_of(&url("dir"), &NAMES);
    let refused = world.keeper(&config).look().await.unwrap_err().to_string();
    assert!(refused.contains("rateLimited: too many certificates"), "{refused}");
    let row = world.row(&config).await.unwrap();
    assert!(row.next_attempt_at > Utc::now() + TimeDelta::seconds(7_100), "{row:?}");

    // A page of some proxy is no riddle either.
    let broken = MockServer::start().await;
    Mock::given(method("GET")).respond_with(ResponseTemplate::new(503)).mount(&broken).await;
    let config = world.config_of(&format!("{}/dir", broken.uri()), &NAMES);
    let refused = world.keeper(&config).look().await.unwrap_err().to_string();
    assert!(refused.contains("it answers 503"), "{refused}");
}

/// Without the admin database nothing is ordered, and what is shown stays.
#[tokio::test]
async fn without_the_admin_database_the_certificate_is_shown_on() {
    let Some(world) = World::with_pebble(|_| {}).await else { return };
    let proxy = testkit::fault_proxy(world.database.port()).await;
    let url = world.database.server_url_through(proxy.port());
    let catalog = catalog::Catalog::connect(&catalog::CatalogConfig::new(url.into())).unwrap();
    let config = world.config(&NAMES);
    let _house = world.answering(&config, "127.0.0.1").await;
    let keeper = acme::Keeper::new(config, catalog, world.keys.clone()).unwrap();
    keeper.look().await.unwrap();
    let issued = keeper.standing().borrow().issued.clone().unwrap();
    proxy.refuse();
    let away = tokio::time::timeout(Duration::from_secs(30), keeper.look()).await.unwrap();
    assert!(away.is_err());
    assert_eq!(keeper.standing().borrow().issued.as_ref().unwrap().chain, issued.chain);
}
