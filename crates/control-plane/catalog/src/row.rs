//! Reading rows.

use std::str::FromStr;

use tokio_postgres::Row;

use crate::CatalogError;

/// A value of an enum of the admin database, selected as text.
pub(crate) fn named<T: FromStr>(row: &Row, column: &str) -> Result<T, CatalogError> {
    let text: &str = row.try_get(column)?;
    text.parse().map_err(|_| CatalogError::Unreadable(format!("{column} {text:?}")))
}

/// The same for a column that may be null.
pub(crate) fn optional_named<T: FromStr>(row: &Row, column: &str) -> Result<Option<T>, CatalogError> {
    let text: Option<&str> = row.try_get(column)?;
    text.map(|text| text.parse().map_err(|_| CatalogError::Unreadable(format!("{column} {text:?}"))))
        .transpose()
}

/// All rows as what they stand for.
pub(crate) fn all<T>(
    rows: &[Row],
    read: impl Fn(&Row) -> Result<T, CatalogError>,
) -> Result<Vec<T>, CatalogError> {
    rows.iter().map(read).collect()
}
