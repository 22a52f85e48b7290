//! `sixty token`: one's own API tokens, for programs.

use chrono::{DateTime, Utc};
use reqwest::Method;
use serde::Deserialize;
use serde_json::json;

use super::client::read;
use super::exit::Failure;
use super::listing::{self, PageArgs, View};
use super::time::Span;
use super::{EXIT_CODES, Globals, Session, time};

/// `sixty token`.
#[derive(Debug, clap::Args)]
#[command(after_long_help = EXIT_CODES)]
pub(crate) struct TokenArgs {
    #[command(flatten)]
    pub(super) globals: Globals,
    #[command(subcommand)]
    pub(super) command: TokenCommand,
}

#[derive(Debug, clap::Subcommand)]
pub(crate) enum TokenCommand {
    /// Create a token; it is shown once and never again
    Create {
        /// What it is for
        #[arg(long)]
        name: String,
        /// What it may do, such as customers:read; give it again for more
        #[arg(long = "permission", value_name = "PERMISSION", required = true)]
        permissions: Vec<String>,
        /// When it stops working, from now on, at most 366d [default: 90d]
        #[arg(long, value_name = "SPAN")]
        expires_in: Option<Span>,
    },
    /// List your tokens, the newest first
    List(PageArgs),
    /// Take a token back, at once and for good
    Revoke {
        /// The token's id, as `list` shows it
        id: String,
    },
}

#[derive(Debug, Deserialize)]
struct Token {
    id: String,
    name: String,
    prefix: String,
    permissions: Vec<String>,
    expires_at: DateTime<Utc>,
    last_used_at: Option<DateTime<Utc>>,
    revoked_at: Option<DateTime<Utc>>,
}

pub(super) async fn run(session: &mut Session, command: TokenCommand) -> Result<(), Failure> {
    match command {
        TokenCommand::Create { name, permissions, expires_in } => {
            let mut body = json!({ "name": name, "permissions": permissions });
            if let Some(span) = expires_in {
                body["expires_at"] = span.end_from_now().into();
            }
            let answer = session.client.send(Method::POST, &["tokens"], Some(&body)).await?;
            if session.output.is_json() {
                return Ok(session.output.document(&answer)?);
            }
            let token: Token = read(&answer)?;
            session.output.details(&[
                ("token", answer["token"].as_str().map(str::to_owned)),
                ("id", Some(token.id)),
                ("name", Some(token.name)),
                ("permissions", Some(token.permissions.join(" "))),
                ("expires", Some(time::short(Some(token.expires_at)))),
            ])?;
            Ok(session.output.note("The token is shown here and never again: keep it now.")?)
        }
        TokenCommand::List(page) => {
            let headings = &["ID", "NAME", "PREFIX", "STATUS", "PERMISSIONS", "EXPIRES", "LAST USED"];
            let view = View { of: "tokens", headings, row };
            listing::show(session, &["tokens"], Vec::new(), &page, view).await
        }
        TokenCommand::Revoke { id } => {
            let answer = session.client.send(Method::POST, &["tokens", &id, "revoke"], None).await?;
            if session.output.is_json() {
                return Ok(session.output.document(&answer)?);
            }
            let token: Token = read(&answer)?;
            Ok(session
                .output
                .line(&format!("The token {} ({}) no longer works.", token.name, token.prefix))?)
        }
    }
}

fn row(token: Token) -> Vec<String> {
    let status = match (token.revoked_at, token.expires_at <= Utc::now()) {
        (Some(_), _) => "revoked",
        (None, true) => "expired",
        (None, false) => "active",
    };
    vec![
        token.id,
        token.name,
        token.prefix,
        status.to_owned(),
        token.permissions.join(" "),
        time::short(Some(token.expires_at)),
        time::short(token.last_used_at),
    ]
}
