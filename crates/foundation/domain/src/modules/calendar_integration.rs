//! Calendar Integration: Calendar events beside contacts and deals.

use rust_decimal::Decimal;

use super::FeatureModule;
use crate::Plan;

/// Calendar events beside contacts and deals.
#[derive(Debug)]
pub(super) struct CalendarIntegration;

impl FeatureModule for CalendarIntegration {
    fn key(&self) -> &'static str {
        "calendar_integration"
    }

    fn name(&self) -> &'static str {
        "Calendar Integration"
    }

    fn description(&self) -> &'static str {
        "Calendar events beside contacts and deals."
    }

    fn price_monthly(&self) -> Decimal {
        Decimal::new(1999, 2)
    }

    fn price_annual(&self) -> Decimal {
        Decimal::new(19999, 2)
    }

    fn enabled_by_default(&self) -> bool {
        false
    }

    fn smallest_plan(&self) -> Plan {
        Plan::Pro
    }

    fn dependencies(&self) -> &'static [&'static str] {
        &["crm_core"]
    }
}
