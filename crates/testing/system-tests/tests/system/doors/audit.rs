//! `sixty audit verify`, on an untouched log and on one that somebody tampered with.

use std::time::Duration;

use testkit::{connect, wait_for};
use uuid::Uuid;

use super::installation::Installation;

const LIMIT: Duration = Duration::from_secs(30);

pub(super) async fn story(installation: &Installation) {
    let admin = connect(&installation.admin_url).await;
    let customer = Uuid::new_v4();
    let write = "insert into admin_audit_logs (customer_id, action, resource_type)
        select $1, 'customer_updated', 'customer ' || number from generate_series(1, 5) as number";
    admin.execute(write, &[&customer]).await.unwrap();
    let good = installation.program.run(&["audit", "verify"]).await.succeeded();
    assert!(good.output.contains("as it was written") && good.output.contains("no anchors"), "{good:?}");

    let tamper = "alter table admin_audit_logs disable trigger user;
        update admin_audit_logs set resource_type = 'nothing' where resource_type = 'customer 3';
        alter table admin_audit_logs enable trigger user;";
    let kept = "create table kept as table admin_audit_logs";
    admin.batch_execute(kept).await.unwrap();
    admin.batch_execute(tamper).await.unwrap();
    let bad = installation.program.run(&["audit", "verify"]).await;
    assert_eq!(bad.code, Some(1), "{bad:?}");
    assert!(bad.output.contains(&format!("customer {customer}: row 3 ")), "{bad:?}");
    let json = installation.program.run(&["audit", "verify", "--json"]).await;
    let report: serde_json::Value = serde_json::from_str(&json.output).unwrap();
    assert_eq!((&report["findings"][0]["sequence"], json.code), (&3.into(), Some(1)), "{report}");
    let mended = "alter table admin_audit_logs disable trigger user;
        update admin_audit_logs set resource_type = 'customer 3' where resource_type = 'nothing';
        update admin_audit_logs log set updated_at = kept.updated_at from kept where kept.id = log.id;
        drop table kept;
        alter table admin_audit_logs enable trigger user;";
    admin.batch_execute(mended).await.unwrap();
    installation.program.run(&["audit", "verify"]).await.succeeded();
}

/// While a worker runs: a chain that the owner of the database writes anew, heads and all, doesn't pass for the old one.
pub(super) async fn anchored_story(installation: &Installation) {
    let admin = connect(&installation.admin_url).await;
    let customer = Uuid::new_v4();
    let write = "insert into admin_audit_logs (customer_id, action, resource_type) values ($1, 'customer_updated', 'it')";
    admin.execute(write, &[&customer]).await.unwrap();
    let folder = installation.stack.path().join("audit-anchors");
    wait_for("the chain to be anchored", LIMIT, || async {
        let files = std::fs::read_dir(&folder).into_iter().flatten().filter_map(Result::ok);
        let texts = files.filter_map(|file| std::fs::read_to_string(file.path()).ok());
        texts.into_iter().any(|text| text.contains(&customer.to_string()))
    })
    .await;
    installation.program.run(&["audit", "verify"]).await.succeeded();

    let rewrite = format!(
        "alter table admin_audit_logs disable trigger user;
         update admin_audit_logs set resource_type = 'nothing' where customer_id = '{customer}';
         update admin_audit_logs log set row_hash = admin_audit_row_hash(log) where customer_id = '{customer}';
         update admin_audit_heads set hash = (select row_hash from admin_audit_logs where customer_id = '{customer}')
         where chain_id = '{customer}';
         alter table admin_audit_logs enable trigger user;"
    );
    admin.batch_execute(&rewrite).await.unwrap();
    let bad = installation.program.run(&["audit", "verify"]).await;
    assert_eq!(bad.code, Some(1), "{bad:?}");
    assert!(bad.output.contains(&format!("customer {customer}: row 1 ")), "{bad:?}");
    assert!(bad.output.contains("isn't the one that was anchored"), "{bad:?}");
    // An auditor elsewhere needs the folder and the public key, and nothing secret.
    let key = installation.program.run(&["audit", "public-key"]).await.succeeded().output;
    let auditor =
        installation.program.clone().with("SIXTY_HOME", installation.stack.path().join("elsewhere"));
    let folder = folder.to_str().unwrap();
    let told = auditor.run(&["audit", "verify", "--audit-anchors", folder, "--public-key", key.trim()]).await;
    assert!(told.code == Some(1) && told.output.contains("isn't the one that was anchored"), "{told:?}");
    let unsure = auditor.run(&["audit", "verify", "--audit-anchors", folder]).await;
    assert!(unsure.code == Some(1) && unsure.errors.contains("--public-key"), "{unsure:?}");
}
