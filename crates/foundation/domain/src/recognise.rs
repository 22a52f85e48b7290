//! Recognising what looks like a secret, for places that are no place for one: addresses, kept queries, the audit log.
//!
//! Nobody can be sure: a password may look like any word. This finds what has a form that secrets have and little else does.

/// The beginnings of what lets somebody in here, and of the keys of those with whom we have to do. Longer ones first.
const TOKENS: [&str; 7] = ["sk_live_", "sk_test_", "whsec_", "sk_", "op_", "os_", "oc_"];
/// How many characters after the beginning may be seen anywhere: lists show keys by them.
const LONGEST_SHOWN: usize = 17;

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

/// The shortest that a signed token (`eyJ...`) is: anything that carries a signature is longer.
const SHORTEST_SIGNED: usize = 24;

/// Whether a whole key or token stands in the text; the beginning of one, as lists show it, is none.
#[must_use]
pub fn has_token(text: &str) -> bool {
    text.split(|letter: char| !letter.is_ascii_alphanumeric() && letter != '_').any(is_token)
}

fn is_token(word: &str) -> bool {
    let body = TOKENS.iter().find_map(|kind| word.strip_prefix(kind)).unwrap_or_default();
    body.len() > LONGEST_SHOWN && body.bytes().all(|byte| byte.is_ascii_alphanumeric())
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

/// Whether a URL with a password stands in the text.
#[must_use]
pub fn has_url_password(text: &str) -> bool {
    let mut rest = text;
    while let Some((_, after)) = rest.split_once("://") {
        let authority = after.split(['/', '?', '#']).next().unwrap_or_default();
        if authority.rsplit_once('@').is_some_and(|(login, _)| login.contains(':')) {
            return true;
        }
        rest = after;
    }
    false
}

/// Whether a key, a token, a private key or a URL with a password stands in the text.
#[must_use]
pub fn has_secret(text: &str) -> bool {
    let is_of_signed =
        |letter: char| letter.is_ascii_alphanumeric() || letter == '_' || letter == '-' || letter == '.';
    let is_signed = |word: &str| {
        word.len() >= SHORTEST_SIGNED
            && word.starts_with("eyJ")
            && word.bytes().filter(|byte| *byte == b'.').count() >= 2
    };
    has_token(text)
        || has_url_password(text)
        || text.contains("-----BEGIN")
        || text.split(|letter: char| !is_of_signed(letter)).any(is_signed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whole_keys_are_found_and_their_beginnings_are_not() {
        for kind in ["sk_", "op_", "os_", "oc_"] {
            let token = format!("{kind}0123456789abcdefghijklmnopqrstuvwxyzABCDEFG");
            assert!(has_token(&token) && has_secret(&format!("before/{token}?after")), "{kind}");
            assert!(!has_secret(&token[..12]), "{kind}");
        }
        assert!(has_token("sk_live_0123456789abcdefghijkl") && has_token("whsec_0123456789abcdefghijkl"));
        for harmless in ["", "op_erator", "risk_0123456789abcdefghijkl", "os_upgrade_of_everything_at_once"] {
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
        assert!(!has_url_password("https://example.com/a:b@c") && !has_url_password("at https://a:8443/x"));
        assert!(has_secret("x=eyJhbGciOiJFUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmVk"));
        assert!(
            has_secret("-----BEGIN PRIVATE KEY-----") && !has_secret("eyJust a long sentence about eyes.")
        );
    }
}
