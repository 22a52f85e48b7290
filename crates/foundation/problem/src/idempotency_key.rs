//! The header `Idempotency-Key`, the same on every API.

use http::HeaderMap;

use crate::Problem;

/// The header.
pub const IDEMPOTENCY_KEY: &str = "Idempotency-Key";

/// The longest key, in characters.
pub const LONGEST_IDEMPOTENCY_KEY: usize = 255;

/// The key: bare, or a string of structured fields (RFC 9651) as the IETF draft has it. Both mean the same key. `None` without
/// the header.
///
/// # Errors
/// 400 when it is given twice, empty, too long, or no printable ASCII.
pub fn idempotency_key(headers: &HeaderMap) -> Result<Option<String>, Problem> {
    let wrong = |message: &str| Err(Problem::field(IDEMPOTENCY_KEY, message));
    let mut values = headers.get_all(IDEMPOTENCY_KEY).iter();
    let Some(value) = values.next() else { return Ok(None) };
    if values.next().is_some() {
        return wrong("is given twice");
    }
    // Text only if it is printable ASCII, and perhaps tabs.
    let Some(text) = value.to_str().ok().filter(|text| !text.contains('\t')).map(str::trim) else {
        return wrong("must be printable ASCII characters");
    };
    let key = if text.starts_with('"') { unquoted(text) } else { Some(text.to_owned()) };
    match key {
        None => wrong("begins with a quotation mark, but isn't a quoted string"),
        Some(key) if key.is_empty() => wrong("is empty: send a new random text with every new request"),
        Some(key) if key.len() > LONGEST_IDEMPOTENCY_KEY => {
            wrong(&format!("is longer than {LONGEST_IDEMPOTENCY_KEY} characters"))
        }
        key => Ok(key),
    }
}

/// What stands between the quotation marks, which only a backslash may go before.
fn unquoted(text: &str) -> Option<String> {
    let inner = text.strip_prefix('"')?.strip_suffix('"').filter(|_| text.len() > 1)?;
    let mut key = String::new();
    let mut characters = inner.chars();
    while let Some(character) = characters.next() {
        match character {
            '"' => return None,
            '\\' => key.push(characters.next().filter(|escaped| matches!(escaped, '"' | '\\'))?),
            other => key.push(other),
        }
    }
    Some(key)
}

#[cfg(test)]
mod tests {
    use http::{HeaderValue, StatusCode};

    use super::*;

    fn of(values: &[&[u8]]) -> Result<Option<String>, Problem> {
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append(IDEMPOTENCY_KEY, HeaderValue::from_bytes(value).unwrap());
        }
        idempotency_key(&headers)
    }

    #[test]
    fn a_key_is_bare_or_quoted() {
        assert_eq!(of(&[]).unwrap(), None);
        for (sent, meant) in [
            ("8e03978e-40d5", "8e03978e-40d5"),
            ("\"8e03978e-40d5\"", "8e03978e-40d5"),
            ("\" a b \"", " a b "),
            (r#""a\"b\\c""#, r#"a"b\c"#),
            (r#"a"b"#, r#"a"b"#),
            ("  spaces around ", "spaces around"),
            (" two words ", "two words"),
            (r#""q\"x""#, r#"q"x"#),
        ] {
            assert_eq!(of(&[sent.as_bytes()]).unwrap().as_deref(), Some(meant), "{sent}");
        }
        let longest = "k".repeat(LONGEST_IDEMPOTENCY_KEY);
        assert_eq!(of(&[longest.as_bytes()]).unwrap(), Some(longest.clone()));
        assert_eq!(of(&[format!("\"{longest}\"").as_bytes()]).unwrap(), Some(longest));
    }

    #[test]
    fn what_is_no_key_is_refused() {
        let too_long = "k".repeat(LONGEST_IDEMPOTENCY_KEY + 1);
        for wrong in [
            "", " ", "\"\"", "\"open", "\"", "\"a", "\"a\"b", "\"a\"b\"", r#""a\b""#, r#""a\""#, "a\tb", "ä",
            &too_long,
        ] {
            let problem = of(&[wrong.as_bytes()]).unwrap_err();
            assert_eq!(problem.status(), StatusCode::BAD_REQUEST, "{wrong}");
            assert!(problem.detail().starts_with(IDEMPOTENCY_KEY), "{wrong}: {}", problem.detail());
        }
        assert!(of(&[b"a", b"a"]).is_err());
        assert!(of(&[b"\xff"]).is_err());
    }
}
