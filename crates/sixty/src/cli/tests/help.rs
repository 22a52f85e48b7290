//! The help texts, all of them in one snapshot, and the completion scripts.

use clap::CommandFactory as _;
use url::Url;

use super::{Program, sixty};

fn collect(command: &mut clap::Command, path: &str, text: &mut String) {
    let path = format!("{path} {}", command.get_name()).trim().to_owned();
    let help = command.clone().bin_name(&path).term_width(100).render_long_help();
    text.push_str(&format!("$ {path} --help\n{help}\n"));
    for subcommand in command.get_subcommands_mut().filter(|subcommand| subcommand.get_name() != "help") {
        collect(subcommand, &path, text);
    }
}

#[test]
fn every_command_explains_itself() {
    let mut text = String::new();
    // Building hands the global options on to the subcommands.
    let mut program = Program::command();
    program.build();
    collect(&mut program, "", &mut text);
    let lines: Vec<_> = text.lines().map(str::trim_end).collect();
    insta::with_settings!({ prepend_module_to_snapshot => false, omit_expression => true }, {
        insta::assert_snapshot!("help", lines.join("\n"));
    });
}

#[test]
fn the_tree_of_commands_is_sound() {
    Program::command().debug_assert();
}

#[tokio::test]
async fn completion_needs_neither_server_nor_token() {
    let nowhere = Url::parse("http://127.0.0.1:1").unwrap();
    for (shell, telling) in
        [("bash", "complete -F _sixty"), ("zsh", "#compdef sixty"), ("fish", "complete -c sixty")]
    {
        let ran = sixty(&nowhere, &format!("completion {shell}")).await;
        assert_eq!(ran.code, 0, "{}", ran.notes);
        assert!(ran.results.contains(telling), "{shell}");
        assert!(ran.results.contains("operation"), "{shell}");
    }
}
