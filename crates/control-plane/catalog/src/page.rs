//! Pages of long lists. A cursor names the last row that was seen (its sort value and its id), so that a page is
//! found through an index however far down it is, and rows that come and go meanwhile move nothing.

use std::fmt;
use std::str::FromStr;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{DateTime, SecondsFormat, TimeDelta, Utc};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// Where a page ended. Opaque to whoever carries it: [`Display`](fmt::Display) writes it, [`FromStr`] reads it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cursor {
    /// By what the list was sorted, so that a cursor can't be used with another order.
    #[serde(rename = "s")]
    pub(crate) sort: String,
    /// The last row's value of it.
    #[serde(rename = "v")]
    pub(crate) value: String,
    /// The last row.
    #[serde(rename = "i")]
    pub(crate) id: Uuid,
}

/// The text is not a cursor of this list and order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("is not a cursor of this list in this order: use the next_cursor of the page before")]
pub struct InvalidCursor;

impl Cursor {
    pub(crate) fn at(sort: &str, time: DateTime<Utc>, id: Uuid) -> Self {
        Self { sort: sort.to_owned(), value: time.to_rfc3339_opts(SecondsFormat::Micros, true), id }
    }

    /// The last row's time, when the list is sorted by a time.
    pub(crate) fn time(&self) -> Result<DateTime<Utc>, InvalidCursor> {
        self.value.parse().map_err(|_| InvalidCursor)
    }

    /// The last row's text, when the list is sorted by one. PostgreSQL has no text with a zero.
    pub(crate) fn text(&self) -> Result<&str, InvalidCursor> {
        if self.value.contains('\0') { Err(InvalidCursor) } else { Ok(&self.value) }
    }
}

impl fmt::Display for Cursor {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let json = serde_json::to_vec(self).map_err(|_| fmt::Error)?;
        formatter.write_str(&URL_SAFE_NO_PAD.encode(json))
    }
}

impl FromStr for Cursor {
    type Err = InvalidCursor;

    fn from_str(text: &str) -> Result<Self, InvalidCursor> {
        let json = URL_SAFE_NO_PAD.decode(text).map_err(|_| InvalidCursor)?;
        serde_json::from_slice(&json).map_err(|_| InvalidCursor)
    }
}

impl From<InvalidCursor> for crate::CatalogError {
    fn from(_: InvalidCursor) -> Self {
        Self::Invalid { constraint: "cursor".to_owned() }
    }
}

/// Which page of a list.
#[derive(Debug, Clone)]
pub struct PageRequest {
    /// At most so many rows.
    pub limit: u32,
    /// After this row; from the beginning without.
    pub cursor: Option<Cursor>,
}

impl Default for PageRequest {
    fn default() -> Self {
        Self { limit: 50, cursor: None }
    }
}

impl PageRequest {
    /// The cursor, if it belongs to a list of this order.
    pub(crate) fn cursor_of(&self, sort: &str) -> Result<Option<&Cursor>, InvalidCursor> {
        match &self.cursor {
            Some(cursor) if cursor.sort != sort => Err(InvalidCursor),
            cursor => Ok(cursor.as_ref()),
        }
    }

    /// The number of rows to ask for: one more than wanted tells whether there is a next page.
    pub(crate) fn rows_to_read(&self) -> i64 {
        i64::from(self.limit) + 1
    }
}

/// A part of a list.
#[derive(Debug, Clone, Serialize)]
pub struct Page<T> {
    /// The rows.
    pub data: Vec<T>,
    /// Where to go on; `None` at the end.
    #[serde(serialize_with = "as_text")]
    pub next_cursor: Option<Cursor>,
}

impl<T> Page<T> {
    /// The page of rows that were read with [`PageRequest::rows_to_read`].
    pub(crate) fn of(mut data: Vec<T>, request: &PageRequest, cursor: impl Fn(&T) -> Cursor) -> Self {
        let limit = request.limit as usize;
        let has_more = data.len() > limit;
        data.truncate(limit);
        let next_cursor = if has_more { data.last().map(cursor) } else { None };
        Self { data, next_cursor }
    }

    /// The same page of what is made of its rows.
    pub(crate) fn map<R>(self, view: impl Fn(T) -> R) -> Page<R> {
        Page { data: self.data.into_iter().map(view).collect(), next_cursor: self.next_cursor }
    }
}

fn as_text<S: serde::Serializer>(cursor: &Option<Cursor>, serializer: S) -> Result<S::Ok, S::Error> {
    cursor.as_ref().map(ToString::to_string).serialize(serializer)
}

/// A span of time; an open end has no bound.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct TimeRange {
    /// Not before this moment.
    pub from: Option<DateTime<Utc>>,
    /// Before this moment.
    pub until: Option<DateTime<Utc>>,
}

impl TimeRange {
    /// The range without what is before the moment (`gte`).
    #[must_use]
    pub fn at_or_after(self, moment: DateTime<Utc>) -> Self {
        Self { from: self.from.max(Some(moment)), ..self }
    }

    /// The range without the moment and what is before it (`gt`). PostgreSQL's clock ticks in microseconds.
    #[must_use]
    pub fn after(self, moment: DateTime<Utc>) -> Self {
        self.at_or_after(moment + TimeDelta::microseconds(1))
    }

    /// The range without the moment and what is after it (`lt`).
    #[must_use]
    pub fn before(self, moment: DateTime<Utc>) -> Self {
        Self { until: Some(self.until.map_or(moment, |until| until.min(moment))), ..self }
    }

    /// The range without what is after the moment (`lte`).
    #[must_use]
    pub fn at_or_before(self, moment: DateTime<Utc>) -> Self {
        self.before(moment + TimeDelta::microseconds(1))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_reads_back_and_rubbish_does_not() {
        let cursor = Cursor::at("-created_at", Utc::now(), Uuid::now_v7());
        assert_eq!(cursor.to_string().parse::<Cursor>().unwrap(), cursor);
        for rubbish in ["", "x", "e30", "bnVsbA", "\0"] {
            assert_eq!(rubbish.parse::<Cursor>().unwrap_err(), InvalidCursor, "{rubbish:?}");
        }
        let request = PageRequest { limit: 1, cursor: Some(cursor) };
        assert!(request.cursor_of("-created_at").unwrap().is_some());
        assert!(request.cursor_of("company_name").is_err());
    }

    #[test]
    fn a_range_keeps_the_narrowest_bounds() {
        let now = Utc::now();
        let day = TimeDelta::days(1);
        let range = TimeRange::default()
            .at_or_after(now)
            .at_or_after(now - day)
            .before(now + day)
            .before(now + day * 2);
        assert_eq!(range, TimeRange { from: Some(now), until: Some(now + day) });
    }
}
