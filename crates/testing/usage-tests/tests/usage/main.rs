//! Each request is counted exactly once, whatever dies.
#![expect(clippy::unwrap_used, reason = "a test that can't go on fails at once")]

mod bounds;
mod bursts;
mod disk;
mod doubles;
mod killed;
mod outages;
mod world;
