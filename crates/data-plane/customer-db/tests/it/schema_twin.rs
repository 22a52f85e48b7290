//! Runs the twins of the customer's migrations: the SQL that asserts what they promise.

use std::fs;
use std::path::Path;

use schema::MigrationSet;

#[tokio::test]
async fn every_migration_keeps_its_promise() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../migrations/customer/tests");
    for migration in &MigrationSet::customer().migrations {
        let twin = folder.join(format!("{:04}_{}.sql", migration.version, migration.name));
        let sql = fs::read_to_string(&twin).unwrap_or_else(|error| panic!("{}: {error}", twin.display()));
        let database = testkit::customer_database().await;
        let owner = testkit::connect(&database.owner_url()).await;
        let outcome = owner.batch_execute(&format!("begin;\n{sql}\nrollback;")).await;
        if let Err(error) = outcome {
            panic!(
                "{}: {}",
                twin.display(),
                error.as_db_error().map_or(error.to_string(), |error| format!("{error:?}"))
            );
        }
    }
}

#[tokio::test]
async fn migrations_and_grants_can_be_applied_again() {
    let database = testkit::customer_database().await;
    let mut owner = testkit::connect(&database.owner_url()).await;
    let migrated = schema::migrate(&mut owner, MigrationSet::customer()).await.unwrap();
    assert_eq!(migrated.applied, Vec::<i32>::new());
    let grants =
        schema::customer_grants(testkit::CUSTOMER_OWNER, testkit::CUSTOMER_APP, testkit::CUSTOMER_READONLY);
    owner.batch_execute(&grants).await.unwrap();
    owner.batch_execute(&grants).await.unwrap();
    let app = testkit::connect(&database.app_url()).await;
    assert!(app.query(schema::ISOLATION_CHECK, &[]).await.unwrap().is_empty());
}

#[tokio::test]
async fn names_of_roles_may_contain_anything() {
    let database = testkit::customer_database().await;
    let superuser = testkit::connect(&database.superuser_url()).await;
    let names = ["o\"$sixty_grants$\\'", "a $$ -- \"; drop table deals", "r\"$roles$\n"]
        .map(|name| format!("{name}{}", database.name()));
    for name in &names {
        superuser.batch_execute(&format!("create role {}", schema::quote_identifier(name))).await.unwrap();
    }
    let [owner, app, readonly] = &names;
    superuser.batch_execute(&schema::customer_grants(owner, app, readonly)).await.unwrap();
    let row = superuser
        .query_one(
            "select has_database_privilege($1::text::name, current_database(), 'CONNECT'), \
                has_table_privilege($1::text::name, 'deals', 'DELETE'), \
                has_table_privilege($1::text::name, 'audit_logs', 'UPDATE'), \
                has_table_privilege($2::text::name, 'deals', 'SELECT'), \
                has_table_privilege($2::text::name, 'deals', 'INSERT')",
            &[app, readonly],
        )
        .await
        .unwrap();
    let rights: Vec<bool> = (0..5).map(|index| row.get(index)).collect();
    assert_eq!(rights, [true, true, false, true, false]);
    for name in &names {
        let quoted = schema::quote_identifier(name);
        superuser.batch_execute(&format!("drop owned by {quoted}; drop role {quoted}")).await.unwrap();
    }
}

#[tokio::test]
async fn the_first_organization_is_made_once_by_many() {
    let database = testkit::customer_database().await;
    let mut callers = tokio::task::JoinSet::new();
    for number in 0..10 {
        let url = database.app_url();
        callers.spawn(async move {
            let client = testkit::connect(&url).await;
            let name = format!("Caller {number}");
            let sql = "select sixty_ensure_first_organization($1, 'UTC')";
            client.query_one(sql, &[&name]).await.unwrap().get::<_, uuid::Uuid>(0)
        });
    }
    let ids = callers.join_all().await;
    assert!(ids.iter().all(|id| *id == ids[0]), "{ids:?}");
    let owner = testkit::connect(&database.owner_url()).await;
    let count: i64 = owner.query_one("select count(*) from organizations", &[]).await.unwrap().get(0);
    assert_eq!(count, 1);
}
