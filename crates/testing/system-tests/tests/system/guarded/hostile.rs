//! Callers who send what no honest program sends: each is refused clearly, and the server neither falls nor grows.

use std::fs;
use std::time::{Duration, Instant};

use reqwest::Method;
use serde_json::json;
use system_tests::{Customer, Stack};
use testkit::wait_for;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::timeout;

/// How many callers begin a request and never end it.
const SLOW_CALLERS: usize = 1_000;
/// What the server may grow by, in kilobytes, while they hang on: what their buffers take, with room to spare.
const MAY_GROW_KB: u64 = 100 * 1024;
/// How many callers send a large body and never end it: of strangers and of customers each more than there is room for.
const SLOW_BODIES: usize = 200;
/// The room for bodies, and as much again for how they are kept.
const SLOW_BODIES_MAY_TAKE_KB: u64 = 2 * 128 * 1024;
/// Longer than any refusal takes.
const LIMIT: Duration = Duration::from_secs(60);

pub(super) async fn story(stack: &Stack, customer: &Customer) {
    bodies_and_urls(customer).await;
    heads(stack, customer).await;
    slow_callers(stack, customer).await;
    silent_callers(stack, customer).await;
    slow_bodies(stack, customer).await;
    customer.api.get("/api/v1/contacts").await.expect(200);
}

async fn bodies_and_urls(customer: &Customer) {
    let api = &customer.api;
    let large = json!({ "first_name": "x".repeat(2 * 1024 * 1024) });
    let refused = api.post("/api/v1/contacts", &large).await;
    assert_eq!(refused.header("connection"), "close", "nothing more can be sent over this connection");
    refused.expect_problem(413, "payload-too-large");
    let raw = |body: Vec<u8>| {
        let request =
            api.request(Method::POST, "/api/v1/contacts").header("content-type", "application/json");
        api.send(request.body(body))
    };
    for body in [&b"{\"first_name\": \"\xff\xfe\"}"[..], b"{", b"null", b"[]", b"\"\xed\xa0\x80\""] {
        assert_eq!(raw(body.to_vec()).await.status.as_u16(), 400, "{body:?}");
    }
    let with_key = format!("/api/v1/contacts?api_key={}", customer.key);
    let answer = api.anonymous().get(&with_key).await;
    let refused = answer.expect_problem(400, "key-in-url");
    assert!(!refused.to_string().contains(&customer.key), "the key is repeated");
    for (path, status) in
        [("/api/v1/contacts/%ff", 404), ("/api/v1/contacts?q=%ff", 400), ("/api/v1/contacts?limit=-1", 400)]
    {
        assert_eq!(api.get(path).await.status.as_u16(), status, "{path}");
    }
}

/// What no client of ours can be made to send is written by hand.
async fn heads(stack: &Stack, customer: &Customer) {
    let port = stack.ports.server;
    let huge = format!(
        "GET /api/v1/contacts HTTP/1.1\r\nHost: x\r\nX-Large: {}\r\n\r\n",
        "x".repeat(10 * 1024 * 1024)
    );
    assert_eq!(status(port, huge.as_bytes()).await, Some(431));
    let many: String = (0..1_000).map(|number| format!("X-{number}: 1\r\n")).collect();
    let many = format!("GET /api/v1/contacts HTTP/1.1\r\nHost: x\r\n{many}\r\n");
    assert_eq!(status(port, many.as_bytes()).await, Some(431));
    let head = format!("GET /api/v1/contacts HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {}", customer.key);
    let bytes = [head.as_bytes(), b"\xff\r\nConnection: close\r\n\r\n"].concat();
    assert_eq!(status(port, &bytes).await, Some(401));
    for nonsense in
        [&b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"[..], b"GET / HTTP/9.9\r\n\r\n", b"\0\0\0\0\r\n\r\n"]
    {
        assert!(matches!(status(port, nonsense).await, Some(400) | None), "{nonsense:?}");
    }
    // A content length that contradicts the chunks is how requests are smuggled past a proxy.
    let smuggled = format!(
        "{head}\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n0\r\n\r\n"
    );
    assert!(!matches!(status(port, smuggled.as_bytes()).await, Some(500..)), "smuggling");
}

/// The status of the answer to these bytes; none when the connection is closed without one.
pub(super) async fn status(port: u16, bytes: &[u8]) -> Option<u16> {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).await.unwrap();
    let mut answer = Vec::new();
    let talk = async {
        // The server may hang up before it has heard everything.
        let _ = stream.write_all(bytes).await;
        let mut part = [0; 1024];
        while let Ok(read @ 1..) = stream.read(&mut part).await {
            answer.extend_from_slice(&part[..read]);
        }
    };
    timeout(LIMIT, talk).await.expect("the server answers or hangs up");
    let answer = String::from_utf8_lossy(&answer);
    answer.strip_prefix("HTTP/1.1 ")?.get(..3)?.parse().ok()
}

/// Callers who begin and never end take a place each, and nothing else.
async fn slow_callers(stack: &Stack, customer: &Customer) {
    let begun = format!(
        "POST /api/v1/contacts HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {}\r\nContent-Type: application/json\r\n\
         Content-Length: 100\r\n\r\n{{",
        customer.key
    );
    // Half of them stop in the head, half in the body.
    let said = |number: usize| if number.is_multiple_of(2) { &begun[..40] } else { &begun };
    callers_who_hang_on(stack, customer, said).await;
}

/// Callers who say nothing at all, or less than would tell which HTTP they speak.
async fn silent_callers(stack: &Stack, customer: &Customer) {
    let said = |number: usize| if number.is_multiple_of(10) { "PRI * HTTP/2.0" } else { "" };
    callers_who_hang_on(stack, customer, said).await;
}

async fn callers_who_hang_on<'a>(stack: &Stack, customer: &Customer, said: impl Fn(usize) -> &'a str) {
    let port = stack.ports.server;
    let server = stack.server().unwrap();
    let before = resident_kb(server);
    let mut slow = Vec::new();
    for number in 0..SLOW_CALLERS {
        let mut stream = TcpStream::connect(("127.0.0.1", port)).await.unwrap();
        stream.write_all(said(number).as_bytes()).await.unwrap();
        slow.push(stream);
    }
    for _ in 0..20 {
        customer.api.get("/api/v1/contacts").await.expect(200);
    }
    let grown = resident_kb(server).saturating_sub(before);
    assert!(grown < MAY_GROW_KB, "{SLOW_CALLERS} slow callers take {grown} kB");
    // Each is told, or hung up on, in the end.
    for mut stream in slow {
        let mut answer = Vec::new();
        let ended = timeout(LIMIT, stream.read_to_end(&mut answer)).await;
        assert!(ended.is_ok(), "a slow caller still hangs on after {LIMIT:?}");
    }
    customer.api.get("/api/v1/contacts").await.expect(200);
}

/// Callers who send nearly all of the largest body, and then take their time. A stranger isn't listened to for so long;
/// what customers send is bounded in all, and who comes when there is no room is told so.
async fn slow_bodies(stack: &Stack, customer: &Customer) {
    let port = stack.ports.server;
    let server = stack.server().unwrap();
    let limit = "update admin_api_keys set rate_limit_requests = 1000000 where customer_id = $1";
    stack.admin().await.execute(limit, &[&customer.uuid]).await.unwrap();
    let before = resident_kb(server);
    let mut slow = Vec::new();
    for (path, token) in [("/api/admin/session", "op_nobody"), ("/api/v1/contacts", customer.key.as_str())] {
        for _ in 0..SLOW_BODIES {
            slow.push(slow_body(port, path, token).await);
        }
    }
    let large = json!({ "first_name": "x".repeat(900 * 1024) });
    let begun = Instant::now();
    loop {
        // Whoever is told so in the middle of a body may not hear it.
        let request = customer.api.request(Method::POST, "/api/v1/contacts").json(&large);
        if customer.api.try_send(request).await.is_ok_and(|answer| answer.status == 503) {
            break;
        }
        assert!(begun.elapsed() < LIMIT, "there is room after {LIMIT:?} still");
        // The server may still be reading what they have sent, or have let the first ones go while the last ones came: others take
        // their place.
        for _ in 0..10 {
            slow.push(slow_body(port, "/api/v1/contacts", &customer.key).await);
        }
    }
    let grown = resident_kb(server).saturating_sub(before);
    assert!(grown < SLOW_BODIES_MAY_TAKE_KB, "slow bodies take {grown} kB");
    customer.api.get("/api/v1/contacts").await.expect(200);
    drop(slow);
    wait_for("room for bodies", LIMIT, async || {
        customer.api.post("/api/v1/contacts", &json!({ "first_name": "Ada" })).await.status == 201
    })
    .await;
}

/// Somebody who sends nearly all of the largest body.
async fn slow_body(port: u16, path: &str, token: &str) -> TcpStream {
    let head = format!(
        "POST {path} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token}\r\nContent-Type: application/json\r\n\
         Content-Length: 1000000\r\n\r\n"
    );
    let mut stream = TcpStream::connect(("127.0.0.1", port)).await.unwrap();
    stream.write_all(head.as_bytes()).await.unwrap();
    // Whoever is refused is hung up on.
    let sent = timeout(LIMIT, stream.write_all(&vec![b' '; 900 * 1024])).await;
    let _ = sent.expect("the server reads or hangs up");
    stream
}

/// The memory of a process; nothing where there is no /proc.
pub(super) fn resident_kb(process: u32) -> u64 {
    let Ok(status) = fs::read_to_string(format!("/proc/{process}/status")) else { return 0 };
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
    line.split_whitespace().next().unwrap().parse().unwrap()
}
