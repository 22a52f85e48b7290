//! The header `Idempotency-Key`, bare or quoted: the same keys as on the customer API.

use http::HeaderMap;
use problem::Problem;

const HEADER: &str = "Idempotency-Key";

/// The longest key, in characters.
const LONGEST: usize = 255;

/// The caller's key, if there is one.
pub(super) fn of(headers: &HeaderMap) -> Result<Option<String>, Problem> {
    let wrong = |message: &str| Err(Problem::field(HEADER, message));
    let mut values = headers.get_all(HEADER).iter();
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
        Some(key) if key.len() > LONGEST => wrong("is longer than 255 characters"),
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
    use super::*;

    fn key(values: &[&'static str]) -> Option<Option<String>> {
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append(HEADER, value.parse().unwrap());
        }
        of(&headers).ok()
    }

    #[test]
    fn a_key_is_bare_or_quoted() {
        assert_eq!(key(&[]), Some(None));
        for (text, expected) in [("a-b", "a-b"), (" two words ", "two words"), (r#""q\"x""#, r#"q"x"#)] {
            assert_eq!(key(&[text]), Some(Some(expected.to_owned())), "{text}");
        }
        for wrong in ["", " ", "\"", "\"open", "\"a\"b\"", "\"\"", "a\tb"] {
            assert_eq!(key(&[wrong]), None, "{wrong}");
        }
        assert_eq!(key(&["a", "a"]), None);
    }
}
