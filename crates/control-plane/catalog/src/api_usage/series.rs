//! Usage over time: point by point, for the busiest groups, and against the span before.
//!
//! Spans of minutes are counted from the requests themselves. Whole hours and days of everybody come from the platform's
//! roll-ups, days of a customer or a key from theirs, so that a year is read as fast as a day. Counts and sums are exact
//! in all of them; percentiles are told to 6.25 %, and exactly below 16 ms.

use std::collections::BTreeMap;

use chrono::{DateTime, Datelike as _, Months, Utc};

use super::filter::UsageFilter;
use super::sources::{Grouping, Others, Point, Question, Source};
use super::span::{Interval, Span};
use super::tally::Tally;
use crate::{CatalogError, GenericClient, query};

/// What is asked.
#[derive(Debug, Clone, Copy)]
pub struct SeriesRequest<'a> {
    /// Of which requests. Its time doesn't matter: the span's does.
    pub filter: &'a UsageFilter,
    /// When, in which parts.
    pub span: Span,
    /// By what they are put together; all in one without.
    pub grouping: Option<Grouping>,
    /// How many groups have a name of their own.
    pub top: u8,
    /// What is over by now is compared with what was before.
    pub now: DateTime<Utc>,
}

/// What was used over time.
#[derive(Debug, Clone, Default)]
pub struct Series {
    /// All of it.
    pub total: Tally,
    /// What of it is in parts that are over: what [`previous`](Self::previous) is to be compared with.
    pub compared: Tally,
    /// All of as many parts right before the span.
    pub previous: Tally,
    /// The groups, the busiest first; the others last.
    pub groups: Vec<SeriesGroup>,
}

/// What a group used.
#[derive(Debug, Clone, Default)]
pub struct SeriesGroup {
    /// Its name: an id, method and route, a status, ...; none for the others, and for all when nothing is put together.
    pub key: Option<String>,
    /// All of it.
    pub total: Tally,
    /// The points at which there was something.
    pub points: BTreeMap<DateTime<Utc>, Tally>,
}

impl SeriesRequest<'_> {
    fn is_of_one_customer(&self) -> bool {
        self.filter.customer.is_some() || self.filter.api_key.is_some()
    }

    /// Whether single requests are read for it, which go after some months.
    #[must_use]
    pub fn needs_requests(&self) -> bool {
        let interval = self.span.interval;
        let is_of_customers =
            self.is_of_one_customer() || self.grouping.is_some_and(Grouping::is_of_customers);
        interval < Interval::Hour || (interval == Interval::Hour && is_of_customers)
    }
}

/// Since when every request is there; `None` when none has gone.
///
/// # Errors
/// When the database can't be asked.
pub async fn requests_kept_since(client: &impl GenericClient) -> Result<Option<DateTime<Utc>>, CatalogError> {
    let row = query::one(client, "select max(month) from admin_api_usage_retired", &[]).await?;
    let month: Option<chrono::NaiveDate> = row.try_get(0)?;
    Ok(month
        .and_then(|month| month.with_day(1)?.checked_add_months(Months::new(1)))
        .map(|next| next.and_time(chrono::NaiveTime::MIN).and_utc()))
}

/// Usage over time.
///
/// # Errors
/// When the database can't be asked.
pub async fn series(
    client: &impl GenericClient,
    request: &SeriesRequest<'_>,
) -> Result<Series, CatalogError> {
    let interval = request.span.interval;
    let everybody = if request.is_of_one_customer() {
        Source::of_customers(interval)
    } else {
        Source::of_everybody(interval)
    };
    let over = request.span.over_at(request.now);
    let previous = Question::new(everybody, request.filter, over.before()).in_one_part();
    let previous = previous.points(client, None, Others::AreTogether).await?;
    let mut series = Series { previous: sum(previous.iter().map(|point| &point.tally)), ..Series::default() };
    series.groups = match request.grouping {
        None => all_in_one(client, everybody, request).await?,
        Some(grouping) if grouping.is_of_customers() && matches!(everybody, Source::Platform(_)) => {
            of_customers(client, everybody, request, grouping).await?
        }
        Some(grouping) => of_one_table(client, everybody, request, grouping).await?,
    };
    series.total = sum(series.groups.iter().map(|group| &group.total));
    let points = series.groups.iter().flat_map(|group| &group.points);
    series.compared = sum(points.filter(|(at, _)| **at < over.until).map(|(_, tally)| tally));
    Ok(series)
}

async fn all_in_one(
    client: &impl GenericClient,
    source: Source,
    request: &SeriesRequest<'_>,
) -> Result<Vec<SeriesGroup>, CatalogError> {
    let question = Question::new(source, request.filter, request.span);
    let points = question.points(client, None, Others::AreTogether).await?;
    Ok(vec![group(None, &points)])
}

/// When one table knows both the groups and everything else.
async fn of_one_table(
    client: &impl GenericClient,
    source: Source,
    request: &SeriesRequest<'_>,
    grouping: Grouping,
) -> Result<Vec<SeriesGroup>, CatalogError> {
    let question = Question::new(source, request.filter, request.span);
    let busiest = question.busiest(client, grouping, request.top).await?;
    let points = question.points(client, Some((grouping, &busiest.keys)), Others::AreTogether).await?;
    let mut groups: Vec<_> = busiest.keys.iter().map(|key| group(Some(key), &points)).collect();
    if busiest.has_others {
        groups.push(group(None, &points));
    }
    Ok(groups)
}

/// Which of everybody's customers or keys were busiest: only those few are read one by one; the others are what is left
/// of everybody's.
async fn of_customers(
    client: &impl GenericClient,
    everybody: Source,
    request: &SeriesRequest<'_>,
    grouping: Grouping,
) -> Result<Vec<SeriesGroup>, CatalogError> {
    let days = Question::new(Source::of_busiest(request.filter), request.filter, request.span);
    let busiest = days.busiest(client, grouping, request.top).await?;
    let source = Source::of_customers(request.span.interval);
    let single = Question::new(source, request.filter, request.span)
        .points(client, Some((grouping, &busiest.keys)), Others::AreLeftOut)
        .await?;
    let mut groups: Vec<_> = busiest.keys.iter().map(|key| group(Some(key), &single)).collect();
    groups.sort_by_key(|group| std::cmp::Reverse(group.total.requests()));
    if busiest.has_others {
        let all = all_in_one(client, everybody, request).await?;
        groups.extend(all.first().map(|all| left_over(all, &groups)));
    }
    Ok(groups)
}

fn left_over(all: &SeriesGroup, named: &[SeriesGroup]) -> SeriesGroup {
    let points = all.points.iter().map(|(at, tally)| {
        let of_named = sum(named.iter().filter_map(|group| group.points.get(at)));
        (*at, tally.without(&of_named))
    });
    let of_named = sum(named.iter().map(|group| &group.total));
    SeriesGroup { key: None, points: points.collect(), total: all.total.without(&of_named) }
}

fn group(key: Option<&String>, points: &[Point]) -> SeriesGroup {
    let mut group = SeriesGroup { key: key.cloned(), ..SeriesGroup::default() };
    for point in points.iter().filter(|point| point.key.as_ref() == key) {
        group.total.add(&point.tally);
        group.points.entry(point.at).or_default().add(&point.tally);
    }
    group
}

fn sum<'a>(tallies: impl Iterator<Item = &'a Tally>) -> Tally {
    tallies.fold(Tally::default(), |mut sum, tally| {
        sum.add(tally);
        sum
    })
}
