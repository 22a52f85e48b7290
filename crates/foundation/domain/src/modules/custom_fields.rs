//! Custom Fields: Fields of the customer's own.

use rust_decimal::Decimal;

use super::FeatureModule;
use crate::Plan;

/// Fields of the customer's own.
#[derive(Debug)]
pub(super) struct CustomFields;

impl FeatureModule for CustomFields {
    fn key(&self) -> &'static str {
        "custom_fields"
    }

    fn name(&self) -> &'static str {
        "Custom Fields"
    }

    fn description(&self) -> &'static str {
        "Fields of the customer's own."
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
        Plan::Enterprise
    }

    fn dependencies(&self) -> &'static [&'static str] {
        &["crm_core"]
    }
}
