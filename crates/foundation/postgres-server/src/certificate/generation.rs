//! One authority: two files in a folder of its own.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use rcgen::{
    BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair, KeyUsagePurpose,
    PKCS_ECDSA_P256_SHA256,
};
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
use time::OffsetDateTime;
use x509_cert::Certificate;
use x509_cert::der::Decode as _;

use super::rotation::{CertificatePolicy, Term};
use super::{appear, broken};
use crate::{ServerError, folders};

pub(super) const CERTIFICATE: &str = "authority.crt";
const KEY: &str = "authority.key";
/// The first authority, whose files lie in the home's folder itself.
pub(super) const FIRST: &str = "1";
const COMMON_NAME: &str = "sixty local certificate authority";
/// A certificate is good from a day before it was made, for clocks that are behind.
pub(super) const GRACE: Duration = Duration::from_secs(86_400);

#[derive(Debug)]
pub(super) struct Generation {
    folder: PathBuf,
    pub(super) name: String,
    /// PEM.
    pub(super) certificate: String,
    pub(super) der: CertificateDer<'static>,
    pub(super) term: Term,
}

/// Whether a folder of this name is an authority's.
pub(super) fn is_name(name: &str) -> bool {
    name.parse::<usize>().is_ok_and(|number| number > 1 && number.to_string() == name)
}

impl Generation {
    /// `None` when it isn't there.
    pub(super) fn read(folder: &Path, name: &str) -> Result<Option<Self>, ServerError> {
        let path = folder.join(CERTIFICATE);
        let certificate = match fs::read_to_string(&path) {
            Ok(certificate) => certificate,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(ServerError::file(&path)(error)),
        };
        let unreadable = || ServerError::Certificate(format!("{} holds no certificate", path.display()));
        let der = CertificateDer::from_pem_slice(certificate.as_bytes()).map_err(|_| unreadable())?;
        let term = term(&der).ok_or_else(unreadable)?;
        Ok(Some(Self { folder: folder.to_owned(), name: name.to_owned(), certificate, der, term }))
    }

    pub(super) fn number(&self) -> usize {
        self.name.parse().unwrap_or(1)
    }

    /// Makes one in `folder`, which appears whole. Where somebody made it before, theirs stays.
    pub(super) fn make(folder: &Path, name: &str, policy: &CertificatePolicy) -> Result<(), ServerError> {
        let key = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256).map_err(broken)?;
        let mut params = params(name);
        set_lifetime(&mut params, policy.authority_lifetime);
        let certificate = params.self_signed(&key).map_err(broken)?;
        appear(folder, |unfinished| {
            folders::write_private(&unfinished.join(KEY), &key.serialize_pem())?;
            folders::write_private(&unfinished.join(CERTIFICATE), &certificate.pem())
        })
    }

    /// What signs in its name.
    pub(super) fn issuer(&self) -> Result<Issuer<'static, KeyPair>, ServerError> {
        let path = self.folder.join(KEY);
        let pem = fs::read_to_string(&path).map_err(ServerError::file(&path))?;
        Ok(Issuer::new(params(&self.name), KeyPair::from_pem(&pem).map_err(broken)?))
    }

    /// Forgets it, the key first: whatever is left after a kill signs nothing.
    pub(super) fn remove(&self) -> Result<(), ServerError> {
        for name in [KEY, CERTIFICATE] {
            let path = self.folder.join(name);
            match fs::remove_file(&path) {
                Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                    return Err(ServerError::file(&path)(error));
                }
                _ => {}
            }
        }
        // The first one's folder holds the others, and stays.
        if self.name != FIRST { folders::remove(&self.folder) } else { Ok(()) }
    }
}

/// The same at every time: what is signed with the stored key then fits to the stored certificate.
fn params(name: &str) -> CertificateParams {
    let mut params = CertificateParams::default();
    params.distinguished_name.remove(DnType::CommonName);
    // Each has a name of its own, so that clients who trust two find the right one.
    let common_name = if name == FIRST { COMMON_NAME.to_owned() } else { format!("{COMMON_NAME} {name}") };
    params.distinguished_name.push(DnType::CommonName, common_name);
    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    params
}

pub(super) fn set_lifetime(params: &mut CertificateParams, lifetime: Duration) {
    let now = OffsetDateTime::from(SystemTime::now());
    params.not_before = now - GRACE;
    params.not_after = now + lifetime;
}

/// When a certificate was made, and when it ends.
pub(super) fn term(der: &CertificateDer<'_>) -> Option<Term> {
    let validity = Certificate::from_der(der).ok()?.tbs_certificate.validity;
    Some(Term {
        introduced_at: validity.not_before.to_system_time() + GRACE,
        expires_at: validity.not_after.to_system_time(),
    })
}
