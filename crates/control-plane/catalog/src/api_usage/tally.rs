//! What requests amount to, in a form that can be added up: percentiles can't be, counts of response times can.

use tokio_postgres::Row;

use super::reports::UsageTotals;
use super::response_times::ResponseTimes;
use crate::CatalogError;

/// A number of requests.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Tally {
    requests: i64,
    successful: i64,
    server_errors: i64,
    response_time_sum: i64,
    response_time_count: i64,
    response_time_max: Option<i32>,
    request_size: i64,
    response_size: i64,
    response_times: ResponseTimes,
}

impl Tally {
    /// A row of [`super::sources`]: a sum over requests, the answers of a bucket, or both.
    pub(super) fn read(row: &Row) -> Result<Self, CatalogError> {
        let mut response_times = ResponseTimes::default();
        if let Some(bucket) = row.try_get::<_, Option<i32>>("bucket")? {
            response_times.count(bucket, row.try_get("answers")?);
        }
        Ok(Self {
            requests: row.try_get("requests")?,
            successful: row.try_get("successful")?,
            server_errors: row.try_get("server_errors")?,
            response_time_sum: row.try_get("time_sum")?,
            response_time_count: row.try_get("time_count")?,
            response_time_max: row.try_get("time_max")?,
            request_size: row.try_get("request_size")?,
            response_size: row.try_get("response_size")?,
            response_times,
        })
    }

    /// How many there were.
    #[must_use]
    pub fn requests(&self) -> i64 {
        self.requests
    }

    pub(super) fn add(&mut self, other: &Self) {
        self.requests += other.requests;
        self.successful += other.successful;
        self.server_errors += other.server_errors;
        self.response_time_sum += other.response_time_sum;
        self.response_time_count += other.response_time_count;
        self.response_time_max = self.response_time_max.max(other.response_time_max);
        self.request_size += other.request_size;
        self.response_size += other.response_size;
        self.response_times.add(&other.response_times);
    }

    /// What is left of these requests without the others, which are among them. The slowest of what is left isn't known.
    pub(super) fn without(&self, others: &Self) -> Self {
        let requests = (self.requests - others.requests).max(0);
        let successful = (self.successful - others.successful).clamp(0, requests);
        Self {
            requests,
            successful,
            server_errors: (self.server_errors - others.server_errors).clamp(0, requests - successful),
            response_time_sum: (self.response_time_sum - others.response_time_sum).max(0),
            response_time_count: (self.response_time_count - others.response_time_count).max(0),
            response_time_max: None,
            request_size: (self.request_size - others.request_size).max(0),
            response_size: (self.response_size - others.response_size).max(0),
            response_times: self.response_times.without(&others.response_times),
        }
    }

    /// What it amounts to. Percentiles are those of the buckets of response times.
    #[must_use]
    pub fn totals(&self) -> UsageTotals {
        // The middle of a bucket may lie beyond the slowest answer.
        let percentile = |of_thousand| {
            let told = self.response_times.percentile(of_thousand)?;
            Some(self.response_time_max.map_or(told, |slowest| told.min(slowest)))
        };
        #[expect(clippy::cast_precision_loss, reason = "a mean for people")]
        let mean = (self.response_time_count > 0)
            .then(|| self.response_time_sum as f64 / self.response_time_count as f64);
        UsageTotals {
            total_requests: self.requests,
            successful_requests: self.successful,
            failed_requests: self.requests - self.successful,
            server_errors: self.server_errors,
            avg_response_time_ms: mean,
            p50_response_time_ms: percentile(500),
            p95_response_time_ms: percentile(950),
            p99_response_time_ms: percentile(990),
            max_response_time_ms: self.response_time_max,
            request_size_bytes: self.request_size,
            response_size_bytes: self.response_size,
        }
    }
}
