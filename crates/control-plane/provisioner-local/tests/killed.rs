//! A worker that is killed at any moment leaves nothing that the next one can't finish or take away.
#![expect(clippy::unwrap_used, reason = "what fails here fails the test")]

#[expect(dead_code, reason = "each test file uses a part of it")]
mod common;

use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use common::{leftovers, open, roles};
use domain::{CustomerId, InstanceId};
use provisioning::{InstanceSpec, InstanceState, Observed, Provisioner as _};
use testkit::wait_for;
use uuid::Uuid;

const HOME: &str = "SIXTY_TEST_VICTIM_HOME";
const INSTANCE: &str = "SIXTY_TEST_VICTIM_INSTANCE";
const PORT: &str = "SIXTY_TEST_VICTIM_PORT";

fn victims_spec(instance: InstanceId, port: u16) -> InstanceSpec {
    InstanceSpec {
        instance,
        customer: CustomerId(instance.uuid()),
        port,
        database: "customer_victim".to_owned(),
        organization_name: "Victim".to_owned(),
        timezone: "UTC".to_owned(),
    }
}

/// Run by the other test in a process of its own: does every step over and over until it is killed.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "the victim of a_worker_may_be_killed_at_any_moment"]
async fn victim() {
    #[expect(clippy::disallowed_methods, reason = "this is how the test tells its victim what to do")]
    let variable = |name: &str| std::env::var(name).unwrap();
    let provisioner = open(Path::new(&variable(HOME))).await;
    let spec = victims_spec(variable(INSTANCE).parse().unwrap(), variable(PORT).parse().unwrap());
    loop {
        provisioner.create(&spec).await.unwrap();
        provisioner.start(&spec).await.unwrap();
        provisioner.configure(&spec, &roles(&spec)).await.unwrap();
        provisioner.stop(&spec).await.unwrap();
        provisioner.start(&spec).await.unwrap();
        provisioner.destroy(&spec).await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_worker_may_be_killed_at_any_moment() {
    let home = testkit::home();
    let spec = victims_spec(InstanceId::generate(), testkit::free_port());
    let mut seen = std::collections::BTreeSet::new();
    // The first rounds are killed while they make the template.
    for round in 0..15_u64 {
        let mut victim = tokio::process::Command::new(std::env::current_exe().unwrap())
            .args(["--ignored", "--exact", "victim"])
            .env(HOME, home.path())
            .env(INSTANCE, spec.instance.to_string())
            .env(PORT, spec.port.to_string())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let moment = Duration::from_millis(u64::from(Uuid::new_v4().as_bytes()[0]) * 8 + round * 150);
        let ended = tokio::time::timeout(moment, victim.wait()).await;
        assert!(ended.is_err(), "the victim ended by itself");
        victim.kill().await.unwrap();

        let provisioner = open(home.path()).await;
        wait_for("an honest answer", Duration::from_secs(20), || async {
            provisioner.observe(&spec).await != Observed::Unknown
        })
        .await;
        seen.insert(format!("{:?}", provisioner.observe(&spec).await));
        if round % 3 == 0 {
            provisioner.destroy(&spec).await.unwrap();
            assert_eq!(provisioner.observe(&spec).await, Observed::Absent);
            assert_eq!(leftovers(home.path()), Vec::<String>::new());
        } else {
            provisioner.create(&spec).await.unwrap();
            provisioner.start(&spec).await.unwrap();
            let facts = provisioner.configure(&spec, &roles(&spec)).await.unwrap();
            assert_eq!(facts.port, spec.port);
            assert_eq!(provisioner.observe(&spec).await, Observed::Present(InstanceState::Configured));
        }
    }
    open(home.path()).await.destroy(&spec).await.unwrap();
    assert_eq!(leftovers(home.path()), Vec::<String>::new());
    assert!(seen.len() > 2, "the victim was always killed at the same place: {seen:?}");
}
