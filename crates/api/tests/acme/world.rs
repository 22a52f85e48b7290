//! An admin database, an authority, and servers.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use acme::{AcmeConfig, Answers, Keeper, Pace, Standing};
use api::{ChallengeAnswers, Door, ServerCertificate, ServerLimits};
use axum::Router;
use axum::routing::get;
use catalog::{Catalog, CatalogConfig, acme as rows};
use reqwest::{Certificate, Client};
use rustls::sign::CertifiedKey;
use secrets::{ExposeSecret as _, KeyRing, LocalKeys, MasterKey};
use testkit::{Pebble, PebblePlan};
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio_util::sync::{CancellationToken, DropGuard};

/// How long anything may take on a busy machine.
pub(crate) const LIMIT: Duration = Duration::from_secs(60);

/// The names of the tests.
pub(crate) const NAMES: [&str; 2] = ["api.example.test", "crm.example.test"];

pub(crate) struct World {
    pub(crate) database: testkit::AdminDatabase,
    pub(crate) catalog: Catalog,
    pub(crate) keys: KeyRing,
    /// On which the authority looks whose a name is.
    pub(crate) port: u16,
    pub(crate) pebble: Option<Pebble>,
}

/// A server. It ends when it is dropped.
pub(crate) struct House {
    pub(crate) address: SocketAddr,
    pub(crate) certificate: Arc<ServerCertificate>,
    stops: Vec<DropGuard>,
}

struct FromCatalog(Answers);

#[async_trait::async_trait]
impl ChallengeAnswers for FromCatalog {
    async fn answer(&self, name: &str) -> Option<CertifiedKey> {
        self.0.answer(name).await
    }
}

impl World {
    /// With an authority that is as planned; `None` where there is none.
    pub(crate) async fn with_pebble(plan: impl FnOnce(&mut PebblePlan)) -> Option<Self> {
        let mut world = Self::new().await;
        let mut pebble = PebblePlan::at(world.port);
        plan(&mut pebble);
        world.pebble = Some(testkit::pebble(pebble).await?);
        Some(world)
    }

    /// Without any.
    pub(crate) async fn new() -> Self {
        let database = testkit::admin_database().await;
        // The role of the server: it may do all of this.
        let catalog = Catalog::connect(&CatalogConfig::new(database.server_url().into())).unwrap();
        let keys = KeyRing::new(vec![Arc::new(LocalKeys::new(vec![MasterKey::generate()]))]);
        Self { database, catalog, keys, port: testkit::free_port(), pebble: None }
    }

    pub(crate) fn pebble(&self) -> &Pebble {
        self.pebble.as_ref().unwrap()
    }

    pub(crate) fn config(&self, names: &[&str]) -> AcmeConfig {
        self.config_of(&self.pebble().directory(), names)
            .with_authority(Some(self.pebble().ca_certificate().to_owned()))
    }

    pub(crate) fn config_of(&self, directory: &str, names: &[&str]) -> AcmeConfig {
        let names: Vec<_> = names.iter().map(|name| (*name).to_owned()).collect();
        let pace = Pace { order: Duration::from_secs(20), ..Pace::default() };
        AcmeConfig::new(directory, &names).unwrap().with_pace(pace)
    }

    pub(crate) fn keeper(&self, config: &AcmeConfig) -> Keeper {
        Keeper::new(config.clone(), self.catalog.clone(), self.keys.clone()).unwrap()
    }

    /// A server that orders, shows and answers, at this address of the machine's own.
    pub(crate) async fn server(&self, config: &AcmeConfig, host: &str) -> House {
        let mut house = self.answering(config, host).await;
        let keeper = self.keeper(config);
        let stop = CancellationToken::new();
        tokio::spawn(show(house.certificate.clone(), keeper.standing()));
        tokio::spawn(keeper.run(stop.clone()));
        house.stops.push(stop.drop_guard());
        house
    }

    /// A server that orders nothing, and shows nothing unless it is told to.
    pub(crate) async fn answering(&self, config: &AcmeConfig, host: &str) -> House {
        let answers = Arc::new(FromCatalog(Answers::new(config, self.catalog.clone())));
        let certificate = Arc::new(ServerCertificate::issued(answers).unwrap());
        let listener = TcpListener::bind((host, self.port)).await.unwrap();
        let address = listener.local_addr().unwrap();
        let door = Door { listener, certificate: Some(certificate.clone()) };
        let stop = CancellationToken::new();
        let router = Router::new().route("/", get(async || "here"));
        tokio::spawn(api::serve(door, router, ServerLimits::default(), stop.clone().cancelled_owned()));
        House { address, certificate, stops: vec![stop.drop_guard()] }
    }

    pub(crate) async fn row(&self, config: &AcmeConfig) -> Option<rows::Certificate> {
        let client = self.catalog.client().await.unwrap();
        rows::certificate(&client, config.directory(), config.domains()).await.unwrap()
    }

    /// What an operator does after mending something.
    pub(crate) async fn try_again(&self) {
        rows::try_again(&self.catalog.client().await.unwrap()).await.unwrap();
    }

    /// What verifies what the authority issues, and nothing else.
    pub(crate) async fn root(&self) -> Certificate {
        let own = Certificate::from_pem(self.pebble().ca_certificate().as_bytes()).unwrap();
        let client = Client::builder().tls_certs_only([own]).build().unwrap();
        let url = format!("{}/roots/0", self.pebble().management());
        let pem = client.get(url).send().await.unwrap().bytes().await.unwrap();
        Certificate::from_pem(&pem).unwrap()
    }
}

impl House {
    /// Asks once over a connection of its own, as a caller who verifies. `false`: they don't come in.
    pub(crate) async fn serves(&self, root: &Certificate, name: &str) -> bool {
        let client = Client::builder()
            .tls_certs_only([root.clone()])
            .no_proxy()
            .resolve(name, self.address)
            .timeout(LIMIT)
            .build()
            .unwrap();
        match client.get(format!("https://{name}:{}/", self.address.port())).send().await {
            Ok(answer) => answer.text().await.unwrap() == "here",
            Err(_) => false,
        }
    }

    pub(crate) async fn wait_until_it_serves(&self, root: &Certificate, name: &str) {
        testkit::wait_for("the certificate is shown", LIMIT, async || self.serves(root, name).await).await;
    }
}

/// As `sixty serve` does it.
async fn show(certificate: Arc<ServerCertificate>, mut standing: watch::Receiver<Standing>) {
    loop {
        let issued = standing.borrow_and_update().issued.clone();
        if let Some(issued) = issued {
            certificate.show(&issued.chain, issued.key.expose_secret()).unwrap();
        }
        if standing.changed().await.is_err() {
            return;
        }
    }
}
