//! The operator's commands: a client of the operator API, and of nothing else. What they can do, any program can.
//!
//! One file per noun. A command asks through [`client::Client`], shows through [`output::Output`], and ends with a
//! [`exit::Failure`] whose code means something to a script.

pub(crate) mod audit_log;
pub(crate) mod audit_streams;
pub(crate) mod backup;
mod browser_login;
mod clerk;
mod client;
mod completion;
mod customer;
mod exit;
mod job;
mod key;
mod limit;
mod listing;
mod login;
mod module;
mod operation;
mod operator;
mod output;
mod progress;
mod prompt;
mod secret_keys;
mod signed_in;
mod time;
mod token;
mod usage;
mod watch;

#[cfg(test)]
mod tests;

use std::path::PathBuf;
use std::process::ExitCode;

use secrecy::SecretString;
use url::Url;

use client::Client;
use exit::Failure;
use output::Output;

/// What every command's exit code means; at the end of `--help`, and in docs/operate.md.
const EXIT_CODES: &str = "\
Exit codes:
  0  done
  1  something unexpected
  2  the command, or a field that it sent, is wrong
  3  there is no such thing
  4  it contradicts what is there: a name is taken, the state is another
  5  no token, a wrong one, or not allowed
  6  the server, or something that it needs, can't be reached now: try again
  7  the operation ended, but not in success";

/// The commands of an operator.
#[derive(Debug, clap::Subcommand)]
pub(crate) enum OperatorCommand {
    /// Sign customers up, show, suspend, resume, delete, connect to, back up and restore them
    Customer(Box<customer::CustomerArgs>),
    /// A customer's API keys: create, list, show, update, rotate, revoke
    Key(Box<key::KeyArgs>),
    /// How many requests single customers may make: list, set, remove
    Limit(Box<limit::LimitArgs>),
    /// Feature modules: list, enable, disable, reset
    Module(Box<module::ModuleArgs>),
    /// Long work on customers: list, show, watch, retry, cancel
    Operation(Box<operation::OperationArgs>),
    /// Background jobs: list, retry, cancel
    Job(Box<job::JobArgs>),
    /// What Clerk told of organizations and users: status, messages, replay, reconcile
    Clerk(Box<clerk::ClerkArgs>),
    /// Requests by day, key, route, status or outcome, and how fast they were answered
    Usage(Box<usage::UsageArgs>),
    /// Master keys and data keys: status, add, rotate, retire
    Secrets(Box<secret_keys::SecretsArgs>),
    /// Sign in, for the commands of this machine
    Login(Box<login::LoginArgs>),
    /// Sign out
    Logout(Box<login::LogoutArgs>),
    /// Who the commands of this machine act as, and what they may do
    Whoami(Box<login::WhoamiArgs>),
    /// Who works on the platform: create, list, show, update, reset, sign out
    Operator(Box<operator::OperatorArgs>),
    /// Your own API tokens, for programs: create, list, revoke
    Token(Box<token::TokenArgs>),
    /// Print the completion script of a shell
    Completion(completion::CompletionArgs),
}

/// Options that every command takes.
#[derive(Debug, Clone, clap::Args)]
pub(crate) struct Globals {
    /// Print JSON, for programs
    #[arg(long, global = true, help_heading = "Everywhere", display_order = 900)]
    json: bool,
    /// Where the server is [default: http://localhost:3000]
    #[arg(long, global = true, env = "SIXTY_URL", hide_env_values = true, value_name = "URL")]
    #[arg(help_heading = "Everywhere", display_order = 901)]
    url: Option<Url>,
}

/// What the commands know of their surroundings. The program's configuration fills it in.
#[derive(Debug, Clone)]
pub(crate) struct Access {
    /// Where the server is, unless `--url` or SIXTY_URL says otherwise.
    pub(crate) url: Url,
    /// The operator's token: SIXTY_OPERATOR_TOKEN. Never an option, which every user of the machine could see.
    pub(crate) token: Option<SecretString>,
    /// The session of `sixty login`: `session` in SIXTY_HOME. It comes before the file with the token.
    pub(crate) session_file: PathBuf,
    /// The file with the token, when it isn't given: SIXTY_OPERATOR_TOKEN_FILE, or `operator-token` in SIXTY_HOME.
    pub(crate) token_file: PathBuf,
    /// The file with the master keys, to which `sixty secrets add-key` adds.
    pub(crate) master_key_file: PathBuf,
    /// The folder of `psql`, when it isn't on the PATH: SIXTY_PG_BIN.
    pub(crate) client_tools: Option<PathBuf>,
    /// Where the authorities of customers' instances are written for other programs: `authorities` in SIXTY_HOME.
    pub(crate) authorities: PathBuf,
    /// Whether servers on other machines may be asked in the clear: SIXTY_TLS=plain-on-network.
    pub(crate) plain_on_network: bool,
}

/// A command at work.
struct Session {
    client: Client,
    output: Output,
    access: Access,
}

/// Runs a command to its end. `program` is the whole command line, which completion describes.
pub(crate) async fn run(command: OperatorCommand, access: Access, program: clap::Command) -> ExitCode {
    let output = Output::terminal(command.globals().is_some_and(|globals| globals.json));
    ExitCode::from(run_with(command, access, program, output).await)
}

/// What the server is asked by commands whose others work on this machine's files or the admin database itself.
#[derive(Debug)]
pub(crate) enum ServerCommand {
    /// `sixty audit list`.
    AuditList(Box<audit_log::ListArgs>),
    /// `sixty audit export`.
    AuditExport(Box<audit_log::ExportArgs>),
    /// `sixty audit streams`.
    AuditStreams(Box<audit_streams::StreamsArgs>),
    /// `sixty backup list`.
    BackupList(Box<backup::ListArgs>),
}

/// The same for these.
pub(crate) async fn run_on_server(command: ServerCommand, access: Access) -> ExitCode {
    let output = Output::terminal(command.globals().json);
    ExitCode::from(run_on_server_with(command, access, output).await)
}

async fn run_on_server_with(command: ServerCommand, access: Access, output: Output) -> u8 {
    let (globals, errors) = (command.globals().clone(), output.clone());
    let outcome = match Session::open(Some(&globals), access, output) {
        Err(failure) => Err(failure),
        Ok(mut session) => match command {
            ServerCommand::AuditList(args) => audit_log::list(&mut session, *args).await,
            ServerCommand::AuditExport(args) => audit_log::export(&mut session, *args).await,
            ServerCommand::AuditStreams(args) => audit_streams::run(&mut session, *args).await,
            ServerCommand::BackupList(args) => backup::list(&mut session, *args).await,
        },
    };
    ended(outcome, errors)
}

impl ServerCommand {
    fn globals(&self) -> &Globals {
        match self {
            Self::AuditList(args) => &args.globals,
            Self::AuditExport(args) => &args.globals,
            Self::AuditStreams(args) => &args.globals,
            Self::BackupList(args) => &args.globals,
        }
    }
}

/// Runs a command and shows how it ended.
async fn run_with(
    command: OperatorCommand,
    access: Access,
    program: clap::Command,
    mut output: Output,
) -> u8 {
    let errors = output.clone();
    let result = match command {
        OperatorCommand::Completion(args) => completion::run(&args, program, &mut output),
        OperatorCommand::Login(args) => login::run(*args, &access, output).await,
        OperatorCommand::Logout(_) => login::log_out(&access, &mut output).await,
        command => match Session::open(command.globals(), access, output) {
            Ok(mut session) => session.run(command).await,
            Err(failure) => Err(failure),
        },
    };
    ended(result, errors)
}

/// Shows why a command didn't succeed, if it didn't; its exit code.
fn ended(result: Result<(), Failure>, errors: Output) -> u8 {
    match result {
        Ok(()) => 0,
        Err(failure) => {
            failure.show(errors);
            failure.code()
        }
    }
}

impl OperatorCommand {
    fn globals(&self) -> Option<&Globals> {
        match self {
            Self::Customer(args) => Some(&args.globals),
            Self::Key(args) => Some(&args.globals),
            Self::Limit(args) => Some(&args.globals),
            Self::Module(args) => Some(&args.globals),
            Self::Operation(args) => Some(&args.globals),
            Self::Job(args) => Some(&args.globals),
            Self::Clerk(args) => Some(&args.globals),
            Self::Usage(args) => Some(&args.globals),
            Self::Secrets(args) => Some(&args.globals),
            Self::Login(args) => Some(&args.globals),
            Self::Logout(args) => Some(&args.globals),
            Self::Whoami(args) => Some(&args.globals),
            Self::Operator(args) => Some(&args.globals),
            Self::Token(args) => Some(&args.globals),
            Self::Completion(_) => None,
        }
    }
}

/// Where the server is. Passwords and tokens go nowhere else in the clear than to this machine, unless that was asked for.
fn address(globals: Option<&Globals>, access: &Access) -> Result<Url, Failure> {
    let url = globals.and_then(|globals| globals.url.clone()).unwrap_or_else(|| access.url.clone());
    if url.scheme() == "http" && !client::is_this_machine(&url) && !access.plain_on_network {
        return Err(Failure::Usage(format!(
            "{url} is on another machine, and your token would go there in the clear: use https://; on a network that is \
             nobody else's, set SIXTY_TLS=plain-on-network"
        )));
    }
    Ok(url)
}

impl Session {
    fn open(globals: Option<&Globals>, access: Access, output: Output) -> Result<Self, Failure> {
        let url = address(globals, &access)?;
        Ok(Self { client: Client::open(url, &access)?, output, access })
    }

    async fn run(&mut self, command: OperatorCommand) -> Result<(), Failure> {
        match command {
            OperatorCommand::Customer(args) => customer::run(self, args.command).await,
            OperatorCommand::Key(args) => key::run(self, args.command).await,
            OperatorCommand::Limit(args) => limit::run(self, *args).await,
            OperatorCommand::Module(args) => module::run(self, args.command).await,
            OperatorCommand::Operation(args) => operation::run(self, args.command).await,
            OperatorCommand::Job(args) => job::run(self, args.command).await,
            OperatorCommand::Clerk(args) => clerk::run(self, args.command).await,
            OperatorCommand::Usage(args) => usage::run(self, *args).await,
            OperatorCommand::Secrets(args) => secret_keys::run(self, args.command).await,
            OperatorCommand::Whoami(_) => login::who(self).await,
            OperatorCommand::Operator(args) => operator::run(self, args.command).await,
            OperatorCommand::Token(args) => token::run(self, args.command).await,
            OperatorCommand::Login(_) | OperatorCommand::Logout(_) | OperatorCommand::Completion(_) => Ok(()),
        }
    }
}
