//! One Vault server: logging in, keeping the token alive, asking.

use std::fmt;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use reqwest::{Certificate, Method, StatusCode};
use secrets::{ExposeSecret, SecretString};
use serde_json::{Value, json};
use tokio::sync::Mutex;
use url::Url;

use crate::ProviderError;

/// How long one call may take.
const PATIENCE: Duration = Duration::from_secs(5);

/// How we come in.
#[derive(Debug, Clone)]
pub enum Login {
    /// With a token that somebody else looks after.
    Token(SecretString),
    /// As an application.
    AppRole {
        /// Where the method is mounted: `approle`.
        mount: String,
        /// The role.
        role_id: String,
        /// The file with its secret; read anew for each login, because it is replaced from time to time.
        secret_id_file: PathBuf,
    },
    /// As a pod of Kubernetes.
    Kubernetes {
        /// Where the method is mounted: `kubernetes`.
        mount: String,
        /// The role.
        role: String,
        /// The file with the service account's token; read anew for each login, because Kubernetes renews it.
        token_file: PathBuf,
    },
}

async fn read(file: &Path) -> Result<SecretString, ProviderError> {
    let read = tokio::fs::read_to_string(file).await;
    read.map(SecretString::from)
        .map_err(|error| ProviderError::Refused(format!("{} can't be read: {error}", file.display())))
}

/// Where Vault is, and how we come in.
#[derive(Debug, Clone)]
pub struct VaultConfig {
    /// VAULT_ADDR.
    pub address: Url,
    /// VAULT_NAMESPACE.
    pub namespace: Option<String>,
    /// The certificate authority of its certificate, PEM; the machine's own when not given.
    pub ca_certificate: Option<String>,
    /// How we come in.
    pub login: Login,
}

/// A token, and until when it is good.
struct Held {
    token: SecretString,
    /// `None`: it doesn't run out.
    renew_at: Option<Instant>,
    renewable: bool,
}

/// A client of one server.
pub struct Vault {
    http: reqwest::Client,
    config: VaultConfig,
    held: Mutex<Option<Held>>,
}

impl Vault {
    /// A client. Nothing is asked yet.
    ///
    /// # Errors
    /// When the certificate authority can't be understood.
    pub fn new(config: VaultConfig) -> Result<Self, ProviderError> {
        let mut builder = reqwest::Client::builder()
            .timeout(PATIENCE)
            // The token goes to the server that was named, and to no other.
            .redirect(reqwest::redirect::Policy::none());
        if let Some(pem) = &config.ca_certificate {
            let authority = Certificate::from_pem(pem.as_bytes()).map_err(|_| {
                ProviderError::Refused("its certificate authority has no certificate in PEM form".to_owned())
            })?;
            builder = builder.tls_certs_only([authority]);
        }
        let http = builder.build().map_err(|error| ProviderError::unreachable(&error))?;
        Ok(Self { http, config, held: Mutex::new(None) })
    }

    /// Asks. A token that was revoked meanwhile is replaced, once.
    ///
    /// # Errors
    /// [`ProviderError`] says whether trying again can help.
    pub(crate) async fn ask(
        &self,
        method: Method,
        path: &str,
        body: Option<&Value>,
    ) -> Result<Value, ProviderError> {
        let token = self.token(false).await?;
        let (status, answer) = self.send(method.clone(), path, body, Some(&token)).await?;
        if status.is_success() {
            return Ok(answer);
        }
        // Vault says 403 for a token that it doesn't know as well as for what the token may not do.
        if status == StatusCode::FORBIDDEN && !matches!(self.config.login, Login::Token(_)) {
            let token = self.token(true).await?;
            let (status, answer) = self.send(method, path, body, Some(&token)).await?;
            return if status.is_success() { Ok(answer) } else { Err(refusal(status, &answer)) };
        }
        Err(refusal(status, &answer))
    }

    /// The token. Renewed when two thirds of its time are over; a login when that doesn't help.
    async fn token(&self, anew: bool) -> Result<SecretString, ProviderError> {
        if let Login::Token(token) = &self.config.login {
            return self.given_token(token).await;
        }
        let mut held = self.held.lock().await;
        if let Some(now) = held.as_ref().filter(|_| !anew) {
            if now.renew_at.is_none_or(|at| Instant::now() < at) {
                return Ok(now.token.clone());
            }
            if now.renewable
                && let Ok(renewed) = self.renew(&now.token).await
            {
                return Ok(held.insert(renewed).token.clone());
            }
        }
        Ok(held.insert(self.log_in().await?).token.clone())
    }

    /// A token that we were given is renewed as well, but can't be replaced.
    async fn given_token(&self, token: &SecretString) -> Result<SecretString, ProviderError> {
        let mut held = self.held.lock().await;
        let is_due = match held.as_ref() {
            None => true,
            Some(held) => held.renewable && held.renew_at.is_some_and(|at| Instant::now() >= at),
        };
        if is_due {
            // A root token, and one that can't be renewed, are refused here and used as they are.
            *held = Some(match self.renew(token).await {
                Ok(renewed) => renewed,
                Err(ProviderError::Refused(_)) => {
                    Held { token: token.clone(), renew_at: None, renewable: false }
                }
                Err(error) => return Err(error),
            });
        }
        Ok(token.clone())
    }

    async fn renew(&self, token: &SecretString) -> Result<Held, ProviderError> {
        let (status, answer) =
            self.send(Method::POST, "auth/token/renew-self", Some(&json!({})), Some(token)).await?;
        if status.is_success() { held(&answer) } else { Err(refusal(status, &answer)) }
    }

    async fn log_in(&self) -> Result<Held, ProviderError> {
        let (mount, body) = match &self.config.login {
            Login::Token(token) => {
                return Ok(Held { token: token.clone(), renew_at: None, renewable: false });
            }
            Login::AppRole { mount, role_id, secret_id_file } => {
                let secret_id = read(secret_id_file).await?;
                (mount, json!({ "role_id": role_id, "secret_id": secret_id.expose_secret().trim() }))
            }
            Login::Kubernetes { mount, role, token_file } => {
                let jwt = read(token_file).await?;
                (mount, json!({ "role": role, "jwt": jwt.expose_secret().trim() }))
            }
        };
        let path = format!("auth/{mount}/login");
        let (status, answer) = self.send(Method::POST, &path, Some(&body), None).await?;
        if status.is_success() { held(&answer) } else { Err(refusal(status, &answer)) }
    }

    async fn send(
        &self,
        method: Method,
        path: &str,
        body: Option<&Value>,
        token: Option<&SecretString>,
    ) -> Result<(StatusCode, Value), ProviderError> {
        let mut url = self.config.address.clone();
        if let Ok(mut segments) = url.path_segments_mut() {
            segments.pop_if_empty().push("v1").extend(path.split('/'));
        }
        let mut request = self.http.request(method, url).header("X-Vault-Request", "true");
        if let Some(token) = token {
            request = request.header("X-Vault-Token", token.expose_secret());
        }
        if let Some(namespace) = &self.config.namespace {
            request = request.header("X-Vault-Namespace", namespace);
        }
        if let Some(body) = body {
            request = request.json(body);
        }
        let answer = request.send().await.map_err(|error| ProviderError::unreachable(&error))?;
        let status = answer.status();
        let text = ProviderError::read(answer).await?;
        Ok((status, serde_json::from_slice(&text).unwrap_or(Value::Null)))
    }
}

fn held(answer: &Value) -> Result<Held, ProviderError> {
    let auth = &answer["auth"];
    let token =
        auth["client_token"].as_str().ok_or_else(|| ProviderError::unexpected("auth.client_token"))?;
    let seconds = auth["lease_duration"].as_u64().unwrap_or_default();
    Ok(Held {
        token: SecretString::from(token),
        renew_at: (seconds > 0).then(|| Instant::now() + Duration::from_secs(seconds * 2 / 3)),
        renewable: auth["renewable"].as_bool().unwrap_or_default(),
    })
}

/// Vault's own words. Its errors name paths and policies, and no secrets.
fn refusal(status: StatusCode, answer: &Value) -> ProviderError {
    let errors = answer["errors"].as_array().into_iter().flatten().filter_map(Value::as_str);
    let words = errors.collect::<Vec<_>>().join("; ");
    ProviderError::of_status(status, words.chars().take(300).collect())
}

impl fmt::Debug for Vault {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Vault")
            .field("address", &self.config.address.as_str())
            .finish_non_exhaustive()
    }
}
