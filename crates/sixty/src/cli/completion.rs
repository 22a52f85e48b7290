//! `sixty completion`: the script that teaches a shell our commands.

use clap_complete::Shell;

use super::exit::Failure;
use super::output::Output;

/// Which shell.
#[derive(Debug, clap::Args)]
#[command(after_help = "For example, in ~/.bashrc:\n  source <(sixty completion bash)")]
pub(crate) struct CompletionArgs {
    /// The shell
    #[arg(value_enum)]
    shell: Shell,
}

pub(super) fn run(
    args: &CompletionArgs,
    mut program: clap::Command,
    output: &mut Output,
) -> Result<(), Failure> {
    let mut script = Vec::new();
    let name = program.get_name().to_owned();
    clap_complete::generate(args.shell, &mut program, name, &mut script);
    output.line(String::from_utf8_lossy(&script).trim_end())?;
    Ok(())
}
