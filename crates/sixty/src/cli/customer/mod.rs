//! `sixty customer`: who the customers are, and everything that is done to one of them.

mod backup;
mod connect;
mod create;
mod delete;
mod impersonate;
mod plan;
mod show;

use super::exit::Failure;
use super::listing::PageArgs;
use super::{EXIT_CODES, Globals, Session};

/// `sixty customer`.
#[derive(Debug, clap::Args)]
#[command(after_long_help = EXIT_CODES)]
pub(crate) struct CustomerArgs {
    #[command(flatten)]
    pub(super) globals: Globals,
    #[command(subcommand)]
    pub(super) command: CustomerCommand,
}

#[derive(Debug, clap::Subcommand)]
pub(crate) enum CustomerCommand {
    /// Sign a customer up: a PostgreSQL instance of their own, and a first API key
    Create(create::CreateArgs),
    /// List customers, the newest first
    List(show::ListArgs),
    /// Show a customer with their instance and modules
    Show {
        /// The customerId or UUID
        customer: String,
    },
    /// Stop serving a customer; the data stays
    Suspend {
        /// The customerId or UUID
        customer: String,
        /// Why; the audit log keeps it
        #[arg(long)]
        reason: Option<String>,
    },
    /// Serve a suspended customer again
    Resume {
        /// The customerId or UUID
        customer: String,
    },
    /// Change what a customer bought, or tell what that would do; modules follow the plan, the data stays
    Plan(plan::PlanArgs),
    /// Delete a customer with everything they have
    Delete(delete::DeleteArgs),
    /// Open psql on a customer's database
    Psql(connect::PsqlArgs),
    /// Print the whole URL of a customer's database, with the password, and nothing else
    Url(connect::UrlArgs),
    /// Ask for a backup of a customer's database now
    Backup {
        /// The customerId or UUID
        customer: String,
    },
    /// List a customer's backups, the newest first
    Backups(backup::ListArgs),
    /// Restore a backup into a new customer; the old one is not touched
    Restore(backup::RestoreArgs),
    /// Act in a customer's place, for half an hour at most; the key is shown once, and the customer is told
    Impersonate(impersonate::ImpersonateArgs),
    /// Act in a customer's place no longer
    EndImpersonation {
        /// The customerId or UUID
        customer: String,
        /// The impersonation's id, as `impersonations` shows it
        id: String,
    },
    /// List who acts, or acted, in a customer's place, the newest first
    Impersonations {
        /// The customerId or UUID
        customer: String,
        #[command(flatten)]
        page: PageArgs,
    },
}

/// Whether to wait for an operation's end.
#[derive(Debug, Clone, Copy, clap::Args)]
pub(crate) struct WaitArgs {
    /// Don't wait for the operation's end
    #[arg(long)]
    no_wait: bool,
}

pub(super) async fn run(session: &mut Session, command: CustomerCommand) -> Result<(), Failure> {
    match command {
        CustomerCommand::Create(args) => create::run(session, args).await,
        CustomerCommand::List(args) => show::list(session, args).await,
        CustomerCommand::Show { customer } => show::one(session, &customer).await,
        CustomerCommand::Suspend { customer, reason } => show::suspend(session, &customer, reason).await,
        CustomerCommand::Resume { customer } => show::resume(session, &customer).await,
        CustomerCommand::Plan(args) => plan::run(session, args).await,
        CustomerCommand::Delete(args) => delete::run(session, args).await,
        CustomerCommand::Psql(args) => connect::psql(session, args).await,
        CustomerCommand::Url(args) => connect::url(session, args).await,
        CustomerCommand::Backup { customer } => backup::request(session, &customer).await,
        CustomerCommand::Backups(args) => backup::list(session, args).await,
        CustomerCommand::Restore(args) => backup::restore(session, args).await,
        CustomerCommand::Impersonate(args) => impersonate::begin(session, args).await,
        CustomerCommand::EndImpersonation { customer, id } => impersonate::end(session, &customer, &id).await,
        CustomerCommand::Impersonations { customer, page } => {
            impersonate::list(session, &customer, &page).await
        }
    }
}
