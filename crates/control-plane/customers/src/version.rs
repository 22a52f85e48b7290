//! Lost updates: a caller who says which version of an object they saw is refused when it has changed since.

use catalog::api_keys::ApiKeyRecord;
use chrono::{DateTime, Utc};
use secrets::token::sha256_hex;
use serde_json::json;

use crate::UseCaseError;

/// The version of a row, as an entity tag: made of the moment of its last change, which the database's trigger sets
/// anew at every update.
#[must_use]
pub fn entity_tag(updated_at: DateTime<Utc>) -> String {
    format!("\"{:x}\"", updated_at.timestamp_micros())
}

/// The version of a key, as an entity tag: made of what operators change. Every use of the key changes its row, so that
/// a version made of the row's time would hardly ever be the one that was read.
#[must_use]
pub fn key_tag(key: &ApiKeyRecord) -> String {
    let ApiKeyRecord { name, description, permissions, allowed_networks, status, expires_at, .. } = key;
    let limit = (key.rate_limit_requests, key.rate_limit_period, key.without_redis);
    let told = json!([key.id, name, description, permissions, allowed_networks, status, expires_at, limit]);
    format!("\"{}\"", &sha256_hex(&told.to_string())[..16])
}

/// Refuses when the caller's `If-Match` names neither this version nor any (`*`). Without one, everything goes.
pub(crate) fn check(if_match: Option<&str>, updated_at: DateTime<Utc>) -> Result<(), UseCaseError> {
    check_tag(if_match, &entity_tag(updated_at))
}

/// The same for a version that isn't made of a time.
///
/// # Errors
/// [`UseCaseError::Stale`] then.
pub fn check_tag(if_match: Option<&str>, current: &str) -> Result<(), UseCaseError> {
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
