//! Signing in by OpenID Connect: whom a provider vouches for, and what must match on the way.

mod provider;

use std::collections::HashMap;
use std::sync::Arc;

use axum::body::Body;
use domain::{AuditAction, Role};
use http::{Method, Request, header};
use secrets::token::sha256_hex;
use serde_json::{Value, json};
use testkit::TokenSigner;
use url::Url;
use wiremock::matchers::path;
use wiremock::{Mock, MockServer, Request as Asked, ResponseTemplate};

use self::provider::{Provider, good_code};
use super::{Answer, Api};

const BEGIN: &str = "/api/admin/session/openid";

/// A browser on its way.
struct Browser {
    cookie: String,
    sent_to: Url,
}

impl Browser {
    fn asked(&self, name: &str) -> String {
        let found = self.sent_to.query_pairs().find(|(key, _)| key == name);
        found.map(|(_, value)| value.into_owned()).unwrap_or_default()
    }

    /// What the provider sends it back with.
    fn code(&self) -> String {
        good_code(&self.asked("code_challenge"))
    }
}

async fn ask(api: &Api, path: &str, cookie: Option<&str>) -> Answer {
    let mut request = Request::builder().method(Method::GET).uri(path);
    if let Some(cookie) = cookie {
        request = request.header(header::COOKIE, cookie);
    }
    api.send(request.body(Body::empty()).unwrap()).await
}

fn cookie(answer: &Answer, name: &str) -> Option<String> {
    let all = answer.headers.get_all(header::SET_COOKIE).iter();
    let own = all.map(|value| value.to_str().unwrap().to_owned()).find(|value| value.starts_with(name))?;
    Some(own.split(';').next().unwrap().to_owned())
}

async fn begin(api: &Api, query: &str) -> Browser {
    let answer = ask(api, &format!("{BEGIN}{query}"), None).await;
    assert_eq!(answer.status, 303, "{answer:?}");
    let set = answer.headers[header::SET_COOKIE].to_str().unwrap().to_owned();
    for flag in ["HttpOnly", "Secure", "SameSite=Lax", "Path=/"] {
        assert!(set.contains(flag), "{set}");
    }
    let sent_to = answer.headers[header::LOCATION].to_str().unwrap().parse().unwrap();
    Browser { cookie: cookie(&answer, "__Host-sixty_openid").unwrap(), sent_to }
}

async fn come_back(api: &Api, browser: &Browser) -> Answer {
    come_back_with(api, browser, &browser.code()).await
}

async fn come_back_with(api: &Api, browser: &Browser, code: &str) -> Answer {
    let path = format!("{BEGIN}/callback?code={code}&state={}&iss=whatever", browser.asked("state"));
    ask(api, &path, Some(&browser.cookie)).await
}

/// Claims that vouch for this address in the sign-in of this browser.
fn vouching(browser: &Browser, email: &str) -> Value {
    json!({ "email": email, "email_verified": true, "nonce": browser.asked("nonce") })
}

#[tokio::test]
async fn whom_the_provider_vouches_for_comes_in_with_a_second_factor_from_there_or_here() {
    let provider = Provider::new().await;
    let api = provider.api().await;
    let ada = api.operator("ada@example.org", &[Role::Admin]).await;

    let browser = begin(&api, "").await;
    assert_eq!(
        (browser.asked("client_id"), browser.asked("code_challenge_method")),
        ("sixty".into(), "S256".into())
    );
    provider.says(&vouching(&browser, "Ada@Example.org"));
    let answer = come_back(&api, &browser).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    let session = cookie(&answer, "__Host-sixty_session").unwrap();
    // The provider asked for no second factor: ours is asked for.
    let who = ask(&api, "/api/admin/session", Some(&session)).await;
    assert_eq!(who.body["session"]["next"], "show_code");
    let refused = ask(&api, "/api/admin/customers", Some(&session)).await;
    refused.expect_problem(403, "sign-in-unfinished");

    // The next time the address may be another: the account is known by the provider's own name.
    let browser = begin(&api, "").await;
    let mut claims = vouching(&browser, "ada.lovelace@example.org");
    claims["amr"] = json!(["pwd", "mfa"]);
    provider.says(&claims);
    let answer = come_back(&api, &browser).await;
    let session = cookie(&answer, "__Host-sixty_session").unwrap();
    assert_eq!(ask(&api, "/api/admin/customers", Some(&session)).await.status, 200);
    let who = ask(&api, "/api/admin/session", Some(&session)).await;
    assert_eq!(who.body["operator_id"], ada.id.to_string());
    assert_eq!(api.count("admin_operator_identities").await, 1);
}

#[tokio::test]
async fn what_does_not_match_opens_nothing() {
    let provider = Provider::new().await;
    let api = provider.api().await;
    api.operator("ada@example.org", &[Role::Admin]).await;
    let refused = |answer: Answer| {
        assert!(cookie(&answer, "__Host-sixty_session").is_none(), "{answer:?}");
        answer.expect_problem(401, "sign-in-refused");
    };
    for change in [
        json!({ "nonce": "another" }),
        json!({ "nonce": null }),
        json!({ "aud": "another client" }),
        json!({ "azp": "another client" }),
        json!({ "iss": "https://evil.test" }),
        json!({ "exp": 1 }),
        json!({ "email_verified": false }),
        json!({ "email_verified": null }),
        json!({ "email": "nobody@example.org" }),
        json!({ "email": null }),
    ] {
        let browser = begin(&api, "").await;
        let mut claims = vouching(&browser, "ada@example.org");
        claims.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
        provider.says(&claims);
        refused(come_back(&api, &browser).await);
    }
    // Another browser's answer, another sign-in's state, no cookie, a wrong code, and the provider's own no.
    let (browser, other) = (begin(&api, "").await, begin(&api, "").await);
    provider.says(&vouching(&browser, "ada@example.org"));
    let with_state = |state: String| format!("{BEGIN}/callback?code={}&state={state}", browser.code());
    refused(ask(&api, &with_state(other.asked("state")), Some(&browser.cookie)).await);
    refused(ask(&api, &with_state(browser.asked("state")), Some(&other.cookie)).await);
    refused(ask(&api, &with_state(browser.asked("state")), None).await);
    refused(come_back_with(&api, &browser, "wrong").await);
    // A code that the provider gave to another browser, for the challenge of that one.
    refused(come_back_with(&api, &browser, &other.code()).await);
    let no = format!("{BEGIN}/callback?error=access_denied&state={}", browser.asked("state"));
    refused(ask(&api, &no, Some(&browser.cookie)).await);
    // A token of somebody else's making, that names the provider's key.
    let browser = begin(&api, "").await;
    provider.says(&vouching(&browser, "ada@example.org"));
    *provider.signs.lock().unwrap() = Arc::new(TokenSigner::new("one"));
    refused(come_back(&api, &browser).await);
    *provider.signs.lock().unwrap() = Arc::clone(&provider.signer);
    assert_eq!(api.count("admin_operator_sessions").await, 1);
    // The same way, all that matched is let in.
    let browser = begin(&api, "").await;
    provider.says(&vouching(&browser, "ada@example.org"));
    assert_eq!(come_back(&api, &browser).await.status, 200);
}

#[tokio::test]
async fn a_person_is_told_by_the_sign_in_page_and_a_program_by_a_problem() {
    let provider = Provider::new().await;
    let api = provider.api().await;
    let as_a_page = async |path: &str, cookie: Option<&str>| {
        let mut request = Request::builder().method(Method::GET).uri(path);
        request = request.header(header::ACCEPT, "text/html,application/xhtml+xml;q=0.9,*/*;q=0.8");
        if let Some(cookie) = cookie {
            request = request.header(header::COOKIE, cookie);
        }
        api.send(request.body(Body::empty()).unwrap()).await
    };
    let told = |answer: &Answer| {
        assert!(cookie(answer, "__Host-sixty_session").is_none(), "{answer:?}");
        (answer.status.as_u16(), answer.headers[header::LOCATION].to_str().unwrap().to_owned())
    };
    let browser = begin(&api, "").await;
    provider.says(&vouching(&browser, "nobody@example.org"));
    let path = |query: &str| format!("{BEGIN}/callback?{query}&state={}", browser.asked("state"));
    let (known, no) = (path(&format!("code={}", browser.code())), path("error=access_denied"));
    for (path, cookie, word) in [
        (&known, Some(browser.cookie.as_str()), "no-account"),
        (&no, Some(browser.cookie.as_str()), "sign-in-refused"),
        (&no, None, "sign-in-refused"),
    ] {
        let answer = as_a_page(path, cookie).await;
        assert_eq!(told(&answer), (303, format!("/admin?refused={word}")), "{answer:?}");
    }
    ask(&api, &no, None).await.expect_problem(401, "sign-in-refused");
    // Whoever sets out is told, too: here is no provider.
    let without =
        Request::builder().uri(BEGIN).header(header::ACCEPT, "text/html").body(Body::empty()).unwrap();
    let without = Api::new().await.send(without).await;
    assert_eq!(told(&without), (303, "/admin?refused=not-found".to_owned()));
}

#[tokio::test]
async fn an_account_is_one_persons_at_the_provider_and_a_disabled_one_nobodys() {
    let provider = Provider::new().await;
    let api = provider.api().await;
    let ada = api.operator("ada@example.org", &[Role::Owner]).await;
    api.operator("bob@example.org", &[Role::Admin]).await;
    let come = async |subject: &str, email: &str| {
        let browser = begin(&api, "").await;
        let mut claims = vouching(&browser, email);
        claims["sub"] = json!(subject);
        provider.says(&claims);
        come_back(&api, &browser).await.status
    };
    assert_eq!(come("first", "ada@example.org").await, 200);
    // Her address was given to somebody else at the provider.
    assert_eq!(come("second", "ada@example.org").await, 401);
    assert_eq!(come("third", "bob@example.org").await, 200);
    let client = api.catalog.client().await.unwrap();
    client
        .execute("update admin_operators set disabled_at = now() where id <> $1", &[&ada.id])
        .await
        .unwrap();
    assert_eq!(come("third", "bob@example.org").await, 401);
    assert_eq!(come("third", "bob@example.org").await, 401);
    assert_eq!(come("first", "ada@example.org").await, 200);
    // Whom the provider vouched for in vain is on record, once.
    let told = api.audits(AuditAction::AccessDenied).await;
    let told: Vec<_> = told.iter().map(|(_, _, told)| (&told["subject"], &told["reason"])).collect();
    assert_eq!(
        told,
        [(&json!("third"), &json!("account-disabled")), (&json!("second"), &json!("no-account")),]
    );
}

#[tokio::test]
async fn our_secret_is_shown_as_the_provider_takes_it() {
    // sixty:s3cret
    let in_header = |request: &Asked| {
        let shown = request.headers.get("authorization").map(|shown| shown.to_str().unwrap());
        let body = String::from_utf8_lossy(&request.body);
        shown == Some("Basic c2l4dHk6czNjcmV0") && !body.contains("client_secret")
    };
    let in_form = |request: &Asked| {
        let body = String::from_utf8_lossy(&request.body);
        body.contains("client_id=sixty&client_secret=s3cret")
            && !request.headers.contains_key("authorization")
    };
    type IsShown = fn(&Asked) -> bool;
    let ways: [(Value, IsShown); 4] = [
        (Value::Null, in_header),
        (json!(["client_secret_basic", "private_key_jwt"]), in_header),
        (json!(["client_secret_post"]), in_form),
        (json!([]), in_form),
    ];
    for (methods, is_shown) in ways {
        let provider = Provider::taking(&methods, is_shown).await;
        let api = provider.api().await;
        api.operator("ada@example.org", &[Role::Admin]).await;
        let browser = begin(&api, "").await;
        let mut claims = vouching(&browser, "ada@example.org");
        // As a text, too.
        claims["email_verified"] = json!("true");
        provider.says(&claims);
        assert_eq!(come_back(&api, &browser).await.status, 200, "{methods}");
        for no in [json!("false"), json!(1), json!({}), json!("")] {
            let browser = begin(&api, "").await;
            let mut claims = vouching(&browser, "ada@example.org");
            claims["sub"] = json!("somebody else");
            claims["email_verified"] = no;
            provider.says(&claims);
            assert_eq!(come_back(&api, &browser).await.status, 401);
        }
    }
}

#[tokio::test]
async fn no_page_of_another_site_begins_a_programs_sign_in() {
    let provider = Provider::new().await;
    let api = provider.api().await;
    let path = format!("{BEGIN}?port=4711&challenge={}&state=mine", sha256_hex("the answer"));
    for (site, status) in [("cross-site", 403), ("same-site", 403), ("none", 303), ("same-origin", 303)] {
        let request = Request::get(&path).header("sec-fetch-site", site).body(Body::empty()).unwrap();
        assert_eq!(api.send(request).await.status, status, "{site}");
    }
    // Into a cookie of this browser's it may begin: nobody else gets that.
    let request = Request::get(BEGIN).header("sec-fetch-site", "cross-site").body(Body::empty()).unwrap();
    assert_eq!(api.send(request).await.status, 303);
}

#[tokio::test]
async fn a_reset_forgets_who_somebody_is_at_the_provider() {
    let provider = Provider::new().await;
    let api = provider.api().await;
    let ada = api.operator("ada@example.org", &[Role::Admin]).await;
    let come = async |subject: &str, email: &str| {
        let browser = begin(&api, "").await;
        let mut claims = vouching(&browser, email);
        claims["sub"] = json!(subject);
        claims["amr"] = json!(["mfa"]);
        provider.says(&claims);
        come_back(&api, &browser).await.status
    };
    for (number, reset) in ["reset-password", "reset-second-factor"].into_iter().enumerate() {
        let (old, new) = (format!("old {number}"), format!("new {number}"));
        assert_eq!(come(&old, "ada@example.org").await, 200);
        // The account there was taken over, and calls itself something else.
        assert_eq!(come(&old, "mallory@example.org").await, 200);
        api.post(&format!("/api/admin/operators/{}/{reset}", ada.id), &Value::Null).await.expect(200);
        assert_eq!(come(&old, "mallory@example.org").await, 401);
        // Hers was made anew.
        assert_eq!(come(&new, "ada@example.org").await, 200);
        api.sql("delete from admin_operator_identities").await;
    }
    for action in [AuditAction::OperatorPasswordChanged, AuditAction::OperatorSecondFactorChanged] {
        let told = &api.audits(action).await[0].2;
        assert_eq!(told["identities_forgotten"], 1, "{told}");
    }
}

#[tokio::test]
async fn a_program_fetches_its_session_once_and_only_with_the_answer() {
    let provider = Provider::new().await;
    let api = provider.api().await;
    api.operator("ada@example.org", &[Role::Admin]).await;
    for wrong in ["?port=4711", "?port=4711&state=x&challenge=x", "?port=4711&challenge=x&state=a.b"] {
        ask(&api, &format!("{BEGIN}{wrong}"), None).await.expect_problem(400, "invalid-fields");
    }
    let challenge = sha256_hex("the answer");
    let browser = begin(&api, &format!("?port=4711&challenge={challenge}&state=mine")).await;
    let mut claims = vouching(&browser, "ada@example.org");
    claims["amr"] = json!(["mfa"]);
    provider.says(&claims);
    let answer = come_back(&api, &browser).await;
    assert_eq!(answer.status, 303);
    let back: Url = answer.headers[header::LOCATION].to_str().unwrap().parse().unwrap();
    assert_eq!((back.host_str(), back.port()), (Some("127.0.0.1"), Some(4711)));
    let shown: HashMap<_, _> = back.query_pairs().into_owned().collect();
    assert_eq!(shown["state"], "mine");
    assert!(cookie(&answer, "__Host-sixty_session").is_none());
    // The code is no token, and worth nothing without the answer.
    let code = shown["code"].clone();
    api.ask_as(Some(&code), Method::GET, "/api/admin/customers", Value::Null)
        .await
        .expect_problem(401, "unauthenticated");
    let claim = async |answer: &str| {
        let body = json!({ "code": code, "answer": answer });
        api.ask_as(None, Method::POST, "/api/admin/session/openid/claim", body).await
    };
    claim("another answer").await.expect_problem(401, "sign-in-refused");
    let session = claim("the answer").await;
    assert_eq!(session.status, 200, "{session:?}");
    assert_eq!(session.body["next"], Value::Null);
    let token = session.body["token"].as_str().unwrap().to_owned();
    assert_eq!(api.ask_as(Some(&token), Method::GET, "/api/admin/customers", Value::Null).await.status, 200);
    claim("the answer").await.expect_problem(401, "sign-in-refused");
    // A refusal goes to the program, which says it.
    let browser = begin(&api, &format!("?port=4711&challenge={challenge}&state=mine")).await;
    let answer = come_back_with(&api, &browser, "wrong").await;
    assert!(answer.headers[header::LOCATION].to_str().unwrap().contains("?error="), "{answer:?}");
}

#[tokio::test]
async fn a_redirect_is_not_followed_and_what_does_not_end_is_not_read() {
    let elsewhere = MockServer::start().await;
    let said = ResponseTemplate::new(200).set_body_string("what the other one says");
    Mock::given(path("/token")).respond_with(said).mount(&elsewhere).await;
    let answers = [
        (307_u16, "away", "sign-in-refused", "it answers 307 Temporary Redirect to the code. Begin anew."),
        (302, "away", "sign-in-refused", "it answers 302 Found to the code. Begin anew."),
        (400, "no", "sign-in-refused", "it answers 400 Bad Request to the code. Begin anew."),
        (200, "long", "unavailable", "The OpenID provider's answer is larger than 1048576 bytes"),
        (200, "<html>", "unavailable", "The OpenID provider can't be reached."),
    ];
    for (status, body, problem, detail) in answers {
        let provider = Provider::new().await;
        let api = provider.api().await;
        api.operator("ada@example.org", &[Role::Admin]).await;
        let browser = begin(&api, "").await;
        provider.says(&vouching(&browser, "ada@example.org"));
        let token = provider.signer.token(&provider.says.lock().unwrap());
        let said = match body {
            // All that it should say, and more behind it.
            "long" => format!(r#"{{"id_token":"{token}"{}}}"#, " ".repeat(1 << 20)),
            body => format!("{body} with the provider's own words"),
        };
        let answer =
            ResponseTemplate::new(status).insert_header("location", format!("{}/token", elsewhere.uri()));
        let answers = Mock::given(path("/token")).respond_with(answer.set_body_string(&said));
        answers.with_priority(1).mount(&provider.server).await;
        let answer = come_back(&api, &browser).await;
        assert!(cookie(&answer, "__Host-sixty_session").is_none(), "{answer:?}");
        assert!(answer.text("detail").contains(detail), "{answer:?}");
        let told = format!("{answer:?}");
        for text in ["own words", "other one", elsewhere.uri().as_str(), &token] {
            assert!(!told.contains(text), "{text}: {told}");
        }
        answer.expect_problem(if problem == "unavailable" { 503 } else { 401 }, problem);
        // That of the account itself alone.
        assert_eq!(api.count("admin_operator_sessions").await, 1);
    }
    assert_eq!(elsewhere.received_requests().await.unwrap().len(), 0);
}

#[tokio::test]
async fn a_provider_that_is_away_is_said_to_be_and_none_is_asked_when_none_is_set_up() {
    let provider = Provider::new().await;
    let api = provider.api().await;
    provider.server.reset().await;
    ask(&api, BEGIN, None).await.expect_problem(503, "unavailable");
    let without = Api::new().await;
    ask(&without, BEGIN, None).await.expect_problem(404, "not-found");
}

#[tokio::test]
async fn nobody_is_sent_anywhere_but_to_the_provider_and_back() {
    let provider = Provider::new().await;
    let api = provider.api().await;
    let challenge = sha256_hex("the answer");
    let program = |port: &str, state: &str| format!("?port={port}&challenge={challenge}&state={state}");
    for query in [
        "?return_to=https://evil.test".to_owned(),
        "?next=//evil.test".to_owned(),
        "?redirect_uri=https://evil.test".to_owned(),
        program("80%40evil.test", "mine"),
        program("80.evil.test", "mine"),
        program("99999", "mine"),
        program("4711", "%0d%0alocation:%20https%3A%2F%2Fevil.test"),
        program("4711", "a%26b"),
    ] {
        let answer = ask(&api, &format!("{BEGIN}{query}"), None).await.expect(400);
        assert!(!answer.headers.contains_key(header::LOCATION), "{query}: {answer:?}");
    }
    // Nor by what a request says of where it went.
    for name in ["host", "x-forwarded-host", "x-forwarded-proto", "forwarded", "x-original-url", "referer"] {
        let request = Request::builder().method(Method::GET).uri(BEGIN).header(name, "evil.test");
        let answer = api.send(request.body(Body::empty()).unwrap()).await.expect(303);
        let sent_to: Url = answer.header("location").parse().unwrap();
        let back = sent_to.query_pairs().find(|(key, _)| key == "redirect_uri").unwrap().1.into_owned();
        assert!(sent_to.as_str().starts_with(&provider.server.uri()), "{name}: {sent_to}");
        assert_eq!(back, "https://sixty.test/api/admin/session/openid/callback", "{name}");
    }
}
