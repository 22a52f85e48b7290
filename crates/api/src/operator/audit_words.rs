//! Looking for words in the audit log, within bounds: there is no index of words.

use std::time::Duration;

use catalog::audit::{self as rows, AuditFilter, AuditRecord};
use catalog::{Client, Page, PageRequest, TimeRange};
use chrono::{DateTime, TimeDelta, Utc};
use problem::Problem;

use super::search::without_secrets;
use crate::problems::problem_of_catalog;

/// The longest text that is looked for, and the most words in it.
const LONGEST_TEXT: usize = 200;
const MOST_WORDS: usize = 8;
/// How far back words are looked for in everybody's rows unless told otherwise, and at most.
const DEFAULT_SPAN: TimeDelta = TimeDelta::days(92);
const LONGEST_SPAN: TimeDelta = TimeDelta::days(366);
/// How long one page may take to find.
const PATIENCE: Duration = Duration::from_secs(4);

/// The words of a text; none when there is no text.
pub(super) fn words(given: Option<&str>) -> Result<Vec<String>, Problem> {
    let Some(text) = given else { return Ok(Vec::new()) };
    if text.chars().count() > LONGEST_TEXT || text.chars().any(|one| one.is_control() && !one.is_whitespace())
    {
        return Err(Problem::field("q", format!("must be a text of at most {LONGEST_TEXT} characters")));
    }
    let words: Vec<_> = without_secrets("q", text)?.split_whitespace().map(str::to_owned).collect();
    if !(1..=MOST_WORDS).contains(&words.len()) {
        return Err(Problem::field("q", format!("must have from 1 to {MOST_WORDS} words")));
    }
    Ok(words)
}

/// The time in which words are looked for. One customer's rows are few and are found by the customer; of everybody's, a
/// part.
pub(super) fn bounded(given: TimeRange, now: DateTime<Utc>) -> Result<TimeRange, Problem> {
    let until = given.until.unwrap_or(now);
    let from = given.from.or_else(|| until.checked_sub_signed(DEFAULT_SPAN));
    if from.is_none_or(|from| until - from > LONGEST_SPAN) {
        let days = LONGEST_SPAN.num_days();
        return Err(Problem::field(
            "created_at[gte]",
            format!(
                "words are looked for in at most {days} days of everybody's rows: give a later time, or a customer"
            ),
        ));
    }
    Ok(TimeRange { from, ..given })
}

/// A page of the log; of one with words in it, only if they are found soon.
pub(super) async fn page_of(
    client: &mut Client,
    filter: &AuditFilter,
    page: &PageRequest,
) -> Result<Page<AuditRecord>, Problem> {
    if filter.words.is_empty() {
        return rows::list(&*client, filter, page).await.map_err(problem_of_catalog);
    }
    let found = rows::search(client, filter, page, PATIENCE).await.map_err(problem_of_catalog)?;
    found.ok_or_else(|| {
        let tried = PATIENCE.as_secs();
        Problem::field(
            "q",
            format!("not found within {tried} seconds: give a customer, an action or a shorter time as well"),
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_its_words_and_a_secret_is_none() {
        assert_eq!(words(None).unwrap(), [""; 0]);
        assert_eq!(words(Some("  unpaid \t Invoice")).unwrap(), ["unpaid", "Invoice"]);
        let many = "a ".repeat(MOST_WORDS + 1);
        let long = "a".repeat(LONGEST_TEXT + 1);
        for wrong in ["", "   ", "a\0b", &many, &long] {
            assert!(words(Some(wrong)).is_err(), "{wrong:?}");
        }
    }

    #[test]
    fn everybodys_rows_are_looked_at_for_a_year_at_most() {
        let now = Utc::now();
        let range = bounded(TimeRange::default(), now).unwrap();
        assert_eq!(range, TimeRange { from: Some(now - DEFAULT_SPAN), until: None });
        let year = TimeRange { from: Some(now - LONGEST_SPAN), until: None };
        assert_eq!(bounded(year, now).unwrap(), year);
        let longer = TimeRange { from: Some(now - LONGEST_SPAN - TimeDelta::seconds(1)), until: None };
        assert!(bounded(longer, now).is_err());
        let long_ago = TimeRange { from: None, until: Some(DateTime::<Utc>::MIN_UTC) };
        assert!(bounded(long_ago, now).is_err());
    }
}
