//! The migrations that are compiled into the binary.

use std::sync::LazyLock;

use aws_lc_rs::digest;
use include_dir::{Dir, include_dir};

static ADMIN_FILES: Dir<'static> = include_dir!("$CARGO_MANIFEST_DIR/../../../migrations/admin");
static CUSTOMER_FILES: Dir<'static> = include_dir!("$CARGO_MANIFEST_DIR/../../../migrations/customer");

static ADMIN: LazyLock<MigrationSet> =
    LazyLock::new(|| MigrationSet::of("admin", "admin_schema_migrations", &ADMIN_FILES));
static CUSTOMER: LazyLock<MigrationSet> =
    LazyLock::new(|| MigrationSet::of("customer", "schema_migrations", &CUSTOMER_FILES));

/// One numbered file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Migration {
    /// The number at the head of the file's name.
    pub version: i32,
    /// The rest of the file's name, without `.sql`.
    pub name: String,
    /// What the file says.
    pub sql: &'static str,
    /// Hex SHA-256 of what the file says.
    pub checksum: String,
}

/// All migrations of one kind of database, in order.
#[derive(Debug)]
pub struct MigrationSet {
    /// `admin` or `customer`.
    pub kind: &'static str,
    /// The table that remembers which were applied.
    pub history_table: &'static str,
    /// In ascending order of version.
    pub migrations: Vec<Migration>,
}

impl MigrationSet {
    /// The admin database's.
    #[must_use]
    pub fn admin() -> &'static Self {
        &ADMIN
    }

    /// A customer database's.
    #[must_use]
    pub fn customer() -> &'static Self {
        &CUSTOMER
    }

    /// The version that a database has after all of them.
    #[must_use]
    pub fn latest(&self) -> i32 {
        self.migrations.last().map_or(0, |migration| migration.version)
    }

    /// Hex SHA-256 over all of them: changes whenever any of them does.
    #[must_use]
    pub fn fingerprint(&self) -> String {
        let all: String = self.migrations.iter().map(|migration| migration.checksum.as_str()).collect();
        sha256_hex(&all)
    }

    fn of(kind: &'static str, history_table: &'static str, files: &'static Dir<'static>) -> Self {
        let mut migrations: Vec<_> = files
            .files()
            .filter_map(|file| {
                let stem = file.path().file_stem()?.to_str()?;
                let is_sql = file.path().extension().is_some_and(|extension| extension == "sql");
                let (version, name) = stem.split_once('_')?;
                let sql = file.contents_utf8()?;
                is_sql.then_some(())?;
                Some(Migration {
                    version: version.parse().ok()?,
                    name: name.to_owned(),
                    sql,
                    checksum: sha256_hex(sql),
                })
            })
            .collect();
        migrations.sort_by_key(|migration| migration.version);
        Self { kind, history_table, migrations }
    }
}

fn sha256_hex(text: &str) -> String {
    hex::encode(digest::digest(&digest::SHA256, text.as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn migrations_are_numbered_without_gaps() {
        for set in [MigrationSet::admin(), MigrationSet::customer()] {
            let versions: Vec<_> = set.migrations.iter().map(|migration| migration.version).collect();
            let expected: Vec<_> = (1..=i32::try_from(versions.len()).unwrap()).collect();
            assert_eq!(versions, expected, "{}", set.kind);
            assert!(!versions.is_empty(), "{}", set.kind);
        }
    }
}
