//! Bulk Operations: Import, export and changes of many rows at once.

use rust_decimal::Decimal;

use super::FeatureModule;
use crate::Plan;

/// Import, export and changes of many rows at once.
#[derive(Debug)]
pub(super) struct BulkOperations;

impl FeatureModule for BulkOperations {
    fn key(&self) -> &'static str {
        "bulk_operations"
    }

    fn name(&self) -> &'static str {
        "Bulk Operations"
    }

    fn description(&self) -> &'static str {
        "Import, export and changes of many rows at once."
    }

    fn price_monthly(&self) -> Decimal {
        Decimal::new(2999, 2)
    }

    fn price_annual(&self) -> Decimal {
        Decimal::new(29999, 2)
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
