//! What a customer is when they are wholly there, what they are when they are wholly absent, and that there is nothing
//! in between: no process, port, folder, file or row that belongs to nobody.

use std::collections::BTreeSet;
use std::fs;
use std::net::{IpAddr, Ipv4Addr};
use std::time::Duration;

use futures_util::{StreamExt as _, stream};
use serde_json::{Value, json};
use system_tests::{Connection, Stack};
use testkit::wait_for;

/// What belongs to a customer in the admin database.
const CUSTOMER: &str = "select c.id, c.lifecycle, c.deleted_at, c.database_host, c.database_port, c.database_name,
        c.database_user, c.database_password_encrypted is not null as has_password,
        (select jsonb_agg(jsonb_build_object('id', i.id, 'port', i.port, 'name', i.database_name,
            'system_identifier', i.system_identifier)) from admin_instances i where i.customer_id = c.id) as instances,
        (select jsonb_agg(r.role order by r.role) from admin_database_credentials r where r.customer_id = c.id) as roles,
        (select count(*) from admin_data_keys d where d.customer_id = c.id) as data_keys,
        (select count(*) from admin_customer_modules m where m.customer_id = c.id and m.enabled) as modules,
        (select count(*) from admin_api_keys k where k.customer_id = c.id and k.status = 'active') as api_keys,
        (select count(*) from admin_audit_logs a where a.customer_id = c.id and a.action = 'customer_created') as created,
        (select count(*) from admin_audit_logs a where a.customer_id = c.id and a.action = 'api_key_created') as keyed,
        (select jsonb_agg(o.status) from admin_operations o where o.customer_id = c.id) as operations
    from admin_customers c where c.company_domain = $1";

/// What is left of customers who are gone: of every sign-up of this name but the present one.
const REMAINS: &str = "select o.customer_id, o.status,
        (select count(*) from admin_instances i where i.customer_id = o.customer_id)
        + (select count(*) from admin_database_credentials r where r.customer_id = o.customer_id)
        + (select count(*) from admin_data_keys d where d.customer_id = o.customer_id)
        + (select count(*) from admin_customer_modules m where m.customer_id = o.customer_id)
        + (select count(*) from admin_api_keys k where k.customer_id = o.customer_id)
        + (select count(*) from admin_customer_ai_keys k where k.customer_id = o.customer_id)
        + (select count(*) from admin_backups b where b.customer_id = o.customer_id) as rows
    from admin_operations o
    where o.customer_slug = $1 and not exists (select from admin_customers c where c.id = o.customer_id)";

/// How many customers are looked at in parallel.
const AT_ONCE: usize = 8;

/// Every one of these sign-ups has ended in a whole customer (an enterprise one) or in nothing. A key that was handed
/// out must work, and then its customer is there. Returns those who are there.
pub(crate) async fn all_or_nothing(stack: &Stack, sign_ups: &[(String, Option<String>)]) -> BTreeSet<String> {
    let found: Vec<_> = stream::iter(sign_ups)
        .map(|(id, key)| async move {
            let rows = stack.rows(CUSTOMER, &[id]).await;
            match rows.as_slice() {
                [] => {
                    assert!(key.is_none(), "{id} was told to be ready, and isn't there");
                    is_absent(stack, id).await;
                    None
                }
                [row] => {
                    is_whole(stack, id, row).await;
                    if let Some(key) = key {
                        stack.operator.with_token(key).get("/api/v1/contacts").await.expect(200);
                    }
                    Some(id.clone())
                }
                _ => panic!("{id} is there twice: {rows:#?}"),
            }
        })
        .buffer_unordered(AT_ONCE)
        .collect()
        .await;
    let keys: Vec<_> = sign_ups.iter().filter_map(|(_, key)| key.as_ref()).collect();
    assert_eq!(keys.iter().collect::<BTreeSet<_>>().len(), keys.len(), "a key was handed out twice");
    found.into_iter().flatten().collect()
}

async fn is_whole(stack: &Stack, id: &str, row: &Value) {
    assert_eq!((&row["lifecycle"], &row["deleted_at"]), (&json!("ready"), &Value::Null), "{row:#}");
    let instances = row["instances"].as_array().map(Vec::as_slice).unwrap_or_default();
    let [instance] = instances else { panic!("not one instance: {row:#}") };
    assert_eq!(instance["name"], format!("customer_{id}"), "{row:#}");
    assert_eq!(row["database_name"], instance["name"], "{row:#}");
    assert_eq!(row["database_port"], instance["port"], "{row:#}");
    assert_eq!(row["database_host"], "localhost", "{row:#}");
    assert_eq!(row["database_user"], format!("customer_{id}_app"), "{row:#}");
    assert_eq!(row["has_password"], true, "{row:#}");
    assert_eq!(row["roles"], json!(["app", "owner", "readonly"]), "{row:#}");
    for (what, count) in [("data_keys", 1), ("modules", 10), ("api_keys", 1), ("created", 1), ("keyed", 1)] {
        assert_eq!(row[what], count, "{what}: {row:#}");
    }
    assert_eq!(row["operations"], json!(["succeeded"]), "{row:#}");
    nothing_remains_of_earlier_attempts(stack, id).await;

    let instance = instance["id"].as_str().unwrap();
    // One that was killed comes back by itself.
    wait_for(&format!("the instance of {id} to run"), Duration::from_secs(90), || async {
        stack.instance_process(instance).is_some_and(system_tests::processes::is_alive)
            && Connection::of(&stack.operator, id, "app").await.try_connect().await.is_ok()
    })
    .await;
    let app = Connection::of(&stack.operator, id, "app").await.connect().await;
    let tables = app.query_one(
        "select count(*) from pg_class where relnamespace = 'public'::regnamespace and relkind = 'r' and relrowsecurity",
        &[],
    );
    assert_eq!(tables.await.unwrap().get::<_, i64>(0), 11, "{id} has another schema");
    let name = format!("{id} Incorporated");
    let organizations =
        app.query_one("select count(*) from organizations where name = $1", &[&name]).await.unwrap();
    assert_eq!(organizations.get::<_, i64>(0), 1, "{id} has no organization, or two");
    stack.operator.get(&format!("/api/provision/{id}")).await.expect(200);
}

/// Nothing of a customer by this name is there.
pub(crate) async fn is_absent(stack: &Stack, id: &str) {
    let rows = stack.rows("select 1 from admin_customers where company_domain = $1", &[&id]).await;
    assert_eq!(rows, [] as [Value; 0], "{id} is there");
    nothing_remains_of_earlier_attempts(stack, id).await;
    let database = format!("customer_{id}");
    let rows = stack.rows("select 1 from admin_instances where database_name = $1", &[&database]).await;
    assert_eq!(rows, [] as [Value; 0], "{id} has an instance");
    stack.operator.get(&format!("/api/provision/{id}")).await.expect_problem(404, "not-found");
}

async fn nothing_remains_of_earlier_attempts(stack: &Stack, id: &str) {
    for operation in stack.rows(REMAINS, &[&id]).await {
        assert!(["failed", "canceled"].iter().any(|status| operation["status"] == *status), "{operation:#}");
        assert_eq!(operation["rows"], 0, "{operation:#}");
    }
}

/// What is on the machine is exactly what the admin database knows of.
pub(crate) async fn nothing_is_left_over(stack: &Stack) {
    let known =
        stack.rows("select id, port, system_identifier::text as identifier from admin_instances", &[]).await;
    let text = |row: &Value, name: &str| row[name].as_str().unwrap_or_default().to_owned();
    let ids: BTreeSet<_> = known.iter().map(|row| text(row, "id")).collect();
    let ports: BTreeSet<_> =
        known.iter().map(|row| u16::try_from(row["port"].as_u64().unwrap()).unwrap()).collect();
    let identifiers: BTreeSet<_> = known.iter().map(|row| text(row, "identifier")).collect();
    assert_eq!(ports.len(), known.len(), "a port is given twice: {known:#?}");
    assert_eq!(identifiers.len(), known.len(), "two instances are one cluster: {known:#?}");

    assert_eq!(names_in(stack, "instances"), ids, "folders of instances");
    let mut locks = names_in(stack, "locks");
    locks.remove("templates");
    assert!(locks.is_subset(&ids), "locks of instances that are gone: {locks:?}, {ids:?}");
    let templates = names_in(stack, "templates");
    assert!(templates.len() == 1 && !templates.iter().any(|name| name.starts_with('.')), "{templates:?}");

    let running = || -> BTreeSet<_> {
        let folder = format!("{}/", stack.path().join("instances").display());
        let commands = stack.processes().into_iter().map(|process| process.command);
        commands
            .filter_map(|command| Some(command.split_once(&folder)?.1.split('/').next()?.to_owned()))
            .collect()
    };
    assert_eq!(running(), ids, "processes of instances");
    let loopback = IpAddr::V4(Ipv4Addr::LOCALHOST);
    let taken: BTreeSet<_> = stack
        .ports
        .customers
        .clone()
        .filter(|port| !postgres_server::is_port_free(loopback, *port))
        .collect();
    assert_eq!(taken, ports, "ports that are listened on");
    let sockets: BTreeSet<_> = names_in(stack, "run")
        .iter()
        .filter_map(|name| name.strip_prefix(".s.PGSQL.")?.parse::<u16>().ok())
        .collect();
    let expected: BTreeSet<_> =
        ports.iter().copied().chain([stack.ports.admin, stack.ports.template]).collect();
    assert_eq!(sockets, expected, "sockets");
    let drafts = drafts(&stack.path());
    assert!(drafts.is_empty(), "half-written files: {drafts:?}");

    let orphans = "select o.id, o.customer_slug, o.status from admin_operations o where o.status in ('queued', 'running', 'dead')";
    assert_eq!(stack.rows(orphans, &[]).await, [] as [Value; 0], "operations without an end");
    let hidden = "select company_domain, lifecycle from admin_customers where lifecycle in ('provisioning', 'deleting')";
    assert_eq!(stack.rows(hidden, &[]).await, [] as [Value; 0], "customers in between");
}

fn names_in(stack: &Stack, folder: &str) -> BTreeSet<String> {
    let folder = stack.path().join(folder);
    let entries = fs::read_dir(&folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    entries.flatten().map(|entry| entry.file_name().to_string_lossy().into_owned()).collect()
}

/// Files and folders beside the place where they should be in the end.
fn drafts(folder: &std::path::Path) -> Vec<std::path::PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        let name = entry.file_name().to_string_lossy().into_owned();
        let is_draft = name.starts_with(".making")
            || name.starts_with(".trash")
            || name.ends_with(".draft")
            || name.ends_with(".new");
        if is_draft {
            found.push(path);
        } else if path.is_dir() && name != "data" {
            found.extend(drafts(&path));
        }
    }
    found
}
