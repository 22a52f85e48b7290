//! Requests that their handlers don't answer are counted for what they were, each once.

use std::time::Duration;

use gateway::GatewayConfig;
use metrics_exporter_prometheus::PrometheusBuilder;

use crate::house::{Answer, House, Server};

const LONG: Duration = Duration::from_secs(60);

/// What was counted of requests to this path: the status and the outcome of each.
fn counted(server: &Server, path: &str) -> Vec<(u16, String)> {
    let records = server.recorded.all().into_iter().filter(|record| &*record.endpoint == path);
    records.map(|record| (record.status_code, record.outcome.into_owned())).collect()
}

/// That the answer says how the limits stand, although its handler didn't answer.
fn says_how_the_limits_stand(answer: &Answer, left: usize) {
    assert!(answer.header("ratelimit-policy").starts_with("\"key\";q=1000;w="), "{answer:?}");
    assert!(answer.header("ratelimit").starts_with(&format!("\"key\";r={left};t=")), "{answer:?}");
    assert_eq!(answer.headers.get_all("ratelimit").iter().count(), 1);
}

#[tokio::test]
async fn a_panic_a_timeout_and_a_caller_who_hangs_up_are_counted_for_what_they_were() {
    // What is counted on this thread alone, on which the whole test runs: other tests ask for the same routes meanwhile.
    let recorder = PrometheusBuilder::new().build_recorder();
    let _counts = metrics::set_default_local_recorder(&recorder);
    let house = House::new().await;
    let caller = house.caller("acme").await;
    let server = house.server(GatewayConfig::default());
    // The first request is let through only after the directory was asked, the second at once.
    for round in 1..=2 {
        let answer = server.get_within(LONG, &caller, "/panics").await;
        assert_eq!((answer.status.as_u16(), answer.problem()), (500, "internal"), "{answer:?}");
        assert_eq!(counted(&server, "/panics"), vec![(500, "internal".to_owned()); round]);
        says_how_the_limits_stand(&answer, 1000 - round);
    }
    let answer = server.get_within(Duration::from_millis(300), &caller, "/hangs").await;
    assert_eq!((answer.status.as_u16(), answer.problem()), (408, "request-timeout"), "{answer:?}");
    assert_eq!(counted(&server, "/hangs"), [(408, "request-timeout".to_owned())]);
    says_how_the_limits_stand(&answer, 997);
    let asked = server.get_within(LONG, &caller, "/hangs");
    assert!(tokio::time::timeout(Duration::from_millis(300), asked).await.is_err());
    let both = [(408, "request-timeout".to_owned()), (499, "caller-gone".to_owned())];
    assert_eq!(counted(&server, "/hangs"), both);
    let shown = recorder.handle().render();
    for (route, outcome, count) in [
        ("GET /panics", "internal", 2),
        ("GET /hangs", "request-timeout", 1),
        ("GET /hangs", "caller-gone", 1),
    ] {
        let line = format!("sixty_requests_total{{route=\"{route}\",outcome=\"{outcome}\"}} {count}");
        assert!(shown.contains(&line), "{line} in {shown}");
    }
    // Who is known and gets an answer is counted once, as before.
    assert_eq!(server.get_within(LONG, &caller, "/contacts").await.status, 200);
    assert_eq!(counted(&server, "/contacts"), [(200, "ok".to_owned())]);
}
