//! The feature modules that a customer can have. One file each; this list is the only other place that names them.
//!
//! The rows of `admin_feature_modules`, the gate on the routes and the plans' contents derive from it.

mod advanced_pipeline;
mod ai_assistant;
mod analytics_reporting;
mod api_access;
mod bulk_operations;
mod calendar_integration;
mod compliance_audit;
mod crm_core;
mod custom_fields;
mod workflow_automation;

use rust_decimal::Decimal;

use crate::Plan;

/// A part of the product that a customer can have or not have.
pub trait FeatureModule: Send + Sync + std::fmt::Debug {
    /// The stable key, `^[a-z_]+$`.
    fn key(&self) -> &'static str;
    /// The name for people.
    fn name(&self) -> &'static str;
    /// One sentence for people.
    fn description(&self) -> &'static str;
    /// The price of a month, in US dollars.
    fn price_monthly(&self) -> Decimal;
    /// The price of a year, in US dollars.
    fn price_annual(&self) -> Decimal;
    /// Whether a customer has it unless told otherwise.
    fn enabled_by_default(&self) -> bool;
    /// The smallest plan that includes it; every larger plan does too.
    fn smallest_plan(&self) -> Plan;
    /// The keys of the modules without which it can't work.
    fn dependencies(&self) -> &'static [&'static str] {
        &[]
    }
    /// Whether it can be turned off at all.
    fn can_be_disabled(&self) -> bool {
        true
    }
}

/// Every module, in the order of the price list.
pub const ALL: &[&dyn FeatureModule] = &[
    &crm_core::CrmCore,
    &advanced_pipeline::AdvancedPipeline,
    &calendar_integration::CalendarIntegration,
    &ai_assistant::AiAssistant,
    &workflow_automation::WorkflowAutomation,
    &analytics_reporting::AnalyticsReporting,
    &api_access::ApiAccess,
    &custom_fields::CustomFields,
    &bulk_operations::BulkOperations,
    &compliance_audit::ComplianceAudit,
];

/// The key of the module that every customer has.
pub const CRM_CORE: &str = "crm_core";

/// The module with this key, if there is one.
#[must_use]
pub fn find(key: &str) -> Option<&'static dyn FeatureModule> {
    ALL.iter().copied().find(|module| module.key() == key)
}

/// The modules that a plan includes.
pub fn of_plan(plan: Plan) -> impl Iterator<Item = &'static dyn FeatureModule> {
    ALL.iter().copied().filter(move |module| module.smallest_plan() <= plan)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keys(plan: Plan) -> Vec<&'static str> {
        of_plan(plan).map(FeatureModule::key).collect()
    }

    #[test]
    fn plans_include_what_the_price_list_says() {
        assert_eq!(keys(Plan::Starter), ["crm_core", "advanced_pipeline"]);
        assert_eq!(
            keys(Plan::Pro),
            ["crm_core", "advanced_pipeline", "calendar_integration", "workflow_automation"]
        );
        assert_eq!(keys(Plan::Enterprise).len(), 10);
    }

    #[test]
    fn every_dependency_exists_and_is_in_every_plan_that_has_the_dependent() {
        for module in ALL {
            for dependency in module.dependencies() {
                let dependency = find(dependency).expect("a dependency is a module");
                assert!(dependency.smallest_plan() <= module.smallest_plan());
            }
        }
    }

    #[test]
    fn keys_are_unique_and_well_formed() {
        let mut keys: Vec<_> = ALL.iter().map(|module| module.key()).collect();
        assert!(keys.iter().all(|key| key.bytes().all(|b| b.is_ascii_lowercase() || b == b'_')));
        keys.sort_unstable();
        keys.dedup();
        assert_eq!(keys.len(), 10);
    }
}
