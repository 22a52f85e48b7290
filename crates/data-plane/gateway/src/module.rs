//! Whether the customer has the feature module that a route belongs to, and how to get it.

use chrono::{DateTime, Utc};
use domain::entitlement::{self, Grant, Refusal};
use domain::modules::{self, FeatureModule};
use domain::principal::CustomerStanding;
use problem::Problem;

/// Refuses a customer who may not use the module.
pub(crate) fn check(
    customer: &CustomerStanding,
    module: &'static str,
    now: DateTime<Utc>,
) -> Result<Grant, Problem> {
    let Some(module) = modules::find(module) else {
        // A slip in the code, which a test over all routes finds: nobody passes.
        tracing::error!(module, "a route names a feature module that doesn't exist");
        return Err(Problem::internal("The error has been logged."));
    };
    entitlement::decide(module, customer.plan, &customer.modules, now, customer.time_zone)
        .map_err(|refusal| problem(module, &refusal))
}

fn problem(module: &dyn FeatureModule, refusal: &Refusal) -> Problem {
    let name = module.name();
    let (mut explanation, mut needed) = (None, None);
    let (reason, detail) = match refusal {
        Refusal::NotOffered => ("not_offered", format!("The feature module {name} is not offered any more.")),
        Refusal::NotInPlan(plan) => (
            "not_in_plan",
            format!(
                "This needs the feature module {name}, which the plan {plan} and larger ones include. Change the plan, or \
                 ask the operator to enable the module."
            ),
        ),
        Refusal::TurnedOff { reason } => {
            explanation = reason.as_deref();
            let why = explanation.map(|why| format!(" ({why})")).unwrap_or_default();
            (
                "turned_off",
                format!(
                    "This needs the feature module {name}, which is not enabled{why}. Ask the operator to enable it; its \
                     data is kept."
                ),
            )
        }
        Refusal::RanOut(ended) => (
            "ran_out",
            format!(
                "The feature module {name} was enabled until {}. Choose a plan that includes it, or ask the operator for \
                 more time; its data is kept.",
                ended.format("%Y-%m-%d %H:%M UTC")
            ),
        ),
        Refusal::Needs(key) => {
            needed = Some(*key);
            let other = modules::find(key).map_or(*key, FeatureModule::name);
            (
                "dependency_missing",
                format!(
                    "The feature module {name} needs {other}, which is not enabled. Ask the operator to enable it."
                ),
            )
        }
    };
    let problem = Problem::module_disabled(detail).with("module", module.key()).with("reason", reason);
    match (explanation, needed) {
        (Some(explanation), _) => problem.with("explanation", explanation),
        (None, Some(needed)) => problem.with("needs", needed),
        (None, None) => problem,
    }
}

#[cfg(test)]
mod tests {
    use axum::response::IntoResponse as _;
    use domain::Plan;
    use domain::entitlement::{HeldModule, ModuleDecision};
    use rust_decimal::Decimal;

    use super::*;

    /// A module that needs another one that may be off. Those that are on sale need the core only, which never is.
    #[derive(Debug)]
    struct Forecasts;

    impl FeatureModule for Forecasts {
        fn key(&self) -> &'static str {
            "forecasts"
        }
        fn name(&self) -> &'static str {
            "Forecasts"
        }
        fn description(&self) -> &'static str {
            "What deals will bring."
        }
        fn price_monthly(&self) -> Decimal {
            Decimal::ONE
        }
        fn price_annual(&self) -> Decimal {
            Decimal::TEN
        }
        fn enabled_by_default(&self) -> bool {
            false
        }
        fn smallest_plan(&self) -> Plan {
            Plan::Starter
        }
        fn dependencies(&self) -> &'static [&'static str] {
            &["crm_core", "workflow_automation"]
        }
    }

    #[tokio::test]
    async fn a_module_whose_dependency_is_off_says_which_and_how_to_get_it() {
        let now = Utc::now();
        let held = |enabled| HeldModule {
            key: "workflow_automation".to_owned(),
            is_active: true,
            decision: Some(ModuleDecision { enabled, expires_at: None, reason: None }),
            usage_limit: None,
            without_redis: None,
            usage_count: 0,
            count_set_at: None,
            reset_date: None,
            reset_anchor: None,
        };
        let decided =
            |held: &[HeldModule]| entitlement::decide(&Forecasts, Plan::Starter, held, now, chrono_tz::UTC);
        assert!(decided(&[held(true)]).is_ok());
        // Off by a decision, and not in the plan.
        for held in [&[held(false)][..], &[]] {
            let answer = problem(&Forecasts, &decided(held).unwrap_err()).into_response();
            assert_eq!(answer.status(), 403);
            let body = axum::body::to_bytes(answer.into_body(), 10_000).await.unwrap();
            let told: serde_json::Value = serde_json::from_slice(&body).unwrap();
            assert_eq!(
                (&told["type"], &told["module"], &told["reason"], &told["needs"]),
                (
                    &"/problems/module-disabled".into(),
                    &"forecasts".into(),
                    &"dependency_missing".into(),
                    &"workflow_automation".into()
                )
            );
            let detail = told["detail"].as_str().unwrap();
            for part in ["Forecasts", "Workflow", "Ask the operator"] {
                assert!(detail.contains(part), "{detail}");
            }
        }
    }
}
