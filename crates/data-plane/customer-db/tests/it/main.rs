//! A customer's database on a real PostgreSQL: the schema's promises, the walls, the router.
#![expect(clippy::unwrap_used, reason = "a test whose ground gives way fails at once")]

mod isolation;
mod router;
mod schema_twin;
mod support;
