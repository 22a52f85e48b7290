//! Lists that come in pages.

use serde::de::DeserializeOwned;
use serde_json::Value;

use super::Session;
use super::client::{Client, read};
use super::exit::Failure;

/// The server's largest page.
const LARGEST_PAGE: usize = 200;

/// How much of a list.
#[derive(Debug, clap::Args)]
pub(crate) struct PageArgs {
    /// Show at most so many
    #[arg(long, default_value_t = 50, value_name = "NUMBER", value_parser = clap::value_parser!(u32).range(1..))]
    limit: u32,
    /// Show every one
    #[arg(long, conflicts_with = "limit")]
    all: bool,
}

/// A table to be: what is in it, and how a row of it is made.
pub(crate) struct View<'a, T> {
    /// Of what it is a list, in the plural.
    pub(crate) of: &'a str,
    /// The headings.
    pub(crate) headings: &'a [&'a str],
    /// The cells of a row.
    pub(crate) row: fn(T) -> Vec<String>,
}

/// A filter that was given, as a query parameter.
pub(crate) fn filters(given: &[(&'static str, &Option<String>)]) -> Vec<(&'static str, String)> {
    given.iter().filter_map(|(name, value)| Some((*name, (*value).clone()?))).collect()
}

/// Fetches a list page by page and shows it.
pub(crate) async fn show<T: DeserializeOwned>(
    session: &mut Session,
    path: &[&str],
    query: Vec<(&'static str, String)>,
    page: &PageArgs,
    view: View<'_, T>,
) -> Result<(), Failure> {
    let listing = fetch(&session.client, path, query, page).await?;
    if session.output.is_json() {
        return Ok(session.output.document(&listing)?);
    }
    let rows: Vec<T> = read(listing.get("data").unwrap_or(&Value::Null))?;
    let shown = rows.len();
    if shown == 0 {
        return Ok(session.output.note(&format!("no {}", view.of))?);
    }
    session.output.table(view.headings, rows.into_iter().map(view.row).collect())?;
    if listing.get("next_cursor").is_some_and(Value::is_string) {
        let so_many = match listing.get("total").and_then(Value::as_u64) {
            Some(total) => format!("{shown} of {total} {}", view.of),
            None => format!("{shown} {}, and there are more", view.of),
        };
        session.output.note(&format!("{so_many}; --all shows every one"))?;
    }
    Ok(())
}

/// All of a list.
pub(crate) async fn everything(client: &Client, path: &[&str]) -> Result<Value, Failure> {
    fetch(client, path, Vec::new(), &PageArgs { limit: 0, all: true }).await
}

/// The pages as one: the last page's cursor, and all the rows.
async fn fetch(
    client: &Client,
    path: &[&str],
    mut query: Vec<(&'static str, String)>,
    page: &PageArgs,
) -> Result<Value, Failure> {
    let wanted = if page.all { usize::MAX } else { page.limit as usize };
    let filters = query.len();
    let mut rows = Vec::new();
    loop {
        query.push(("limit", (wanted - rows.len()).min(LARGEST_PAGE).to_string()));
        let mut answer = client.get(path, &query).await?;
        if let Some(Value::Array(data)) = answer.get_mut("data").map(Value::take) {
            rows.extend(data);
        }
        let cursor = answer.get("next_cursor").and_then(Value::as_str).map(str::to_owned);
        match cursor {
            Some(cursor) if rows.len() < wanted => {
                query.truncate(filters);
                query.push(("cursor", cursor));
            }
            _ => {
                answer["data"] = Value::Array(rows);
                return Ok(answer);
            }
        }
    }
}
