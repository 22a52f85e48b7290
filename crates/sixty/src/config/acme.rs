//! A certificate of the server's own from an ACME authority.

use std::path::{Path, PathBuf};

use acme::{AcmeConfig, ExternalAccount, LETS_ENCRYPT};
use anyhow::{Context as _, bail, ensure};
use clap::Args;
use secrets::SecretString;
use url::Url;

use super::StoreArgs;
use super::clerk::require_https;
use super::stores::{given_secret, named_in_store};

/// Which names, from whom.
#[derive(Args, Debug, Clone)]
#[command(next_help_heading = "Certificate from an ACME authority")]
pub(crate) struct AcmeArgs {
    /// The names under which callers reach the servers, such as crm.example.com. With them the servers order their certificate
    /// themselves, renew it, and answer the authority's question on their own port, which 443 of each name must reach.
    #[arg(long, env = "SIXTY_ACME_DOMAINS", value_name = "NAME,...", value_delimiter = ',')]
    acme_domains: Vec<String>,
    /// That you accept the authority's terms of service, which its directory names. Nothing is ordered without.
    #[arg(long, env = "SIXTY_ACME_TERMS_ACCEPTED", num_args = 0..=1, default_missing_value = "true", default_value_t = false)]
    acme_terms_accepted: bool,
    /// The authority's directory.
    #[arg(long, env = "SIXTY_ACME_DIRECTORY", value_name = "URL", default_value = LETS_ENCRYPT)]
    acme_directory: Url,
    /// Whom the authority may write to about the certificate: addresses of mail.
    #[arg(long, env = "SIXTY_ACME_CONTACT", value_name = "ADDRESS,...", value_delimiter = ',')]
    acme_contact: Vec<String>,
    /// A file with the certificate authority that must have signed the directory's own certificate, PEM. Unless given, those
    /// count that the machine trusts.
    #[arg(long, env = "SIXTY_ACME_CA_FILE", value_name = "FILE")]
    acme_ca_file: Option<PathBuf>,
    /// For an authority that gives certificates to its own customers only (external account binding): the id of the key that it
    /// gave you.
    #[arg(long, env = "SIXTY_ACME_EAB_KEY_ID", value_name = "ID")]
    acme_eab_key_id: Option<String>,
    /// That key, in base64 as the authority shows it, or where Vault or AWS has it. Set the variable rather than the option:
    /// options are seen in process lists.
    #[arg(long, env = "SIXTY_ACME_EAB_HMAC_KEY", value_name = "KEY", hide_env_values = true)]
    acme_eab_hmac_key: Option<SecretString>,
    /// A file with it instead, that only the server's user can read.
    #[arg(
        long,
        env = "SIXTY_ACME_EAB_HMAC_KEY_FILE",
        value_name = "FILE",
        conflicts_with = "acme_eab_hmac_key"
    )]
    acme_eab_hmac_key_file: Option<PathBuf>,
}

impl AcmeArgs {
    /// Whether a store holds the key that the authority gave.
    pub(crate) fn names_store(&self) -> bool {
        self.in_store().is_some()
    }

    /// The same with what a store holds in the place of its name. Nobody is asked where nothing is ordered.
    pub(crate) async fn resolved(&self, stores: &StoreArgs) -> anyhow::Result<Self> {
        let Some(named) = self.in_store() else { return Ok(self.clone()) };
        let key = stores.resolve("SIXTY_ACME_EAB_HMAC_KEY", named).await?;
        Ok(Self { acme_eab_hmac_key: Some(key), ..self.clone() })
    }

    fn in_store(&self) -> Option<SecretString> {
        let (value, file) = self.hmac_key();
        named_in_store(value, file).filter(|_| !self.names().is_empty())
    }

    fn hmac_key(&self) -> (Option<&SecretString>, Option<&Path>) {
        (self.acme_eab_hmac_key.as_ref(), self.acme_eab_hmac_key_file.as_deref())
    }

    fn names(&self) -> Vec<String> {
        self.acme_domains.iter().filter(|name| !name.trim().is_empty()).cloned().collect()
    }

    /// What is to be ordered; `None` when no name is given. What a store holds is [`Self::resolved`] before.
    ///
    /// # Errors
    /// When that can't be, or nobody has accepted the terms.
    pub(crate) fn config(&self) -> anyhow::Result<Option<AcmeConfig>> {
        let names = self.names();
        if names.is_empty() {
            return Ok(None);
        }
        require_https("SIXTY_ACME_DIRECTORY", &self.acme_directory)?;
        ensure!(
            self.acme_terms_accepted,
            "SIXTY_ACME_DOMAINS orders a certificate at {}, whose terms of service must be accepted: set \
             SIXTY_ACME_TERMS_ACCEPTED=true if you do",
            self.acme_directory
        );
        let read = |path: &PathBuf| {
            std::fs::read_to_string(path)
                .with_context(|| format!("SIXTY_ACME_CA_FILE: {} can't be read", path.display()))
        };
        let authority = self.acme_ca_file.as_ref().map(read).transpose()?;
        let contacts: Vec<_> =
            self.acme_contact.iter().map(|one| one.trim().to_owned()).filter(|one| !one.is_empty()).collect();
        let config = AcmeConfig::new(self.acme_directory.as_str(), &names).context("SIXTY_ACME_DOMAINS")?;
        let config = config.with_contacts(&contacts).with_authority(authority);
        Ok(Some(config.with_external_account(self.external_account()?)))
    }

    /// Whose customer we are at the authority.
    fn external_account(&self) -> anyhow::Result<Option<ExternalAccount>> {
        let key = given_secret("SIXTY_ACME_EAB_HMAC_KEY", self.hmac_key())?;
        match (&self.acme_eab_key_id, key) {
            (Some(id), Some(key)) => {
                Ok(Some(ExternalAccount::new(id, &key).context("SIXTY_ACME_EAB_HMAC_KEY")?))
            }
            (None, None) => Ok(None),
            (Some(_), None) => bail!(
                "SIXTY_ACME_EAB_HMAC_KEY_FILE goes with SIXTY_ACME_EAB_KEY_ID: the authority gives both together"
            ),
            (None, Some(_)) => bail!(
                "SIXTY_ACME_EAB_KEY_ID goes with SIXTY_ACME_EAB_HMAC_KEY: the authority gives both together"
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser as _;
    use serde_json::json;
    use wiremock::matchers::{body_partial_json, header, path};
    use wiremock::{Mock, MockServer, ResponseTemplate};

    use super::*;
    use crate::config::{CertificateSource, ServerArgs};

    #[derive(clap::Parser)]
    struct Program {
        #[command(flatten)]
        server: ServerArgs,
        #[command(flatten)]
        stores: StoreArgs,
    }

    fn ordered(options: &[&str]) -> anyhow::Result<Option<AcmeConfig>> {
        let server = Program::try_parse_from(["sixty"].iter().chain(options))?.server;
        match server.in_the_local_stack().certificate()? {
            CertificateSource::Acme(config) => Ok(Some(*config)),
            CertificateSource::None | CertificateSource::Files(_) => Ok(None),
        }
    }

    #[test]
    fn nothing_is_ordered_unless_the_terms_are_accepted() {
        assert!(ordered(&[]).unwrap().is_none());
        let names = ["--acme-domains", "b.example.com,a.example.com"];
        let refused = ordered(&names).unwrap_err().to_string();
        assert!(
            refused.contains("SIXTY_ACME_TERMS_ACCEPTED=true") && refused.contains("letsencrypt"),
            "{refused}"
        );
        let accepted = ordered(&[&names[..], &["--acme-terms-accepted", "true"]].concat()).unwrap().unwrap();
        assert_eq!(accepted.domains(), ["a.example.com", "b.example.com"]);
        assert_eq!(accepted.directory(), LETS_ENCRYPT);
    }

    #[test]
    fn a_setting_that_makes_no_sense_is_named() {
        let with = |more: &[&str]| {
            let all = [&["--acme-domains", "a.example.com", "--acme-terms-accepted"], more].concat();
            ordered(&all).map(drop).unwrap_err().to_string()
        };
        assert!(with(&["--acme-directory", "http://ca.example.com/dir"]).contains("SIXTY_ACME_DIRECTORY"));
        assert!(with(&["--acme-ca-file", "/nowhere.pem"]).contains("SIXTY_ACME_CA_FILE"));
        let both = with(&["--tls-certificate-file", "/a", "--tls-key-file", "/b"]);
        assert!(both.contains("SIXTY_TLS_CERTIFICATE_FILE"), "{both}");
        let id = ["--acme-eab-key-id", "kid-1"];
        assert!(with(&id).contains("SIXTY_ACME_EAB_HMAC_KEY_FILE"));
        assert!(with(&["--acme-eab-hmac-key", "aGk"]).contains("SIXTY_ACME_EAB_KEY_ID"));
        let nowhere = [&id[..], &["--acme-eab-hmac-key-file", "/nowhere"]].concat();
        assert!(with(&nowhere).contains("SIXTY_ACME_EAB_HMAC_KEY_FILE /nowhere"));
        for bad in ["no base64!", "vault:kv/data/sixty#eab"] {
            let told = with(&[&id[..], &["--acme-eab-hmac-key", bad]].concat());
            assert!(told.contains("SIXTY_ACME_EAB_HMAC_KEY") && !told.contains(bad), "{told}");
        }
        let wildcard = ordered(&["--acme-domains", "*.example.com", "--acme-terms-accepted"]).unwrap_err();
        assert!(format!("{wildcard:#}").contains("SIXTY_ACME_DOMAINS"), "{wildcard:#}");
    }

    /// What is ordered when the key of the account is in a store.
    async fn bound(eab: [&str; 2], stores: &[&str]) -> anyhow::Result<AcmeConfig> {
        let ordered = ["sixty", "--tls", "plain", "--acme-domains", "a.example.com", "--acme-terms-accepted"];
        let given = ordered.iter().chain(&["--acme-eab-key-id", "kid-1"]).chain(&eab).chain(stores);
        let program = Program::try_parse_from(given)?;
        assert!(program.server.acme.names_store());
        match program.server.resolved(&program.stores).await?.certificate()? {
            CertificateSource::Acme(config) => Ok(*config),
            other => panic!("nothing is ordered: {other:?}"),
        }
    }

    #[tokio::test]
    async fn the_key_of_the_account_may_be_in_vault_or_at_aws() {
        let store = MockServer::start().await;
        Mock::given(path("/v1/kv/data/sixty"))
            .and(header("X-Vault-Token", "sesame-open"))
            .respond_with(ResponseTemplate::new(200).set_body_json(
                json!({ "data": { "data": { "eab": "zWNDZM6eQGHWpSRT", "other": "no base64!" } } }),
            ))
            .mount(&store)
            .await;
        Mock::given(header("X-Amz-Target", "secretsmanager.GetSecretValue"))
            .and(body_partial_json(json!({ "SecretId": "sixty" })))
            .respond_with(
                ResponseTemplate::new(200)
                    .set_body_json(json!({ "SecretString": "{\"eab\": \"zWNDZM6eQGHWpSRT\"}" })),
            )
            .mount(&store)
            .await;
        let uri = store.uri();
        let vault = ["--vault-addr", &uri, "--vault-token", "sesame-open"];
        let keys = ["--aws-access-key-id", "AKIA", "--aws-secret-access-key", "hunter2"];
        let aws = [&["--aws-region", "eu-central-1", "--aws-endpoint-url", &uri], &keys[..]].concat();
        for option in ["--acme-eab-hmac-key", "--acme-eab-hmac-key-file"] {
            for (named, stores) in [("vault:kv/data/sixty#eab", &vault[..]), ("aws-sm:sixty#eab", &aws[..])] {
                let ordered = bound([option, named], stores).await.unwrap();
                let told = format!("{ordered:?}");
                assert!(told.contains("kid-1") && !told.contains("zWNDZM6e"), "{told}");
            }
        }
        // What isn't there, or is no key, is named by its setting and not repeated.
        for field in ["nothing", "other"] {
            let named = format!("vault:kv/data/sixty#{field}");
            let refused = bound(["--acme-eab-hmac-key", &named], &vault).await.unwrap_err();
            let told = format!("{refused:#}");
            assert!(told.contains("SIXTY_ACME_EAB_HMAC_KEY") && !told.contains("no base64!"), "{told}");
        }
        // Nobody is asked for the key of an account that nothing is ordered with.
        let idle = ["sixty", "--acme-eab-hmac-key", "vault:kv/data/sixty#eab"];
        let idle = Program::try_parse_from(idle).unwrap();
        assert!(idle.server.acme.resolved(&idle.stores).await.is_ok());
    }
}
