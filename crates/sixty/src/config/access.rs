//! What the operator's commands know of their surroundings. They have no options for it, so it is read from the
//! variables alone.

use std::path::PathBuf;

use anyhow::Context as _;
use clap::Parser;
use url::Url;

use super::server::PlainText;
use super::{HomeArgs, MasterKeyArgs, OperatorTokenArgs};
use crate::cli::Access;

#[derive(Parser)]
struct Surroundings {
    #[command(flatten)]
    operator_token: OperatorTokenArgs,
    #[command(flatten)]
    master_key: MasterKeyArgs,
    #[arg(long, env = "SIXTY_PG_BIN")]
    pg_bin: Option<PathBuf>,
    #[arg(long, env = "PORT", default_value_t = 3000)]
    port: u16,
    #[arg(long, env = "SIXTY_TLS", value_enum)]
    tls: Option<PlainText>,
}

/// Reads SIXTY_OPERATOR_TOKEN, SIXTY_OPERATOR_TOKEN_FILE, SIXTY_PG_BIN, PORT and SIXTY_TLS.
pub(crate) fn access(home: &HomeArgs) -> anyhow::Result<Access> {
    let found =
        Surroundings::try_parse_from(["sixty"]).map_err(|error| anyhow::anyhow!("{}", error.render()))?;
    let url = format!("http://localhost:{}", found.port);
    Ok(Access {
        url: Url::parse(&url).with_context(|| format!("{url} is not a URL"))?,
        token_file: found.operator_token.file(&home.path()?),
        session_file: home.path()?.join("session"),
        token: found.operator_token.operator_token,
        master_key_file: found.master_key.file(&home.path()?),
        client_tools: found.pg_bin,
        authorities: home.path()?.join("authorities"),
        plain_on_network: found.tls == Some(PlainText::PlainOnNetwork),
    })
}
