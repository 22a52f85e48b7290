//! A customer's database on a real PostgreSQL: the schema's promises, the walls, the router and what it survives.
#![expect(clippy::unwrap_used, reason = "a test whose ground gives way fails at once")]

mod budget;
mod instance;
mod isolation;
mod lanes;
mod reads;
mod restarts;
mod round_trips;
mod router;
mod schema_twin;
mod support;
