//! AWS, as moto has it.

use std::process::{Child, Command, Stdio};
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use crate::{free_port, wait_for};

/// A `moto_server` process; killed when it is dropped.
#[derive(Debug)]
pub struct Moto {
    process: Child,
    port: u16,
}

impl Moto {
    /// `http://127.0.0.1:PORT/`.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}/", self.port)
    }

    /// The port.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.port
    }
}

impl Drop for Moto {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// Starts moto on a free port and waits until it takes connections.
pub async fn moto() -> Moto {
    let port = free_port();
    let process = Command::new("moto_server")
        .args(["-H", "127.0.0.1", "-p", &port.to_string()])
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("moto_server can be started: scripts/test.sh installs it");
    let moto = Moto { process, port };
    // A connection alone isn't enough: the first ones may be reset while it starts.
    let request = format!("GET /moto-api/ HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nConnection: close\r\n\r\n");
    wait_for("moto to answer", Duration::from_secs(60), || async {
        exchange(port, &request).await.is_ok_and(|answer| answer.starts_with("HTTP/1.1"))
    })
    .await;
    moto
}

/// Sends a request over a connection of its own, and reads until moto hangs up.
async fn exchange(port: u16, request: &str) -> std::io::Result<String> {
    let mut stream = tokio::net::TcpStream::connect(("127.0.0.1", port)).await?;
    stream.write_all(request.as_bytes()).await?;
    let mut answer = Vec::new();
    let ended = stream.read_to_end(&mut answer).await;
    // An answer that is there is one, however the connection ended.
    if answer.is_empty() {
        ended?;
    }
    Ok(String::from_utf8_lossy(&answer).into_owned())
}

impl Moto {
    /// Makes a bucket in eu-central-1; one whose objects nobody can remove for so many days, if that is given.
    pub async fn make_bucket(&self, name: &str, locked_days: Option<u32>) {
        let body = "<CreateBucketConfiguration xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">\
                    <LocationConstraint>eu-central-1</LocationConstraint></CreateBucketConfiguration>";
        let lock = locked_days.map_or("", |_| "x-amz-bucket-object-lock-enabled: true\r\n");
        self.ask("PUT", &format!("/{name}"), lock, body).await;
        if let Some(days) = locked_days {
            let body = format!(
                "<ObjectLockConfiguration xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">\
                 <ObjectLockEnabled>Enabled</ObjectLockEnabled><Rule><DefaultRetention><Mode>COMPLIANCE</Mode>\
                 <Days>{days}</Days></DefaultRetention></Rule></ObjectLockConfiguration>"
            );
            self.ask("PUT", &format!("/{name}?object-lock="), "", &body).await;
        }
    }

    /// Deletes what is at `/BUCKET/NAME`, as anybody may who may write there: a bucket that keeps versions only marks it.
    pub async fn delete_object(&self, path: &str) {
        self.ask("DELETE", path, "", "").await;
    }

    /// Moto only reads which service is meant; who asks is all the same to it.
    async fn ask(&self, method: &str, path: &str, more: &str, body: &str) {
        let request = format!(
            "{method} {path} HTTP/1.1\r\nHost: 127.0.0.1:{}\r\nConnection: close\r\nContent-Length: {}\r\n{more}\
             Authorization: AWS4-HMAC-SHA256 Credential=x/20260101/eu-central-1/s3/aws4_request, SignedHeaders=host, \
             Signature=0\r\n\r\n{body}",
            self.port,
            body.len(),
        );
        // Just started, it may hang up on whoever comes first. What is there by then is there.
        for attempt in 0..5 {
            let asked = exchange(self.port, &request).await;
            let answer = asked.as_deref().unwrap_or_default();
            let is_there = attempt > 0 && answer.starts_with("HTTP/1.1 409");
            if answer.starts_with("HTTP/1.1 20") || is_there {
                return;
            }
            assert!(answer.is_empty(), "{answer}");
        }
        panic!("moto hung up each time");
    }
}
