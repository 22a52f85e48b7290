//! Deleting a customer, which can't be undone.

use std::io::{self, BufRead as _, IsTerminal as _};

use reqwest::Method;

use super::super::client::read;
use super::super::exit::Failure;
use super::super::operation::Operation;
use super::super::progress::Progress;
use super::super::{Session, watch};
use super::WaitArgs;

/// Whom, and how sure.
#[derive(Debug, clap::Args)]
pub(crate) struct DeleteArgs {
    /// The customerId or UUID
    customer: String,
    /// Don't ask
    #[arg(long)]
    yes: bool,
    #[command(flatten)]
    wait: WaitArgs,
}

pub(super) async fn run(session: &mut Session, args: DeleteArgs) -> Result<(), Failure> {
    if !args.yes {
        confirm(session, &args.customer)?;
    }
    let mut answer = session.client.send(Method::DELETE, &["customers", &args.customer], None).await?;
    let begun: Operation = read(&answer)?;
    if args.wait.no_wait {
        if session.output.is_json() {
            return Ok(session.output.document(&answer)?);
        }
        return Ok(session.output.line(&format!("Deleting {}: operation {}.", args.customer, begun.id))?);
    }
    let progress = Progress::aside(&session.output);
    let (document, operation) = watch::to_the_end(session, &begun.id, progress).await?;
    answer = document;
    if session.output.is_json() {
        session.output.document(&answer)?;
    } else if operation.status == "succeeded" {
        session.output.line(&format!("{} is deleted, with everything they had.", args.customer))?;
    }
    operation.outcome()
}

/// Asks for the name once more: a finger slips over y, but not over a whole name.
fn confirm(session: &mut Session, customer: &str) -> Result<(), Failure> {
    if !io::stdin().is_terminal() {
        return Err(Failure::Usage(format!(
            "deleting {customer} can't be undone, and nobody is there to ask: add --yes"
        )));
    }
    session
        .output
        .note(&format!("This deletes {customer} with everything they have. It can't be undone."))?;
    session.output.note("Type the customer's name to go on:")?;
    let mut typed = String::new();
    io::stdin().lock().read_line(&mut typed)?;
    if typed.trim() == customer {
        return Ok(());
    }
    Err(Failure::Usage("that is another name: nothing was deleted".to_owned()))
}
