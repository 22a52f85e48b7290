//! A read that is a whole transaction answers what the same statement answers in a transaction, and sees no more.

use customer_db::{Error, RouterConfig, Session};
use domain::OrganizationId;
use tokio_postgres::types::ToSql;

use crate::support::{TestCustomer, config, customer_with};

/// Statements of many shapes, each with its parameters: all answer texts.
const READS: [(&str, &[&(dyn ToSql + Sync)]); 14] = [
    ("select count(*)::text from contacts", &[]),
    ("select first_name from contacts order by first_name desc", &[]),
    ("select first_name from contacts order by first_name limit 3 offset 2", &[]),
    ("select first_name from contacts where first_name = $1", &[&"own 7"]),
    ("select first_name from contacts where first_name = $1 and company = $2", &[&"own 7", &"nowhere"]),
    ("select 'nothing' where false", &[]),
    ("select first_name from contacts limit 0", &[]),
    ("select null::text", &[]),
    ("select max(name), max(name) from deals", &[]),
    (
        "select name || first_name from deals join contacts on contacts.id = contact_id and contacts.org_id = deals.org_id \
         order by first_name, name",
        &[],
    ),
    (
        "select first_name from contacts where exists (select from deals where contact_id = contacts.id) \
         union all select name from deals order by 1",
        &[],
    ),
    (
        "with recursive numbers as (select 1 as n union all select n + 1 from numbers where n < 5) \
         select n::text || (select count(*) from contacts) from numbers order by n desc -- and a remark",
        &[],
    ),
    ("select string_agg(name, ',' order by name) from deal_summary group by stage order by 1", &[]),
    ("select current_setting('app.org_id')", &[]),
];

/// What the planner may be made to do.
const PLANS: [&str; 4] = [
    "enable_nestloop = off",
    "enable_seqscan = off",
    "plan_cache_mode = force_generic_plan",
    "plan_cache_mode = force_custom_plan",
];

async fn filled() -> TestCustomer {
    let one = RouterConfig { max_connections_per_customer: 1, ..config() };
    let customer = customer_with(one).await;
    for (organization, word, count) in [(customer.first, "own", 40), (customer.second, "other", 25)] {
        let mut session = customer.databases.begin(customer.id, Some(organization)).await.unwrap();
        let insert = "insert into contacts (first_name, company) \
             select $1 || ' ' || n, 'Company ' || n % 3 from generate_series(1, $2::int) as n";
        session.query(insert, &[&word, &count]).await.unwrap();
        let deals = "insert into deals (name, contact_id) select 'Deal ' || first_name, id from contacts, \
             generate_series(1, 2)";
        session.query(deals, &[]).await.unwrap();
        session.commit().await.unwrap();
    }
    customer
}

async fn begin(customer: &TestCustomer, organization: Option<OrganizationId>) -> Session {
    customer.databases.begin(customer.id, organization).await.unwrap()
}

async fn set(customer: &TestCustomer, setting: &str) {
    let superuser = testkit::connect(&customer.database.superuser_url()).await;
    let name = customer.database.name();
    let role = testkit::CUSTOMER_APP;
    superuser.batch_execute(&format!("alter role {role} in database {name} reset all")).await.unwrap();
    superuser.batch_execute(&format!("alter role {role} in database {name} set {setting}")).await.unwrap();
    customer.databases.forget(customer.id);
}

#[tokio::test]
async fn a_read_answers_the_same_as_in_a_transaction_however_it_is_planned() {
    let customer = filled().await;
    let texts = |rows: &[tokio_postgres::Row]| -> Vec<Option<String>> {
        rows.iter().map(|row| row.get::<_, Option<String>>(0)).collect()
    };
    for plan in PLANS {
        set(&customer, plan).await;
        for (sql, parameters) in READS {
            for organization in [None, Some(customer.first), Some(customer.second)] {
                let mut session = begin(&customer, organization).await;
                let expected = session.query(sql, parameters).await.unwrap();
                session.commit().await.unwrap();
                // PostgreSQL thinks about a better plan after five times.
                for _ in 0..7 {
                    let session = begin(&customer, organization).await;
                    let rows = session.query_and_commit(sql, parameters).await.unwrap();
                    assert_eq!(texts(&rows), texts(&expected), "{plan}: {sql} in {organization:?}");
                }
            }
            // On the connection that has just seen everything.
            let session = begin(&customer, Some(OrganizationId::generate())).await;
            let error = session.query_and_commit(sql, parameters).await.unwrap_err();
            assert!(matches!(error, Error::UnknownOrganization), "{plan}: {sql}: {error:?}");
        }
    }
}

#[tokio::test]
async fn a_read_can_not_write_whatever_it_calls() {
    let customer = filled().await;
    let superuser = testkit::connect(&customer.database.superuser_url()).await;
    superuser
        .batch_execute(
            "create function writes() returns text language sql as \
             $$insert into organizations (name) values ('Written') returning name$$; \
             grant execute on function writes() to public",
        )
        .await
        .unwrap();
    for sql in [
        "insert into contacts (first_name) values ('x') returning first_name",
        "with made as (insert into contacts (first_name) values ('x') returning 1) select 'x' from made",
        "select writes()",
        "select first_name from contacts for update",
        "select 1) as statement; delete from contacts; select (1",
    ] {
        let session = begin(&customer, None).await;
        session.query_and_commit(sql, &[]).await.expect_err(sql);
    }
    let count = "select count(*) from organizations";
    assert_eq!(superuser.query_one(count, &[]).await.unwrap().get::<_, i64>(0), 2);
    let count = "select count(*) from contacts";
    assert_eq!(superuser.query_one(count, &[]).await.unwrap().get::<_, i64>(0), 65);
    // In a transaction that may.
    let mut session = begin(&customer, None).await;
    session.query("select writes()", &[]).await.unwrap();
}

#[tokio::test]
async fn nothing_of_a_read_stays_on_the_connection() {
    let customer = filled().await;
    // There is one connection, and it is made before the trap is set.
    let count = "select count(*)::text from contacts";
    begin(&customer, None).await.query_and_commit(count, &[]).await.unwrap();
    // The database itself looks at what every request finds when it enters: the list of organizations can only be read as
    // long as none was entered.
    let superuser = testkit::connect(&customer.database.superuser_url()).await;
    superuser
        .batch_execute(
            "create function nobody_is_inside() returns boolean language plpgsql as $$ begin \
               if nullif(current_setting('app.org_id', true), '') is not null then raise exception 'the organization was kept'; \
               end if; return true; end $$; \
             alter table organizations enable row level security; \
             create policy trap on organizations using (nobody_is_inside())",
        )
        .await
        .unwrap();
    let read = async |organization| {
        let rows = customer.databases.read_briefly(customer.id, organization, count, &[]).await.unwrap();
        rows[0].get::<_, String>(0)
    };
    for (organization, own) in [
        (Some(customer.first), "40"),
        (Some(customer.second), "25"),
        (None, "40"),
        (Some(customer.second), "25"),
    ] {
        for _ in 0..3 {
            // One after the other and beside each other on the shared connection, each in an organization of its own.
            assert_eq!(read(organization).await, own);
            let together =
                tokio::join!(read(Some(customer.first)), read(organization), read(Some(customer.second)));
            assert_eq!(together, ("40".to_owned(), own.to_owned(), "25".to_owned()));
            begin(&customer, organization).await.query_and_commit(count, &[]).await.unwrap();
            let mut session = begin(&customer, organization).await;
            session.query(count, &[]).await.unwrap();
            session.commit().await.unwrap();
        }
    }
    // The trap works.
    let mut inside = begin(&customer, Some(customer.first)).await;
    let caught = inside.query("select name from organizations", &[]).await.unwrap_err();
    let caught = caught.as_db_error().map(tokio_postgres::error::DbError::message);
    assert_eq!(caught, Some("the organization was kept"));
}

/// So many rows of a million bytes each.
fn megabytes(count: u32) -> String {
    format!("select repeat('x', 1000000) from generate_series(1, {count})")
}

#[tokio::test]
async fn no_more_rows_are_taken_than_have_room_but_always_the_first() {
    let customer = filled().await;
    for (sql, bytes, taken, are_cut) in [
        (megabytes(3), 3_100_000, 3, false),
        (megabytes(3), usize::MAX, 3, false),
        (megabytes(4), 3_100_000, 3, true),
        (megabytes(3), 2_900_000, 2, true),
        (megabytes(1), 10, 1, false),
        (megabytes(2), 10, 1, true),
        ("select 'nothing' where false".to_owned(), 0, 0, false),
        ("select first_name from contacts".to_owned(), 100_000, 40, false),
    ] {
        let read = begin(&customer, None).await.read_within(bytes, &sql, &[]).await.unwrap();
        assert_eq!((read.rows.len(), read.are_cut), (taken, are_cut), "{sql} within {bytes}");
    }
    let nobody = begin(&customer, Some(OrganizationId::generate())).await;
    let error = nobody.read_within(10, &megabytes(2), &[]).await.unwrap_err();
    assert!(matches!(error, Error::UnknownOrganization), "{error:?}");
    let mut begun = begin(&customer, None).await;
    begun.query("select 1", &[]).await.unwrap();
    assert!(begun.read_within(10, &megabytes(1), &[]).await.is_err(), "it is no whole transaction");
}

#[tokio::test]
async fn what_is_cut_off_ends_and_the_customers_only_connection_is_theirs_again() {
    let customer = filled().await;
    // A hundred gigabytes, for which nobody waits and which nobody keeps.
    let read = begin(&customer, None).await.read_within(2_500_000, &megabytes(100_000), &[]).await.unwrap();
    assert_eq!((read.rows.len(), read.are_cut), (2, true));
    let count = "select count(*) from contacts";
    for _ in 0..3 {
        let rows = begin(&customer, Some(customer.first)).await.query_and_commit(count, &[]).await.unwrap();
        assert_eq!(rows[0].get::<_, i64>(0), 40);
    }
    let superuser = testkit::connect(&customer.database.superuser_url()).await;
    let running = "select count(*) from pg_stat_activity \
         where datname = current_database() and state = 'active' and usename = $1 and query like '%repeat%'";
    let running = superuser.query_one(running, &[&testkit::CUSTOMER_APP]).await.unwrap();
    assert_eq!(running.get::<_, i64>(0), 0);
}
