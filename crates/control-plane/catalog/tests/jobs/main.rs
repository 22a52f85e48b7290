//! The worker's engine on a real PostgreSQL and a real Redis.
#![expect(clippy::expect_used, reason = "a test fails where it stands")]

mod crashes;
mod endings;
mod outages;
mod rows;
mod together;
mod world;
