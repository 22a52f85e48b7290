//! Workflow Automation: Workflows and smart task templates.

use rust_decimal::Decimal;

use super::FeatureModule;
use crate::Plan;

/// Workflows and smart task templates.
#[derive(Debug)]
pub(super) struct WorkflowAutomation;

impl FeatureModule for WorkflowAutomation {
    fn key(&self) -> &'static str {
        "workflow_automation"
    }

    fn name(&self) -> &'static str {
        "Workflow Automation"
    }

    fn description(&self) -> &'static str {
        "Workflows and smart task templates."
    }

    fn price_monthly(&self) -> Decimal {
        Decimal::new(3999, 2)
    }

    fn price_annual(&self) -> Decimal {
        Decimal::new(39999, 2)
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
