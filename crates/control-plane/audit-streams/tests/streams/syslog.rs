//! A syslog server, plain on this machine and encrypted.

use std::sync::Arc;

use audit_streams::NewStreamRequest;
use customers::Actor;
use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio::io::{AsyncRead, AsyncReadExt as _};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;

use crate::house::{House, request};

/// What one connection brings, message by message (RFC 6587, with the length before each).
async fn messages(mut stream: impl AsyncRead + Unpin) -> Vec<String> {
    let mut bytes = Vec::new();
    let _ = stream.read_to_end(&mut bytes).await;
    let mut rest = bytes.as_slice();
    let mut found = Vec::new();
    while let Some(space) = rest.iter().position(|byte| *byte == b' ') {
        let length: usize = std::str::from_utf8(&rest[..space]).unwrap().parse().unwrap();
        found.push(String::from_utf8(rest[space + 1..space + 1 + length].to_vec()).unwrap());
        rest = &rest[space + 1 + length..];
    }
    found
}

fn check(messages: &[String]) {
    assert_eq!(messages.len(), 3, "{messages:?}");
    for message in messages {
        assert!(message.starts_with("<109>1 20") && message.contains(" - sixty - "), "{message}");
        let (head, json) = message.split_once("\"] ").unwrap();
        let line: serde_json::Value = serde_json::from_str(json).unwrap();
        assert!(head.contains(&format!("id={} chain=", line["id"])), "{message}");
        assert!(head.contains(&format!(" {} [audit@32473 ", line["action"].as_str().unwrap())), "{message}");
        assert!(!message.contains('\n'), "what is in a value is escaped: {message}");
    }
}

#[tokio::test]
async fn messages_of_rfc_5424_arrive_whole() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let house = House::new().await;
    let id = house.add(&format!("syslog+tcp://127.0.0.1:{port}")).await.0.stream.id;
    house.write(1, 2).await;
    let server = tokio::spawn(async move { messages(listener.accept().await.unwrap().0).await });
    house.worker("one").run_once().await.unwrap();
    check(&server.await.unwrap());
    assert_eq!(house.stream(id).await.lag.rows, 0);
}

#[tokio::test]
async fn a_server_that_goes_away_in_the_midst_of_it_has_not_been_told() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let house = House::new().await;
    let id = house.add(&format!("syslog+tcp://127.0.0.1:{port}")).await.0.stream.id;
    // More than fits into the buffers on the way, so that somebody has to read.
    house.write(1, 400).await;
    house.sql("alter table admin_audit_logs disable trigger user; update admin_audit_logs set new_values = jsonb_build_object('long', repeat('x', 2000)) where customer_id is not null; alter table admin_audit_logs enable trigger user").await;
    let server = tokio::spawn(async move {
        let (stream, _) = listener.accept().await.unwrap();
        // Closed with bytes unread: the other side is reset.
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
        drop(stream);
        drop(listener);
    });
    house.worker("one").run_once().await.unwrap();
    server.await.unwrap();
    let failed = house.stream(id).await;
    assert!(failed.stream.last_error.is_some() && failed.lag.rows == 401, "{failed:?}");
}

/// An authority, and an acceptor with a certificate of it for `localhost`.
fn certificate() -> (String, TlsAcceptor) {
    let authority_key = KeyPair::generate().unwrap();
    let mut authority = CertificateParams::new(Vec::new()).unwrap();
    authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let authority_pem = authority.self_signed(&authority_key).unwrap().pem();
    let key = KeyPair::generate().unwrap();
    let own = CertificateParams::new(vec!["localhost".to_owned()]).unwrap();
    let own = own.signed_by(&key, &Issuer::new(authority, authority_key)).unwrap();
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(
            vec![CertificateDer::from_pem_slice(own.pem().as_bytes()).unwrap()],
            PrivateKeyDer::from_pem_slice(key.serialize_pem().as_bytes()).unwrap(),
        )
        .unwrap();
    (authority_pem, TlsAcceptor::from(Arc::new(config)))
}

#[tokio::test]
async fn an_encrypted_server_is_told_when_its_authority_and_its_name_are_right() {
    let (authority, acceptor) = certificate();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let server = tokio::spawn(async move {
        loop {
            let (stream, _) = listener.accept().await.unwrap();
            if let Ok(stream) = acceptor.accept(stream).await {
                let messages = messages(stream).await;
                if !messages.is_empty() {
                    return messages;
                }
            }
        }
    });
    let house = House::new().await;
    let other = certificate().0;
    let at = |host: &str, authority: Option<&String>, name: &str| NewStreamRequest {
        name: name.to_owned(),
        ca_certificate: authority.cloned(),
        ..request(&format!("syslog+tls://{host}:{port}"))
    };
    for (number, wrong) in [
        at("localhost", None, "a"),
        at("localhost", Some(&other), "b"),
        at("127.0.0.1", Some(&authority), "c"),
    ]
    .iter()
    .enumerate()
    {
        let id = house.streams.create(&Actor::system(), wrong).await.unwrap().0.stream.id;
        house.worker("one").run_once().await.unwrap();
        let failed = house.stream(id).await.stream.last_error.unwrap();
        assert!(failed.to_lowercase().contains("certificate"), "{number}: {failed}");
        house.streams.delete(&Actor::system(), id).await.unwrap();
    }
    let right = at("localhost", Some(&authority), "right");
    let id = house.streams.create(&Actor::system(), &right).await.unwrap().0.stream.id;
    house.write(1, 2).await;
    house.worker("one").run_once().await.unwrap();
    check(&server.await.unwrap());
    assert_eq!(house.stream(id).await.lag.rows, 0);
}
