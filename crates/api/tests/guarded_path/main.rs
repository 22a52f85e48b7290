//! The guarded path on a real admin database and a real Redis: what is refused and why, how fast a change acts, and
//! what goes on when a part is away.

#![expect(clippy::panic, clippy::unwrap_used, reason = "a test whose ground gives way fails at once")]

mod changes;
mod house;
mod http2;
mod impersonation;
mod limits;
mod modules;
mod outages;
mod refusals;
mod sessions;
mod unanswered;
