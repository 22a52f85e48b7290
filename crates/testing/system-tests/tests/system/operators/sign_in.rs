//! How the first owner comes in, by command: made with the token of the configuration, then with an account, an
//! authenticator app and tokens of their own.

use std::path::Path;
use std::process::Stdio;

use chrono::Utc;
use secrets::TotpSecret;
use serde_json::{Value, json};
use system_tests::{Program, Stack};
use testkit::Authenticator;
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};

const PASSWORD: &str = "quarry lantern fjord mittens";

pub(super) async fn story(stack: &Stack) {
    let create =
        ["operator", "create", "--email", "ann@example.org", "--name", "Ann", "--role", "owner", "--json"];
    let made = stack.program.run(&create).await.succeeded().json();
    let one_time = made["one_time_password"].as_str().unwrap();
    // On a machine of her own, which knows no token.
    let folder = tempfile::tempdir().unwrap();
    let program = stack
        .program
        .clone()
        .with("SIXTY_HOME", folder.path())
        .with("SIXTY_OPERATOR_TOKEN_FILE", folder.path().join("none"));
    assert_eq!(program.run(&["whoami"]).await.code, Some(5));

    let app = first_sign_in(&program, one_time).await;
    assert_private(&folder.path().join("session"));
    let who = program.run(&["whoami", "--json"]).await.succeeded().json();
    assert_eq!((&who["credential"], &who["email"]), (&"session".into(), &"ann@example.org".into()));
    program.run(&["customer", "list"]).await.succeeded();

    // A token for a program: what it names, and nothing else.
    let token = ["token", "create", "--name", "reports", "--permission", "usage:read", "--json"];
    let token = program.run(&token).await.succeeded().json();
    let reporter = program.clone().with("SIXTY_OPERATOR_TOKEN", token["token"].as_str().unwrap());
    reporter.run(&["usage"]).await.succeeded();
    let refused = reporter.run(&["customer", "list"]).await;
    assert_eq!(refused.code, Some(5), "{refused:?}");
    program.run(&["token", "revoke", token["id"].as_str().unwrap()]).await.succeeded();
    assert_eq!(reporter.run(&["usage"]).await.code, Some(5));

    let listed = program.run(&["audit", "list", "--action", "operator_signed_in"]).await.succeeded();
    assert!(listed.output.contains("operator_signed_in"), "{listed:?}");
    let file = folder.path().join("log.csv");
    let export = ["audit", "export", "--format", "csv", "--output", file.to_str().unwrap()];
    program.run(&export).await.succeeded();
    let text = std::fs::read_to_string(&file).unwrap();
    assert!(text.starts_with("created_at,") && text.contains(",operator_signed_in,"), "{text}");
    assert!(!text.contains(one_time) && !text.contains(token["token"].as_str().unwrap()));
    let lines = program.run(&["audit", "export", "--action", "operator_created"]).await.succeeded().output;
    assert!(lines.lines().all(|line| line.contains("operator_created")) && !lines.is_empty(), "{lines}");
    assert_eq!(reporter.run(&["audit", "list"]).await.code, Some(5));

    // The last owner stays one, and can be named by address.
    let demoted = program.run(&["operator", "update", "ann@example.org", "--role", "support"]).await;
    assert_eq!(demoted.code, Some(4), "{demoted:?}");
    program.run(&["logout"]).await.succeeded();
    assert_eq!(program.run(&["whoami"]).await.code, Some(5));

    // The second time there is nothing to set up. The code of the next half minute is taken too.
    let code = app.code_at(Utc::now().timestamp() + 30);
    let (again, _) = sign_in(&program, "ann@example.org", &[PASSWORD, &code]).await;
    assert!(again.contains("Signed in as ann@example.org"), "{again}");
    program.run(&["operator", "list"]).await.succeeded();
    with_passkeys_only(stack, &program).await;
}

/// A terminal shows no passkey: who has nothing else is told what to do, and comes in with a recovery code.
async fn with_passkeys_only(stack: &Stack, program: &Program) {
    let text = |value: &Value| value.as_str().unwrap_or_else(|| panic!("no text: {value}")).to_owned();
    let new = json!({ "email": "eve@example.org", "name": "Eve", "roles": ["support"] });
    let made = stack.operator.post("/api/admin/operators", &new).await.expect(201);
    // Who isn't on the first page is found all the same.
    let first = program.run(&["operator", "list", "--limit", "1"]).await.succeeded();
    assert_eq!(first.output.lines().count(), 2, "the headings, and one: {first:?}");
    let all = program.run(&["operator", "list", "--all"]).await.succeeded();
    assert!(all.output.contains("ann@example.org") && all.output.contains("eve@example.org"), "{all:?}");
    program.run(&["operator", "show", "eve@example.org"]).await.succeeded();
    let one_time = text(&made["one_time_password"]);
    let shown = json!({ "email": "eve@example.org", "password": one_time });
    let begun = stack.operator.anonymous().post("/api/admin/session", &shown).await.expect(201);
    let begun = stack.operator.with_token(&text(&begun["token"]));
    let asked = begun.post("/api/admin/session/first-passkey/options", &Value::Null).await.expect(200);
    // Where nobody has said otherwise, a server that lets in this machine alone is called localhost.
    let mut authenticator = Authenticator::new(&format!("http://localhost:{}", stack.ports.server));
    let passkey = json!({ "name": "key ring", "credential": authenticator.make(&asked["public_key"]) });
    let complete = begun.post("/api/admin/session/first-passkey", &passkey).await.expect(200);
    let answers = [&*one_time, &text(&complete["recovery_codes"][0]), PASSWORD];
    let (said, told) = sign_in(program, "eve@example.org", &answers).await;
    assert!(said.contains("Signed in as eve@example.org"), "{said}{told}");
    assert!(told.contains("only a browser can show") && told.contains("SIXTY_OPERATOR_TOKEN"), "{told}");
}

/// Signs in with the password that was shown once: sets an app up, and chooses a password.
async fn first_sign_in(program: &Program, one_time: &str) -> TotpSecret {
    let mut command = program.command(&["login", "ann@example.org"]);
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let mut answers = child.stdin.take().unwrap();
    answers.write_all(format!("{one_time}\n").as_bytes()).await.unwrap();
    let mut told = BufReader::new(child.stderr.take().unwrap()).lines();
    let mut app = None;
    while let Some(line) = told.next_line().await.unwrap() {
        if let Some(secret) = line.strip_prefix("Secret: ") {
            let secret = TotpSecret::parse(&secret.into()).unwrap();
            let code = secret.code_at(Utc::now().timestamp());
            answers.write_all(format!("{code}\n{PASSWORD}\n").as_bytes()).await.unwrap();
            app = Some(secret);
        }
    }
    assert!(child.wait().await.unwrap().success());
    app.expect("an app was set up")
}

/// Signs in as a program does: all answers are on standard input. What is said, and what is told beside it.
async fn sign_in(program: &Program, email: &str, answers: &[&str]) -> (String, String) {
    let mut command = program.command(&["login", email]);
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let text = answers.join("\n") + "\n";
    child.stdin.take().unwrap().write_all(text.as_bytes()).await.unwrap();
    let output = child.wait_with_output().await.unwrap();
    (String::from_utf8(output.stdout).unwrap(), String::from_utf8(output.stderr).unwrap())
}

fn assert_private(path: &Path) {
    use std::os::unix::fs::PermissionsExt as _;
    let mode = std::fs::metadata(path).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
}
