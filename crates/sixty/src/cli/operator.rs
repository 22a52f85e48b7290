//! `sixty operator`: who works on the platform.

use chrono::{DateTime, Utc};
use reqwest::Method;
use serde::Deserialize;
use serde_json::{Value, json};

use super::client::read;
use super::exit::Failure;
use super::listing::{self, PageArgs, View};
use super::{EXIT_CODES, Globals, Session, time};

const ROLES: [&str; 5] = ["owner", "admin", "support", "billing", "read-only"];

/// `sixty operator`.
#[derive(Debug, clap::Args)]
#[command(after_long_help = EXIT_CODES)]
pub(crate) struct OperatorArgs {
    #[command(flatten)]
    pub(super) globals: Globals,
    #[command(subcommand)]
    pub(super) command: OperatorCommand,
}

#[derive(Debug, clap::Subcommand)]
pub(crate) enum OperatorCommand {
    /// Create an operator; the password of their first sign-in is shown once
    Create {
        /// What they sign in with
        #[arg(long)]
        email: String,
        /// What people call them
        #[arg(long)]
        name: String,
        /// What they may do; give it again for more
        #[arg(long = "role", value_name = "ROLE", required = true, value_parser = ROLES)]
        roles: Vec<String>,
    },
    /// List operators, by address
    List(PageArgs),
    /// Show an operator
    Show {
        /// The operator's id or email address
        operator: String,
    },
    /// Change name or roles; what isn't named stays
    Update {
        /// The operator's id or email address
        operator: String,
        /// What people call them
        #[arg(long, required_unless_present = "roles")]
        name: Option<String>,
        /// All that they may do from now on; give it again for more
        #[arg(long = "role", value_name = "ROLE", value_parser = ROLES)]
        roles: Vec<String>,
    },
    /// Keep an operator out: their sessions end, and their tokens are revoked
    Disable {
        /// The operator's id or email address
        operator: String,
    },
    /// Let an operator in again
    Enable {
        /// The operator's id or email address
        operator: String,
    },
    /// Give an operator a password for one sign-in, shown once; their sessions end
    ResetPassword {
        /// The operator's id or email address
        operator: String,
    },
    /// Take an operator's second factors away: at the next sign-in they set a new one up
    ResetSecondFactor {
        /// The operator's id or email address
        operator: String,
    },
    /// End all sessions of an operator, and revoke all their tokens
    SignOut {
        /// The operator's id or email address
        operator: String,
    },
}

#[derive(Debug, Deserialize)]
struct Operator {
    id: String,
    email: String,
    name: String,
    roles: Vec<String>,
    disabled: bool,
    has_second_factor: bool,
    last_signed_in_at: Option<DateTime<Utc>>,
    created_at: DateTime<Utc>,
}

pub(super) async fn run(session: &mut Session, command: OperatorCommand) -> Result<(), Failure> {
    match command {
        OperatorCommand::Create { email, name, roles } => {
            let body = json!({ "email": email, "name": name, "roles": roles });
            let answer = session.client.send(Method::POST, &["operators"], Some(&body)).await?;
            show_password(session, &answer)
        }
        OperatorCommand::List(page) => list(session, &page).await,
        OperatorCommand::Show { operator } => {
            let id = found(session, &operator).await?;
            let answer = session.client.get(&["operators", &id], &[]).await?;
            show(session, &answer)
        }
        OperatorCommand::Update { operator, name, roles } => {
            let mut body = json!({});
            if let Some(name) = name {
                body["name"] = name.into();
            }
            if !roles.is_empty() {
                body["roles"] = roles.into();
            }
            patch(session, &operator, &body).await
        }
        OperatorCommand::Disable { operator } => {
            patch(session, &operator, &json!({ "disabled": true })).await
        }
        OperatorCommand::Enable { operator } => {
            patch(session, &operator, &json!({ "disabled": false })).await
        }
        OperatorCommand::ResetPassword { operator } => {
            let answer = act(session, &operator, "reset-password").await?;
            show_password(session, &answer)
        }
        OperatorCommand::ResetSecondFactor { operator } => {
            let answer = act(session, &operator, "reset-second-factor").await?;
            show(session, &answer)
        }
        OperatorCommand::SignOut { operator } => {
            let answer = act(session, &operator, "sign-out").await?;
            if session.output.is_json() {
                return Ok(session.output.document(&answer)?);
            }
            Ok(session.output.line(&format!(
                "{} sessions have ended, and {} tokens are revoked.",
                answer["sessions_ended"], answer["tokens_revoked"]
            ))?)
        }
    }
}

/// The id of an operator who was named by it or by their address.
async fn found(session: &Session, operator: &str) -> Result<String, Failure> {
    if !operator.contains('@') {
        return Ok(operator.to_owned());
    }
    let answer = listing::everything(&session.client, &["operators"]).await?;
    let operators: Vec<Operator> = read(&answer["data"])?;
    let wanted = operator.trim().to_lowercase();
    let found = operators.into_iter().find(|one| one.email == wanted);
    found.map(|one| one.id).ok_or_else(|| {
        Failure::Missing(format!(
            "there is no operator with the address {operator}; `sixty operator list --all` shows all"
        ))
    })
}

async fn act(session: &Session, operator: &str, what: &str) -> Result<Value, Failure> {
    let id = found(session, operator).await?;
    session.client.send(Method::POST, &["operators", &id, what], None).await
}

async fn patch(session: &mut Session, operator: &str, body: &Value) -> Result<(), Failure> {
    let id = found(session, operator).await?;
    let answer = session.client.send(Method::PATCH, &["operators", &id], Some(body)).await?;
    show(session, &answer)
}

async fn list(session: &mut Session, page: &PageArgs) -> Result<(), Failure> {
    let headings = &["ID", "EMAIL", "NAME", "ROLES", "STATUS", "SECOND FACTOR", "LAST SIGNED IN"];
    let row = |one: Operator| {
        vec![
            one.id,
            one.email,
            one.name,
            one.roles.join(" "),
            if one.disabled { "disabled" } else { "active" }.to_owned(),
            if one.has_second_factor { "yes" } else { "no" }.to_owned(),
            time::short(one.last_signed_in_at),
        ]
    };
    let view = View { of: "operators", headings, row };
    listing::show(session, &["operators"], Vec::new(), page, view).await
}

fn show(session: &mut Session, answer: &Value) -> Result<(), Failure> {
    if session.output.is_json() {
        return Ok(session.output.document(answer)?);
    }
    let one: Operator = read(answer)?;
    Ok(session.output.details(&[
        ("id", Some(one.id)),
        ("email", Some(one.email)),
        ("name", Some(one.name)),
        ("roles", Some(one.roles.join(" "))),
        ("status", Some(if one.disabled { "disabled" } else { "active" }.to_owned())),
        ("second factor", Some(if one.has_second_factor { "yes" } else { "no" }.to_owned())),
        ("last signed in", one.last_signed_in_at.map(|time| time::short(Some(time)))),
        ("created", Some(time::short(Some(one.created_at)))),
    ])?)
}

fn show_password(session: &mut Session, answer: &Value) -> Result<(), Failure> {
    if session.output.is_json() {
        return Ok(session.output.document(answer)?);
    }
    let one: Operator = read(answer)?;
    let password = answer["one_time_password"].as_str().map(str::to_owned);
    session.output.details(&[
        ("id", Some(one.id)),
        ("email", Some(one.email)),
        ("roles", Some(one.roles.join(" "))),
        ("one-time password", password),
    ])?;
    Ok(session.output.note(
        "The password is shown here and never again. With it they sign in (`sixty login`) and choose their own.",
    )?)
}
