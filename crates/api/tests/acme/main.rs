//! The server's certificate from an ACME authority: a real one (Pebble), real handshakes, several servers over one admin database.
//! Where Pebble isn't installed, what needs it says so openly and tests nothing.

#![expect(clippy::unwrap_used, reason = "a test whose ground gives way fails at once")]

mod binding;
mod continued;
mod failures;
mod issued;
mod sealed;
mod world;
