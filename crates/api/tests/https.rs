//! The server over HTTPS: who trusts whom, and a certificate that changes while it serves.

#![expect(clippy::unwrap_used, reason = "a test whose ground gives way fails at once")]

use std::fs;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;

use api::{CertificateError, CertificateFiles, Door, ServerCertificate, ServerLimits};
use axum::Router;
use axum::routing::get;
use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
use reqwest::{Certificate, Client};
use tempfile::TempDir;
use tokio::net::TcpListener;
use tokio_util::sync::{CancellationToken, DropGuard};

/// An authority that nobody else trusts.
struct Authority {
    issuer: Issuer<'static, KeyPair>,
    pem: String,
}

impl Authority {
    fn new() -> Self {
        let key = KeyPair::generate().unwrap();
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let pem = params.self_signed(&key).unwrap().pem();
        Self { issuer: Issuer::new(params, key), pem }
    }

    /// Writes a certificate for the name, and its key.
    fn write(&self, files: &CertificateFiles, name: &str) {
        let key = KeyPair::generate().unwrap();
        let params = CertificateParams::new([name.to_owned()]).unwrap();
        let certificate = params.signed_by(&key, &self.issuer).unwrap();
        fs::write(&files.certificate, certificate.pem()).unwrap();
        fs::write(&files.key, key.serialize_pem()).unwrap();
    }

    fn client(&self) -> Client {
        let authority = Certificate::from_pem(self.pem.as_bytes()).unwrap();
        Client::builder().tls_certs_only([authority]).build().unwrap()
    }
}

struct House {
    files: CertificateFiles,
    certificate: Arc<ServerCertificate>,
    address: SocketAddr,
    _folder: TempDir,
    _stop: DropGuard,
}

fn files_in(folder: &Path) -> CertificateFiles {
    CertificateFiles { certificate: folder.join("server.crt"), key: folder.join("server.key") }
}

impl House {
    async fn new(authority: &Authority, name: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let files = files_in(folder.path());
        authority.write(&files, name);
        let certificate = Arc::new(ServerCertificate::open(files.clone()).unwrap());
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let door = Door { listener, certificate: Some(certificate.clone()) };
        let router = Router::new().route("/", get(async || "here"));
        let stop = CancellationToken::new();
        tokio::spawn(api::serve(door, router, ServerLimits::default(), stop.clone().cancelled_owned()));
        tokio::spawn(certificate.clone().follow(stop.clone()));
        Self { files, certificate, address, _folder: folder, _stop: stop.drop_guard() }
    }

    async fn is_trusted_by(&self, client: &Client) -> bool {
        let url = format!("https://localhost:{}/", self.address.port());
        match client.get(url).send().await {
            Ok(answer) => answer.text().await.unwrap() == "here",
            Err(_) => false,
        }
    }
}

#[tokio::test]
async fn callers_who_know_the_authority_are_served_and_nobody_else() {
    let (ours, other) = (Authority::new(), Authority::new());
    let house = House::new(&ours, "localhost").await;
    assert!(house.is_trusted_by(&ours.client()).await);
    assert!(!house.is_trusted_by(&other.client()).await, "another authority");
    let elsewhere = House::new(&ours, "elsewhere.example").await;
    assert!(!elsewhere.is_trusted_by(&ours.client()).await, "a certificate for another host");
    let plain = Client::new().get(format!("http://localhost:{}/", house.address.port())).send().await;
    assert!(plain.is_err(), "HTTPS only");
}

#[tokio::test]
async fn a_changed_certificate_is_shown_without_a_restart_and_a_broken_one_never() {
    let (before, after) = (Authority::new(), Authority::new());
    let house = House::new(&before, "localhost").await;
    let early = before.client();
    assert!(house.is_trusted_by(&early).await);

    // Only one of the two files is there yet.
    let key = fs::read(&house.files.key).unwrap();
    after.write(&house.files, "localhost");
    let new_key = fs::read(&house.files.key).unwrap();
    fs::write(&house.files.key, key).unwrap();
    assert!(matches!(house.certificate.reload(), Err(CertificateError::Unfit(_))));
    fs::write(&house.files.key, "nothing").unwrap();
    let broken = house.certificate.reload().unwrap_err().to_string();
    assert!(broken.contains("server.key has no private key in PEM form"), "{broken}");
    assert!(house.is_trusted_by(&before.client()).await, "what was there is shown on");

    fs::write(&house.files.key, new_key).unwrap();
    testkit::wait_for("the new certificate is shown", std::time::Duration::from_secs(60), async || {
        house.is_trusted_by(&after.client()).await
    })
    .await;
    assert!(!house.is_trusted_by(&before.client()).await);
    assert!(house.is_trusted_by(&early).await, "a connection that is there stays");
}

#[test]
fn files_that_say_nothing_are_named() {
    let folder = tempfile::tempdir().unwrap();
    let files = files_in(folder.path());
    let missing = ServerCertificate::open(files.clone()).unwrap_err().to_string();
    assert!(missing.contains("server.crt can't be read"), "{missing}");
    Authority::new().write(&files, "localhost");
    fs::write(&files.certificate, "").unwrap();
    let empty = ServerCertificate::open(files).unwrap_err().to_string();
    assert!(empty.contains("server.crt has no certificate in PEM form"), "{empty}");
}
