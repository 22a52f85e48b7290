//! Whether a customer may use a feature module, and why not.

use chrono::{DateTime, Months, NaiveDateTime, TimeDelta, TimeZone as _, Utc};
use chrono_tz::Tz;

use crate::Plan;
use crate::customer_limit::WithoutRedis;
use crate::modules::{self, FeatureModule};

/// What is written down of one customer and one module: a row of `admin_customer_modules`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HeldModule {
    /// The module's key.
    pub key: String,
    /// Whether the module is on sale at all.
    pub is_active: bool,
    /// What was decided for this customer; `None` leaves it to the plan.
    pub decision: Option<ModuleDecision>,
    /// How many requests may use it until the count begins anew; `None` is without limit.
    pub usage_limit: Option<u64>,
    /// What that limit does while Redis is away; as the configuration says when `None`.
    pub without_redis: Option<WithoutRedis>,
    /// How many have.
    pub usage_count: u64,
    /// When somebody wrote that count down who isn't one of those that count.
    pub count_set_at: Option<DateTime<Utc>>,
    /// When the count begins anew; never when `None`.
    pub reset_date: Option<DateTime<Utc>>,
    /// The reset date that somebody chose, from which the months are counted; the reset date itself when `None`.
    pub reset_anchor: Option<DateTime<Utc>>,
}

/// A module switched on or off for one customer, whatever the plan says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ModuleDecision {
    /// On or off.
    pub enabled: bool,
    /// Until when this holds; afterwards the plan decides.
    pub expires_at: Option<DateTime<Utc>>,
    /// Why.
    pub reason: Option<String>,
}

impl ModuleDecision {
    fn holds(&self, now: DateTime<Utc>) -> bool {
        self.expires_at.is_none_or(|expires_at| expires_at > now)
    }
}

/// A module that may be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Grant {
    /// How many requests may use it, where there is a limit.
    pub limit: Option<ModuleLimit>,
}

/// How many requests may use a module.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ModuleLimit {
    /// So many until the count begins anew.
    pub quota: u64,
    /// How many had when the directory was asked.
    pub used: u64,
    /// When the count begins anew; never when `None`.
    pub resets_at: Option<DateTime<Utc>>,
    /// When somebody set the count: the one of before is void.
    pub set_at: Option<DateTime<Utc>>,
    /// What it does while Redis is away; as the configuration says when `None`.
    pub without_redis: Option<WithoutRedis>,
}

/// Why a module may not be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// It is not on sale.
    NotOffered,
    /// The plan doesn't include it; this one and every larger one do.
    NotInPlan(Plan),
    /// It was switched off for this customer.
    TurnedOff {
        /// Why.
        reason: Option<String>,
    },
    /// It was on for a time, which is over, and the plan doesn't include it.
    RanOut(DateTime<Utc>),
    /// A module that it needs may not be used: its key.
    Needs(&'static str),
}

/// Decides from the plan, what was decided for the customer, and the modules that this one needs. The months between resets
/// are those of the customer's time zone. The subscription's status comes before all this: it concerns every route.
///
/// # Errors
/// Why the module may not be used.
pub fn decide(
    module: &'static dyn FeatureModule,
    plan: Plan,
    held: &[HeldModule],
    now: DateTime<Utc>,
    time_zone: Tz,
) -> Result<Grant, Refusal> {
    let row = held.iter().find(|row| row.key == module.key());
    // What can't be disabled is there whatever a row says: nobody locks a customer out by a slip of the hand.
    if module.can_be_disabled() {
        decide_one(module, plan, row, now)?;
        for needed in module.dependencies().iter().filter_map(|key| modules::find(key)) {
            decide(needed, plan, held, now, time_zone).map_err(|_| Refusal::Needs(needed.key()))?;
        }
    }
    let limit = row.and_then(|row| row.usage_limit.map(|quota| limit(row, quota, now, time_zone)));
    Ok(Grant { limit })
}

fn decide_one(
    module: &'static dyn FeatureModule,
    plan: Plan,
    row: Option<&HeldModule>,
    now: DateTime<Utc>,
) -> Result<(), Refusal> {
    if row.is_some_and(|row| !row.is_active) {
        return Err(Refusal::NotOffered);
    }
    let decision = row.and_then(|row| row.decision.as_ref());
    match decision {
        Some(decision) if decision.holds(now) && decision.enabled => Ok(()),
        Some(decision) if decision.holds(now) => Err(Refusal::TurnedOff { reason: decision.reason.clone() }),
        _ if module.smallest_plan() <= plan => Ok(()),
        Some(ModuleDecision { enabled: true, expires_at: Some(ended), .. }) => Err(Refusal::RanOut(*ended)),
        _ => Err(Refusal::NotInPlan(module.smallest_plan())),
    }
}

/// The limit as it stands now. A count whose reset is due begins anew at once and not when somebody tidies the row; the
/// time between two resets is a month.
fn limit(row: &HeldModule, quota: u64, now: DateTime<Utc>, time_zone: Tz) -> ModuleLimit {
    let (used, resets_at) = match row.reset_date {
        Some(reset) if reset <= now => {
            let anchor = row.reset_anchor.unwrap_or(reset);
            (0, Some(next_reset(anchor, now, time_zone)))
        }
        resets_at => (row.usage_count, resets_at),
    };
    ModuleLimit { quota, used, resets_at, set_at: row.count_set_at, without_redis: row.without_redis }
}

/// The first reset after `now`, in whole months from the one that somebody chose, by the clocks of a time zone: the 31st
/// stays the 31st where there is one, and midnight stays midnight.
#[must_use]
pub fn next_reset(anchor: DateTime<Utc>, now: DateTime<Utc>, time_zone: Tz) -> DateTime<Utc> {
    let first = anchor.with_timezone(&time_zone).naive_local();
    (0..)
        .map_while(|months| first.checked_add_months(Months::new(months)))
        .map(|local| moment(local, time_zone))
        .find(|reset| *reset > now)
        .unwrap_or(now)
}

/// When the clocks of a time zone show this. What they leave out when they are set forward is the moment after it.
fn moment(mut local: NaiveDateTime, time_zone: Tz) -> DateTime<Utc> {
    // The longest gap of any zone is a whole day (Samoa, 2011), in steps of a quarter of an hour.
    for _ in 0..=100 {
        if let Some(found) = time_zone.from_local_datetime(&local).earliest() {
            return found.with_timezone(&Utc);
        }
        local = local.checked_add_signed(TimeDelta::minutes(15)).unwrap_or(local);
    }
    local.and_utc()
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;

    use super::*;

    fn now() -> DateTime<Utc> {
        "2026-03-15T12:00:00Z".parse().unwrap()
    }

    fn row(key: &str, decision: Option<(bool, Option<i64>)>) -> HeldModule {
        HeldModule {
            key: key.to_owned(),
            is_active: true,
            decision: decision.map(|(enabled, days)| ModuleDecision {
                enabled,
                expires_at: days.map(|days| now() + TimeDelta::days(days)),
                reason: Some("a trial".to_owned()),
            }),
            usage_limit: None,
            without_redis: None,
            usage_count: 0,
            count_set_at: None,
            reset_date: None,
            reset_anchor: None,
        }
    }

    fn decided(key: &str, plan: Plan, held: &[HeldModule]) -> Result<Grant, Refusal> {
        decide(modules::find(key).unwrap(), plan, held, now(), Tz::UTC)
    }

    #[test]
    fn the_plan_decides_what_nobody_decided() {
        assert!(decided("workflow_automation", Plan::Pro, &[]).is_ok());
        assert_eq!(decided("workflow_automation", Plan::Starter, &[]), Err(Refusal::NotInPlan(Plan::Pro)));
    }

    #[test]
    fn a_decision_wins_over_the_plan_while_it_holds() {
        let on = [row("workflow_automation", Some((true, Some(1))))];
        assert!(decided("workflow_automation", Plan::Starter, &on).is_ok());
        let off = [row("workflow_automation", Some((false, None)))];
        let refusal = Refusal::TurnedOff { reason: Some("a trial".to_owned()) };
        assert_eq!(decided("workflow_automation", Plan::Enterprise, &off), Err(refusal));
        let over = [row("workflow_automation", Some((true, Some(-1))))];
        assert_eq!(
            decided("workflow_automation", Plan::Starter, &over),
            Err(Refusal::RanOut(now() - TimeDelta::days(1)))
        );
        assert!(decided("workflow_automation", Plan::Pro, &over).is_ok());
        let off_for_a_while = [row("workflow_automation", Some((false, Some(-1))))];
        assert!(decided("workflow_automation", Plan::Pro, &off_for_a_while).is_ok());
    }

    #[test]
    fn the_core_is_always_there() {
        let off = [HeldModule { is_active: false, ..row("crm_core", Some((false, None))) }];
        assert!(decided("crm_core", Plan::Starter, &off).is_ok());
    }

    #[test]
    fn what_is_not_offered_is_not_granted() {
        let gone = [HeldModule { is_active: false, ..row("ai_assistant", Some((true, None))) }];
        assert_eq!(decided("ai_assistant", Plan::Enterprise, &gone), Err(Refusal::NotOffered));
    }

    #[test]
    fn every_module_needs_what_it_depends_on() {
        for module in modules::ALL {
            for needed in module.dependencies().iter().filter_map(|key| modules::find(key)) {
                let off = [row(needed.key(), Some((false, None))), row(module.key(), Some((true, None)))];
                let decided = decide(*module, Plan::Enterprise, &off, now(), Tz::UTC);
                if needed.can_be_disabled() {
                    assert!(matches!(decided, Err(Refusal::Needs(_))), "{module:?}");
                } else {
                    assert!(decided.is_ok(), "{module:?}");
                }
            }
        }
    }

    #[test]
    fn a_count_begins_anew_when_its_time_has_come() {
        let mut limited = row("crm_core", None);
        (limited.usage_limit, limited.usage_count) = (Some(10), 7);
        limited.reset_date = Some(now() + TimeDelta::hours(1));
        let limit = |row: &HeldModule| {
            decided("crm_core", Plan::Starter, std::slice::from_ref(row)).unwrap().limit.unwrap()
        };
        assert_eq!(limit(&limited).used, 7);
        limited.reset_date = Some("2025-12-31T00:00:00Z".parse().unwrap());
        let anew = limit(&limited);
        assert_eq!((anew.quota, anew.used), (10, 0));
        assert_eq!(anew.resets_at, Some("2026-03-31T00:00:00Z".parse().unwrap()));
    }

    #[test]
    fn a_reset_keeps_its_day_over_short_months_and_its_hour_over_changes_of_the_clocks() {
        let time = |text: &str| -> DateTime<Utc> { text.parse().unwrap() };
        let anchor = time("2026-01-30T23:00:00Z");
        // Midnight of the 31st in Berlin.
        for (now, next) in [
            ("2026-01-01T00:00:00Z", "2026-01-30T23:00:00Z"),
            ("2026-01-30T23:00:00Z", "2026-02-27T23:00:00Z"),
            ("2026-02-28T12:00:00Z", "2026-03-30T22:00:00Z"),
            ("2026-03-30T22:00:00Z", "2026-04-29T22:00:00Z"),
            ("2026-11-30T00:00:00Z", "2026-12-30T23:00:00Z"),
            ("2031-02-27T23:00:00Z", "2031-03-30T22:00:00Z"),
        ] {
            assert_eq!(next_reset(anchor, time(now), Tz::Europe__Berlin), time(next), "{now}");
        }
        // Half past two isn't there on the day on which the clocks are set forward.
        let anchor = time("2026-02-28T01:30:00Z");
        let next = next_reset(anchor, time("2027-02-28T02:00:00Z"), Tz::Europe__Berlin);
        assert_eq!(next, time("2027-03-28T01:00:00Z"));
    }
}
