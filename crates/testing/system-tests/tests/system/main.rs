//! The programs of Sixty as an operator runs them: `sixty dev` with all its parts, real customers, real crashes.
//!
//! Each test is one stack of its own with several stories on it, because a start takes seconds. Build `sixty` first.
#![expect(
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a test whose ground gives way fails at once"
)]

mod acme;
mod certificates;
mod clerk;
mod concurrent_sign_ups;
mod crashes;
mod dashboard;
mod doors;
mod faults;
mod first_start;
mod fuzz;
mod guarded;
mod interrupted_starts;
mod operators;
mod refused_starts;
mod secrets_stay;
mod walls;
mod wholeness;
