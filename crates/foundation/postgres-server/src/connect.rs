//! Connections to a server of ours: as its superuser over the Unix socket, and as a role over TLS.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
use secrecy::{ExposeSecret as _, SecretString};
use tokio_postgres::{Client, Config, NoTls};
use tokio_postgres_rustls::MakeRustlsConnect;

use crate::{SUPERUSER, ServerError};

/// A connection as the superuser over the Unix socket in `socket_dir`.
///
/// # Errors
/// When the server refuses or isn't there.
pub async fn as_superuser(socket_dir: &Path, port: u16, database: &str) -> Result<Client, ServerError> {
    let (client, connection) = Config::new()
        .host_path(socket_dir)
        .port(port)
        .user(SUPERUSER)
        .dbname(database)
        .application_name("sixty")
        .connect_timeout(Duration::from_secs(10))
        .connect(NoTls)
        .await?;
    tokio::spawn(async move {
        if let Err(error) = connection.await {
            tracing::debug!(%error, "a superuser's connection ended");
        }
    });
    Ok(client)
}

/// Where a role connects, and as whom.
#[derive(Debug, Clone)]
pub struct RoleLogin<'a> {
    /// The host, which the certificate must name.
    pub host: &'a str,
    /// The port.
    pub port: u16,
    /// The database.
    pub database: &'a str,
    /// The role.
    pub role: &'a str,
    /// Its password.
    pub password: &'a SecretString,
}

/// A connection over TCP and TLS; the server's certificate must be signed by `ca_certificate` (PEM) and name the host.
///
/// # Errors
/// When the server refuses, isn't there, or can't prove who it is.
pub async fn over_tls(login: &RoleLogin<'_>, ca_certificate: &str) -> Result<Client, ServerError> {
    let (client, connection) = Config::new()
        .host(login.host)
        .port(login.port)
        .user(login.role)
        .password(login.password.expose_secret())
        .dbname(login.database)
        .application_name("sixty")
        .ssl_mode(tokio_postgres::config::SslMode::Require)
        .connect_timeout(Duration::from_secs(10))
        .connect(MakeRustlsConnect::new(tls_config(ca_certificate)?))
        .await?;
    tokio::spawn(async move {
        if let Err(error) = connection.await {
            tracing::debug!(%error, "a role's connection ended");
        }
    });
    Ok(client)
}

/// TLS that trusts one certificate authority and nothing else.
fn tls_config(ca_certificate: &str) -> Result<rustls::ClientConfig, ServerError> {
    let certificate = |error: &dyn std::fmt::Display| ServerError::Certificate(error.to_string());
    let authority =
        CertificateDer::from_pem_slice(ca_certificate.as_bytes()).map_err(|error| certificate(&error))?;
    let mut roots = rustls::RootCertStore::empty();
    roots.add(authority).map_err(|error| certificate(&error))?;
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    Ok(rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| certificate(&error))?
        .with_root_certificates(roots)
        .with_no_client_auth())
}
