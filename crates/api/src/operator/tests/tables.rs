//! What is in the admin database, to see whether something has changed anywhere.

use std::collections::BTreeMap;

use testkit::AdminDatabase;
use tokio_postgres::{Client, Statement};

/// Looks at every table in one query, over one connection.
pub(super) struct Tables {
    client: Client,
    contents: Statement,
}

impl Tables {
    /// Those that are there now.
    pub(super) async fn of(database: &AdminDatabase) -> Self {
        let client = database.connect().await;
        // All but those that are only their partitions.
        let sql = "select string_agg(format(
                'select %L, md5(coalesce(string_agg(entry::text, ''|'' order by entry::text), '''')) from %I entry', relname, relname
            ), ' union all ')
            from pg_class where relnamespace = 'public'::regnamespace and relkind = 'r'";
        let contents: String = client.query_one(sql, &[]).await.unwrap().get(0);
        let contents = client.prepare(&contents).await.unwrap();
        Self { client, contents }
    }

    /// What is in each, by its name, as a hash.
    pub(super) async fn contents(&self) -> BTreeMap<String, String> {
        let rows = self.client.query(&self.contents, &[]).await.unwrap();
        rows.iter().map(|row| (row.get(0), row.get(1))).collect()
    }

    /// Past the API.
    pub(super) async fn sql(&self, sql: &str) {
        self.client.batch_execute(sql).await.unwrap();
    }
}

#[tokio::test]
async fn a_row_is_seen_in_whichever_table_it_is() {
    let database = testkit::admin_database().await;
    let tables = Tables::of(&database).await;
    let mut before = tables.contents().await;
    let sql = "select count(*) from pg_tables where schemaname = 'public'
               and tablename not in (select partrelid::regclass::text from pg_partitioned_table)";
    let count: i64 = tables.client.query_one(sql, &[]).await.unwrap().get(0);
    assert_eq!(before.len(), usize::try_from(count).unwrap());
    for (table, change) in [
        ("admin_feature_modules", "update admin_feature_modules set module_name = 'One more'"),
        (
            "admin_api_usage_default",
            "insert into admin_api_usage (created_at, customer_id, api_key_id, endpoint, method, status_code)
             values ('2000-01-01', gen_random_uuid(), gen_random_uuid(), '/a', 'GET', 200)",
        ),
    ] {
        tables.sql(change).await;
        let after = tables.contents().await;
        assert_ne!(after[table], before[table], "{change}");
        before = after;
    }
}
