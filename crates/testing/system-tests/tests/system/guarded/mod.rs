//! The guarded path as the whole system serves it: hostile callers, kills in full flight, keys that change hands.

mod hostile;
mod http2;
mod kills;
mod moves;
mod numbers;
mod outages;
mod traces;

use system_tests::{Stack, StackPlan};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn hostile_callers_are_refused_and_kills_lose_no_usage() {
    let metrics = testkit::free_port();
    let (collector, collector_url) = traces::Collector::start().await;
    // Slow callers are let go sooner than usual.
    let variables = vec![
        ("SIXTY_METRICS_PORT", metrics.to_string()),
        // So that certificates are looked at every other second.
        ("SIXTY_CERTIFICATE_OVERLAP_SECONDS", "8".to_owned()),
        ("OTEL_EXPORTER_OTLP_ENDPOINT", collector_url),
        ("SIXTY_IDLE_SECONDS", "15".to_owned()),
        ("SIXTY_USAGE_SPOOL_BYTES", (32 << 20).to_string()),
        ("SIXTY_USAGE_MEMORY_RECORDS", "5000".to_owned()),
    ];
    let mut stack = Stack::start_with(StackPlan { variables, ..StackPlan::default() }).await;
    let customer = stack.customer("acme").await;
    traces::story(&customer, &collector).await;
    hostile::story(&stack, &customer).await;
    http2::story(&stack, &customer).await;
    numbers::story(&stack, &customer, metrics).await;
    outages::story(&stack, &customer).await;
    moves::story(&stack, &customer).await;
    kills::story(&stack).await;
    assert!(stack.stop().await.success(), "{}", stack.log());
}
