//! Pages of objects that are as large as they may be, and larger: each page is bounded, and together they show everything.

use http::StatusCode;
use serde_json::Value;

use crate::api::Api;
use crate::support::enter;

/// What a page says it takes at most, and what is round its objects.
const PAGE: usize = 4 * 1024 * 1024;

/// Activities of the customer's first organization: every third takes 500 kB as JSON, and its ties are many.
async fn fill(api: &Api, count: i32) {
    let owner = testkit::connect(&api.customer.database.owner_url()).await;
    enter(&owner, &api.customer.first.to_string()).await;
    let insert = "insert into activities (type, subject, description, notes, metadata, created_at) \
         select 'call', 'subject ' || n % 4, \
             case when n % 3 = 0 then repeat('\u{20ac}', 50000) end, case when n % 3 = 0 then repeat(chr(1), 50000) end, \
             case when n % 3 = 0 then jsonb_build_object('a', repeat('x', 60000)) else '{}' end, \
             timestamptz '2026-01-01' + make_interval(secs => n / 5) \
         from generate_series(1, $1::int) as n";
    owner.execute(insert, &[&count]).await.unwrap();
}

/// The pages of a list, each with its length in bytes.
async fn pages(api: &Api, query: &str) -> Vec<(Vec<Value>, usize)> {
    let mut pages = Vec::new();
    let mut cursor = String::new();
    loop {
        let answer = api.get(&format!("activities?{query}{cursor}")).await;
        assert_eq!(answer.status, StatusCode::OK, "{query}: {}", answer.body);
        pages.push((answer.body["data"].as_array().unwrap().clone(), answer.body.to_string().len()));
        match answer.body["next_cursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => return pages,
        }
    }
}

/// The ids of all activities, as SQL has them in this order.
async fn ids(api: &Api, order: &str) -> Vec<String> {
    let superuser = testkit::connect(&api.customer.database.superuser_url()).await;
    let sql = format!("select id::text from activities order by {order}");
    superuser.query(&sql, &[]).await.unwrap().iter().map(|row| row.get(0)).collect()
}

#[tokio::test]
async fn a_page_ends_before_it_is_too_large_and_the_pages_show_everything_once() {
    let api = Api::new().await;
    fill(&api, 90).await;
    for (query, order) in [
        ("limit=200", "created_at desc, id desc"),
        ("limit=200&sort=created_at", "created_at, id"),
        ("limit=40&sort=subject", "subject, id"),
        ("limit=200&sort=-subject,created_at&type=call", "subject desc, created_at, id"),
        ("limit=200&sort=-duration_minutes&q=subject", "duration_minutes desc, id desc"),
    ] {
        let pages = pages(&api, query).await;
        assert!(pages.iter().all(|(objects, bytes)| !objects.is_empty() && *bytes <= PAGE), "{query}");
        // Thirty of them take 15 MB: no page ends long before it has to.
        assert!((4..=6).contains(&pages.len()), "{query}: {} pages", pages.len());
        let shown: Vec<_> = pages.iter().flat_map(|(objects, _)| objects).collect();
        let shown: Vec<_> = shown.iter().map(|object| object["id"].as_str().unwrap()).collect();
        assert_eq!(shown, ids(&api, order).await, "{query}");
    }
    let few = pages(&api, "limit=6").await;
    assert_eq!(few.iter().map(|(objects, _)| objects.len()).collect::<Vec<_>>(), [6; 15]);
}

#[tokio::test]
async fn an_object_that_is_larger_than_a_page_is_a_page() {
    let api = Api::new().await;
    fill(&api, 3).await;
    // As a program with SQL may write it.
    let superuser = testkit::connect(&api.customer.database.superuser_url()).await;
    let huge =
        "update activities set notes = repeat('x', 5000000) where subject in ('subject 2', 'subject 3')";
    superuser.batch_execute(huge).await.unwrap();
    let pages = pages(&api, "sort=subject").await;
    let shown =
        pages.iter().map(|(objects, _)| objects.iter().map(|object| object["subject"].as_str().unwrap()));
    let shown: Vec<Vec<_>> = shown.map(Iterator::collect).collect();
    assert_eq!(shown, [["subject 1"], ["subject 2"], ["subject 3"]]);
}
