//! Fields of a merge patch (RFC 7396): one that isn't there stays, null empties it.

use serde::{Deserialize, Deserializer};

/// A field that may be empty. Tells null from not being there. Use with `serde(default)`.
pub(crate) fn may_be_empty<'de, T: Deserialize<'de>, D: Deserializer<'de>>(
    source: D,
) -> Result<Option<Option<T>>, D::Error> {
    Option::deserialize(source).map(Some)
}

/// A field that always has a value: null is refused. Use with `serde(default)`.
pub(crate) fn never_empty<'de, T: Deserialize<'de>, D: Deserializer<'de>>(
    source: D,
) -> Result<Option<T>, D::Error> {
    match Option::deserialize(source)? {
        Some(value) => Ok(Some(value)),
        None => Err(serde::de::Error::custom("can't be null: leave it out to keep it as it is")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Deserialize)]
    struct Patch {
        #[serde(default, deserialize_with = "never_empty")]
        name: Option<String>,
        #[serde(default, deserialize_with = "may_be_empty")]
        description: Option<Option<String>>,
    }

    #[test]
    fn null_empties_what_may_be_empty_and_is_refused_elsewhere() {
        let patch: Patch = serde_json::from_str("{}").unwrap();
        assert_eq!((patch.name, patch.description), (None, None));
        let patch: Patch = serde_json::from_str(r#"{"name": "a", "description": null}"#).unwrap();
        assert_eq!((patch.name.as_deref(), patch.description), (Some("a"), Some(None)));
        let patch: Patch = serde_json::from_str(r#"{"description": "b"}"#).unwrap();
        assert_eq!(patch.description, Some(Some("b".to_owned())));
        assert!(serde_json::from_str::<Patch>(r#"{"name": null}"#).is_err());
    }
}
