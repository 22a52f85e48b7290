//! The text that is hashed: every stored value as a netstring, `-` for null, so that no two rows have the same.

use aws_lc_rs::digest::{SHA256, digest};
use uuid::Uuid;

/// The form of the text; a further form gets a further name.
const FORM: &str = "sixty-audit-1";

/// What the first row of a chain continues. It names the chain, so that no chain can take another's place.
pub(crate) fn genesis(chain: Uuid) -> Vec<u8> {
    digest(&SHA256, format!("{FORM}:{chain}").as_bytes()).as_ref().to_vec()
}

/// The hash of a row: of its values in the order of the migration's `admin_audit_row_hash`.
pub(crate) fn row_hash<'a>(values: impl IntoIterator<Item = Option<&'a str>>) -> Vec<u8> {
    let mut text = String::with_capacity(512);
    field(&mut text, Some(FORM));
    for value in values {
        field(&mut text, value);
    }
    digest(&SHA256, text.as_bytes()).as_ref().to_vec()
}

fn field(text: &mut String, value: Option<&str>) {
    match value {
        None => text.push('-'),
        Some(value) => {
            text.push_str(&value.len().to_string());
            text.push(':');
            text.push_str(value);
            text.push(',');
        }
    }
}

#[cfg(test)]
mod tests {
    use super::row_hash;

    #[test]
    fn no_value_reaches_into_the_next() {
        assert_ne!(row_hash([Some("ab"), Some("c")]), row_hash([Some("a"), Some("bc")]));
        assert_ne!(row_hash([Some("1:a,"), None]), row_hash([Some("a"), None]));
        assert_ne!(row_hash([None]), row_hash([Some("-")]));
        assert_ne!(row_hash([None]), row_hash([Some("")]));
    }
}
