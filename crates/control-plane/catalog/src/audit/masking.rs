//! Masks what must never be in the audit log, should a use case forget: rows are kept for years and exported.

use domain::recognise::{has_url_password, is_secret_name};
use serde_json::Value;

/// In the place of a secret.
const MASK: &str = "***";

/// Beginnings of texts that are secrets, whatever their field is called: keys and tokens of ours, private keys.
const BEGINNINGS: [&str; 5] = ["sk_", "op_", "os_", "-----BEGIN", "eyJ"];
/// A prefix of a key, which is shown, is shorter.
const SHORTEST_SECRET: usize = 24;

/// The same document without secrets.
pub(super) fn masked(mut document: Value) -> Value {
    mask(&mut document);
    document
}

fn mask(value: &mut Value) {
    match value {
        Value::Object(fields) => {
            for (name, value) in fields {
                if is_secret_name(name) && !value.is_null() && !value.is_boolean() {
                    *value = MASK.into();
                } else {
                    mask(value);
                }
            }
        }
        Value::Array(values) => values.iter_mut().for_each(mask),
        Value::String(text) if is_secret_text(text) => *text = MASK.to_owned(),
        _ => {}
    }
}

fn is_secret_text(text: &str) -> bool {
    text.len() >= SHORTEST_SECRET && BEGINNINGS.iter().any(|beginning| text.starts_with(beginning))
        || has_url_password(text)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::masked;

    #[test]
    fn secrets_are_masked_wherever_they_are_and_nothing_else_is() {
        let planted = json!({
            "password": "hunter2", "database_password": "hunter2", "API_KEY": "x", "webhook_secret": 7,
            "list": [{ "token": "x" }, "sk_0123456789012345678901234567890"],
            "url": "postgresql://app:hunter2@db.example/acme", "note": "-----BEGIN PRIVATE KEY-----",
            "recovery_codes": ["A", "B"],
        });
        let hidden = masked(planted);
        let mask = "***";
        assert_eq!(
            hidden,
            json!({
                "password": mask, "database_password": mask, "API_KEY": mask, "webhook_secret": mask,
                "list": [{ "token": mask }, mask], "url": mask, "note": mask, "recovery_codes": mask,
            })
        );
        let harmless = json!({
            "key_prefix": "sk_8fJ2aB", "token_id": "01a2", "name": "Token of Ann", "password": null,
            "password_must_change": true, "has_secret": true, "permissions": ["read:*"],
            "url": "https://example.com/a:b@c", "secrets_read": 3, "resource": "api_keys",
        });
        assert_eq!(masked(harmless.clone()), harmless);
    }
}
