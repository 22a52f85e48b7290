//! The opaque text that leads from a page to the next one.
//!
//! It holds the sort's values of the page's last object, and a fingerprint of the list's sort and filters: the place
//! has no meaning in another list. It holds nothing that its owner hasn't seen, so it needs no seal, and whoever
//! changes it only reads another part of their own list.

use aws_lc_rs::digest;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::Value as Json;

use crate::list::ListQuery;
use crate::spec::{Kind, ResourceSpec};
use crate::value::{Value, Wrong};

/// What a cursor of this list is bound to: everything that decides which objects follow which, so not the page's size.
pub(crate) fn fingerprint(spec: &ResourceSpec, query: &ListQuery, parameters: &[(String, String)]) -> String {
    let mut decisive: Vec<_> =
        parameters.iter().filter(|(name, _)| !matches!(name.as_str(), "limit" | "cursor" | "sort")).collect();
    decisive.sort();
    let sort: Vec<_> = query.sort.iter().map(|sort| (sort.column.name, sort.descending)).collect();
    let text = format!("{}\n{sort:?}\n{decisive:?}", spec.path);
    hex::encode(&digest::digest(&digest::SHA256, text.as_bytes()).as_ref()[..8])
}

/// Writes the cursor that follows the object.
pub(crate) fn write(query: &ListQuery, last: &Json) -> String {
    let mut parts = vec![Json::String(query.fingerprint.clone())];
    parts.extend(query.sort.iter().map(|sort| last.get(sort.column.name).cloned().unwrap_or_default()));
    URL_SAFE_NO_PAD.encode(Json::Array(parts).to_string())
}

/// Reads a cursor of this list.
pub(crate) fn read(cursor: &str, query: &ListQuery) -> Result<Vec<Value>, Wrong> {
    let malformed = || Wrong::new("is not a cursor that this server gave: begin again without it");
    let bytes = URL_SAFE_NO_PAD.decode(cursor).map_err(|_| malformed())?;
    let parts: Vec<Json> = serde_json::from_slice(&bytes).map_err(|_| malformed())?;
    let (fingerprint, values) = parts.split_first().ok_or_else(malformed)?;
    if fingerprint.as_str() != Some(query.fingerprint.as_str()) {
        return Err(Wrong::new(
            "belongs to a list with another sort or other filters: begin again without it",
        ));
    }
    if values.len() != query.sort.len() {
        return Err(malformed());
    }
    let read = |(sort, json): (&crate::list::Sort, &Json)| match json {
        Json::Null if sort.column.nullable => Ok(Value::Null),
        // Whatever is stored can be a place in the list, even if today's limits wouldn't take it any more.
        Json::String(text) if is_free_text(sort.column.kind) && !text.contains('\0') => {
            Ok(Value::Text(text.clone()))
        }
        json => Value::from_json(sort.column.kind, json).map_err(|_| malformed()),
    };
    query.sort.iter().zip(values).map(read).collect()
}

fn is_free_text(kind: Kind) -> bool {
    matches!(kind, Kind::Text(_) | Kind::Email | Kind::Url | Kind::TimeZone | Kind::Currency | Kind::Enum(_))
}
