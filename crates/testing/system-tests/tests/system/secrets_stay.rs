//! After a full run of the system, no secret is anywhere but where it belongs: not in a log, a row, a job, Redis, the spool,
//! a backup, a command line or an environment. And master keys and data keys are rotated under running requests.

mod planted;

use std::fs;
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use serde_json::{Value, json};
use system_tests::{Connection, Customer, Stack, StackPlan, processes};
use testkit::wait_for;

/// The files that hold a secret, because that is what they are for.
const HOLDERS: [&str; 2] = ["master-key", "operator-token"];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_secret_is_found_where_it_does_not_belong() {
    let configuration = tempfile::tempdir().unwrap();
    let variables = planted::configuration(configuration.path());
    let stack = Stack::start_with(StackPlan { variables, ..StackPlan::default() }).await;
    let customers = [stack.customer("planted").await, stack.customer("beside").await];
    let mut planted = planted::use_all(&stack, &customers[0]).await;
    for customer in &customers {
        planted.push((format!("the API key of {}", customer.id), customer.key.clone()));
        for role in ["owner", "app", "readonly"] {
            let password = Connection::of(&stack.operator, &customer.id, role).await.password;
            planted.push((format!("the {role} password of {}", customer.id), password));
        }
    }
    let file = |name: &str| fs::read_to_string(stack.path().join(name)).unwrap();
    planted.push(("the operator token".to_owned(), file("operator-token").trim().to_owned()));

    // An answer that shows a key is kept, sealed.
    let path = format!("/api/admin/customers/{}/api-keys", customers[0].id);
    let request = stack.operator.request(reqwest::Method::POST, &path).header("Idempotency-Key", "planted");
    let kept = stack.operator.send(request.json(&json!({ "name": "kept" }))).await.expect(201);
    planted.push(("a kept answer's key".to_owned(), kept["key"].as_str().unwrap().to_owned()));
    // A key in an address is refused before anybody logs it.
    let in_address = format!("/api/v1/contacts?api_key={}", customers[0].key);
    customers[0].api.get(&in_address).await.expect_problem(400, "key-in-url");
    let wrong = format!("{}x", customers[0].key);
    customers[0].api.with_token(&wrong).get("/api/v1/contacts").await.expect(401);

    rotate_under_requests(&stack, &customers).await;
    let keys = file("master-key");
    planted.extend(keys.lines().map(|line| ("a master key".to_owned(), line.trim().to_owned())));
    assert_eq!(keys.lines().count(), 2);
    back_up(&stack, &customers[0]).await;
    // The answer is still the same, though everything that sealed it has changed.
    let request = stack.operator.request(reqwest::Method::POST, &path).header("Idempotency-Key", "planted");
    let again = stack.operator.send(request.json(&json!({ "name": "kept" }))).await.expect(201);
    assert_eq!(again["key"], kept["key"]);

    search(&stack, &planted).await;
}

/// A rotation of the master key, of a customer's data key and of the platform's, while both customers are served.
async fn rotate_under_requests(stack: &Stack, customers: &[Customer; 2]) {
    // They ask as fast as they are answered; their quota is none of this test's business.
    let generous = "update admin_api_keys set rate_limit_requests = 100000000";
    stack.admin().await.execute(generous, &[]).await.unwrap();
    let stop = Arc::new(AtomicBool::new(false));
    let requests: Vec<_> = customers
        .iter()
        .map(|customer| {
            let (api, stop) = (customer.api.clone(), Arc::clone(&stop));
            tokio::spawn(async move {
                let mut answered = 0;
                while !stop.load(Ordering::SeqCst) {
                    api.get("/api/v1/contacts").await.expect(200);
                    answered += 1;
                }
                answered
            })
        })
        .collect();
    let old = stack.program.run(&["secrets", "status", "--json"]).await.succeeded().json();
    let old = old["active_key"].as_str().unwrap().to_owned();
    let added = stack.program.run(&["secrets", "add-key", "--json"]).await.succeeded().json();
    let new = added["id"].as_str().unwrap();
    let refused = stack.program.run(&["secrets", "retire-key", &old]).await;
    assert_eq!(refused.code, Some(4), "{refused:?}");
    stack.program.run(&["secrets", "rotate-master-key", "--to", new, "--wait"]).await.succeeded();
    stack.program.run(&["secrets", "retire-key", &old]).await.succeeded();
    let rotate = ["secrets", "rotate-data-key", "--customer", "planted", "--wait"];
    stack.program.run(&rotate).await.succeeded();
    stack.program.run(&["secrets", "rotate-data-key", "--platform", "--wait"]).await.succeeded();
    stop.store(true, Ordering::SeqCst);
    for request in requests {
        assert!(request.await.unwrap() > 0);
    }
    let status = stack.program.run(&["secrets", "status", "--json"]).await.succeeded().json();
    let state = |id: &str| -> Value {
        let keys = status["master_keys"].as_array().unwrap();
        keys.iter().find(|key| key["id"] == id).unwrap()["state"].clone()
    };
    assert_eq!((state(&old), state(new)), (json!("retired"), json!("active")), "{status}");
}

async fn back_up(stack: &Stack, customer: &Customer) {
    stack.program.run(&["customer", "backup", &customer.id]).await.succeeded();
    wait_for("the backup is made", Duration::from_secs(60), async || {
        let path = format!("/api/admin/customers/{}/backups", customer.id);
        let listed = stack.operator.get(&path).await.expect(200);
        listed["data"][0]["status"] == "succeeded"
    })
    .await;
}

async fn search(stack: &Stack, planted: &[(String, String)]) {
    // Everything under SIXTY_HOME: the admin database's files with its write-ahead log, Redis's, the spool, backups, the
    // logs of all instances.
    let (mut found, mut held): (Vec<String>, usize) = (Vec::new(), 0);
    for (name, secret) in planted {
        let output = Command::new("grep").args(["-rlaF", "-e", secret]).arg(stack.path()).output().unwrap();
        let files = String::from_utf8_lossy(&output.stdout).into_owned();
        let holder = |path: &str| HOLDERS.iter().any(|holder| path.ends_with(&format!("/{holder}")));
        held += files.lines().filter(|path| holder(path)).count();
        found.extend(files.lines().filter(|path| !holder(path)).map(|path| format!("{name} in {path}")));
        // `sixty dev` shows the operator's token to whoever started it, on purpose.
        let is_in_log = |line: &str| line.contains(secret.as_str()) && !line.contains("Operator token");
        found
            .extend(stack.log().lines().filter(|line| is_in_log(line)).map(|_| format!("{name} in the log")));
        for process in stack.processes() {
            for what in ["cmdline", "environ"] {
                // The process may have ended meanwhile.
                let bytes = fs::read(format!("/proc/{}/{what}", process.id)).unwrap_or_default();
                if String::from_utf8_lossy(&bytes).contains(secret.as_str()) {
                    found.push(format!("{name} in the {what} of {}", process.command));
                }
            }
        }
    }
    found.extend(search_backups(stack, planted).await);
    assert_eq!(found, Vec::<String>::new());
    // The search finds what is there: two master keys and the token, each where it belongs.
    assert_eq!(held, 3);
    no_core_dumps(stack).await;
}

/// What backups say, to whom has the master key: they are encrypted and compressed, and `grep` sees nothing of them.
async fn search_backups(stack: &Stack, planted: &[(String, String)]) -> Vec<String> {
    let (mut found, mut looked_at) = (Vec::new(), 0);
    for folder in fs::read_dir(stack.path().join("backups")).unwrap().flatten() {
        for file in fs::read_dir(folder.path()).unwrap().flatten() {
            let path = file.path().display().to_string();
            let opened = stack.program.command(&["backup", "decrypt", &path]).output().await.unwrap();
            assert!(opened.status.success(), "{}", String::from_utf8_lossy(&opened.stderr));
            let plain = tempfile::NamedTempFile::new().unwrap();
            fs::write(plain.path(), &opened.stdout).unwrap();
            let restore = testkit::installation().program("pg_restore");
            let said = Command::new(restore).args(["-f", "-"]).arg(plain.path()).output().unwrap();
            let text = String::from_utf8_lossy(&said.stdout);
            assert!(said.status.success() && text.contains("CREATE TABLE"), "{path}");
            let secrets = planted.iter().filter(|(_, secret)| text.contains(secret.as_str()));
            found.extend(secrets.map(|(name, _)| format!("{name} in the backup {path}")));
            looked_at += 1;
        }
    }
    assert!(looked_at > 0);
    found
}

/// No core dump can be written of the two that hold keys, nor of what they start; and none is when one crashes.
async fn no_core_dumps(stack: &Stack) {
    for id in [stack.server().unwrap(), stack.worker().unwrap()] {
        let limits = fs::read_to_string(format!("/proc/{id}/limits")).unwrap();
        let core = limits.lines().find(|line| line.starts_with("Max core file size")).unwrap().to_owned();
        assert_eq!(core.split_whitespace().nth(4), Some("0"), "{core}");
    }
    for process in stack.processes() {
        // Some come and go.
        let limits = fs::read_to_string(format!("/proc/{}/limits", process.id)).unwrap_or_default();
        let core = limits.lines().find(|line| line.starts_with("Max core file size"));
        let may = core.and_then(|core| core.split_whitespace().nth(4)).is_some_and(|soft| soft != "0");
        assert!(!may, "{} may write its memory to the disk: {core:?}", process.command);
    }
    let worker = stack.worker().unwrap();
    let folder = fs::read_link(format!("/proc/{worker}/cwd")).unwrap();
    let cores = || {
        let found = fs::read_dir(&folder).unwrap().flatten();
        found.filter(|entry| entry.file_name().to_string_lossy().starts_with("core")).count()
    };
    let before = cores();
    processes::crash(worker);
    wait_for("another worker takes over", Duration::from_secs(60), async || {
        stack.worker().is_some_and(|id| id != worker)
    })
    .await;
    assert_eq!(cores(), before);
}
