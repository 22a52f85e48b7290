//! Recognising what looks like a secret, for places that are no place for one: addresses, kept queries, the audit log.
//!
//! Nobody can be sure: a password may look like any word. This finds what has a form that secrets have and little else does.

use std::ops::Range;

/// A kind of key or token: what it begins with, of what it goes on, and for how many characters at least. Lists show keys by
/// their beginnings, which are shorter.
struct Kind {
    beginning: &'static str,
    goes_on: fn(char) -> bool,
    shortest: usize,
}

const fn kind(beginning: &'static str, goes_on: fn(char) -> bool, shortest: usize) -> Kind {
    Kind { beginning, goes_on, shortest }
}

/// What lets somebody in here, and the keys of those with whom we have to do: Stripe and Clerk, Svix, Vault, AWS, and signed
/// tokens of whomever. They are the same whether a text is refused for them or they are masked in it.
const KINDS: [Kind; 12] = [
    kind("sk_live_", is_base62, 18),
    kind("sk_test_", is_base62, 18),
    kind("sk_", is_base62, 18),
    kind("op_", is_base62, 18),
    kind("os_", is_base62, 18),
    kind("oc_", is_base62, 18),
    kind("whsec_", is_base64, 16),
    kind("hvs.", is_of_token, 16),
    kind("hvb.", is_of_token, 16),
    kind("AKIA", is_base62, 16),
    kind("ASIA", is_base62, 16),
    kind("eyJ", is_of_token, 20),
];

/// What a private key in PEM form begins with, up to its kind.
const PEM: &str = "-----BEGIN";

/// Names of fields that are secrets, and ends of such names: in lower case, without what stands between words.
const SECRET: [&str; 15] = [
    "password",
    "passwd",
    "passphrase",
    "secret",
    "token",
    "apikey",
    "privatekey",
    "signingkey",
    "authorization",
    "credential",
    "credentials",
    "cookie",
    "recoverycodes",
    "databaseurl",
    "connectionstring",
];

fn is_base62(letter: char) -> bool {
    letter.is_ascii_alphanumeric()
}

fn is_base64(letter: char) -> bool {
    letter.is_ascii_alphanumeric() || matches!(letter, '+' | '/' | '=' | '-' | '_')
}

/// Base64 as URLs have it, and the points between the parts of a signed token.
fn is_of_token(letter: char) -> bool {
    letter.is_ascii_alphanumeric() || matches!(letter, '_' | '-' | '.' | '=')
}

/// Where whole keys and tokens stand in the text, kind by kind; the beginning of one, as lists show it, is none.
#[must_use]
pub fn keys(text: &str) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    for kind in &KINDS {
        for (start, _) in text.match_indices(kind.beginning) {
            // Within a word it is something else: `task_...`.
            let is_word = text[..start].ends_with(|before: char| before.is_ascii_alphanumeric());
            let body = &text[start + kind.beginning.len()..];
            let length = body.find(|letter| !(kind.goes_on)(letter)).unwrap_or(body.len());
            if !is_word && length >= kind.shortest {
                found.push(start..start + kind.beginning.len() + length);
            }
        }
    }
    found
}

/// Whether a whole key or token stands in the text.
#[must_use]
pub fn has_token(text: &str) -> bool {
    !keys(text).is_empty()
}

/// Whether the name, or its last words, are those of a secret: `api_key`, `x-api-key`, `stripeApiKey`.
#[must_use]
pub fn is_secret_name(name: &str) -> bool {
    let (plain, words) = plain_and_words(name);
    SECRET.iter().any(|secret| plain.strip_suffix(secret).is_some_and(|rest| words.contains(&rest.len())))
}

/// The letters and digits of a name in lower case, and where among them words begin.
fn plain_and_words(name: &str) -> (String, Vec<usize>) {
    let (mut plain, mut words, mut before) = (String::new(), Vec::new(), ' ');
    for character in name.chars() {
        if character.is_ascii_alphanumeric() {
            let is_hump = before.is_ascii_lowercase() && character.is_ascii_uppercase();
            if is_hump || !before.is_ascii_alphanumeric() {
                words.push(plain.len());
            }
            plain.push(character.to_ascii_lowercase());
        }
        before = character;
    }
    (plain, words)
}

/// Whether a URL with a password stands in the text. What is quoted ends with its quote, and no login has a blank: what follows
/// them is another word.
#[must_use]
pub fn has_url_password(text: &str) -> bool {
    let ends = |letter: char| matches!(letter, '/' | '?' | '#' | '"') || letter.is_whitespace();
    text.match_indices("://").any(|(at, separator)| {
        let authority = text[at + separator.len()..].split(ends).next().unwrap_or_default();
        authority.rsplit_once('@').is_some_and(|(login, _)| login.contains(':'))
    })
}

/// Whether a URL with a password or a private key stands in the text: nobody can say where they end, so that nothing of it is
/// fit to be seen.
#[must_use]
pub fn is_secret_as_a_whole(text: &str) -> bool {
    has_url_password(text) || text.contains(PEM)
}

/// Whether a key, a token, a private key or a URL with a password stands in the text.
#[must_use]
pub fn has_secret(text: &str) -> bool {
    is_secret_as_a_whole(text) || has_token(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whole_keys_are_found_and_their_beginnings_are_not() {
        for kind in ["sk_", "op_", "os_", "oc_", "sk_live_", "sk_test_", "whsec_", "hvs.", "AKIA", "eyJ"] {
            let token = format!("{kind}0123456789abcdefghijklmnopqrstuvwxyzABCDEFG");
            let text = format!("before_{token}?after");
            assert!(has_secret(&text), "{kind}");
            assert!(keys(&text).contains(&(7..7 + token.len())), "{kind}: {:?}", keys(&text));
            assert!(!has_secret(&token[..12]), "{kind}");
        }
        // Base64 has slashes.
        let secret = "whsec_MfKQ/r8GKYqrTwjUPD8ILPZIo2LaLaSw+/8=";
        assert_eq!(keys(secret), std::slice::from_ref(&(0..secret.len())));
        for harmless in [
            "",
            "op_erator",
            "risk_0123456789abcdefghijkl",
            "os_upgrade_of_everything_at_once",
            "sk_0123456789abcdefg",
            "eyJust a long sentence about eyes.",
        ] {
            assert!(!has_secret(harmless), "{harmless}");
        }
    }

    #[test]
    fn names_urls_and_signed_tokens_are_recognised() {
        for name in ["password", "X-Api-Key", "webhook_secret", "TOKEN", "database_url"] {
            assert!(is_secret_name(name), "{name}");
        }
        for name in ["api_key_id", "tokens", "secrets_read", "q", "cookies", "broken"] {
            assert!(!is_secret_name(name), "{name}");
        }
        assert!(has_url_password("see https://a.example and postgresql://app:hunter2@db/acme"));
        assert!(has_url_password(r#"{"to":"redis://:hunter2@cache"}"#));
        assert!(!has_url_password("https://example.com/a:b@c") && !has_url_password("at https://a:8443/x"));
        // Another word, and another value, are none of its login.
        assert!(!has_url_password("https://a.example at:noon me@b.example"));
        assert!(!has_url_password(r#"{"url":"https://a.example","mail":"me@b.example"}"#));
        assert!(has_secret("x=eyJhbGciOiJFUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmVk"));
        assert!(has_secret("-----BEGIN PRIVATE KEY-----"));
    }
}
