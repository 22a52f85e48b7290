//! Passkeys at the door: which open it, and which don't.

use domain::{AuditAction, Role};
use http::Method;
use identity::passkeys::NoPasskeys;
use serde_json::{Value, json};
use testkit::Authenticator;

use super::sign_in::{Operator, PASSWORD, SESSION};
use super::{Answer, Api, ORIGIN};

const SHOW: &str = "/api/admin/session/passkey";
const FIRST: &str = "/api/admin/session/first-passkey";
pub(super) const OWN: &str = "/api/admin/session/passkeys";

impl Api {
    pub(super) async fn post_as(&self, token: &str, path: &str, body: Value) -> Answer {
        self.ask_as(Some(token), Method::POST, path, body).await
    }

    /// What the browser of a session is told to make or to show.
    pub(super) async fn options(&self, token: &str, path: &str, body: Value) -> Value {
        let asked = self.post_as(token, &format!("{path}/options"), body).await.expect(200);
        asked.body["public_key"].clone()
    }

    /// Registers a passkey of an operator who is signed in; its id.
    pub(super) async fn add_passkey(&self, token: &str, authenticator: &mut Authenticator) -> String {
        let options = self.options(token, OWN, json!({ "password": PASSWORD })).await;
        let body = json!({ "name": "key ring", "credential": authenticator.make(&options) });
        self.post_as(token, OWN, body).await.expect(201).text("id").to_owned()
    }

    /// An operator with an authenticator app and a passkey.
    pub(super) async fn holder(&self, email: &str) -> (Operator, Authenticator) {
        let operator = self.operator(email, &[Role::Admin]).await;
        let mut authenticator = Authenticator::new(ORIGIN);
        self.add_passkey(&operator.token, &mut authenticator).await;
        (operator, authenticator)
    }

    /// The token of a session that has shown the password.
    async fn begun(&self, email: &str) -> String {
        self.sign_in(email, PASSWORD).await.expect(201).text("token").to_owned()
    }

    /// Asks for a passkey and shows it.
    async fn show_passkey(&self, token: &str, authenticator: &mut Authenticator) -> Answer {
        let options = self.options(token, SHOW, Value::Null).await;
        self.post_as(token, SHOW, json!({ "credential": authenticator.show(&options) })).await
    }

    async fn forget_guesses(&self) {
        self.sql("delete from admin_sign_in_guesses").await;
    }

    async fn denied(&self) -> Vec<Value> {
        let rows = self.audits(AuditAction::AccessDenied).await.into_iter();
        rows.map(|(_, _, told)| told["wrong"].clone()).filter(|wrong| !wrong.is_null()).collect()
    }
}

#[tokio::test]
async fn a_passkey_does_instead_of_a_code() {
    let api = Api::new().await;
    let (ann, mut authenticator) = api.holder("ann@example.org").await;
    let begun = api.sign_in(&ann.email, PASSWORD).await.expect(201);
    assert_eq!(
        (begun.text("next"), &begun.body["second_factors"]),
        ("show_code", &json!(["authenticator", "passkey"]))
    );
    let first = begun.text("token");
    let options = api.options(first, SHOW, Value::Null).await;
    assert_eq!(
        (options["rpId"].as_str(), options["userVerification"].as_str()),
        (Some("sixty.test"), Some("required"))
    );
    assert_eq!(options["allowCredentials"].as_array().unwrap().len(), 1);
    let complete =
        api.post_as(first, SHOW, json!({ "credential": authenticator.show(&options) })).await.expect(200);
    assert!(complete.body["next"].is_null() && complete.body.get("recovery_codes").is_none());
    api.try_token(complete.text("token")).await.expect(200);
    // The token that was known before is worth nothing now.
    api.try_token(first).await.expect_problem(401, "unauthenticated");

    let row = &api.audits(AuditAction::OperatorSignedIn).await[0];
    assert_eq!((row.0.clone(), row.2["second_factor"].as_str()), (ann.id.to_string(), Some("passkey")));
    assert_eq!(row.2["passkey"]["name"], "key ring");
    let own = api.ask_as(Some(&ann.token), Method::GET, OWN, Value::Null).await.expect(200);
    assert!(own.body["data"][0]["last_used_at"].is_string(), "{own:?}");
    // The app goes on opening the door.
    let begun = api.begun(&ann.email).await;
    api.show(&begun, &ann.code(1)).await.expect(200);
}

#[tokio::test]
async fn the_first_second_factor_may_be_a_passkey() {
    let api = Api::new().await;
    let (id, one_time) = api.account("ann@example.org", &[Role::Support]).await;
    let token = async || api.sign_in("ann@example.org", &one_time).await.expect(201).text("token").to_owned();
    // Somebody else who knows the first password has begun to set an app up.
    let other = token().await;
    let app = api.set_up(&other).await.expect(200);
    let app = secrets::TotpSecret::parse(&app.text("secret").into()).unwrap();

    let begun = token().await;
    let mut authenticator = Authenticator::new(ORIGIN);
    let options = api.options(&begun, FIRST, Value::Null).await;
    assert_eq!(
        (&options["user"]["name"], &options["rp"]["id"]),
        (&json!("ann@example.org"), &json!("sixty.test"))
    );
    let body = json!({ "name": "laptop", "credential": authenticator.make(&options) });
    let complete = api.post_as(&begun, FIRST, body.clone()).await.expect(200);
    let codes = complete.body["recovery_codes"].as_array().unwrap().clone();
    assert_eq!((complete.text("next"), codes.len()), ("change_password", 10));
    api.post_as(&begun, FIRST, body).await.expect_problem(401, "unauthenticated");

    let code = app.code_at(chrono::Utc::now().timestamp());
    api.show(&other, &code).await.expect_problem(401, "sign-in-refused");
    api.set_up(&other).await.expect_problem(409, "conflict");
    api.post_as(&other, &format!("{FIRST}/options"), Value::Null).await.expect_problem(409, "conflict");

    let complete = complete.text("token").to_owned();
    let change = json!({ "password": one_time, "new_password": PASSWORD });
    api.ask_as(Some(&complete), Method::PUT, "/api/admin/session/password", change).await.expect(204);
    let begun = api.sign_in("ann@example.org", PASSWORD).await.expect(201);
    assert_eq!((begun.text("next"), &begun.body["second_factors"]), ("show_code", &json!(["passkey"])));
    api.show_passkey(begun.text("token"), &mut authenticator).await.expect(200);
    // Who has lost it shows a recovery code, once.
    let in_one = json!({ "email": "ann@example.org", "password": PASSWORD, "code": codes[0] });
    api.ask_as(None, Method::POST, SESSION, in_one.clone()).await.expect(201);
    api.ask_as(None, Method::POST, SESSION, in_one).await.expect_problem(401, "sign-in-refused");

    let told = api.audits(AuditAction::OperatorSecondFactorChanged).await;
    assert_eq!(told.len(), 2, "{told:?}");
    assert!(told.iter().all(|row| row.0 == id.to_string()));
    assert!(told.iter().any(|row| row.2["passkey"]["name"] == "laptop"));
}

#[tokio::test]
async fn of_two_first_second_factors_at_once_one_is_kept() {
    let api = Api::new().await;
    let (_, one_time) = api.account("ann@example.org", &[Role::Support]).await;
    let mut bodies = Vec::new();
    for _ in 0..2 {
        let token = api.sign_in("ann@example.org", &one_time).await.expect(201).text("token").to_owned();
        let options = api.options(&token, FIRST, Value::Null).await;
        bodies.push((token, json!({ "name": "x", "credential": Authenticator::new(ORIGIN).make(&options) })));
    }
    let answers = bodies.iter().map(|(token, body)| api.post_as(token, FIRST, body.clone()));
    let mut statuses: Vec<_> =
        futures_util::future::join_all(answers).await.iter().map(|answer| answer.status.as_u16()).collect();
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 409]);
    assert_eq!(api.count("admin_operator_passkeys").await, 1);
}

#[tokio::test]
async fn what_is_no_passkey_of_the_account_for_this_site_opens_nothing() {
    let api = Api::new().await;
    let (ann, mut authenticator) = api.holder("ann@example.org").await;
    let (bob, mut of_bob) = api.holder("bob@example.org").await;
    let begun = api.begun(&ann.email).await;
    let refused = async |authenticator: &mut Authenticator| {
        api.show_passkey(&begun, authenticator).await.expect_problem(401, "sign-in-refused");
        api.forget_guesses().await;
    };
    for origin in ["https://sixty.test.evil.example", "http://sixty.test", "https://sixty.test:8443", "null"]
    {
        authenticator.origin = origin.to_owned();
        refused(&mut authenticator).await;
    }
    authenticator.origin = ORIGIN.to_owned();
    authenticator.domain = Some("evil.example".to_owned());
    refused(&mut authenticator).await;
    authenticator.domain = None;
    authenticator.verifies_its_holder = false;
    refused(&mut authenticator).await;
    authenticator.verifies_its_holder = true;
    authenticator.user_handle = Some(bob.id.as_bytes().to_vec());
    refused(&mut authenticator).await;
    authenticator.user_handle = None;
    // Another operator's, and another key under this one's name.
    refused(&mut of_bob).await;
    let mut forged = Authenticator::new(ORIGIN);
    forged.credential_id.clone_from(&authenticator.credential_id);
    refused(&mut forged).await;
    // What another session was asked, of the same operator or of somebody else.
    for email in [&ann.email, &bob.email] {
        let elsewhere = api.begun(email).await;
        let asked_there = api.options(&elsewhere, SHOW, Value::Null).await;
        api.options(&begun, SHOW, Value::Null).await;
        let answer = json!({ "credential": authenticator.show(&asked_there) });
        api.post_as(&begun, SHOW, answer).await.expect_problem(401, "sign-in-refused");
        api.forget_guesses().await;
    }
    let malformed = api.post_as(&begun, SHOW, json!({ "credential": { "id": "x" } })).await;
    assert_eq!(malformed.wrong_fields(), ["/credential"]);
    api.try_token(&begun).await.expect_problem(403, "sign-in-unfinished");
    assert_eq!(api.denied().await.len(), 11);
    // What was made for an answer of the other kind isn't taken either.
    let options = api.options(&ann.token, OWN, json!({ "password": PASSWORD })).await;
    let body = json!({ "credential": authenticator.make(&options) });
    assert_eq!(api.post_as(&begun, SHOW, body).await.wrong_fields(), ["/credential"]);
    // And nothing of this has done harm to the right one, until it is removed, also while it is asked for.
    api.show_passkey(&begun, &mut authenticator).await.expect(200);
    let begun = api.begun(&ann.email).await;
    let options = api.options(&begun, SHOW, Value::Null).await;
    api.sql(&format!("delete from admin_operator_passkeys where operator_id = '{}'", ann.id)).await;
    let removed = json!({ "credential": authenticator.show(&options) });
    api.post_as(&begun, SHOW, removed).await.expect_problem(401, "sign-in-refused");
    api.show_passkey(&api.begun(&bob.email).await, &mut of_bob).await.expect(200);
}

#[tokio::test]
async fn an_answer_opens_once_and_in_time() {
    let api = Api::new().await;
    let (ann, mut authenticator) = api.holder("ann@example.org").await;
    let begun = api.begun(&ann.email).await;
    let options = api.options(&begun, SHOW, Value::Null).await;
    let seen = json!({ "credential": authenticator.show(&options) });
    api.post_as(&begun, SHOW, seen.clone()).await.expect(200);
    api.post_as(&begun, SHOW, seen.clone()).await.expect_problem(401, "unauthenticated");
    // Whoever has seen it, and knows the password, answers another challenge with it.
    let begun = api.begun(&ann.email).await;
    api.post_as(&begun, SHOW, seen.clone()).await.expect_problem(401, "sign-in-refused");
    api.options(&begun, SHOW, Value::Null).await;
    api.post_as(&begun, SHOW, seen).await.expect_problem(401, "sign-in-refused");
    // A wrong answer has used the challenge up.
    let options = api.options(&begun, SHOW, Value::Null).await;
    let wrong = json!({ "credential": Authenticator::new(ORIGIN).show(&options) });
    api.post_as(&begun, SHOW, wrong).await.expect_problem(401, "sign-in-refused");
    let right = json!({ "credential": authenticator.show(&options) });
    let late = api.post_as(&begun, SHOW, right).await.expect_problem(401, "sign-in-refused");
    assert!(late.text("detail").contains("five minutes"), "{late:?}");
    api.forget_guesses().await;

    let options = api.options(&begun, SHOW, Value::Null).await;
    api.sql("update admin_passkey_challenges set expires_at = now()").await;
    let answer = json!({ "credential": authenticator.show(&options) });
    api.post_as(&begun, SHOW, answer).await.expect_problem(401, "sign-in-refused");
    assert_eq!(api.count("admin_passkey_challenges").await, 0);

    // Many answer at once: one comes in.
    let options = api.options(&begun, SHOW, Value::Null).await;
    let answer = json!({ "credential": authenticator.show(&options) });
    let both = tokio::join!(api.post_as(&begun, SHOW, answer.clone()), api.post_as(&begun, SHOW, answer));
    assert_eq!([&both.0, &both.1].iter().filter(|answer| answer.status.is_success()).count(), 1, "{both:?}");
}

#[tokio::test]
async fn a_counter_that_goes_back_is_a_copys() {
    let api = Api::new().await;
    let (ann, mut authenticator) = api.holder("ann@example.org").await;
    authenticator.sign_count = 7;
    api.show_passkey(&api.begun(&ann.email).await, &mut authenticator).await.expect(200);
    for count in [0, 6, 7] {
        // It counts before it signs.
        authenticator.sign_count = count;
        let begun = api.begun(&ann.email).await;
        let refused =
            api.show_passkey(&begun, &mut authenticator).await.expect_problem(401, "sign-in-refused");
        assert!(refused.text("detail").contains("copy"), "{refused:?}");
    }
    assert_eq!(api.denied().await, ["passkey whose counter went back"; 3]);
    authenticator.sign_count = 8;
    api.show_passkey(&api.begun(&ann.email).await, &mut authenticator).await.expect(200);
}

#[tokio::test]
async fn wrong_passkeys_are_slowed_as_codes_are() {
    let api = Api::new().await;
    let (ann, mut authenticator) = api.holder("ann@example.org").await;
    let begun = api.begun(&ann.email).await;
    let mut statuses = Vec::new();
    for turn in 0..7 {
        if turn == 6 {
            api.make_the_wait_longer().await;
        }
        let options = api.options(&begun, SHOW, Value::Null).await;
        let wrong = json!({ "credential": Authenticator::new(ORIGIN).show(&options) });
        statuses.push(api.post_as(&begun, SHOW, wrong).await.status.as_u16());
    }
    assert_eq!(statuses, [401, 401, 401, 401, 401, 401, 429]);
    // The right one isn't looked at either, nor is a code: it is one second factor.
    api.make_the_wait_longer().await;
    let slowed = api.show_passkey(&begun, &mut authenticator).await.expect_problem(429, "too-many-guesses");
    assert!(!slowed.header("retry-after").is_empty());
    api.show(&begun, &ann.code(1)).await.expect_problem(429, "too-many-guesses");
    api.sql("update admin_sign_in_guesses set refused_until = now()").await;
    api.show_passkey(&begun, &mut authenticator).await.expect(200);
    assert!(api.denied().await.iter().all(|wrong| wrong == "passkey"));
}

#[tokio::test]
async fn a_server_without_an_address_says_which_setting_is_missing() {
    let mut api = Api::new().await;
    let (ann, _) = api.holder("ann@example.org").await;
    let with = |api: &mut Api, none: NoPasskeys| {
        api.state.identity = api.state.identity.clone().with_passkeys(Err(none));
        api.router = super::super::router(&api.state).layer(crate::EVERY_REQUEST);
    };
    for none in [NoPasskeys::Unknown, NoPasskeys::Address("http://127.0.0.1:3000".to_owned())] {
        with(&mut api, none);
        let begun = api.begun(&ann.email).await;
        let new = json!({ "password": PASSWORD });
        for (token, path, body) in [(&begun, SHOW, Value::Null), (&ann.token, OWN, new)] {
            let refused =
                api.post_as(token, &format!("{path}/options"), body).await.expect_problem(404, "not-found");
            assert!(refused.text("detail").contains("SIXTY_PUBLIC_URL"), "{refused:?}");
        }
        let ways = api.ask_as(None, Method::GET, "/api/admin/session/ways", Value::Null).await.expect(200);
        assert!(ways.body["passkeys"].is_null());
    }
    // Under another name browsers show none of them.
    let moved = identity::passkeys::RelyingParty::at(&"https://moved.test".parse().unwrap());
    api.state.identity = api.state.identity.clone().with_passkeys(moved);
    api.router = super::super::router(&api.state).layer(crate::EVERY_REQUEST);
    let begun = api.begun(&ann.email).await;
    let refused =
        api.post_as(&begun, &format!("{SHOW}/options"), Value::Null).await.expect_problem(409, "conflict");
    assert!(refused.text("detail").contains("SIXTY_PUBLIC_URL"), "{refused:?}");
    let own = api.ask_as(Some(&ann.token), Method::GET, OWN, Value::Null).await.expect(200);
    assert_eq!(own.body["data"][0]["is_of_this_server"], false);
}
