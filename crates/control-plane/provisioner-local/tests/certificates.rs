//! Certificates of running instances are replaced, and one authority follows the other, while clients who verify them come in.
#![expect(clippy::unwrap_used, reason = "what fails here fails the test")]

#[expect(dead_code, reason = "the other tests need the rest")]
mod common;

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use common::{config, roles, running};
use postgres_server::ServerError;
use postgres_server::certificate::{CertificatePolicy, Standing};
use postgres_server::connect::{RoleLogin, over_tls};
use provisioner_local::{LocalConfig, LocalProvisioner};
use provisioning::{InstanceSpec, Provisioner as _};
use testkit::wait_for;

const LIMIT: Duration = Duration::from_secs(60);

async fn come_in(spec: &InstanceSpec, trusted: &str) -> Result<(), ServerError> {
    let app = roles(spec).app;
    let login = RoleLogin {
        host: "localhost",
        port: spec.port,
        database: &spec.database,
        role: &app.name,
        password: &app.password,
    };
    let client = over_tls(&login, trusted).await?;
    client.query_one("select 1", &[]).await?;
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_authority_follows_the_other_and_no_client_who_verifies_is_turned_away() {
    let home = testkit::home();
    let certificates = CertificatePolicy { overlap: Duration::from_secs(2), ..CertificatePolicy::default() };
    let provisioner =
        LocalProvisioner::open(LocalConfig { certificates, ..config(home.path()) }).await.unwrap();
    let authority = provisioner.authority();
    let spec = running(&provisioner, "acme").await;
    let first = authority.trusted().unwrap();
    let published = Arc::new(Mutex::new(first.clone()));
    let (stop, came_in) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicU64::new(0)));
    let clients: Vec<_> = (0..2)
        .map(|_| {
            let (spec, published) = (spec.clone(), Arc::clone(&published));
            let (stop, came_in) = (Arc::clone(&stop), Arc::clone(&came_in));
            tokio::spawn(async move {
                while !stop.load(Ordering::SeqCst) {
                    let trusted = published.lock().unwrap().clone();
                    come_in(&spec, &trusted).await.unwrap();
                    came_in.fetch_add(1, Ordering::SeqCst);
                }
            })
        })
        .collect();

    assert!(authority.introduce().unwrap());
    // What a worker does in each pass.
    let pass = async || {
        *published.lock().unwrap() = authority.trusted().unwrap();
        let trusted = published.lock().unwrap().clone();
        let certificate = provisioner.tend_certificate(&spec, &trusted).await.unwrap().unwrap();
        if certificate.is_settled {
            authority.retire().unwrap();
            *published.lock().unwrap() = authority.trusted().unwrap();
        }
    };
    wait_for("the first authority to leave", LIMIT, async || {
        pass().await;
        let status = authority.status().unwrap();
        assert!(status.len() <= 2);
        status.iter().map(|one| (one.name.as_str(), one.standing)).eq([("2", Standing::Signing)])
    })
    .await;
    let before = came_in.load(Ordering::SeqCst);
    wait_for("clients to come in as before", LIMIT, async || came_in.load(Ordering::SeqCst) > before + 10)
        .await;
    stop.store(true, Ordering::SeqCst);
    for client in clients {
        client.await.unwrap();
    }
    // Whoever still trusts the first alone is shown somebody else's.
    assert!(matches!(come_in(&spec, &first).await, Err(ServerError::Database(_))));
    // Another worker, or a new start, goes on with it; so does a restart of the instance.
    let again = LocalProvisioner::open(LocalConfig { certificates, ..config(home.path()) }).await.unwrap();
    again.stop(&spec).await.unwrap();
    again.start(&spec).await.unwrap();
    let second = again.authority().trusted().unwrap();
    come_in(&spec, &second).await.unwrap();
    assert_eq!(again.configure(&spec, &roles(&spec)).await.unwrap().ca_certificate, second);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_certificate_that_is_gone_or_was_never_read_is_replaced_while_the_instance_runs() {
    let home = testkit::home();
    let provisioner = common::open(home.path()).await;
    let (spec, other) = (running(&provisioner, "acme").await, running(&provisioner, "beside").await);
    let trusted = provisioner.authority().trusted().unwrap();
    let data = |spec: &InstanceSpec| home.path().join(format!("instances/{}/data", spec.instance));
    let settled = async |spec: &InstanceSpec| {
        provisioner.tend_certificate(spec, &trusted).await.unwrap().unwrap().is_settled
    };
    assert!(settled(&spec).await && settled(&other).await);
    let untouched = std::fs::read(data(&other).join("server.crt")).unwrap();

    std::fs::remove_file(data(&spec).join("server.crt")).unwrap();
    wait_for("another certificate is shown", LIMIT, async || settled(&spec).await).await;
    // As a worker leaves it that is killed before it tells the instance.
    std::fs::remove_file(data(&spec).join("server.crt")).unwrap();
    let hosts = ["localhost", "127.0.0.1", "::1"].map(str::to_owned);
    let user = provisioner.os_user();
    assert!(provisioner.authority().ensure_server_certificate(&data(&spec), &hosts, user).unwrap());
    assert!(!settled(&spec).await);
    wait_for("the instance reads it", LIMIT, async || settled(&spec).await).await;
    come_in(&spec, &trusted).await.unwrap();
    assert_eq!(std::fs::read(data(&other).join("server.crt")).unwrap(), untouched);

    // One that doesn't run gets its own when it starts.
    provisioner.stop(&spec).await.unwrap();
    assert_eq!(provisioner.tend_certificate(&spec, &trusted).await.unwrap(), None);
    std::fs::remove_file(data(&spec).join("server.crt")).unwrap();
    provisioner.start(&spec).await.unwrap();
    come_in(&spec, &trusted).await.unwrap();
    // One that is gone leaves nothing behind, not even a lock.
    provisioner.destroy(&spec).await.unwrap();
    assert_eq!(provisioner.tend_certificate(&spec, &trusted).await.unwrap(), None);
    assert!(common::leftovers(home.path()).iter().all(|left| !left.contains(&spec.instance.to_string())));
}
