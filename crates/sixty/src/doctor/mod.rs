//! `sixty doctor`: what is wrong on this machine, and how to mend it.

mod certificates;
mod checks;
mod customers;
mod stores;

use std::process::ExitCode;

use clap::Args;
use serde::Serialize;

use crate::config::{
    AdminDatabaseArgs, HomeArgs, MasterKeyArgs, OperatorTokenArgs, PostgresArgs, RedisArgs, ServerArgs,
    TemplateDatabaseArgs,
};
use crate::{dev, say};

/// Check connections, schema, ports, Redis, template and roles, and say how to mend what is wrong.
#[derive(Args, Debug)]
pub(crate) struct DoctorArgs {
    #[command(flatten)]
    server: ServerArgs,
    #[command(flatten)]
    admin_database: AdminDatabaseArgs,
    #[command(flatten)]
    template_database: TemplateDatabaseArgs,
    #[command(flatten)]
    redis: RedisArgs,
    #[command(flatten)]
    postgres: PostgresArgs,
    #[command(flatten)]
    master_key: MasterKeyArgs,
    #[command(flatten)]
    operator_token: OperatorTokenArgs,
    /// Print the findings as JSON.
    #[arg(long)]
    json: bool,
}

impl DoctorArgs {
    /// What is run beside `sixty dev` is asked of the local stack, unless something else is named.
    fn beside_dev(self) -> Self {
        Self {
            server: self.server.in_the_local_stack(),
            admin_database: self.admin_database.beside_dev(),
            template_database: self.template_database.beside_dev(),
            redis: self.redis.beside_dev(),
            ..self
        }
    }
}

/// What one check found.
#[derive(Debug, Serialize)]
pub(crate) struct Finding {
    check: &'static str,
    ok: bool,
    detail: String,
    /// How to mend it.
    #[serde(skip_serializing_if = "Option::is_none")]
    mend: Option<String>,
}

impl Finding {
    fn good(check: &'static str, detail: impl Into<String>) -> Self {
        Self { check, ok: true, detail: detail.into(), mend: None }
    }

    fn bad(check: &'static str, detail: impl Into<String>, mend: impl Into<String>) -> Self {
        Self { check, ok: false, detail: detail.into(), mend: Some(mend.into()) }
    }
}

pub(crate) async fn run(args: DoctorArgs, home: &HomeArgs) -> anyhow::Result<ExitCode> {
    let home = home.path()?;
    // What a store holds is looked at as the server does it. Where it can't be had, the checks that need it say what is wrong, too.
    let (args, stores) = stores::resolved(args).await;
    let args = if dev::runs_in(&home) { args.beside_dev() } else { args };
    let mut findings = checks::all(&args, &home).await;
    findings.push(stores);
    findings.extend(customers::roles(&args, &home).await?);
    let healthy = findings.iter().all(|finding| finding.ok);
    if args.json {
        say(&serde_json::to_string_pretty(&findings)?);
    } else {
        for finding in &findings {
            let mark = if finding.ok { "ok   " } else { "WRONG" };
            say(&format!("{mark}  {:<20} {}", finding.check, finding.detail));
            if let Some(mend) = &finding.mend {
                say(&format!("       {:<20} -> {mend}", ""));
            }
        }
        say(if healthy {
            "\nEverything is fine."
        } else {
            "\nSomething is wrong; see -> for how to mend it."
        });
    }
    Ok(if healthy { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
