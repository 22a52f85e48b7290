//! A certificate that can be shown.

use std::fmt;

use catalog::acme::IssuedCertificate;
use chrono::{DateTime, Utc};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::sign::CertifiedKey;
use secrets::{ExposeSecret as _, SecretString};
use x509_cert::Certificate;
use x509_cert::der::Decode as _;

use crate::AcmeError;

/// A certificate that can be shown, with its key.
#[derive(Clone)]
pub struct Issued {
    /// The certificate and those between it and an authority, PEM.
    pub chain: String,
    /// Its key, PEM.
    pub key: SecretString,
    /// Since when it is good.
    pub starts_at: DateTime<Utc>,
    /// Until when.
    pub expires_at: DateTime<Utc>,
}

impl Issued {
    /// What an authority gave for this key.
    ///
    /// # Errors
    /// [`AcmeError::Unusable`] when the two don't belong together, or nobody can show them.
    pub(crate) fn new(chain: String, key: SecretString) -> Result<Self, AcmeError> {
        let unusable = |why: String| AcmeError::Unusable(why);
        let certificates: Vec<_> = CertificateDer::pem_slice_iter(chain.as_bytes())
            .collect::<Result<_, _>>()
            .map_err(|error| unusable(error.to_string()))?;
        let leaf = certificates.first().ok_or_else(|| unusable("there is none".to_owned()))?;
        let validity = Certificate::from_der(leaf)
            .map_err(|error| unusable(error.to_string()))?
            .tbs_certificate
            .validity;
        let private = PrivateKeyDer::from_pem_slice(key.expose_secret().as_bytes())
            .map_err(|_| AcmeError::Stored("it isn't in PEM form".to_owned()))?;
        let provider = rustls::crypto::aws_lc_rs::default_provider();
        // Only to know whether they fit.
        CertifiedKey::from_der(certificates, private, &provider)
            .map_err(|error| unusable(error.to_string()))?;
        Ok(Self {
            chain,
            key,
            starts_at: validity.not_before.to_system_time().into(),
            expires_at: validity.not_after.to_system_time().into(),
        })
    }

    /// From when on another one is ordered: when two thirds of its time are over.
    #[must_use]
    pub fn renew_at(&self) -> DateTime<Utc> {
        renew_at(self.starts_at, self.expires_at)
    }
}

fn renew_at(starts_at: DateTime<Utc>, expires_at: DateTime<Utc>) -> DateTime<Utc> {
    starts_at + (expires_at - starts_at) * 2 / 3
}

/// The same of what is stored.
pub(crate) fn stored_renew_at(stored: &IssuedCertificate) -> DateTime<Utc> {
    renew_at(stored.starts_at, stored.expires_at)
}

impl fmt::Debug for Issued {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Issued").field("expires_at", &self.expires_at).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use rcgen::{CertificateParams, KeyPair, date_time_ymd};

    use super::*;

    #[test]
    fn what_does_not_fit_is_never_shown() {
        let (own, other) = (KeyPair::generate().unwrap(), KeyPair::generate().unwrap());
        let mut params = CertificateParams::new(["a.example".to_owned()]).unwrap();
        params.not_before = date_time_ymd(2026, 1, 1);
        params.not_after = date_time_ymd(2026, 4, 1);
        let chain = params.self_signed(&own).unwrap().pem();
        let issued = Issued::new(chain.clone(), own.serialize_pem().into()).unwrap();
        assert_eq!(issued.renew_at().to_rfc3339(), "2026-03-02T00:00:00+00:00");
        assert!(!format!("{issued:?}").contains("PRIVATE"));
        assert!(Issued::new(chain.clone(), other.serialize_pem().into()).is_err(), "another key");
        assert!(Issued::new(chain, "nothing".into()).is_err());
        assert!(Issued::new(String::new(), own.serialize_pem().into()).is_err());
    }
}
