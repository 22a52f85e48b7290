//! Problem documents as the API's description has them. They are written by the crate `problem`.

use serde::Serialize;
use utoipa::ToSchema;

/// An error, as RFC 9457 has it.
#[derive(Serialize, ToSchema)]
pub(crate) struct ProblemDocument {
    /// The kind of problem: a stable path under `/problems/`.
    #[serde(rename = "type")]
    kind: String,
    title: String,
    status: u16,
    /// A sentence for people, with the fix.
    detail: String,
    /// The request id.
    instance: Option<String>,
    /// The wrong fields, for bad input.
    #[schema(nullable = false)]
    errors: Option<Vec<WrongField>>,
}

/// One wrong field.
#[derive(Serialize, ToSchema)]
pub(crate) struct WrongField {
    /// A JSON pointer into the body, or the name of a parameter or header.
    field: String,
    /// What is wrong, and how to mend it.
    message: String,
}
