//! Analytics & Reporting: Reports over deals, activities and tasks.

use rust_decimal::Decimal;

use super::FeatureModule;
use crate::Plan;

/// Reports over deals, activities and tasks.
#[derive(Debug)]
pub(super) struct AnalyticsReporting;

impl FeatureModule for AnalyticsReporting {
    fn key(&self) -> &'static str {
        "analytics_reporting"
    }

    fn name(&self) -> &'static str {
        "Analytics & Reporting"
    }

    fn description(&self) -> &'static str {
        "Reports over deals, activities and tasks."
    }

    fn price_monthly(&self) -> Decimal {
        Decimal::new(5999, 2)
    }

    fn price_annual(&self) -> Decimal {
        Decimal::new(59999, 2)
    }

    fn enabled_by_default(&self) -> bool {
        false
    }

    fn smallest_plan(&self) -> Plan {
        Plan::Enterprise
    }

    fn dependencies(&self) -> &'static [&'static str] {
        &["crm_core"]
    }
}
