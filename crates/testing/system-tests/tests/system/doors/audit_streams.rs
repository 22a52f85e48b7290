//! The audit log told to others, by the programs as they are: the command line asks the server, the worker tells.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use testkit::{connect, wait_for};
use tokio::io::AsyncReadExt as _;
use tokio::net::TcpListener;
use uuid::Uuid;

use super::installation::Installation;

const LIMIT: Duration = Duration::from_secs(30);

pub(super) async fn story(installation: &Installation) {
    let heard = Arc::new(Mutex::new(String::new()));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let endpoint = format!("syslog+tcp://127.0.0.1:{}", listener.local_addr().unwrap().port());
    let hearing = Arc::clone(&heard);
    let server = tokio::spawn(async move {
        loop {
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut text = String::new();
            stream.read_to_string(&mut text).await.unwrap();
            hearing.lock().unwrap().push_str(&text);
        }
    });
    let program = &installation.program;
    let empty = program.run(&["audit", "streams", "list"]).await.succeeded();
    assert!(empty.errors.contains("no streams"), "{empty:?}");
    let plain = program.run(&["audit", "streams", "add", "siem", "syslog+tcp://10.1.2.3"]).await;
    assert!(plain.code != Some(0) && plain.errors.contains("syslog+tls"), "{plain:?}");
    let added = program.run(&["audit", "streams", "add", "siem", &endpoint]).await.succeeded();
    assert!(added.output.contains("siem") && added.output.contains(&endpoint), "{added:?}");

    let admin = connect(&installation.admin_url).await;
    let customer = Uuid::new_v4();
    let write = "insert into admin_audit_logs (customer_id, action, resource_type) values ($1, 'customer_updated', 'told')";
    admin.execute(write, &[&customer]).await.unwrap();
    wait_for("the row to be told", LIMIT, || async { heard.lock().unwrap().contains(&customer.to_string()) })
        .await;
    wait_for("the stream to be up to date", LIMIT, || async {
        let shown = program.run(&["audit", "streams", "show", "siem", "--json"]).await;
        shown.code == Some(0) && shown.json()["lag_rows"] == 0
    })
    .await;
    let listed = program.run(&["audit", "streams", "list"]).await.succeeded();
    assert!(listed.output.contains("up to date"), "{listed:?}");

    program.run(&["audit", "streams", "pause", "siem"]).await.succeeded();
    admin.execute(write, &[&customer]).await.unwrap();
    let paused = program.run(&["audit", "streams", "list"]).await.succeeded();
    assert!(paused.output.contains("paused"), "{paused:?}");
    program.run(&["audit", "streams", "resume", "siem"]).await.succeeded();
    wait_for("the second row to be told", LIMIT, || async {
        let of_both = heard.lock().unwrap().matches(&format!("\"chain_id\":\"{customer}\"")).count();
        of_both == 2
    })
    .await;
    program.run(&["audit", "streams", "remove", "siem"]).await.succeeded();
    let gone = program.run(&["audit", "streams", "show", "siem"]).await;
    assert!(gone.code != Some(0) && gone.errors.contains("no stream siem"), "{gone:?}");
    server.abort();
    signed_when_posted(installation).await;
    from_a_bucket(installation).await;
}

/// What signs is shown once, and what authorizes is asked for and shown never.
async fn signed_when_posted(installation: &Installation) {
    let program = &installation.program;
    let add = ["audit", "streams", "add", "posted", "https://siem.invalid/in"];
    let added = program.run(&add).await.succeeded();
    assert!(added.output.contains("whsec_") && added.errors.contains("never again"), "{added:?}");
    let shown = program.run(&["audit", "streams", "show", "posted"]).await.succeeded();
    assert!(!shown.output.contains("whsec_"), "{shown:?}");
    wait_for("the failure to be seen", LIMIT, || async {
        let shown = program.run(&["audit", "streams", "list"]).await;
        shown.output.contains("failing")
    })
    .await;
    program.run(&["audit", "streams", "remove", "posted"]).await.succeeded();
}

/// `sixty audit verify` asks the bucket too, and says how it keeps what it has.
async fn from_a_bucket(installation: &Installation) {
    let moto = testkit::moto().await;
    moto.make_bucket("anchors", Some(365)).await;
    let program = installation
        .program
        .clone()
        .with("AWS_REGION", "eu-central-1")
        .with("AWS_ENDPOINT_URL", moto.url())
        .with("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE")
        .with("AWS_SECRET_ACCESS_KEY", "the-secret-access-key")
        .with("SIXTY_AUDIT_ANCHORS", "s3://anchors/sixty");
    let verified = program.run(&["audit", "verify", "--json"]).await;
    let report: serde_json::Value = serde_json::from_str(&verified.output).unwrap();
    assert_eq!(report["anchors"], 0, "{report}");
    assert!(report["anchors_kept"].as_str().unwrap().contains("365 days that nobody can end"), "{report}");
    let wrong = program.with("SIXTY_AUDIT_ANCHORS", "s3://Not A Bucket").run(&["audit", "verify"]).await;
    assert!(wrong.code != Some(0) && wrong.errors.contains("bucket"), "{wrong:?}");
}
