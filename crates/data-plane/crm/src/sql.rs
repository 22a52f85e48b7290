//! The statements, made of a resource's description. Names come from the descriptions only; values are parameters.

use std::borrow::Cow;
use std::collections::HashMap;
use std::fmt::Write as _;
use std::sync::LazyLock;

use crate::body::Assignments;
use crate::list::{Comparison, Filter, ListQuery, Sort};
use crate::resources::RESOURCES;
use crate::spec::{Column, Kind, ResourceSpec};
use crate::value::Value;

/// A statement and its parameters.
#[derive(Debug)]
pub(crate) struct Statement {
    pub(crate) text: Cow<'static, str>,
    pub(crate) parameters: Vec<Value>,
}

impl Statement {
    fn new(text: impl Into<Cow<'static, str>>) -> Self {
        Self { text: text.into(), parameters: Vec::new() }
    }

    /// Adds a parameter and returns its name.
    fn bind(&mut self, value: Value) -> String {
        self.parameters.push(value);
        format!("${}", self.parameters.len())
    }

    fn push(&mut self, text: &str) {
        self.text.to_mut().push_str(text);
    }
}

/// One object by its id.
pub(crate) fn read(spec: &ResourceSpec, id: uuid::Uuid) -> Statement {
    let mut statement = Statement::new(&*texts(spec).read);
    statement.bind(Value::Uuid(id));
    statement
}

/// One object by its id, locked until the transaction ends. A change lets others still refer to it, deleting doesn't.
pub(crate) fn read_for_change(spec: &ResourceSpec, id: uuid::Uuid) -> Statement {
    let mut statement = read(spec, id);
    statement.push(" for no key update");
    statement
}

/// One object by its id, locked against everything.
pub(crate) fn read_for_delete(spec: &ResourceSpec, id: uuid::Uuid) -> Statement {
    let mut statement = read(spec, id);
    statement.push(" for update");
    statement
}

/// Inserts a row; returns its id and its representation.
pub(crate) fn insert(spec: &ResourceSpec, assignments: Assignments) -> Statement {
    let mut statement = Statement::new(format!("insert into {} ", spec.table));
    if assignments.is_empty() {
        statement.push("default values");
    } else {
        let names: Vec<_> = assignments.iter().map(|(column, _)| quoted(column)).collect();
        let values: Vec<_> = assignments.into_iter().map(|(_, value)| statement.bind(value)).collect();
        let _ = write!(statement.text.to_mut(), "({}) values ({})", names.join(", "), values.join(", "));
    }
    let _ = write!(statement.text.to_mut(), " returning id, {}", document(spec));
    statement
}

/// Changes a row; returns its representation.
pub(crate) fn update(spec: &ResourceSpec, id: uuid::Uuid, assignments: Assignments) -> Statement {
    let mut statement = Statement::new(format!("update {} set ", spec.table));
    let changes: Vec<_> = assignments
        .into_iter()
        .map(|(column, value)| format!("{} = {}", quoted(column), statement.bind(value)))
        .collect();
    statement.push(&changes.join(", "));
    let id = statement.bind(Value::Uuid(id));
    let _ = write!(statement.text.to_mut(), " where id = {id} returning {}", document(spec));
    statement
}

/// Deletes a row.
pub(crate) fn delete(spec: &ResourceSpec, id: uuid::Uuid) -> Statement {
    let mut statement = Statement::new(format!("delete from {} where id = ", spec.table));
    let id = statement.bind(Value::Uuid(id));
    statement.push(&id);
    statement
}

/// A page of a list, with one row more than it shows, to know whether another page follows.
pub(crate) fn list(spec: &ResourceSpec, query: &ListQuery) -> Statement {
    let mut statement = Statement::new(format!("select {} from {} where true", document(spec), spec.table));
    for filter in &query.filters {
        condition(&mut statement, filter);
    }
    if let Some(text) = &query.search {
        let pattern = statement.bind(Value::Text(like_pattern(text)));
        let parts: Vec<_> =
            spec.searchable().map(|column| format!("{} ilike {pattern}", quoted(column))).collect();
        let _ = write!(statement.text.to_mut(), " and ({})", parts.join(" or "));
    }
    if let Some(values) = &query.after {
        let follows = follows(&mut statement, &query.sort, values);
        let _ = write!(statement.text.to_mut(), " and {follows}");
    }
    let order: Vec<_> = query
        .sort
        .iter()
        .map(|sort| format!("{}{}", quoted(sort.column), if sort.descending { " desc" } else { "" }))
        .collect();
    let _ = write!(statement.text.to_mut(), " order by {} limit {}", order.join(", "), query.limit + 1);
    statement
}

fn condition(statement: &mut Statement, filter: &Filter) {
    let value = statement.bind(filter.value.clone());
    let column = quoted(filter.column);
    let operator = filter.comparison.operator();
    let _ = match (filter.column.kind, filter.comparison) {
        (Kind::Email, Comparison::Equal) => {
            write!(statement.text.to_mut(), " and lower({column}) = lower({value})")
        }
        _ => write!(statement.text.to_mut(), " and {column} {operator} {value}"),
    };
}

/// The condition for a row to come after these values in the order. PostgreSQL sorts nulls as if they were larger
/// than everything, and so does this.
fn follows(statement: &mut Statement, sort: &[Sort], values: &[Value]) -> String {
    let plain = sort.iter().all(|part| !part.column.nullable && part.descending == sort[0].descending);
    if plain {
        // The form that an index over these columns answers directly.
        let columns: Vec<_> = sort.iter().map(|part| quoted(part.column)).collect();
        let places: Vec<_> = values.iter().map(|value| statement.bind(value.clone())).collect();
        let operator = if sort[0].descending { "<" } else { ">" };
        return format!("({}) {operator} ({})", columns.join(", "), places.join(", "));
    }
    let mut alternatives = Vec::new();
    let mut equal = String::new();
    for (part, value) in sort.iter().zip(values) {
        let column = quoted(part.column);
        let (beyond, same) = match (value, part.descending) {
            // Ascending, nothing is larger than null; descending, everything else comes after it.
            (Value::Null, false) => ("false".to_owned(), format!("{column} is null")),
            (Value::Null, true) => (format!("{column} is not null"), format!("{column} is null")),
            (value, descending) => {
                let place = statement.bind(value.clone());
                let beyond = match (descending, part.column.nullable) {
                    (true, _) => format!("{column} < {place}"),
                    (false, true) => format!("({column} > {place} or {column} is null)"),
                    (false, false) => format!("{column} > {place}"),
                };
                (beyond, format!("{column} = {place}"))
            }
        };
        alternatives.push(format!("({equal}{beyond})"));
        equal.push_str(&same);
        equal.push_str(" and ");
    }
    format!("({})", alternatives.join(" or "))
}

/// A text as a pattern that finds it anywhere.
fn like_pattern(text: &str) -> String {
    let mut pattern = String::from("%");
    for character in text.chars() {
        if matches!(character, '%' | '_' | '\\') {
            pattern.push('\\');
        }
        pattern.push(character);
    }
    pattern.push('%');
    pattern
}

/// The representation of a row as JSON text, made by PostgreSQL.
pub(crate) fn document(spec: &ResourceSpec) -> &'static str {
    &texts(spec).document
}

/// What is the same for every request.
struct Texts {
    document: String,
    /// Reads one object.
    read: String,
}

fn texts(spec: &ResourceSpec) -> &'static Texts {
    static TEXTS: LazyLock<HashMap<&str, Texts>> = LazyLock::new(|| {
        let texts = |spec: &ResourceSpec| {
            let document = compose_document(spec);
            let read = format!("select {document} from {} where id = $1", spec.table);
            Texts { document, read }
        };
        RESOURCES.iter().map(|spec| (spec.table, texts(spec))).collect()
    });
    #[expect(clippy::panic, reason = "a slip in the code that every test of the resource finds")]
    TEXTS.get(spec.table).unwrap_or_else(|| panic!("{} is not among the resources", spec.table))
}

fn compose_document(spec: &ResourceSpec) -> String {
    let columns: Vec<_> = spec.columns.iter().map(|column| represented(spec, column)).collect();
    format!("(select row_to_json(item)::text from (select {}) as item)", columns.join(", "))
}

fn represented(spec: &ResourceSpec, column: &Column) -> String {
    let name = quoted(column);
    let full = format!("{}.{name}", spec.table);
    match column.kind {
        Kind::Money(_) => format!("{full}::text as {name}"),
        Kind::Timestamp => {
            format!("to_char({full} at time zone 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"') as {name}")
        }
        _ => format!("{full} as {name}"),
    }
}

fn quoted(column: &Column) -> String {
    format!("\"{}\"", column.name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_search_text_stands_for_itself() {
        assert_eq!(like_pattern("50%_a\\b"), "%50\\%\\_a\\\\b%");
    }
}
