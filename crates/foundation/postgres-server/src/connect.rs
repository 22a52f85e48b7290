//! Connections to a server of ours: as its superuser over the Unix socket, and as a role over TLS.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, ServerName};
use secrecy::{ExposeSecret as _, SecretString};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio_postgres::{Client, Config, NoTls};
use tokio_postgres_rustls::MakeRustlsConnect;
use tokio_rustls::TlsConnector;

use crate::{SUPERUSER, ServerError};

/// What asks a PostgreSQL server for TLS: the length of the message, and its code.
const TLS_REQUEST: [u8; 8] = [0, 0, 0, 8, 0x04, 0xd2, 0x16, 0x2f];
/// How long a server may take to show its certificate.
const HANDSHAKE_LIMIT: Duration = Duration::from_secs(5);

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

/// A connection over TCP and TLS; the server's certificate must be signed by `ca_certificate` (PEM, one authority or
/// several) and name the host.
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

/// The certificate that a server shows to whoever connects now, which may be another one than its file: a server reads
/// that when it is told to. It must be signed by `ca_certificate` (PEM, one authority or several) and name the host.
///
/// # Errors
/// When the server isn't there, or can't prove who it is.
pub async fn shown_certificate(
    address: SocketAddr,
    host: &str,
    ca_certificate: &str,
) -> Result<CertificateDer<'static>, ServerError> {
    let connector = TlsConnector::from(Arc::new(tls_config(ca_certificate)?));
    let name = ServerName::try_from(host.to_owned())
        .map_err(|error| ServerError::Certificate(format!("{host}: {error}")))?;
    let handshake = async {
        let mut stream = TcpStream::connect(address).await?;
        stream.write_all(&TLS_REQUEST).await?;
        if stream.read_u8().await? != b'S' {
            return Err(std::io::Error::other("the server speaks no TLS"));
        }
        let stream = connector.connect(name, stream).await?;
        let shown = stream.get_ref().1.peer_certificates().and_then(|chain| chain.first().cloned());
        shown.ok_or_else(|| std::io::Error::other("the server shows no certificate"))
    };
    match tokio::time::timeout(HANDSHAKE_LIMIT, handshake).await {
        Ok(shown) => shown.map_err(|error| ServerError::Certificate(format!("{address}: {error}"))),
        Err(_) => Err(ServerError::Certificate(format!("{address} shows none in time"))),
    }
}

/// TLS that trusts these certificate authorities and nothing else.
fn tls_config(ca_certificate: &str) -> Result<rustls::ClientConfig, ServerError> {
    let certificate = |error: &dyn std::fmt::Display| ServerError::Certificate(error.to_string());
    let mut roots = rustls::RootCertStore::empty();
    for authority in CertificateDer::pem_slice_iter(ca_certificate.as_bytes()) {
        roots.add(authority.map_err(|error| certificate(&error))?).map_err(|error| certificate(&error))?;
    }
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    Ok(rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| certificate(&error))?
        .with_root_certificates(roots)
        .with_no_client_auth())
}
