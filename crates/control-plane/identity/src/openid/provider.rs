//! An OpenID provider: where it is found, where people are sent, and what it says of who comes back.

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, Instant};

use bounded_answer::AnswerError;
use reqwest::StatusCode;
use secrets::{ExposeSecret as _, OpenIdSecret, SecretString};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use token_issuer::{CannotVerify, Issuer, IssuerConfig, Refused};
use tokio::sync::Mutex;
use url::Url;

/// How long one call may take.
const PATIENCE: Duration = Duration::from_secs(10);
/// How long what it says of itself is believed.
const BELIEVED: Duration = Duration::from_secs(3600);

/// Which provider, and who we are there.
#[derive(Debug, Clone)]
pub struct OpenIdConfig {
    /// The `iss` of its tokens.
    pub issuer: Url,
    /// Our name there.
    pub client_id: String,
    /// Our secret there; none where PKCE alone is asked for.
    pub client_secret: Option<SecretString>,
    /// Where people come back to: our own callback.
    pub redirect_url: Url,
}

/// Whom the provider vouches for.
#[derive(Debug, Clone)]
pub struct Identified {
    /// Its own name for the person, which never changes.
    pub subject: String,
    /// Their address, where the provider has verified it.
    pub verified_email: Option<String>,
    /// Whether it has asked for a second factor (`mfa` in the token's `amr`).
    pub has_second_factor: bool,
}

/// Why nobody is vouched for.
#[derive(Debug, thiserror::Error)]
pub enum OpenIdError {
    /// Trying again helps.
    #[error("the provider can't be reached: {0}")]
    Away(String),
    /// It answers more than anybody has to say; nothing of it is kept.
    #[error("the provider's answer is larger than {0} bytes")]
    TooLarge(usize),
    /// It, or its token, says no.
    #[error("the provider doesn't vouch for this sign-in: {0}")]
    Refused(String),
}

/// A provider.
pub struct OpenIdProvider {
    config: OpenIdConfig,
    issuer: String,
    http: reqwest::Client,
    found: Mutex<Option<(Instant, Arc<Found>)>>,
}

/// What it says of itself.
struct Found {
    authorization_endpoint: Url,
    token_endpoint: Url,
    /// Whether our secret goes into the header, and not into the form.
    wants_basic: bool,
    keys: Issuer,
}

#[derive(Deserialize)]
struct Discovery {
    issuer: String,
    authorization_endpoint: Url,
    token_endpoint: Url,
    jwks_uri: Url,
    token_endpoint_auth_methods_supported: Option<Vec<String>>,
}

#[derive(Deserialize)]
struct Tokens {
    id_token: SecretString,
}

#[derive(Debug, Deserialize)]
struct IdClaims {
    sub: String,
    nonce: Option<String>,
    email: Option<String>,
    #[serde(default)]
    email_verified: Verified,
    #[serde(default)]
    amr: Vec<String>,
    /// For whom it was made, when it names several audiences.
    azp: Option<String>,
}

/// Some providers say it as a text.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum Verified {
    Flag(bool),
    Text(String),
    /// Anything else is no yes.
    Other(serde::de::IgnoredAny),
}

impl Default for Verified {
    fn default() -> Self {
        Self::Flag(false)
    }
}

impl Verified {
    fn is_so(&self) -> bool {
        match self {
            Self::Flag(is_so) => *is_so,
            Self::Text(text) => text.eq_ignore_ascii_case("true"),
            Self::Other(_) => false,
        }
    }
}

impl Discovery {
    /// How our secret is shown, where the provider takes it in several ways: in the form, as before. The standard's default,
    /// where it says nothing, is the header.
    fn wants_basic(&self) -> bool {
        match &self.token_endpoint_auth_methods_supported {
            None => true,
            Some(methods) => {
                let takes = |name: &str| methods.iter().any(|method| method == name);
                takes("client_secret_basic") && !takes("client_secret_post")
            }
        }
    }
}

impl fmt::Debug for OpenIdProvider {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("OpenIdProvider").field("issuer", &self.issuer).finish_non_exhaustive()
    }
}

impl OpenIdProvider {
    /// A provider. Nobody is asked yet.
    ///
    /// # Errors
    /// When the machine has no certificates to trust.
    pub fn new(config: OpenIdConfig) -> Result<Self, OpenIdError> {
        let http = reqwest::Client::builder()
            .timeout(PATIENCE)
            // Our secret goes to the server that was named, and to no other.
            .redirect(reqwest::redirect::Policy::none())
            .build()
            .map_err(|error| OpenIdError::Away(error.to_string()))?;
        let issuer = config.issuer.as_str().trim_end_matches('/').to_owned();
        Ok(Self { config, issuer, http, found: Mutex::default() })
    }

    /// The `iss` of its tokens.
    #[must_use]
    pub fn issuer(&self) -> &str {
        &self.issuer
    }

    /// Where a person is sent to be asked who they are.
    ///
    /// # Errors
    /// When the provider can't be asked where that is.
    pub async fn authorization_url(&self, secret: &OpenIdSecret) -> Result<Url, OpenIdError> {
        let mut url = self.found().await?.authorization_endpoint.clone();
        url.query_pairs_mut()
            .append_pair("response_type", "code")
            .append_pair("client_id", &self.config.client_id)
            .append_pair("redirect_uri", self.config.redirect_url.as_str())
            .append_pair("scope", "openid email profile")
            .append_pair("state", &secret.state())
            .append_pair("nonce", &secret.nonce())
            .append_pair("code_challenge", &secret.code_challenge())
            .append_pair("code_challenge_method", "S256");
        Ok(url)
    }

    /// Who came back with this code.
    ///
    /// # Errors
    /// When the provider can't be asked, or doesn't vouch for them.
    pub async fn identify(&self, secret: &OpenIdSecret, code: &str) -> Result<Identified, OpenIdError> {
        let found = self.found().await?;
        let tokens = self.exchange(&found, secret, code).await?;
        let claims: IdClaims =
            found.keys.verify(tokens.id_token.expose_secret()).await.map_err(|error| match error {
                CannotVerify::IssuerAway => OpenIdError::Away("it doesn't show its keys".to_owned()),
                CannotVerify::Refused(refused) => not_vouched(refused),
            })?;
        if claims.nonce.as_deref() != Some(secret.nonce().as_str()) {
            return Err(OpenIdError::Refused("the token was made for another sign-in".to_owned()));
        }
        if claims.azp.as_ref().is_some_and(|party| *party != self.config.client_id) {
            return Err(not_vouched(Refused::WrongAudience));
        }
        Ok(Identified {
            subject: claims.sub,
            verified_email: claims.email.filter(|_| claims.email_verified.is_so()),
            has_second_factor: claims.amr.iter().any(|method| method == "mfa"),
        })
    }

    async fn exchange(
        &self,
        found: &Found,
        secret: &OpenIdSecret,
        code: &str,
    ) -> Result<Tokens, OpenIdError> {
        let verifier = secret.code_verifier();
        let mut form = vec![
            ("grant_type", "authorization_code"),
            ("code", code),
            ("redirect_uri", self.config.redirect_url.as_str()),
            ("code_verifier", verifier.expose_secret()),
        ];
        let mut request = self
            .http
            .post(found.token_endpoint.clone())
            .header("content-type", "application/x-www-form-urlencoded");
        let id = &self.config.client_id;
        match &self.config.client_secret {
            // Both are encoded as in a form first: a colon in our name would end it.
            Some(secret) if found.wants_basic => {
                request = request.basic_auth(escaped(id), Some(escaped(secret.expose_secret())));
            }
            Some(secret) => {
                form.extend([("client_id", id.as_str()), ("client_secret", secret.expose_secret())]);
            }
            None => form.push(("client_id", id)),
        }
        let request = request.body(encoded(&form));
        let answer =
            request.send().await.map_err(|error| OpenIdError::Away(error.without_url().to_string()))?;
        match answer.status() {
            status if status.is_success() => read(answer).await,
            status if status.is_server_error() || status == StatusCode::TOO_MANY_REQUESTS => {
                Err(OpenIdError::Away(format!("it answers {status}")))
            }
            status => Err(OpenIdError::Refused(format!("it answers {status} to the code"))),
        }
    }

    /// What the provider says of itself, asked for once an hour.
    async fn found(&self) -> Result<Arc<Found>, OpenIdError> {
        let mut held = self.found.lock().await;
        if let Some((at, found)) = &*held
            && at.elapsed() < BELIEVED
        {
            return Ok(Arc::clone(found));
        }
        let found = match self.discover().await {
            Ok(found) => Arc::new(found),
            // What it said last is better than nothing.
            Err(error) => return held.as_ref().map(|(_, found)| Arc::clone(found)).ok_or(error),
        };
        *held = Some((Instant::now(), Arc::clone(&found)));
        Ok(found)
    }

    async fn discover(&self) -> Result<Found, OpenIdError> {
        let at = format!("{}/.well-known/openid-configuration", self.issuer);
        let answer = self.http.get(at).send().await.and_then(reqwest::Response::error_for_status);
        let said: Discovery = read(answer.map_err(|error| OpenIdError::Away(error.to_string()))?).await?;
        if said.issuer.trim_end_matches('/') != self.issuer {
            return Err(OpenIdError::Refused(format!("it calls itself {}", said.issuer)));
        }
        for endpoint in [&said.authorization_endpoint, &said.token_endpoint, &said.jwks_uri] {
            // As safe as the issuer that was configured.
            if endpoint.scheme() != self.config.issuer.scheme() && endpoint.scheme() != "https" {
                return Err(OpenIdError::Refused(format!("{endpoint} isn't encrypted")));
            }
        }
        let wants_basic = said.wants_basic();
        let keys = IssuerConfig {
            issuer: said.issuer,
            keys_url: said.jwks_uri,
            audience: Some(self.config.client_id.clone()),
            stored: None,
        };
        Ok(Found {
            authorization_endpoint: said.authorization_endpoint,
            token_endpoint: said.token_endpoint,
            wants_basic,
            keys: Issuer::open(keys).map_err(|error| OpenIdError::Away(error.to_string()))?,
        })
    }
}

fn encoded(form: &[(&str, &str)]) -> String {
    url::form_urlencoded::Serializer::new(String::new()).extend_pairs(form).finish()
}

fn escaped(text: &str) -> String {
    url::form_urlencoded::byte_serialize(text.as_bytes()).collect()
}

fn not_vouched(refused: Refused) -> OpenIdError {
    OpenIdError::Refused(refused.to_string())
}

async fn read<T: DeserializeOwned>(answer: reqwest::Response) -> Result<T, OpenIdError> {
    let text = bounded_answer::read(answer, bounded_answer::DOCUMENT).await;
    let text = text.map_err(|error| match error {
        AnswerError::TooLarge(most) => OpenIdError::TooLarge(most),
        AnswerError::BrokenOff(_) => OpenIdError::Away(error.to_string()),
    })?;
    serde_json::from_slice(&text)
        .map_err(|error| OpenIdError::Away(format!("its answer can't be read: {error}")))
}
