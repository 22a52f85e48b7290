//! Which requests are meant, in every question about usage.

use domain::{ApiKeyId, CustomerId};
use uuid::Uuid;

use crate::filter::Filter;
use crate::page::TimeRange;

/// Whose usage, and of when.
#[derive(Debug, Clone, Default)]
pub struct UsageFilter {
    /// One customer's; everybody's without.
    pub customer: Option<CustomerId>,
    /// One key's.
    pub api_key: Option<ApiKeyId>,
    /// In this time. Give it a beginning: each month is a partition, and only those in question are read.
    pub time: TimeRange,
    /// Of one route, by its pattern: `/api/v1/deals/{id}`.
    pub endpoint: Option<String>,
    /// By this method.
    pub method: Option<String>,
    /// Answered with this status.
    pub status_code: Option<u16>,
    /// With this outcome: `ok`, or the last segment of the problem's type.
    pub outcome: Option<String>,
    /// Of this feature module, by its key; empty for routes of none.
    pub module: Option<String>,
}

impl UsageFilter {
    /// Whether it asks for what the roll-ups of keys alone don't know.
    pub(super) fn asks_for_more(&self) -> bool {
        self.endpoint.is_some()
            || self.method.is_some()
            || self.status_code.is_some()
            || self.module.is_some()
            || self.outcome.is_some()
    }

    /// What it asks beside the time.
    pub(super) fn narrowing(&self) -> Narrowing<'_> {
        Narrowing {
            filter: self,
            customer: self.customer.map(CustomerId::uuid),
            api_key: self.api_key.map(ApiKeyId::uuid),
            status_code: self.status_code.map(i32::from),
        }
    }
}

/// A filter's values as statements take them, without its time: each table has a column of its own for that, and all others
/// are called the same in all of them.
pub(super) struct Narrowing<'a> {
    filter: &'a UsageFilter,
    customer: Option<Uuid>,
    api_key: Option<Uuid>,
    status_code: Option<i32>,
}

impl Narrowing<'_> {
    /// Adds a condition for each value that is asked for.
    pub(super) fn narrow<'a>(&'a self, conditions: &mut Filter<'a>) {
        conditions.and_if("customer_id = ?", &self.customer);
        conditions.and_if("api_key_id = ?", &self.api_key);
        conditions.and_if("endpoint = ?", &self.filter.endpoint);
        conditions.and_if("method = ?", &self.filter.method);
        conditions.and_if("status_code = ?", &self.status_code);
        conditions.and_if("coalesce(module, '') = ?", &self.filter.module);
        conditions.and_if("coalesce(outcome, '') = ?", &self.filter.outcome);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn narrowed(filter: &UsageFilter) -> String {
        let narrowing = filter.narrowing();
        let mut conditions = Filter::new("true");
        narrowing.narrow(&mut conditions);
        conditions.sql().to_owned()
    }

    #[test]
    fn whatever_is_asked_for_narrows_and_nothing_else() {
        assert_eq!(narrowed(&UsageFilter::default()), "true");
        let text = || Some("x".to_owned());
        let all = UsageFilter {
            customer: Some(CustomerId::generate()),
            api_key: Some(ApiKeyId::generate()),
            time: TimeRange::default(),
            endpoint: text(),
            method: text(),
            status_code: Some(200),
            outcome: text(),
            module: text(),
        };
        assert_eq!(
            narrowed(&all),
            "true and customer_id = $1 and api_key_id = $2 and endpoint = $3 and method = $4 and status_code = $5 \
             and coalesce(module, '') = $6 and coalesce(outcome, '') = $7"
        );
    }
}
