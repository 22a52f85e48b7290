//! Conditions that are there only when they are asked for.
//!
//! The alternative, one statement with `($1 is null or column = $1)` for everything, stays right but not fast:
//! PostgreSQL may settle on one plan for all of a prepared statement's uses, and that plan can't use an index for a
//! condition that may be absent, nor leave a partition out.

use tokio_postgres::types::ToSql;
use uuid::Uuid;

use crate::query::Parameters;

/// A statement's conditions and its parameters so far.
pub(crate) struct Filter<'a> {
    sql: String,
    parameters: Vec<&'a (dyn ToSql + Sync)>,
}

impl<'a> Filter<'a> {
    /// Begins with a condition that needs no parameter.
    pub(crate) fn new(condition: &str) -> Self {
        Self { sql: condition.to_owned(), parameters: Vec::new() }
    }

    /// Adds a condition; each `?` in it is the value.
    pub(crate) fn and(&mut self, condition: &str, value: &'a (dyn ToSql + Sync)) {
        let parameter = self.parameter(value);
        self.sql.push_str(" and ");
        self.sql.push_str(&condition.replace('?', &parameter));
    }

    /// Adds a condition without a value.
    pub(crate) fn and_plain(&mut self, condition: &str) {
        self.sql.push_str(" and ");
        self.sql.push_str(condition);
    }

    /// Adds a condition if there is a value for it.
    pub(crate) fn and_if<T: ToSql + Sync>(&mut self, condition: &str, value: &'a Option<T>) {
        if let Some(value) = value {
            self.and(condition, value);
        }
    }

    /// Adds a parameter that is used elsewhere in the statement; how it is written there.
    pub(crate) fn parameter(&mut self, value: &'a (dyn ToSql + Sync)) -> String {
        self.parameters.push(value);
        format!("${}", self.parameters.len())
    }

    /// Adds the condition that leaves out what the pages before have shown, if there were any: rows come after the
    /// cursor's in the order of the column and the id. `comparison` is `<` for a descending order.
    pub(crate) fn and_keyset<T: ToSql + Sync>(
        &mut self,
        column: &str,
        comparison: &str,
        value: &'a Option<T>,
        id: &'a Option<Uuid>,
    ) {
        self.and_keyset_as((column, ""), comparison, value, id);
    }

    /// The same for a column of which the cursor's value is cast to its type.
    pub(crate) fn and_keyset_as<T: ToSql + Sync>(
        &mut self,
        (column, cast): (&str, &str),
        comparison: &str,
        value: &'a Option<T>,
        id: &'a Option<Uuid>,
    ) {
        if let (Some(value), Some(id)) = (value, id) {
            let (value, id) = (self.parameter(value), self.parameter(id));
            self.sql.push_str(&format!(" and ({column}, id) {comparison} ({value}{cast}, {id})"));
        }
    }

    /// The conditions so far, for a statement inside of the one that goes on from this condition with further parameters.
    pub(crate) fn begin_anew(&mut self, condition: &str) -> String {
        std::mem::replace(&mut self.sql, condition.to_owned())
    }

    /// What follows `where`.
    pub(crate) fn sql(&self) -> &str {
        &self.sql
    }

    /// The parameters, in the order of their numbers.
    pub(crate) fn parameters(&self) -> Parameters<'_> {
        &self.parameters
    }
}

/// The pattern that finds a text anywhere, with nothing in the text meaning more than itself.
pub(crate) fn containing(text: &str) -> String {
    format!("%{}", beginning_with(text))
}

/// The pattern that finds a text at the beginning.
pub(crate) fn beginning_with(text: &str) -> String {
    let escaped = text.replace('\\', "\\\\").replace('%', "\\%").replace('_', "\\_");
    format!("{escaped}%")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_searched_text_means_only_itself() {
        assert_eq!(containing("50%_\\"), "%50\\%\\_\\\\%");
        assert_eq!(beginning_with("sk_1"), "sk\\_1%");
    }

    #[test]
    fn conditions_are_numbered_as_they_come() {
        let (name, absent) = (Some("x"), None::<i32>);
        let mut filter = Filter::new("true");
        filter.and_if("a = ?", &absent);
        filter.and_if("(b = ? or c = ?)", &name);
        let limit = filter.parameter(&5_i64);
        assert_eq!(filter.sql(), "true and (b = $1 or c = $1)");
        assert_eq!((limit.as_str(), filter.parameters().len()), ("$2", 2));
    }
}
