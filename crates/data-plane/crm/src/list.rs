//! What a list shows: filters, text search, sorting and the page, read from the query string.

use problem::{FieldError, Problem};

use crate::cursor;
use crate::spec::{Column, Kind, ResourceSpec};
use crate::value::{Value, Wrong};

/// Objects on a page unless the client says.
pub(crate) const DEFAULT_LIMIT: u32 = 50;
/// Objects on a page at most.
pub(crate) const MAX_LIMIT: u32 = 200;
/// The longest text that is searched for.
pub(crate) const LONGEST_SEARCH: usize = 200;
/// Columns to sort by at most.
pub(crate) const MOST_SORTS: usize = 5;

/// A checked query string of a list.
#[derive(Debug)]
pub(crate) struct ListQuery {
    pub(crate) filters: Vec<Filter>,
    /// The text to search for.
    pub(crate) search: Option<String>,
    /// Never empty; ends with a column whose values are unique.
    pub(crate) sort: Vec<Sort>,
    /// The sort's values of the last object of the page before, one for each.
    pub(crate) after: Option<Vec<Value>>,
    pub(crate) limit: u32,
    /// What a cursor of this list is bound to.
    pub(crate) fingerprint: String,
}

/// One condition.
#[derive(Debug)]
pub(crate) struct Filter {
    pub(crate) column: &'static Column,
    pub(crate) comparison: Comparison,
    pub(crate) value: Value,
}

/// How a column is compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Comparison {
    Equal,
    Greater,
    GreaterOrEqual,
    Less,
    LessOrEqual,
}

/// One column of the sort.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Sort {
    pub(crate) column: &'static Column,
    pub(crate) descending: bool,
}

impl Comparison {
    /// The ranges and their names in a query string.
    pub(crate) const RANGES: [(&'static str, Self); 4] = [
        ("gt", Self::Greater),
        ("gte", Self::GreaterOrEqual),
        ("lt", Self::Less),
        ("lte", Self::LessOrEqual),
    ];

    pub(crate) fn operator(self) -> &'static str {
        match self {
            Self::Equal => "=",
            Self::Greater => ">",
            Self::GreaterOrEqual => ">=",
            Self::Less => "<",
            Self::LessOrEqual => "<=",
        }
    }
}

/// Reads the parameters of a list; every wrong one is named.
pub(crate) fn parse(
    spec: &'static ResourceSpec,
    parameters: &[(String, String)],
) -> Result<ListQuery, Problem> {
    let mut errors = Vec::new();
    let mut query = ListQuery {
        filters: Vec::new(),
        search: None,
        sort: Vec::new(),
        after: None,
        limit: DEFAULT_LIMIT,
        fingerprint: String::new(),
    };
    let mut cursor = None;
    let mut sort = None;
    for (name, value) in parameters {
        let outcome = match name.as_str() {
            "limit" => limit(value).map(|limit| query.limit = limit),
            "q" => search(spec, value).map(|search| query.search = Some(search)),
            "cursor" => {
                cursor = Some(value);
                Ok(())
            }
            "sort" => parse_sort(spec, value).map(|columns| sort = Some(columns)),
            _ => filter(spec, name, value).map(|filter| query.filters.push(filter)),
        };
        if let Err(wrong) = outcome {
            errors.push(FieldError::new(name.clone(), wrong.message));
        }
    }
    query.sort = complete(spec, sort.unwrap_or_default());
    query.fingerprint = cursor::fingerprint(spec, &query, parameters);
    if let Some(cursor) = cursor.filter(|_| errors.is_empty()) {
        match cursor::read(cursor, &query) {
            Ok(values) => query.after = Some(values),
            Err(wrong) => errors.push(FieldError::new("cursor", wrong.message)),
        }
    }
    if errors.is_empty() { Ok(query) } else { Err(Problem::fields(errors)) }
}

fn limit(text: &str) -> Result<u32, Wrong> {
    text.parse()
        .ok()
        .filter(|limit| (1..=MAX_LIMIT).contains(limit))
        .ok_or_else(|| Wrong::new(format!("must be a whole number from 1 to {MAX_LIMIT}")))
}

fn search(spec: &ResourceSpec, text: &str) -> Result<String, Wrong> {
    if spec.searchable().next().is_none() {
        return Err(Wrong::new("there is no text to search in"));
    }
    if text.trim().is_empty() || text.chars().count() > LONGEST_SEARCH {
        return Err(Wrong::new(format!("must be a text of 1 to {LONGEST_SEARCH} characters")));
    }
    Ok(text.trim().to_owned())
}

fn parse_sort(spec: &'static ResourceSpec, text: &str) -> Result<Vec<Sort>, Wrong> {
    let mut sorts: Vec<Sort> = Vec::new();
    for part in text.split(',') {
        let (name, descending) = part.strip_prefix('-').map_or((part, false), |name| (name, true));
        let column = spec.column(name).filter(|column| column.sortable).ok_or_else(|| {
            let sortable: Vec<_> =
                spec.columns.iter().filter(|column| column.sortable).map(|column| column.name).collect();
            Wrong::new(format!("can't sort by {name:?}; known are {}", sortable.join(", ")))
        })?;
        if sorts.iter().any(|sort| sort.column.name == name) {
            return Err(Wrong::new(format!("names {name} twice")));
        }
        sorts.push(Sort { column, descending });
    }
    if sorts.len() > MOST_SORTS {
        return Err(Wrong::new(format!("must name at most {MOST_SORTS} fields")));
    }
    Ok(sorts)
}

/// Makes the order total: newest first unless told otherwise, and the id decides between equals.
fn complete(spec: &'static ResourceSpec, mut sorts: Vec<Sort>) -> Vec<Sort> {
    let by = |name, descending| spec.column(name).map(|column| Sort { column, descending });
    if sorts.is_empty() {
        sorts.extend(by("created_at", true));
    }
    match sorts.iter().position(|sort| sort.column.name == "id") {
        Some(position) => sorts.truncate(position + 1),
        None => {
            let descending = sorts.last().is_some_and(|sort| sort.descending);
            sorts.extend(by("id", descending));
        }
    }
    sorts
}

fn filter(spec: &'static ResourceSpec, name: &str, text: &str) -> Result<Filter, Wrong> {
    let (field, range) = match name.strip_suffix(']').and_then(|open| open.split_once('[')) {
        Some((field, range)) => (field, Some(range)),
        None => (name, None),
    };
    let column = spec.column(field).filter(|column| column.filterable).ok_or_else(|| {
        Wrong::new(format!(
            "is not a known parameter; known are limit, cursor, sort, q and {}",
            filterable(spec)
        ))
    })?;
    let comparison = match range {
        None => Comparison::Equal,
        Some(range) => Comparison::RANGES
            .iter()
            .find(|(known, _)| *known == range && column.kind.is_ordered())
            .map(|(_, comparison)| *comparison)
            .ok_or_else(|| {
                Wrong::new(if column.kind.is_ordered() {
                    "is not a known range; known are gt, gte, lt and lte".to_owned()
                } else {
                    format!("{field} can't be filtered by a range")
                })
            })?,
    };
    let kind = match column.kind {
        // What was stored was checked; what is looked for need not be whole.
        Kind::TimeZone | Kind::Currency => Kind::Text(100),
        kind => kind,
    };
    Ok(Filter { column, comparison, value: Value::from_text(kind, text)? })
}

fn filterable(spec: &ResourceSpec) -> String {
    let names: Vec<_> =
        spec.columns.iter().filter(|column| column.filterable).map(|column| column.name).collect();
    names.join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::resources::RESOURCES;

    fn deals() -> &'static ResourceSpec {
        RESOURCES.into_iter().find(|resource| resource.path == "deals").unwrap()
    }

    fn read(query: &str) -> Result<ListQuery, Problem> {
        parse(deals(), &problem::query_parameters(Some(query))?)
    }

    fn sort(query: &ListQuery) -> Vec<(&str, bool)> {
        query.sort.iter().map(|sort| (sort.column.name, sort.descending)).collect()
    }

    #[test]
    fn a_list_is_in_a_total_order() {
        assert_eq!(sort(&read("").unwrap()), [("created_at", true), ("id", true)]);
        assert_eq!(sort(&read("sort=name").unwrap()), [("name", false), ("id", false)]);
        assert_eq!(sort(&read("sort=-mrr,id,name").unwrap()), [("mrr", true), ("id", false)]);
    }

    #[test]
    fn everything_unknown_is_refused() {
        assert_eq!(
            read("stage=signed&mrr[gte]=10&created_at[lt]=2026-01-01T00:00:00Z").unwrap().filters.len(),
            3
        );
        for wrong in [
            "nope=1",
            "stage=won",
            "stage[gte]=signed",
            "mrr[near]=1",
            "mrr[gte=1",
            "metadata=x",
            "limit=0",
            "limit=201",
            "limit=-1",
            "limit=99999999999999999999",
            "sort=metadata",
            "sort=",
            "sort=name,name",
            "q=",
            "cursor=rubbish",
            "is_split_deal=maybe",
            "user_id=1",
        ] {
            assert!(read(wrong).is_err(), "{wrong}");
        }
    }
}
