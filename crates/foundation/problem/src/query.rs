//! The query string, strictly: every name once, and nothing that isn't text.

use percent_encoding::percent_decode_str;

use crate::{FieldError, Problem};

/// The parameters of a query string in the order in which they were given.
///
/// # Errors
/// 400 with every parameter that is given twice, isn't UTF-8, or has a NUL, which PostgreSQL can't store.
pub fn query_parameters(query: Option<&str>) -> Result<Vec<(String, String)>, Problem> {
    let mut parameters: Vec<(String, String)> = Vec::new();
    let mut errors = Vec::new();
    for pair in query.unwrap_or_default().split('&').filter(|pair| !pair.is_empty()) {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        let Some(name) = decode(name) else {
            errors.push(FieldError::new("query", "a parameter's name is not valid UTF-8"));
            continue;
        };
        let Some(value) = decode(value) else {
            errors.push(FieldError::new(name, "is not valid UTF-8"));
            continue;
        };
        if parameters.iter().any(|(known, _)| *known == name) {
            errors.push(FieldError::new(name, "is given twice"));
        } else if value.contains('\0') {
            errors.push(FieldError::new(name, "must not contain the character U+0000"));
        } else {
            parameters.push((name, value));
        }
    }
    if errors.is_empty() { Ok(parameters) } else { Err(Problem::fields(errors)) }
}

fn decode(text: &str) -> Option<String> {
    let text = text.replace('+', " ");
    percent_decode_str(&text).decode_utf8().ok().map(std::borrow::Cow::into_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_are_decoded_once() {
        let parsed = query_parameters(Some("a=1&b%5Bgte%5D=2%2B3&c=x+y&d")).unwrap();
        let expected = [("a", "1"), ("b[gte]", "2+3"), ("c", "x y"), ("d", "")];
        assert_eq!(parsed, expected.map(|(name, value)| (name.to_owned(), value.to_owned())));
        assert!(query_parameters(None).unwrap().is_empty());
        for wrong in ["a=1&a=2", "a=%ff", "%ff=a", "a=%00"] {
            assert!(query_parameters(Some(wrong)).is_err(), "{wrong}");
        }
        let errors = query_parameters(Some("q=%00&limit=1")).unwrap_err().errors;
        assert_eq!(errors, [FieldError::new("q", "must not contain the character U+0000")]);
    }
}
