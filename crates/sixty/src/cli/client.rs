//! The operator API over HTTP.

use std::time::Duration;

use reqwest::{Method, RequestBuilder, Response};
use secrecy::{ExposeSecret as _, SecretString};
use serde::de::DeserializeOwned;
use serde_json::Value;
use url::{Host, Url};

use super::exit::{Failure, Refusal};
use super::{Access, signed_in};

/// How long a whole answer may take; the server's own limits are shorter.
const ANSWER: Duration = Duration::from_secs(60);
/// How long a stream may be silent. The server sends a sign of life every 15 seconds.
const SILENCE: Duration = Duration::from_secs(45);

/// A client of one server, with an operator's token.
pub(crate) struct Client {
    http: reqwest::Client,
    url: Url,
    token: Option<SecretString>,
}

impl Client {
    /// A client. The token is found now, so that a missing one is told before anything is asked.
    pub(crate) fn open(url: Url, access: &Access) -> Result<Self, Failure> {
        let token = token(&url, access)?;
        Self::with_token(url, Some(token))
    }

    /// A client with this token, or of somebody who is to be known yet.
    pub(crate) fn with_token(url: Url, token: Option<SecretString>) -> Result<Self, Failure> {
        if url.cannot_be_a_base() || !matches!(url.scheme(), "http" | "https") {
            return Err(Failure::Usage(format!(
                "{url} is not the address of a server: it must begin with http:// or https://"
            )));
        }
        let mut builder = reqwest::Client::builder()
            .user_agent(concat!("sixty/", env!("CARGO_PKG_VERSION")))
            .connect_timeout(Duration::from_secs(5))
            .read_timeout(SILENCE)
            // The token goes to the server that was named, and to no other.
            .redirect(reqwest::redirect::Policy::none());
        if is_this_machine(&url) {
            builder = builder.no_proxy();
        }
        let http = builder.build().map_err(|error| Failure::Unexpected(causes(&error)))?;
        Ok(Self { http, url, token })
    }

    /// Reads.
    pub(crate) async fn get(&self, path: &[&str], query: &[(&str, String)]) -> Result<Value, Failure> {
        self.answer(self.request(Method::GET, path).query(query)).await
    }

    /// Asks for a change.
    pub(crate) async fn send(
        &self,
        method: Method,
        path: &[&str],
        body: Option<&Value>,
    ) -> Result<Value, Failure> {
        let request = self.request(method, path);
        self.answer(match body {
            Some(body) => request.json(body),
            None => request,
        })
        .await
    }

    /// Takes something away.
    pub(crate) async fn remove(&self, path: &[&str], query: &[(&str, String)]) -> Result<Value, Failure> {
        self.answer(self.request(Method::DELETE, path).query(query)).await
    }

    /// Opens a stream of server-sent events, which may go on for as long as it likes.
    pub(crate) async fn events(&self, path: &[&str]) -> Result<Response, Failure> {
        let sent = self.request(Method::GET, path).header("accept", "text/event-stream").send().await;
        checked(sent.map_err(|error| self.unreachable(&error))?).await
    }

    /// Asks for something long, which may take as long as it likes as long as something of it comes.
    pub(crate) async fn stream(&self, path: &[&str], query: &[(&str, String)]) -> Result<Response, Failure> {
        let sent = self.request(Method::GET, path).query(query).send().await;
        checked(sent.map_err(|error| self.unreachable(&error))?).await
    }

    async fn answer(&self, request: RequestBuilder) -> Result<Value, Failure> {
        let sent = request.timeout(ANSWER).send().await.map_err(|error| self.unreachable(&error))?;
        let response = checked(sent).await?;
        let body = response.bytes().await.map_err(|error| self.unreachable(&error))?;
        if body.is_empty() {
            return Ok(Value::Null);
        }
        serde_json::from_slice(&body)
            .map_err(|_| Failure::Unexpected(format!("{} answers, but not as Sixty does", self.url)))
    }

    fn request(&self, method: Method, path: &[&str]) -> RequestBuilder {
        let mut url = self.url.clone();
        // A customerId of the command line is one segment, whatever is in it.
        if let Ok(mut segments) = url.path_segments_mut() {
            segments.pop_if_empty().extend(["api", "admin"]).extend(path);
        }
        let request = self.http.request(method, url);
        match &self.token {
            Some(token) => request.bearer_auth(token.expose_secret()),
            None => request,
        }
    }

    fn unreachable(&self, error: &reqwest::Error) -> Failure {
        Failure::Unreachable { url: self.url.to_string(), cause: causes(error) }
    }
}

/// A part of an answer as a type of ours.
pub(crate) fn read<T: DeserializeOwned>(value: &Value) -> Result<T, Failure> {
    T::deserialize(value).map_err(|error| {
        Failure::Unexpected(format!(
            "the server's answer can't be understood ({error}); is it of another version?"
        ))
    })
}

/// The answer, or the problem that it tells of.
async fn checked(response: Response) -> Result<Response, Failure> {
    let status = response.status();
    if status.is_success() {
        return Ok(response);
    }
    let request_id =
        response.headers().get("x-request-id").and_then(|id| id.to_str().ok()).map(str::to_owned);
    let document = response.json().await.unwrap_or(Value::Null);
    Err(Failure::Refused(Box::new(Refusal { status: status.as_u16(), document, request_id })))
}

fn token(url: &Url, access: &Access) -> Result<SecretString, Failure> {
    if let Some(token) = &access.token {
        return Ok(token.clone());
    }
    // A token goes to the server that gave it, and to no other.
    if let Some(session) = signed_in::read(access)?.filter(|session| session.url == *url) {
        return Ok(session.token);
    }
    let file = access.token_file.display();
    let text = std::fs::read_to_string(&access.token_file).map_err(|error| {
        Failure::NoToken(format!(
            "nobody is signed in to {url}, SIXTY_OPERATOR_TOKEN is not set, and {file} can't be read ({error}). \
             Sign in with `sixty login`; `sixty dev` writes the file, and SIXTY_OPERATOR_TOKEN_FILE or SIXTY_HOME says where"
        ))
    })?;
    let token = text.trim();
    if token.is_empty() || token.chars().any(|letter| !letter.is_ascii_graphic()) {
        return Err(Failure::NoToken(format!("{file} doesn't hold an operator token")));
    }
    Ok(SecretString::from(token))
}

pub(super) fn is_this_machine(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

/// The innermost cause says the most: "Connection refused" rather than "error sending request".
fn causes(error: &reqwest::Error) -> String {
    let mut innermost: &dyn std::error::Error = error;
    while let Some(source) = innermost.source() {
        innermost = source;
    }
    if error.is_timeout() { "it doesn't answer in time".to_owned() } else { innermost.to_string() }
}
