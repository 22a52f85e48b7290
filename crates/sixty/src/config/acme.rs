//! A certificate of the server's own from an ACME authority.

use std::path::PathBuf;

use acme::{AcmeConfig, LETS_ENCRYPT};
use anyhow::{Context as _, ensure};
use clap::Args;
use url::Url;

use super::clerk::require_https;

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
        Ok(Some(config.with_contacts(&contacts).with_authority(authority)))
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
            CertificateSource::Acme(config) => Ok(Some(config)),
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
        let wildcard = ordered(&["--acme-domains", "*.example.com", "--acme-terms-accepted"]).unwrap_err();
        assert!(format!("{wildcard:#}").contains("SIXTY_ACME_DOMAINS"), "{wildcard:#}");
    }
}
