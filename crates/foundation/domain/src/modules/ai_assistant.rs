//! AI Assistant: Language models that know the customer's data.

use rust_decimal::Decimal;

use super::FeatureModule;
use crate::Plan;

/// Language models that know the customer's data.
#[derive(Debug)]
pub(super) struct AiAssistant;

impl FeatureModule for AiAssistant {
    fn key(&self) -> &'static str {
        "ai_assistant"
    }

    fn name(&self) -> &'static str {
        "AI Assistant"
    }

    fn description(&self) -> &'static str {
        "Language models that know the customer's data."
    }

    fn price_monthly(&self) -> Decimal {
        Decimal::new(4999, 2)
    }

    fn price_annual(&self) -> Decimal {
        Decimal::new(49999, 2)
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
