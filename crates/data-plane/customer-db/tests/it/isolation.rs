//! Two organizations of one customer never meet, whatever role asks and whatever the setting says.

use crate::support::{TestCustomer, customer, enter};
use proptest::prelude::*;
use proptest::strategy::ValueTree as _;
use proptest::test_runner::TestRunner;
use tokio_postgres::Client;
use tokio_postgres::error::SqlState;

const TABLES: [&str; 11] = [
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
    "idempotency_keys",
];
const VIEWS: [&str; 3] = ["deal_summary", "pipeline_summary", "task_summary"];

/// One row in every table of the organization.
const FILL: &str = "
    insert into users (email) values ('ann@example.com');
    insert into contacts (first_name) values ('Carl');
    insert into deals (name) values ('Big');
    insert into activities (type) values ('call');
    insert into tasks (title) values ('Do');
    insert into calendar_events (title, start_time, end_time) values ('Meet', now(), now());
    insert into smart_task_templates (name, trigger_activity_type, task_title) values ('T', 'call', 'Follow');
    insert into workflows (name) values ('W');
    insert into workflow_executions (workflow_id) select id from workflows;
    insert into audit_logs (action, resource_type) values ('create', 'deals');
    insert into idempotency_keys (method, path, key, fingerprint, status, body)
        values ('POST', '/api/v1/deals', 'k', sha256('x'), 201, '{}');
";

async fn filled() -> TestCustomer {
    let customer = customer().await;
    let app = testkit::connect(&customer.database.app_url()).await;
    for organization in [customer.first, customer.second] {
        enter(&app, &organization.to_string()).await;
        app.batch_execute(FILL).await.unwrap();
    }
    customer
}

async fn count(client: &Client, relation: &str) -> i64 {
    client.query_one(&format!("select count(*) from {relation}"), &[]).await.unwrap().get(0)
}

fn roles(customer: &TestCustomer) -> [(&'static str, String); 3] {
    let database = &customer.database;
    [("owner", database.owner_url()), ("app", database.app_url()), ("readonly", database.readonly_url())]
}

#[tokio::test]
async fn every_role_sees_one_organization_at_a_time() {
    let customer = filled().await;
    for (role, url) in roles(&customer) {
        let client = testkit::connect(&url).await;
        for organization in [customer.first, customer.second] {
            enter(&client, &organization.to_string()).await;
            for relation in TABLES.iter().chain(&VIEWS) {
                assert_eq!(count(&client, relation).await, 1, "{role} {relation}");
            }
            let foreign = TABLES.map(|table| {
                format!("(select count(*) from {table} where org_id <> '{organization}'::uuid)")
            });
            let seen =
                count(&client, &format!("(select {} as n) as sums where n > 0", foreign.join(" + "))).await;
            assert_eq!(seen, 0, "{role}");
        }
    }
}

#[tokio::test]
async fn without_a_proper_setting_there_are_no_rows_and_no_error() {
    let customer = filled().await;
    for (role, url) in roles(&customer) {
        let client = testkit::connect(&url).await;
        for relation in TABLES.iter().chain(&VIEWS) {
            assert_eq!(count(&client, relation).await, 0, "{role} {relation} without the setting");
        }
        let almost = format!("{}x", customer.first);
        let nobody = "00000000-0000-7000-8000-000000000000";
        for setting in ["", " ", "null", "*", "%", "' or true --", &almost, nobody] {
            enter(&client, setting).await;
            for relation in TABLES.iter().chain(&VIEWS) {
                assert_eq!(count(&client, relation).await, 0, "{role} {relation} with {setting:?}");
            }
        }
    }
}

#[tokio::test]
async fn no_role_of_the_customer_can_take_the_walls_down() {
    let customer = filled().await;
    for (role, url) in &roles(&customer)[1..] {
        let client = testkit::connect(url).await;
        enter(&client, &customer.first.to_string()).await;
        for statement in [
            "alter table deals disable row level security",
            "alter table deals no force row level security",
            "drop policy deals_of_organization on deals",
            "create policy mine on deals using (true)",
            "truncate deals",
            "set role customer_test_owner",
            "set session authorization customer_test_owner",
            "create table mine (id int)",
            "create temporary table mine (id int)",
            "alter role current_user with bypassrls",
            "create function sixty_current_organization(int) returns uuid language sql as 'select null::uuid'",
            "create or replace function sixty_current_organization() returns uuid language sql as 'select null::uuid'",
            "select * from schema_migrations",
            "delete from audit_logs",
            "update audit_logs set action = 'nothing'",
        ] {
            let error = client.batch_execute(statement).await.expect_err(statement);
            assert_eq!(
                error.code(),
                Some(&SqlState::INSUFFICIENT_PRIVILEGE),
                "{role}: {statement}: {error:?}"
            );
        }
        // Turning the walls off for oneself only turns every query into an error.
        client.batch_execute("set row_security = off").await.unwrap();
        let error = client.query("select * from deals", &[]).await.unwrap_err();
        assert_eq!(error.code(), Some(&SqlState::INSUFFICIENT_PRIVILEGE));
    }
    let readonly = testkit::connect(&customer.database.readonly_url()).await;
    enter(&readonly, &customer.first.to_string()).await;
    for statement in
        ["delete from deals", "insert into deals (name) values ('x')", "update deals set name = 'x'"]
    {
        let error = readonly.batch_execute(statement).await.expect_err(statement);
        assert_eq!(error.code(), Some(&SqlState::INSUFFICIENT_PRIVILEGE), "{statement}");
    }
}

#[tokio::test]
async fn a_link_never_leaves_its_organization() {
    let customer = filled().await;
    let app = testkit::connect(&customer.database.app_url()).await;
    enter(&app, &customer.first.to_string()).await;
    let links = app
        .query(
            "select conrelid::regclass::text, (select attname::text from pg_attribute \
                 where attrelid = conrelid and attnum = conkey[2]), confrelid::regclass::text \
             from pg_constraint where contype = 'f' and cardinality(conkey) = 2",
            &[],
        )
        .await
        .unwrap();
    assert!(links.len() >= 17, "{}", links.len());
    for link in links {
        let (table, column, target): (String, String, String) = (link.get(0), link.get(1), link.get(2));
        enter(&app, &customer.second.to_string()).await;
        let foreign: uuid::Uuid =
            app.query_one(&format!("select id from {target}"), &[]).await.unwrap().get(0);
        enter(&app, &customer.first.to_string()).await;
        let sql = format!("update {table} set {column} = $1");
        let nobody = uuid::Uuid::now_v7();
        let for_foreign = app.execute(&sql, &[&foreign]).await.expect_err(&sql);
        let for_nobody = app.execute(&sql, &[&nobody]).await.expect_err(&sql);
        // Both are refused, with the same words but for the id itself.
        let words = |error: &tokio_postgres::Error, id: uuid::Uuid| {
            let database = error.as_db_error().unwrap();
            assert_eq!(*database.code(), SqlState::FOREIGN_KEY_VIOLATION, "{sql}");
            let detail = database.detail().unwrap_or_default().replace(&id.to_string(), "ID");
            (database.message().to_owned(), detail, database.constraint().map(str::to_owned))
        };
        assert_eq!(words(&for_foreign, foreign), words(&for_nobody, nobody));
    }
}

#[tokio::test]
async fn public_may_not_even_connect() {
    let customer = customer().await;
    let superuser = testkit::connect(&customer.database.superuser_url()).await;
    let stranger = format!("stranger_{}", customer.database.name());
    superuser
        .batch_execute(&format!("create role {stranger} with login password '{}'", testkit::PASSWORD))
        .await
        .unwrap();
    let url = customer.database.app_url().replace(testkit::CUSTOMER_APP, &stranger);
    let error = tokio_postgres::connect(&url, tokio_postgres::NoTls).await.err().expect("a stranger got in");
    assert_eq!(error.code(), Some(&SqlState::INSUFFICIENT_PRIVILEGE), "{error:?}");
    superuser.batch_execute(&format!("drop role {stranger}")).await.unwrap();
}

/// Texts that nearly are UUIDs: one with up to three characters replaced, put in or taken away.
fn nearly_a_uuid() -> impl Strategy<Value = String> {
    let uuid = "[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}";
    let odd = prop_oneof![
        Just('-'),
        Just('0'),
        Just('g'),
        Just('\n'),
        Just(' '),
        Just('{'),
        Just('\u{e9}'),
        any::<char>()
    ];
    let edits = proptest::collection::vec((0..3_u8, 0..40_usize, odd), 0..4);
    (uuid, edits).prop_map(|(uuid, edits)| {
        let mut text: Vec<char> = uuid.chars().collect();
        for (edit, at, character) in edits {
            let at = at % (text.len() + 1);
            match (edit, text.get_mut(at)) {
                (0, Some(place)) => *place = character,
                (1, Some(_)) => drop(text.remove(at)),
                _ => text.insert(at, character),
            }
        }
        // PostgreSQL keeps no such character.
        text.into_iter().filter(|character| *character != '\0').collect()
    })
}

#[tokio::test]
async fn exactly_the_texts_are_organizations_that_the_first_migration_took() {
    let database = testkit::customer_database().await;
    let client = testkit::connect(&database.app_url()).await;
    let texts = prop_oneof![3 => nearly_a_uuid(), 1 => ".{0,40}", 1 => "[0-9a-f-]{36}"];
    let mut runner = TestRunner::deterministic();
    let (mut taken, mut refused) = (0, 0);
    for _ in 0..3_000 {
        let text = texts.new_tree(&mut runner).unwrap().current().replace('\0', "");
        client.execute("select set_config('app.org_id', $1, false)", &[&text]).await.unwrap();
        let row = client
            .query_one(
                "select sixty_current_organization()::text,
                    case when $1 ~ '^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$' then lower($1) end",
                &[&text],
            )
            .await
            .unwrap_or_else(|error| panic!("{text:?}: {error:?}"));
        let (now, first): (Option<String>, Option<String>) = (row.get(0), row.get(1));
        assert_eq!(now, first, "{text:?}");
        *if now.is_some() { &mut taken } else { &mut refused } += 1;
    }
    assert!(taken > 300 && refused > 1_000, "{taken} taken, {refused} refused");
}
