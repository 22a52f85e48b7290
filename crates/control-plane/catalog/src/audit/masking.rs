//! Masks what must never be in the audit log, should a use case forget: rows are kept for years and exported.

use std::ops::Range;

use domain::recognise::{is_secret_as_a_whole, is_secret_name, keys};
use serde_json::Value;

/// In the place of a secret.
const MASK: &str = "***";

/// Schemes of an Authorization header: what follows is secret. Only here: a search for "basic understanding" is none.
const SCHEMES: [&str; 2] = ["bearer ", "basic "];
/// How long it is at least: people write of bearers, too.
const SHORTEST_CREDENTIAL: usize = 12;

/// The same document without secrets.
pub(super) fn masked(mut document: Value) -> Value {
    mask(&mut document);
    document
}

/// The same text without secrets; what stands round them stays.
pub(super) fn masked_text(text: &str) -> String {
    if is_secret_as_a_whole(text) {
        return MASK.to_owned();
    }
    let mut found = keys(text);
    found.extend(credentials(text));
    found.sort_by_key(|range| range.start);
    let (mut hidden, mut end) = (String::new(), 0);
    for range in found {
        if range.start >= end {
            hidden.push_str(&text[end..range.start]);
            hidden.push_str(MASK);
        }
        end = end.max(range.end);
    }
    hidden.push_str(&text[end..]);
    hidden
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
        Value::String(text) => *text = masked_text(text),
        _ => {}
    }
}

/// Where credentials stand behind the scheme of an Authorization header.
fn credentials(text: &str) -> Vec<Range<usize>> {
    let lower = text.to_ascii_lowercase();
    let mut found = Vec::new();
    for scheme in SCHEMES {
        for (start, _) in lower.match_indices(scheme) {
            let start = start + scheme.len();
            let length = length_of_credential(&text[start..]);
            if length >= SHORTEST_CREDENTIAL {
                found.push(start..start + length);
            }
        }
    }
    found
}

/// How much of the beginning may be of a credential: base 62, base64 and its form for URLs, the points of a JWT. A slash ends
/// it: more often it is that of a path.
fn length_of_credential(text: &str) -> usize {
    let is_other = |character: char| {
        !(character.is_ascii_alphanumeric() || matches!(character, '_' | '-' | '.' | '+' | '='))
    };
    text.find(is_other).unwrap_or(text.len())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{masked, masked_text};

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

    #[test]
    fn names_of_secrets_are_known_however_they_are_written() {
        for name in [
            "apiKey",
            "api-key",
            "x-api-key",
            "X-Api-Key",
            "stripeApiKey",
            "accessToken",
            "refresh_token",
            "passphrase",
            "databaseCredential",
            "credentials",
            "connection_string",
            "connectionString",
            "CLIENT_SECRET",
            "privateKey",
            "Set-Cookie",
        ] {
            assert_eq!(masked(json!({ name: "x" })), json!({ name: "***" }), "{name}");
        }
        for name in ["tokens", "monkey", "keyPrefix", "tokenId", "api_keys", "notapikey", "secrets"] {
            assert_eq!(masked(json!({ name: "x" })), json!({ name: "x" }), "{name}");
        }
    }

    #[test]
    fn keys_are_masked_anywhere_in_a_text_and_what_stands_round_them_stays() {
        let key = "sk_012345678901234567890123456789012";
        for (text, hidden) in [
            (format!("/api/admin/customers/{key}/database"), "/api/admin/customers/***/database"),
            (format!("curl -H 'X: {key}' -v"), "curl -H 'X: ***' -v"),
            (format!("{key} and {key}"), "*** and ***"),
            ("Authorization: Bearer abcdefghijklm.nop next".to_owned(), "Authorization: Bearer *** next"),
            ("basic dXNlcjpodW50ZXIy".to_owned(), "basic ***"),
            ("(whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw)".to_owned(), "(***)"),
            ("token hvs.CAESIJ1234567890abcdef".to_owned(), "token ***"),
            ("AKIAIOSFODNN7EXAMPLE,eu-central-1".to_owned(), "***,eu-central-1"),
            ("sk_live_012345678901234567 of Stripe".to_owned(), "*** of Stripe"),
            ("whsec_MfKQ/r8GKYqrTwjUPD8ILPZIo2LaLaSw+/8= ends".to_owned(), "*** ends"),
            ("see postgres://u:hunter2@db/acme for it".to_owned(), "***"),
            ("x -----BEGIN EC PRIVATE KEY----- y".to_owned(), "***"),
        ] {
            assert_eq!(masked_text(&text), hidden, "{text}");
        }
        for harmless in [
            "task_01234567890123456789012345",
            "sk_8fJ2aB",
            "the bearer of it",
            "Basic plan",
            "POST /api/admin/customers/{customer}/api-keys",
            "https://a.example/x@y:z",
            "https://a.example at:noon me@b.example",
            "os_upgrade_of_everything_at_once",
            "Mozilla/5.0 (X11)",
        ] {
            assert_eq!(masked_text(harmless), harmless);
        }
    }
}
