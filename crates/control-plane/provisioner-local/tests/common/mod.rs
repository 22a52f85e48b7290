//! What the tests of this crate share.

use std::path::Path;

use domain::{CustomerId, InstanceId};
use provisioner_local::{LocalConfig, LocalProvisioner};
use provisioning::{DatabaseRoles, InstanceSpec, Provisioner as _, RoleCredential};
use rustix::process::{Pid, Signal, kill_process};
use secrecy::SecretString;

/// A backend on this home.
pub(crate) async fn open(home: &Path) -> LocalProvisioner {
    LocalProvisioner::open(config(home)).await.unwrap()
}

/// The configuration that every test begins with.
pub(crate) fn config(home: &Path) -> LocalConfig {
    LocalConfig { pg_bin: Some(testkit::installation().bin_dir), ..LocalConfig::new(home.to_owned()) }
}

/// A customer of that name, on a free port.
pub(crate) fn spec(slug: &str) -> InstanceSpec {
    InstanceSpec {
        instance: InstanceId::generate(),
        customer: CustomerId::generate(),
        port: testkit::free_port(),
        database: format!("customer_{slug}"),
        organization_name: slug.to_owned(),
        timezone: "UTC".to_owned(),
    }
}

/// The roles of the spec's database.
pub(crate) fn roles(spec: &InstanceSpec) -> DatabaseRoles {
    let role = |suffix: &str| RoleCredential {
        name: format!("{}_{suffix}", spec.database),
        password: SecretString::from(format!("password-of-{suffix}")),
    };
    DatabaseRoles { owner: role("owner"), app: role("app"), readonly: role("readonly") }
}

/// A running, configured instance.
pub(crate) async fn running(provisioner: &LocalProvisioner, slug: &str) -> InstanceSpec {
    let spec = spec(slug);
    provisioner.create(&spec).await.unwrap();
    provisioner.start(&spec).await.unwrap();
    provisioner.configure(&spec, &roles(&spec)).await.unwrap();
    spec
}

/// The process id in the instance's `postmaster.pid`.
pub(crate) fn postmaster_pid(home: &Path, spec: &InstanceSpec) -> i32 {
    let file = home.join(format!("instances/{}/data/postmaster.pid", spec.instance));
    std::fs::read_to_string(file).unwrap().lines().next().unwrap().parse().unwrap()
}

/// Kills a process with signal 9.
pub(crate) fn kill(pid: i32) {
    kill_process(Pid::from_raw(pid).unwrap(), Signal::KILL).unwrap();
}

/// Everything under the home that isn't the home's own, or the template's, which the next making takes away.
pub(crate) fn leftovers(home: &Path) -> Vec<String> {
    let mut found = Vec::new();
    for folder in ["instances", "run", "locks"] {
        for entry in std::fs::read_dir(home.join(folder)).unwrap().flatten() {
            found.push(format!("{folder}/{}", entry.file_name().to_string_lossy()));
        }
    }
    found.retain(|name| name != "locks/templates" && name != "run/t");
    found
}
