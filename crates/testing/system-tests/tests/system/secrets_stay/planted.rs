//! Secrets of every kind, each used the way it is used: those of operators, of what tells others, and of identity providers.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use reqwest::Method;
use secrets::TotpSecret;
use serde_json::{Value, json};
use system_tests::{Api, Customer, Stack};

/// What was planted: what it is, and the text that is looked for.
pub(super) type Planted = Vec<(String, String)>;

const WEBHOOK_SECRET: &str = "whsec_cGxhbnRlZC13ZWJob29rLXNlY3JldC1vZi1jbGVyaw==";
const BACKEND_KEY: &str = "sk_live_PlantedKeyOfTheBackendApi";
const CLIENT_SECRET: &str = "planted-client-secret-of-the-provider";
const AUTHORIZATION: &str = "Bearer planted-header-of-the-stream";
const PASSWORD: &str = "planted quarry lantern fjord";
const GUESS: &str = "planted wrong guess of somebody";

/// The secrets of the configuration, in files in `folder`, which isn't the system's. Nobody listens where they are used.
pub(super) fn configuration(folder: &Path) -> Vec<(&'static str, String)> {
    let file = |name: &str, secret: &str| {
        let path = folder.join(name);
        fs::write(&path, secret).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
        path.to_string_lossy().into_owned()
    };
    let nobody = format!("https://127.0.0.1:{}", testkit::free_port());
    vec![
        ("SIXTY_CLERK_WEBHOOK_SECRETS_FILE", file("webhook", WEBHOOK_SECRET)),
        ("SIXTY_CLERK_SECRET_KEY_FILE", file("backend", BACKEND_KEY)),
        ("SIXTY_CLERK_API_URL", nobody.clone()),
        ("SIXTY_OPENID_CLIENT_SECRET_FILE", file("client", CLIENT_SECRET)),
        ("SIXTY_OPENID_CLIENT_ID", "sixty".to_owned()),
        ("SIXTY_OPENID_ISSUER", nobody),
        ("SIXTY_PUBLIC_URL", "http://localhost:1".to_owned()),
    ]
}

/// Uses them all, in the right way and in a wrong one.
pub(super) async fn use_all(stack: &Stack, customer: &Customer) -> Planted {
    let mut planted: Planted = [
        ("the secret of Clerk's webhook", WEBHOOK_SECRET),
        ("the key of Clerk's Backend API", BACKEND_KEY),
        ("the secret of the OpenID client", CLIENT_SECRET),
        ("an operator's password", PASSWORD),
        ("a wrong guess at an operator's password", GUESS),
        ("the header of an audit stream", AUTHORIZATION),
    ]
    .map(|(name, secret)| (name.to_owned(), secret.to_owned()))
    .into();
    let session = an_operator(stack, &mut planted).await;
    let token = json!({ "name": "planted", "permissions": ["usage:read"] });
    let token = session.post("/api/admin/tokens", &token).await.expect(201);
    planted.push(("an operator's API token".to_owned(), text(&token["token"])));
    stack.operator.with_token(&text(&token["token"])).get("/api/admin/usage").await.expect(200);
    stack.operator.with_token(&text(&token["token"])).get("/api/admin/customers").await.expect(403);

    let path = format!("/api/admin/customers/{}/impersonations", customer.id);
    let begun = session.post(&path, &json!({ "reason": "ticket 7" })).await.expect(201);
    planted.push(("the key of an impersonation".to_owned(), text(&begun["key"])));
    stack.operator.with_token(&text(&begun["key"])).get("/api/v1/contacts").await.expect(200);

    // Nobody listens: the worker fails to deliver, and notes why.
    let endpoint = format!("https://127.0.0.1:{}/planted", testkit::free_port());
    let stream = json!({ "name": "planted", "endpoint": endpoint, "authorization": AUTHORIZATION });
    let stream = stack.operator.post("/api/admin/audit-streams", &stream).await.expect(201);
    planted.push(("what signs an audit stream".to_owned(), text(&stream["signing_secret"])));

    let forged = stack.operator.request(Method::POST, "/api/webhooks/clerk").header("svix-id", "msg_1");
    let forged = forged.header("svix-timestamp", "1").header("svix-signature", "v1,AAAA").body("{}");
    let refused = stack.operator.send(forged).await;
    assert!(refused.status.is_client_error(), "{refused:?}");
    stack.operator.anonymous().get("/api/admin/session/openid").await;
    planted
}

/// An operator's first sign-in, with a wrong guess before it.
async fn an_operator(stack: &Stack, planted: &mut Planted) -> Api {
    let email = "planted@example.org";
    let new = json!({ "email": email, "name": "Planted", "roles": ["owner"] });
    let one_time =
        text(&stack.operator.post("/api/admin/operators", &new).await.expect(201)["one_time_password"]);
    let nobody = stack.operator.anonymous();
    let shown = |password: &str| json!({ "email": email, "password": password });
    nobody.post("/api/admin/session", &shown(GUESS)).await.expect(401);
    let begun = text(&nobody.post("/api/admin/session", &shown(&one_time)).await.expect(201)["token"]);
    let first = stack.operator.with_token(&begun);
    let app = text(&first.post("/api/admin/session/authenticator", &Value::Null).await.expect(200)["secret"]);
    let code = TotpSecret::parse(&app.as_str().into()).unwrap().code_at(chrono::Utc::now().timestamp());
    let complete = first.post("/api/admin/session/code", &json!({ "code": code })).await.expect(200);
    let token = text(&complete["token"]);
    let session = stack.operator.with_token(&token);
    let password = json!({ "password": one_time, "new_password": PASSWORD });
    session.put("/api/admin/session/password", &password).await.expect(204);
    planted.extend(
        complete["recovery_codes"]
            .as_array()
            .unwrap()
            .iter()
            .map(|code| ("a recovery code".to_owned(), text(code))),
    );
    planted.extend(
        [
            ("a one-time password", one_time),
            ("a token of a sign-in's first step", begun),
            ("the secret of an authenticator app", app),
            ("a session's token", token),
        ]
        .map(|(name, secret)| (name.to_owned(), secret)),
    );
    session
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_else(|| panic!("no text: {value}")).to_owned()
}
