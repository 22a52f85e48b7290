//! Times as people write and read them.

use std::str::FromStr;

use chrono::{DateTime, NaiveDate, NaiveTime, SecondsFormat, TimeDelta, Utc};

/// A span from now on, such as `90d`, `12h`, `30m` or `2w`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Span(TimeDelta);

impl FromStr for Span {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || format!("{text:?} is not a time span: write a number and m, h, d or w, such as 90d");
        let unit = text.chars().next_back().ok_or_else(wrong)?;
        let seconds = match unit {
            'm' => 60,
            'h' => 60 * 60,
            'd' => 24 * 60 * 60,
            'w' => 7 * 24 * 60 * 60,
            _ => return Err(wrong()),
        };
        let number: u32 = text[..text.len() - unit.len_utf8()].parse().map_err(|_| wrong())?;
        // A hundred years are more than any key lives, and safe to add to any date.
        let span = TimeDelta::seconds(i64::from(number) * seconds);
        if number == 0 || span > TimeDelta::days(36_500) {
            return Err(wrong());
        }
        Ok(Self(span))
    }
}

impl Span {
    /// The time at the end of the span, as the API takes it.
    pub(crate) fn end_from_now(self) -> String {
        (Utc::now() + self.0).to_rfc3339_opts(SecondsFormat::Secs, true)
    }
}

/// A span in seconds for which two keys go side by side: a [`Span`], or `0` for not at all.
pub(crate) fn overlap(text: &str) -> Result<i64, String> {
    if text == "0" {
        return Ok(0);
    }
    text.parse::<Span>().map(|span| span.0.num_seconds())
}

/// A day or a moment, in UTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Moment(DateTime<Utc>);

impl FromStr for Moment {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let moment = match text.parse::<NaiveDate>() {
            Ok(day) => day.and_time(NaiveTime::MIN).and_utc(),
            Err(_) => text.parse::<DateTime<Utc>>().map_err(|_| {
                format!(
                    "{text:?} is neither a day such as 2026-11-05 nor a time such as 2026-11-05T12:00:00Z"
                )
            })?,
        };
        Ok(Self(moment))
    }
}

impl Moment {
    /// As the API takes it.
    pub(crate) fn to_text(self) -> String {
        self.0.to_rfc3339_opts(SecondsFormat::AutoSi, true)
    }
}

/// A time of the API in a table: to the minute, in UTC.
pub(crate) fn short(time: Option<DateTime<Utc>>) -> String {
    time.map_or_else(|| "-".to_owned(), |time| time.format("%Y-%m-%d %H:%M").to_string())
}

/// How long something took or has been taking.
pub(crate) fn taken(started: Option<DateTime<Utc>>, finished: Option<DateTime<Utc>>) -> String {
    let Some((started, finished)) = started.zip(finished) else { return "-".to_owned() };
    let milliseconds = (finished - started).num_milliseconds().max(0);
    match milliseconds {
        0..1_000 => format!("{milliseconds} ms"),
        1_000..120_000 => format!("{}.{} s", milliseconds / 1_000, milliseconds % 1_000 / 100),
        _ => format!("{} min {} s", milliseconds / 60_000, milliseconds % 60_000 / 1_000),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_have_a_number_and_a_unit() {
        assert_eq!("90d".parse(), Ok(Span(TimeDelta::days(90))));
        assert_eq!("30m".parse(), Ok(Span(TimeDelta::minutes(30))));
        assert_eq!("2w".parse(), Ok(Span(TimeDelta::days(14))));
        for wrong in ["", "d", "90", "-1d", "0h", "1.5d", "9999999d", "90 d", "é", "1é"] {
            assert!(wrong.parse::<Span>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_moment_is_a_day_or_a_time() {
        let text = |text: &str| text.parse::<Moment>().map(Moment::to_text);
        assert_eq!(text("2026-11-05").unwrap(), "2026-11-05T00:00:00Z");
        assert_eq!(text("2026-11-05T12:00:00+01:00").unwrap(), "2026-11-05T11:00:00Z");
        assert!(text("yesterday").is_err() && text("2026-13-01").is_err());
        assert_eq!((overlap("0"), overlap("24h")), (Ok(0), Ok(86_400)));
        assert!(overlap("-1h").is_err() && overlap("0h").is_err());
    }

    #[test]
    fn a_duration_is_told_in_the_unit_that_fits() {
        let begun = DateTime::UNIX_EPOCH;
        let after = |milliseconds| taken(Some(begun), Some(begun + TimeDelta::milliseconds(milliseconds)));
        assert_eq!([after(7), after(1_250), after(125_000)], ["7 ms", "1.2 s", "2 min 5 s"]);
        assert_eq!(taken(Some(begun), None), "-");
    }
}
