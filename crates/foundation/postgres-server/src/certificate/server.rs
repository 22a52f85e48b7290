//! The certificate of one server: whether it is good, and making another.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use rcgen::{
    CertificateParams, DnType, ExtendedKeyUsagePurpose, KeyPair, KeyUsagePurpose, PKCS_ECDSA_P256_SHA256,
    PublicKeyData as _,
};
use rustls::RootCertStore;
use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::ServerCertVerifier as _;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use x509_cert::Certificate;
use x509_cert::der::{Decode as _, Encode as _};

use super::broken;
use super::generation::{Generation, set_lifetime, term};
use super::rotation::CertificatePolicy;
use crate::{OsUser, ServerError, folders};

/// What a server shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ServerCertificate {
    /// When it ends.
    pub expires_at: SystemTime,
    /// When the authority that signed it ends.
    pub authority_expires_at: SystemTime,
    /// Whether that is the one that signs now.
    pub is_by_signer: bool,
}

/// The names of a server's certificate and key in its data folder.
#[must_use]
pub fn server_files(data_dir: &Path) -> (PathBuf, PathBuf) {
    (data_dir.join("server.crt"), data_dir.join("server.key"))
}

/// Makes a certificate by this authority.
pub(super) fn issue(
    by: &Generation,
    policy: &CertificatePolicy,
    data_dir: &Path,
    hosts: &[String],
    user: &OsUser,
) -> Result<(), ServerError> {
    let (certificate_file, key_file) = server_files(data_dir);
    let key = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256).map_err(broken)?;
    let mut params = CertificateParams::new(hosts).map_err(broken)?;
    params.distinguished_name.push(DnType::CommonName, "sixty PostgreSQL");
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    params.use_authority_key_identifier_extension = true;
    // Nothing outlives who vouches for it.
    let left = by.term.expires_at.duration_since(SystemTime::now()).unwrap_or_default();
    set_lifetime(&mut params, policy.server_lifetime.min(left));
    let certificate = params.signed_by(&key, &by.issuer()?).map_err(broken)?;
    // A kill between the two leaves files that don't fit each other: that is seen, and both are made again.
    folders::write_server_file(&key_file, &key.serialize_pem(), user)?;
    folders::write_server_file(&certificate_file, &certificate.pem(), user)
}

/// Whether the server's files fit each other, and one of these authorities vouches for the certificate and for every one of
/// the hosts, until then.
pub(super) fn is_good(data_dir: &Path, hosts: &[String], by: &[Generation], until: SystemTime) -> bool {
    let Some(certificate) = on_disk(data_dir) else { return false };
    let fits = || {
        let key = KeyPair::from_pem(&fs::read_to_string(server_files(data_dir).1).ok()?).ok()?;
        let shown = Certificate::from_der(&certificate).ok()?.tbs_certificate.subject_public_key_info;
        Some(shown.to_der().ok()? == key.subject_public_key_info())
    };
    fits() == Some(true) && vouch(by, &certificate, hosts, until)
}

/// What is to be known of a certificate, and which of the authorities signed it.
pub(super) fn about(shown: &CertificateDer<'_>, by: &[Generation]) -> Option<(ServerCertificate, usize)> {
    let own = term(shown)?;
    // At a time of its life: whether that is over is another question.
    let then = own.expires_at - Duration::from_secs(1);
    // Every certificate of ours names this host, whatever else it names.
    let hosts = ["localhost".to_owned()];
    let signer = by.iter().position(|one| vouch(std::slice::from_ref(one), shown, &hosts, then))?;
    let told = ServerCertificate {
        expires_at: own.expires_at,
        authority_expires_at: by.get(signer)?.term.expires_at,
        is_by_signer: false,
    };
    Some((told, signer))
}

/// The certificate in a server's folder: what it shows once it has read it.
#[must_use]
pub fn on_disk(data_dir: &Path) -> Option<CertificateDer<'static>> {
    CertificateDer::from_pem_slice(&fs::read(server_files(data_dir).0).ok()?).ok()
}

/// What every client of ours does when it is shown the certificate.
fn vouch(by: &[Generation], shown: &CertificateDer<'_>, hosts: &[String], then: SystemTime) -> bool {
    let mut roots = RootCertStore::empty();
    let (added, _) = roots.add_parsable_certificates(by.iter().map(|one| one.der.clone()));
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let Ok(since) = then.duration_since(UNIX_EPOCH) else { return false };
    let Ok(verifier) = WebPkiServerVerifier::builder_with_provider(Arc::new(roots), provider).build() else {
        return false;
    };
    added > 0
        && hosts.iter().all(|host| {
            ServerName::try_from(host.as_str()).is_ok_and(|name| {
                let time = UnixTime::since_unix_epoch(since);
                verifier.verify_server_cert(shown, &[], &name, &[], time).is_ok()
            })
        })
}
