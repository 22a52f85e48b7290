//! Making a customer's pool: TLS to the instance's own authority, and the proof of isolation for every connection.

use std::net::IpAddr;
use std::sync::Arc;

use deadpool_postgres::{Hook, HookError, Manager, ManagerConfig, Pool, RecyclingMethod, Runtime};
use domain::principal::SealedEndpoint;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use secrets::{DataKey, ExposeSecret, MasterKey, SealContext, SecretString, WrappedDataKey};
use tokio_postgres::config::SslMode;
use tokio_postgres::{NoTls, SimpleQueryMessage};
use tokio_postgres_rustls::MakeRustlsConnect;

use crate::{Error, RouterConfig};

/// Makes a pool for an endpoint. Nothing is connected yet.
pub(crate) fn pool(
    endpoint: &SealedEndpoint,
    config: &RouterConfig,
    master_key: &MasterKey,
) -> Result<Pool, Error> {
    let settings = settings(endpoint, config, &password(endpoint, master_key)?);
    let manager_config = ManagerConfig { recycling_method: RecyclingMethod::Fast };
    let manager = match &endpoint.ca_certificate {
        Some(authority) => Manager::from_config(settings, tls(authority)?, manager_config),
        None => Manager::from_config(settings, NoTls, manager_config),
    };
    Pool::builder(manager)
        .max_size(config.max_connections_per_customer)
        .wait_timeout(Some(config.wait_timeout))
        .create_timeout(Some(config.connect_timeout))
        .recycle_timeout(Some(config.connect_timeout))
        .runtime(Runtime::Tokio1)
        .post_create(Hook::async_fn(|client, _| Box::pin(prove_isolation(client))))
        .build()
        .map_err(|error| Error::Unavailable(error.to_string()))
}

fn password(endpoint: &SealedEndpoint, master_key: &MasterKey) -> Result<SecretString, Error> {
    let wrapped = WrappedDataKey(endpoint.data_key_wrapped.clone());
    let context = SealContext {
        table: "admin_database_credentials",
        column: "password_encrypted",
        row: endpoint.credential_id,
        customer: endpoint.customer_id,
    };
    DataKey::unwrap(&wrapped, endpoint.customer_id, master_key)
        .and_then(|key| key.open(context, &endpoint.password_sealed))
        .map_err(|error| Error::Unavailable(error.to_string()))
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
    // The settings are milliseconds. A fixed time zone and search path make what a statement means independent of
    // what the customer's database or role has been told.
    let options = format!(
        "-c timezone=UTC -c datestyle=ISO -c search_path=public -c statement_timeout={} -c lock_timeout={} \
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
        .options(&options)
        .ssl_mode(if endpoint.ca_certificate.is_some() { SslMode::Require } else { SslMode::Disable });
    settings
}

fn tls(authority: &str) -> Result<MakeRustlsConnect, Error> {
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
    Ok(MakeRustlsConnect::new(client))
}

/// Refuses a connection whose role could see or change more than the app may. Once per connection is enough: a role
/// can't change what is asked here.
async fn prove_isolation(client: &tokio_postgres::Client) -> Result<(), HookError> {
    let answers = client.simple_query(schema::ISOLATION_CHECK).await.map_err(HookError::Backend)?;
    let faults: Vec<_> = answers
        .iter()
        .filter_map(|answer| match answer {
            SimpleQueryMessage::Row(row) => row.get(0),
            _ => None,
        })
        .collect();
    if faults.is_empty() { Ok(()) } else { Err(HookError::message(faults.join("; "))) }
}
