//! The local backend, told the story that every backend must pass.
#![expect(clippy::unwrap_used, reason = "what fails here fails the test")]

#[expect(dead_code, reason = "each test file uses a part of it")]
mod common;

use std::any::Any;
use std::net::TcpListener;
use std::path::PathBuf;
use std::time::Duration;

use async_trait::async_trait;
use provisioner_local::LocalProvisioner;
use provisioning::conformance::{self, Subject};
use provisioning::{InstanceSpec, Provisioner};
use testkit::wait_for;

struct Local {
    home: PathBuf,
    provisioner: LocalProvisioner,
}

#[async_trait]
impl Subject for Local {
    fn provisioner(&self) -> &dyn Provisioner {
        &self.provisioner
    }

    fn free_port(&self) -> u16 {
        testkit::free_port()
    }

    async fn occupy(&self, port: u16) -> Box<dyn Any + Send> {
        Box::new(TcpListener::bind(("127.0.0.1", port)).unwrap())
    }

    async fn interrupt_creation(&self, spec: &InstanceSpec) {
        let half = self.home.join(format!("instances/.making-{}/data/global", spec.instance));
        std::fs::create_dir_all(&half).unwrap();
        std::fs::write(half.join("pg_control"), "half").unwrap();
    }

    async fn kill(&self, spec: &InstanceSpec) {
        common::kill(common::postmaster_pid(&self.home, spec));
        wait_for("the process to be gone", Duration::from_secs(5), || async {
            !self.provisioner.is_running(spec)
        })
        .await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_local_backend_conforms() {
    let home = testkit::home();
    let provisioner = common::open(home.path()).await;
    let subject = Local { home: home.path().to_owned(), provisioner };
    conformance::run(&subject).await;
    assert_eq!(common::leftovers(home.path()), Vec::<String>::new());
}
