//! Messages of Clerk over a real admin database: written down, done once, in whatever order they come.

#![expect(clippy::panic, clippy::unwrap_used, reason = "a test that can't go on fails at once")]

mod at_once;
mod compared;
mod done;
mod house;
mod orders;
mod received;
mod told;
mod untraced;
