//! API Access: API keys that the customer's users make for themselves.

use rust_decimal::Decimal;

use super::FeatureModule;
use crate::Plan;

/// API keys that the customer's users make for themselves.
#[derive(Debug)]
pub(super) struct ApiAccess;

impl FeatureModule for ApiAccess {
    fn key(&self) -> &'static str {
        "api_access"
    }

    fn name(&self) -> &'static str {
        "API Access"
    }

    fn description(&self) -> &'static str {
        "API keys that the customer's users make for themselves."
    }

    fn price_monthly(&self) -> Decimal {
        Decimal::new(7999, 2)
    }

    fn price_annual(&self) -> Decimal {
        Decimal::new(79999, 2)
    }

    fn enabled_by_default(&self) -> bool {
        false
    }

    fn smallest_plan(&self) -> Plan {
        Plan::Enterprise
    }
}
