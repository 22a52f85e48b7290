//! `sixty doctor`: everything is fine, and then one thing after the other is not.

use std::collections::BTreeSet;
use std::fs;
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt as _;

use postgres_server::connect::as_superuser;
use serde_json::{Value, json};
use system_tests::Program;
use testkit::connect;
use wiremock::matchers::{header, path};
use wiremock::{Mock, MockServer, ResponseTemplate};

use super::installation::Installation;

const CHECKS: [&str; 14] = [
    "admin database",
    "admin schema",
    "admin roles",
    "admin changes",
    "template database",
    "redis",
    "postgresql",
    "master key",
    "operator token",
    "server",
    "customers' ports",
    "certificates",
    "secret stores",
    "customer roles",
];

pub(super) async fn story(installation: &Installation) {
    let program = &installation.program;
    everything_is_fine(program).await;
    let nobody = || testkit::free_port().to_string();
    let with = |name: &str, value: &str| program.clone().with(name, value);

    let away = with("ADMIN_DB_PORT", &nobody());
    let on_it = [
        "admin database",
        "admin schema",
        "admin roles",
        "admin changes",
        "customers' ports",
        "certificates",
    ];
    finds(&away, &on_it, "ADMIN_DB_PORT").await;
    let locked = with("ADMIN_DB_PASSWORD", "sesame-open");
    finds(&locked, &on_it, "ADMIN_DB_PASSWORD").await;
    let unmigrated = with("ADMIN_DATABASE_URL", &installation.admin_url.replace("/doors", "/unmigrated"));
    finds(&unmigrated, &["admin schema", "customers' ports", "certificates"], "sixty migrate").await;
    finds(&with("DATABASE_URL", &installation.admin_url), &["template database"], "sixty dev").await;
    let away = with("DATABASE_URL", &format!("postgresql://a:b@127.0.0.1:{}/c", nobody()));
    finds(&away, &["template database"], "DB_HOST").await;
    finds(&with("REDIS_PORT", &nobody()), &["redis"], "REDIS_PORT").await;
    finds(&with("REDIS_PASSWORD", "sesame-open"), &["redis"], "REDIS_PASSWORD").await;
    let empty = installation.stack.path().join("empty");
    fs::create_dir(&empty).unwrap();
    finds(&with("SIXTY_PG_BIN", &empty.to_string_lossy()), &["postgresql"], "SIXTY_PG_BIN").await;
    finds(&with("PORT", &nobody()), &["server"], "sixty serve").await;
    finds(&with("SIXTY_OPERATOR_TOKEN", "op_short"), &["operator token"], "SIXTY_OPERATOR_TOKEN_FILE").await;
    a_stranger_on_a_port(program).await;
    the_stores(program).await;
    the_certificates(installation).await;
    the_master_key(installation).await;
    the_roles(installation).await;
    the_programs_roles(installation).await;
    everything_is_fine(program).await;
}

async fn everything_is_fine(program: &Program) {
    let told = program.run(&["doctor"]).await;
    assert_eq!(told.code, Some(0), "{}", told.output);
    assert!(told.output.contains("Everything is fine."), "{}", told.output);
    assert!(told.output.contains("9 databases answer"), "{}", told.output);
    let findings = program.run(&["doctor", "--json"]).await.succeeded().json();
    let checks: Vec<_> =
        findings.as_array().unwrap().iter().map(|one| one["check"].as_str().unwrap()).collect();
    assert_eq!(checks, CHECKS);
}

/// The doctor calls exactly these wrong, says of the first how to mend it, and ends with 1. Returns the first finding.
async fn finds(program: &Program, wrong: &[&str], remedy: &str) -> Value {
    let ended = program.run(&["doctor", "--json"]).await;
    assert_eq!(ended.code, Some(1), "{ended:?}");
    let findings = ended.json();
    let bad: Vec<_> = findings.as_array().unwrap().iter().filter(|one| one["ok"] == false).collect();
    let names: BTreeSet<_> = bad.iter().map(|one| one["check"].as_str().unwrap()).collect();
    assert_eq!(names, wrong.iter().copied().collect(), "{findings:#}");
    for finding in &bad {
        for member in ["detail", "mend"] {
            assert!(finding[member].as_str().is_some_and(|text| !text.is_empty()), "{finding}");
        }
    }
    let first = bad.iter().find(|one| one["check"] == wrong[0]).unwrap();
    assert!(first["mend"].as_str().unwrap().contains(remedy), "{first}");
    for secret in ["sesame-open", testkit::PASSWORD, "dev_password", "T0ken"] {
        assert!(!findings.to_string().contains(secret), "a secret is told: {findings:#}");
    }
    let for_people = program.run(&["doctor"]).await;
    assert!(for_people.output.contains("-> "), "{}", for_people.output);
    (*first).clone()
}

/// A program that works as the owner is called by its name.
async fn the_programs_roles(installation: &Installation) {
    let named = format!("{}?application_name=sixty%20serve", installation.admin_url);
    let as_owner = connect(&named).await;
    let found = finds(&installation.program, &["admin roles"], "ADMIN_DB_USER").await;
    assert!(found["detail"].as_str().unwrap().contains("sixty serve works as admin_user"), "{found}");
    drop(as_owner);
    let program = &installation.program;
    testkit::wait_for("the owner's session to end", std::time::Duration::from_secs(20), async || {
        program.run(&["doctor"]).await.code == Some(0)
    })
    .await;
}

async fn a_stranger_on_a_port(program: &Program) {
    let stranger = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let port = stranger.local_addr().unwrap().port().to_string();
    let server = program.clone().with("PORT", &port);
    finds(&server, &["server"], "PORT").await;
    finds(
        &program.clone().with("SIXTY_CUSTOMER_PORTS", &port),
        &["customers' ports"],
        "SIXTY_CUSTOMER_PORTS",
    )
    .await;
}

/// What Vault holds is asked for as the server does it.
async fn the_stores(program: &Program) {
    let vault = MockServer::start().await;
    let token = format!("op_{}", "T0ken".repeat(8));
    let secret = json!({ "data": { "data": { "operator_token": token, "password": testkit::PASSWORD } } });
    Mock::given(path("/v1/kv/data/sixty"))
        .and(header("X-Vault-Token", "sesame-open"))
        .respond_with(ResponseTemplate::new(200).set_body_json(secret))
        .mount(&vault)
        .await;
    let held = program
        .clone()
        .with("VAULT_ADDR", vault.uri())
        .with("SIXTY_OPERATOR_TOKEN", "vault:kv/data/sixty#operator_token")
        .with("ADMIN_DB_PASSWORD", "vault:kv/data/sixty#password");
    everything_is_fine(&held.clone().with("VAULT_TOKEN", "sesame-open")).await;
    let wrong = held.clone().with("VAULT_TOKEN", "another").run(&["doctor", "--json"]).await;
    assert_eq!(wrong.code, Some(1), "{wrong:?}");
    let found = wrong.json();
    let stores = found.as_array().unwrap().iter().find(|one| one["check"] == "secret stores").unwrap();
    assert_eq!(stores["ok"], false, "{found:#}");
    // Neither the token for it nor anything else is said to another machine in the clear.
    let away = program
        .clone()
        .with("VAULT_ADDR", "http://192.0.2.1:8200")
        .with("VAULT_TOKEN", "sesame-open")
        .with("SIXTY_OPERATOR_TOKEN", "vault:kv/data/sixty#operator_token");
    finds(&away, &["secret stores", "operator token"], "docs/secrets.md").await;
}

/// A certificate that nobody replaced in time, and one of the server's own that ends soon.
async fn the_certificates(installation: &Installation) {
    let admin = connect(&installation.admin_url).await;
    let set = |column: &str, days: u32| {
        format!(
            "update admin_instances set {column} = now() + interval '{days} days' where database_name = 'customer_door-3'"
        )
    };
    for column in ["certificate_expires_at", "authority_expires_at"] {
        admin.batch_execute(&set(column, 3)).await.unwrap();
        let found = finds(&installation.program, &["certificates"], "sixty worker").await;
        assert!(found["detail"].as_str().unwrap().contains("was not replaced"), "{found}");
        admin.batch_execute(&set(column, 80)).await.unwrap();
    }
}

async fn the_master_key(installation: &Installation) {
    let (program, file) = (&installation.program, installation.master_key_file());
    let missing = program.clone().with("SIXTY_MASTER_KEY_FILE", file.with_extension("gone"));
    // Without the key, nobody can look into the customers' databases.
    finds(&missing, &["master key"], "SIXTY_MASTER_KEY_FILE").await;
    fs::set_permissions(&file, fs::Permissions::from_mode(0o644)).unwrap();
    let open = finds(program, &["master key"], "SIXTY_MASTER_KEY_FILE").await;
    assert!(open["detail"].as_str().unwrap().contains("chmod 600"), "{open}");
    fs::set_permissions(&file, fs::Permissions::from_mode(0o600)).unwrap();
    let other = file.with_extension("other");
    fs::write(&other, "fedcba9876543210".repeat(4)).unwrap();
    fs::set_permissions(&other, fs::Permissions::from_mode(0o600)).unwrap();
    // A key, but not the one under which the secrets were sealed.
    finds(
        &program.clone().with("SIXTY_MASTER_KEY_FILE", &other),
        &["customer roles"],
        "SIXTY_MASTER_KEY_FILE",
    )
    .await;
}

/// A role that could walk around row-level security is found, and so is one that can't come in.
async fn the_roles(installation: &Installation) {
    let admin = connect(&installation.admin_url).await;
    let row = admin
        .query_one("select port from admin_instances where database_name = 'customer_door-3'", &[])
        .await;
    let port = u16::try_from(row.unwrap().get::<_, i32>(0)).unwrap();
    let superuser = as_superuser(&installation.stack.path().join("run"), port, "template1").await.unwrap();
    for (fault, cure) in [("bypassrls", "nobypassrls"), ("nologin", "login")] {
        superuser.batch_execute(&format!("alter role \"customer_door-3_app\" {fault}")).await.unwrap();
        let found = finds(&installation.program, &["customer roles"], "").await;
        assert!(found["detail"].as_str().unwrap().starts_with("door-3"), "{found}");
        superuser.batch_execute(&format!("alter role \"customer_door-3_app\" {cure}")).await.unwrap();
    }
}
