//! What a collector of traces is sent, and what it isn't.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use system_tests::Customer;
use testkit::wait_for;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

/// The collector's side of OTLP over HTTP: takes everything. What it is sent is protobuf, in which texts stand as they
/// are.
#[derive(Clone, Default)]
pub(super) struct Collector(Arc<Mutex<Vec<u8>>>);

impl Collector {
    pub(super) async fn start() -> (Self, String) {
        let collector = Self::default();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let taken = collector.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let taken = taken.clone();
                // A program that is killed leaves half a request.
                tokio::spawn(async move { taken.take(stream).await.unwrap_or_default() });
            }
        });
        (collector, url)
    }

    /// Takes one request after the other: head, body, an empty answer.
    async fn take(&self, mut stream: TcpStream) -> std::io::Result<()> {
        let mut bytes = Vec::new();
        while stream.read_buf(&mut bytes).await? > 0 {
            while let Some(length) = whole_request(&bytes) {
                self.0.lock().unwrap().extend(bytes.drain(..length));
                stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n").await?;
            }
        }
        Ok(())
    }

    fn has(&self, text: &str) -> bool {
        self.0.lock().unwrap().windows(text.len()).any(|window| window == text.as_bytes())
    }
}

/// The length of the first request, if all of it is there.
fn whole_request(bytes: &[u8]) -> Option<usize> {
    let head = bytes.windows(4).position(|window| window == b"\r\n\r\n")? + 4;
    let text = String::from_utf8_lossy(&bytes[..head]).to_ascii_lowercase();
    let length = text.lines().find_map(|line| line.strip_prefix("content-length:"))?;
    let length = head + length.trim().parse::<usize>().ok()?;
    (bytes.len() >= length).then_some(length)
}

pub(super) async fn story(customer: &Customer, collector: &Collector) {
    customer.api.get("/api/v1/contacts?q=whispered").await.expect(200);
    let names = [
        "POST /v1/traces",
        "request",
        "authenticate",
        "decide",
        "limit",
        "handle",
        "customer database: connection",
        "customer database: statement",
        "meter",
        "operation step",
        "/api/v1/contacts",
        &customer.uuid.to_string(),
    ];
    for name in names {
        wait_for(&format!("the collector to hear of {name}"), Duration::from_secs(60), async || {
            collector.has(name)
        })
        .await;
    }
    for secret in [customer.key.as_str(), "whispered"] {
        assert!(!collector.has(secret), "the collector was told what nobody may know");
    }
}
