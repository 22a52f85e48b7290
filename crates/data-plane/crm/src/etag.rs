//! Entity tags: a strong hash of the representation, and the conditions that clients put on it (RFC 9110).

use std::fmt;

use aws_lc_rs::digest;
use http::header::{HeaderName, IF_MATCH, IF_NONE_MATCH};
use http::{HeaderMap, HeaderValue};
use problem::Problem;

/// The entity tag of a representation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct EntityTag(String);

impl fmt::Display for EntityTag {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

impl EntityTag {
    pub(crate) fn of(document: &str) -> Self {
        let hash = digest::digest(&digest::SHA256, document.as_bytes());
        Self(format!("\"{}\"", hex::encode(&hash.as_ref()[..16])))
    }

    pub(crate) fn header(&self) -> Result<HeaderValue, Problem> {
        HeaderValue::from_str(&self.0).map_err(|error| Problem::from_unexpected(&error))
    }

    /// Refuses a change that was made for another version.
    pub(crate) fn require_match(&self, headers: &HeaderMap) -> Result<(), Problem> {
        match self.is_named(headers, &IF_MATCH, false) {
            None | Some(true) => Ok(()),
            Some(false) => Err(Problem::precondition_failed(
                "The object has changed since you read it, or If-Match is not one of its entity tags. Read it again, \
                 and repeat the change with its new ETag.",
            )),
        }
    }

    /// Whether the caller has this version already.
    pub(crate) fn is_known(&self, headers: &HeaderMap) -> bool {
        self.is_named(headers, &IF_NONE_MATCH, true) == Some(true)
    }

    /// Whether the header names this tag, if it is there. Changes ask for the strong comparison, reads for the weak.
    fn is_named(&self, headers: &HeaderMap, header: &HeaderName, weak: bool) -> Option<bool> {
        headers.get(header)?;
        let named = headers.get_all(header).iter().filter_map(|value| value.to_str().ok()).any(|list| {
            list.split(',').map(str::trim).any(|tag| {
                tag == "*" || tag == self.0 || (weak && tag.strip_prefix("W/") == Some(self.0.as_str()))
            })
        });
        Some(named)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(name: HeaderName, value: &str) -> HeaderMap {
        HeaderMap::from_iter([(name, HeaderValue::from_str(value).unwrap())])
    }

    #[test]
    fn changes_are_compared_strongly() {
        let tag = EntityTag::of("{}");
        assert!(tag.require_match(&HeaderMap::new()).is_ok());
        for right in [tag.0.clone(), "*".to_owned(), format!("\"x\", {}", tag.0)] {
            assert!(tag.require_match(&headers(IF_MATCH, &right)).is_ok(), "{right}");
        }
        for wrong in ["", "\"x\"", &format!("W/{}", tag.0), tag.0.trim_matches('"')] {
            assert!(tag.require_match(&headers(IF_MATCH, wrong)).is_err(), "{wrong}");
        }
        assert!(tag.is_known(&headers(IF_NONE_MATCH, &format!("W/{}", tag.0))));
        assert!(!tag.is_known(&HeaderMap::new()));
    }
}
