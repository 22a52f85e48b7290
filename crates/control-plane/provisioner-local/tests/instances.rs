//! What is particular to instances as processes of this machine.
#![expect(clippy::unwrap_used, reason = "what fails here fails the test")]

mod common;

use std::collections::HashSet;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::process::Command;
use std::sync::Arc;
use std::time::Duration;

use common::{kill, leftovers, open, postmaster_pid, roles, running, spec};
use provisioner_local::LocalProvisioner;
use provisioning::{InstanceState, Observed, Provisioner as _};
use testkit::wait_for;
use tokio_util::sync::CancellationToken;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn several_workers_make_one_template_and_one_instance() {
    let home = testkit::home();
    let (one, other) = (open(home.path()).await, open(home.path()).await);
    let (shared, own) = (spec("shared"), spec("own"));
    let (first, second, third) = tokio::join!(one.create(&shared), other.create(&shared), other.create(&own));
    first.and(second).and(third).unwrap();
    let templates: Vec<_> = std::fs::read_dir(home.path().join("templates")).unwrap().flatten().collect();
    assert_eq!(templates.len(), 1);
    let (first, second) = tokio::join!(one.start(&shared), other.start(&shared));
    first.and(second).unwrap();
    let shared_roles = roles(&shared);
    let (first, second) =
        tokio::join!(one.configure(&shared, &shared_roles), other.configure(&shared, &shared_roles));
    assert_eq!(first.unwrap(), second.unwrap());
    let (first, second) = tokio::join!(one.destroy(&shared), other.destroy(&shared));
    first.and(second).unwrap();
    one.destroy(&own).await.unwrap();
    assert_eq!(leftovers(home.path()), Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_instance_is_a_cluster_of_its_own_and_belongs_to_the_server() {
    let home = testkit::home();
    let provisioner = open(home.path()).await;
    let template = {
        provisioner.prepare_template().await.unwrap();
        let folder = std::fs::read_dir(home.path().join("templates")).unwrap().next().unwrap().unwrap();
        folder.path().join("data")
    };
    let specs = [spec("a"), spec("b"), spec("c")];
    for spec in &specs {
        provisioner.create(spec).await.unwrap();
    }
    let data =
        |spec: &provisioning::InstanceSpec| home.path().join(format!("instances/{}/data", spec.instance));
    let program = provisioner.installation().program("pg_controldata");
    assert!(program.exists(), "{} comes with PostgreSQL's server programs", program.display());
    let identifier = |data_dir: &std::path::Path| {
        let output = Command::new(&program).env("LC_ALL", "C").arg(data_dir).output().unwrap();
        let text = String::from_utf8(output.stdout).unwrap();
        assert!(!text.contains("WARNING"), "{text}");
        assert!(text.contains("shut down"), "{text}");
        text.lines().find(|line| line.contains("system identifier")).unwrap().to_owned()
    };
    let mut identifiers: HashSet<_> = specs.iter().map(|spec| identifier(&data(spec))).collect();
    identifiers.insert(identifier(&template));
    assert_eq!(identifiers.len(), 4);
    for file in ["server.crt", "server.key"] {
        let own: HashSet<_> =
            specs.iter().map(|spec| std::fs::read(data(spec).join(file)).unwrap()).collect();
        assert_eq!(own.len(), specs.len(), "{file}");
        assert!(!template.join(file).exists(), "the template has none to give");
    }
    let user = provisioner.os_user().clone();
    for spec in &specs {
        for entry in walk(&data(spec)) {
            let metadata = std::fs::symlink_metadata(&entry).unwrap();
            assert_eq!(metadata.uid(), user.uid, "{}", entry.display());
            assert_eq!(metadata.permissions().mode() & 0o077, 0, "{}", entry.display());
        }
    }
    let key = std::fs::metadata(home.path().join("tls/authority.key")).unwrap();
    assert_eq!(key.permissions().mode() & 0o777, 0o600);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_crashed_instance_comes_back_and_a_stopped_one_stays_away() {
    let home = testkit::home();
    let provisioner = Arc::new(open(home.path()).await);
    let (kept, stopped) = (running(&provisioner, "kept").await, running(&provisioner, "stopped").await);
    let wanted = Arc::new(std::sync::Mutex::new(vec![kept.clone(), stopped.clone()]));
    let stop = CancellationToken::new();
    let supervisor = {
        let (list, provisioner, stop) = (Arc::clone(&wanted), Arc::clone(&provisioner), stop.clone());
        let instances = move || {
            let list = list.lock().unwrap().clone();
            async move { Ok::<_, std::convert::Infallible>(list) }
        };
        tokio::spawn(provisioner_local::supervise(provisioner, instances, stop))
    };

    wanted.lock().unwrap().retain(|spec| spec.instance == kept.instance);
    provisioner.stop(&stopped).await.unwrap();
    for _ in 0..2 {
        let pid = postmaster_pid(home.path(), &kept);
        kill(pid);
        wait_for("the crashed instance to serve again", Duration::from_secs(20), || async {
            provisioner.is_running(&kept)
                && postmaster_pid(home.path(), &kept) != pid
                && provisioner.observe(&kept).await == Observed::Present(InstanceState::Configured)
        })
        .await;
        // Children that ended were waited for.
        assert!(!std::path::Path::new(&format!("/proc/{pid}")).exists(), "a zombie");
    }
    assert_eq!(provisioner.observe(&stopped).await, Observed::Present(InstanceState::Stopped));

    stop.cancel();
    supervisor.await.unwrap();
    assert!(provisioner.is_running(&kept), "the supervisor's end is not the instances' end");
    provisioner.stop_all().await.unwrap();
    assert_eq!(provisioner.observe(&kept).await, Observed::Present(InstanceState::Stopped));
    provisioner.stop_all().await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_power_failure_tore_is_made_again_and_what_was_flushed_is_kept() {
    let home = testkit::home();
    let provisioner = open(home.path()).await;
    let spec = running(&provisioner, "torn").await;
    let folder = home.path().join(format!("instances/{}", spec.instance));
    std::fs::write(folder.join("created"), "another boot").unwrap();
    assert_eq!(
        provisioner.observe(&spec).await,
        Observed::Present(InstanceState::Configured),
        "it was flushed"
    );
    provisioner.destroy(&spec).await.unwrap();

    provisioner.create(&spec).await.unwrap();
    wait_for("the flush", Duration::from_secs(60), || async { folder.join("durable").exists() }).await;
    std::fs::write(folder.join("created"), "another boot").unwrap();
    std::fs::remove_file(folder.join("durable")).unwrap();
    assert_eq!(provisioner.observe(&spec).await, Observed::Present(InstanceState::Incomplete));
    provisioner.create(&spec).await.unwrap();
    assert_eq!(provisioner.observe(&spec).await, Observed::Present(InstanceState::Stopped));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_process_id_that_was_given_to_another_process_stops_nobody_from_starting() {
    let home = testkit::home();
    let provisioner = open(home.path()).await;
    let (one, other) = (running(&provisioner, "one").await, running(&provisioner, "other").await);
    let pid_file = home.path().join(format!("instances/{}/data/postmaster.pid", one.instance));
    let before = std::fs::read_to_string(&pid_file).unwrap();
    let pid = postmaster_pid(home.path(), &one);
    kill(pid);
    wait_for("the process to be gone", Duration::from_secs(5), || async { !provisioner.is_running(&one) })
        .await;
    // As after a restart of the machine: the id in the file is another customer's server by now.
    let taken = postmaster_pid(home.path(), &other).to_string();
    let after = before.replacen(&pid.to_string(), &taken, 1);
    std::fs::write(&pid_file, after).unwrap();
    let lock = home.path().join(format!("run/.s.PGSQL.{}.lock", one.port));
    let text = std::fs::read_to_string(&lock).unwrap();
    std::fs::write(&lock, text.replacen(&pid.to_string(), &taken, 1)).unwrap();

    assert_eq!(provisioner.observe(&one).await, Observed::Present(InstanceState::Stopped));
    provisioner.start(&one).await.unwrap();
    assert_eq!(provisioner.observe(&one).await, Observed::Present(InstanceState::Configured));
    assert!(provisioner.is_running(&other));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_password_in_the_clear_is_nowhere_on_the_disk() {
    let home = testkit::home();
    let provisioner = open(home.path()).await;
    let spec = running(&provisioner, "quiet").await;
    provisioner.stop(&spec).await.unwrap();
    let mut is_verifier_found = false;
    for file in walk(home.path()).into_iter().filter(|path| path.is_file()) {
        let bytes = std::fs::read(&file).unwrap();
        let has = |needle: &[u8]| bytes.windows(needle.len()).any(|window| window == needle);
        assert!(!has(b"password-of-"), "{}", file.display());
        is_verifier_found = is_verifier_found || has(b"SCRAM-SHA-256$");
    }
    // What is kept instead is found the same way.
    assert!(is_verifier_found);
}

#[tokio::test]
async fn a_home_that_the_server_cannot_reach_is_refused_by_name() {
    let home = testkit::home();
    let closed = home.path().join("closed");
    std::fs::create_dir(&closed).unwrap();
    std::fs::set_permissions(&closed, std::fs::Permissions::from_mode(0o700)).unwrap();
    let opened = LocalProvisioner::open(common::config(&closed.join("home"))).await;
    if rustix::process::geteuid().is_root() {
        let message = opened.unwrap_err().to_string();
        assert!(message.contains(&format!("chmod o+x {}", closed.display())), "{message}");
    } else {
        opened.unwrap();
    }
}

#[tokio::test]
async fn a_home_with_a_long_path_has_its_sockets_elsewhere() {
    let home = testkit::home();
    let long = home
        .path()
        .join("a-folder-with-a-rather-long-name")
        .join("and-another-one-below-it")
        .join("and-the-home");
    let provisioner = open(&long).await;
    assert!(provisioner.socket_dir().starts_with("/tmp"), "{}", provisioner.socket_dir().display());
    let spec = running(&provisioner, "far-away").await;
    assert_eq!(provisioner.observe(&spec).await, Observed::Present(InstanceState::Configured));
    provisioner.destroy(&spec).await.unwrap();
    std::fs::remove_dir_all(provisioner.socket_dir()).unwrap();
}

fn walk(folder: &std::path::Path) -> Vec<std::path::PathBuf> {
    let mut found = vec![folder.to_owned()];
    let mut next = 0;
    while next < found.len() {
        if found[next].is_dir() && !found[next].is_symlink() {
            found.extend(std::fs::read_dir(&found[next]).unwrap().flatten().map(|entry| entry.path()));
        }
        next += 1;
    }
    found
}
