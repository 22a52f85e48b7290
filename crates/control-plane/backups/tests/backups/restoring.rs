//! From one customer's database into another's.

use backups::{BackupError, RestoreSource, restore_into};

use crate::world::{ORGANIZATION, back_up, connect, connect_as, contents, filled_database, new_customer};

#[tokio::test]
async fn a_restored_database_has_the_rows_the_walls_and_owners_of_its_own() {
    let (home, source) = (testkit::home(), filled_database().await);
    let backup = back_up(&home, &source).await;
    let target = new_customer(&source, "customer_restored").await;
    let before = contents(&testkit::connect(&source.superuser_url()).await).await;
    assert!(before.len() > 1000);

    for round in ["first", "second"] {
        restore_into(&target, &backup).await.expect("restored");
        let client = connect(&target.superuser).await;
        assert_eq!(contents(&client).await, before, "{round} time");

        let foreign = "select count(*) from pg_class join pg_namespace on pg_namespace.oid = relnamespace
                       where nspname in ('public', 'reports') and relowner <> $1::text::regrole";
        assert_eq!(
            client.query_one(foreign, &[&target.roles.owner.name]).await.expect("asked").get::<_, i64>(0),
            0
        );
        let unforced = "select count(*) from pg_class join pg_attribute on attrelid = pg_class.oid
                        where attname = 'org_id' and relkind = 'r' and not (relrowsecurity and relforcerowsecurity)";
        assert_eq!(client.query_one(unforced, &[]).await.expect("asked").get::<_, i64>(0), 0);
    }

    let mut app = connect_as(&target, &target.roles.app).await;
    let seen = app.query("select from contacts", &[]).await.expect("asked").len();
    assert_eq!(seen, 0, "no organization, no rows");
    let transaction = app.transaction().await.expect("begun");
    transaction.batch_execute(&format!("set local app.org_id = '{ORGANIZATION}'")).await.expect("set");
    assert_eq!(transaction.query("select from contacts", &[]).await.expect("asked").len(), 250);
    transaction.batch_execute("insert into contacts (first_name) values ('New')").await.expect("inserted");
    transaction.commit().await.expect("committed");

    let readonly = connect_as(&target, &target.roles.readonly).await;
    readonly
        .batch_execute("insert into contacts (first_name) values ('Bad')")
        .await
        .expect_err("it only reads");
    let owner = connect_as(&target, &target.roles.owner).await;
    owner.batch_execute("alter table contacts add column extra text").await.expect("the owner may migrate");
}

#[tokio::test]
async fn a_file_that_was_changed_is_refused_before_anything_is_dropped() {
    let (home, source) = (testkit::home(), filled_database().await);
    let backup = back_up(&home, &source).await;
    let target = new_customer(&source, "customer_untouched").await;
    let before = contents(&connect(&target.superuser).await).await;

    let mut bytes = std::fs::read(&backup.path).expect("read");
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    std::fs::write(&backup.path, &bytes).expect("written");
    let error = restore_into(&target, &backup).await.expect_err("damaged");
    assert!(
        matches!(error, BackupError::Unusable { .. }) && error.to_string().contains("SHA-256"),
        "{error}"
    );

    let rubbish = home.path().join("rubbish.dump");
    std::fs::write(&rubbish, "no dump at all").expect("written");
    let rubbish = RestoreSource {
        path: rubbish,
        // What `sha256sum` says of it.
        sha256: "e8c7825e4c499b11b93a9c191cb3979253273dc75690344948618a6d02c30fc4".to_owned(),
        lock: None,
        ..backup.clone()
    };
    let error = restore_into(&target, &rubbish).await.expect_err("rubbish");
    assert!(matches!(error, BackupError::Unusable { .. }), "{error}");

    let missing = RestoreSource { path: home.path().join("missing.dump"), ..backup };
    let error = restore_into(&target, &missing).await.expect_err("missing");
    assert!(matches!(error, BackupError::Unusable { .. }), "{error}");
    assert_eq!(contents(&connect(&target.superuser).await).await, before);
}

#[tokio::test]
async fn a_backup_of_a_newer_server_is_refused_before_anything_is_dropped() {
    let (home, source) = (testkit::home(), filled_database().await);
    let backup = RestoreSource { postgres_version: "99.1".to_owned(), ..back_up(&home, &source).await };
    let target = new_customer(&source, "customer_older").await;
    let error = restore_into(&target, &backup).await.expect_err("newer");
    assert!(matches!(error, BackupError::ServerTooOld { backup: 99, .. }), "{error}");
    assert!(!error.is_temporary());
}

#[tokio::test]
async fn a_restored_database_with_a_hole_in_its_wall_is_not_handed_over() {
    let (home, source) = (testkit::home(), filled_database().await);
    let client = testkit::connect(&source.superuser_url()).await;
    client.batch_execute("alter table contacts no force row level security").await.expect("opened");
    let backup = back_up(&home, &source).await;
    let target = new_customer(&source, "customer_open").await;
    let error = restore_into(&target, &backup).await.expect_err("open");
    assert!(matches!(&error, BackupError::NotIsolated(faults) if faults[0].contains("contacts")), "{error}");
}

/// What is in a customer's database is theirs to write: also a function that would use a superuser's session, which `set role`
/// hides and `reset role` brings back. This one fails in such a session.
const TRAP: &str = "create function reports.is_harmless() returns boolean language plpgsql as $$
    begin
        if (select rolsuper from pg_catalog.pg_roles where rolname = session_user) then
            raise exception 'runs in a session of a superuser';
        end if;
        return true;
    end $$";

#[tokio::test]
async fn code_in_a_dump_never_runs_in_a_session_of_a_superuser() {
    let (home, source) = (testkit::home(), filled_database().await);
    let owner = testkit::connect(&source.owner_url()).await;
    owner.batch_execute(TRAP).await.expect("set");
    owner
        .batch_execute(
            "create table reports.trap (id integer check (reports.is_harmless()));
             insert into reports.trap values (1);",
        )
        .await
        .expect("set");
    let backup = back_up(&home, &source).await;
    let target = new_customer(&source, "customer_trapped").await;
    restore_into(&target, &backup).await.expect("the check holds");
}

/// The same while a backup is made: whoever reads the whole database as the superuser calls nothing in it.
#[tokio::test]
async fn code_in_a_database_never_runs_in_the_session_that_backs_it_up() {
    let (home, source) = (testkit::home(), filled_database().await);
    let owner = testkit::connect(&source.owner_url()).await;
    owner.batch_execute(TRAP).await.expect("set");
    owner
        .batch_execute(
            "create function public.trapped(integer) returns integer immutable language plpgsql as
                 $$ begin perform reports.is_harmless(); return $1; end $$;
             create table reports.traps (
                 id integer default public.trapped(1) check (reports.is_harmless()),
                 twice integer generated always as (public.trapped(id)) stored
             );
             create index on reports.traps (public.trapped(id)) where public.trapped(id) > 0;
             alter table reports.traps enable row level security, force row level security;
             create policy trapped on reports.traps using (reports.is_harmless());
             insert into reports.traps (id) values (1);
             create view reports.trapped as select reports.is_harmless() as is_trapped, * from reports.traps;
             create materialized view reports.kept as select reports.is_harmless() as is_trapped;
             create rule trapped as on insert to reports.trapped do instead select reports.is_harmless();
             -- What a query finds first that doesn't say where it looks.
             create function public.pg_get_expr(pg_node_tree, oid) returns text language sql as
                 $$ select reports.is_harmless()::text $$;
             create function public.array_to_string(text[], text) returns text language sql as
                 $$ select reports.is_harmless()::text $$;
             create function public.trapped_names(name, name) returns boolean language sql as
                 $$ select reports.is_harmless() $$;
             create operator public.= (leftarg = name, rightarg = name, function = public.trapped_names);",
        )
        .await
        .expect("set");
    let database = format!("alter database \"{}\" set search_path = public, pg_catalog", source.name());
    testkit::connect(&source.superuser_url()).await.batch_execute(&database).await.expect("set");
    // It would fail if anything ran.
    back_up(&home, &source).await;
}
