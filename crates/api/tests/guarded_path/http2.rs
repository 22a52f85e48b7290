//! HTTP/2 from the socket on: the same answers as over HTTP/1.1, with the same headers.

use std::net::SocketAddr;

use api::ServerLimits;
use axum::body::{Body, to_bytes};
use gateway::GatewayConfig;
use http::{HeaderMap, HeaderValue, Request, StatusCode, Version, header};
use hyper::client::conn::http2::{SendRequest, handshake};
use hyper_util::rt::{TokioExecutor, TokioIo};
use secrets::ExposeSecret as _;
use serde_json::Value;
use tokio::net::TcpStream;

use crate::house::{Caller, House};

/// One connection, over which everything is asked.
struct Client(SendRequest<Body>);

struct Answer {
    status: StatusCode,
    headers: HeaderMap,
    body: Value,
}

impl Answer {
    fn header(&self, name: &str) -> &str {
        self.headers.get(name).unwrap_or_else(|| panic!("no {name}: {:?}", self.headers)).to_str().unwrap()
    }

    /// Checks that it is a refusal of this kind, by name and with the id of its request.
    fn is_refusal(&self, status: u16, kind: &str) {
        let told = (self.status.as_u16(), self.body["type"].as_str().unwrap_or_default());
        assert_eq!(told, (status, &*format!("/problems/{kind}")), "{:?} {}", self.headers, self.body);
        assert_eq!(self.header("content-type"), "application/problem+json");
        assert_eq!(self.body["instance"], self.header("x-request-id"));
        assert_eq!(self.headers.get(header::CONNECTION), None, "HTTP/2 has no such header");
    }
}

impl Client {
    async fn connect(address: SocketAddr) -> Self {
        let stream = TcpStream::connect(address).await.unwrap();
        let (client, connection) = handshake(TokioExecutor::new(), TokioIo::new(stream)).await.unwrap();
        tokio::spawn(connection);
        Self(client)
    }

    async fn ask(&mut self, request: Request<Body>) -> Answer {
        self.0.ready().await.unwrap();
        let response = self.0.send_request(request).await.unwrap();
        assert_eq!(response.version(), Version::HTTP_2);
        let (head, body) = response.into_parts();
        let bytes = to_bytes(Body::new(body), usize::MAX).await.unwrap();
        let body = serde_json::from_slice(&bytes).unwrap_or_default();
        Answer { status: head.status, headers: head.headers, body }
    }
}

fn request(caller: &Caller, path: &str) -> http::request::Builder {
    Request::builder()
        .uri(format!("http://localhost{path}"))
        .header(header::AUTHORIZATION, format!("Bearer {}", caller.key.secret().expose_secret()))
}

#[tokio::test]
async fn limits_refusals_and_large_bodies_are_the_same_over_http_2() {
    let house = House::new().await;
    let caller = house.caller("acme").await;
    house.sql("update admin_api_keys set rate_limit_requests = 4, rate_limit_period = 'day'").await;
    let server = house.server(GatewayConfig::default());
    let (address, _stop) = server.listen(ServerLimits::default()).await;
    let mut client = Client::connect(address).await;
    let nothing = Body::empty;
    let stands = |answer: &Answer, left: u8| {
        assert!(answer.header("ratelimit-policy").starts_with("\"key\";q=4;w="));
        assert!(answer.header("ratelimit").starts_with(&format!("\"key\";r={left};t=")));
    };
    let answer = client.ask(request(&caller, "/contacts").body(nothing()).unwrap()).await;
    assert_eq!((answer.status, &answer.body), (StatusCode::OK, &"ok".into()));
    stands(&answer, 3);
    assert_eq!(answer.header("x-request-id").len(), 36);

    let large = Body::from(vec![b' '; 3 * 1024 * 1024]);
    let answer = client.ask(request(&caller, "/reads").method("POST").body(large).unwrap()).await;
    answer.is_refusal(413, "payload-too-large");
    stands(&answer, 2);
    // Only that body is given up, not the connection.
    let small = Body::from("small");
    let answer = client.ask(request(&caller, "/reads").method("POST").body(small).unwrap()).await;
    assert_eq!((answer.status, &answer.body), (StatusCode::OK, &5.into()));
    stands(&answer, 1);
    let answer = client.ask(request(&caller, "/panics").body(nothing()).unwrap()).await;
    answer.is_refusal(500, "internal");
    stands(&answer, 0);
    let answer = client.ask(request(&caller, "/contacts").body(nothing()).unwrap()).await;
    answer.is_refusal(429, "quota-exceeded");
    stands(&answer, 0);
    assert!(answer.header("retry-after").parse::<u64>().unwrap() > 0);

    let stranger = Request::builder().uri("http://localhost/contacts").body(nothing()).unwrap();
    client.ask(stranger).await.is_refusal(401, "unauthenticated");
    let unknown = house.caller("beta").await;
    let answer = client.ask(request(&unknown, "/workflows").body(nothing()).unwrap()).await;
    answer.is_refusal(403, "module-disabled");
}

#[tokio::test]
async fn a_head_that_is_too_large_is_refused_over_http_2() {
    let house = House::new().await;
    let caller = house.caller("acme").await;
    let server = house.server(GatewayConfig::default());
    let (address, _stop) =
        server.listen(ServerLimits { head_bytes: 16 * 1024, ..ServerLimits::default() }).await;
    let mut client = Client::connect(address).await;
    let large = |bytes: usize| {
        let value = HeaderValue::try_from("x".repeat(bytes)).unwrap();
        request(&caller, "/contacts").header("x-large", value).body(Body::empty()).unwrap()
    };
    assert_eq!(client.ask(large(15 * 1024)).await.status, StatusCode::OK);
    assert_eq!(client.ask(large(17 * 1024)).await.status, StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE);
    // The connection is still good, for others too if a proxy shares it among them.
    assert_eq!(client.ask(large(1)).await.status, StatusCode::OK);
    let counted: Vec<_> = server.recorded.all().into_iter().map(|record| record.status_code).collect();
    assert_eq!(counted, [200, 200], "nobody was asked whose the refused one is");
}
