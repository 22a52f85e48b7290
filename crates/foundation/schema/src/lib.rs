//! The two schemas (the admin database's and a customer database's) as numbered `.sql` files, and how they are applied.
//!
//! The files are in `migrations/`, compiled into the binary. A migration that was applied is never edited: its
//! checksum is kept, and a database that knows another text under the same number is refused.

mod admin_grants;
mod grants;
mod migrations;
mod migrator;

pub use admin_grants::AdminRoles;
pub use grants::{ISOLATION_CHECK, customer_grants, quote_identifier};
pub use migrations::{Migration, MigrationSet};
pub use migrator::{MigrateError, Migrated, migrate, schema_version};
