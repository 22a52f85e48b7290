//! An operator signs in with the browser, for the commands of their machine.

use std::process::Stdio;
use std::time::Duration;

use reqwest::redirect::Policy;
use reqwest::{Client, StatusCode};
use serde_json::json;
use tokio::io::{AsyncBufReadExt as _, BufReader};

use super::house::House;

const PATIENCE: Duration = Duration::from_secs(30);

pub(super) async fn an_operator_signs_in(house: &mut House) {
    house.stack.signed_in("ann@example.org", &["admin"]).await;
    house
        .provider
        .vouch(&json!({ "sub": "ann-there", "email": "ann@example.org", "email_verified": true, "amr": ["mfa"] }))
        .await;
    // On a machine of her own, which knows no token.
    let folder = tempfile::tempdir().unwrap();
    let program = house
        .stack
        .program
        .clone()
        .with("SIXTY_HOME", folder.path())
        .with("SIXTY_OPERATOR_TOKEN_FILE", folder.path().join("none"));
    let mut command = program.command(&["login", "--browser"]);
    let mut login = command.stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true).spawn().unwrap();
    let mut said = BufReader::new(login.stderr.take().unwrap()).lines();
    let address = loop {
        let line = said.next_line().await.unwrap().expect("it says where to sign in");
        if let Some(address) = line.trim().strip_prefix("http") {
            break format!("http{address}");
        }
    };
    browse(&address).await;
    let status = tokio::time::timeout(PATIENCE, login.wait()).await.unwrap().unwrap();
    assert!(status.success(), "{status}");
    let who = program.run(&["whoami", "--json"]).await.succeeded().json();
    assert_eq!((&who["email"], &who["credential"]), (&json!("ann@example.org"), &json!("session")));
    program.run(&["customer", "list"]).await.succeeded();
    program.run(&["logout"]).await.succeeded();
    house.provider.vouch(&json!({})).await;
}

/// What a browser does: to the server, to the provider, back to the server, and to the port of the command.
async fn browse(address: &str) {
    let browser = Client::builder().no_proxy().redirect(Policy::none()).build().unwrap();
    let (mut next, mut cookie) = (address.to_owned(), None);
    for step in ["server", "provider", "server again"] {
        let mut request = browser.get(&next);
        if let Some(cookie) = cookie.as_ref().filter(|_| step == "server again") {
            request = request.header("cookie", cookie);
        }
        let answer = request.send().await.unwrap();
        assert!(answer.status().is_redirection(), "{step}: {answer:?}");
        if step == "server" {
            let set = answer.headers()["set-cookie"].to_str().unwrap();
            cookie = Some(set.split(';').next().unwrap().to_owned());
        }
        next = answer.headers()["location"].to_str().unwrap().to_owned();
    }
    assert!(next.starts_with("http://127.0.0.1:"), "{next}");
    assert_eq!(browser.get(&next).send().await.unwrap().status(), StatusCode::OK);
}
