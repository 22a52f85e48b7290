//! Signing in: what opens the door, what doesn't, and for how long it stays open.

use std::time::{Duration, Instant};

use axum::body::Body;
use chrono::Utc;
use domain::{AuditAction, Role};
use futures_util::future::join_all;
use http::{Method, Request, header};
use secrets::TotpSecret;
use secrets::token::sha256_hex;
use serde_json::{Value, json};
use uuid::Uuid;

use super::{Answer, Api};

pub(super) const PASSWORD: &str = "quarry lantern fjord mittens";
pub(super) const SESSION: &str = "/api/admin/session";

/// An operator who has signed in once: they have a password of their own and an app.
pub(super) struct Operator {
    pub(super) id: Uuid,
    pub(super) email: String,
    pub(super) token: String,
    /// The code that they have shown.
    shown: String,
    app: TotpSecret,
    pub(super) recovery_codes: Vec<String>,
}

impl Operator {
    /// The code that the app shows this many steps from now on.
    pub(super) fn code(&self, steps: i64) -> String {
        self.app.code_at(Utc::now().timestamp() + 30 * steps)
    }
}

impl Api {
    /// Asks as the bearer of this, or as nobody.
    pub(super) async fn ask_as(
        &self,
        bearer: Option<&str>,
        method: Method,
        path: &str,
        body: Value,
    ) -> Answer {
        let mut request = Request::builder().method(method).uri(path);
        if let Some(bearer) = bearer {
            request = request.header(header::AUTHORIZATION, format!("Bearer {bearer}"));
        }
        let body = if body.is_null() { Body::empty() } else { Body::from(body.to_string()) };
        let request = request.header(header::CONTENT_TYPE, "application/json");
        self.send(request.body(body).unwrap()).await
    }

    pub(super) async fn sign_in(&self, email: &str, password: &str) -> Answer {
        let body = json!({ "email": email, "password": password });
        self.ask_as(None, Method::POST, SESSION, body).await
    }

    pub(super) async fn show(&self, token: &str, code: &str) -> Answer {
        let path = "/api/admin/session/code";
        self.ask_as(Some(token), Method::POST, path, json!({ "code": code })).await
    }

    /// Whether somebody with this token may look at customers.
    pub(super) async fn try_token(&self, token: &str) -> Answer {
        self.ask_as(Some(token), Method::GET, "/api/admin/customers", Value::Null).await
    }

    /// A wait that has begun is longer than a busy machine takes for the next guess.
    pub(super) async fn make_the_wait_longer(&self) {
        let sql = "update admin_sign_in_guesses set refused_until = now() + interval '1 minute'
                   where refused_until <> '-infinity'";
        self.sql(sql).await;
    }

    pub(super) async fn set_up(&self, token: &str) -> Answer {
        let path = "/api/admin/session/authenticator";
        self.ask_as(Some(token), Method::POST, path, Value::Null).await
    }

    /// An account with the password of its first sign-in.
    pub(super) async fn account(&self, email: &str, roles: &[Role]) -> (Uuid, String) {
        let body = json!({ "email": email, "name": "Ann", "roles": roles });
        let made = self.post("/api/admin/operators", &body).await.expect(201);
        (made.text("id").parse().unwrap(), made.text("one_time_password").to_owned())
    }

    /// An operator who is signed in.
    pub(super) async fn operator(&self, email: &str, roles: &[Role]) -> Operator {
        let (id, one_time) = self.account(email, roles).await;
        let begun = self.sign_in(email, &one_time).await.expect(201);
        let app = self.set_up(begun.text("token")).await.expect(200);
        let app = TotpSecret::parse(&app.text("secret").into()).unwrap();
        let code = app.code_at(Utc::now().timestamp());
        let complete = self.show(begun.text("token"), &code).await.expect(200);
        let token = complete.text("token").to_owned();
        let body = json!({ "password": one_time, "new_password": PASSWORD });
        self.ask_as(Some(&token), Method::PUT, "/api/admin/session/password", body).await.expect(204);
        let codes = complete.body["recovery_codes"].as_array().unwrap();
        let recovery_codes = codes.iter().map(|code| code.as_str().unwrap().to_owned()).collect();
        Operator { id, email: email.to_owned(), token, shown: code, app, recovery_codes }
    }
}

#[tokio::test]
async fn the_first_sign_in_has_three_steps_and_opens_nothing_before_the_last() {
    let api = Api::new().await;
    let (id, one_time) = api.account("Ann@Example.org", &[Role::Support]).await;
    let begun = api.sign_in(" ann@example.ORG ", &one_time).await.expect(201);
    assert_eq!((begun.text("next"), begun.header("cache-control")), ("set_up_authenticator", "no-store"));
    let first = begun.text("token").to_owned();
    let refused = api.try_token(&first).await.expect_problem(403, "sign-in-unfinished");
    assert_eq!(refused.text("next"), "set_up_authenticator");
    api.show(&first, "123456").await.expect_problem(409, "conflict");

    let app = api.set_up(&first).await.expect(200);
    assert!(app.text("url").starts_with("otpauth://totp/Sixty:ann%40example.org?secret="));
    let app = TotpSecret::parse(&app.text("secret").into()).unwrap();
    let code = app.code_at(Utc::now().timestamp());
    let wrong = if code == "000000" { "000001" } else { "000000" };
    api.show(&first, wrong).await.expect_problem(401, "sign-in-refused");
    let complete = api.show(&first, &code).await.expect(200);
    assert_eq!(complete.text("next"), "change_password");
    assert_eq!(complete.body["recovery_codes"].as_array().unwrap().len(), 10);
    let second = complete.text("token").to_owned();

    // The token that was known before the code is worth nothing now.
    api.try_token(&first).await.expect_problem(401, "unauthenticated");
    api.show(&first, &code).await.expect_problem(401, "unauthenticated");
    let refused = api.try_token(&second).await.expect_problem(403, "sign-in-unfinished");
    assert_eq!(refused.text("next"), "change_password");
    api.set_up(&second).await.expect_problem(401, "unauthenticated");

    let path = "/api/admin/session/password";
    let change = async |present: &str, new: &str| {
        let body = json!({ "password": present, "new_password": new });
        api.ask_as(Some(&second), Method::PUT, path, body).await
    };
    assert_eq!(change(&one_time, "password1234").await.wrong_fields(), ["/new_password"]);
    assert_eq!(change(&one_time, &one_time).await.wrong_fields(), ["/new_password"]);
    change("wrong", PASSWORD).await.expect_problem(401, "sign-in-refused");
    change(&one_time, PASSWORD).await.expect(204);
    api.try_token(&second).await.expect(200);
    let who = api.ask_as(Some(&second), Method::GET, SESSION, Value::Null).await.expect(200);
    assert_eq!((who.text("email"), who.text("credential")), ("ann@example.org", "session"));
    assert!(who.body["permissions"].as_array().unwrap().contains(&json!("keys:write")));
    let ways = api.ask_as(None, Method::GET, "/api/admin/session/ways", Value::Null).await.expect(200);
    assert_eq!(
        ways.body,
        json!({
            "password": true, "passkeys": { "origin": super::ORIGIN }, "openid": null, "has_session": false
        })
    );
    // What the role doesn't allow is refused, and who tried is known.
    let refused = api.ask_as(Some(&second), Method::GET, "/api/admin/operators", Value::Null).await;
    refused.expect_problem(403, "operator-permission-missing");

    let actions = [
        AuditAction::OperatorCreated,
        AuditAction::OperatorSignedIn,
        AuditAction::OperatorSecondFactorChanged,
        AuditAction::OperatorPasswordChanged,
    ];
    for action in actions {
        let rows = api.audits(action).await;
        assert_eq!((rows.len(), rows[0].0.clone()), (1, id.to_string()), "{action}");
        let text = format!("{rows:?}");
        assert!(!text.contains(&one_time) && !text.contains(PASSWORD), "{text}");
    }
    let denied = api.audits(AuditAction::AccessDenied).await;
    assert!(denied.iter().any(|row| row.0 == id.to_string() && row.2 == json!({ "wrong": "code" })));
}

#[tokio::test]
async fn a_code_opens_once_and_a_recovery_code_too() {
    let api = Api::new().await;
    let ann = api.operator("ann@example.org", &[Role::Admin]).await;
    let partial = async || api.sign_in(&ann.email, PASSWORD).await.expect(201).text("token").to_owned();
    let begun = partial().await;
    assert_eq!(api.sign_in(&ann.email, PASSWORD).await.text("next"), "show_code");
    api.set_up(&begun).await.expect_problem(409, "conflict");
    api.show(&begun, &ann.shown).await.expect_problem(401, "sign-in-refused");
    // Many show the next one at once: one comes in.
    let code = ann.code(1);
    let tokens = [partial().await, partial().await, partial().await];
    let answers = join_all(tokens.iter().map(|token| api.show(token, &code))).await;
    assert_eq!(answers.iter().filter(|answer| answer.status.is_success()).count(), 1, "{answers:?}");

    let recovery = ann.recovery_codes[0].to_lowercase().replace('-', " ");
    let in_one = json!({ "email": ann.email, "password": PASSWORD, "code": recovery });
    let complete = api.ask_as(None, Method::POST, SESSION, in_one.clone()).await.expect(201);
    assert!(complete.body["next"].is_null() && complete.body.get("recovery_codes").is_none());
    api.try_token(complete.text("token")).await.expect(200);
    api.ask_as(None, Method::POST, SESSION, in_one).await.expect_problem(401, "sign-in-refused");

    // New ones take the place of the old ones.
    let path = "/api/admin/session/recovery-codes";
    let fresh = api.ask_as(Some(&ann.token), Method::POST, path, Value::Null).await.expect(200);
    let old = json!({ "email": ann.email, "password": PASSWORD, "code": ann.recovery_codes[1] });
    api.ask_as(None, Method::POST, SESSION, old).await.expect_problem(401, "sign-in-refused");
    let new = json!({ "email": ann.email, "password": PASSWORD, "code": fresh.body["recovery_codes"][0] });
    api.ask_as(None, Method::POST, SESSION, new).await.expect(201);
}

#[tokio::test]
async fn guesses_are_slowed_whether_or_not_there_is_an_account() {
    let api = Api::new().await;
    api.operator("ann@example.org", &[Role::ReadOnly]).await;
    for email in ["ann@example.org", "nobody@example.org"] {
        let mut statuses = Vec::new();
        for _ in 0..6 {
            statuses.push(api.sign_in(email, "wrong").await.status.as_u16());
        }
        api.make_the_wait_longer().await;
        statuses.push(api.sign_in(email, "wrong").await.status.as_u16());
        assert_eq!(statuses, [401, 401, 401, 401, 401, 401, 429], "{email}");
    }
    // Those at an account that exists are told of; what was typed for another one may be a password.
    testkit::wait_for("six rows, and one of the wait", std::time::Duration::from_secs(20), || async {
        let denied = api.audits(AuditAction::AccessDenied).await;
        let of = |name: &str| denied.iter().filter(|(_, _, told)| !told[name].is_null()).count();
        (of("wrong"), of("reason"), denied.len()) == (6, 1, 7)
    })
    .await;
    // The right password isn't looked at either, for as long as the wait is.
    api.make_the_wait_longer().await;
    let told = api.sign_in("ann@example.org", PASSWORD).await.expect_problem(429, "too-many-guesses");
    let seconds: u64 = told.header("retry-after").parse().unwrap();
    assert!((1..=900).contains(&seconds));
    // After the wait it is, and then the guesses are forgotten.
    api.sql("update admin_sign_in_guesses set refused_until = now()").await;
    api.sign_in("ann@example.org", PASSWORD).await.expect(201);
    api.sign_in("ann@example.org", "wrong").await.expect_problem(401, "sign-in-refused");
    // From one network nobody guesses at many accounts.
    let mut last = 0;
    for number in 0..30 {
        last = api.sign_in(&format!("n{number}@example.org"), "wrong").await.status.as_u16();
        if last == 429 {
            break;
        }
    }
    assert_eq!(last, 429);
}

/// Not by the words alone, which are the same, but by how long it takes to say them.
#[tokio::test]
async fn whether_there_is_an_account_is_not_told_by_the_time_that_a_refusal_takes() {
    let api = Api::new().await;
    for email in ["ann@example.org", "gone@example.org"] {
        api.operator(email, &[Role::ReadOnly]).await;
    }
    api.sql("update admin_operators set disabled_at = now() where email = 'gone@example.org'").await;
    let mut least = [Duration::MAX; 3];
    let mut told = Vec::new();
    // On a busy machine it takes some rounds until nothing came between for any of them.
    let is_told = |least: &[Duration; 3]| least.iter().max().unwrap() >= &(*least.iter().min().unwrap() * 2);
    let mut rounds = 0;
    while rounds < 6 || (is_told(&least) && rounds < 40) {
        rounds += 1;
        for (email, least) in
            ["ann@example.org", "gone@example.org", "nobody@example.org"].into_iter().zip(&mut least)
        {
            // Nobody is made to wait for their earlier guesses.
            api.sql("delete from admin_sign_in_guesses").await;
            let began = Instant::now();
            let mut answer = api.sign_in(email, "wrong").await;
            // What a busy machine adds is left out by the least of several.
            *least = (*least).min(began.elapsed());
            answer.body.as_object_mut().unwrap().remove("instance");
            told.push((answer.status.as_u16(), answer.body));
        }
    }
    told.dedup();
    assert_eq!(told.len(), 1, "{told:?}");
    assert!(!is_told(&least), "{least:?}");
}

/// Four servers over one admin database, as a load balancer would spread the guesses.
#[tokio::test]
async fn guesses_at_many_servers_are_counted_together() {
    let first = Api::new().await;
    let ann = first.operator("ann@example.org", &[Role::ReadOnly]).await;
    let further =
        (0..3).map(|_| Api::over(first.database.clone(), first.database.server_url(), &first.master_key));
    let further: Vec<_> = further.collect();
    let servers: Vec<_> = std::iter::once(&first).chain(&further).collect();
    let mut statuses = Vec::new();
    for server in servers.iter().cycle().take(6) {
        statuses.push(server.sign_in(&ann.email, "wrong").await.status.as_u16());
    }
    first.make_the_wait_longer().await;
    statuses.push(servers[2].sign_in(&ann.email, "wrong").await.status.as_u16());
    assert_eq!(statuses, [401, 401, 401, 401, 401, 401, 429]);
    for server in servers {
        server.sign_in(&ann.email, PASSWORD).await.expect_problem(429, "too-many-guesses");
    }
}

#[tokio::test]
async fn guesses_that_are_made_at_once_are_each_counted() {
    let api = Api::new().await;
    // So often before that the wait after one more is longer than a busy machine takes.
    let subject = sha256_hex("account:ann@example.org");
    api.sql(&format!(
        "insert into admin_sign_in_guesses (subject_hash, guesses, refused_until) values ('{subject}', 14, '-infinity')"
    ))
    .await;
    let answers = join_all((0..40).map(|_| api.sign_in("ann@example.org", "wrong"))).await;
    let statuses = [401, 429].map(|status| answers.iter().filter(|answer| answer.status == status).count());
    assert_eq!(statuses, [1, 39]);
}

#[tokio::test]
async fn a_cookie_serves_pages_of_this_server_only() {
    let api = Api::new().await;
    let ann = api.operator("ann@example.org", &[Role::Owner]).await;
    let body = json!({
        "email": ann.email, "password": PASSWORD, "code": ann.recovery_codes[0], "keep": "cookie"
    });
    let from = async |method: Method, path: &str, site: &str, cookie: &str, body: &Value| {
        let request = Request::builder()
            .method(method)
            .uri(path)
            .header("sec-fetch-site", site)
            .header(header::COOKIE, cookie)
            .header(header::CONTENT_TYPE, "application/json");
        api.send(request.body(Body::from(body.to_string())).unwrap()).await
    };
    from(Method::POST, SESSION, "cross-site", "", &body).await.expect_problem(403, "cross-site-request");
    let complete = from(Method::POST, SESSION, "same-origin", "", &body).await.expect(201);
    assert!(complete.body.get("token").is_none());
    let cookie = complete.header("set-cookie").split(';').next().unwrap().to_owned();
    let token = cookie.split('=').nth(1).unwrap();
    api.try_token(token).await.expect_problem(401, "unauthenticated");

    let none = Value::Null;
    from(Method::GET, "/api/admin/customers", "same-origin", &cookie, &none).await.expect(200);
    let new = json!({ "email": "bob@example.org", "name": "Bob", "roles": ["billing"] });
    for site in ["cross-site", "same-site", "none"] {
        let answer = from(Method::POST, "/api/admin/operators", site, &cookie, &new).await;
        answer.expect_problem(403, "cross-site-request");
    }
    from(Method::POST, "/api/admin/operators", "same-origin", &cookie, &new).await.expect(201);
    // What is shown in a header isn't sent by a browser unasked; and a token of a program is none of a browser's.
    let as_cookie = format!("__Host-sixty_session={}", ann.token);
    let answer = from(Method::GET, "/api/admin/customers", "same-origin", &as_cookie, &none).await;
    answer.expect_problem(401, "unauthenticated");

    let out = from(Method::DELETE, SESSION, "same-origin", &cookie, &none).await.expect(204);
    assert!(out.header("set-cookie").contains("Max-Age=0"));
    let answer = from(Method::GET, "/api/admin/customers", "same-origin", &cookie, &none).await;
    answer.expect_problem(401, "unauthenticated");
}

#[tokio::test]
async fn a_session_ends_when_it_should() {
    let api = Api::new().await;
    let ends = [
        "update admin_operator_sessions set expires_at = now()",
        "update admin_operator_sessions set last_used_at = now() - interval '2 hours'",
        "update admin_operator_sessions set revoked_at = now()",
        "update admin_operators set disabled_at = now()",
    ];
    for (number, end) in ends.iter().enumerate() {
        let ann = api.operator(&format!("ann{number}@example.org"), &[Role::Owner]).await;
        api.try_token(&ann.token).await.expect(200);
        api.sql(end).await;
        api.try_token(&ann.token).await.expect_problem(401, "unauthenticated");
    }
    // Who is kept out doesn't come in, and is told nothing else than who guesses.
    api.sign_in("ann3@example.org", PASSWORD).await.expect_problem(401, "sign-in-refused");
}

#[tokio::test]
async fn a_new_password_and_an_owner_end_the_other_sessions() {
    let api = Api::new().await;
    let ann = api.operator("ann@example.org", &[Role::Admin]).await;
    let again = async |code: &str| {
        let body = json!({ "email": ann.email, "password": PASSWORD, "code": code });
        api.ask_as(None, Method::POST, SESSION, body).await.expect(201).text("token").to_owned()
    };
    let other = again(&ann.recovery_codes[0]).await;
    let sessions = api.ask_as(Some(&ann.token), Method::GET, "/api/admin/sessions", Value::Null).await;
    let sessions = sessions.expect(200).body["data"].as_array().unwrap().clone();
    assert_eq!(
        sessions.iter().map(|one| one["is_this_one"].as_bool()).collect::<Vec<_>>(),
        [Some(false), Some(true)]
    );
    let end = format!("/api/admin/sessions/{}", sessions[0]["id"].as_str().unwrap());
    // Bob has no business with it.
    let bob = api.operator("bob@example.org", &[Role::Owner]).await;
    api.ask_as(Some(&bob.token), Method::DELETE, &end, Value::Null).await.expect_problem(404, "not-found");
    api.try_token(&other).await.expect(200);
    api.ask_as(Some(&ann.token), Method::DELETE, &end, Value::Null).await.expect(204);
    api.try_token(&other).await.expect_problem(401, "unauthenticated");

    let other = again(&ann.recovery_codes[1]).await;
    let body = json!({ "password": PASSWORD, "new_password": "violin harbour cactus parade" });
    let path = "/api/admin/session/password";
    api.ask_as(Some(&ann.token), Method::PUT, path, body).await.expect(204);
    api.try_token(&other).await.expect_problem(401, "unauthenticated");
    api.try_token(&ann.token).await.expect(200);

    // An owner helps who lost both: the old app and the old codes are worth nothing.
    let of_ann = format!("/api/admin/operators/{}", ann.id);
    let reset = api.post(&format!("{of_ann}/reset-password"), &Value::Null).await.expect(200);
    let one_time = reset.text("one_time_password").to_owned();
    api.try_token(&ann.token).await.expect_problem(401, "unauthenticated");
    assert_eq!(api.sign_in(&ann.email, &one_time).await.text("next"), "show_code");
    api.post(&format!("{of_ann}/reset-second-factor"), &Value::Null).await.expect(200);
    let begun = api.sign_in(&ann.email, &one_time).await.expect(201);
    assert_eq!(begun.text("next"), "set_up_authenticator");
    api.show(begun.text("token"), &ann.recovery_codes[2]).await.expect_problem(409, "conflict");
    let ended = api.post(&format!("/api/admin/operators/{}/sign-out", bob.id), &Value::Null).await;
    assert_eq!(ended.expect(200).body["sessions_ended"], 1);
    api.try_token(&bob.token).await.expect_problem(401, "unauthenticated");
}

#[tokio::test]
async fn somebody_stays_an_owner() {
    let api = Api::new().await;
    let ann = api.operator("ann@example.org", &[Role::Owner]).await;
    let of = |operator: &Operator| format!("/api/admin/operators/{}", operator.id);
    for change in [json!({ "roles": ["admin"] }), json!({ "disabled": true })] {
        api.ask(Method::PATCH, &of(&ann), &change).await.expect_problem(409, "conflict");
    }
    let bob = api.operator("bob@example.org", &[Role::Owner, Role::Billing]).await;
    // Each takes the other's role in the same moment.
    let demote = json!({ "roles": ["support"] });
    let (one, other) = (of(&bob), of(&ann));
    let both = tokio::join!(
        api.ask_as(Some(&ann.token), Method::PATCH, &one, demote.clone()),
        api.ask_as(Some(&bob.token), Method::PATCH, &other, demote.clone()),
    );
    let done = [&both.0, &both.1].iter().filter(|answer| answer.status.is_success()).count();
    assert_eq!(done, 1, "{both:?}");

    let read = api.get(&of(&ann)).await.expect(200);
    let tag = read.header("etag").to_owned();
    let stale = api.request(Method::PATCH, &of(&ann)).header("if-match", "\"other\"");
    let stale = stale.body(Body::from(json!({ "name": "Anna" }).to_string())).unwrap();
    api.send(stale).await.expect_problem(412, "precondition-failed");
    let fresh = api.request(Method::PATCH, &of(&ann)).header("if-match", tag);
    let fresh = fresh.body(Body::from(json!({ "name": "Anna" }).to_string())).unwrap();
    assert_eq!(api.send(fresh).await.expect(200).text("name"), "Anna");

    let wrong = json!({ "email": "nobody", "name": " ", "roles": ["king"] });
    let wrong = api.post("/api/admin/operators", &wrong).await;
    assert_eq!(wrong.wrong_fields(), ["/email", "/name", "/roles/0"]);
    let taken = json!({ "email": "ANN@example.org", "name": "Ann", "roles": ["owner"] });
    let taken = api.post("/api/admin/operators", &taken).await.expect_problem(409, "already-exists");
    assert_eq!(taken.body["errors"][0]["field"], "/email", "{taken:?}");
}

#[tokio::test]
async fn without_the_configured_token_only_accounts_come_in() {
    let mut api = Api::new().await;
    let ann = api.operator("ann@example.org", &[Role::Owner]).await;
    api.state.operator_token = None;
    api.router = super::super::router(&api.state).layer(crate::EVERY_REQUEST);
    api.get("/api/admin/customers").await.expect_problem(401, "unauthenticated");
    api.try_token(&ann.token).await.expect(200);
}

#[tokio::test]
async fn a_stranger_is_listened_to_for_no_longer_than_a_password_takes() {
    let api = Api::new().await;
    let long = json!({ "email": "ada@example.com", "password": "x".repeat(17 * 1024) });
    for path in [SESSION, "/api/admin/session/openid/claim"] {
        api.ask_as(None, Method::POST, path, long.clone()).await.expect_problem(413, "payload-too-large");
    }
    // Who is known may say more.
    api.post("/api/admin/customers", &json!({ "name": "x".repeat(17 * 1024) })).await.expect(400);
}
