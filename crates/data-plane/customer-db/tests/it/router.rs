//! The router: sessions, refusals, moving and forgetting.

use std::sync::Arc;
use std::time::Duration;

use crate::support::{TestDirectory, customer, customer_with};
use customer_db::{Busy, CustomerDatabases, Error, RouterConfig};
use domain::principal::SealedEndpoint;
use domain::{CustomerId, OrganizationId};
use testkit::wait_for;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;

const INSERT: &str = "insert into contacts (first_name) values ($1) returning org_id";
const COUNT: &str = "select count(*) from contacts";

#[tokio::test]
async fn a_session_works_in_its_organization() {
    let customer = customer().await;
    let databases = &customer.databases;
    for (asked, expected) in [
        (None, customer.first),
        (Some(customer.first), customer.first),
        (Some(customer.second), customer.second),
    ] {
        let mut session = databases.begin(customer.id, asked).await.unwrap();
        let row = session.query_opt(INSERT, &[&"Ann"]).await.unwrap().unwrap();
        assert_eq!(OrganizationId(row.get(0)), expected);
        session.commit().await.unwrap();
    }
    for (organization, expected) in [(customer.first, 2_i64), (customer.second, 1)] {
        let session = databases.begin(customer.id, Some(organization)).await.unwrap();
        let rows = session.query_and_commit(COUNT, &[]).await.unwrap();
        assert_eq!(rows[0].get::<_, i64>(0), expected);
    }
}

#[tokio::test]
async fn what_is_not_committed_is_gone_and_leaves_nothing_on_the_connection() {
    let customer =
        customer_with(RouterConfig { max_connections_per_customer: 1, ..crate::support::config() }).await;
    for _ in 0..3 {
        let mut session = customer.databases.begin(customer.id, Some(customer.second)).await.unwrap();
        session.query(INSERT, &[&"Ann"]).await.unwrap();
        drop(session);
        let mut session = customer.databases.begin(customer.id, None).await.unwrap();
        assert!(session.query("select 1/0", &[]).await.is_err());
        assert!(session.query(COUNT, &[]).await.is_err(), "a session goes on after a failure");
        assert!(session.commit().await.is_err(), "a failed session was committed");
    }
    let session = customer.databases.begin(customer.id, Some(customer.second)).await.unwrap();
    let rows = session.query_and_commit(COUNT, &[]).await.unwrap();
    assert_eq!(rows[0].get::<_, i64>(0), 0);
    assert_eq!(customer.databases.connections(), 1);
}

#[tokio::test]
async fn a_request_that_is_dropped_at_any_point_harms_nobody() {
    let customer =
        customer_with(RouterConfig { max_connections_per_customer: 1, ..crate::support::config() }).await;
    for polls in 0..40 {
        let databases = customer.databases.clone();
        let (id, organization) = (customer.id, customer.second);
        let mut request = Box::pin(async move {
            let mut session = databases.begin(id, Some(organization)).await?;
            session.query(INSERT, &[&"Never"]).await?;
            session.query("select 1", &[]).await?;
            std::future::pending::<()>().await;
            session.commit().await
        });
        for _ in 0..polls {
            let _ = futures_util::poll!(&mut request);
            tokio::task::yield_now().await;
        }
        drop(request);
        let mut session = customer.databases.begin(customer.id, None).await.unwrap();
        let row = session.query_opt("select current_setting('app.org_id')", &[]).await.unwrap().unwrap();
        assert_eq!(row.get::<_, String>(0), customer.first.to_string());
    }
    let session = customer.databases.begin(customer.id, Some(customer.second)).await.unwrap();
    assert_eq!(session.query_and_commit(COUNT, &[]).await.unwrap()[0].get::<_, i64>(0), 0);
}

#[tokio::test]
async fn unknown_organizations_and_customers_are_named() {
    let customer = customer().await;
    let nobody = Some(OrganizationId::generate());
    let mut session = customer.databases.begin(customer.id, nobody).await.unwrap();
    let error = session.query("insert into organizations (name) values ('x')", &[]).await.unwrap_err();
    assert!(matches!(error, Error::UnknownOrganization), "{error:?}");
    drop(session);
    let session = customer.databases.begin(customer.id, nobody).await.unwrap();
    let error = session.query_and_commit(COUNT, &[]).await.unwrap_err();
    assert!(matches!(error, Error::UnknownOrganization), "{error:?}");
    let error = customer.databases.begin(CustomerId::generate(), None).await.unwrap_err();
    assert!(matches!(error, Error::UnknownCustomer), "{error:?}");

    // A deleted organization is unknown at once.
    let mut session = customer.databases.begin(customer.id, Some(customer.second)).await.unwrap();
    session.query(COUNT, &[]).await.unwrap();
    session.commit().await.unwrap();
    let owner = testkit::connect(&customer.database.owner_url()).await;
    owner.execute("delete from organizations where id = $1", &[&customer.second.uuid()]).await.unwrap();
    let mut session = customer.databases.begin(customer.id, Some(customer.second)).await.unwrap();
    assert!(matches!(session.query(COUNT, &[]).await, Err(Error::UnknownOrganization)));
    drop(session);
    let count: i64 = owner.query_one("select count(*) from organizations", &[]).await.unwrap().get(0);
    assert_eq!(count, 1, "an unknown organization's session has written");
}

#[tokio::test]
async fn a_role_that_could_do_more_is_refused() {
    let customer = customer().await;
    let database = &customer.database;
    let superuser = testkit::connect(&database.superuser_url()).await;
    let begin = async || customer.databases.begin(customer.id, None).await;
    for (role, fault) in [("postgres", "superuser"), (testkit::CUSTOMER_OWNER, "owns")] {
        customer.directory.place_as(customer.id, database, role, testkit::PASSWORD);
        customer.databases.forget(customer.id);
        match begin().await {
            Err(Error::Isolation(faults)) => assert!(faults.contains(fault), "{faults}"),
            other => panic!("{role}: {other:?}"),
        }
    }
    customer.directory.place(customer.id, database);
    for (open, close, fault) in [
        (
            "alter table deals no force row level security",
            "alter table deals force row level security",
            "not forced",
        ),
        (
            "alter table deals disable row level security",
            "alter table deals enable row level security",
            "not enabled",
        ),
        ("create policy more on deals using (true)", "drop policy more on deals", "2 policies"),
        (
            "grant truncate on deals to customer_test_app",
            "revoke truncate on deals from customer_test_app",
            "TRUNCATE",
        ),
        ("create table notes (org_id uuid)", "drop table notes", "notes"),
        ("create view leak as select * from deals", "drop view leak", "leak"),
        ("create materialized view leak as select 1", "drop materialized view leak", "leak"),
        (
            "create function leak() returns int language sql security definer as 'select 1'",
            "drop function leak()",
            "leak",
        ),
        (
            "grant create on schema public to customer_test_app",
            "revoke create on schema public from customer_test_app",
            "may create",
        ),
    ] {
        superuser.batch_execute(open).await.unwrap();
        customer.databases.forget(customer.id);
        match begin().await {
            Err(Error::Isolation(faults)) => assert!(faults.contains(fault), "{open}: {faults}"),
            other => panic!("{open}: {other:?}"),
        }
        superuser.batch_execute(close).await.unwrap();
        begin().await.unwrap_or_else(|error| panic!("after {close}: {error}"));
    }
    let name = database.name();
    superuser.batch_execute(&format!("grant connect on database {name} to public")).await.unwrap();
    customer.databases.forget(customer.id);
    assert!(matches!(begin().await, Err(Error::Isolation(_))));
}

#[tokio::test]
async fn tls_is_verified_against_the_instances_own_authority() {
    let customer = customer().await;
    let session = customer.databases.begin(customer.id, None).await.unwrap();
    let sql = "select ssl from pg_stat_ssl where pid = pg_backend_pid()";
    assert!(session.query_and_commit(sql, &[]).await.unwrap()[0].get::<_, bool>(0));

    let other = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    customer.directory.adjust(customer.id, |endpoint| endpoint.ca_certificate = Some(other.cert.pem()));
    customer.databases.forget(customer.id);
    let error = customer.databases.begin(customer.id, None).await.unwrap_err();
    assert!(matches!(&error, Error::Unavailable(text) if text.contains("certificate")), "{error:?}");
}

/// Speaks as PostgreSQL does until the connection is encrypted, with a certificate for this name by this authority, and hangs
/// up then. Its port.
async fn listener_called(name: &str, authority: &rcgen::Issuer<'static, rcgen::KeyPair>) -> u16 {
    let key = rcgen::KeyPair::generate().unwrap();
    let params = rcgen::CertificateParams::new([name.to_owned()]).unwrap();
    let certificate = params.signed_by(&key, authority).unwrap();
    let key = rustls::pki_types::PrivateKeyDer::try_from(key.serialize_der()).unwrap();
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = rustls::ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
    let config = config.unwrap().with_no_client_auth();
    let config = config.with_single_cert(vec![certificate.der().clone()], key).unwrap();
    let acceptor = tokio_rustls::TlsAcceptor::from(Arc::new(config));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let mut asks_for_tls = [0; 8];
            let asked = stream.read_exact(&mut asks_for_tls).await;
            if asked.is_ok() && stream.write_all(b"S").await.is_ok() {
                let _ = acceptor.accept(stream).await;
            }
        }
    });
    port
}

#[tokio::test]
async fn a_certificate_for_another_name_is_refused_whoever_signed_it() {
    let customer = customer().await;
    let mut params = rcgen::CertificateParams::default();
    params.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
    let key = rcgen::KeyPair::generate().unwrap();
    let trusted = params.self_signed(&key).unwrap().pem();
    let authority = rcgen::Issuer::new(params, key);
    let reach = async |name: &str| {
        let port = listener_called(name, &authority).await;
        customer.directory.adjust(customer.id, |endpoint| {
            endpoint.host = "localhost".to_owned();
            endpoint.port = port;
            endpoint.ca_certificate = Some(trusted.clone());
        });
        customer.databases.forget(customer.id);
        match customer.databases.begin(customer.id, None).await {
            Err(Error::Unavailable(words)) => words,
            other => panic!("{name}: {other:?}"),
        }
    };
    for name in ["elsewhere.example", "localhost.example", "127.0.0.1"] {
        let refused = reach(name).await;
        assert!(refused.contains("not valid for name \"localhost\""), "{name}: {refused}");
        assert!(refused.contains(name), "{name}: {refused}");
    }
    // The authority's word is taken for the right name: what is missing then is a database.
    let talks = reach("localhost").await;
    assert!(!talks.contains("certificate"), "{talks}");
}

/// While authorities change, both are trusted.
#[tokio::test]
async fn one_of_several_authorities_suffices() {
    let customer = customer().await;
    let other = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap().cert.pem();
    let own = customer.database.ca_certificate().to_owned();
    for both in [format!("{own}{other}"), format!("{other}{own}")] {
        customer.directory.adjust(customer.id, |endpoint| endpoint.ca_certificate = Some(both));
        customer.databases.forget(customer.id);
        customer.databases.begin(customer.id, None).await.unwrap();
    }
}

#[tokio::test]
async fn nothing_is_sent_in_the_clear_unless_it_was_asked_for_and_the_database_is_here() {
    let careful = RouterConfig { plain_text_on_this_machine: false, ..crate::support::config() };
    let customer = customer_with(careful).await;
    customer.directory.adjust(customer.id, |endpoint| endpoint.ca_certificate = None);
    let refused = customer.databases.begin(customer.id, None).await.unwrap_err();
    assert!(matches!(&refused, Error::Unavailable(text) if text.contains("in the clear")), "{refused:?}");

    let asked = customer_with(crate::support::config()).await;
    asked.directory.adjust(asked.id, |endpoint| endpoint.ca_certificate = None);
    asked.databases.begin(asked.id, None).await.unwrap();
    for elsewhere in ["db.example.com", "localhost.example.com", "192.0.2.1", "0.0.0.0"] {
        asked.directory.adjust(asked.id, |endpoint| endpoint.host = elsewhere.to_owned());
        asked.databases.forget(asked.id);
        let refused = asked.databases.begin(asked.id, None).await.unwrap_err();
        let is_refused = matches!(&refused, Error::Unavailable(text) if text.contains("in the clear"));
        assert!(is_refused, "{elsewhere}: {refused:?}");
    }
}

#[tokio::test]
async fn a_password_of_another_customer_does_not_open() {
    let customer = customer().await;
    let other = CustomerId::generate();
    let own = customer.directory.get(customer.id);
    let mut stolen = own.clone();
    stolen.customer_id = other;
    customer.directory.change(other, Some(stolen.clone()));
    let error = customer.databases.begin(other, None).await.unwrap_err();
    let Error::Unavailable(words) = &error else { panic!("{error:?}") };
    assert_eq!(
        *words,
        secrets::EnvelopeError::Unauthentic.to_string(),
        "it isn't the seal that keeps it shut"
    );

    // Nor the password alone, under the other's own data key, or the data key alone.
    let others = customer.directory.seal(other, testkit::PASSWORD);
    for mixed in [
        SealedEndpoint { password_sealed: others.password_sealed.clone(), ..stolen.clone() },
        SealedEndpoint { data_key_wrapped: others.data_key_wrapped.clone(), ..stolen.clone() },
    ] {
        customer.directory.change(other, Some(mixed));
        customer.databases.forget(other);
        let error = customer.databases.begin(other, None).await.unwrap_err();
        let Error::Unavailable(words) = &error else { panic!("{error:?}") };
        assert_eq!(*words, secrets::EnvelopeError::Unauthentic.to_string());
    }

    // Everything else about it is right: with a password sealed for this customer the same database opens.
    customer.directory.place(other, &customer.database);
    customer.databases.forget(other);
    customer.databases.begin(other, None).await.unwrap();
}

#[tokio::test]
async fn a_customer_that_moved_is_found_again() {
    let config = RouterConfig {
        max_connections_per_customer: 1,
        wait_timeout: Duration::from_millis(300),
        ..crate::support::config()
    };
    let customer = customer_with(config).await;
    let proxy = testkit::fault_proxy(customer.database.port()).await;
    customer.directory.adjust(customer.id, |endpoint| endpoint.port = proxy.port());
    let count = async || -> Result<i64, Error> {
        let session = customer.databases.begin(customer.id, None).await?;
        Ok(session.query_and_commit(COUNT, &[]).await?[0].get(0))
    };
    count().await.unwrap();

    // Away: an error that says so, and no waiting for long.
    proxy.refuse();
    proxy.cut();
    wait_for("the connection to be noticed as dead", Duration::from_secs(10), || async {
        matches!(count().await, Err(Error::Unavailable(_)))
    })
    .await;

    // Somewhere else: found without anybody telling.
    customer.directory.place(customer.id, &customer.database);
    count().await.unwrap();

    // Another password: the directory knows the new one.
    customer.directory.place_as(customer.id, &customer.database, testkit::CUSTOMER_APP, "wrong");
    customer.databases.forget(customer.id);
    assert!(matches!(count().await, Err(Error::Unavailable(_))));
    customer.directory.place(customer.id, &customer.database);
    count().await.unwrap();
}

#[tokio::test]
async fn a_busy_database_says_so() {
    let config = RouterConfig {
        max_connections_per_customer: 1,
        wait_timeout: Duration::from_millis(50),
        lock_timeout: Duration::from_millis(50),
        ..crate::support::config()
    };
    let customer = customer_with(config).await;
    let held = customer.databases.begin(customer.id, None).await.unwrap();
    assert!(matches!(customer.databases.begin(customer.id, None).await, Err(Error::Busy(Busy::Connections))));
    drop(held);

    let mut owner = testkit::connect(&customer.database.owner_url()).await;
    let transaction = owner.transaction().await.unwrap();
    transaction.batch_execute("lock table contacts").await.unwrap();
    let mut session = customer.databases.begin(customer.id, None).await.unwrap();
    assert!(matches!(session.query(COUNT, &[]).await, Err(Error::Busy(Busy::Rows))));
}

#[tokio::test]
async fn idle_connections_are_closed_and_the_task_ends_with_the_router() {
    let customer =
        customer_with(RouterConfig { idle_timeout: Duration::from_millis(100), ..crate::support::config() })
            .await;
    let session = customer.databases.begin(customer.id, None).await.unwrap();
    session.query_and_commit(COUNT, &[]).await.unwrap();
    wait_for("the idle connection to be closed", Duration::from_secs(10), || async {
        customer.databases.connections() == 0
    })
    .await;
    let superuser = testkit::connect(&customer.database.superuser_url()).await;
    wait_for("PostgreSQL to see it", Duration::from_secs(10), || async {
        let sql = "select count(*) from pg_stat_activity where datname = current_database() and usename = $1";
        let count: i64 = superuser.query_one(sql, &[&testkit::CUSTOMER_APP]).await.unwrap().get(0);
        count == 0
    })
    .await;
    let session = customer.databases.begin(customer.id, None).await.unwrap();
    session.query_and_commit(COUNT, &[]).await.unwrap();
}

#[tokio::test]
async fn many_first_requests_share_one_pool_and_one_customer_never_sees_another() {
    let (first, second) = (customer().await, customer().await);
    let directory = TestDirectory::new();
    directory.place(first.id, &first.database);
    directory.place(second.id, &second.database);
    let databases =
        CustomerDatabases::new(crate::support::config(), directory.clone(), directory.master_key());
    let mut requests = tokio::task::JoinSet::new();
    for number in 0..60 {
        let databases = databases.clone();
        let (id, name) = if number % 2 == 0 {
            (first.id, first.database.name().to_owned())
        } else {
            (second.id, second.database.name().to_owned())
        };
        requests.spawn(async move {
            let mut session = databases.begin(id, None).await.unwrap();
            let row = session.query_opt("select current_database()::text", &[]).await.unwrap().unwrap();
            assert_eq!(row.get::<_, String>(0), name);
            session.query(INSERT, &[&name]).await.unwrap();
            session.commit().await.unwrap();
        });
    }
    requests.join_all().await;
    assert!(databases.connections() <= 8, "{}", databases.connections());
    for (customer, name) in [(&first, first.database.name()), (&second, second.database.name())] {
        let session = databases.begin(customer.id, None).await.unwrap();
        let rows = session
            .query_and_commit("select count(*), min(first_name), max(first_name) from contacts", &[])
            .await
            .unwrap();
        assert_eq!(rows[0].get::<_, i64>(0), 30);
        assert_eq!([rows[0].get::<_, String>(1), rows[0].get(2)], [name, name]);
    }
}
