//! A span of time in equal parts.

use chrono::{DateTime, TimeDelta, Utc};

/// How many parts a span has at most: a year and a month of days.
const MOST_POINTS: i64 = 400;

/// How long a part of a span is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Interval {
    /// A minute.
    Minute,
    /// Five minutes.
    FiveMinutes,
    /// A quarter of an hour.
    FifteenMinutes,
    /// An hour.
    Hour,
    /// A day, in UTC.
    Day,
}

impl Interval {
    /// Each with how many of them there are at most unless it is asked for. Hours are read from roll-ups where that can be,
    /// and shorter parts never, so that quarters of an hour go up to a day.
    const CHOICES: [(Self, i64); 4] =
        [(Self::Minute, 200), (Self::FiveMinutes, 200), (Self::FifteenMinutes, 100), (Self::Hour, 250)];

    /// Its length.
    #[must_use]
    pub fn seconds(self) -> i64 {
        match self {
            Self::Minute => 60,
            Self::FiveMinutes => 300,
            Self::FifteenMinutes => 900,
            Self::Hour => 3600,
            Self::Day => 86_400,
        }
    }
}

/// A span of time that begins and ends with whole parts (in UTC).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Span {
    /// Its beginning.
    pub from: DateTime<Utc>,
    /// Its end, which doesn't belong to it.
    pub until: DateTime<Utc>,
    /// Its parts.
    pub interval: Interval,
}

/// There is no such span.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SpanError {
    /// It doesn't end after its beginning.
    #[error("must be after the beginning")]
    Empty,
    /// It has too many parts.
    #[error(
        "the span has {0} points, and at most {MOST_POINTS} are shown: make it shorter or the interval longer"
    )]
    TooLong(i64),
}

impl Span {
    /// The whole parts in which these moments lie. The interval is chosen so that there are some tens to two hundred of
    /// them, unless it is given.
    ///
    /// # Errors
    /// When it is empty or too long.
    pub fn around(
        from: DateTime<Utc>,
        until: DateTime<Utc>,
        interval: Option<Interval>,
    ) -> Result<Self, SpanError> {
        if from >= until {
            return Err(SpanError::Empty);
        }
        let length = (until - from).num_seconds();
        let interval = interval.unwrap_or_else(|| {
            let mut choices = Interval::CHOICES.into_iter();
            let found = choices.find(|(interval, most)| length / interval.seconds() <= *most);
            found.map_or(Interval::Day, |(interval, _)| interval)
        });
        let seconds = interval.seconds();
        let begin = from.timestamp().div_euclid(seconds);
        let mut end = until.timestamp().div_euclid(seconds);
        if until.timestamp().rem_euclid(seconds) > 0 || until.timestamp_subsec_nanos() > 0 {
            end += 1;
        }
        let moment = |part: i64| DateTime::from_timestamp(part.checked_mul(seconds)?, 0);
        match (end - begin, moment(begin), moment(end)) {
            (points, Some(from), Some(until)) if points <= MOST_POINTS => Ok(Self { from, until, interval }),
            (points, ..) => Err(SpanError::TooLong(points)),
        }
    }

    /// The beginnings of its parts.
    pub fn points(self) -> impl Iterator<Item = DateTime<Utc>> {
        let step = TimeDelta::seconds(self.interval.seconds());
        std::iter::successors(Some(self.from), move |point| point.checked_add_signed(step))
            .take_while(move |point| *point < self.until)
    }

    /// The parts of it that are over, as far as there are any: one that has only begun would look like a fall beside whole ones.
    #[must_use]
    pub fn over_at(self, now: DateTime<Utc>) -> Self {
        let step = TimeDelta::seconds(self.interval.seconds());
        let is_under_way = |point: &DateTime<Utc>| *point + step > now;
        match self.points().find(is_under_way) {
            Some(until) if until > self.from => Self { until, ..self },
            _ => self,
        }
    }

    /// The span of the same length before it.
    #[must_use]
    pub fn before(self) -> Self {
        let length = self.until - self.from;
        Self { from: self.from.checked_sub_signed(length).unwrap_or(self.from), until: self.from, ..self }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_are_whole_and_some_tens_to_hundreds() {
        let until: DateTime<Utc> = "2026-11-29T03:59:07.5Z".parse().unwrap();
        for (length, interval, points) in [
            (TimeDelta::hours(1), Interval::Minute, 61),
            (TimeDelta::hours(12), Interval::FiveMinutes, 145),
            (TimeDelta::hours(24), Interval::FifteenMinutes, 97),
            (TimeDelta::hours(48), Interval::Hour, 49),
            (TimeDelta::days(7), Interval::Hour, 169),
            (TimeDelta::days(30), Interval::Day, 31),
            (TimeDelta::days(365), Interval::Day, 366),
        ] {
            let span = Span::around(until - length, until, None).unwrap();
            assert_eq!((span.interval, span.points().count()), (interval, points), "{length}");
            assert!(span.from <= until - length && span.until >= until);
            assert_eq!(span.before().until, span.from);
            assert_eq!(span.before().points().count(), points);
        }
        let month = Span::around(until - TimeDelta::days(30), until, None).unwrap();
        let over = month.over_at(until);
        assert_eq!((over.from, over.until.to_rfc3339().as_str()), (month.from, "2026-11-29T00:00:00+00:00"));
        assert_eq!(over.before().points().count(), 30);
        assert_eq!(month.over_at(month.until), month);
        // Of what has only begun as a whole there is nothing else to compare.
        assert_eq!(month.over_at(month.from), month);
        let day: DateTime<Utc> = "2026-11-29T00:00:00Z".parse().unwrap();
        let span = Span::around(day - TimeDelta::days(2), day, Some(Interval::Day)).unwrap();
        assert_eq!((span.from, span.until), (day - TimeDelta::days(2), day));
        assert_eq!(Span::around(day, day, None), Err(SpanError::Empty));
        assert_eq!(
            Span::around(day - TimeDelta::days(1), day, Some(Interval::Minute)),
            Err(SpanError::TooLong(1440))
        );
        let ends = (DateTime::<Utc>::MIN_UTC, DateTime::<Utc>::MAX_UTC);
        assert!(matches!(Span::around(ends.0, ends.1, None), Err(SpanError::TooLong(_))));
    }
}
