//! People who are signed in: whose customer they ask for, what their role gives, and how fast a removal acts.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::Request;
use gateway::{GatewayConfig, LimitsConfig, SessionConfig};
use http::header;
use limits::{OnRedisLoss, Rate};
use serde_json::{Value, json};
use session_tokens::{Grants, SessionIssuer};
use testkit::TokenSigner;
use wiremock::matchers::path;
use wiremock::{Mock, MockServer, ResponseTemplate};

use crate::house::{Answer, House, Server};
use crate::modules::hand_over;

/// An identity provider.
struct Provider {
    server: MockServer,
    signer: TokenSigner,
}

impl Provider {
    async fn new() -> Self {
        let provider = Self { server: MockServer::start().await, signer: TokenSigner::new("one") };
        provider.show_key_of(&provider.signer).await;
        provider
    }

    /// Its only key is this signer's from now on.
    async fn show_key_of(&self, signer: &TokenSigner) {
        self.server.reset().await;
        Mock::given(path("/keys"))
            .respond_with(ResponseTemplate::new(200).set_body_json(signer.key_set()))
            .mount(&self.server)
            .await;
    }

    fn config(&self, rate: &str) -> GatewayConfig {
        let keys_url = format!("{}/keys", self.server.uri()).parse().unwrap();
        let parties = ["https://app.test".to_owned()];
        let issuer = SessionIssuer::open("https://clerk.test".to_owned(), keys_url, parties, None).unwrap();
        let sessions = SessionConfig {
            issuer: Arc::new(issuer),
            grants: Arc::new(Grants::default()),
            rate: rate.parse::<Rate>().unwrap(),
        };
        GatewayConfig { sessions: Some(sessions), ..GatewayConfig::default() }
    }

    /// A token of the second version, issued now.
    fn token(&self, user: &str, organization: &str, role: &str) -> String {
        self.signer.token(&json!({
            "sub": user, "v": 2, "o": { "id": organization, "rol": role }, "iat": now(), "exp": now() + 60
        }))
    }
}

fn now() -> i64 {
    chrono::Utc::now().timestamp()
}

async fn ask(server: &Server, token: &str, path: &str) -> Answer {
    let request = Request::builder().uri(path).header(header::AUTHORIZATION, format!("Bearer {token}"));
    server.send(request.body(Body::empty()).unwrap()).await
}

/// A customer with this organization.
async fn organization(house: &House, slug: &str, organization: &str) -> domain::CustomerId {
    let caller = house.caller(slug).await;
    house
        .sql(&format!(
            "update admin_customers set clerk_org_id = '{organization}' where id = '{}'",
            caller.id
        ))
        .await;
    caller.id
}

#[tokio::test]
async fn the_organization_of_the_session_selects_the_customer_and_nothing_else_does() {
    let house = House::new().await;
    let provider = Provider::new().await;
    let acme = organization(&house, "acme", "org_acme").await;
    let globex = organization(&house, "globex", "org_globex").await;
    let server = house.server(provider.config("1000/minute"));
    for (organization, customer) in [("org_acme", acme), ("org_globex", globex)] {
        let token = provider.token("user_1", organization, "member");
        // Twice: as it is asked for, and as it is remembered.
        for _ in 0..2 {
            assert_eq!(ask(&server, &token, "/contacts").await.status, 200);
        }
        let counted = server.recorded.all();
        assert_eq!(counted.last().unwrap().customer_id, customer);
    }
    // One person in two organizations: counted under one id, for two customers.
    let counted = server.recorded.all();
    assert_eq!(counted.len(), 4);
    assert_eq!(counted[0].api_key_id, counted[3].api_key_id);
    // What the caller says beside the token is nothing.
    let token = provider.token("user_1", "org_acme", "member");
    let request = Request::builder()
        .uri("/contacts?org_id=org_globex")
        .header(header::AUTHORIZATION, format!("Bearer {token}"))
        .header("x-clerk-org-id", "org_globex");
    server.send(request.body(Body::empty()).unwrap()).await;
    assert_eq!(server.recorded.all().last().unwrap().customer_id, acme);
    // Both versions, and what a custom claim of the second one says.
    let first = json!({ "sub": "user_1", "org_id": "org_globex", "org_role": "org:member", "iat": now() });
    assert_eq!(ask(&server, &provider.signer.token(&first), "/contacts").await.status, 200);
    assert_eq!(server.recorded.all().last().unwrap().customer_id, globex);
    let mixed = json!({ "sub": "user_1", "v": 2, "org_id": "org_globex", "o": { "id": "org_acme", "rol": "member" }, "iat": now() });
    assert_eq!(ask(&server, &provider.signer.token(&mixed), "/contacts").await.status, 200);
    assert_eq!(server.recorded.all().last().unwrap().customer_id, acme);
}

#[tokio::test]
async fn what_is_no_good_token_of_ours_is_refused_by_name() {
    let house = House::new().await;
    let provider = Provider::new().await;
    organization(&house, "acme", "org_acme").await;
    let server = house.server(provider.config("1000/minute"));
    let member = json!({ "id": "org_acme", "rol": "member" });
    let with = |change: Value| {
        let mut claims = json!({ "v": 2, "o": member, "iat": now() });
        claims.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
        provider.signer.token(&claims)
    };
    assert_eq!(ask(&server, &with(json!({})), "/contacts").await.status, 200);
    for (token, problem) in [
        (with(json!({ "exp": now() - 60 })), "session-expired"),
        (with(json!({ "nbf": now() + 60 })), "session-refused"),
        (with(json!({ "iss": "https://evil.test" })), "session-refused"),
        (with(json!({ "azp": "https://evil.test" })), "session-refused"),
        (with(json!({ "sts": "pending" })), "session-refused"),
        (with(json!({ "o": null })), "organization-needed"),
        (with(json!({ "o": { "id": "org_nobody", "rol": "admin" } })), "organization-unknown"),
        (TokenSigner::new("one").token(&json!({ "v": 2, "o": member })), "session-refused"),
        (TokenSigner::new("invented").token(&json!({ "v": 2, "o": member })), "session-refused"),
        (
            provider.signer.sign(&json!({ "alg": "none", "kid": "one" }), &json!({ "v": 2, "o": member })),
            "session-refused",
        ),
        ("eyJ.eyJ.".to_owned(), "session-refused"),
    ] {
        for _ in 0..2 {
            let answer = ask(&server, &token, "/contacts").await;
            assert_eq!(answer.problem(), problem, "{answer:?}");
        }
    }
    let token = with(json!({}));
    let answer = ask(&server, "sk_x", &format!("/contacts?__session={token}")).await;
    assert_eq!(answer.problem(), "key-in-url");
    let without = house.server(GatewayConfig::default());
    assert_eq!(ask(&without, &token, "/contacts").await.problem(), "unauthenticated");
}

#[tokio::test]
async fn a_token_of_a_key_that_was_taken_back_is_refused_though_it_is_remembered() {
    let house = House::new().await;
    let provider = Provider::new().await;
    organization(&house, "acme", "org_acme").await;
    let config = provider.config("1000/minute");
    let issuer = Arc::clone(&config.sessions.as_ref().unwrap().issuer);
    let server = house.server(config);
    let token_of = |signer: &TokenSigner| {
        let member = json!({ "id": "org_acme", "rol": "member" });
        signer.token(&json!({ "sub": "user_1", "v": 2, "o": member, "iat": now(), "exp": now() + 60 }))
    };
    let mut token = token_of(&provider.signer);
    // By another name, and by the name of the one before.
    for signer in [TokenSigner::new("two"), TokenSigner::new("two"), TokenSigner::new("one")] {
        for _ in 0..2 {
            assert_eq!(ask(&server, &token, "/contacts").await.status, 200);
        }
        // As it is, the keys may be asked for as often as one likes.
        issuer.refresh().await.unwrap();
        assert_eq!(ask(&server, &token, "/contacts").await.status, 200);
        provider.show_key_of(&signer).await;
        issuer.refresh().await.unwrap();
        for _ in 0..2 {
            assert_eq!(ask(&server, &token, "/contacts").await.problem(), "session-refused");
        }
        token = token_of(&signer);
    }
}

#[tokio::test]
async fn a_role_gives_what_the_configuration_says_and_a_removal_acts_at_once_on_every_server() {
    let house = House::new().await;
    let provider = Provider::new().await;
    let acme = organization(&house, "acme", "org_acme").await;
    let servers =
        [house.server(provider.config("1000/minute")), house.server(provider.config("1000/minute"))];
    let member = provider.token("user_1", "org_acme", "member");
    let guest = provider.token("user_2", "org_acme", "guest");
    for server in &servers {
        assert_eq!(ask(server, &member, "/new-contact").await.status, 200);
        let answer = ask(server, &guest, "/contacts").await;
        assert_eq!(answer.problem(), "permission-missing");
        assert!(answer.body["detail"].as_str().unwrap().starts_with("Your role"), "{answer:?}");
    }
    let change = |role: &str, removed: &str| {
        format!(
            "insert into admin_clerk_memberships (clerk_org_id, clerk_user_id, role, changed_at, removed_at)
             values ('org_acme', 'user_1', '{role}', now() + interval '1 second', {removed})
             on conflict (clerk_org_id, clerk_user_id) do update set role = '{role}', removed_at = {removed},
                 changed_at = now() + interval '1 second'"
        )
    };
    for (role, removed, wanted) in [
        ("org:guest", "null", "permission-missing"),
        ("org:member", "null", "200"),
        ("org:member", "now()", "membership-ended"),
        ("org:admin", "null", "200"),
    ] {
        house.sql(&change(role, removed)).await;
        for server in &servers {
            testkit::wait_for(&format!("the role {role} to act"), crate::house::SOON, async || {
                let answer = ask(server, &member, "/new-contact").await;
                answer.problem() == wanted || answer.status.as_str() == wanted
            })
            .await;
        }
    }
    // Who was removed and tries on is counted, so that the customer's log tells of it.
    for server in &servers {
        let removed = server.recorded.all().into_iter().filter(|record| record.outcome == "membership-ended");
        let removed: Vec<_> = removed.map(|record| (record.customer_id, record.api_key_id)).collect();
        assert!(!removed.is_empty());
        assert!(removed.iter().all(|one| *one == (acme, domain::principal::usage_id_of("user_1"))));
    }
}

#[tokio::test]
async fn members_who_are_known_are_served_while_the_admin_database_and_the_provider_are_away() {
    let house = House::new().await;
    let provider = Provider::new().await;
    organization(&house, "acme", "org_acme").await;
    let server = house.server(provider.config("1000/minute"));
    let token = provider.token("user_1", "org_acme", "member");
    assert_eq!(ask(&server, &token, "/contacts").await.status, 200);
    provider.server.reset().await;
    house.database_proxy.refuse();
    // The same token, and the next one of the same person: a session has a new one every minute.
    let next = provider.signer.token(&json!({
        "sub": "user_1", "v": 2, "o": { "id": "org_acme", "rol": "member" }, "iat": now() + 1
    }));
    for token in [&token, &next] {
        let answer = ask(&server, token, "/contacts").await;
        assert_eq!(answer.status, 200, "{answer:?}");
    }
    let stranger = provider.token("user_2", "org_acme", "member");
    let answer = ask(&server, &stranger, "/contacts").await;
    assert_eq!(answer.problem(), "unavailable");
    assert!(answer.headers.contains_key(header::RETRY_AFTER));
    house.database_proxy.resume();
    testkit::wait_for("a stranger to be known again", crate::house::SOON, async || {
        ask(&server, &stranger, "/contacts").await.status == 200
    })
    .await;
}

#[tokio::test]
async fn each_person_has_a_limit_of_their_own() {
    let house = House::new().await;
    let provider = Provider::new().await;
    organization(&house, "acme", "org_acme").await;
    let server = house.server(provider.config("3/hour"));
    for user in ["user_1", "user_2"] {
        for _ in 0..3 {
            // Each with a token of its own: the limit is the person's.
            let token = provider.token(user, "org_acme", "member");
            assert_eq!(ask(&server, &token, "/contacts").await.status, 200);
        }
        let answer = ask(&server, &provider.token(user, "org_acme", "member"), "/contacts").await;
        assert_eq!(answer.status, 429);
        assert!(answer.body["detail"].as_str().unwrap().contains("this user"), "{answer:?}");
    }
}

/// A person stands in no row of keys; what they used is found all the same.
#[tokio::test]
async fn a_redis_that_lost_its_data_gives_nothing_back_to_a_person() {
    let house = House::new().await;
    let provider = Provider::new().await;
    organization(&house, "acme", "org_acme").await;
    let token = provider.token("user_1", "org_acme", "member");
    // By the minute: of the day Redis has no count, as if it had lost it.
    let server = house.server(provider.config("1000/minute"));
    for _ in 0..3 {
        assert_eq!(ask(&server, &token, "/contacts").await.status, 200);
    }
    hand_over(&house.catalog(), &[&server]).await;
    // A server that lets nobody pass as long as it doesn't know what was used.
    let limits = LimitsConfig { on_redis_loss: OnRedisLoss::Closed, ..LimitsConfig::default() };
    let server = house.server_with_counts(GatewayConfig { limits, ..provider.config("3/day") });
    testkit::wait_for("what was used to be known", crate::house::SOON, async || {
        let answer = ask(&server, &token, "/contacts").await;
        assert_eq!(answer.status, 429, "{answer:?}");
        answer.problem() == "quota-exceeded"
    })
    .await;
    // Somebody else's day begins with nothing used.
    let other = provider.token("user_2", "org_acme", "member");
    testkit::wait_for("another person to pass", crate::house::SOON, async || {
        ask(&server, &other, "/contacts").await.status == 200
    })
    .await;
}
