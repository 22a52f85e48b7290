//! What a person needs to know when everything runs: where it is, and how to get in.

use secrets::{ExposeSecret, OperatorToken};

use super::DevArgs;
use super::demo::{CUSTOMER_ID, Demo};
use super::home::Home;
use crate::say;

pub(crate) fn print(args: &DevArgs, home: &Home, token: &OperatorToken, demo: Option<&Demo>) {
    let (admin, template, redis) = (&args.admin_database, &args.template_database, &args.redis);
    let server = format!("http://localhost:{}", args.server.port);
    let ports = &args.postgres.customer_ports.0;
    let demo_lines = match demo {
        Some(demo) => format!(
            "\n  Demo customer       {CUSTOMER_ID}\n  Demo API key        {}\n\n  Try it:\n    curl -H 'Authorization: Bearer {}' {server}/api/v1/organizations\n",
            demo.api_key.expose_secret(),
            demo.api_key.expose_secret(),
        ),
        None => String::new(),
    };
    say(&format!(
        "\nSixty is ready.\n\n  \
         Server              {server}\n  \
         Dashboard           {server}/admin\n  \
         API documentation   {server}/api/docs\n  \
         Health, readiness   {server}/api/health, {server}/api/ready\n  \
         Admin database      postgresql://{}:{}@localhost:{}/{}\n  \
         Customer template   postgresql://{}:{}@localhost:{}/{}\n  \
         Redis               {}\n  \
         Customers' ports    {}-{}\n  \
         Encryption          to customers' databases; all else is plain text, on this machine alone\n  \
         State               {}\n  \
         Operator token      {}\n{demo_lines}\n  \
         For the dashboard, make yourself an account (in another terminal):\n    \
         sixty operator create --email you@example.org --name You --role owner\n\n  \
         Stop with Ctrl-C.",
        admin.admin_db_user,
        admin.admin_db_password.expose_secret(),
        admin.admin_db_port,
        admin.admin_db_name,
        template.db_user,
        template.db_password.expose_secret(),
        template.db_port,
        template.db_name,
        redis.url().expose_secret(),
        ports.start(),
        ports.end(),
        home.path().display(),
        token.secret().expose_secret(),
    ));
}
