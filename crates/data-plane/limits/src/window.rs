//! The windows of calendar periods, by the clocks of a time zone.

use chrono::{
    DateTime, Datelike, Days, Months, NaiveDate, NaiveDateTime, NaiveTime, TimeDelta, TimeZone, Utc,
};
use chrono_tz::Tz;

use crate::policy::{CalendarUnit, Period};

/// A span of time in which requests are counted together: from `start_ms` on, before `end_ms`. Milliseconds since
/// 1970 in UTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Window {
    /// None when only the end is known.
    pub(crate) start_ms: Option<i64>,
    /// None when nobody has said when it ends.
    pub(crate) end_ms: Option<i64>,
}

impl Window {
    /// The window of a period at a moment; none for a sliding period.
    pub(crate) fn at(period: &Period, now_ms: i64) -> Option<Self> {
        match *period {
            Period::Sliding(_) => None,
            Period::Calendar { unit, time_zone } => Some(calendar(unit, time_zone, now_ms)),
            Period::Until(end) => {
                let end = end.timestamp_millis();
                Some(if now_ms < end {
                    Self { start_ms: None, end_ms: Some(end) }
                } else {
                    Self { start_ms: Some(end), end_ms: None }
                })
            }
        }
    }

    pub(crate) fn contains(&self, now_ms: i64) -> bool {
        self.start_ms.is_none_or(|start| start <= now_ms) && self.end_ms.is_none_or(|end| now_ms < end)
    }

    /// Whether a count in this window goes on. Clocks that are compared again and again waver by milliseconds: a
    /// window that has begun stays begun.
    pub(crate) fn still_holds(&self, now_ms: i64) -> bool {
        const WAVER_MS: i64 = 5_000;
        self.contains(now_ms)
            || self.start_ms.is_some_and(|start| (start - WAVER_MS..start).contains(&now_ms))
    }

    /// The whole length in seconds, when both ends are known.
    pub(crate) fn seconds(&self) -> Option<u64> {
        let (start, end) = (self.start_ms?, self.end_ms?);
        Some(whole_seconds(end - start))
    }

    /// The seconds until the end, rounded up; none when nobody has said when it ends.
    pub(crate) fn seconds_left(&self, now_ms: i64) -> Option<u64> {
        self.end_ms.map(|end| whole_seconds(end - now_ms))
    }

    /// How the window is named in Redis.
    pub(crate) fn name(&self) -> String {
        match (self.start_ms, self.end_ms) {
            (Some(start), _) => start.to_string(),
            (None, Some(end)) => format!("before{end}"),
            (None, None) => String::new(),
        }
    }
}

/// Milliseconds as seconds, rounded up, at least 1.
fn whole_seconds(milliseconds: i64) -> u64 {
    u64::try_from(milliseconds).unwrap_or(0).div_ceil(1000).max(1)
}

fn calendar(unit: CalendarUnit, time_zone: Tz, now_ms: i64) -> Window {
    let now = DateTime::<Utc>::from_timestamp_millis(now_ms).unwrap_or_default();
    let today = now.with_timezone(&time_zone).date_naive();
    let window = around(unit, time_zone, today);
    // Clocks that are set back over midnight show an evening again after the next day has begun. It stays begun.
    match (window.end_ms, today.succ_opt()) {
        (Some(end), Some(tomorrow)) if end <= now_ms => around(unit, time_zone, tomorrow),
        _ => window,
    }
}

/// The day or month that a date lies in.
fn around(unit: CalendarUnit, time_zone: Tz, date: NaiveDate) -> Window {
    let (first, next) = match unit {
        CalendarUnit::Day => (date, date.checked_add_days(Days::new(1))),
        CalendarUnit::Month => {
            let first = date.with_day(1).unwrap_or(date);
            (first, first.checked_add_months(Months::new(1)))
        }
    };
    Window {
        start_ms: Some(begin(first, time_zone).timestamp_millis()),
        end_ms: next.map(|next| begin(next, time_zone).timestamp_millis()),
    }
}

/// The first moment of a date. Where clocks are set forward over midnight, the day begins after the gap.
fn begin(date: NaiveDate, time_zone: Tz) -> DateTime<Utc> {
    let mut local = NaiveDateTime::new(date, NaiveTime::MIN);
    // The longest gap of any zone is a whole day (Samoa, 2011), in steps of a quarter of an hour.
    for _ in 0..=100 {
        if let Some(found) = time_zone.from_local_datetime(&local).earliest() {
            return found.with_timezone(&Utc);
        }
        local += TimeDelta::minutes(15);
    }
    Utc.from_utc_datetime(&local)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn milliseconds(text: &str) -> i64 {
        text.parse::<DateTime<Utc>>().unwrap().timestamp_millis()
    }

    fn window(unit: CalendarUnit, zone: &str, now: &str) -> (String, String) {
        let period = Period::Calendar { unit, time_zone: zone.parse().unwrap() };
        let window = Window::at(&period, milliseconds(now)).unwrap();
        let show = |moment: Option<i64>| {
            DateTime::<Utc>::from_timestamp_millis(moment.unwrap()).unwrap().format("%FT%TZ").to_string()
        };
        (show(window.start_ms), show(window.end_ms))
    }

    fn hours(unit: CalendarUnit, zone: &str, now: &str) -> u64 {
        let period = Period::Calendar { unit, time_zone: zone.parse().unwrap() };
        Window::at(&period, milliseconds(now)).unwrap().seconds().unwrap() / 3600
    }

    #[test]
    fn days_and_months_are_those_of_the_time_zone() {
        use CalendarUnit::{Day, Month};
        let pair = |start: &str, end: &str| (start.to_owned(), end.to_owned());
        for (unit, zone, now, expected) in [
            (Day, "UTC", "2026-11-23T19:00:00Z", pair("2026-11-23T00:00:00Z", "2026-11-24T00:00:00Z")),
            (Day, "Asia/Tokyo", "2026-11-23T15:00:00Z", pair("2026-11-23T15:00:00Z", "2026-11-24T15:00:00Z")),
            (
                Month,
                "America/New_York",
                "2026-03-01T04:59:59Z",
                pair("2026-02-01T05:00:00Z", "2026-03-01T05:00:00Z"),
            ),
            (
                Month,
                "America/New_York",
                "2026-03-01T05:00:00Z",
                pair("2026-03-01T05:00:00Z", "2026-04-01T04:00:00Z"),
            ),
            (
                Month,
                "Asia/Kathmandu",
                "2028-02-29T18:15:00Z",
                pair("2028-02-29T18:15:00Z", "2028-03-31T18:15:00Z"),
            ),
            (Month, "UTC", "2026-12-31T23:59:59Z", pair("2026-12-01T00:00:00Z", "2027-01-01T00:00:00Z")),
        ] {
            assert_eq!(window(unit, zone, now), expected, "{zone} {now}");
        }
    }

    #[test]
    fn clocks_that_are_set_make_long_and_short_days() {
        use CalendarUnit::{Day, Month};
        assert_eq!(hours(Day, "Europe/Berlin", "2026-03-29T12:00:00Z"), 23);
        assert_eq!(hours(Day, "Europe/Berlin", "2026-10-25T12:00:00Z"), 25);
        assert_eq!(hours(Month, "Europe/Berlin", "2026-03-29T12:00:00Z"), 31 * 24 - 1);
        assert_eq!(hours(Month, "Europe/Berlin", "2026-02-10T12:00:00Z"), 28 * 24);
        // Midnight itself is passed over (Santiago, 6 September 2026: from 0:00 to 1:00).
        let day = window(Day, "America/Santiago", "2026-09-06T12:00:00Z");
        assert_eq!(day, ("2026-09-06T04:00:00Z".to_owned(), "2026-09-07T03:00:00Z".to_owned()));
        // A whole day was passed over (Apia, 30 December 2011).
        assert_eq!(hours(Month, "Pacific/Apia", "2011-12-15T12:00:00Z"), 30 * 24);
    }

    #[test]
    fn an_evening_that_comes_twice_belongs_to_the_day_that_has_begun() {
        // St. John's, 7 November 2010: at 0:01 the clocks went back to 23:01.
        let begun = window(CalendarUnit::Day, "America/St_Johns", "2010-11-07T02:30:30Z");
        let again = window(CalendarUnit::Day, "America/St_Johns", "2010-11-07T02:45:00Z");
        assert_eq!(begun, again);
    }

    #[test]
    fn until_a_moment_and_after_it() {
        let end = "2026-12-01T00:00:00Z".parse().unwrap();
        let before = Window::at(&Period::Until(end), end.timestamp_millis() - 1_500).unwrap();
        assert_eq!(before, Window { start_ms: None, end_ms: Some(end.timestamp_millis()) });
        assert_eq!(before.seconds_left(end.timestamp_millis() - 1_500), Some(2));
        let after = Window::at(&Period::Until(end), end.timestamp_millis()).unwrap();
        assert_eq!(after, Window { start_ms: Some(end.timestamp_millis()), end_ms: None });
        assert_ne!(before.name(), after.name());
    }

    fn zones() -> impl Strategy<Value = Tz> {
        proptest::sample::select(&chrono_tz::TZ_VARIANTS[..])
    }

    proptest! {
        /// Windows leave no gap and don't overlap, whatever the clocks do.
        #[test]
        fn each_moment_lies_in_exactly_one_window(
            zone in zones(),
            month in any::<bool>(),
            now in 631_152_000_000_i64..4_102_444_800_000, // 1990 to 2100
        ) {
            let unit = if month { CalendarUnit::Month } else { CalendarUnit::Day };
            let period = Period::Calendar { unit, time_zone: zone };
            let window = Window::at(&period, now).unwrap();
            prop_assert!(window.contains(now), "{window:?}");
            let (start, end) = (window.start_ms.unwrap(), window.end_ms.unwrap());
            for other in [start, end - 1, start + (end - start) / 2] {
                prop_assert_eq!(Window::at(&period, other), Some(window));
            }
            prop_assert_eq!(Window::at(&period, end).unwrap().start_ms, Some(end));
            prop_assert_eq!(Window::at(&period, start - 1).unwrap().end_ms, Some(start));
        }
    }
}
