//! What the server's and the worker's roles may do with each table, and that neither can do more.

use std::fmt::Write as _;

use catalog::own_role;
use tokio_postgres::Client;
use tokio_postgres::error::SqlState;

use super::setup;

/// Every table and view, and each role's rights on it. A new table changes this picture: whoever adds one decides in
/// `migrations/admin/grants.sql` who needs what.
#[tokio::test]
async fn every_table_says_what_each_role_may_do() {
    let (database, _catalog) = setup::catalog().await;
    let owner = database.connect().await;
    let rows = owner
        .query(
            "select relname::text,
                    (select string_agg(left(right_name, 1), '' order by place)
                     from unnest(array['select', 'insert', 'update', 'delete', 'truncate', 'references', 'trigger'])
                         with ordinality rights (right_name, place)
                     where has_table_privilege('sixty_server', pg_class.oid, right_name))
                        -- Some columns only.
                        || case when has_any_column_privilege('sixty_server', pg_class.oid, 'update')
                                     and not has_table_privilege('sixty_server', pg_class.oid, 'update')
                                then '(u)' else '' end,
                    (select string_agg(left(right_name, 1), '' order by place)
                     from unnest(array['select', 'insert', 'update', 'delete', 'truncate', 'references', 'trigger'])
                         with ordinality rights (right_name, place)
                     where has_table_privilege('sixty_worker', pg_class.oid, right_name))
             from pg_class
             where relnamespace = 'public'::regnamespace and relkind in ('r', 'p', 'v', 'm')
               and relname !~ '^admin_api_usage_y[0-9]{4}m[0-9]{2}$'
             order by relname collate \"C\"",
            &[],
        )
        .await
        .unwrap();
    let mut matrix = format!("{:<32}{:<8}worker\n", "", "server");
    for row in rows {
        let name: String = row.get(0);
        let server: Option<String> = row.get(1);
        let worker: Option<String> = row.get(2);
        let (server, worker) = (server.unwrap_or_else(|| "-".into()), worker.unwrap_or_else(|| "-".into()));
        writeln!(matrix, "{name:<32}{server:<8}{worker}").unwrap();
    }
    insta::assert_snapshot!(matrix);
}

/// The columns that a role may change in tables that it may not change as a whole.
#[tokio::test]
async fn every_column_that_is_granted_by_itself_is_named() {
    let (database, _catalog) = setup::catalog().await;
    let owner = database.connect().await;
    let rows = owner
        .query(
            "select role_name, relname::text, lower(right_name),
                    string_agg(attname::text, ', ' order by attname collate \"C\")
             from pg_class
             join pg_attribute on attrelid = pg_class.oid and attnum > 0 and not attisdropped,
                  unnest(array['sixty_server', 'sixty_worker']) role_name,
                  unnest(array['select', 'insert', 'update', 'references']) right_name
             where relnamespace = 'public'::regnamespace and relkind in ('r', 'p', 'v', 'm')
               and has_column_privilege(role_name, pg_class.oid, attnum, right_name)
               and not has_table_privilege(role_name, pg_class.oid, right_name)
             group by 1, 2, 3 order by 1, relname::text collate \"C\", 3",
            &[],
        )
        .await
        .unwrap();
    let mut told = String::new();
    for row in rows {
        let text = |column: usize| row.get::<_, String>(column);
        writeln!(told, "{} {} {}: {}", text(0), text(2), text(1), text(3)).unwrap();
    }
    insta::assert_snapshot!(told);
}

/// Functions that run with the owner's rights, and who may call them.
#[tokio::test]
async fn only_named_functions_run_with_the_rights_of_the_owner() {
    let (database, _catalog) = setup::catalog().await;
    let owner = database.connect().await;
    let rows = owner
        .query(
            "select proname::text, has_function_privilege('sixty_server', oid, 'execute'),
                    has_function_privilege('sixty_worker', oid, 'execute'), prorettype = 'trigger'::regtype,
                    coalesce(array_to_string(proconfig, ' ') ~ 'search_path=public, pg_temp', false)
             from pg_proc where prosecdef and pronamespace = 'public'::regnamespace order by proname collate \"C\"",
            &[],
        )
        .await
        .unwrap();
    let mut told = String::new();
    for row in rows {
        let name: String = row.get(0);
        let (server, worker, is_trigger): (bool, bool, bool) = (row.get(1), row.get(2), row.get(3));
        assert!(row.get::<_, bool>(4), "{name} can be lured to other tables: it has no fixed search_path");
        let who = match (is_trigger, server, worker) {
            (true, ..) => "trigger",
            (false, false, true) => "worker",
            (false, true, false) => "server",
            (false, true, true) => "both",
            (false, false, false) => "nobody",
        };
        writeln!(told, "{name}: {who}").unwrap();
    }
    insta::assert_snapshot!(told);
}

#[tokio::test]
async fn neither_role_can_rewrite_audit_or_usage_or_the_schema() {
    let (database, catalog) = setup::catalog().await;
    let customer = setup::customer(&catalog.client().await.unwrap(), "acme").await;
    let insert_audit =
        "insert into admin_audit_logs (action, resource_type) values ('customer_created', 'test')";
    let insert_usage = format!(
        "insert into admin_api_usage (customer_id, api_key_id, endpoint, method, status_code)
         values ('{}', gen_random_uuid(), '/x', 'GET', 200)",
        customer.id
    );
    // The rights on the database itself don't come with a copy of one.
    schema::AdminRoles::default().grant(&mut database.connect().await).await.unwrap();
    let owner = database.connect().await;
    let month: String = owner
        .query_one(
            "select relname::text from pg_class where relname ~ '^admin_api_usage_y[0-9]{4}m[0-9]{2}$' limit 1",
            &[],
        )
        .await
        .unwrap()
        .get(0);
    let never = [
        "update admin_audit_logs set user_agent = 'x'".to_owned(),
        "delete from admin_audit_logs".to_owned(),
        "truncate admin_audit_logs".to_owned(),
        "update admin_audit_heads set sequence = 0".to_owned(),
        "insert into admin_audit_heads (chain_id, sequence, hash, removed_hash) values (gen_random_uuid(), 0, '', '')"
            .to_owned(),
        "delete from admin_audit_heads".to_owned(),
        "delete from admin_audit_removals".to_owned(),
        "alter table admin_audit_logs disable trigger all".to_owned(),
        "update admin_api_usage set status_code = 200".to_owned(),
        "delete from admin_api_usage".to_owned(),
        "truncate admin_api_usage".to_owned(),
        "delete from admin_api_usage_default".to_owned(),
        format!("delete from {month}"),
        format!("update {month} set status_code = 200"),
        format!("drop table {month}"),
        "update admin_api_usage_daily set requests = 0".to_owned(),
        "delete from admin_api_usage_daily".to_owned(),
        "delete from admin_api_usage_retired".to_owned(),
        "create table mine (id int)".to_owned(),
        "create temporary table mine (id int)".to_owned(),
        "create schema mine".to_owned(),
        "alter table admin_customers add column mine int".to_owned(),
        "drop table admin_jobs".to_owned(),
        "create or replace function admin_audit_field(value text) returns text language sql as 'select value'"
            .to_owned(),
        "update admin_schema_migrations set version = 1".to_owned(),
        "update admin_feature_modules set module_key = 'mine'".to_owned(),
        "update admin_feature_modules set enabled_by_default = true".to_owned(),
        "insert into admin_feature_modules (module_key, module_name) values ('mine', 'Mine')".to_owned(),
        "delete from admin_feature_modules".to_owned(),
        "create role mine".to_owned(),
        "set role admin_user".to_owned(),
    ];
    for url in [database.server_url(), database.worker_url()] {
        let client = testkit::connect(&url).await;
        client.batch_execute(insert_audit).await.unwrap();
        for statement in &never {
            refused(&client, statement).await;
        }
    }
    let server = testkit::connect(&database.server_url()).await;
    server.batch_execute(&insert_usage).await.unwrap();
    let counted: i64 = server
        .query_one("select sum(requests)::bigint from admin_api_usage_daily", &[])
        .await
        .unwrap()
        .get(0);
    assert_eq!(counted, 1, "what the server inserts is rolled up with the rights of the owner");
    for statement in [
        format!("insert into {month} select * from admin_api_usage"),
        "select admin_retire_api_usage(1)".to_owned(),
        "select admin_rebuild_api_usage_daily(current_date)".to_owned(),
        "select admin_ensure_api_usage_partitions(12)".to_owned(),
        "select admin_audit_remove(gen_random_uuid(), 1)".to_owned(),
        "delete from admin_customers".to_owned(),
        "delete from admin_database_credentials".to_owned(),
    ] {
        refused(&server, &statement).await;
    }
    let worker = testkit::connect(&database.worker_url()).await;
    refused(&worker, &insert_usage).await;
    for statement in [
        "select admin_ensure_api_usage_partitions(12)",
        "select admin_rebuild_api_usage_daily(current_date)",
        "select admin_retire_api_usage(1)",
        // A month that was made just now is in the backup too.
        "lock table admin_api_usage in access share mode",
    ] {
        worker.batch_execute(&format!("begin; {statement}; commit")).await.unwrap();
    }
    for statement in [
        "update admin_operators set roles = '{owner}'",
        "update admin_operators set password_hash = 'x', totp_confirmed_at = null, disabled_at = null",
        "insert into admin_operators (email, name, roles, password_hash) values ('m@example.org', 'M', '{owner}', 'x')",
        "update admin_api_keys set permissions = '[\"*\"]', allowed_networks = '{}'",
        "update admin_api_keys set key_hash = repeat('0', 64)",
        "update admin_api_keys set expires_at = null, customer_id = gen_random_uuid()",
        "update admin_audit_streams set endpoint = 'https://evil.example'",
        "update admin_audit_streams set is_active = false",
        "update admin_audit_stream_cursors set chain_id = gen_random_uuid()",
        "update admin_customer_ai_keys set is_active = false",
        "update admin_idempotency_keys set operator = 'x', asked_permissions = '{}'",
        "update admin_clerk_messages set payload = '{}'",
    ] {
        refused(&worker, statement).await;
    }
    removes_only_what_is_old_and_told(&owner, &worker).await;
    let unread: i64 = owner
        .query_one(
            "select count(*) from pg_class
             where relnamespace = 'public'::regnamespace and relkind in ('r', 'p', 'S')
               and not case relkind when 'S' then has_sequence_privilege('sixty_worker', oid, 'select')
                       else has_table_privilege('sixty_worker', oid, 'select') end",
            &[],
        )
        .await
        .unwrap()
        .get(0);
    assert_eq!(unread, 0, "the worker's backup would miss a table");
}

#[tokio::test]
async fn a_program_that_works_as_the_owner_is_known_by_its_name() {
    let database = testkit::admin_database().await;
    for (url, role) in
        [(database.url(), Some("admin_user")), (database.server_url(), None), (database.worker_url(), None)]
    {
        let config = catalog::CatalogConfig {
            application_name: "sixty test",
            ..catalog::CatalogConfig::new(url.into())
        };
        let catalog = catalog::Catalog::connect(&config).unwrap();
        let client = catalog.client().await.unwrap();
        assert_eq!(own_role::owner(&client).await.unwrap().as_deref(), role);
        let server = catalog::CatalogConfig::new(database.server_url().into());
        let server = catalog::Catalog::connect(&server).unwrap().client().await.unwrap();
        let seen = own_role::programs_as_owner(&server, &["sixty test"]).await.unwrap();
        let named = role.map(|role| ("sixty test".to_owned(), role.to_owned()));
        assert_eq!(seen, Vec::from_iter(named));
        assert!(own_role::programs_as_owner(&server, &["another"]).await.unwrap().is_empty());
        drop((client, catalog));
        testkit::wait_for("the program to leave", std::time::Duration::from_secs(20), async || {
            own_role::programs_as_owner(&server, &["sixty test"]).await.unwrap().is_empty()
        })
        .await;
    }
}

/// The worker's role calls retention as it likes, and so gets rid of nothing young, also not behind a row of its own that
/// says that it is old, and of nothing that a stream has yet to tell.
async fn removes_only_what_is_old_and_told(owner: &Client, worker: &Client) {
    let chain = "00000000-0000-7000-8000-00000000000c";
    let remove = |sequence: i32| format!("select admin_audit_remove('{chain}', {sequence})");
    refused(worker, "select admin_audit_remove('00000000-0000-0000-0000-000000000000', 1)").await;
    owner
        .batch_execute(&format!(
            "insert into admin_audit_logs (customer_id, action, created_at)
             values ('{chain}', 'customer_updated', now() - interval '31 days'), ('{chain}', 'customer_updated', now())"
        ))
        .await
        .unwrap();
    worker
        .batch_execute(&format!(
            "insert into admin_audit_logs (customer_id, action, created_at)
             values ('{chain}', 'customer_updated', now() - interval '31 days')"
        ))
        .await
        .unwrap();
    refused(worker, &remove(2)).await;
    refused(worker, &remove(3)).await;
    let stream =
        "insert into admin_audit_streams (name, endpoint) values ('siem', 'https://siem.example.org')";
    owner.batch_execute(stream).await.unwrap();
    refused(worker, &remove(1)).await;
    owner.batch_execute("delete from admin_audit_streams").await.unwrap();
    let removed: i64 = worker.query_one(&remove(1), &[]).await.unwrap().get(0);
    assert_eq!(removed, 1);
}

async fn refused(client: &Client, statement: &str) {
    let code = client.batch_execute(statement).await.err().and_then(|error| error.code().cloned());
    assert_eq!(code, Some(SqlState::INSUFFICIENT_PRIVILEGE), "{statement}");
}
