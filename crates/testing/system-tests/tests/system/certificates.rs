//! The authority that signs the certificates of customers' instances is replaced while everybody is served, and clients who
//! verify come in at any time.

use std::process::{Command, Output};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use serde_json::json;
use system_tests::{Api, Connection, Customer, Program, Stack, StackPlan, processes};
use testkit::wait_for;
use tokio::task::JoinHandle;

const LIMIT: Duration = Duration::from_secs(90);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_authority_of_instances_is_replaced_and_no_request_fails() {
    let overlap = ("SIXTY_CERTIFICATE_OVERLAP_SECONDS", "4".to_owned());
    let stack = Stack::start_with(StackPlan { variables: vec![overlap], ..StackPlan::default() }).await;
    let customers = [stack.customer("signed").await, stack.customer("beside").await];
    // They ask as fast as they are answered; their quota is none of this test's business.
    let generous = "update admin_api_keys set rate_limit_requests = 100000000";
    stack.admin().await.execute(generous, &[]).await.unwrap();
    let before = Connection::of(&stack.operator, "signed", "app").await;
    let stop = Arc::new(AtomicBool::new(false));
    let mut asking: Vec<_> = customers.iter().map(|customer| requests(customer, &stop)).collect();
    asking.push(newcomers(&stack.operator, &stop));

    let program = stack.program.clone();
    assert_eq!(standings(&program).await, [("1".to_owned(), "signing".to_owned())]);
    let begun = program.run(&["certificates", "rotate-authority"]).await.succeeded();
    assert!(begun.output.contains("Another authority is announced"), "{begun:?}");
    let again = program.run(&["certificates", "rotate-authority"]).await.succeeded();
    assert!(again.output.contains("announced already"), "{again:?}");
    // Whoever does it is killed again and again, until it is done.
    while standings(&program).await != [("2".to_owned(), "signing".to_owned())] {
        let worker = stack.worker().unwrap();
        processes::crash(worker);
        wait_for("another worker goes on", LIMIT, async || stack.worker().is_some_and(|id| id != worker))
            .await;
        let before = standings(&program).await;
        let started = Instant::now();
        // Some of them get as far as something is to be seen, others not even that.
        wait_for("something has happened, or two seconds", LIMIT, async || {
            standings(&program).await != before || started.elapsed() > Duration::from_secs(2)
        })
        .await;
    }
    wait_for("every server knows", LIMIT, async || {
        Connection::of(&stack.operator, "signed", "app").await.ca_certificate.matches("BEGIN").count() == 1
    })
    .await;
    stop.store(true, Ordering::SeqCst);
    for asked in asking {
        assert!(asked.await.unwrap() > 0);
    }

    let after = Connection::of(&stack.operator, "signed", "app").await;
    after.connect().await;
    assert!(before.ca_certificate != after.ca_certificate && before.try_connect().await.is_err());
    let audited = ["audit", "list", "--action", "certificate_authorities_changed", "--json"];
    let audited = program.run(&audited).await.succeeded().json();
    assert_eq!(audited["data"].as_array().unwrap().len(), 2, "{audited}");
    let found = program.run(&["doctor", "--json"]).await.succeeded().json();
    let told = found.as_array().unwrap().iter().find(|one| one["check"] == "certificates").unwrap();
    assert!(told["detail"].as_str().unwrap().starts_with("the first of "), "{told}");
    people_verify_too(&program).await;
}

/// `psql` with the URL that is printed verifies the certificate and its name; with another file, it doesn't come in.
async fn people_verify_too(program: &Program) {
    let url = program.run(&["customer", "url", "signed", "--role", "app"]).await.succeeded().output;
    let (whole, file) = url.trim().split_once("?sslmode=verify-full&sslrootcert=").unwrap();
    let psql = |url: &str| -> Output {
        let program = testkit::installation().program("psql");
        Command::new(program).env_clear().args([url, "-XAtc", "select 1"]).output().unwrap()
    };
    let came_in = psql(url.trim());
    assert_eq!(String::from_utf8_lossy(&came_in.stdout).trim(), "1", "{came_in:?}");
    let other = program.run(&["customer", "url", "beside", "--role", "app"]).await.succeeded().output;
    assert_ne!(other, url);
    let stranger = tempfile::NamedTempFile::new().unwrap();
    let authority = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap().cert.pem();
    std::fs::write(stranger.path(), authority).unwrap();
    let refused = psql(&format!("{whole}?sslmode=verify-full&sslrootcert={}", stranger.path().display()));
    assert!(!refused.status.success() && !file.is_empty(), "{refused:?}");
}

async fn standings(program: &Program) -> Vec<(String, String)> {
    let told = program.run(&["certificates", "status", "--json"]).await.succeeded().json();
    let text = |value: &serde_json::Value| value.as_str().unwrap().to_owned();
    told.as_array().unwrap().iter().map(|one| (text(&one["name"]), text(&one["standing"]))).collect()
}

/// Reads and writes, one after the other; how many.
fn requests(customer: &Customer, stop: &Arc<AtomicBool>) -> JoinHandle<u32> {
    let (api, stop) = (customer.api.clone(), Arc::clone(stop));
    tokio::spawn(async move {
        let mut asked = 0;
        while !stop.load(Ordering::SeqCst) {
            api.post("/api/v1/contacts", &json!({ "first_name": "Ada" })).await.expect(201);
            api.get("/api/v1/contacts?limit=1").await.expect(200);
            asked += 2;
        }
        asked
    })
}

/// Clients of a customer's own, who ask what to trust and then come in; how many.
fn newcomers(operator: &Api, stop: &Arc<AtomicBool>) -> JoinHandle<u32> {
    let (operator, stop) = (operator.clone(), Arc::clone(stop));
    tokio::spawn(async move {
        let mut came_in = 0;
        while !stop.load(Ordering::SeqCst) {
            Connection::of(&operator, "signed", "readonly").await.connect().await;
            came_in += 1;
        }
        came_in
    })
}
