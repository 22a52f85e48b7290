//! An ACME authority, as Let's Encrypt tests with it: Pebble, and a name server that answers as the test likes.

use std::fs::File;
use std::io::Write as _;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};

use crate::home::Home;
use crate::{free_port, wait_for};

/// A `pebble` process with its name server; both are killed when it is dropped.
#[derive(Debug)]
pub struct Pebble {
    port: u16,
    management: u16,
    names_management: u16,
    processes: Vec<Child>,
    ca_certificate: String,
    home: Home,
}

/// How a Pebble is to be.
#[derive(Debug, Clone)]
pub struct PebblePlan {
    /// The port on which it looks whose a name is: that of the servers under test.
    pub tls_port: u16,
    /// How long its certificates are good.
    pub validity: Duration,
    /// The names that it refuses.
    pub blocked: Vec<String>,
    /// Its customers, by the ids of their keys, with these in base64. When there are any, it gives certificates to nobody else.
    pub customers: Vec<(String, String)>,
}

impl PebblePlan {
    /// One that looks on this port.
    #[must_use]
    pub fn at(tls_port: u16) -> Self {
        Self {
            tls_port,
            validity: Duration::from_secs(90 * 86_400),
            blocked: Vec::new(),
            customers: Vec::new(),
        }
    }
}

/// Starts Pebble on free ports and waits until it answers. Every name is found at 127.0.0.1.
///
/// `None` where it isn't installed, which is said openly: there are no packages of it for every system, and
/// `scripts/test.sh` installs it where there are.
///
/// # Panics
/// When it isn't found although `scripts/test.sh` has found it, and says so by SIXTY_TESTS_NEED_PEBBLE.
pub async fn pebble(plan: PebblePlan) -> Option<Pebble> {
    // Another program is called pebble too; only this one comes with a name server.
    if Command::new("pebble-challtestsrv")
        .arg("-h")
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .is_err()
    {
        #[expect(
            clippy::disallowed_methods,
            reason = "what must be tested is no configuration of the product"
        )]
        let is_needed = std::env::var_os("SIXTY_TESTS_NEED_PEBBLE").is_some();
        assert!(!is_needed, "SIXTY_TESTS_NEED_PEBBLE is set and pebble-challtestsrv isn't found on the PATH");
        let _ = writeln!(
            std::io::stderr(),
            "NOT TESTED: pebble isn't installed, so nothing asks an ACME authority for a certificate here"
        );
        return None;
    }
    let home = crate::home();
    let names = free_port();
    let mut pebble = Pebble {
        port: free_port(),
        management: free_port(),
        names_management: free_port(),
        processes: Vec::new(),
        ca_certificate: String::new(),
        home,
    };
    pebble.name_server(names);
    pebble.start(&plan, names);
    pebble.wait_until_it_answers().await;
    Some(pebble)
}

impl Pebble {
    /// The URL of its directory.
    #[must_use]
    pub fn directory(&self) -> String {
        format!("https://localhost:{}/dir", self.port)
    }

    /// Where it tells of itself: `roots/0` is the authority of what it issues.
    #[must_use]
    pub fn management(&self) -> String {
        format!("https://localhost:{}", self.management)
    }

    /// The authority of its own certificate, PEM.
    #[must_use]
    pub fn ca_certificate(&self) -> &str {
        &self.ca_certificate
    }

    /// The same as a file.
    #[must_use]
    pub fn ca_file(&self) -> PathBuf {
        self.home.path().join("ca.pem")
    }

    /// What it has logged.
    #[must_use]
    pub fn log(&self) -> String {
        std::fs::read_to_string(self.home.path().join("log")).unwrap_or_default()
    }

    /// How many orders it has taken. Requests say nothing of that: it refuses one in twenty for its nonce, as any authority may, and
    /// the same is asked again.
    #[must_use]
    pub fn orders(&self) -> usize {
        self.log().matches("Added order ").count()
    }

    /// How many accounts it has made.
    #[must_use]
    pub fn accounts(&self) -> usize {
        self.log().matches(" accounts in memory").count()
    }

    /// Where the name server is told what it answers, over HTTP.
    #[must_use]
    pub fn names(&self) -> String {
        format!("http://127.0.0.1:{}", self.names_management)
    }

    /// Stops it for a while, as one that doesn't answer (signal 19), or lets it go on.
    pub fn hold(&self, is_held: bool) {
        let Some(pebble) = self.processes.last() else { return };
        let signal = if is_held { "-STOP" } else { "-CONT" };
        let _ = Command::new("kill").args([signal, &pebble.id().to_string()]).status();
    }

    fn name_server(&mut self, port: u16) {
        let process = Command::new("pebble-challtestsrv")
            .args(["-management", &format!("127.0.0.1:{}", self.names_management)])
            .args(["-dns01", &format!("127.0.0.1:{port}")])
            .args(["-http01", "", "-https01", "", "-tlsalpn01", ""])
            .args(["-defaultIPv4", "127.0.0.1", "-defaultIPv6", ""])
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("pebble-challtestsrv comes with pebble");
        self.processes.push(process);
    }

    fn start(&mut self, plan: &PebblePlan, names: u16) {
        let folder = self.home.path().to_owned();
        let write = |name: &str, text: &str| {
            std::fs::write(folder.join(name), text).expect("our own folder can be written to");
        };
        let (authority, certificate, key) = certificate();
        write("ca.pem", &authority);
        write("own.pem", &certificate);
        write("own.key", &key);
        self.ca_certificate = authority;
        let configuration = serde_json::json!({ "pebble": {
            "listenAddress": format!("127.0.0.1:{}", self.port),
            "managementListenAddress": format!("127.0.0.1:{}", self.management),
            "certificate": folder.join("own.pem"),
            "privateKey": folder.join("own.key"),
            "httpPort": 1,
            "tlsPort": plan.tls_port,
            "ocspResponderURL": "",
            "externalAccountBindingRequired": !plan.customers.is_empty(),
            "externalAccountMACKeys": plan.customers.iter().cloned().collect::<std::collections::HashMap<_, _>>(),
            "domainBlocklist": plan.blocked,
            "certificateValidityPeriod": plan.validity.as_secs(),
        } });
        write("pebble.json", &configuration.to_string());
        let log = File::create(folder.join("log")).expect("our own folder can be written to");
        let process = Command::new("pebble")
            .arg("-config")
            .arg(folder.join("pebble.json"))
            .args(["-dnsserver", &format!("127.0.0.1:{names}")])
            .env("PEBBLE_VA_NOSLEEP", "1")
            // Each order proves its names anew.
            .env("PEBBLE_AUTHZREUSE", "0")
            .stdin(Stdio::null())
            .stdout(log.try_clone().expect("a file can be opened twice"))
            .stderr(log)
            .spawn()
            .expect("pebble can be run");
        self.processes.push(process);
    }

    async fn wait_until_it_answers(&self) {
        for port in [self.port, self.management, self.names_management] {
            wait_for("pebble to answer", Duration::from_secs(30), || async {
                tokio::net::TcpStream::connect(("127.0.0.1", port)).await.is_ok()
            })
            .await;
        }
    }
}

impl Drop for Pebble {
    fn drop(&mut self) {
        for process in &mut self.processes {
            let _ = process.kill();
            let _ = process.wait();
        }
    }
}

/// The authority of its own certificate, the certificate and its key.
fn certificate() -> (String, String, String) {
    let made = || {
        let key = KeyPair::generate()?;
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let authority = params.self_signed(&key)?.pem();
        let issuer = Issuer::new(params, key);
        let own = KeyPair::generate()?;
        let certificate = CertificateParams::new(["localhost".to_owned()])?.signed_by(&own, &issuer)?;
        Ok::<_, rcgen::Error>((authority, certificate.pem(), own.serialize_pem()))
    };
    made().expect("a certificate can be made")
}
