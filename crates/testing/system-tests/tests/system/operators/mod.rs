//! What operators do with customers: sign them up, watch that, suspend, limit, back up and restore them.

mod backups;
mod commands;
mod impersonation;
mod lifecycle;
mod live_events;
mod sign_in;
mod sign_up_contract;
mod usage;

use system_tests::{Stack, StackPlan};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn customers_are_signed_up_changed_counted_backed_up_and_restored() {
    let stack = Stack::start_with(StackPlan { customer_ports: 40, ..StackPlan::default() }).await;
    tokio::join!(
        sign_up_contract::story(&stack),
        live_events::story(&stack),
        lifecycle::story(&stack),
        usage::story(&stack),
        backups::story(&stack),
        commands::story(&stack),
        sign_in::story(&stack),
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_operator_acts_in_a_customers_place_and_the_customer_sees_all_of_it() {
    let stack = Stack::start().await;
    impersonation::story(&stack).await;
}
