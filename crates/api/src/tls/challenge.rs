//! A certificate authority's question whether a name is ours (TLS-ALPN-01, RFC 8737), on the port where everybody comes in.
//!
//! It names one protocol, `acme-tls/1`, which nobody else does. What it is shown is looked for only then, and nothing is
//! served over its connection: the handshake is the answer.

use std::io;
use std::sync::Arc;

use async_trait::async_trait;
use rustls::ServerConfig;
use rustls::server::{Acceptor, ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;
use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpStream;
use tokio_rustls::LazyConfigAcceptor;
use tokio_rustls::server::TlsStream;

const PROTOCOL: &[u8] = b"acme-tls/1";

/// Knows what an authority is to be shown.
#[async_trait]
pub trait ChallengeAnswers: Send + Sync {
    /// What to show when it asks about this name; `None` when there is nothing to be answered.
    async fn answer(&self, name: &str) -> Option<CertifiedKey>;
}

/// Agrees with a caller on the encryption. `None`: it was an authority, which has its answer.
pub(super) async fn accept(
    stream: TcpStream,
    config: &Arc<ServerConfig>,
    answers: &dyn ChallengeAnswers,
) -> io::Result<Option<TlsStream<TcpStream>>> {
    let begun = LazyConfigAcceptor::new(Acceptor::default(), stream).await?;
    let Some(name) = asked_about(&begun.client_hello()) else {
        return begun.into_stream(Arc::clone(config)).await.map(Some);
    };
    let Some(shown) = answers.answer(&name).await else {
        return Err(io::Error::other("an authority's question that isn't expected"));
    };
    let mut config = ServerConfig::builder_with_provider(Arc::clone(config.crypto_provider()))
        .with_safe_default_protocol_versions()
        .map_err(io::Error::other)?
        .with_no_client_auth()
        .with_cert_resolver(Arc::new(OneAnswer(Arc::new(shown))));
    config.alpn_protocols = vec![PROTOCOL.to_vec()];
    let mut stream = begun.into_stream(Arc::new(config)).await?;
    tracing::info!(name, "an authority asked for a proof, and was answered");
    // It has what it wants, whether or not it says goodbye.
    let _ = stream.shutdown().await;
    Ok(None)
}

/// The name that an authority asks about; `None` for everybody else.
fn asked_about(hello: &ClientHello<'_>) -> Option<String> {
    let mut protocols = hello.alpn()?;
    let is_authority = protocols.next() == Some(PROTOCOL) && protocols.next().is_none();
    is_authority.then(|| hello.server_name().unwrap_or_default().to_owned())
}

#[derive(Debug)]
struct OneAnswer(Arc<CertifiedKey>);

impl ResolvesServerCert for OneAnswer {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(Arc::clone(&self.0))
    }
}
