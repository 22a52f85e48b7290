//! Compliance & Audit: The customer's own audit log, provable and exportable.

use rust_decimal::Decimal;

use super::FeatureModule;
use crate::Plan;

/// The customer's own audit log, provable and exportable.
#[derive(Debug)]
pub(super) struct ComplianceAudit;

impl FeatureModule for ComplianceAudit {
    fn key(&self) -> &'static str {
        "compliance_audit"
    }

    fn name(&self) -> &'static str {
        "Compliance & Audit"
    }

    fn description(&self) -> &'static str {
        "The customer's own audit log, provable and exportable."
    }

    fn price_monthly(&self) -> Decimal {
        Decimal::new(9999, 2)
    }

    fn price_annual(&self) -> Decimal {
        Decimal::new(99999, 2)
    }

    fn enabled_by_default(&self) -> bool {
        false
    }

    fn smallest_plan(&self) -> Plan {
        Plan::Enterprise
    }
}
