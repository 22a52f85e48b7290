//! What the three roles of a customer's database can do, and what none of them can.

use system_tests::{Connection, Stack};
use tokio_postgres::Client;

use super::entrances;

/// Refused: the role lacks the right.
const NO_RIGHT: &str = "42501";

/// Tables in which every row belongs to an organization.
const TABLES: [&str; 10] = [
    "users",
    "contacts",
    "deals",
    "activities",
    "tasks",
    "calendar_events",
    "smart_task_templates",
    "workflows",
    "workflow_executions",
    "audit_logs",
];

/// The walls round a customer's database stand, as seen from inside and from another customer.
pub(crate) async fn stand(stack: &Stack, customer: &str, other: &str) {
    let of = |role: &'static str| Connection::of(&stack.operator, customer, role);
    let (owner, app, readonly) = (of("owner").await, of("app").await, of("readonly").await);
    let own = an_organization_with_a_contact(&app).await;

    nobody_has_more_than_a_role_should(&owner.connect().await).await;
    without_an_organization_there_are_no_rows([&owner, &app, &readonly]).await;
    the_app_reads_and_writes_rows_and_nothing_else(&app.connect().await, &own, &owner.user).await;
    the_reader_reads(&readonly.connect().await, &own).await;
    the_owner_is_no_superuser(&owner.connect().await).await;
    entrances::are_closed(stack, [&owner, &app, &readonly], other).await;
}

async fn an_organization_with_a_contact(app: &Connection) -> String {
    let client = app.connect().await;
    let row =
        client.query_one("insert into organizations (name) values ('Walled') returning id::text", &[]).await;
    let id: String = row.unwrap().get(0);
    enter(&client, &id).await;
    client.execute("insert into contacts (first_name) values ('Inside')", &[]).await.unwrap();
    id
}

async fn enter(client: &Client, organization: &str) {
    client.execute("select set_config('app.org_id', $1, false)", &[&organization]).await.unwrap();
}

async fn nobody_has_more_than_a_role_should(owner: &Client) {
    let roles = owner
        .query(
            "select rolname, rolsuper or rolbypassrls or rolcreaterole or rolcreatedb or rolreplication
                from pg_roles where rolcanlogin and rolname <> 'postgres'",
            &[],
        )
        .await
        .unwrap();
    assert_eq!(roles.len(), 3, "{roles:?}");
    for role in roles {
        assert!(!role.get::<_, bool>(1), "{} is too powerful", role.get::<_, String>(0));
    }
    let members = owner.query("select 1 from pg_auth_members m join pg_roles r on r.oid = m.member where r.rolname like 'customer%'", &[]);
    assert!(members.await.unwrap().is_empty(), "a role is a member of another");
    let open = owner
        .query("select relname::text from pg_class where relkind in ('r', 'p') and relnamespace = 'public'::regnamespace
                and not (relrowsecurity and relforcerowsecurity)", &[])
        .await
        .unwrap();
    let open: Vec<String> = open.iter().map(|row| row.get(0)).collect();
    for table in TABLES {
        assert!(!open.iter().any(|name| name == table), "{table} has no forced row-level security");
    }
}

async fn without_an_organization_there_are_no_rows(connections: [&Connection; 3]) {
    for connection in connections {
        let client = connection.connect().await;
        for organization in ["", "nonsense", "01a20922-337d-705e-845b-39d610d3630a"] {
            enter(&client, organization).await;
            for table in TABLES {
                let count = client.query_one(&format!("select count(*) from {table}"), &[]).await.unwrap();
                assert_eq!(count.get::<_, i64>(0), 0, "{} sees {table} as {organization:?}", connection.user);
            }
        }
    }
}

async fn the_app_reads_and_writes_rows_and_nothing_else(app: &Client, own: &str, owner: &str) {
    enter(app, own).await;
    for statement in [
        "insert into contacts (first_name) values ('Written')",
        "update contacts set last_name = 'By the app' where first_name = 'Written'",
        "delete from contacts where first_name = 'Written'",
    ] {
        assert_eq!(app.execute(statement, &[]).await.unwrap(), 1, "{statement}");
    }
    let elsewhere =
        app.query_one("select id::text from organizations where id <> $1::text::uuid limit 1", &[&own]).await;
    let elsewhere: String = elsewhere.unwrap().get(0);
    refused(app, &format!("insert into contacts (org_id, first_name) values ('{elsewhere}', 'x')"), NO_RIGHT)
        .await;
    refused(app, &format!("update contacts set org_id = '{elsewhere}'"), NO_RIGHT).await;
    refused(app, "update audit_logs set action = 'x'", NO_RIGHT).await;
    refused(app, "delete from audit_logs", NO_RIGHT).await;
    refused(app, "select * from schema_migrations", NO_RIGHT).await;
    nothing_but_rows(app, owner).await;
}

async fn the_reader_reads(readonly: &Client, own: &str) {
    enter(readonly, own).await;
    let found = readonly.query("select first_name from contacts", &[]).await.unwrap();
    assert_eq!(found.len(), 1);
    for statement in [
        "insert into contacts (first_name) values ('x')",
        "update contacts set first_name = 'x'",
        "delete from contacts",
        "insert into organizations (name) values ('x')",
        "delete from organizations",
        "lock table contacts in exclusive mode; select 1",
    ] {
        refused(readonly, statement, NO_RIGHT).await;
    }
    nothing_but_rows(readonly, "postgres").await;
}

/// What neither the app nor the reader can do.
async fn nothing_but_rows(client: &Client, owner: &str) {
    let policy =
        client.query_one("select policyname::text from pg_policies where tablename = 'contacts'", &[]).await;
    let policy: String = policy.unwrap().get(0);
    for statement in [
        "create table mine (id int)",
        "create schema mine",
        "create function mine() returns int language sql as 'select 1'",
        "create database mine",
        "create role mine",
        "create extension file_fdw",
        "create policy mine on contacts using (true)",
        &format!("drop policy \"{policy}\" on contacts"),
        "alter table contacts disable row level security",
        "alter table contacts no force row level security",
        "alter table contacts add column mine int",
        "drop table contacts",
        "truncate contacts",
        "alter role current_user superuser",
        "alter role current_user bypassrls",
        "set session authorization postgres",
        "set role postgres",
        &format!("set role \"{owner}\""),
        "select pg_read_file('/etc/passwd')",
        "select lo_import('/etc/passwd')",
        "copy (select 1) to program 'true'",
        "copy (select 1) to '/tmp/sixty-stolen'",
        "select rolpassword from pg_authid",
        "select pg_reload_conf()",
        "alter system set work_mem = '1MB'",
        "set session_replication_role = replica",
        "set log_statement = 'none'",
    ] {
        refused(client, statement, NO_RIGHT).await;
    }
    // Not an error, and no way round either: rows would be hidden, so the statement itself is refused.
    refused(client, "set row_security = off; select * from contacts", NO_RIGHT).await;
    client.batch_execute("reset row_security").await.unwrap();
}

async fn the_owner_is_no_superuser(owner: &Client) {
    owner.batch_execute("create table mine (id int); drop table mine").await.unwrap();
    for statement in [
        "create role mine",
        "create database mine",
        "alter role current_user superuser",
        "alter role current_user bypassrls",
        "set role postgres",
        "set session authorization postgres",
        "create extension file_fdw",
        "select pg_read_file('/etc/passwd')",
        "copy (select 1) to program 'true'",
        "alter system set work_mem = '1MB'",
    ] {
        refused(owner, statement, NO_RIGHT).await;
    }
}

async fn refused(client: &Client, statement: &str, code: &str) {
    match client.batch_execute(statement).await {
        Ok(()) => panic!("{statement} was allowed"),
        Err(error) => assert_eq!(error.code().map(|code| code.code()), Some(code), "{statement}: {error:?}"),
    }
}
