//! Tests of the system as a whole: of its architecture, and of its programs as an operator runs them. They are in
//! `tests/`; here is what they stand on: [`Stack`], the whole system on free ports and in a folder of its own.
#![expect(clippy::expect_used, clippy::panic, reason = "a test that has no ground to stand on fails at once")]

mod answer;
mod api;
mod customer;
mod database;
mod openid;
pub mod processes;
mod program;
mod running;
mod signed_in;
mod stack;
mod turn;
mod watchdog;

pub use answer::Answer;
pub use api::{Api, sign_up};
pub use customer::{Connection, Customer};
pub use openid::OpenIdProvider;
pub use program::{Finished, Program};
pub use signed_in::OPERATORS_PASSWORD;
pub use stack::{Ports, Stack, StackPlan};

/// Whether the tests that are limited to a size that suits every day should run in full: SIXTY_TEST_FULL=1.
#[must_use]
pub fn is_full_run() -> bool {
    #[expect(clippy::disallowed_methods, reason = "how much is tested is no configuration of the product")]
    std::env::var_os("SIXTY_TEST_FULL").is_some_and(|value| value == "1")
}
