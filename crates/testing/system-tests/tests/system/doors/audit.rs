//! `sixty audit verify`, on an untouched log and on one that somebody tampered with.

use testkit::connect;
use uuid::Uuid;

use super::installation::Installation;

pub(super) async fn story(installation: &Installation) {
    let admin = connect(&installation.admin_url).await;
    let customer = Uuid::new_v4();
    let write = "insert into admin_audit_logs (customer_id, action, resource_type)
        select $1, 'customer_updated', 'customer ' || number from generate_series(1, 5) as number";
    admin.execute(write, &[&customer]).await.unwrap();
    let good = installation.program.run(&["audit", "verify"]).await.succeeded();
    assert!(good.output.contains("as it was written"), "{good:?}");

    let tamper = "alter table admin_audit_logs disable trigger user;
        update admin_audit_logs set resource_type = 'nothing' where resource_type = 'customer 3';
        alter table admin_audit_logs enable trigger user;";
    admin.batch_execute(tamper).await.unwrap();
    let bad = installation.program.run(&["audit", "verify"]).await;
    assert_eq!(bad.code, Some(1), "{bad:?}");
    assert!(bad.output.contains(&format!("customer {customer}: row 3 ")), "{bad:?}");
    let json = installation.program.run(&["audit", "verify", "--json"]).await;
    let report: serde_json::Value = serde_json::from_str(&json.output).unwrap();
    assert_eq!((&report["findings"][0]["sequence"], json.code), (&3.into(), Some(1)), "{report}");
}
