//! Lost updates: a caller who says which version of an object they saw is refused when it has changed since.

use chrono::{DateTime, Utc};

use crate::UseCaseError;

/// The version of a row, as an entity tag: made of the moment of its last change, which the database's trigger sets
/// anew at every update.
#[must_use]
pub fn entity_tag(updated_at: DateTime<Utc>) -> String {
    format!("\"{:x}\"", updated_at.timestamp_micros())
}

/// Refuses when the caller's `If-Match` names neither this version nor any (`*`). Without one, everything goes.
pub(crate) fn check(if_match: Option<&str>, updated_at: DateTime<Utc>) -> Result<(), UseCaseError> {
    let current = entity_tag(updated_at);
    let matches =
        if_match.is_none_or(|tags| tags.split(',').map(str::trim).any(|tag| tag == "*" || tag == current));
    if matches {
        return Ok(());
    }
    Err(UseCaseError::Stale(
        "The object was changed since you read it. Read it again, and send its present ETag as If-Match."
            .to_owned(),
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_version_that_is_there_matches() {
        let now = Utc::now();
        let before = now - chrono::TimeDelta::microseconds(1);
        assert!(check(None, now).is_ok());
        assert!(check(Some("*"), now).is_ok());
        assert!(check(Some(&format!("\"other\", {}", entity_tag(now))), now).is_ok());
        assert!(matches!(check(Some(&entity_tag(before)), now), Err(UseCaseError::Stale(_))));
        assert!(matches!(check(Some(""), now), Err(UseCaseError::Stale(_))));
    }
}
