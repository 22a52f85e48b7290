//! `sixty login --browser`: the browser signs in at the OpenID provider, and a port of this machine hears how it ended.

use std::process::{Command, Stdio};
use std::time::Duration;

use reqwest::Method;
use secrecy::{ExposeSecret as _, SecretString};
use secrets::bearer::one_time_password;
use secrets::token::sha256_hex;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use url::Url;

use super::client::Client;
use super::exit::Failure;
use super::output::Output;
use super::prompt;

/// How long somebody may take in the browser.
const PATIENCE: Duration = Duration::from_secs(300);
/// The longest question of a browser that is read, in bytes.
const LONGEST: usize = 16 * 1024;

/// The session that the browser began, as the server tells of it.
pub(super) async fn sign_in(url: &Url, output: &mut Output) -> Result<Value, Failure> {
    let unexpected =
        |error: std::io::Error| Failure::Unexpected(format!("no port can be listened on: {error}"));
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.map_err(unexpected)?;
    let port = listener.local_addr().map_err(unexpected)?.port();
    let (answer, state) = (one_time_password(), one_time_password());
    let begin = begin_url(url, port, (&answer, &state))?;
    output.note(&format!("Sign in with your browser:\n  {begin}"))?;
    open(&begin);
    let code = tokio::time::timeout(PATIENCE, code(&listener, &state)).await.map_err(|_| {
        Failure::NoToken(
            "nobody signed in within five minutes: begin anew with sixty login --browser".to_owned(),
        )
    })??;
    let body = json!({ "code": code.expose_secret(), "answer": answer.expose_secret() });
    let client = Client::with_token(url.clone(), None)?;
    client.send(Method::POST, &["session", "openid", "claim"], Some(&body)).await
}

fn begin_url(url: &Url, port: u16, (answer, state): (&SecretString, &SecretString)) -> Result<Url, Failure> {
    let mut begin = url
        .join("/api/admin/session/openid")
        .map_err(|error| Failure::Usage(format!("{url} is no server's address: {error}")))?;
    begin
        .query_pairs_mut()
        .append_pair("port", &port.to_string())
        .append_pair("challenge", &sha256_hex(answer.expose_secret()))
        .append_pair("state", state.expose_secret());
    Ok(begin)
}

/// Who has no browser here opens the address elsewhere; that needs no error.
fn open(url: &Url) {
    if !prompt::is_person() {
        return;
    }
    let program = if cfg!(target_os = "macos") { "open" } else { "xdg-open" };
    let quiet = Command::new(program).arg(url.as_str()).stdout(Stdio::null()).stderr(Stdio::null()).spawn();
    drop(quiet);
}

/// The code that the browser brings. What else asks at the port is sent away.
async fn code(listener: &TcpListener, state: &SecretString) -> Result<SecretString, Failure> {
    loop {
        let accepted = listener.accept().await;
        let (mut stream, _) = accepted.map_err(|error| Failure::Unexpected(error.to_string()))?;
        let Some(asked) = question(&mut stream).await else { continue };
        let value = |name: &str| {
            asked.query_pairs().find(|(key, _)| key == name).map(|(_, value)| value.into_owned())
        };
        if value("state").as_deref() != Some(state.expose_secret()) {
            say(&mut stream, "404 Not Found", "There is nothing here.").await;
            continue;
        }
        if let Some(code) = value("code") {
            say(&mut stream, "200 OK", "You are signed in. This page can be closed.").await;
            return Ok(SecretString::from(code));
        }
        say(&mut stream, "200 OK", "You are not signed in. Your terminal says why.").await;
        return Err(Failure::NoToken(value("error").unwrap_or_else(|| "nobody is signed in".to_owned())));
    }
}

/// The address that a browser asks for, if it asks as browsers do.
async fn question(stream: &mut TcpStream) -> Option<Url> {
    let mut head = Vec::new();
    let mut part = [0; 2048];
    while !head.windows(4).any(|end| end == b"\r\n\r\n") {
        let read = tokio::time::timeout(Duration::from_secs(5), stream.read(&mut part)).await.ok()?.ok()?;
        if read == 0 || head.len() > LONGEST {
            return None;
        }
        head.extend_from_slice(&part[..read]);
    }
    let text = String::from_utf8_lossy(&head);
    let target = text.strip_prefix("GET ")?.split(' ').next()?;
    Url::parse("http://127.0.0.1").ok()?.join(target).ok()
}

async fn say(stream: &mut TcpStream, status: &str, text: &str) {
    let page = format!("<!doctype html><meta charset=\"utf-8\"><title>Sixty</title><p>{text}</p>");
    let answer = format!(
        "HTTP/1.1 {status}\r\ncontent-type: text/html; charset=utf-8\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{page}",
        page.len()
    );
    // A browser that is gone needs no answer.
    let _ = stream.write_all(answer.as_bytes()).await;
    let _ = stream.shutdown().await;
}
