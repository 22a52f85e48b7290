//! A certificate authority of this installation's own, and the certificates of its servers.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
    KeyUsagePurpose, PKCS_ECDSA_P256_SHA256,
};
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
use time::OffsetDateTime;
use x509_cert::Certificate;
use x509_cert::der::Decode as _;

use crate::{OsUser, ServerError, folders};

const AUTHORITY_NAME: &str = "sixty local certificate authority";
const AUTHORITY_LIFETIME: Duration = Duration::from_secs(20 * 365 * 86_400);
const SERVER_LIFETIME: Duration = Duration::from_secs(2 * 365 * 86_400);
/// A server's certificate is renewed when it has less than this left.
const RENEW_BEFORE: Duration = Duration::from_secs(90 * 86_400);

/// Signs the certificates of the servers of one home. Its key never leaves the home (mode 0600).
#[derive(Debug)]
pub struct CertificateAuthority {
    issuer: Issuer<'static, KeyPair>,
    certificate: String,
}

impl CertificateAuthority {
    /// The authority in `folder` (`authority.crt`, `authority.key`), made at the first use.
    ///
    /// Several may make it at once: the folder appears whole, and the first one wins.
    ///
    /// # Errors
    /// When it can't be made or read.
    pub fn open(folder: &Path) -> Result<Self, ServerError> {
        if !folder.join("authority.crt").exists() {
            Self::make(folder)?;
        }
        let read = |name: &str| {
            let path = folder.join(name);
            fs::read_to_string(&path).map_err(ServerError::file(&path))
        };
        let key = KeyPair::from_pem(&read("authority.key")?).map_err(broken)?;
        Ok(Self { issuer: Issuer::new(authority_params(), key), certificate: read("authority.crt")? })
    }

    /// The authority's certificate, PEM: what a client must trust.
    #[must_use]
    pub fn certificate(&self) -> &str {
        &self.certificate
    }

    /// Sees to it that `server.crt` and `server.key` in `data_dir` are there, signed by this authority, good for
    /// every one of `hosts` and not about to expire. Says whether it made new ones.
    ///
    /// # Errors
    /// When they can't be made or written.
    pub fn ensure_server_certificate(
        &self,
        data_dir: &Path,
        hosts: &[String],
        user: &OsUser,
    ) -> Result<bool, ServerError> {
        let (certificate_file, key_file) = server_files(data_dir);
        let expires = fs::read_to_string(&certificate_file).ok().and_then(|pem| expiry(&pem));
        let is_good =
            expires.is_some_and(|expires| expires > SystemTime::now() + RENEW_BEFORE) && key_file.exists();
        if is_good {
            return Ok(false);
        }
        let key = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256).map_err(broken)?;
        let mut params = CertificateParams::new(hosts).map_err(broken)?;
        params.distinguished_name.push(DnType::CommonName, "sixty PostgreSQL");
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        params.use_authority_key_identifier_extension = true;
        set_lifetime(&mut params, SERVER_LIFETIME);
        let certificate = params.signed_by(&key, &self.issuer).map_err(broken)?;
        // The certificate last: it's what tells that both are there.
        folders::write_server_file(&key_file, &key.serialize_pem(), user)?;
        folders::write_server_file(&certificate_file, &certificate.pem(), user)?;
        Ok(true)
    }

    fn make(folder: &Path) -> Result<(), ServerError> {
        let key = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256).map_err(broken)?;
        let certificate = authority_params().self_signed(&key).map_err(broken)?;
        let unfinished = folder.with_extension(format!("making-{}", std::process::id()));
        folders::remove(&unfinished)?;
        fs::create_dir_all(&unfinished).map_err(ServerError::file(&unfinished))?;
        folders::write_private(&unfinished.join("authority.key"), &key.serialize_pem())?;
        folders::write_private(&unfinished.join("authority.crt"), &certificate.pem())?;
        if let Err(error) = fs::rename(&unfinished, folder) {
            folders::remove(&unfinished)?;
            if !folder.join("authority.crt").exists() {
                return Err(ServerError::file(folder)(error));
            }
        }
        Ok(())
    }
}

/// The names of a server's certificate and key in its data folder.
#[must_use]
pub fn server_files(data_dir: &Path) -> (PathBuf, PathBuf) {
    (data_dir.join("server.crt"), data_dir.join("server.key"))
}

/// The same at every start: what is signed with the stored key then fits to the stored certificate.
fn authority_params() -> CertificateParams {
    let mut params = CertificateParams::default();
    params.distinguished_name.remove(DnType::CommonName);
    params.distinguished_name.push(DnType::CommonName, AUTHORITY_NAME);
    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    set_lifetime(&mut params, AUTHORITY_LIFETIME);
    params
}

fn set_lifetime(params: &mut CertificateParams, lifetime: Duration) {
    let now = OffsetDateTime::from(SystemTime::now());
    // A day of grace for clocks that are behind.
    params.not_before = now - Duration::from_secs(86_400);
    params.not_after = now + lifetime;
}

fn expiry(pem: &str) -> Option<SystemTime> {
    let der = CertificateDer::from_pem_slice(pem.as_bytes()).ok()?;
    let certificate = Certificate::from_der(&der).ok()?;
    Some(certificate.tbs_certificate.validity.not_after.to_system_time())
}

#[expect(clippy::needless_pass_by_value, reason = "so that it can be passed to map_err as it is")]
fn broken(error: rcgen::Error) -> ServerError {
    ServerError::Certificate(error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_certificate_is_kept_until_it_is_about_to_expire() {
        let folder = std::env::temp_dir().join(format!("sixty-certificate-{}", std::process::id()));
        fs::create_dir_all(&folder).unwrap();
        let user = OsUser::find(None).unwrap();
        let authority = CertificateAuthority::open(&folder.join("tls")).unwrap();
        let again = CertificateAuthority::open(&folder.join("tls")).unwrap();
        assert_eq!(authority.certificate(), again.certificate());

        let hosts = ["localhost".to_owned(), "127.0.0.1".to_owned(), "::1".to_owned()];
        assert!(authority.ensure_server_certificate(&folder, &hosts, &user).unwrap());
        assert!(!again.ensure_server_certificate(&folder, &hosts, &user).unwrap());
        let pem = fs::read_to_string(folder.join("server.crt")).unwrap();
        assert!(expiry(&pem).unwrap() > SystemTime::now() + RENEW_BEFORE);
        fs::remove_file(folder.join("server.crt")).unwrap();
        assert!(again.ensure_server_certificate(&folder, &hosts, &user).unwrap());
        fs::remove_dir_all(&folder).unwrap();
    }
}
