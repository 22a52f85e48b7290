//! Who comes into a running instance over the network: its own three roles, encrypted, to their own database; and nobody else,
//! also nobody who has everything of another customer's instance.
#![expect(clippy::unwrap_used, reason = "what fails here fails the test")]

#[expect(dead_code, reason = "each test program takes what it needs of it")]
mod common;

use common::{open, spec};
use postgres_server::certificate::CertificateAuthority;
use postgres_server::connect::{RoleLogin, over_tls};
use provisioner_local::LocalProvisioner;
use provisioning::{DatabaseRoles, InstanceSpec, Provisioner as _, RoleCredential};
use secrecy::{ExposeSecret as _, SecretString};

/// A running instance whose roles have passwords that no other one has.
async fn instance(provisioner: &LocalProvisioner, slug: &str) -> (InstanceSpec, DatabaseRoles) {
    let spec = spec(slug);
    let role = |suffix: &str| RoleCredential {
        name: format!("{}_{suffix}", spec.database),
        password: SecretString::from(format!("{slug}-{suffix}-hunter2")),
    };
    let roles = DatabaseRoles { owner: role("owner"), app: role("app"), readonly: role("readonly") };
    provisioner.create(&spec).await.unwrap();
    provisioner.start(&spec).await.unwrap();
    provisioner.configure(&spec, &roles).await.unwrap();
    (spec, roles)
}

/// Comes in over TLS, as this role, to this database; otherwise why not.
async fn comes_in(
    spec: &InstanceSpec,
    (role, password): (&str, &SecretString),
    database: &str,
    trusted: &str,
) -> Result<String, String> {
    let login = RoleLogin { host: "localhost", port: spec.port, database, role, password };
    let client = over_tls(&login, trusted).await.map_err(|error| format!("{error:?}"))?;
    let row =
        client.query_one("select current_user::text", &[]).await.map_err(|error| format!("{error:?}"))?;
    Ok(row.get(0))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_comes_in_but_the_three_roles_encrypted_and_to_their_own_database() {
    let home = testkit::home();
    let provisioner = open(home.path()).await;
    let (spec, roles) = instance(&provisioner, "acme").await;
    let trusted = provisioner.authority().trusted().unwrap();
    for role in [&roles.owner, &roles.app, &roles.readonly] {
        let own = (role.name.as_str(), &role.password);
        assert_eq!(comes_in(&spec, own, &spec.database, &trusted).await.as_ref(), Ok(&role.name));
        // In the clear with all that is right otherwise; and to the databases that every cluster has.
        let plain = format!(
            "host=localhost port={} user={} password={} dbname={} sslmode=disable",
            spec.port,
            role.name,
            role.password.expose_secret(),
            spec.database
        );
        let refused = tokio_postgres::connect(&plain, tokio_postgres::NoTls).await.err().unwrap();
        assert!(
            refused.to_string().contains("db error") || format!("{refused:?}").contains("28000"),
            "{refused:?}"
        );
        for other in ["postgres", "template1"] {
            let refused = comes_in(&spec, own, other, &trusted).await.unwrap_err();
            assert!(refused.contains("pg_hba.conf"), "{other}: {refused}");
        }
        let wrong = SecretString::from("guessed");
        let refused = comes_in(&spec, (&role.name, &wrong), &spec.database, &trusted).await.unwrap_err();
        assert!(refused.contains("28P01"), "{refused}");
    }
    // The superuser, by the name of whoever runs the cluster, and roles that PostgreSQL brings along.
    let user = provisioner.os_user().name.clone();
    for stranger in ["postgres", user.as_str(), "pg_read_all_data", "nobody"] {
        for database in [spec.database.as_str(), "postgres"] {
            let password = SecretString::from("hunter2");
            let refused = comes_in(&spec, (stranger, &password), database, &trusted).await.unwrap_err();
            assert!(refused.contains("pg_hba.conf"), "{stranger} to {database}: {refused}");
        }
    }
    // Whoever stands at the port with another certificate is told no password.
    let elsewhere = testkit::home();
    let other = CertificateAuthority::open(elsewhere.path()).unwrap().trusted().unwrap();
    let refused = comes_in(&spec, (&roles.app.name, &roles.app.password), &spec.database, &other).await;
    assert!(refused.unwrap_err().to_lowercase().contains("certificate"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_has_everything_of_one_instance_has_nothing_of_another() {
    let home = testkit::home();
    let provisioner = open(home.path()).await;
    let ((acme, of_acme), (globex, of_globex)) =
        (instance(&provisioner, "acme").await, instance(&provisioner, "globex").await);
    assert_ne!(acme.port, globex.port);
    let trusted = provisioner.authority().trusted().unwrap();
    for (mine, theirs) in [
        (&of_acme.owner, &of_globex.owner),
        (&of_acme.app, &of_globex.app),
        (&of_acme.readonly, &of_globex.readonly),
    ] {
        // My role at their port; their role with my password; and their database through my own port.
        for (at, login, database) in [
            (&globex, (mine.name.as_str(), &mine.password), globex.database.as_str()),
            (&globex, (theirs.name.as_str(), &mine.password), globex.database.as_str()),
            (&acme, (mine.name.as_str(), &mine.password), globex.database.as_str()),
            (&acme, (theirs.name.as_str(), &theirs.password), globex.database.as_str()),
        ] {
            let refused = comes_in(at, login, database, &trusted).await.unwrap_err();
            assert!(refused.contains("28P01") || refused.contains("pg_hba.conf"), "{refused}");
        }
    }
    // From inside, the owner is no superuser: no file, no program, no other server is in reach.
    let login = RoleLogin {
        host: "localhost",
        port: acme.port,
        database: &acme.database,
        role: &of_acme.owner.name,
        password: &of_acme.owner.password,
    };
    let owner = over_tls(&login, &trusted).await.unwrap();
    let data = home.path().join(format!("instances/{}/data", globex.instance));
    for statement in [
        format!("select pg_read_file('{}/pg_hba.conf')", data.display()),
        format!("select pg_ls_dir('{}')", data.display()),
        format!("copy (select 1) to '{}/x'", home.path().display()),
        "copy (select 1) to program 'id'".to_owned(),
        "create extension dblink".to_owned(),
        "create extension postgres_fdw".to_owned(),
        "alter system set listen_addresses = '*'".to_owned(),
        "create role mine superuser".to_owned(),
        "select lo_import('/etc/passwd')".to_owned(),
        "select lo_export(0, '/tmp/sixty-stolen')".to_owned(),
        "select pg_read_binary_file('/etc/passwd')".to_owned(),
        "select pg_stat_file('/etc/passwd')".to_owned(),
        "create table mine (line text); copy mine from program 'id'".to_owned(),
        "create function mine() returns int language c as '/tmp/mine', 'mine'".to_owned(),
        "create extension plpython3u".to_owned(),
        "load '/tmp/mine'".to_owned(),
        "set session_preload_libraries = '/tmp/mine'".to_owned(),
        "create tablespace mine location '/tmp'".to_owned(),
        "create event trigger mine on ddl_command_end execute function mine()".to_owned(),
        format!("create subscription mine connection 'port={}' publication mine", globex.port),
        "grant pg_execute_server_program to current_user".to_owned(),
        "grant pg_read_server_files to current_user".to_owned(),
        "set role pg_write_server_files".to_owned(),
    ] {
        let refused = owner.batch_execute(&statement).await.expect_err(&statement);
        let code = refused.code().map(|code| code.code().to_owned());
        // Not allowed, or (an extension that isn't installed) not there.
        assert!(matches!(code.as_deref(), Some("42501" | "0A000" | "58P01")), "{statement}: {refused:?}");
    }
}
