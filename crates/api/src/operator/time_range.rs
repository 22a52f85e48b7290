//! Spans of time that operators ask about: `created_at[gte]` and `created_at[lt]`.

use catalog::api_usage::SpanError;
use chrono::{DateTime, TimeDelta, Utc};
use problem::Problem;

/// What is reported unless told otherwise.
pub(super) const DEFAULT_SPAN: TimeDelta = TimeDelta::days(30);

/// The parameters, and what they are when not given: until now, and so long before.
pub(super) fn time_range(
    from: Option<DateTime<Utc>>,
    until: Option<DateTime<Utc>>,
    default: TimeDelta,
) -> Result<(DateTime<Utc>, DateTime<Utc>), Problem> {
    let until = until.unwrap_or_else(Utc::now);
    let from = from.or_else(|| until.checked_sub_signed(default)).unwrap_or(until);
    if from >= until {
        return Err(Problem::field("created_at[lt]", "must be after created_at[gte]"));
    }
    Ok((from, until))
}

/// What is wrong with a span.
pub(super) fn problem_of_span(error: SpanError) -> Problem {
    let field = match error {
        SpanError::Empty => "created_at[lt]",
        SpanError::TooLong(_) => "created_at[gte]",
    };
    Problem::field(field, error.to_string())
}
