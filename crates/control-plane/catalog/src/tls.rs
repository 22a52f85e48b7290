//! Whether the way to the admin database is encrypted, and whom it trusts.

use std::sync::Arc;

use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
use rustls::{ClientConfig, RootCertStore};
use rustls_platform_verifier::BuilderVerifierExt as _;
use tokio_postgres::Config;
use tokio_postgres::config::SslMode;
use tokio_postgres_rustls::MakeRustlsConnect;

use crate::CatalogError;

/// The connector, and the connection's mode to go with it.
///
/// A certificate authority of one's own is the only one trusted then, and TLS is a must. `sslmode=require` without
/// one trusts the authorities that the machine trusts. Unlike libpq, both check the certificate and its name. Anything
/// else is plain: a server on the same machine or network.
///
/// # Errors
/// [`CatalogError::Unavailable`] when the certificate authority can't be understood.
pub fn connector(
    config: &mut Config,
    ca_certificate: Option<&str>,
) -> Result<MakeRustlsConnect, CatalogError> {
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let builder = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(CatalogError::unavailable)?;
    let client = if let Some(authority) = ca_certificate {
        config.ssl_mode(SslMode::Require);
        builder.with_root_certificates(roots(authority)?).with_no_client_auth()
    } else if config.get_ssl_mode() == SslMode::Require {
        builder.with_platform_verifier().map_err(CatalogError::unavailable)?.with_no_client_auth()
    } else {
        config.ssl_mode(SslMode::Disable);
        builder.with_root_certificates(RootCertStore::empty()).with_no_client_auth()
    };
    Ok(MakeRustlsConnect::new(client))
}

fn roots(pem: &str) -> Result<RootCertStore, CatalogError> {
    let mut roots = RootCertStore::empty();
    for certificate in CertificateDer::pem_slice_iter(pem.as_bytes()) {
        let certificate = certificate
            .map_err(|error| CatalogError::unavailable(format!("the certificate authority: {error}")))?;
        roots.add(certificate).map_err(CatalogError::unavailable)?;
    }
    if roots.is_empty() {
        return Err(CatalogError::unavailable(
            "the certificate authority's file has no certificate in PEM form",
        ));
    }
    Ok(roots)
}
