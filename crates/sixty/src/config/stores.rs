//! Stores of secrets outside of this machine: Vault and AWS. They can hold master keys, and the secrets of our own
//! configuration: wherever a secret, its file or a URL is expected, `vault:kv/data/sixty#operator_token` or
//! `aws-sm:sixty#operator_token` says where it is instead.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context as _, bail};
use clap::Args;
use key_providers::aws::{
    Aws, AwsConfig, AwsKms, ContainerToken, CredentialSource, Credentials, read_secret,
};
use key_providers::vault::{Login, Vault, VaultConfig, VaultTransit, read_kv};
use object_storage::{Bucket, BucketAddress, S3Access, S3Credentials};
use secrets::{ExposeSecret as _, MasterKeyProvider, SecretString};
use url::Url;

use super::clerk::require_https;

/// The machine's own address for its metadata, on EC2.
const MACHINE: &str = "http://169.254.169.254/";
/// Where a container of ECS finds what AWS_CONTAINER_CREDENTIALS_RELATIVE_URI names.
const TASK: &str = "http://169.254.170.2";
/// Beside this machine itself, the only ones that may be asked for credentials without HTTPS: the agents of ECS and EKS.
const AGENTS: [&str; 3] = ["169.254.170.2", "169.254.170.23", "[fd00:ec2::23]"];

/// Vault's and AWS's own variables, and which keys of theirs are our master keys.
#[derive(Args, Debug, Clone)]
#[command(next_help_heading = "Vault and AWS")]
pub(crate) struct StoreArgs {
    /// Where Vault or OpenBao is.
    #[arg(long, env = "VAULT_ADDR")]
    vault_addr: Option<Url>,
    /// The namespace in it.
    #[arg(long, env = "VAULT_NAMESPACE")]
    vault_namespace: Option<String>,
    /// The file with the certificate authority of its certificate. Default: those that the machine trusts.
    #[arg(long, env = "VAULT_CACERT")]
    vault_cacert: Option<PathBuf>,
    /// A token for it, that somebody else looks after.
    #[arg(long, env = "VAULT_TOKEN", hide_env_values = true, hide = true)]
    vault_token: Option<SecretString>,
    /// Come in as an application, with this role.
    #[arg(long, env = "SIXTY_VAULT_ROLE_ID")]
    vault_role_id: Option<String>,
    /// The file with the secret id of that role.
    #[arg(long, env = "SIXTY_VAULT_SECRET_ID_FILE")]
    vault_secret_id_file: Option<PathBuf>,
    /// Come in as a pod of Kubernetes, with this role.
    #[arg(long, env = "SIXTY_VAULT_KUBERNETES_ROLE")]
    vault_kubernetes_role: Option<String>,
    /// The file with the pod's service account.
    #[arg(
        long,
        env = "SIXTY_VAULT_KUBERNETES_TOKEN_FILE",
        default_value = "/var/run/secrets/kubernetes.io/serviceaccount/token"
    )]
    vault_kubernetes_token_file: PathBuf,
    /// Where the way to come in is mounted. Default: `approle` or `kubernetes`.
    #[arg(long, env = "SIXTY_VAULT_AUTH_MOUNT")]
    vault_auth_mount: Option<String>,
    /// The key of Vault's transit engine that is a master key.
    #[arg(long, env = "SIXTY_VAULT_TRANSIT_KEY")]
    vault_transit_key: Option<String>,
    /// Where that engine is mounted.
    #[arg(long, env = "SIXTY_VAULT_TRANSIT_MOUNT", default_value = "transit")]
    vault_transit_mount: String,
    /// The ARNs of the keys of AWS KMS that are master keys.
    #[arg(long, env = "SIXTY_AWS_KMS_KEYS", value_delimiter = ',')]
    aws_kms_keys: Vec<String>,
    /// The region of AWS.
    #[arg(long, env = "AWS_REGION")]
    aws_region: Option<String>,
    /// Something that speaks like AWS.
    #[arg(long, env = "AWS_ENDPOINT_URL")]
    aws_endpoint_url: Option<Url>,
    #[arg(long, env = "AWS_ACCESS_KEY_ID", hide = true)]
    aws_access_key_id: Option<String>,
    #[arg(long, env = "AWS_SECRET_ACCESS_KEY", hide_env_values = true, hide = true)]
    aws_secret_access_key: Option<SecretString>,
    #[arg(long, env = "AWS_SESSION_TOKEN", hide_env_values = true, hide = true)]
    aws_session_token: Option<SecretString>,
    #[arg(long, env = "AWS_CONTAINER_CREDENTIALS_FULL_URI", hide = true)]
    aws_container_credentials_full_uri: Option<Url>,
    #[arg(long, env = "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", hide = true)]
    aws_container_credentials_relative_uri: Option<String>,
    #[arg(long, env = "AWS_CONTAINER_AUTHORIZATION_TOKEN", hide_env_values = true, hide = true)]
    aws_container_authorization_token: Option<SecretString>,
    #[arg(long, env = "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE", hide = true)]
    aws_container_authorization_token_file: Option<PathBuf>,
    #[arg(long, env = "AWS_WEB_IDENTITY_TOKEN_FILE", hide = true)]
    aws_web_identity_token_file: Option<PathBuf>,
    #[arg(long, env = "AWS_ROLE_ARN", hide = true)]
    aws_role_arn: Option<String>,
}

/// What a value that names a store means.
#[derive(Debug, PartialEq, Eq)]
enum Reference<'a> {
    Vault { path: &'a str, field: &'a str },
    Aws { name: &'a str, field: Option<&'a str> },
}

fn reference(text: &str) -> Option<anyhow::Result<Reference<'_>>> {
    if let Some(rest) = text.strip_prefix("vault:") {
        let parts = rest.split_once('#').filter(|(path, field)| !path.is_empty() && !field.is_empty());
        let read = parts.map(|(path, field)| Reference::Vault { path, field });
        return Some(read.context(
            "a value of Vault is written vault:<path>#<field>, such as vault:kv/data/sixty#password",
        ));
    }
    let rest = text.strip_prefix("aws-sm:")?;
    let (name, field) = rest.split_once('#').map_or((rest, None), |(name, field)| (name, Some(field)));
    let is_whole = !name.is_empty() && field != Some("");
    let read = is_whole.then_some(Reference::Aws { name, field });
    Some(read.context("a value of AWS Secrets Manager is written aws-sm:<name> or aws-sm:<name>#<field>"))
}

/// Whether a value, or the path of a file, says that a store has it.
pub(crate) fn is_reference(text: &str) -> bool {
    reference(text).is_some()
}

/// Where a store has a secret, if its variable says so or else what should be the path of its file.
pub(crate) fn named_in_store(value: Option<&SecretString>, file: Option<&Path>) -> Option<SecretString> {
    let file = file.and_then(Path::to_str);
    let named = value.map(|value| value.expose_secret()).or(file);
    named.filter(|text| is_reference(text)).map(SecretString::from)
}

/// A secret by itself or in a file, as it stands there: it may say that a store has it.
pub(crate) fn given_secret(
    name: &str,
    (value, file): (Option<&SecretString>, Option<&Path>),
) -> anyhow::Result<Option<SecretString>> {
    Ok(match (named_in_store(value, file), value, file) {
        (Some(named), _, _) => Some(named),
        (None, Some(value), _) => Some(value.clone()),
        (None, None, Some(file)) => {
            let text =
                super::read_private(file).with_context(|| format!("{name}_FILE {}", file.display()))?;
            Some(text.expose_secret().trim().into())
        }
        (None, None, None) => None,
    })
}

impl StoreArgs {
    /// A secret by itself or in a file; either, and what the file holds, may say that a store has it.
    pub(crate) async fn secret(
        &self,
        name: &str,
        given: (Option<&SecretString>, Option<&Path>),
    ) -> anyhow::Result<Option<SecretString>> {
        let Some(given) = given_secret(name, given)? else { return Ok(None) };
        self.resolve(name, given).await.map(Some)
    }

    /// The value itself, or what the store says that it names. The value is repeated in no error.
    pub(crate) async fn resolve(&self, what: &str, value: SecretString) -> anyhow::Result<SecretString> {
        let found = match reference(value.expose_secret()) {
            None => return Ok(value),
            Some(reference) => reference.with_context(|| what.to_owned())?,
        };
        let read = match found {
            Reference::Vault { path, field } => read_kv(&*self.vault()?, path, field).await,
            Reference::Aws { name, field } => read_secret(&*self.aws()?, name, field).await,
        };
        read.with_context(|| format!("{what} can't be read from its store"))
    }

    /// The master keys that are held there.
    pub(crate) fn master_keys(&self) -> anyhow::Result<Vec<Arc<dyn MasterKeyProvider>>> {
        let mut providers: Vec<Arc<dyn MasterKeyProvider>> = Vec::new();
        if let Some(name) = &self.vault_transit_key {
            providers.push(Arc::new(VaultTransit::new(self.vault()?, &self.vault_transit_mount, name)));
        }
        if !self.aws_kms_keys.is_empty() {
            if let Some(wrong) = self.aws_kms_keys.iter().find(|key| !key.starts_with("arn:")) {
                bail!("SIXTY_AWS_KMS_KEYS: {wrong:?} is no ARN; an alias may point elsewhere tomorrow");
            }
            providers.push(Arc::new(AwsKms::new(self.aws()?, self.aws_kms_keys.clone())));
        }
        Ok(providers)
    }

    fn vault(&self) -> anyhow::Result<Arc<Vault>> {
        let address = self.vault_addr.clone().context("VAULT_ADDR says where Vault is, and it is not set")?;
        require_https("VAULT_ADDR", &address)?;
        let mount = |name: &str| self.vault_auth_mount.clone().unwrap_or_else(|| name.to_owned());
        let login = if let Some(role) = &self.vault_kubernetes_role {
            let token_file = self.vault_kubernetes_token_file.clone();
            Login::Kubernetes { mount: mount("kubernetes"), role: role.clone(), token_file }
        } else if let Some(role_id) = &self.vault_role_id {
            let file = self.vault_secret_id_file.as_deref();
            let file = file.context("SIXTY_VAULT_SECRET_ID_FILE goes with SIXTY_VAULT_ROLE_ID")?;
            // Looked at now, so that a file that others can read is refused at the start; read anew at each login.
            super::secret_files::read_private(file)
                .with_context(|| format!("SIXTY_VAULT_SECRET_ID_FILE {}", file.display()))?;
            let secret_id_file = file.to_owned();
            Login::AppRole { mount: mount("approle"), role_id: role_id.clone(), secret_id_file }
        } else {
            let token = self.vault_token.clone();
            Login::Token(token.context(
                "nothing says how to come into Vault: set VAULT_TOKEN, SIXTY_VAULT_ROLE_ID or SIXTY_VAULT_KUBERNETES_ROLE",
            )?)
        };
        let read = |path: &PathBuf| {
            std::fs::read_to_string(path).with_context(|| format!("VAULT_CACERT {}", path.display()))
        };
        let ca_certificate = self.vault_cacert.as_ref().map(read).transpose()?;
        let config = VaultConfig { address, namespace: self.vault_namespace.clone(), ca_certificate, login };
        Ok(Arc::new(Vault::new(config).context("Vault")?))
    }

    /// A bucket of S3. Nobody is asked yet.
    pub(crate) fn bucket(&self, address: BucketAddress) -> anyhow::Result<Bucket> {
        let region = self.aws_region.clone().context("AWS_REGION says where AWS is, and it is not set")?;
        let credentials = match (&self.aws_access_key_id, &self.aws_secret_access_key) {
            (Some(id), Some(secret)) => S3Credentials::Fixed {
                access_key_id: id.clone(),
                secret_access_key: secret.clone(),
                session_token: self.aws_session_token.clone(),
            },
            _ => self.role_at_s3()?,
        };
        let access = S3Access { region, endpoint: self.aws_endpoint_url.clone(), credentials };
        Ok(Bucket::open(address, access)?)
    }

    /// What the pod, the container or the machine is given.
    fn role_at_s3(&self) -> anyhow::Result<S3Credentials> {
        if let Some((file, role)) = self.web_identity()? {
            return Ok(S3Credentials::WebIdentity { token_file: file.clone(), role_arn: role.clone() });
        }
        if let Some(path) = &self.aws_container_credentials_relative_uri {
            self.container()?;
            return Ok(S3Credentials::Task { relative_uri: path.clone() });
        }
        let Some((url, _)) = self.container()? else { return Ok(S3Credentials::Machine) };
        let token_file = self.aws_container_authorization_token_file.clone();
        let token_file = token_file.context(
            "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE goes with AWS_CONTAINER_CREDENTIALS_FULL_URI where a bucket of S3 is used",
        )?;
        Ok(S3Credentials::Container { url, token_file })
    }

    /// The file with a pod's token and the role that it takes with it.
    fn web_identity(&self) -> anyhow::Result<Option<(&PathBuf, &String)>> {
        match (&self.aws_web_identity_token_file, &self.aws_role_arn) {
            (Some(file), Some(role)) => Ok(Some((file, role))),
            (Some(_), None) => {
                bail!("AWS_ROLE_ARN goes with AWS_WEB_IDENTITY_TOKEN_FILE: it says which role")
            }
            // A role without a token is of another way to come in.
            (None, _) => Ok(None),
        }
    }

    /// Who gives a container its credentials, and what is shown to them.
    fn container(&self) -> anyhow::Result<Option<(Url, ContainerToken)>> {
        let url =
            match (&self.aws_container_credentials_relative_uri, &self.aws_container_credentials_full_uri) {
                (Some(path), _) => {
                    let is_path = path.starts_with('/');
                    let url = format!("{TASK}{path}").parse().ok().filter(|_| is_path);
                    url.context(
                        "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI is a path such as /v2/credentials/<id>",
                    )?
                }
                (None, Some(url)) => {
                    let is_agent =
                        url.scheme() == "http" && url.host_str().is_some_and(|host| AGENTS.contains(&host));
                    if !is_agent {
                        require_https("AWS_CONTAINER_CREDENTIALS_FULL_URI", url)?;
                    }
                    url.clone()
                }
                (None, None) => return Ok(None),
            };
        let token =
            match (&self.aws_container_authorization_token_file, &self.aws_container_authorization_token) {
                (Some(file), _) => ContainerToken::File(file.clone()),
                (None, Some(text)) => ContainerToken::Text(text.clone()),
                (None, None) => ContainerToken::None,
            };
        Ok(Some((url, token)))
    }

    /// The same for everything else at AWS.
    fn role_at_aws(&self, region: &str) -> anyhow::Result<CredentialSource> {
        if let Some((file, role)) = self.web_identity()? {
            let url = match &self.aws_endpoint_url {
                Some(endpoint) => endpoint.clone(),
                None => format!("https://sts.{region}.amazonaws.com/").parse()?,
            };
            return Ok(CredentialSource::WebIdentity {
                url,
                token_file: file.clone(),
                role_arn: role.clone(),
            });
        }
        Ok(match self.container()? {
            Some((url, token)) => CredentialSource::Container { url, token },
            None => CredentialSource::Machine { url: MACHINE.parse()? },
        })
    }

    fn aws(&self) -> anyhow::Result<Arc<Aws>> {
        if let Some(endpoint) = &self.aws_endpoint_url {
            require_https("AWS_ENDPOINT_URL", endpoint)?;
        }
        let region = self.aws_region.clone().context("AWS_REGION says where AWS is, and it is not set")?;
        let credentials = match (&self.aws_access_key_id, &self.aws_secret_access_key) {
            (Some(id), Some(secret)) => CredentialSource::Fixed(Credentials {
                access_key_id: id.clone(),
                secret_access_key: secret.clone(),
                session_token: self.aws_session_token.clone(),
                expires_at: None,
            }),
            _ => self.role_at_aws(&region)?,
        };
        let config = AwsConfig { region, endpoint: self.aws_endpoint_url.clone(), credentials };
        Ok(Arc::new(Aws::new(config).context("AWS")?))
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser as _;

    use super::*;

    #[derive(clap::Parser)]
    struct Program {
        #[command(flatten)]
        stores: StoreArgs,
    }

    fn role(options: &[&str]) -> anyhow::Result<CredentialSource> {
        Program::try_parse_from(["sixty"].iter().chain(options))?.stores.role_at_aws("eu-central-1")
    }

    #[test]
    fn a_container_finds_its_credentials_where_its_agent_is_and_nowhere_in_the_clear() {
        let found = |options: &[&str]| match role(options).unwrap() {
            CredentialSource::Container { url, token } => (url.to_string(), token),
            other => panic!("{other:?}"),
        };
        let (url, token) = found(&["--aws-container-credentials-relative-uri", "/v2/credentials/7"]);
        assert_eq!(url, "http://169.254.170.2/v2/credentials/7");
        assert!(matches!(token, ContainerToken::None));
        let full = "--aws-container-credentials-full-uri";
        for agent in [
            "http://169.254.170.23/v1/credentials",
            "http://[fd00:ec2::23]/v1/credentials",
            "https://a.example/c",
        ] {
            let file = ["--aws-container-authorization-token-file", "/run/token"];
            let (url, token) = found(&[&[full, agent], &file[..]].concat());
            assert_eq!(url, agent);
            assert!(matches!(token, ContainerToken::File(file) if file.ends_with("token")));
        }
        let (_, token) = found(&[full, "http://127.0.0.1:4/c", "--aws-container-authorization-token", "t"]);
        assert!(matches!(token, ContainerToken::Text(_)));
        for (options, named) in [
            (&[full, "http://credentials.example/c"][..], "AWS_CONTAINER_CREDENTIALS_FULL_URI"),
            (
                &["--aws-container-credentials-relative-uri", "@evil.example/"],
                "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
            ),
            (&["--aws-web-identity-token-file", "/run/token"], "AWS_ROLE_ARN"),
        ] {
            let error = format!("{:#}", role(options).unwrap_err());
            assert!(error.contains(named), "{error}");
        }
        assert!(matches!(role(&[]).unwrap(), CredentialSource::Machine { .. }));
    }

    #[test]
    fn s3_takes_the_same_roles_and_says_what_is_missing() {
        let role = |options: &[&str]| {
            Program::try_parse_from(["sixty"].iter().chain(options)).unwrap().stores.role_at_s3()
        };
        let relative = role(&["--aws-container-credentials-relative-uri", "/v2/credentials/7"]).unwrap();
        assert!(
            matches!(relative, S3Credentials::Task { relative_uri } if relative_uri == "/v2/credentials/7")
        );
        let full = ["--aws-container-credentials-full-uri", "http://169.254.170.23/v1/credentials"];
        let error = role(&full).unwrap_err().to_string();
        assert!(error.contains("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE"), "{error}");
        let file = ["--aws-container-authorization-token-file", "/run/token"];
        assert!(matches!(role(&[full, file].concat()).unwrap(), S3Credentials::Container { .. }));
        assert!(matches!(role(&[]).unwrap(), S3Credentials::Machine));
    }

    #[test]
    fn a_token_of_vault_goes_to_another_machine_over_https_only() {
        let vault = |address: &str| {
            let options = ["sixty", "--vault-addr", address, "--vault-token", "hvs.secret"];
            Program::try_parse_from(options).unwrap().stores.vault().map(drop)
        };
        for plain in ["http://192.0.2.1:8200", "http://vault.example", "http://localhost.example:8200"] {
            let refused = format!("{:#}", vault(plain).unwrap_err());
            assert!(refused.contains("VAULT_ADDR") && refused.contains("https://"), "{refused}");
            assert!(!refused.contains("hvs.secret"), "{refused}");
        }
        for good in
            ["https://192.0.2.1:8200", "http://127.0.0.1:8200", "http://[::1]:8200", "http://localhost"]
        {
            vault(good).unwrap();
        }
    }

    #[test]
    fn a_reference_names_a_store_and_everything_else_is_a_value() {
        let vault = reference("vault:kv/data/sixty#operator_token").unwrap().unwrap();
        assert_eq!(vault, Reference::Vault { path: "kv/data/sixty", field: "operator_token" });
        let field = reference("aws-sm:sixty#token").unwrap().unwrap();
        assert_eq!(field, Reference::Aws { name: "sixty", field: Some("token") });
        let whole = reference("aws-sm:sixty").unwrap().unwrap();
        assert_eq!(whole, Reference::Aws { name: "sixty", field: None });
        for wrong in ["vault:", "vault:kv/data/sixty", "vault:#x", "vault:kv#", "aws-sm:", "aws-sm:x#"] {
            assert!(reference(wrong).unwrap().is_err(), "{wrong}");
        }
        for value in ["", "op_x", "/run/secrets/token", "redis://:p@h", "postgresql://u:p@h/d"] {
            assert!(!is_reference(value), "{value}");
        }
    }
}
