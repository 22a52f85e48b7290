//! Making one connection: TLS to the instance's own authority, and the proof of isolation.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use domain::principal::SealedEndpoint;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use secrets::{ExposeSecret, KeyRing, SealContext, SecretString, WrappedDataKey};
use tokio_postgres::config::SslMode;
use tokio_postgres::error::SqlState;
use tokio_postgres::{NoTls, SimpleQueryMessage};
use tokio_postgres_rustls::MakeRustlsConnect;

use crate::connection::Connection;
use crate::error::{describe, is_broken};
use crate::{Error, RouterConfig};

/// How long a connection is silent before the system asks whether the other side is still there.
const KEEPALIVE: Duration = Duration::from_secs(30);

/// How to speak to a server without and with TLS: also needed to cancel a statement.
#[derive(Clone)]
pub(crate) enum Tls {
    Off,
    On(MakeRustlsConnect),
}

/// Why a connection could not be made, by what follows from it.
#[derive(Debug)]
pub(crate) enum Failure {
    /// The instance may be starting, stopping or full: the same attempt may succeed in a moment.
    Passing(Error),
    /// The customer's database may be somewhere else by now, or have another password.
    Moved(Error),
    /// What is known of the place can't be right (its password can't be opened, or somebody else's certificate is shown
    /// there): only another place helps.
    Wrong(Error),
    /// Trying again doesn't help.
    Final(Error),
}

/// Makes a connection, ready to serve: its role is proven to see no more than it should.
pub(crate) async fn connect(
    endpoint: &SealedEndpoint,
    config: &RouterConfig,
    keys: &KeyRing,
) -> Result<Connection, Failure> {
    let too_slow = || {
        let seconds = config.connect_timeout.as_secs_f32();
        Failure::Moved(Error::Unavailable(format!("no connection could be made within {seconds} seconds")))
    };
    tokio::time::timeout(config.connect_timeout, attempt(endpoint, config, keys))
        .await
        .unwrap_or_else(|_| Err(too_slow()))
}

async fn attempt(
    endpoint: &SealedEndpoint,
    config: &RouterConfig,
    keys: &KeyRing,
) -> Result<Connection, Failure> {
    let password = password(endpoint, keys).await?;
    let settings = settings(endpoint, config, &password);
    let (client, tls) = match &endpoint.ca_certificate {
        Some(authority) => {
            let tls = tls(authority).map_err(Failure::Wrong)?;
            let (client, connection) = settings.connect(tls.clone()).await.map_err(failure)?;
            drop(tokio::spawn(connection));
            (client, Tls::On(tls))
        }
        None if !config.plain_text_on_this_machine || !is_this_machine(&endpoint.host) => {
            let words = "nobody vouches for the database: its authority isn't known, and nothing is sent in the clear";
            return Err(Failure::Wrong(Error::Unavailable(words.to_owned())));
        }
        None => {
            let (client, connection) = settings.connect(NoTls).await.map_err(failure)?;
            drop(tokio::spawn(connection));
            (client, Tls::Off)
        }
    };
    prove_isolation(&client).await?;
    Ok(Connection::new(client, tls))
}

/// What follows from an attempt's failure.
fn failure(error: tokio_postgres::Error) -> Failure {
    const MOVED: [SqlState; 4] = [
        SqlState::INVALID_PASSWORD,
        SqlState::INVALID_AUTHORIZATION_SPECIFICATION,
        SqlState::INVALID_CATALOG_NAME,
        // A database that one may not connect to, or a schema of an older time.
        SqlState::INSUFFICIENT_PRIVILEGE,
    ];
    let unavailable = Error::Unavailable(describe(&error));
    match error.code() {
        Some(code) if MOVED.contains(code) => Failure::Moved(unavailable),
        Some(code) if *code == SqlState::TOO_MANY_CONNECTIONS => Failure::Passing(unavailable),
        Some(_) if is_broken(&error) => Failure::Passing(unavailable),
        Some(_) => Failure::Final(error.into()),
        None if is_stranger(&error) => Failure::Wrong(unavailable),
        // Nobody listens, or it broke in between.
        None => Failure::Moved(unavailable),
    }
}

async fn password(endpoint: &SealedEndpoint, keys: &KeyRing) -> Result<SecretString, Failure> {
    let wrapped = WrappedDataKey(endpoint.data_key_wrapped.clone());
    let context = SealContext {
        table: "admin_database_credentials",
        column: "password_encrypted",
        row: endpoint.credential_id,
        customer: endpoint.customer_id,
    };
    keys.open(&wrapped, context, &endpoint.password_sealed).await.map_err(|error| {
        let unavailable = Error::Unavailable(error.to_string());
        if error.is_temporary() { Failure::Passing(unavailable) } else { Failure::Wrong(unavailable) }
    })
}

fn settings(
    endpoint: &SealedEndpoint,
    config: &RouterConfig,
    password: &SecretString,
) -> tokio_postgres::Config {
    let mut settings = tokio_postgres::Config::new();
    // An instance on this machine has a certificate for `localhost`, however its address is written.
    match endpoint.host.parse::<IpAddr>() {
        Ok(address) if address.is_loopback() => settings.host("localhost").hostaddr(address),
        _ => settings.host(&endpoint.host),
    };
    // Only a transaction that says so may write: a statement outside of any, as reads are sent, can't, whatever it
    // calls. The other settings are milliseconds. A fixed time zone and search path make what a statement means independent of
    // what the customer's database or role has been told.
    let options = format!(
        "-c default_transaction_read_only=on -c timezone=UTC -c datestyle=ISO -c search_path=public -c statement_timeout={} -c lock_timeout={} \
         -c idle_in_transaction_session_timeout={}",
        config.statement_timeout.as_millis(),
        config.lock_timeout.as_millis(),
        config.statement_timeout.as_millis(),
    );
    settings
        .port(endpoint.port)
        .dbname(&endpoint.database)
        .user(&endpoint.user)
        .password(password.expose_secret())
        .application_name("sixty")
        .connect_timeout(config.connect_timeout)
        // A machine that is gone says nothing: without these, what waits for its answer would wait for ever.
        .keepalives_idle(KEEPALIVE)
        .tcp_user_timeout(config.statement_timeout)
        .options(&options)
        .ssl_mode(if endpoint.ca_certificate.is_some() { SslMode::Require } else { SslMode::Disable });
    settings
}

/// By its name alone: what a name is resolved to may change between the look and the connection.
fn is_this_machine(host: &str) -> bool {
    host == "localhost" || host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

fn tls(authority: &str) -> Result<MakeRustlsConnect, Error> {
    Ok(MakeRustlsConnect::new(client_config(authority)?))
}

/// Trusts this authority (PEM) and no other.
pub(crate) fn client_config(authority: &str) -> Result<rustls::ClientConfig, Error> {
    let unusable =
        |error: String| Error::Unavailable(format!("the instance's certificate authority: {error}"));
    let mut roots = rustls::RootCertStore::empty();
    for certificate in CertificateDer::pem_slice_iter(authority.as_bytes()) {
        let certificate = certificate.map_err(|error| unusable(error.to_string()))?;
        roots.add(certificate).map_err(|error| unusable(error.to_string()))?;
    }
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let client = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| unusable(error.to_string()))?
        .with_root_certificates(roots)
        .with_no_client_auth();
    Ok(client)
}

/// Whether TLS was refused on our side.
fn is_stranger(error: &tokio_postgres::Error) -> bool {
    let source = std::error::Error::source(error).and_then(|source| source.downcast_ref::<std::io::Error>());
    source.is_some_and(|source| source.kind() == std::io::ErrorKind::InvalidData)
}

/// Refuses a connection whose role could see or change more than the app may. Once per connection is enough: a role
/// can't change what is asked here.
async fn prove_isolation(client: &tokio_postgres::Client) -> Result<(), Failure> {
    let answers = client.simple_query(schema::ISOLATION_CHECK).await.map_err(failure)?;
    let faults: Vec<_> = answers
        .iter()
        .filter_map(|answer| match answer {
            SimpleQueryMessage::Row(row) => row.get(0),
            _ => None,
        })
        .collect();
    if faults.is_empty() { Ok(()) } else { Err(Failure::Final(Error::Isolation(faults.join("; ")))) }
}
