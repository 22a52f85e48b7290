//! A certificate is ordered, shown by every server, and renewed.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::time::Duration;

use tokio::io::AsyncReadExt as _;
use tokio::net::TcpStream;

use crate::world::{LIMIT, NAMES, World};

#[tokio::test]
async fn a_certificate_is_ordered_once_and_every_server_shows_it() {
    let Some(world) = World::with_pebble(|_| {}).await else { return };
    let config = world.config(&NAMES);
    let first = world.server(&config, "127.0.0.1").await;
    let root = world.root().await;
    for name in NAMES {
        first.wait_until_it_serves(&root, name).await;
    }
    assert!(!first.serves(&root, "other.example.test").await, "only what was ordered");
    let orders = world.pebble().orders();
    let second = world.server(&config, "127.0.0.2").await;
    second.wait_until_it_serves(&root, NAMES[1]).await;
    assert_eq!(first.certificate.expires_at(), second.certificate.expires_at());
    assert_eq!((world.pebble().orders(), orders), (1, 1), "nothing was ordered again");
    let row = world.row(&config).await.unwrap();
    assert!(row.order.is_none() && row.last_error.is_none(), "{row:?}");

    let admin = world.database.connect().await;
    let sql = "select new_values::text from admin_audit_logs where action = 'server_certificate_issued'";
    let audited = admin.query(sql, &[]).await.unwrap();
    assert_eq!(audited.len(), 1);
    let told: String = audited[0].get(0);
    assert!(told.contains(NAMES[0]) && !told.contains("PRIVATE"), "{told}");
    let left = admin.query_one("select count(*) from admin_acme_challenges", &[]).await.unwrap();
    assert_eq!(left.get::<_, i64>(0), 0, "what was answered is forgotten");
}

#[tokio::test]
async fn servers_that_start_together_order_one() {
    let Some(world) = World::with_pebble(|_| {}).await else { return };
    let config = world.config(&NAMES);
    let (one, two) = tokio::join!(world.server(&config, "127.0.0.1"), world.server(&config, "127.0.0.2"));
    let root = world.root().await;
    one.wait_until_it_serves(&root, NAMES[0]).await;
    two.wait_until_it_serves(&root, NAMES[0]).await;
    assert_eq!(one.certificate.expires_at(), two.certificate.expires_at());
    assert_eq!((world.pebble().accounts(), world.pebble().orders()), (1, 1));
}

#[tokio::test]
async fn the_authority_is_answered_by_whichever_server_it_reaches() {
    let Some(world) = World::with_pebble(|_| {}).await else { return };
    let config = world.config(&NAMES);
    // The authority finds the names here, and who orders is elsewhere.
    let reached = world.answering(&config, "127.0.0.1").await;
    let ordering = world.server(&config, "127.0.0.2").await;
    let root = world.root().await;
    ordering.wait_until_it_serves(&root, NAMES[0]).await;
    assert!(!reached.serves(&root, NAMES[0]).await, "it was told to show nothing");
}

/// Requests on connections of their own, all verified, while two certificates follow each other.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_renewal_fails_no_request() {
    let Some(world) = World::with_pebble(|plan| plan.validity = Duration::from_secs(30)).await else {
        return;
    };
    let config = world.config(&NAMES);
    let house = Arc::new(world.server(&config, "127.0.0.1").await);
    let root = world.root().await;
    house.wait_until_it_serves(&root, NAMES[0]).await;
    let first = house.certificate.expires_at().unwrap();
    let (stop, served) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicU32::new(0)));
    let asking: Vec<_> = (0..2)
        .map(|_| {
            let (house, root, stop, served) = (house.clone(), root.clone(), stop.clone(), served.clone());
            tokio::spawn(async move {
                while !stop.load(Ordering::SeqCst) {
                    assert!(house.serves(&root, NAMES[0]).await, "a request failed");
                    served.fetch_add(1, Ordering::SeqCst);
                    tokio::time::sleep(Duration::from_millis(20)).await;
                }
            })
        })
        .collect();
    testkit::wait_for("another certificate is shown", LIMIT, async || {
        house.certificate.expires_at().unwrap() > first
    })
    .await;
    assert!(first > std::time::SystemTime::now(), "it was renewed before its end");
    // And some more with the new one.
    let so_far = served.load(Ordering::SeqCst);
    testkit::wait_for("further requests", LIMIT, async || served.load(Ordering::SeqCst) > so_far + 10).await;
    stop.store(true, Ordering::SeqCst);
    for asked in asking {
        asked.await.unwrap();
    }
    assert!(so_far > 10, "{so_far}");
}

/// Who asks like an authority learns nothing that isn't waiting to be answered, and is served nothing.
#[tokio::test]
async fn a_question_that_nobody_expects_is_not_answered() {
    let world = World::new().await;
    let config = world.config_of("https://ca.example.test/dir", &NAMES);
    let house = world.answering(&config, "127.0.0.1").await;
    for name in [NAMES[0], "other.example.test"] {
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let builder = rustls::ClientConfig::builder_with_provider(provider);
        let mut client = builder
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_root_certificates(rustls::RootCertStore::empty())
            .with_no_client_auth();
        client.alpn_protocols = vec![b"acme-tls/1".to_vec()];
        let stream = TcpStream::connect(house.address).await.unwrap();
        let asked = tokio_rustls::TlsConnector::from(Arc::new(client))
            .connect(name.to_owned().try_into().unwrap(), stream)
            .await;
        // Not even a certificate to complain about.
        let error = asked.unwrap_err().to_string();
        assert!(!error.contains("certificate"), "{name}: {error}");
    }
    // Without a certificate nobody comes in, in the clear neither.
    let mut plain = TcpStream::connect(house.address).await.unwrap();
    tokio::io::AsyncWriteExt::write_all(&mut plain, b"GET / HTTP/1.1\r\nHost: a\r\n\r\n").await.unwrap();
    let mut answer = Vec::new();
    let _ = plain.read_to_end(&mut answer).await;
    assert!(!String::from_utf8_lossy(&answer).contains("HTTP/"), "{answer:?}");
}
