//! The guarded path as the whole system serves it: hostile callers, kills in full flight, keys that change hands.

mod hostile;
mod http2;
mod kills;
mod large_objects;
mod moves;
mod numbers;
mod outages;
mod records;
mod traces;

use system_tests::{Stack, StackPlan};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn huge_slow_and_malformed_requests_are_refused_while_others_are_served() {
    // Slow callers are let go sooner than usual.
    let variables = vec![("SIXTY_IDLE_SECONDS", "15".to_owned())];
    let stack = Stack::start_with(StackPlan { variables, ..StackPlan::default() }).await;
    let customer = stack.customer("acme").await;
    hostile::story(&stack, &customer).await;
    http2::story(&stack, &customer).await;
    records::story(&stack, &customer).await;
    large_objects::story(&stack, &customer).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_is_killed_again_and_again_has_counted_every_answer_once() {
    let stack = Stack::start().await;
    kills::story(&stack).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn everything_is_measured_and_no_outage_and_no_move_loses_anything() {
    let metrics = testkit::free_port();
    let (collector, collector_url) = traces::Collector::start().await;
    let variables = vec![
        ("SIXTY_METRICS_PORT", metrics.to_string()),
        // So that certificates are looked at every other second.
        ("SIXTY_CERTIFICATE_OVERLAP_SECONDS", "8".to_owned()),
        ("OTEL_EXPORTER_OTLP_ENDPOINT", collector_url),
        ("SIXTY_USAGE_SPOOL_BYTES", (32 << 20).to_string()),
        ("SIXTY_USAGE_MEMORY_RECORDS", "5000".to_owned()),
    ];
    let mut stack = Stack::start_with(StackPlan { variables, ..StackPlan::default() }).await;
    let customer = stack.customer("acme").await;
    traces::story(&customer, &collector).await;
    numbers::story(&stack, &customer, metrics).await;
    outages::story(&stack, &customer).await;
    moves::story(&stack, &customer).await;
    assert!(stack.stop().await.success(), "{}", stack.log());
}
