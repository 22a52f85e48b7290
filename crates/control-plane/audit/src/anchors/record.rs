//! One anchor: made, signed, and read again.

use chrono::{DateTime, Utc};
use secrets::token::sha256_hex;
use secrets::{SigningKey, VerifyingKey};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// The form of the text; a further form gets a further name.
const FORM: &str = "sixty-anchor-1";

/// How far a chain has come.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AnchoredHead {
    /// The chain.
    pub chain: Uuid,
    /// Its last row's place.
    pub sequence: i64,
    /// Its last row's hash.
    pub hash: Vec<u8>,
}

/// How far some chains had come at a moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Anchor {
    /// When.
    pub at: DateTime<Utc>,
    /// The hash of the line before; `None` for the first.
    pub previous: Option<String>,
    /// The chains that had grown.
    pub heads: Vec<AnchoredHead>,
}

/// An anchor that proves nothing.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{file} line {line}: {reason}")]
pub struct BadAnchor {
    /// Where it is.
    pub file: String,
    /// Which line.
    pub line: usize,
    /// Why it proves nothing.
    pub reason: &'static str,
}

/// Why a line is no anchor that proves anything.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NoAnchor {
    /// It isn't one, or half of one.
    Torn,
    /// It looks like one, and proves nothing.
    Bad(&'static str),
}

/// A line.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Line {
    /// What is signed, exactly as it stands: JSON in a text.
    anchor: String,
    key: String,
    signature: String,
}

/// What is in the text.
#[derive(Serialize, Deserialize)]
struct Body {
    form: String,
    at: DateTime<Utc>,
    previous: Option<String>,
    heads: Vec<(Uuid, i64, String)>,
}

impl Anchor {
    /// The anchor as a signed line, without its end.
    pub(crate) fn line(&self, key: &SigningKey) -> Result<String, serde_json::Error> {
        let head = |head: &AnchoredHead| (head.chain, head.sequence, hex::encode(&head.hash));
        let body = Body {
            form: FORM.to_owned(),
            at: self.at,
            previous: self.previous.clone(),
            heads: self.heads.iter().map(head).collect(),
        };
        let anchor = serde_json::to_string(&body)?;
        let signature = key.sign(&anchor);
        serde_json::to_string(&Line { anchor, key: key.verifying_key().to_string(), signature })
    }

    /// Reads a line that one of these keys signed; any key, when none is named.
    pub(crate) fn read(line: &str, trusted: &[VerifyingKey]) -> Result<Self, NoAnchor> {
        let line: Line = serde_json::from_str(line).map_err(|_| NoAnchor::Torn)?;
        let key: VerifyingKey = line.key.parse().map_err(|_| NoAnchor::Torn)?;
        if !trusted.is_empty() && !trusted.contains(&key) {
            return Err(NoAnchor::Bad("it was signed with a key that isn't among those that were named"));
        }
        if !key.verifies(&line.anchor, &line.signature) {
            return Err(NoAnchor::Bad("its signature is wrong"));
        }
        let body: Body = serde_json::from_str(&line.anchor).map_err(|_| NoAnchor::Torn)?;
        if body.form != FORM {
            return Err(NoAnchor::Bad("it is of a form that this version doesn't know"));
        }
        let head = |(chain, sequence, hash): (Uuid, i64, String)| {
            hex::decode(hash).map(|hash| AnchoredHead { chain, sequence, hash })
        };
        let heads = body.heads.into_iter().map(head).collect::<Result<_, _>>().map_err(|_| NoAnchor::Torn)?;
        Ok(Self { at: body.at, previous: body.previous, heads })
    }
}

/// By which the next line names this one.
pub(crate) fn name_of(line: &str) -> String {
    sha256_hex(line)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_anchor_reads_back_and_no_byte_of_it_can_change() {
        let key = SigningKey::generate().unwrap();
        let anchor = Anchor {
            at: Utc::now(),
            previous: None,
            heads: vec![AnchoredHead { chain: Uuid::nil(), sequence: 7, hash: vec![1; 32] }],
        };
        let line = anchor.line(&key).unwrap();
        let trusted = [key.verifying_key()];
        assert_eq!(Anchor::read(&line, &trusted).unwrap(), anchor);
        assert_eq!(Anchor::read(&line, &[]).unwrap(), anchor);
        let stranger = SigningKey::generate().unwrap();
        assert!(Anchor::read(&anchor.line(&stranger).unwrap(), &trusted).is_err());
        for (at, _) in line.char_indices() {
            let mut changed = line.clone().into_bytes();
            changed[at] ^= 1;
            if let Ok(changed) = String::from_utf8(changed) {
                assert!(Anchor::read(&changed, &trusted).is_err(), "{changed}");
            }
        }
    }
}
