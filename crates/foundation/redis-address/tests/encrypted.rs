//! A real Redis that takes encrypted connections only.

#![expect(clippy::expect_used, clippy::unwrap_used, reason = "a test that can't go on fails at once")]

use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
use redis_address::RedisAddress;
use tokio::process::{Child, Command};

/// An authority, and a certificate of it for these names; both as PEM, the certificate with its key.
fn certificate(names: &[&str]) -> (String, String, String) {
    let authority_key = KeyPair::generate().unwrap();
    let mut authority = CertificateParams::new(Vec::new()).unwrap();
    authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let authority_pem = authority.self_signed(&authority_key).unwrap().pem();
    let key = KeyPair::generate().unwrap();
    let names: Vec<_> = names.iter().map(|name| (*name).to_owned()).collect();
    let own = CertificateParams::new(names).unwrap();
    let own = own.signed_by(&key, &Issuer::new(authority, authority_key)).unwrap();
    (authority_pem, own.pem(), key.serialize_pem())
}

/// A Redis with this certificate; it ends when it is dropped.
fn start(folder: &Path, port: u16, (certificate, key): (&str, &str)) -> Child {
    std::fs::write(folder.join("redis.crt"), certificate).unwrap();
    std::fs::write(folder.join("redis.key"), key).unwrap();
    let mut command = Command::new("redis-server");
    command.args(["--port", "0", "--tls-port", &port.to_string(), "--bind", "127.0.0.1", "--save", ""]);
    command.args(["--tls-cert-file", "redis.crt", "--tls-key-file", "redis.key", "--tls-auth-clients", "no"]);
    command.args(["--requirepass", "s3cret"]).current_dir(folder).stdout(Stdio::null()).kill_on_drop(true);
    command.spawn().expect("redis-server can be run; scripts/test.sh installs it")
}

async fn ping(address: &RedisAddress) -> Result<String, String> {
    let client = address.client().map_err(|error| error.to_string())?;
    let connecting = client.get_multiplexed_async_connection();
    let mut connection = connecting.await.map_err(|error| error.to_string())?;
    redis::cmd("PING").query_async(&mut connection).await.map_err(|error| error.to_string())
}

#[tokio::test]
async fn only_who_is_vouched_for_by_the_named_authority_and_by_name_is_spoken_to() {
    let folder = tempfile::tempdir().unwrap();
    let (authority, own, key) = certificate(&["localhost"]);
    let port = testkit::free_port();
    let _redis = start(folder.path(), port, (&own, &key));
    let at = |scheme: &str, host: &str| RedisAddress::new(format!("{scheme}://:s3cret@{host}:{port}").into());
    let right = at("rediss", "localhost").with_authority(Some(authority.clone()));
    testkit::wait_for("Redis to answer", Duration::from_secs(20), async || ping(&right).await.is_ok()).await;
    assert_eq!(ping(&right).await.as_deref(), Ok("PONG"));

    let other = certificate(&["localhost"]).0;
    for wrong in [
        // Nobody whom the machine trusts has signed it; nor has another authority; and it is for another name.
        at("rediss", "localhost"),
        at("rediss", "localhost").with_authority(Some(other)),
        at("rediss", "127.0.0.1").with_authority(Some(authority.clone())),
        at("rediss", "localhost").with_authority(Some("no certificate".to_owned())),
        // In the clear nobody answers, and nobody turns the verification off.
        at("redis", "localhost"),
        RedisAddress::new(format!("rediss://:s3cret@localhost:{port}/#insecure").into())
            .with_authority(Some(authority)),
    ] {
        let refused = ping(&wrong).await.unwrap_err();
        assert!(!refused.contains("s3cret"), "{refused}");
    }
}
