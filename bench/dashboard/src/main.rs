//! How soon the dashboard is there from a cold cache, how large it is, and what its table of 10,000 customers costs the
//! browser: a running system, whose admin database is filled by SQL, and `dashboard/tests/measure.mjs` in a real Chromium.

use std::process::ExitCode;

use system_tests::Stack;
use tokio::process::Command;

/// Customers as the table shows them. They have no database, which the table doesn't ask for.
const FILL: &str = "insert into admin_customers (company_name, company_domain, billing_email, subscription_plan,
        subscription_status, trial_started_at, trial_ends_at, created_at)
    select initcap(word) || ' ' || (array['GmbH', 'Ltd', 'Inc', 'SA'])[1 + n % 4] || ' ' || n, word || '-' || n,
        'office@' || word || '-' || n || '.example', (array['starter', 'pro', 'enterprise'])[1 + n % 3]::plan_type,
        (array['active', 'active', 'active', 'trial', 'suspended'])[1 + n % 5]::subscription_status,
        now() - interval '5 days', now() + interval '9 days', now() - n * interval '1 hour'
    from generate_series(1, 10000) as n,
        lateral (select (array['harbour', 'lantern', 'quarry', 'meadow', 'fjord', 'granite', 'willow'])[1 + n % 7]) as w (word);
    insert into admin_customer_modules (customer_id, module_id, enabled)
    select customer.id, module.id, true from admin_customers customer, admin_feature_modules module
    where customer.company_domain ~ '-[0-9]+$' and module.module_key in ('crm_core', 'advanced_pipeline')
    on conflict do nothing;
    analyze;";

#[tokio::main]
async fn main() -> ExitCode {
    let rounds = std::env::args().nth(1).unwrap_or_else(|| "7".to_owned());
    let mut stack = Stack::start().await;
    if let Err(error) = stack.admin().await.batch_execute(FILL).await {
        complain(&format!("the admin database can't be filled: {error}"));
        return ExitCode::FAILURE;
    }
    let measured = Command::new("node")
        .args(["tests/measure.mjs", &rounds])
        .current_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/../../dashboard"))
        .env("SIXTY_URL", format!("http://localhost:{}", stack.ports.server))
        .env("SIXTY_OPERATOR_TOKEN_FILE", stack.path().join("operator-token"))
        .kill_on_drop(true)
        .status()
        .await;
    let stopped = stack.stop().await;
    match measured {
        Ok(status) if status.success() && stopped.success() => ExitCode::SUCCESS,
        Ok(_) => ExitCode::FAILURE,
        Err(error) => {
            complain(&format!("node can't be run: {error}"));
            ExitCode::FAILURE
        }
    }
}

fn complain(text: &str) {
    let _ = std::io::Write::write_fmt(&mut std::io::stderr(), format_args!("{text}\n"));
}
