//! Who we are at S3, and where it is.

use std::path::PathBuf;
use std::time::Duration;

use object_store::aws::{AmazonS3, AmazonS3Builder, AmazonS3ConfigKey};
use object_store::{ClientOptions, RetryConfig};
use secrecy::{ExposeSecret as _, SecretString};
use url::{Host, Url};

use crate::{BucketAddress, BucketError};

/// How long one request may take.
const PATIENCE: Duration = Duration::from_secs(20);

/// Where S3 is, and who we are there.
#[derive(Debug, Clone)]
pub struct S3Access {
    /// AWS_REGION.
    pub region: String,
    /// AWS_ENDPOINT_URL: something that speaks like S3. AWS itself when not given.
    pub endpoint: Option<Url>,
    /// Who we are.
    pub credentials: S3Credentials,
}

/// Where the credentials come from.
#[derive(Debug, Clone)]
pub enum S3Credentials {
    /// AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY.
    Fixed {
        /// Which key; no secret.
        access_key_id: String,
        /// The key itself.
        secret_access_key: SecretString,
        /// The token of a session.
        session_token: Option<SecretString>,
    },
    /// AWS_WEB_IDENTITY_TOKEN_FILE and AWS_ROLE_ARN: a service account of Kubernetes.
    WebIdentity {
        /// The file with the account's token, read anew each time.
        token_file: PathBuf,
        /// The role to take.
        role_arn: String,
    },
    /// AWS_CONTAINER_CREDENTIALS_FULL_URI: EKS Pod Identity.
    Container {
        /// The address.
        url: Url,
        /// The file with what goes into the Authorization header, read anew each time.
        token_file: PathBuf,
    },
    /// AWS_CONTAINER_CREDENTIALS_RELATIVE_URI: a task of ECS.
    Task {
        /// The path at the task's agent.
        relative_uri: String,
    },
    /// The machine's role, from the metadata service of EC2.
    Machine,
}

impl S3Access {
    /// A client. Nobody is asked yet.
    pub(crate) fn client(&self, address: &BucketAddress) -> Result<AmazonS3, BucketError> {
        let mut builder = AmazonS3Builder::new()
            .with_bucket_name(address.bucket())
            .with_region(&self.region)
            .with_client_options(ClientOptions::new().with_timeout(PATIENCE))
            .with_retry(RetryConfig { max_retries: 3, retry_timeout: PATIENCE, ..RetryConfig::default() });
        if let Some(endpoint) = &self.endpoint {
            let is_plain = endpoint.scheme() == "http";
            if is_plain && !is_loopback(endpoint) {
                return Err(BucketError::Plain(address.to_string()));
            }
            builder =
                builder.with_endpoint(endpoint.as_str().trim_end_matches('/')).with_allow_http(is_plain);
        }
        builder = match &self.credentials {
            S3Credentials::Fixed { access_key_id, secret_access_key, session_token } => {
                let builder = builder
                    .with_access_key_id(access_key_id)
                    .with_secret_access_key(secret_access_key.expose_secret());
                match session_token {
                    Some(token) => builder.with_token(token.expose_secret()),
                    None => builder,
                }
            }
            S3Credentials::WebIdentity { token_file, role_arn } => builder
                .with_config(AmazonS3ConfigKey::WebIdentityTokenFile, token_file.to_string_lossy())
                .with_config(AmazonS3ConfigKey::RoleArn, role_arn),
            S3Credentials::Container { url, token_file } => {
                builder.with_config(AmazonS3ConfigKey::ContainerCredentialsFullUri, url.as_str()).with_config(
                    AmazonS3ConfigKey::ContainerAuthorizationTokenFile,
                    token_file.to_string_lossy(),
                )
            }
            S3Credentials::Task { relative_uri } => {
                builder.with_config(AmazonS3ConfigKey::ContainerCredentialsRelativeUri, relative_uri)
            }
            S3Credentials::Machine => builder,
        };
        builder.build().map_err(|error| BucketError::of(address, &error))
    }

    /// The address of the bucket itself.
    pub(crate) fn bucket_url(&self, bucket: &str) -> String {
        let endpoint =
            self.endpoint.as_ref().map(|endpoint| endpoint.as_str().trim_end_matches('/').to_owned());
        let endpoint = endpoint.unwrap_or_else(|| format!("https://s3.{}.amazonaws.com", self.region));
        format!("{endpoint}/{bucket}")
    }
}

fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        Some(Host::Domain(name)) => name == "localhost",
        None => false,
    }
}
