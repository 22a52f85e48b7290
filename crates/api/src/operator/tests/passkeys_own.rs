//! Operators' own passkeys: made, renamed and removed by nobody else.

use domain::{AuditAction, Role};
use http::Method;
use serde_json::{Value, json};
use testkit::Authenticator;

use super::passkeys::OWN;
use super::sign_in::{PASSWORD, SESSION};
use super::{Api, ORIGIN};

impl Api {
    async fn own(&self, token: &str) -> Vec<Value> {
        let own = self.ask_as(Some(token), Method::GET, OWN, Value::Null).await.expect(200);
        own.body["data"].as_array().unwrap().clone()
    }
}

#[tokio::test]
async fn passkeys_are_ones_own() {
    let api = Api::new().await;
    let (ann, mut authenticator) = api.holder("ann@example.org").await;
    let bob = api.operator("bob@example.org", &[Role::Owner]).await;
    let one = api.own(&ann.token).await[0].clone();
    assert_eq!(
        (&one["name"], &one["domain"], &one["backup"]),
        (&json!("key ring"), &json!("sixty.test"), &json!("never"))
    );
    assert_eq!((&one["is_of_this_server"], &one["attachment"]), (&json!(true), &json!("cross-platform")));
    assert!(api.own(&bob.token).await.is_empty());
    let path = format!("{OWN}/{}", one["id"].as_str().unwrap());
    let mine = json!({ "name": "mine" });
    api.ask_as(Some(&bob.token), Method::PATCH, &path, mine.clone()).await.expect_problem(404, "not-found");
    let with_password = json!({ "password": PASSWORD });
    let removed = api.post_as(&bob.token, &format!("{path}/remove"), with_password.clone()).await;
    removed.expect_problem(404, "not-found");
    // The configured token and an API token have no account of their own.
    let token = json!({ "name": "t", "permissions": ["customers:read"] });
    let token =
        api.post_as(&ann.token, "/api/admin/tokens", token).await.expect(201).text("token").to_owned();
    for bearer in [&token, &api.token] {
        api.ask_as(Some(bearer), Method::GET, OWN, Value::Null).await.expect(403);
        api.post_as(bearer, &format!("{OWN}/options"), with_password.clone()).await.expect(403);
        api.ask_as(Some(bearer), Method::PATCH, &path, mine.clone()).await.expect(403);
        api.post_as(bearer, &format!("{path}/remove"), with_password.clone()).await.expect(403);
    }
    // Nobody is asked in one session, and answers in another.
    let options = api.options(&ann.token, OWN, with_password).await;
    let mut another = Authenticator::new(ORIGIN);
    let body = json!({ "name": "mine", "credential": another.make(&options) });
    api.post_as(&bob.token, OWN, body.clone()).await.expect_problem(409, "conflict");
    api.post_as(&ann.token, OWN, body.clone()).await.expect(201);
    api.post_as(&ann.token, OWN, body).await.expect_problem(409, "conflict");
    // A credential that is registered belongs to whoever registered it.
    for registered in [&mut authenticator, &mut another] {
        let options = api.options(&bob.token, OWN, json!({ "password": PASSWORD })).await;
        let body = json!({ "name": "his", "credential": registered.make(&options) });
        api.post_as(&bob.token, OWN, body).await.expect_problem(409, "already-exists");
    }
    assert_eq!((api.own(&ann.token).await.len(), api.own(&bob.token).await.len()), (2, 0));
}

#[tokio::test]
async fn whoever_finds_a_session_open_makes_no_way_in() {
    let api = Api::new().await;
    let (ann, _) = api.holder("ann@example.org").await;
    let id = api.own(&ann.token).await[0]["id"].as_str().unwrap().to_owned();
    let (new, remove) = (format!("{OWN}/options"), format!("{OWN}/{id}/remove"));
    for path in [&new, &remove] {
        assert_eq!(api.post_as(&ann.token, path, json!({})).await.wrong_fields(), ["/password"]);
        let wrong = api.post_as(&ann.token, path, json!({ "password": "wrong" })).await;
        wrong.expect_problem(401, "sign-in-refused");
    }
    // They are guesses at the account's password.
    let mut last = 0;
    for _ in 0..7 {
        last = api.post_as(&ann.token, &new, json!({ "password": "wrong" })).await.status.as_u16();
    }
    assert_eq!(last, 429);
    api.sql("delete from admin_sign_in_guesses").await;
    // Who comes from a provider has perhaps no password that they know: a sign-in of a moment ago stands for it.
    api.sql("update admin_operator_sessions set issuer = 'https://accounts.test'").await;
    api.post_as(&ann.token, &new, json!({})).await.expect(200);
    api.sql("update admin_operator_sessions set second_factor_at = now() - interval '11 minutes'").await;
    assert_eq!(api.post_as(&ann.token, &new, json!({})).await.wrong_fields(), ["/password"]);
    api.post_as(&ann.token, &new, json!({ "password": PASSWORD })).await.expect(200);
}

#[tokio::test]
async fn what_is_no_passkey_for_this_site_is_not_kept() {
    let api = Api::new().await;
    let ann = api.operator("ann@example.org", &[Role::Admin]).await;
    let mut authenticator = Authenticator::new(ORIGIN);
    let refused = async |authenticator: &mut Authenticator, field: &str| {
        let options = api.options(&ann.token, OWN, json!({ "password": PASSWORD })).await;
        let body = json!({ "name": "x", "credential": authenticator.make(&options) });
        let answer = api.post_as(&ann.token, OWN, body.clone()).await;
        assert_eq!(answer.wrong_fields(), [field]);
        // The challenge is used up.
        authenticator.origin = ORIGIN.to_owned();
        api.post_as(&ann.token, OWN, body).await.expect_problem(409, "conflict");
    };
    authenticator.origin = "https://evil.example".to_owned();
    refused(&mut authenticator, "/credential").await;
    authenticator.domain = Some("evil.example".to_owned());
    refused(&mut authenticator, "/credential").await;
    authenticator.domain = None;
    authenticator.verifies_its_holder = false;
    refused(&mut authenticator, "/credential").await;
    authenticator.verifies_its_holder = true;
    let body = json!({ "name": " ", "credential": "x" });
    assert_eq!(api.post_as(&ann.token, OWN, body).await.wrong_fields(), ["/name", "/credential"]);
    let options = api.options(&ann.token, OWN, json!({ "password": PASSWORD })).await;
    api.sql("update admin_passkey_challenges set expires_at = now()").await;
    let late = json!({ "name": "x", "credential": authenticator.make(&options) });
    api.post_as(&ann.token, OWN, late).await.expect_problem(409, "conflict");
    assert_eq!(api.count("admin_operator_passkeys").await, 0);
}

#[tokio::test]
async fn a_passkey_is_renamed_and_removed_but_the_last_second_factor_stays() {
    let api = Api::new().await;
    let (ann, mut authenticator) = api.holder("ann@example.org").await;
    let in_one = json!({ "email": ann.email, "password": PASSWORD, "code": ann.recovery_codes[0] });
    let other = api.ask_as(None, Method::POST, SESSION, in_one).await.expect(201).text("token").to_owned();
    let id = api.own(&ann.token).await[0]["id"].as_str().unwrap().to_owned();
    let path = format!("{OWN}/{id}");
    let renamed = api.ask_as(Some(&ann.token), Method::PATCH, &path, json!({ "name": " blue key " })).await;
    assert_eq!(renamed.expect(200).text("name"), "blue key");
    let remove = async |id: &str| {
        api.post_as(&ann.token, &format!("{OWN}/{id}/remove"), json!({ "password": PASSWORD })).await
    };
    // There is an app: the only passkey may go. Whoever came in with it goes with it.
    remove(&id).await.expect(204);
    remove(&id).await.expect_problem(404, "not-found");
    api.try_token(&other).await.expect_problem(401, "unauthenticated");
    api.try_token(&ann.token).await.expect(200);
    let begun = api.sign_in(&ann.email, PASSWORD).await.expect(201);
    assert_eq!(begun.body["second_factors"], json!(["authenticator"]));
    let none = api.post_as(begun.text("token"), "/api/admin/session/passkey/options", Value::Null).await;
    none.expect_problem(409, "conflict");

    // Without the app, one of two that are removed at once stays.
    let one = api.add_passkey(&ann.token, &mut authenticator).await;
    let two = api.add_passkey(&ann.token, &mut Authenticator::new(ORIGIN)).await;
    api.sql("update admin_operators set totp_secret_sealed = null, totp_confirmed_at = null").await;
    let both = tokio::join!(remove(&one), remove(&two));
    let statuses = [both.0.status.as_u16(), both.1.status.as_u16()];
    assert!(statuses == [204, 409] || statuses == [409, 204], "{both:?}");
    let left = api.own(&ann.token).await;
    assert_eq!(left.len(), 1);
    remove(left[0]["id"].as_str().unwrap()).await.expect_problem(409, "conflict");

    let told: Vec<_> = api.audits(AuditAction::OperatorSecondFactorChanged).await;
    let of = |what: &str| told.iter().filter(|row| row.2["second_factor"] == what).count();
    assert_eq!((of("passkey added"), of("passkey renamed"), of("passkey removed")), (3, 1, 2));
    assert!(told.iter().any(|row| row.2["sessions_ended"] == 1), "{told:?}");
}

#[tokio::test]
async fn an_operator_has_twenty_passkeys_at_most() {
    let api = Api::new().await;
    let ann = api.operator("ann@example.org", &[Role::Admin]).await;
    for _ in 0..19 {
        api.add_passkey(&ann.token, &mut Authenticator::new(ORIGIN)).await;
    }
    // Two sessions add the last one at once.
    let in_one = json!({ "email": ann.email, "password": PASSWORD, "code": ann.recovery_codes[0] });
    let other = api.ask_as(None, Method::POST, SESSION, in_one).await.expect(201).text("token").to_owned();
    let mut bodies = Vec::new();
    for token in [&ann.token, &other] {
        let options = api.options(token, OWN, json!({ "password": PASSWORD })).await;
        assert_eq!(options["excludeCredentials"].as_array().unwrap().len(), 19);
        bodies.push(json!({ "name": "x", "credential": Authenticator::new(ORIGIN).make(&options) }));
    }
    let second = bodies.pop().unwrap();
    let first = bodies.pop().unwrap();
    let both = tokio::join!(api.post_as(&ann.token, OWN, first), api.post_as(&other, OWN, second));
    let statuses = [both.0.status.as_u16(), both.1.status.as_u16()];
    assert!(statuses == [201, 409] || statuses == [409, 201], "{both:?}");
    let full = api.post_as(&ann.token, &format!("{OWN}/options"), json!({ "password": PASSWORD })).await;
    full.expect_problem(409, "conflict");
}

#[tokio::test]
async fn a_reset_takes_the_passkeys_too() {
    let api = Api::new().await;
    let (ann, mut authenticator) = api.holder("ann@example.org").await;
    let (bob, mut of_bob) = api.holder("bob@example.org").await;
    let begun = api.sign_in(&ann.email, PASSWORD).await.expect(201).text("token").to_owned();
    let asked = api.options(&begun, "/api/admin/session/passkey", Value::Null).await;
    let of_ann = format!("/api/admin/operators/{}", ann.id);
    assert_eq!(api.get(&of_ann).await.expect(200).body["passkeys"], 1);
    let reset = api.post(&format!("{of_ann}/reset-second-factor"), &Value::Null).await.expect(200);
    assert_eq!((&reset.body["passkeys"], &reset.body["has_second_factor"]), (&json!(0), &json!(false)));
    api.try_token(&ann.token).await.expect_problem(401, "unauthenticated");
    let answer = json!({ "credential": authenticator.show(&asked) });
    api.post_as(&begun, "/api/admin/session/passkey", answer).await.expect_problem(401, "unauthenticated");
    let begun = api.sign_in(&ann.email, PASSWORD).await.expect(201);
    assert_eq!((begun.text("next"), &begun.body["second_factors"]), ("set_up_authenticator", &json!([])));
    let told = api.audits(AuditAction::OperatorSecondFactorChanged).await;
    assert!(told.iter().any(|row| row.0 == ann.id.to_string() && row.2["passkeys_removed"] == 1));
    // Nobody else's.
    let begun = api.sign_in(&bob.email, PASSWORD).await.expect(201);
    let options = api.options(begun.text("token"), "/api/admin/session/passkey", Value::Null).await;
    let answer = json!({ "credential": of_bob.show(&options) });
    api.post_as(begun.text("token"), "/api/admin/session/passkey", answer).await.expect(200);
}

#[tokio::test]
async fn an_app_is_added_beside_passkeys_and_removed() {
    let api = Api::new().await;
    let (ann, mut authenticator) = api.holder("ann@example.org").await;
    let app = "/api/admin/session/app";
    let (confirm, remove) = (format!("{app}/confirm"), format!("{app}/remove"));
    let password = || json!({ "password": PASSWORD });
    let own = async |path: &str, body: Value| api.post_as(&ann.token, path, body).await;
    own(app, password()).await.expect_problem(409, "conflict");
    own(&confirm, json!({ "code": ann.code(1) })).await.expect_problem(409, "conflict");
    assert_eq!(own(&remove, json!({})).await.wrong_fields(), ["/password"]);
    own(&remove, password()).await.expect(204);
    own(&remove, password()).await.expect_problem(404, "not-found");
    // Nobody else's, and no token's.
    let bob = api.operator("bob@example.org", &[Role::Owner]).await;
    api.post_as(&bob.token, &remove, password()).await.expect_problem(409, "conflict");
    api.post_as(&api.token, app, password()).await.expect(403);

    assert_eq!(own(app, json!({})).await.wrong_fields(), ["/password"]);
    let new = own(app, password()).await.expect(200);
    let secret = secrets::TotpSecret::parse(&new.text("secret").into()).unwrap();
    let code = secret.code_at(chrono::Utc::now().timestamp());
    // Before it is confirmed it opens nothing.
    let begun = api.sign_in(&ann.email, PASSWORD).await.expect(201);
    assert_eq!(begun.body["second_factors"], json!(["passkey"]));
    api.show(begun.text("token"), &code).await.expect_problem(401, "sign-in-refused");
    let wrong = if code == "000000" { "000001" } else { "000000" };
    own(&confirm, json!({ "code": wrong })).await.expect_problem(401, "sign-in-refused");
    own(&confirm, json!({ "code": code })).await.expect(204);
    api.show(begun.text("token"), &code).await.expect_problem(401, "sign-in-refused");
    let next = secret.code_at(chrono::Utc::now().timestamp() + 30);
    api.show(begun.text("token"), &next).await.expect(200);
    // Now the passkey may go, and then the app stays.
    let id = api.own(&ann.token).await[0]["id"].as_str().unwrap().to_owned();
    own(&format!("{OWN}/{id}/remove"), password()).await.expect(204);
    own(&remove, password()).await.expect_problem(409, "conflict");
    let told = api.audits(AuditAction::OperatorSecondFactorChanged).await;
    let of = |what: &str| told.iter().filter(|row| row.2["second_factor"] == what).count();
    assert_eq!((of("authenticator added"), of("authenticator removed")), (1, 1));
    // Of the last two that are removed at once, one stays.
    api.add_passkey(&ann.token, &mut authenticator).await;
    let id = api.own(&ann.token).await[0]["id"].as_str().unwrap().to_owned();
    let passkey = format!("{OWN}/{id}/remove");
    let both = tokio::join!(own(&remove, password()), own(&passkey, password()));
    let statuses = [both.0.status.as_u16(), both.1.status.as_u16()];
    assert!(statuses == [204, 409] || statuses == [409, 204], "{both:?}");
}
