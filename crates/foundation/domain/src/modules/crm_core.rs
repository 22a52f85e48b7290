//! CRM Core: Organizations, users, contacts, deals, activities and tasks.

use rust_decimal::Decimal;

use super::FeatureModule;
use crate::Plan;

/// Organizations, users, contacts, deals, activities and tasks.
#[derive(Debug)]
pub(super) struct CrmCore;

impl FeatureModule for CrmCore {
    fn key(&self) -> &'static str {
        "crm_core"
    }

    fn name(&self) -> &'static str {
        "CRM Core"
    }

    fn description(&self) -> &'static str {
        "Organizations, users, contacts, deals, activities and tasks."
    }

    fn price_monthly(&self) -> Decimal {
        Decimal::new(0, 2)
    }

    fn price_annual(&self) -> Decimal {
        Decimal::new(0, 2)
    }

    fn enabled_by_default(&self) -> bool {
        true
    }

    fn smallest_plan(&self) -> Plan {
        Plan::Starter
    }

    fn can_be_disabled(&self) -> bool {
        false
    }
}
