//! `admin_saved_views`: lists as operators want to see them again.

use chrono::{DateTime, Utc};
use serde::Serialize;
use tokio_postgres::Row;
use uuid::Uuid;

use crate::{CatalogError, GenericClient, query, row};

/// A kept list.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct SavedView {
    /// The view.
    pub id: Uuid,
    /// Whose it is.
    pub operator_id: Uuid,
    /// What people call them.
    pub operator_name: String,
    /// The page that it is a view of, such as `customers`.
    pub page: String,
    /// What it is called.
    pub name: String,
    /// What follows the `?` in the page's address.
    pub query: String,
    /// Whether the other operators see it.
    pub shared: bool,
    /// When it was made.
    pub created_at: DateTime<Utc>,
}

/// What is in a view.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Content {
    /// The page that it is a view of.
    pub page: String,
    /// What it is called: once per operator and page.
    pub name: String,
    /// What follows the `?` in the page's address.
    pub query: String,
    /// Whether the other operators see it.
    pub shared: bool,
}

impl SavedView {
    /// What is in it.
    #[must_use]
    pub fn content(&self) -> Content {
        Content {
            page: self.page.clone(),
            name: self.name.clone(),
            query: self.query.clone(),
            shared: self.shared,
        }
    }
}

/// Of `saved` and its operator.
const COLUMNS: &str =
    "saved.id, saved.operator_id, operator.name as operator_name, saved.page, saved.name, saved.query,
     saved.shared, saved.created_at";

fn saved_view(row: &Row) -> Result<SavedView, CatalogError> {
    Ok(SavedView {
        id: row.try_get("id")?,
        operator_id: row.try_get("operator_id")?,
        operator_name: row.try_get("operator_name")?,
        page: row.try_get("page")?,
        name: row.try_get("name")?,
        query: row.try_get("query")?,
        shared: row.try_get("shared")?,
        created_at: row.try_get("created_at")?,
    })
}

/// What an operator sees: their own views, and those that others share; of one page or of all, by name.
///
/// # Errors
/// When the database can't be asked.
pub async fn seen_by(
    client: &impl GenericClient,
    operator: Uuid,
    page: Option<&str>,
) -> Result<Vec<SavedView>, CatalogError> {
    let sql = format!(
        "select {COLUMNS} from admin_saved_views saved join admin_operators operator on operator.id = saved.operator_id
         where (saved.operator_id = $1 or saved.shared) and ($2::text is null or saved.page = $2)
         order by saved.page, lower(saved.name), saved.id limit 1000"
    );
    row::all(&query::rows(client, &sql, &[&operator, &page]).await?, saved_view)
}

/// One view, if this operator sees it.
///
/// # Errors
/// When the database can't be asked.
pub async fn get(
    client: &impl GenericClient,
    operator: Uuid,
    id: Uuid,
) -> Result<Option<SavedView>, CatalogError> {
    let sql = format!(
        "select {COLUMNS} from admin_saved_views saved join admin_operators operator on operator.id = saved.operator_id
         where saved.id = $2 and (saved.operator_id = $1 or saved.shared)"
    );
    query::optional(client, &sql, &[&operator, &id]).await?.as_ref().map(saved_view).transpose()
}

/// How many an operator has.
///
/// # Errors
/// When the database can't be asked.
pub async fn count_of(client: &impl GenericClient, operator: Uuid) -> Result<i64, CatalogError> {
    let sql = "select count(*) from admin_saved_views where operator_id = $1";
    Ok(query::one(client, sql, &[&operator]).await?.try_get(0)?)
}

/// Keeps a list; its id.
///
/// # Errors
/// [`CatalogError::Conflict`] (`admin_saved_views_name_key`) when the operator has one by this name.
pub async fn insert(
    client: &impl GenericClient,
    operator: Uuid,
    content: &Content,
) -> Result<Uuid, CatalogError> {
    let sql = "insert into admin_saved_views (operator_id, page, name, query, shared)
               values ($1, $2, $3, $4, $5) returning id";
    let Content { page, name, query: text, shared } = content;
    Ok(query::one(client, sql, &[&operator, page, name, text, shared]).await?.try_get(0)?)
}

/// Changes name, query and whether it is shared.
///
/// # Errors
/// As [`insert`].
pub async fn update(client: &impl GenericClient, id: Uuid, content: &Content) -> Result<(), CatalogError> {
    let sql = "update admin_saved_views set name = $2, query = $3, shared = $4 where id = $1";
    let Content { name, query: text, shared, .. } = content;
    query::execute(client, sql, &[&id, name, text, shared]).await?;
    Ok(())
}

/// Throws a view away.
///
/// # Errors
/// When the database can't be asked.
pub async fn delete(client: &impl GenericClient, id: Uuid) -> Result<(), CatalogError> {
    query::execute(client, "delete from admin_saved_views where id = $1", &[&id]).await?;
    Ok(())
}
