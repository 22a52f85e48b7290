//! A certificate of the server's own from an ACME authority.

use std::path::PathBuf;

use acme::{AcmeConfig, ExternalAccount, LETS_ENCRYPT};
use anyhow::{Context as _, bail, ensure};
use clap::Args;
use secrets::{ExposeSecret as _, SecretString};
use url::Url;

use super::clerk::require_https;
use super::stores::is_reference;

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
    /// That key, in base64 as the authority shows it. Set the variable rather than the option: options are seen in process lists.
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
    /// What is to be ordered; `None` when no name is given.
    ///
    /// # Errors
    /// When that can't be, or nobody has accepted the terms.
    pub(crate) fn config(&self) -> anyhow::Result<Option<AcmeConfig>> {
        let named = self.acme_domains.iter().filter(|name| !name.trim().is_empty());
        let names: Vec<_> = named.cloned().collect();
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
        let key = match (&self.acme_eab_hmac_key, &self.acme_eab_hmac_key_file) {
            (Some(key), _) => Some(key.clone()),
            (None, Some(file)) => {
                let read = super::read_private(file);
                Some(read.with_context(|| format!("SIXTY_ACME_EAB_HMAC_KEY_FILE {}", file.display()))?)
            }
            (None, None) => None,
        };
        match (&self.acme_eab_key_id, key) {
            (Some(id), Some(key)) => {
                ensure!(
                    !is_reference(key.expose_secret()),
                    "SIXTY_ACME_EAB_HMAC_KEY is read from no store: have it put into a file, and name that in \
                     SIXTY_ACME_EAB_HMAC_KEY_FILE"
                );
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

    use super::*;
    use crate::config::{CertificateSource, ServerArgs};

    #[derive(clap::Parser)]
    struct Program {
        #[command(flatten)]
        server: ServerArgs,
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
}
