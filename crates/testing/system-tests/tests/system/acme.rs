//! `sixty serve` with a certificate that it orders itself: two servers, an authority, and what an operator is told.

use std::fs::File;
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use reqwest::{Certificate, Client};
use system_tests::{Program, Stack};
use testkit::{Pebble, PebblePlan, wait_for};
use tokio::process::Child;

const LIMIT: Duration = Duration::from_secs(90);
const NAME: &str = "crm.example.test";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn servers_order_their_certificate_and_tell_no_secret() {
    let port = testkit::free_port();
    let Some(pebble) = testkit::pebble(PebblePlan::at(port)).await else { return };
    let stack = Stack::start().await;
    let program = stack
        .program
        .clone()
        .in_the_clear()
        .without("SIXTY_TLS")
        .with("PORT", port.to_string())
        .with("SIXTY_ACME_DOMAINS", NAME)
        .with("SIXTY_ACME_DIRECTORY", pebble.directory())
        .with("SIXTY_ACME_CA_FILE", pebble.ca_file());
    let refused = program.run(&["serve"]).await;
    assert!(refused.message().contains("SIXTY_ACME_TERMS_ACCEPTED=true"), "{refused:?}");
    let program = program.with("SIXTY_ACME_TERMS_ACCEPTED", "true");
    let before = doctor(&program).await;
    assert!(before.contains("the servers have none yet"), "{before}");

    let logs = [stack.path().join("acme-1.log"), stack.path().join("acme-2.log")];
    let metrics = testkit::free_port();
    let first =
        program.clone().with("SIXTY_HOST", "127.0.0.1").with("SIXTY_METRICS_PORT", metrics.to_string());
    let _first = start(&first, &logs[0]);
    let client = client(&pebble, "127.0.0.1", port).await;
    wait_for("the first server has a certificate", LIMIT, async || answers(&client, port).await).await;
    let numbers = client.get(format!("https://{NAME}:{metrics}/metrics")).send().await;
    let numbers = numbers.unwrap().text().await.unwrap();
    assert!(numbers.contains("sixty_acme_failed_attempts 0"), "{numbers}");
    let _second = start(&program.clone().with("SIXTY_HOST", "127.0.0.2"), &logs[1]);
    let second = self::client(&pebble, "127.0.0.2", port).await;
    wait_for("the second server has it too", LIMIT, async || answers(&second, port).await).await;
    assert_eq!(pebble.orders(), 1);

    let told = program.run(&["certificates", "server", "--json"]).await.succeeded().json();
    assert_eq!((&told[0]["domains"][0], &told[0]["failed_attempts"]), (&NAME.into(), &0.into()), "{told}");
    let after = doctor(&program).await;
    assert!(after.starts_with("the server's ends on"), "{after}");

    // What went wrong is told to whoever asks, and is over when it was mended.
    let admin = stack.admin().await;
    let failed =
        "update admin_acme_certificates set last_error = 'rateLimited: too many', failed_attempts = 3";
    admin.batch_execute(failed).await.unwrap();
    let wrong = doctor(&program).await;
    assert!(wrong.contains("there is no new one: rateLimited: too many"), "{wrong}");
    let listed = program.run(&["certificates", "server", "--try-again"]).await.succeeded().output;
    assert!(listed.contains("rateLimited: too many") && listed.contains("failed 3 times"), "{listed}");

    // No key is anywhere but sealed.
    let sealed =
        "select key_sealed from admin_acme_accounts union all select key_sealed from admin_acme_certificates";
    for row in admin.query(sealed, &[]).await.unwrap() {
        assert!(row.get::<_, String>(0).starts_with("v1.data"), "it is sealed");
    }
    for log in &logs {
        let log = std::fs::read_to_string(log).unwrap();
        assert!(log.contains("the server shows a new certificate"), "{log}");
        assert!(!log.contains("PRIVATE KEY") && !log.contains("v1.data"), "{log}");
    }
}

fn start(program: &Program, log: &Path) -> Child {
    let log = File::create(log).unwrap();
    let errors = log.try_clone().unwrap();
    program.command(&["serve"]).stdout(Stdio::from(log)).stderr(Stdio::from(errors)).spawn().unwrap()
}

/// What the doctor says of certificates.
async fn doctor(program: &Program) -> String {
    let found = program.run(&["doctor", "--json"]).await.json();
    let told = found.as_array().unwrap().iter().find(|one| one["check"] == "certificates").unwrap();
    told["detail"].as_str().unwrap().to_owned()
}

/// A caller who trusts what the authority issues, and nothing else.
async fn client(pebble: &Pebble, host: &str, port: u16) -> Client {
    let own = Certificate::from_pem(pebble.ca_certificate().as_bytes()).unwrap();
    let asking = Client::builder().tls_certs_only([own]).build().unwrap();
    let root = asking.get(format!("{}/roots/0", pebble.management())).send().await.unwrap();
    let root = Certificate::from_pem(&root.bytes().await.unwrap()).unwrap();
    let address = format!("{host}:{port}").parse().unwrap();
    let client = Client::builder().tls_certs_only([root]).no_proxy().resolve(NAME, address);
    client.timeout(Duration::from_secs(10)).build().unwrap()
}

async fn answers(client: &Client, port: u16) -> bool {
    let answer = client.get(format!("https://{NAME}:{port}/api/health")).send().await;
    answer.is_ok_and(|answer| answer.status() == 200)
}
