//! Who we are at AWS: fixed keys, or those that the container or machine is given and that run out.

use std::fmt;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use chrono::{DateTime, TimeDelta, Utc};
use reqwest::header::HeaderValue;
use secrets::{ExposeSecret, SecretString};
use serde::Deserialize;
use tokio::sync::Mutex;
use url::Url;

use crate::ProviderError;

/// How long before their end credentials are fetched anew.
const AHEAD: TimeDelta = TimeDelta::minutes(5);
/// How long is waited before the next try when they can't be, and those that are held are good for a while.
const PAUSE: Duration = Duration::from_secs(20);

/// An access key.
#[derive(Debug, Clone)]
pub struct Credentials {
    /// Its id, which is no secret.
    pub access_key_id: String,
    /// Its secret.
    pub secret_access_key: SecretString,
    /// The token of a session.
    pub session_token: Option<SecretString>,
    /// When it runs out.
    pub expires_at: Option<DateTime<Utc>>,
}

/// Where credentials come from.
#[derive(Debug, Clone)]
pub enum CredentialSource {
    /// AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY.
    Fixed(Credentials),
    /// AWS_CONTAINER_CREDENTIALS_FULL_URI or AWS_CONTAINER_CREDENTIALS_RELATIVE_URI: EKS Pod Identity and ECS.
    Container {
        /// The address.
        url: Url,
        /// What goes into the Authorization header.
        token: ContainerToken,
    },
    /// AWS_WEB_IDENTITY_TOKEN_FILE and AWS_ROLE_ARN: a pod of EKS that has a role by its service account.
    WebIdentity {
        /// The security token service.
        url: Url,
        /// The file with the token, read anew each time.
        token_file: PathBuf,
        /// The role.
        role_arn: String,
    },
    /// The machine's role, from the metadata service of EC2 (version 2).
    Machine {
        /// `http://169.254.169.254/`.
        url: Url,
    },
}

/// What is shown to whoever gives a container its credentials.
#[derive(Debug, Clone)]
pub enum ContainerToken {
    /// Nothing: the address alone is enough.
    None,
    /// AWS_CONTAINER_AUTHORIZATION_TOKEN.
    Text(SecretString),
    /// AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE, read anew each time.
    File(PathBuf),
}

impl CredentialSource {
    /// What an error calls it: the settings that say so.
    fn name(&self) -> &'static str {
        match self {
            Self::Fixed(_) => "AWS_ACCESS_KEY_ID",
            Self::Container { .. } => {
                "the credentials of AWS_CONTAINER_CREDENTIALS_FULL_URI or _RELATIVE_URI"
            }
            Self::WebIdentity { .. } => {
                "the role of AWS_ROLE_ARN with the token of AWS_WEB_IDENTITY_TOKEN_FILE"
            }
            Self::Machine { .. } => {
                "the role of this machine (no AWS_ACCESS_KEY_ID, AWS_WEB_IDENTITY_TOKEN_FILE or \
                 AWS_CONTAINER_CREDENTIALS_FULL_URI is set)"
            }
        }
    }
}

/// Credentials, fetched when they are needed.
pub(super) struct Held {
    source: CredentialSource,
    http: reqwest::Client,
    now: Mutex<Now>,
}

#[derive(Default)]
struct Now {
    credentials: Option<Credentials>,
    /// Until then nobody is asked again, when the last try failed.
    pause_until: Option<Instant>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Fetched {
    access_key_id: String,
    secret_access_key: String,
    token: Option<String>,
    expiration: Option<DateTime<Utc>>,
}

impl Held {
    pub(super) fn new(source: CredentialSource, http: reqwest::Client) -> Self {
        Self { source, http, now: Mutex::default() }
    }

    pub(super) async fn get(&self) -> Result<Credentials, ProviderError> {
        if let CredentialSource::Fixed(credentials) = &self.source {
            return Ok(credentials.clone());
        }
        let mut now = self.now.lock().await;
        let lasts = |ahead: TimeDelta| {
            let lasting = |held: &&Credentials| held.expires_at.is_none_or(|end| Utc::now() + ahead < end);
            now.credentials.as_ref().filter(lasting).cloned()
        };
        if let Some(held) = lasts(AHEAD) {
            return Ok(held);
        }
        let held = lasts(TimeDelta::zero());
        if let Some(held) = &held
            && now.pause_until.is_some_and(|pause| Instant::now() < pause)
        {
            return Ok(held.clone());
        }
        match self.fetch().await.map_err(|error| error.of_setting(self.source.name())) {
            Ok(fetched) => {
                *now = Now { credentials: Some(fetched.clone()), pause_until: None };
                Ok(fetched)
            }
            // Those that are held are good to their last second; it is fetched ahead so that this is no trouble yet.
            Err(error) => {
                let held = held.ok_or_else(|| error.clone())?;
                tracing::warn!(%error, ends = ?held.expires_at, "there are no new credentials of AWS; those before are used on");
                now.pause_until = Some(Instant::now() + PAUSE);
                Ok(held)
            }
        }
    }

    async fn fetch(&self) -> Result<Credentials, ProviderError> {
        let unreachable = |error: reqwest::Error| ProviderError::unreachable(&error);
        let answer = match &self.source {
            CredentialSource::Fixed(credentials) => return Ok(credentials.clone()),
            CredentialSource::Container { url, token } => {
                let request = self.http.get(url.clone());
                let request = match token {
                    ContainerToken::None => request,
                    ContainerToken::Text(text) => request.header("Authorization", header(text)?),
                    ContainerToken::File(file) => {
                        request.header("Authorization", header(&read(file).await?)?)
                    }
                };
                request.send().await.map_err(unreachable)?
            }
            CredentialSource::WebIdentity { url, token_file, role_arn } => {
                let token = read(token_file).await?;
                let form = url::form_urlencoded::Serializer::new(String::new())
                    .append_pair("Action", "AssumeRoleWithWebIdentity")
                    .append_pair("Version", "2011-06-15")
                    .append_pair("RoleArn", role_arn)
                    .append_pair("RoleSessionName", "sixty")
                    .append_pair("WebIdentityToken", token.expose_secret().trim())
                    .finish();
                let request = self.http.post(url.clone());
                let request = request.header("Content-Type", "application/x-www-form-urlencoded").body(form);
                let answer = checked(request.send().await.map_err(unreachable)?)?;
                let text = ProviderError::read_secret(answer).await?;
                return of_role(text.expose_secret());
            }
            CredentialSource::Machine { url } => {
                let at =
                    |path: &str| url.join(path).map_err(|error| ProviderError::Refused(error.to_string()));
                let token = self
                    .http
                    .put(at("latest/api/token")?)
                    .header("X-aws-ec2-metadata-token-ttl-seconds", "300")
                    .send()
                    .await
                    .map_err(unreachable)?;
                let token = ProviderError::read_secret(checked(token)?).await?;
                let get = |url: Url| {
                    self.http.get(url).header("X-aws-ec2-metadata-token", token.expose_secret()).send()
                };
                let roles = "latest/meta-data/iam/security-credentials/";
                let role = get(at(roles)?).await.map_err(unreachable)?;
                let role = ProviderError::read_secret(checked(role)?).await?;
                let role = role.expose_secret().lines().next().unwrap_or_default().trim().to_owned();
                if role.is_empty() {
                    return Err(ProviderError::Refused("it has none".to_owned()));
                }
                get(at(&format!("{roles}{role}"))?).await.map_err(unreachable)?
            }
        };
        let fetched = ProviderError::read_secret(checked(answer)?).await?;
        let fetched: Fetched = serde_json::from_str(fetched.expose_secret())
            .map_err(|_| ProviderError::unexpected("credentials"))?;
        Ok(Credentials {
            access_key_id: fetched.access_key_id,
            secret_access_key: fetched.secret_access_key.into(),
            session_token: fetched.token.map(SecretString::from),
            expires_at: fetched.expiration,
        })
    }
}

async fn read(file: &Path) -> Result<SecretString, ProviderError> {
    let read = tokio::fs::read_to_string(file).await;
    read.map(SecretString::from)
        .map_err(|error| ProviderError::Refused(format!("{} can't be read: {error}", file.display())))
}

/// A token as a header, which no log shows.
fn header(token: &SecretString) -> Result<HeaderValue, ProviderError> {
    let value = HeaderValue::from_str(token.expose_secret().trim());
    let mut value =
        value.map_err(|_| ProviderError::Refused("its token is no value of a header".to_owned()))?;
    value.set_sensitive(true);
    Ok(value)
}

/// The credentials in an answer of the security token service. It is XML; what we need of it stands in elements without
/// attributes, of characters that XML doesn't escape.
fn of_role(answer: &str) -> Result<Credentials, ProviderError> {
    let element = |name: &str| {
        let (_, rest) = answer.split_once(&format!("<{name}>"))?;
        Some(rest.split_once(&format!("</{name}>"))?.0.trim().to_owned())
    };
    let unexpected = || ProviderError::unexpected("credentials");
    let end = element("Expiration").ok_or_else(unexpected)?;
    let end = DateTime::parse_from_rfc3339(&end).map_err(|_| unexpected())?;
    Ok(Credentials {
        access_key_id: element("AccessKeyId").ok_or_else(unexpected)?,
        secret_access_key: element("SecretAccessKey").ok_or_else(unexpected)?.into(),
        session_token: Some(element("SessionToken").ok_or_else(unexpected)?.into()),
        expires_at: Some(end.with_timezone(&Utc)),
    })
}

fn checked(answer: reqwest::Response) -> Result<reqwest::Response, ProviderError> {
    if answer.status().is_success() {
        return Ok(answer);
    }
    Err(ProviderError::of_status(answer.status(), "credentials can't be had".to_owned()))
}

impl fmt::Debug for Held {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Held").finish_non_exhaustive()
    }
}
