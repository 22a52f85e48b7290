//! How much free JSON a column takes, and what PostgreSQL can't keep of it.

use serde_json::Value as Json;

use crate::value::Wrong;

/// How deep objects and arrays may be inside each other.
const DEEPEST: usize = 16;

/// How long the JSON text may be.
const LONGEST: usize = 64 * 1024;

/// Checks free JSON: its depth, its length, and that no text in it contains U+0000, which `jsonb` can't keep.
pub(crate) fn check(json: &Json) -> Result<(), Wrong> {
    let mut pointer = Vec::new();
    check_part(json, &mut pointer)?;
    let length = json.to_string().len();
    if length > LONGEST {
        return Err(Wrong::new(format!("must be at most {LONGEST} bytes long as JSON, not {length}")));
    }
    Ok(())
}

fn check_part(json: &Json, pointer: &mut Vec<String>) -> Result<(), Wrong> {
    match json {
        Json::String(text) if text.contains('\0') => {
            Err(wrong(pointer, "must not contain the character U+0000"))
        }
        Json::Array(_) | Json::Object(_) if pointer.len() >= DEEPEST => {
            Err(wrong(pointer, &format!("must be at most {DEEPEST} levels deep")))
        }
        Json::Array(parts) => {
            parts.iter().enumerate().try_for_each(|(index, part)| check_at(part, index.to_string(), pointer))
        }
        Json::Object(parts) => parts.iter().try_for_each(|(name, part)| {
            if name.contains('\0') {
                return Err(wrong(pointer, "must not contain the character U+0000 in a name"));
            }
            check_at(part, escape(name), pointer)
        }),
        _ => Ok(()),
    }
}

fn check_at(part: &Json, name: String, pointer: &mut Vec<String>) -> Result<(), Wrong> {
    pointer.push(name);
    check_part(part, pointer)?;
    pointer.pop();
    Ok(())
}

fn wrong(pointer: &[String], message: &str) -> Wrong {
    let pointer = pointer.iter().flat_map(|name| ["/", name]).collect();
    Wrong { pointer, message: message.to_owned() }
}

/// A name as a part of a JSON pointer.
pub(crate) fn escape(name: &str) -> String {
    name.replace('~', "~0").replace('/', "~1")
}

/// Changes an object as RFC 7396 (JSON Merge Patch) says: null takes a member away, an object is merged into what is
/// there, everything else replaces it.
pub(crate) fn merge(target: &mut Json, patch: &Json) {
    let Json::Object(changes) = patch else {
        *target = patch.clone();
        return;
    };
    if !target.is_object() {
        *target = Json::Object(serde_json::Map::new());
    }
    if let Json::Object(members) = target {
        for (name, change) in changes {
            if change.is_null() {
                members.remove(name);
            } else {
                merge(members.entry(name.clone()).or_insert(Json::Null), change);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn limits_name_the_place() {
        assert!(check(&json!({"a": [1, {"b": "c"}]})).is_ok());
        assert_eq!(check(&json!({"a/b": [1, "x\0"]})).unwrap_err().pointer, "/a~1b/1");
        assert_eq!(check(&json!({"a": {"\0": 1}})).unwrap_err().pointer, "/a");
        assert_eq!(check(&json!({"a": "x".repeat(70_000)})).unwrap_err().pointer, "");
        let deep = (0..20).fold(json!(1), |inner, _| json!([inner]));
        assert_eq!(check(&deep).unwrap_err().pointer, "/0".repeat(16));
    }

    /// The examples of RFC 7396, appendix A, whose target is an object.
    #[test]
    fn merging_keeps_to_the_rfc() {
        for (target, patch, merged) in [
            (json!({"a": "b"}), json!({"a": "c"}), json!({"a": "c"})),
            (json!({"a": "b"}), json!({"b": "c"}), json!({"a": "b", "b": "c"})),
            (json!({"a": "b"}), json!({"a": null}), json!({})),
            (json!({"a": "b", "b": "c"}), json!({"a": null}), json!({"b": "c"})),
            (json!({"a": ["b"]}), json!({"a": "c"}), json!({"a": "c"})),
            (json!({"a": "c"}), json!({"a": ["b"]}), json!({"a": ["b"]})),
            (json!({"a": {"b": "c"}}), json!({"a": {"b": "d", "c": null}}), json!({"a": {"b": "d"}})),
            (json!({"a": [{"b": "c"}]}), json!({"a": [1]}), json!({"a": [1]})),
            (json!({"e": null}), json!({"a": 1}), json!({"e": null, "a": 1})),
            (json!({}), json!({"a": {"bb": {"ccc": null}}}), json!({"a": {"bb": {}}})),
        ] {
            let mut result = target.clone();
            merge(&mut result, &patch);
            assert_eq!(result, merged, "{target} {patch}");
        }
    }
}
