//! Whether the customer is served at all: each way of not being served has its own problem type.

use chrono::{DateTime, TimeDelta, Utc};
use domain::SubscriptionStatus;
use domain::permission::Action;
use domain::principal::CustomerStanding;
use problem::Problem;

/// For how long a customer whose subscription was canceled or has run out may still read their own data: enough to take
/// it along. Not at all unless told otherwise. It doesn't hold for customers whom an operator suspended.
#[derive(Clone, Copy, Debug, Default)]
pub struct GracePeriod(pub Option<TimeDelta>);

impl GracePeriod {
    fn covers(self, since: DateTime<Utc>, now: DateTime<Utc>) -> bool {
        self.0.and_then(|length| since.checked_add_signed(length)).is_some_and(|end| now < end)
    }
}

/// Refuses customers who are not served. Reading passes during the grace period.
pub(crate) fn check(
    customer: &CustomerStanding,
    action: Option<Action>,
    grace: GracePeriod,
    now: DateTime<Utc>,
) -> Result<(), Problem> {
    let (status, since) = standing(customer, now);
    let may_read = action == Some(Action::Read) && has_ended(status, customer) && grace.covers(since, now);
    match refusal(status) {
        Some(problem) if !may_read => Err(problem),
        _ => Ok(()),
    }
}

/// Whether the status is an end that nobody is to blame for.
fn has_ended(status: SubscriptionStatus, customer: &CustomerStanding) -> bool {
    match status {
        SubscriptionStatus::Canceled | SubscriptionStatus::Expired => true,
        SubscriptionStatus::Suspended => customer.has_grace,
        SubscriptionStatus::Active | SubscriptionStatus::Trial => false,
    }
}

/// The status, and since when. A trial, or a subscription that isn't renewed, is over when its time is, not when somebody
/// has written that down.
fn standing(customer: &CustomerStanding, now: DateTime<Utc>) -> (SubscriptionStatus, DateTime<Utc>) {
    let ends_at = match customer.subscription_status {
        SubscriptionStatus::Trial => customer.trial_ends_at,
        SubscriptionStatus::Active => customer.paid_until,
        _ => None,
    };
    match ends_at {
        Some(ended) if ended <= now => (SubscriptionStatus::Expired, ended),
        _ => (customer.subscription_status, customer.status_changed_at),
    }
}

fn refusal(status: SubscriptionStatus) -> Option<Problem> {
    match status {
        SubscriptionStatus::Active | SubscriptionStatus::Trial => None,
        SubscriptionStatus::Suspended => Some(Problem::customer_suspended(
            "This customer is suspended. The data is kept; ask the operator to resume it.",
        )),
        SubscriptionStatus::Canceled => Some(Problem::subscription_canceled(
            "This subscription was canceled. Ask the operator to start it again.",
        )),
        SubscriptionStatus::Expired => Some(Problem::subscription_expired(
            "The trial or subscription has run out. Choose a plan to go on.",
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::guard::tests::principal;

    fn passes(status: SubscriptionStatus, action: Action, days_ago: i64, grace_days: Option<i64>) -> bool {
        let now = Utc::now();
        let customer = CustomerStanding {
            subscription_status: status,
            status_changed_at: now - TimeDelta::days(days_ago),
            ..principal().customer
        };
        check(&customer, Some(action), GracePeriod(grace_days.map(TimeDelta::days)), now).is_ok()
    }

    #[test]
    fn exactly_the_served_statuses_pass() {
        for status in SubscriptionStatus::ALL {
            for action in [Action::Read, Action::Write, Action::Execute] {
                assert_eq!(passes(*status, action, 1, None), status.is_served(), "{status}");
            }
        }
    }

    #[test]
    fn what_has_ended_may_be_read_during_the_grace_period_and_not_written() {
        use SubscriptionStatus::{Canceled, Expired, Suspended};
        for status in [Canceled, Expired] {
            assert!(passes(status, Action::Read, 29, Some(30)));
            assert!(!passes(status, Action::Read, 31, Some(30)));
            assert!(!passes(status, Action::Write, 29, Some(30)));
        }
        assert!(!passes(Suspended, Action::Read, 1, Some(30)));
    }

    #[test]
    fn a_trial_is_over_when_its_time_is() {
        let now = Utc::now();
        let over = CustomerStanding {
            subscription_status: SubscriptionStatus::Trial,
            trial_ends_at: Some(now),
            ..principal().customer
        };
        assert!(check(&over, Some(Action::Read), GracePeriod(None), now).is_err());
        assert!(check(&over, Some(Action::Read), GracePeriod(None), now - TimeDelta::seconds(1)).is_ok());
    }

    #[test]
    fn a_subscription_that_is_not_renewed_is_over_when_its_time_is() {
        let now = Utc::now();
        let over = CustomerStanding {
            subscription_status: SubscriptionStatus::Active,
            paid_until: Some(now),
            ..principal().customer
        };
        let problem = check(&over, Some(Action::Read), GracePeriod(None), now).unwrap_err();
        assert_eq!(problem.kind(), "subscription-expired");
        assert!(check(&over, Some(Action::Write), GracePeriod(None), now - TimeDelta::seconds(1)).is_ok());
        // The grace period begins with the end.
        let grace = GracePeriod(Some(TimeDelta::days(30)));
        assert!(check(&over, Some(Action::Read), grace, now + TimeDelta::days(29)).is_ok());
        assert!(check(&over, Some(Action::Write), grace, now + TimeDelta::days(29)).is_err());
        assert!(check(&over, Some(Action::Read), grace, now + TimeDelta::days(30)).is_err());
        let renewed = CustomerStanding { paid_until: None, ..over };
        assert!(check(&renewed, Some(Action::Write), GracePeriod(None), now).is_ok());
    }

    #[test]
    fn who_was_suspended_because_their_organization_is_gone_has_the_grace_period() {
        let now = Utc::now();
        let gone = CustomerStanding {
            subscription_status: SubscriptionStatus::Suspended,
            status_changed_at: now - TimeDelta::days(1),
            has_grace: true,
            ..principal().customer
        };
        let grace = GracePeriod(Some(TimeDelta::days(30)));
        assert!(check(&gone, Some(Action::Read), grace, now).is_ok());
        assert!(check(&gone, Some(Action::Write), grace, now).is_err());
        assert!(check(&gone, Some(Action::Read), GracePeriod(None), now).is_err());
    }
}
