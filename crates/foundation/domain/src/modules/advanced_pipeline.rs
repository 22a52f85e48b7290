//! Advanced Pipeline: Further deal stages, split deals and pipeline summaries.

use rust_decimal::Decimal;

use super::FeatureModule;
use crate::Plan;

/// Further deal stages, split deals and pipeline summaries.
#[derive(Debug)]
pub(super) struct AdvancedPipeline;

impl FeatureModule for AdvancedPipeline {
    fn key(&self) -> &'static str {
        "advanced_pipeline"
    }

    fn name(&self) -> &'static str {
        "Advanced Pipeline"
    }

    fn description(&self) -> &'static str {
        "Further deal stages, split deals and pipeline summaries."
    }

    fn price_monthly(&self) -> Decimal {
        Decimal::new(2999, 2)
    }

    fn price_annual(&self) -> Decimal {
        Decimal::new(29999, 2)
    }

    fn enabled_by_default(&self) -> bool {
        true
    }

    fn smallest_plan(&self) -> Plan {
        Plan::Starter
    }

    fn dependencies(&self) -> &'static [&'static str] {
        &["crm_core"]
    }
}
