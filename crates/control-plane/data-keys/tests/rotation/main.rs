//! Rotations over a real admin database, while secrets are opened all the time.
#![expect(clippy::unwrap_used, reason = "a test that can't go on fails at once")]

mod data_key;
mod house;
mod master_key;
