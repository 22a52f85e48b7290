//! Lists: filters, search, sorting, pages.

use std::collections::BTreeSet;

use crm::RESOURCES;
use domain::OrganizationId;
use http::StatusCode;
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use serde_json::{Value, json};

use crate::api::Api;
use crate::support::enter;

/// The named member of each object.
fn pick<'a>(objects: &'a [Value], member: &str) -> Vec<&'a str> {
    objects.iter().map(|object| object[member].as_str().unwrap_or("null")).collect()
}

#[tokio::test]
async fn filters_narrow_and_ranges_include_what_they_say() {
    let api = Api::new().await;
    let contact = api.create("contacts", json!({"email": "Ann@Example.com", "company": "Acme & Co"})).await;
    for (name, stage, mrr, day) in [
        ("a", "sql", "0", "2026-01-01"),
        ("b", "signed", "10.50", "2026-01-02"),
        ("c", "signed", "20", "2026-01-03"),
    ] {
        api.create(
            "deals",
            json!({"name": name, "stage": stage, "mrr": mrr, "expected_close_date": day, "contact_id": contact["id"]}),
        )
        .await;
    }
    api.create("deals", json!({"name": "d"})).await;
    let contact_id = contact["id"].as_str().unwrap();
    for (query, expected) in [
        ("stage=signed", vec!["b", "c"]),
        ("stage=signed&mrr=10.5", vec!["b"]),
        ("mrr[gte]=10.50", vec!["b", "c"]),
        ("mrr%5Bgt%5D=10.50", vec!["c"]),
        ("mrr[lt]=20&mrr[gt]=0", vec!["b"]),
        ("expected_close_date[lte]=2026-01-02", vec!["a", "b"]),
        ("expected_close_date=2026-01-03", vec!["c"]),
        (&format!("contact_id={contact_id}"), vec!["a", "b", "c"]),
        ("created_at[gte]=2020-01-01T00:00:00Z&created_at[lt]=2020-01-02T00:00:00Z", vec![]),
        ("is_split_deal=true", vec![]),
        ("name=b", vec!["b"]),
    ] {
        assert_eq!(pick(&api.list(&format!("deals?sort=name&{query}")).await, "name"), expected, "{query}");
    }
    for query in
        ["email=ann@example.com", "company=Acme+%26+Co", "company=Acme%20%26%20Co", "email=ANN%40EXAMPLE.COM"]
    {
        assert_eq!(api.list(&format!("contacts?{query}")).await.len(), 1, "{query}");
    }
    assert_eq!(api.list("contacts?company=acme").await.len(), 0);
}

#[tokio::test]
async fn search_takes_the_text_as_it_is() {
    let api = Api::new().await;
    for (name, notes) in
        [("Ann", "100% sure"), ("Bob", "100 per cent"), ("Carl", "under_score"), ("D\\E", "")]
    {
        api.create("contacts", json!({"first_name": name, "notes": notes})).await;
    }
    for (text, expected) in [
        ("ann", vec!["Ann"]),
        ("100", vec!["Ann", "Bob"]),
        ("100%25", vec!["Ann"]),
        ("r_s", vec!["Carl"]),
        ("n_n", vec![]),
        ("%5C", vec!["D\\E"]),
        ("%27", vec![]),
    ] {
        assert_eq!(
            pick(&api.list(&format!("contacts?sort=first_name&q={text}")).await, "first_name"),
            expected,
            "{text}"
        );
    }
}

#[tokio::test]
async fn the_newest_come_first_unless_told_otherwise() {
    let api = Api::new().await;
    for name in ["b", "a", "c"] {
        api.create("deals", json!({"name": name})).await;
    }
    assert_eq!(pick(&api.list("deals").await, "name"), ["c", "a", "b"]);
    assert_eq!(pick(&api.list("deals?sort=created_at").await, "name"), ["b", "a", "c"]);
    assert_eq!(pick(&api.list("deals?sort=name").await, "name"), ["a", "b", "c"]);
    assert_eq!(pick(&api.list("deals?sort=-stage,-name").await, "name"), ["c", "b", "a"]);
    // The last column of the sort decides the direction of the id, which is ordered by time.
    assert_eq!(pick(&api.list("deals?sort=stage").await, "name"), ["b", "a", "c"]);
    assert_eq!(pick(&api.list("deals?sort=-stage").await, "name"), ["c", "a", "b"]);
}

#[tokio::test]
async fn a_cursor_belongs_to_its_list() {
    let api = Api::new().await;
    for name in ["a", "b", "c"] {
        api.create("deals", json!({"name": name})).await;
        api.create("tasks", json!({"title": name})).await;
    }
    let page = api.get("deals?sort=name&limit=1").await.body;
    let cursor = page["next_cursor"].as_str().unwrap();
    let next = api.get(&format!("deals?limit=2&cursor={cursor}&sort=name")).await.body;
    assert_eq!(pick(next["data"].as_array().unwrap(), "name"), ["b", "c"]);
    assert_eq!(next["next_cursor"], Value::Null);
    for other in [
        "deals?",
        "deals?sort=-name&",
        "deals?sort=name&stage=sql&",
        "deals?sort=name&q=a&",
        "tasks?sort=title&",
    ] {
        assert_eq!(api.get(&format!("{other}cursor={cursor}")).await.fields(), ["cursor"], "{other}");
    }
    let (head, tail) = cursor.split_at(cursor.len() / 2);
    for broken in ["", "x", "AAAA", head, &format!("{head}A{tail}"), &format!("{cursor}=="), "W10", "bnVsbA"]
    {
        let answer = api.get(&format!("deals?sort=name&cursor={broken}")).await;
        assert!(matches!(answer.status, StatusCode::BAD_REQUEST | StatusCode::OK), "{broken}: {answer:?}");
    }
    // An object that was deleted meanwhile is no obstacle.
    let first = page["data"][0]["id"].as_str().unwrap();
    api.delete(&format!("deals/{first}")).await;
    let next = api.get(&format!("deals?sort=name&cursor={cursor}")).await.body;
    assert_eq!(pick(next["data"].as_array().unwrap(), "name"), ["b", "c"]);
}

/// A row as the property test makes it: few different values, so that most of them tie, and nulls among them.
type Row = (Option<u8>, Option<u8>, u8, u8);

/// Fills an organization of its own with contacts and returns it.
async fn fill(api: &Api, rows: &[Row]) -> OrganizationId {
    let owner = testkit::connect(&api.customer.database.owner_url()).await;
    let id: uuid::Uuid = owner
        .query_one("insert into organizations (name) values ('Pages') returning id", &[])
        .await
        .unwrap()
        .get(0);
    enter(&owner, &id.to_string()).await;
    let insert = owner
        .prepare(
            "insert into contacts (first_name, last_name, company, email, created_at) \
             values ($1, $2, 'Acme', $3, timestamptz '2026-01-01' + make_interval(secs => $4))",
        )
        .await
        .unwrap();
    for (first, last, email, second) in rows {
        let name = |value: &Option<u8>| value.map(|value| format!("n{value}"));
        let email = format!("e{email}@example.com");
        owner
            .execute(&insert, &[&name(first), &name(last), &email, &(f64::from(*second) + 0.000_001)])
            .await
            .unwrap();
    }
    OrganizationId(id)
}

/// Walks through all pages.
async fn walk(api: &Api, query: &str, limit: usize) -> Vec<Value> {
    let mut all = Vec::new();
    let mut cursor = String::new();
    loop {
        let answer = api.get(&format!("contacts?{query}&limit={limit}{cursor}")).await;
        assert_eq!(answer.status, StatusCode::OK, "{query}: {}", answer.body);
        let data = answer.body["data"].as_array().unwrap();
        assert!(data.len() <= limit);
        all.extend(data.iter().cloned());
        match answer.body["next_cursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => return all,
        }
    }
}

/// What would be SQL were it not handed over as a value finds nothing, changes nothing and is kept as it is.
#[tokio::test]
async fn text_is_a_value_wherever_it_stands_and_never_a_statement() {
    let api = Api::new().await;
    api.create("contacts", json!({"first_name": "Carl"})).await;
    for statement in [
        "x' or '1'='1",
        "x'; drop table contacts; --",
        "x') union select id, id from deals --",
        "x$$; select set_config('app.org_id', '', false); --",
    ] {
        let text: String = statement.bytes().map(|byte| format!("%{byte:02X}")).collect();
        for resource in RESOURCES {
            let path = resource.path;
            let names =
                resource.columns.iter().map(|column| column.name).chain(["q", "sort", "cursor", "limit"]);
            for name in names {
                let answer = api.get(&format!("{path}?{name}={text}")).await;
                let finds_nothing = answer.status == StatusCode::OK && answer.body["data"] == json!([]);
                assert!(
                    finds_nothing || answer.status == StatusCode::BAD_REQUEST,
                    "{path} {name} {statement}: {answer:?}"
                );
            }
            // As a name of what is asked for, and of the object.
            let as_name = api.get(&format!("{path}?{text}=1")).await;
            assert_eq!(as_name.status, StatusCode::BAD_REQUEST, "{path} {statement}");
            assert_eq!(api.get(&format!("{path}/{text}")).await.status, StatusCode::NOT_FOUND, "{path}");
        }
        let kept = api.create("deals", json!({"name": statement, "description": statement})).await;
        assert_eq!((&kept["name"], &kept["description"]), (&json!(statement), &json!(statement)));
        assert_eq!(api.list(&format!("deals?q={text}")).await.len(), 1, "{statement}");
        assert_eq!(api.list(&format!("deals?name={text}")).await.len(), 1, "{statement}");
        api.delete(&format!("deals/{}", kept["id"].as_str().unwrap())).await;
    }
    assert_eq!(pick(&api.list("contacts").await, "first_name"), ["Carl"]);
}

#[test]
fn pages_show_every_object_exactly_once_in_the_order_of_the_whole() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let api = runtime.block_on(Api::new());
    let row = (prop::option::of(0..3_u8), prop::option::of(0..3_u8), 0..4_u8, 0..3_u8);
    let column = prop::sample::select(vec!["first_name", "last_name", "email", "created_at", "company"]);
    let sort = prop::collection::vec((column, any::<bool>()), 0..4);
    let strategy = (prop::collection::vec(row, 0..40), sort, 1..9_usize);
    let mut runner = TestRunner::new(Config { cases: 60, failure_persistence: None, ..Config::default() });
    runner
        .run(&strategy, |(rows, sort, limit)| {
            let mut names = BTreeSet::new();
            let sort: Vec<_> = sort
                .into_iter()
                .filter(|(name, _)| names.insert(*name))
                .map(|(name, descending)| if descending { format!("-{name}") } else { name.to_owned() })
                .collect();
            let query =
                if sort.is_empty() { "company=Acme".to_owned() } else { format!("sort={}", sort.join(",")) };
            runtime.block_on(async {
                let organization = fill(&api, &rows).await;
                api.enter(organization);
                let whole = api.list(&format!("contacts?{query}&limit=200")).await;
                prop_assert_eq!(whole.len(), rows.len());
                let walked = walk(&api, &query, limit).await;
                prop_assert_eq!(pick(&walked, "id"), pick(&whole, "id"), "{}", query);
                Ok(())
            })
        })
        .unwrap();
}
