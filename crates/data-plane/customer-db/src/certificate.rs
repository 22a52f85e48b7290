//! Until when the certificate is good that a customer's instance shows.

use std::io;
use std::net::IpAddr;
use std::time::SystemTime;

use rustls::pki_types::ServerName;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use x509_cert::Certificate;
use x509_cert::der::Decode as _;

use crate::Error;
use crate::connect::client_config;

/// PostgreSQL's request for TLS: its length, and the number that stands for it.
const SSL_REQUEST: [u8; 8] = [0, 0, 0, 8, 4, 210, 22, 47];

/// Until when the certificate is good that is shown at this place, if the authority (PEM) has signed it for the host.
/// Nobody logs in.
///
/// # Errors
/// [`Error::Unavailable`] when nobody answers, or somebody without such a certificate.
pub async fn certificate_expires_at(host: &str, port: u16, authority: &str) -> Result<SystemTime, Error> {
    let away = |error: io::Error| Error::Unavailable(error.to_string());
    let connector = TlsConnector::from(std::sync::Arc::new(client_config(authority)?));
    let mut stream = TcpStream::connect((host, port)).await.map_err(away)?;
    stream.write_all(&SSL_REQUEST).await.map_err(away)?;
    if stream.read_u8().await.map_err(away)? != b'S' {
        return Err(Error::Unavailable("the instance speaks no TLS".to_owned()));
    }
    let stream = connector.connect(name(host)?, stream).await.map_err(away)?;
    let shown = stream.get_ref().1.peer_certificates().and_then(<[_]>::first);
    let certificate = shown.and_then(|der| Certificate::from_der(der).ok());
    certificate
        .map(|certificate| certificate.tbs_certificate.validity.not_after.to_system_time())
        .ok_or_else(|| Error::Unavailable("the instance's certificate can't be read".to_owned()))
}

/// What the certificate is for: an instance on this machine has one for `localhost`, however its address is written.
fn name(host: &str) -> Result<ServerName<'static>, Error> {
    let is_here = host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback());
    let name = if is_here { "localhost" } else { host };
    ServerName::try_from(name.to_owned()).map_err(|error| Error::Unavailable(error.to_string()))
}
