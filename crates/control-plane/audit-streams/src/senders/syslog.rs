//! Messages of RFC 5424 over TCP or TLS (RFC 5425), each with its length before it.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use catalog::audit_streams::StreamedRow;
use rustls::ClientConfig;
use rustls::pki_types::ServerName;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;

use super::trust::client_config;
use super::{Batch, NotTold, Sender};

/// How long a batch may take.
const PATIENCE: Duration = Duration::from_secs(15);
/// Facility 13 (log audit), severity 5 (notice).
const PRIORITY: u8 = 13 * 8 + 5;

/// A syslog server.
pub(crate) struct SyslogSender {
    host: String,
    port: u16,
    tls: Option<Arc<ClientConfig>>,
}

impl SyslogSender {
    pub(crate) fn new(
        host: &str,
        port: u16,
        is_encrypted: bool,
        ca_certificate: Option<&str>,
    ) -> Result<Self, NotTold> {
        let host = host.trim_start_matches('[').trim_end_matches(']').to_owned();
        let tls = is_encrypted.then(|| client_config(ca_certificate)).transpose()?;
        Ok(Self { host, port, tls: tls.map(Arc::new) })
    }

    async fn tell(&self, batch: &Batch) -> Result<(), NotTold> {
        let mut text = String::new();
        for (row, line) in batch.rows.iter().zip(&batch.lines) {
            let message = message(row, line);
            text.push_str(&format!("{} {message}", message.len()));
        }
        let stream = TcpStream::connect((self.host.as_str(), self.port)).await;
        let stream = stream.map_err(|error| NotTold::of(&error))?;
        match &self.tls {
            None => write(stream, &text).await,
            Some(config) => {
                let name = ServerName::try_from(self.host.clone()).map_err(|error| NotTold::of(&error))?;
                let stream = TlsConnector::from(Arc::clone(config)).connect(name, stream).await;
                write(stream.map_err(|error| NotTold::of(&error))?, &text).await
            }
        }
    }
}

/// Syslog acknowledges nothing. What can be known is that the other side read to the end: it is told that nothing more
/// comes, and then closes in its turn.
async fn write(mut stream: impl AsyncRead + AsyncWrite + Unpin, text: &str) -> Result<(), NotTold> {
    let failed = |error: std::io::Error| NotTold::of(&error);
    stream.write_all(text.as_bytes()).await.map_err(failed)?;
    stream.flush().await.map_err(failed)?;
    stream.shutdown().await.map_err(failed)?;
    let mut rest = [0; 256];
    loop {
        match stream.read(&mut rest).await {
            Ok(0) => return Ok(()),
            Ok(_) => {}
            // Some end TLS without saying so, after they have read everything.
            Err(error) if error.kind() == std::io::ErrorKind::UnexpectedEof => return Ok(()),
            Err(error) => return Err(failed(error)),
        }
    }
}

/// One message. The JSON is plain ASCII or UTF-8 without control characters, which its strings escape.
fn message(row: &StreamedRow, line: &str) -> String {
    let time = row.record.created_at.format("%Y-%m-%dT%H:%M:%S%.6fZ");
    let action = row.record.action.as_str();
    let (id, chain, place) = (row.record.id, row.chain_id, row.chain_sequence);
    // 32473 is the number that IANA keeps for examples and private use.
    format!(
        "<{PRIORITY}>1 {time} - sixty - {action} [audit@32473 id=\"{id}\" chain=\"{chain}\" sequence=\"{place}\"] {line}"
    )
}

#[async_trait]
impl Sender for SyslogSender {
    async fn send(&self, batch: &Batch) -> Result<(), NotTold> {
        let told = timeout(PATIENCE, self.tell(batch)).await;
        told.map_err(|_| NotTold(format!("it didn't take everything within {} seconds", PATIENCE.as_secs())))?
    }
}
