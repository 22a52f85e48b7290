//! One story that every backend must pass, told against the real thing: call [`run`] from a test of the backend.
#![expect(clippy::panic, reason = "this is a test, in a library so that every backend can call it")]

use std::any::Any;
use std::time::Duration;

use async_trait::async_trait;
use domain::{CustomerId, InstanceId};
use postgres_server::ServerError;
use postgres_server::connect::{RoleLogin, over_tls};
use secrecy::{ExposeSecret as _, SecretString};
use tokio_postgres::{Client, NoTls};

use crate::backend::{
    BackendError, DatabaseRoles, InstanceFacts, InstanceSpec, InstanceState, Observed, Provisioner,
    RoleCredential,
};

/// What the story needs besides the backend: a port, and bad luck.
#[async_trait]
pub trait Subject: Sync {
    /// The backend.
    fn provisioner(&self) -> &dyn Provisioner;

    /// A port that an instance can get.
    fn free_port(&self) -> u16;

    /// Lets somebody else listen on the port until the answer is dropped.
    async fn occupy(&self, port: u16) -> Box<dyn Any + Send>;

    /// Leaves behind what a creation leaves that was killed half way.
    async fn interrupt_creation(&self, spec: &InstanceSpec);

    /// Kills the running instance, as a crash would; returns when it no longer answers.
    async fn kill(&self, spec: &InstanceSpec);
}

/// Tells the whole story.
///
/// # Panics
/// Where the backend doesn't do as it should.
pub async fn run(subject: &impl Subject) {
    let (acme, globex) = (tenant(subject, "acme"), tenant(subject, "globex-2"));
    let acme_facts = a_customer_comes_to_be(subject, &acme).await;
    let globex_facts = an_interrupted_creation_is_taken_up(subject, &globex).await;
    assert_ne!(
        acme_facts.system_identifier, globex_facts.system_identifier,
        "two instances are two clusters"
    );

    the_roles_can_do_their_work_and_no_more(&acme, &acme_facts).await;
    nobody_else_gets_in(&acme, &acme_facts, &globex).await;
    let acme = passwords_are_rotated(subject, acme, &acme_facts).await;
    data_survives_a_stop_and_a_crash(subject, &acme, &acme_facts).await;
    a_taken_port_is_called_by_its_name(subject, &acme).await;
    a_customer_goes_without_a_trace(subject, &acme, &globex, &globex_facts).await;
}

struct Tenant {
    spec: InstanceSpec,
    roles: DatabaseRoles,
}

fn tenant(subject: &impl Subject, slug: &str) -> Tenant {
    let database = format!("customer_{slug}");
    let role =
        |suffix: &str| RoleCredential { name: format!("{database}_{suffix}"), password: new_password() };
    let roles = DatabaseRoles { owner: role("owner"), app: role("app"), readonly: role("readonly") };
    let spec = InstanceSpec {
        instance: InstanceId::generate(),
        customer: CustomerId::generate(),
        port: subject.free_port(),
        organization_name: format!("{slug}'s \"own\""),
        timezone: "Europe/Berlin".to_owned(),
        database,
    };
    Tenant { spec, roles }
}

fn new_password() -> SecretString {
    secrets::password::generate()
}

async fn a_customer_comes_to_be(subject: &impl Subject, tenant: &Tenant) -> InstanceFacts {
    let (backend, Tenant { spec, roles }) = (subject.provisioner(), tenant);
    assert_eq!(backend.observe(spec).await, Observed::Absent);
    assert!(backend.is_port_free(spec.port).await);
    // Nothing to stop and nothing to destroy is fine.
    backend.stop(spec).await.unwrap_or_else(|error| panic!("stop of nothing: {error}"));
    backend.destroy(spec).await.unwrap_or_else(|error| panic!("destroy of nothing: {error}"));
    assert!(backend.start(spec).await.is_err(), "an absent instance was started");

    for time in ["first", "second"] {
        backend.create(spec).await.unwrap_or_else(|error| panic!("{time} create: {error}"));
        assert_eq!(backend.observe(spec).await, Observed::Present(InstanceState::Stopped), "{time} create");
    }
    for time in ["first", "second"] {
        backend.start(spec).await.unwrap_or_else(|error| panic!("{time} start: {error}"));
        assert_eq!(
            backend.observe(spec).await,
            Observed::Present(InstanceState::Unconfigured),
            "{time} start"
        );
    }
    assert!(!backend.is_port_free(spec.port).await);
    let facts =
        backend.configure(spec, roles).await.unwrap_or_else(|error| panic!("first configure: {error}"));
    assert_eq!(backend.observe(spec).await, Observed::Present(InstanceState::Configured));
    let again =
        backend.configure(spec, roles).await.unwrap_or_else(|error| panic!("second configure: {error}"));
    assert_eq!(facts, again);
    backend.create(spec).await.unwrap_or_else(|error| panic!("create of a running one: {error}"));
    assert_eq!(backend.observe(spec).await, Observed::Present(InstanceState::Configured));
    facts
}

async fn an_interrupted_creation_is_taken_up(subject: &impl Subject, tenant: &Tenant) -> InstanceFacts {
    let (backend, Tenant { spec, roles }) = (subject.provisioner(), tenant);
    subject.interrupt_creation(spec).await;
    assert_eq!(backend.observe(spec).await, Observed::Present(InstanceState::Incomplete));
    backend.destroy(spec).await.unwrap_or_else(|error| panic!("destroy of half an instance: {error}"));
    assert_eq!(backend.observe(spec).await, Observed::Absent);
    subject.interrupt_creation(spec).await;
    backend.create(spec).await.unwrap_or_else(|error| panic!("create over half an instance: {error}"));
    assert_eq!(backend.observe(spec).await, Observed::Present(InstanceState::Stopped));
    backend.start(spec).await.unwrap_or_else(|error| panic!("start: {error}"));
    backend.configure(spec, roles).await.unwrap_or_else(|error| panic!("configure: {error}"))
}

async fn the_roles_can_do_their_work_and_no_more(tenant: &Tenant, facts: &InstanceFacts) {
    let Tenant { spec, roles } = tenant;
    let app = connect(spec, facts, &roles.app).await;
    assert_eq!(query_text(&app, "select name from organizations").await, spec.organization_name);
    assert_eq!(query_text(&app, "select timezone from organizations").await, spec.timezone);
    let owner = connect(spec, facts, &roles.owner).await;
    let own = query_text(&owner, "select sixty_ensure_first_organization('another', 'UTC')::text").await;
    execute(&app, &format!("set app.org_id = '{own}'")).await;
    execute(
        &app,
        "insert into contacts (first_name, last_name, email) values ('Ada', 'L', 'ada@example.org')",
    )
    .await;
    let count = "select count(*)::text from contacts";
    assert_eq!(query_text(&app, count).await, "1");
    // Without the setting that says which organization, no rows: not even to the owner.
    execute(&app, "reset app.org_id").await;
    assert_eq!(query_text(&app, count).await, "0");
    assert_eq!(query_text(&owner, count).await, "0");

    let readonly = connect(spec, facts, &roles.readonly).await;
    execute(&readonly, &format!("set app.org_id = '{own}'")).await;
    assert_eq!(query_text(&readonly, "select email from contacts").await, "ada@example.org");
    refuses(&readonly, "delete from contacts").await;
    for (role, client) in [("app", &app), ("readonly", &readonly)] {
        let faults = client.query(schema::ISOLATION_CHECK, &[]).await;
        assert!(faults.is_ok_and(|faults| faults.is_empty()), "the {role} role can do too much");
        for statement in [
            "create table mine (id int)",
            "drop table contacts",
            "alter table contacts disable row level security",
            "truncate contacts",
            "create role mine",
            "create database mine",
            "select pg_read_file('/etc/passwd')",
            "select rolpassword from pg_authid",
            "copy (select 1) to program 'true'",
            "set session authorization postgres",
        ] {
            refuses(client, statement).await;
        }
    }
    execute(&owner, "create table mine (id int); drop table mine").await;
    for statement in ["create role mine", "create extension file_fdw", "select pg_read_file('/etc/passwd')"] {
        refuses(&owner, statement).await;
    }
}

async fn nobody_else_gets_in(tenant: &Tenant, facts: &InstanceFacts, other: &Tenant) {
    let Tenant { spec, roles } = tenant;
    let wrong = RoleCredential { name: roles.app.name.clone(), password: new_password() };
    assert_eq!(refusal(try_connect(spec, facts, &wrong).await), "28P01", "a wrong password");
    // Another customer's role, database and password, at this customer's port.
    assert_eq!(refusal(try_connect(&at(spec, &other.spec.database), facts, &other.roles.app).await), "28000");
    // The right role, another database.
    for database in ["template1", "postgres", &other.spec.database] {
        assert_eq!(
            refusal(try_connect(&at(spec, database), facts, &roles.owner).await),
            "28000",
            "{database}"
        );
    }
    let superuser = RoleCredential { name: "postgres".to_owned(), password: new_password() };
    assert_eq!(refusal(try_connect(spec, facts, &superuser).await), "28000", "the superuser over TCP");
    let plain = tokio_postgres::Config::new()
        .host(&facts.host)
        .port(facts.port)
        .user(&roles.app.name)
        .password(roles.app.password.expose_secret())
        .dbname(&spec.database)
        .connect(NoTls)
        .await
        .map(|(client, _)| client);
    assert_eq!(refusal(plain.map_err(ServerError::from)), "28000", "a connection without TLS");
}

async fn passwords_are_rotated(subject: &impl Subject, tenant: Tenant, facts: &InstanceFacts) -> Tenant {
    let Tenant { spec, roles: old } = tenant;
    let rotated =
        |role: &RoleCredential| RoleCredential { name: role.name.clone(), password: new_password() };
    let roles = DatabaseRoles {
        owner: rotated(&old.owner),
        app: rotated(&old.app),
        readonly: rotated(&old.readonly),
    };
    let again = subject.provisioner().configure(&spec, &roles).await;
    assert_eq!(again.unwrap_or_else(|error| panic!("rotation: {error}")), *facts);
    for (new, old) in [(&roles.owner, &old.owner), (&roles.app, &old.app), (&roles.readonly, &old.readonly)] {
        connect(&spec, facts, new).await;
        assert_eq!(refusal(try_connect(&spec, facts, old).await), "28P01", "an old password");
    }
    Tenant { spec, roles }
}

async fn data_survives_a_stop_and_a_crash(subject: &impl Subject, tenant: &Tenant, facts: &InstanceFacts) {
    let (backend, Tenant { spec, roles }) = (subject.provisioner(), tenant);
    let count = "select count(*)::text from contacts";
    let seen = async |when: &str| {
        let owner = connect(spec, facts, &roles.owner).await;
        let own = query_text(&owner, "select sixty_ensure_first_organization('another', 'UTC')::text").await;
        execute(&owner, &format!("set app.org_id = '{own}'")).await;
        assert_eq!(query_text(&owner, count).await, "1", "{when}");
    };
    for time in ["first", "second"] {
        backend.stop(spec).await.unwrap_or_else(|error| panic!("{time} stop: {error}"));
        assert_eq!(backend.observe(spec).await, Observed::Present(InstanceState::Stopped), "{time} stop");
    }
    backend.start(spec).await.unwrap_or_else(|error| panic!("start after a stop: {error}"));
    assert_eq!(backend.observe(spec).await, Observed::Present(InstanceState::Configured));
    seen("after a stop").await;
    for _ in 0..3 {
        subject.kill(spec).await;
        assert_eq!(backend.observe(spec).await, Observed::Present(InstanceState::Stopped), "after a crash");
        backend.start(spec).await.unwrap_or_else(|error| panic!("start after a crash: {error}"));
        seen("after a crash").await;
    }
}

async fn a_taken_port_is_called_by_its_name(subject: &impl Subject, tenant: &Tenant) {
    let (backend, spec) = (subject.provisioner(), &tenant.spec);
    backend.stop(spec).await.unwrap_or_else(|error| panic!("stop: {error}"));
    let somebody = subject.occupy(spec.port).await;
    assert!(!backend.is_port_free(spec.port).await);
    match backend.start(spec).await {
        Err(BackendError::PortTaken(port)) => assert_eq!(port, spec.port),
        other => panic!("a start on a taken port ended with {other:?}"),
    }
    assert_eq!(backend.observe(spec).await, Observed::Present(InstanceState::Stopped));
    // Placed anew, on another port.
    let moved = InstanceSpec { port: subject.free_port(), ..spec.clone() };
    backend.start(&moved).await.unwrap_or_else(|error| panic!("start on another port: {error}"));
    assert_eq!(backend.observe(&moved).await, Observed::Present(InstanceState::Configured));
    backend.stop(&moved).await.unwrap_or_else(|error| panic!("stop: {error}"));
    drop(somebody);
    backend.start(spec).await.unwrap_or_else(|error| panic!("start on the freed port: {error}"));
}

async fn a_customer_goes_without_a_trace(
    subject: &impl Subject,
    leaving: &Tenant,
    staying: &Tenant,
    staying_facts: &InstanceFacts,
) {
    let backend = subject.provisioner();
    for time in ["first", "second"] {
        backend.destroy(&leaving.spec).await.unwrap_or_else(|error| panic!("{time} destroy: {error}"));
        assert_eq!(backend.observe(&leaving.spec).await, Observed::Absent, "{time} destroy");
    }
    assert!(backend.is_port_free(leaving.spec.port).await);
    connect(&staying.spec, staying_facts, &staying.roles.app).await;
    backend.destroy(&staying.spec).await.unwrap_or_else(|error| panic!("destroy: {error}"));
}

fn at(spec: &InstanceSpec, database: &str) -> InstanceSpec {
    InstanceSpec { database: database.to_owned(), ..spec.clone() }
}

async fn try_connect(
    spec: &InstanceSpec,
    facts: &InstanceFacts,
    role: &RoleCredential,
) -> Result<Client, ServerError> {
    let (host, port, database) = (facts.host.as_str(), facts.port, spec.database.as_str());
    let login = RoleLogin { host, port, database, role: &role.name, password: &role.password };
    let connecting = over_tls(&login, &facts.ca_certificate);
    tokio::time::timeout(Duration::from_secs(20), connecting).await.unwrap_or_else(|_| panic!("no answer"))
}

async fn connect(spec: &InstanceSpec, facts: &InstanceFacts, role: &RoleCredential) -> Client {
    try_connect(spec, facts, role)
        .await
        .unwrap_or_else(|error| panic!("{} can't connect: {error}", role.name))
}

/// The SQL state with which the server refused.
fn refusal(outcome: Result<Client, ServerError>) -> String {
    match outcome {
        Err(ServerError::Database(error)) => {
            error.code().map_or_else(|| format!("no SQL state: {error}"), |code| code.code().to_owned())
        }
        Err(error) => format!("no SQL state: {error}"),
        Ok(_) => "let in".to_owned(),
    }
}

async fn refuses(client: &Client, statement: &str) {
    let outcome = client.batch_execute(statement).await;
    let code = outcome.err().and_then(|error| error.code().map(|code| code.code().to_owned()));
    assert_eq!(code.as_deref(), Some("42501"), "{statement}");
}

async fn execute(client: &Client, statement: &str) {
    client.batch_execute(statement).await.unwrap_or_else(|error| panic!("{statement}: {error:?}"));
}

async fn query_text(client: &Client, query: &str) -> String {
    client.query_one(query, &[]).await.unwrap_or_else(|error| panic!("{query}: {error:?}")).get(0)
}
