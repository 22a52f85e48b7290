//! Whether programs work with rights of their own, or with those of the tables' owner, who may do everything.

use crate::{CatalogError, GenericClient, query};

/// The role with which this connection works, if that may delete from the audit log: then it may do anything, and no program
/// needs that. `None` for a role of a program's own, and before the tables are there.
///
/// # Errors
/// When the database can't be asked.
pub async fn owner(client: &impl GenericClient) -> Result<Option<String>, CatalogError> {
    let sql =
        "select current_user::text where has_table_privilege(to_regclass('admin_audit_logs'), 'delete')";
    let found = query::optional(client, sql, &[]).await?;
    Ok(found.map(|row| row.try_get(0)).transpose()?)
}

/// Which of these programs, by their `application_name`, work as such a role just now: the program and the role.
///
/// # Errors
/// When the database can't be asked.
pub async fn programs_as_owner(
    client: &impl GenericClient,
    programs: &[&str],
) -> Result<Vec<(String, String)>, CatalogError> {
    let sql = "select distinct application_name, usename::text from pg_stat_activity
               where datname = current_database() and application_name = any($1)
                 and has_table_privilege(usesysid, to_regclass('admin_audit_logs'), 'delete')
               order by 1, 2";
    let rows = query::rows(client, sql, &[&programs]).await?;
    rows.iter().map(|row| Ok((row.try_get(0)?, row.try_get(1)?))).collect()
}
