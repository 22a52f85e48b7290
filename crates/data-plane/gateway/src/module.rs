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
    let mut explanation = None;
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
            let needed = modules::find(key).map_or(*key, FeatureModule::name);
            (
                "dependency_missing",
                format!(
                    "The feature module {name} needs {needed}, which is not enabled. Ask the operator to enable it."
                ),
            )
        }
    };
    let problem = Problem::module_disabled(detail).with("module", module.key()).with("reason", reason);
    match explanation {
        Some(explanation) => problem.with("explanation", explanation),
        None => problem,
    }
}
