//! From the use cases' errors to problem documents.

use customers::{InvalidField, UseCaseError};
use domain::{Forbidden, Role};
use identity::SignInError;
use problem::{FieldError, Problem};

/// The problem document of a refused or failed use case.
pub(crate) fn problem_of(error: UseCaseError) -> Problem {
    problem_with_fields(error, |field| field.to_owned())
}

/// The same for a door that calls its fields otherwise.
pub(crate) fn problem_with_fields(error: UseCaseError, name: impl Fn(&str) -> String) -> Problem {
    match error {
        UseCaseError::Invalid(fields) => Problem::fields(
            fields
                .into_iter()
                .map(|InvalidField { field, message }| match field.as_str() {
                    // The one parameter of the query that the catalog checks itself.
                    "cursor" => FieldError::new(field, message),
                    _ => FieldError::new(format!("/{}", name(&field)), message),
                })
                .collect(),
        ),
        UseCaseError::NotFound(detail) => Problem::not_found(detail),
        UseCaseError::Taken { field, detail } => {
            let errors = field.map(|field| FieldError::new(format!("/{}", name(field)), detail.clone()));
            Problem::already_exists(detail).with_errors(errors.into_iter().collect())
        }
        UseCaseError::Stale(detail) => Problem::precondition_failed(detail),
        UseCaseError::Forbidden(forbidden) => problem_of_refusal(forbidden),
        UseCaseError::NotSignedIn(refusal) => Problem::forbidden(refusal.to_string()),
        UseCaseError::Conflict(detail) => Problem::conflict(detail),
        UseCaseError::Unavailable(source) => {
            tracing::warn!(error = %source, "the admin database is away");
            unavailable()
        }
        UseCaseError::KeysAway(source) => {
            tracing::warn!(error = %source, "the holder of the master key is away");
            Problem::unavailable(
                "The service that holds the master key can't be reached right now. Nothing was changed; try again in a \
                 moment.",
            )
            .retry_after(5)
        }
        UseCaseError::CustomerAway => Problem::unavailable(
            "The customer's database can't be reached right now. Nothing was changed; try again in a moment.",
        )
        .retry_after(5),
        UseCaseError::Unclear(source) => {
            tracing::warn!(error = %source, "the admin database went away during a commit");
            Problem::outcome_unknown(
                "The admin database went away just when the change was to be made. Look whether it was made before \
                 you send it again.",
            )
            .retry_after(2)
        }
        UseCaseError::Unexpected(source) => Problem::from_unexpected(source.as_ref()),
    }
}

/// The problem document of whoever doesn't come in.
pub(crate) fn problem_of_sign_in(error: SignInError) -> Problem {
    match error {
        SignInError::Refused => Problem::sign_in_refused(
            "The email address, the password or the code is wrong, or the code was used before.",
        ),
        SignInError::PasskeyRefused(detail) => Problem::sign_in_refused(detail),
        SignInError::NoPasskeys(why) => Problem::not_found(why.to_string()),
        SignInError::TooManyGuesses(wait) => {
            let seconds = wait.as_secs().max(1);
            Problem::too_many_guesses(format!("There were too many guesses. Try again in {seconds} seconds."))
                .retry_after(seconds)
        }
        SignInError::Busy => {
            Problem::unavailable("Too many people sign in at once. Try again in a moment.").retry_after(1)
        }
        SignInError::Over => Problem::unauthenticated(
            "The sign-in is over: it was completed, ended, or took too long. Sign in again.",
        ),
        SignInError::WrongStep(detail) => Problem::conflict(detail),
        SignInError::UseCase(error) => problem_of(error),
    }
}

/// The problem document of whoever lacks a permission.
pub(crate) fn problem_of_refusal(forbidden: Forbidden) -> Problem {
    let roles: Vec<_> = Role::holders(forbidden.0).map(Role::as_str).collect();
    Problem::operator_permission_missing(forbidden.to_string())
        .with("permission", forbidden.0.as_str())
        .with("roles", roles)
}

fn unavailable() -> Problem {
    Problem::unavailable(
        "The admin database can't be reached right now. Nothing was changed; try again in a moment.",
    )
    .retry_after(2)
}

/// The problem document of a catalog that could not be asked.
pub(crate) fn problem_of_catalog(error: catalog::CatalogError) -> Problem {
    problem_of(error.into())
}
