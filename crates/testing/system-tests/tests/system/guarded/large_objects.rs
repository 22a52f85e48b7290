//! Objects as large as they may be: a page of them is bounded, and so is what callers hold who ask for many and read nothing.

use std::collections::BTreeSet;
use std::time::Duration;

use serde_json::json;
use system_tests::{Customer, Stack};
use testkit::wait_for;
use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpStream;

use super::hostile::resident_kb;

/// Each takes more than 450 kB as JSON: 24 MB in all.
const OBJECTS: usize = 55;
/// What a page says it takes at most.
const PAGE: usize = 4 * 1024 * 1024;
/// How many callers read nothing.
const SILENT: usize = 24;
/// A page for each, twice; all objects for each would be three times as much.
const MAY_GROW_KB: u64 = 200 * 1024;
const LIMIT: Duration = Duration::from_secs(60);

pub(super) async fn story(stack: &Stack, customer: &Customer) {
    let api = &customer.api;
    let large =
        json!({ "type": "call", "description": "\u{20ac}".repeat(50_000), "notes": "\u{1}".repeat(50_000) });
    for _ in 0..OBJECTS {
        api.post("/api/v1/activities", &large).await.expect(201);
    }
    let (mut ids, mut pages, mut cursor) = (BTreeSet::new(), 0_usize, String::new());
    loop {
        let page = api.get(&format!("/api/v1/activities?limit=200{cursor}")).await.expect(200);
        assert!(page.to_string().len() <= PAGE);
        let objects = page["data"].as_array().unwrap();
        assert!(!objects.is_empty() && objects.iter().all(|object| ids.insert(object["id"].to_string())));
        pages += 1;
        match page["next_cursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => break,
        }
    }
    assert_eq!((ids.len(), pages), (OBJECTS, OBJECTS.div_ceil(9)));

    let server = stack.server().unwrap();
    let admin = stack.admin().await;
    let answered = async || -> i64 {
        let counted = "select count(*) from admin_api_usage \
             where customer_id = $1 and endpoint = '/api/v1/activities' and method = 'GET'";
        admin.query_one(counted, &[&customer.uuid]).await.unwrap().get(0)
    };
    let pages = i64::try_from(pages).unwrap();
    wait_for("the pages to be counted", LIMIT, async || answered().await == pages).await;
    let before = resident_kb(server);
    let request = format!(
        "GET /api/v1/activities?limit=200 HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {}\r\n\r\n",
        customer.key
    );
    let mut silent = Vec::new();
    for _ in 0..SILENT {
        let mut stream = TcpStream::connect(("127.0.0.1", stack.ports.server)).await.unwrap();
        stream.write_all(request.as_bytes()).await.unwrap();
        silent.push(stream);
    }
    let all = pages + i64::try_from(SILENT).unwrap();
    wait_for("all to be answered", LIMIT, async || answered().await == all).await;
    let grown = resident_kb(server).saturating_sub(before);
    assert!(grown < MAY_GROW_KB, "{SILENT} callers who read nothing take {grown} kB");
    drop(silent);
    api.get("/api/v1/contacts").await.expect(200);
}
