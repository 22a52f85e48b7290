//! What PostgreSQL refused, in the words of the API.

use customer_db::{Busy, Error};
use problem::{FieldError, Problem};
use tokio_postgres::error::{DbError, SqlState};

use crate::caller::ORGANIZATION_HEADER;
use crate::spec::ResourceSpec;

/// What a statement was for: a broken foreign key means something else when its target is deleted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Purpose {
    Read,
    Write,
    Delete,
}

/// Turns a failure into a problem document. What isn't the client's fault is logged and not told.
pub(crate) fn problem(spec: &ResourceSpec, purpose: Purpose, error: &Error) -> Problem {
    match error {
        Error::UnknownOrganization => unknown_organization(),
        Error::UnknownCustomer | Error::Unavailable(_) => {
            Problem::unavailable("Your database can't be reached at the moment. Try again in a few seconds.")
                .retry_after(2)
        }
        Error::Busy(cause) => Problem::unavailable(busy(*cause)).retry_after(1),
        Error::Isolation(_) => {
            Problem::unavailable("Your database is not served until an operator has looked at it.")
                .retry_after(60)
        }
        Error::Database(_) => match error.as_db_error() {
            Some(refusal) => {
                refused(spec, purpose, refusal).unwrap_or_else(|| Problem::from_unexpected(error))
            }
            None => Problem::from_unexpected(error),
        },
    }
}

fn busy(cause: Busy) -> &'static str {
    match cause {
        Busy::Connections => {
            "All connections to your database are in use, by other requests of yours. Try again in a moment, with \
             fewer requests at a time."
        }
        Busy::Queue => {
            "Too many requests wait for a connection to your database already. Try again in a moment, with fewer \
             requests at a time."
        }
        Busy::Budget => {
            "This server has no connection to your database left at the moment. Try again in a moment."
        }
        Busy::Rows => {
            "What the request needs is locked by another one, or it took too long itself. Try again in a moment."
        }
    }
}

fn unknown_organization() -> Problem {
    Problem::not_found(format!(
        "You have no organization with this id. Leave {ORGANIZATION_HEADER} out to work in your first one, or list \
         them at /api/v1/organizations."
    ))
}

fn refused(spec: &ResourceSpec, purpose: Purpose, refusal: &DbError) -> Option<Problem> {
    let code = refusal.code();
    let constraint = refusal.constraint().unwrap_or_default();
    if *code == SqlState::FOREIGN_KEY_VIOLATION {
        return Some(match field(spec, constraint, "_fkey") {
            _ if purpose == Purpose::Delete => Problem::conflict(format!(
                "This {} can't be deleted, because other things still belong to it: delete them first.",
                spec.noun
            )),
            // The organization was deleted while the request was under way.
            Some("org_id") => unknown_organization(),
            // The wording is the same whether the id is another organization's or nobody's.
            Some(field) => Problem::field(format!("/{field}"), "there is nothing with this id"),
            None => return None,
        });
    }
    if *code == SqlState::UNIQUE_VIOLATION {
        let field = field(spec, constraint, "_key")?;
        let message = message(spec, constraint).unwrap_or("is taken already");
        return Some(
            Problem::already_exists(format!("{field}: {message}."))
                .with_errors(vec![FieldError::new(format!("/{field}"), message)]),
        );
    }
    if *code == SqlState::CHECK_VIOLATION {
        let field = field(spec, constraint, "_check")?;
        return Some(Problem::field(
            format!("/{field}"),
            message(spec, constraint).unwrap_or("is not an acceptable value"),
        ));
    }
    let is_bad_value = [
        SqlState::NUMERIC_VALUE_OUT_OF_RANGE,
        SqlState::DATETIME_FIELD_OVERFLOW,
        SqlState::UNTRANSLATABLE_CHARACTER,
        SqlState::CHARACTER_NOT_IN_REPERTOIRE,
        SqlState::PROGRAM_LIMIT_EXCEEDED,
    ]
    .contains(code);
    // PostgreSQL seldom says which value it was; the whole request is named then.
    let field = refusal.column().unwrap_or_default();
    is_bad_value.then(|| Problem::field(format!("/{field}"), "can't be stored: it is too large or not text"))
}

/// The field that a constraint is about: constraints are called after it.
fn field<'a>(spec: &ResourceSpec, constraint: &'a str, suffix: &str) -> Option<&'a str> {
    constraint.strip_prefix(spec.table)?.strip_prefix('_')?.strip_suffix(suffix)
}

fn message(spec: &ResourceSpec, constraint: &str) -> Option<&'static str> {
    spec.constraints.iter().find(|(name, _)| *name == constraint).map(|(_, message)| *message)
}
