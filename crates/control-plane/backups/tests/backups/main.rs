//! Backups of real databases, restored into others.
#![expect(clippy::expect_used, reason = "a test fails where it stands")]

mod dumping;
mod house;
mod keys;
mod nights;
mod restoring;
mod sealing;
mod world;
