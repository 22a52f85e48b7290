//! Pages of the operator's lists: `?limit=` and `?cursor=`.

use catalog::{Cursor, Page, PageRequest};
use problem::{FieldError, Problem};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

/// How many rows a page has unless told otherwise.
const DEFAULT_LIMIT: u32 = 50;
/// How many rows a page has at most.
const LARGEST_LIMIT: u32 = 200;

/// A page of a list.
#[derive(Serialize, ToSchema)]
pub(crate) struct Listing<T> {
    /// The rows.
    pub(crate) data: Vec<T>,
    /// Give it as `?cursor=` for the next page; null at the end.
    pub(crate) next_cursor: Option<String>,
}

impl<T> Listing<T> {
    /// A page of the catalog as the API shows it.
    pub(crate) fn of<R>(page: Page<R>, view: impl Fn(R) -> T) -> Self {
        Self {
            next_cursor: page.next_cursor.map(|cursor| cursor.to_string()),
            data: page.data.into_iter().map(view).collect(),
        }
    }
}

/// Which page of a list that has no filters.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct PageQuery {
    /// At most so many rows, up to 200.
    #[param(minimum = 1, maximum = 200, default = 50)]
    pub(crate) limit: Option<u32>,
    /// The `next_cursor` of the page before.
    pub(crate) cursor: Option<String>,
}

impl PageQuery {
    /// The page, by the catalog's own cursors.
    pub(crate) fn request(&self) -> Result<PageRequest, Problem> {
        page_request(self.limit, self.cursor.as_deref())
    }
}

/// The number of rows asked for.
pub(crate) fn limit(given: Option<u32>) -> Result<u32, Problem> {
    match given {
        None => Ok(DEFAULT_LIMIT),
        Some(limit) if (1..=LARGEST_LIMIT).contains(&limit) => Ok(limit),
        Some(_) => Err(Problem::field("limit", format!("must be from 1 to {LARGEST_LIMIT}"))),
    }
}

/// A page by the catalog's own cursors.
pub(crate) fn page_request(given: Option<u32>, cursor: Option<&str>) -> Result<PageRequest, Problem> {
    let cursor = parsed::<Cursor>("cursor", cursor)?;
    Ok(PageRequest { limit: limit(given)?, cursor })
}

/// An optional parameter as its type, or a problem that names it.
pub(crate) fn parsed<T: std::str::FromStr<Err: ToString>>(
    name: &str,
    given: Option<&str>,
) -> Result<Option<T>, Problem> {
    given
        .map(|text| {
            text.parse::<T>().map_err(|error| Problem::fields(vec![FieldError::new(name, error.to_string())]))
        })
        .transpose()
}

/// Values with commas between them, or a problem that names the parameter. None when it isn't given.
pub(crate) fn several<T: std::str::FromStr<Err: ToString>>(
    name: &str,
    given: Option<&str>,
) -> Result<Vec<T>, Problem> {
    let values = given.map(|text| text.split(',').map(|value| value.trim().parse::<T>()).collect());
    values
        .transpose()
        .map(Option::unwrap_or_default)
        .map_err(|error: T::Err| Problem::fields(vec![FieldError::new(name, error.to_string())]))
}

/// A page of rows that are listed by id, the newest first; `rows` holds one more than the page if there are more.
pub(crate) fn by_id<R, T>(
    mut rows: Vec<R>,
    limit: u32,
    id: impl Fn(&R) -> String,
    view: impl Fn(R) -> T,
) -> Listing<T> {
    let limit = limit as usize;
    let has_more = rows.len() > limit;
    rows.truncate(limit);
    let next_cursor = if has_more { rows.last().map(id) } else { None };
    Listing { data: rows.into_iter().map(view).collect(), next_cursor }
}
