//! Whose certificates are believed.

use std::sync::Arc;

use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
use rustls::{ClientConfig, RootCertStore};
use rustls_platform_verifier::BuilderVerifierExt as _;

use super::NotTold;

/// Whether this is at least one certificate in PEM form.
pub(crate) fn is_authority(pem: &str) -> bool {
    roots(pem).is_ok()
}

/// Verifies certificates with this authority; with those that the machine trusts when none is given.
pub(super) fn client_config(ca_certificate: Option<&str>) -> Result<ClientConfig, NotTold> {
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let builder = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
    let builder = builder.map_err(|error| NotTold::of(&error))?;
    Ok(match ca_certificate {
        Some(pem) => builder.with_root_certificates(roots(pem)?).with_no_client_auth(),
        None => builder.with_platform_verifier().map_err(|error| NotTold::of(&error))?.with_no_client_auth(),
    })
}

fn roots(pem: &str) -> Result<RootCertStore, NotTold> {
    let mut roots = RootCertStore::empty();
    for certificate in CertificateDer::pem_slice_iter(pem.as_bytes()) {
        let certificate = certificate.map_err(|error| NotTold(format!("its authority: {error:?}")))?;
        roots.add(certificate).map_err(|error| NotTold::of(&error))?;
    }
    if roots.is_empty() {
        return Err(NotTold("its authority has no certificate in PEM form".to_owned()));
    }
    Ok(roots)
}
