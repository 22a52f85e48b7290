//! The list of customers: every order, every filter, and the same as a file.

use std::collections::BTreeSet;

use axum::body::{Body, to_bytes};
use catalog::customers::{CustomerSort, SortedBy};
use http::Method;
use tower::ServiceExt as _;

use super::Api;

const CUSTOMERS: &str = "/api/admin/customers";

impl Api {
    /// 23 customers of every status and plan, many of them equal in each order.
    async fn many_customers(&self) {
        self.sql(
            "insert into admin_customers (company_name, company_domain, subscription_plan, subscription_status,
                 created_at)
             select 'Company ' || n % 4, case when n % 7 <> 0 then 'c-' || n end,
                    (enum_range(null::plan_type))[1 + n % 3], (enum_range(null::subscription_status))[1 + n % 5],
                    now() - n % 6 * interval '1 hour'
             from generate_series(1, 23) n;
             insert into admin_api_keys (customer_id, key_hash, key_prefix, name)
             select customer.id, md5(customer.id || n::text) || md5(n::text), 'sk_1', 'k'
             from admin_customers customer, generate_series(1, 3) n
             where n <= right(company_name, 1)::integer and company_domain is not null;
             insert into admin_api_usage (customer_id, api_key_id, endpoint, method, status_code)
             select customer_id, id, '/', 'GET', 200 from admin_api_keys, generate_series(1, 2)",
        )
        .await;
    }

    /// Every page, put together.
    async fn pages(&self, query: &str) -> Vec<serde_json::Value> {
        let (mut rows, mut cursor) = (Vec::new(), String::new());
        loop {
            let page = self.get(&format!("{CUSTOMERS}?limit=5&{query}{cursor}")).await.expect(200).body;
            rows.extend(page["data"].as_array().unwrap().clone());
            match page["next_cursor"].as_str() {
                Some(next) => cursor = format!("&cursor={next}"),
                None => return rows,
            }
        }
    }

    async fn csv(&self, query: &str) -> Vec<csv::StringRecord> {
        let request = self.request(Method::GET, &format!("{CUSTOMERS}.csv?{query}")).body(Body::empty());
        let response = self.router.clone().oneshot(request.unwrap()).await.unwrap();
        assert_eq!(response.headers()["content-type"], "text/csv; charset=utf-8");
        assert_eq!(response.headers()["content-disposition"], "attachment; filename=\"customers.csv\"");
        let bytes = to_bytes(response.into_body(), usize::MAX).await.unwrap();
        let mut reader = csv::Reader::from_reader(bytes.as_ref());
        reader.records().map(Result::unwrap).collect()
    }
}

#[tokio::test]
async fn every_order_shows_everybody_once_page_by_page_and_in_the_file() {
    let api = Api::new().await;
    api.many_customers().await;
    let place = |name: &str, values: [&str; 5]| values.iter().position(|value| *value == name).unwrap();
    for sort in CustomerSort::all() {
        let rows = api.pages(&format!("sort={sort}")).await;
        let ids: Vec<_> = rows.iter().map(|row| row["id"].as_str().unwrap()).collect();
        assert_eq!((ids.len(), ids.iter().collect::<BTreeSet<_>>().len()), (23, 23), "{sort}");
        let name = sort.to_string();
        let column = name.trim_start_matches('-');
        let key = |row: &serde_json::Value| {
            let value = row[column].as_str().unwrap_or_default();
            match column {
                "enabled_module_count" | "api_key_count" | "requests_30d" => {
                    format!("{:09}", row[column].as_i64().unwrap())
                }
                "subscription_plan" => format!("{}", place(value, ["starter", "pro", "enterprise", "", ""])),
                "subscription_status" => {
                    format!("{}", place(value, ["active", "trial", "suspended", "canceled", "expired"]))
                }
                _ => value.to_owned(),
            }
        };
        let mut keys: Vec<_> = rows.iter().map(key).collect();
        if sort.is_descending {
            keys.reverse();
        }
        if matches!(sort.by, SortedBy::Figure(_)) {
            assert!(keys.iter().any(|key| key != &keys[0]), "{sort}: all are equal");
        }
        // The database sorts customerIds by its own rules; that everybody is there once is checked above.
        if column != "customer_id" {
            assert!(keys.is_sorted(), "{sort}: {keys:?}");
        }
        let file = api.csv(&format!("sort={sort}")).await;
        assert_eq!(file.iter().map(|record| record[0].to_owned()).collect::<Vec<_>>(), ids, "{sort}");
    }
}

#[tokio::test]
async fn filters_take_several_values_and_the_file_has_the_same() {
    let api = Api::new().await;
    api.many_customers().await;
    for (query, expected) in [
        ("status=active", 4),
        ("status=active,trial", 9),
        ("status=active,%20trial&plan=pro", 3),
        ("plan=starter,pro,enterprise", 23),
        ("q=company%202", 6),
        ("q=C-1", 10),
        ("module=ai_assistant", 8),
        ("module=crm_core", 23),
        ("module=workflow_automation&plan=pro,enterprise", 16),
        ("created_at[gte]=2999-01-01T00:00:00Z", 0),
    ] {
        let list = api.get(&format!("{CUSTOMERS}?{query}")).await.expect(200).body;
        assert_eq!(list["total"], expected, "{query}");
        assert_eq!(list["data"].as_array().unwrap().len(), expected, "{query}");
        assert_eq!(api.csv(query).await.len(), expected, "{query}");
    }
}

#[tokio::test]
async fn each_row_has_its_own_figures() {
    let api = Api::new().await;
    api.sql(
        "insert into admin_customers (company_name, company_domain, subscription_plan)
         values ('=1+1', 'acme', 'pro'), ('Globex', 'globex', 'starter');
         insert into admin_api_keys (customer_id, key_hash, key_prefix, name, status, expires_at)
         select id, md5(n::text) || md5(n::text), 'sk_1', 'k', (array['active', 'active', 'revoked'])[n]::api_key_status,
                case when n = 2 then now() - interval '1 minute' end
         from admin_customers, generate_series(1, 3) n where company_domain = 'acme';
         insert into admin_instances (customer_id, backend, host, port, database_name, schema_version)
         select id, 'local', 'localhost', 5999, 'acme', 3 from admin_customers where company_domain = 'acme';
         insert into admin_api_usage (customer_id, api_key_id, endpoint, method, status_code, created_at)
         select id, id, '/', 'GET', 200, now() - n * interval '1 day'
         from admin_customers, generate_series(0, 40) n where company_domain = 'acme'",
    )
    .await;
    let rows = api.pages("sort=customer_id").await;
    let of = |row: &serde_json::Value| {
        ["enabled_module_count", "api_key_count", "requests_30d", "schema_version"]
            .map(|name| row[name].as_i64())
    };
    let modules = |plan: domain::Plan| i64::try_from(domain::modules::of_plan(plan).count()).unwrap();
    assert_eq!(of(&rows[0]), [Some(modules(domain::Plan::Pro)), Some(1), Some(31), Some(3)]);
    assert_eq!(of(&rows[1]), [Some(modules(domain::Plan::Starter)), Some(0), Some(0), None]);
    let file = api.csv("sort=customer_id").await;
    assert_eq!((&file[0][2], &file[0][13], &file[0][14]), ("'=1+1", "31", "3"));
}

#[tokio::test]
async fn what_the_list_does_not_know_is_refused() {
    let api = Api::new().await;
    api.many_customers().await;
    let page = api.get(&format!("{CUSTOMERS}?limit=1&sort=subscription_plan")).await.expect(200);
    let cursor = page.text("next_cursor").to_owned();
    for (query, field) in [
        ("status=active,nonsense".to_owned(), "status"),
        ("status=".to_owned(), "status"),
        ("plan=pro,,starter".to_owned(), "plan"),
        ("module=nonsense".to_owned(), "module"),
        ("sort=billing_email".to_owned(), "sort"),
        (format!("sort=-subscription_plan&cursor={cursor}"), "cursor"),
        // {"s":"subscription_plan","v":"gold","i":"00000000-0000-0000-0000-000000000000"}
        (
            "sort=subscription_plan&cursor=eyJzIjoic3Vic2NyaXB0aW9uX3BsYW4iLCJ2IjoiZ29sZCIsImkiOiIwMDAwMDAwMC0wMDAwLTAwMDAtMDAwMC0wMDAwMDAwMDAwMDAifQ"
                .to_owned(),
            "cursor",
        ),
    ] {
        assert_eq!(api.get(&format!("{CUSTOMERS}?{query}")).await.wrong_fields(), [field], "{query}");
    }
    assert_eq!(api.get(&format!("{CUSTOMERS}.csv?limit=3")).await.wrong_fields(), ["limit"]);
    assert_eq!(api.get(&format!("{CUSTOMERS}.csv?sort=x")).await.wrong_fields(), ["sort"]);
}
