//! Asking a person. What is secret isn't shown while it is typed; a program answers by lines on standard input.

use std::io::{self, BufRead as _, IsTerminal as _};

use secrecy::SecretString;

use super::exit::Failure;
use super::output::Output;

/// Whether a person sits there.
pub(super) fn is_person() -> bool {
    io::stdin().is_terminal()
}

/// Asks for something that may be seen.
pub(super) fn ask(output: &mut Output, what: &str) -> Result<String, Failure> {
    output.note(&format!("{what}:"))?;
    line(what)
}

/// Asks for a secret.
pub(super) fn ask_secret(output: &mut Output, what: &str) -> Result<SecretString, Failure> {
    if is_person() {
        let typed = rpassword::prompt_password(format!("{what}: "))?;
        return given(what, typed.trim_end_matches(['\r', '\n'])).map(SecretString::from);
    }
    output.note(&format!("{what}:"))?;
    line(what).map(SecretString::from)
}

fn line(what: &str) -> Result<String, Failure> {
    let mut text = String::new();
    io::stdin().lock().read_line(&mut text)?;
    given(what, text.trim_end_matches(['\r', '\n'])).map(str::to_owned)
}

fn given<'a>(what: &str, text: &'a str) -> Result<&'a str, Failure> {
    if text.is_empty() {
        return Err(Failure::Usage(format!("{what} is needed, and nothing was given")));
    }
    Ok(text)
}
