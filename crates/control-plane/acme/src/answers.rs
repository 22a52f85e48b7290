//! What is answered when an authority asks whether a name is ours (TLS-ALPN-01, RFC 8737): a certificate that nobody trusts,
//! with what only the holder of the account's key could have said.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use catalog::{Catalog, CatalogError, acme as rows};
use rcgen::{CertificateParams, CustomExtension, DistinguishedName, KeyPair};
use rustls::pki_types::PrivateKeyDer;
use rustls::sign::CertifiedKey;
use tokio::sync::Mutex;

use crate::AcmeConfig;

/// For how long it is remembered what is answered. Anybody may ask a server in the authority's way: the admin database notices one
/// question in so long.
pub(crate) const MEMORY: Duration = Duration::from_secs(1);

/// What a server answers. It needs no notice of an order that another server has taken: it looks when it is asked.
pub struct Answers {
    catalog: Catalog,
    domains: Vec<String>,
    remembered: Mutex<Option<Remembered>>,
}

/// What the admin database said, by name.
struct Remembered {
    since: Instant,
    digests: HashMap<String, Vec<u8>>,
}

impl Answers {
    /// For the names of this configuration.
    #[must_use]
    pub fn new(config: &AcmeConfig, catalog: Catalog) -> Self {
        Self { catalog, domains: config.domains.clone(), remembered: Mutex::new(None) }
    }

    /// What to show to whoever asks about the name; `None` when there is nothing to be answered.
    pub async fn answer(&self, name: &str) -> Option<CertifiedKey> {
        let name = name.to_ascii_lowercase();
        if !self.domains.contains(&name) {
            return None;
        }
        let digest = match self.digest(&name).await {
            Ok(digest) => digest?,
            Err(error) => {
                tracing::warn!(%error, name, "an authority's question can't be answered");
                return None;
            }
        };
        match certificate(&name, &digest) {
            Ok(certificate) => Some(certificate),
            Err(error) => {
                tracing::error!(error, name, "an authority's question can't be answered");
                None
            }
        }
    }

    async fn digest(&self, name: &str) -> Result<Option<Vec<u8>>, CatalogError> {
        // Held while the database is asked: of many who ask at once one asks it.
        let mut remembered = self.remembered.lock().await;
        if let Some(known) = remembered.as_ref().filter(|known| known.since.elapsed() < MEMORY) {
            return Ok(known.digests.get(name).cloned());
        }
        let client = self.catalog.client().await?;
        let digests: HashMap<_, _> = rows::challenges(&client, &self.domains).await?.into_iter().collect();
        let digest = digests.get(name).cloned();
        *remembered = Some(Remembered { since: Instant::now(), digests });
        Ok(digest)
    }
}

fn certificate(name: &str, digest: &[u8]) -> Result<CertifiedKey, String> {
    let made = || {
        let key = KeyPair::generate()?;
        let mut params = CertificateParams::new([name.to_owned()])?;
        params.distinguished_name = DistinguishedName::new();
        params.custom_extensions = vec![CustomExtension::new_acme_identifier(digest)];
        Ok::<_, rcgen::Error>((params.self_signed(&key)?, key))
    };
    let (certificate, key) = made().map_err(|error| error.to_string())?;
    let key = PrivateKeyDer::try_from(key.serialize_der())?;
    let provider = rustls::crypto::aws_lc_rs::default_provider();
    let key = provider.key_provider.load_private_key(key).map_err(|error| error.to_string())?;
    // Not by `from_der`: it looks whether the key fits, and gives up at an extension that it must understand and doesn't.
    Ok(CertifiedKey::new(vec![certificate.der().clone()], key))
}

#[cfg(test)]
mod tests {
    use x509_cert::Certificate;
    use x509_cert::der::Decode as _;

    use super::*;

    #[test]
    fn the_answer_is_a_certificate_with_the_digest_for_the_name() {
        let answer = certificate("a.example.test", &[7; 32]).unwrap();
        let shown = Certificate::from_der(&answer.cert[0]).unwrap();
        let extensions = shown.tbs_certificate.extensions.unwrap();
        let proof = extensions.iter().find(|one| one.extn_id.to_string() == "1.3.6.1.5.5.7.1.31").unwrap();
        assert!(proof.critical, "RFC 8737");
        assert_eq!(proof.extn_value.as_bytes(), [&[4, 32][..], &[7; 32]].concat());
    }
}
