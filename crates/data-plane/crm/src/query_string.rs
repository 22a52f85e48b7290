//! Routes that take no parameters.

use problem::{FieldError, Problem, query_parameters};

/// Refuses every parameter, on routes that have none.
pub(crate) fn refuse_all(query: Option<&str>) -> Result<(), Problem> {
    let errors: Vec<_> = query_parameters(query)?
        .into_iter()
        .map(|(name, _)| FieldError::new(name, "is not a known parameter; there are none here"))
        .collect();
    if errors.is_empty() { Ok(()) } else { Err(Problem::fields(errors)) }
}
