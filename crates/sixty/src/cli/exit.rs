//! How a command ends when it doesn't succeed: a code for scripts, and for people what is wrong and what to do next.

use std::io;

use serde_json::Value;

use super::output::Output;

/// Why a command didn't succeed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Failure {
    /// The command can't be carried out as it was given.
    #[error("{0}")]
    Usage(String),
    /// There is no such thing.
    #[error("{0}")]
    Missing(String),
    /// There is no token to show.
    #[error("{0}")]
    NoToken(String),
    /// The server answered with a problem document.
    #[error("{}", .0.detail())]
    Refused(Box<Refusal>),
    /// No answer came.
    #[error("{url} can't be reached: {cause}")]
    Unreachable {
        /// The server's address.
        url: String,
        /// What went wrong, in the words of the system.
        cause: String,
    },
    /// The operation has ended, but not in success.
    #[error("operation {id} ended as {status}: {error}")]
    Operation {
        /// The operation.
        id: String,
        /// `failed`, `dead` or `canceled`.
        status: String,
        /// The last thing that went wrong in it.
        error: String,
    },
    /// Somebody else has said what there is to say: the program that was started, or the one that stopped reading.
    #[error("ended with code {0}")]
    Ended(u8),
    /// None of these.
    #[error("{0}")]
    Unexpected(String),
}

/// A problem document, and the status it came with.
#[derive(Debug)]
pub(crate) struct Refusal {
    pub(crate) status: u16,
    pub(crate) document: Value,
    /// The request id of the answer's header, for answers without a document.
    pub(crate) request_id: Option<String>,
}

impl Refusal {
    fn text(&self, member: &str) -> Option<&str> {
        self.document.get(member).and_then(Value::as_str)
    }

    fn detail(&self) -> String {
        let told = self.text("detail").or_else(|| self.text("title"));
        told.map_or_else(|| format!("the server answered {} without saying why", self.status), str::to_owned)
    }

    fn request_id(&self) -> Option<&str> {
        self.text("instance").or(self.request_id.as_deref())
    }

    /// The wrong fields, unless the detail has told of them already.
    fn fields(&self) -> Vec<String> {
        let detail = self.detail();
        let errors = self.document.get("errors").and_then(Value::as_array).into_iter().flatten();
        errors
            .filter_map(|error| Some((error.get("field")?.as_str()?, error.get("message")?.as_str()?)))
            .map(|(field, message)| format!("{field}: {message}"))
            .filter(|line| !detail.contains(line.as_str()))
            .collect()
    }
}

impl Failure {
    /// The exit code; `EXIT_CODES` tells people.
    pub(crate) fn code(&self) -> u8 {
        match self {
            Self::Unexpected(_) => 1,
            Self::Usage(_) => 2,
            Self::Missing(_) => 3,
            Self::NoToken(_) => 5,
            Self::Unreachable { .. } => 6,
            Self::Operation { .. } => 7,
            Self::Ended(code) => *code,
            Self::Refused(refusal) => match refusal.status {
                400 | 405 | 413 | 415 | 422 | 431 => 2,
                404 | 410 => 3,
                409 | 412 => 4,
                401 | 403 => 5,
                408 | 429 | 502..=504 => 6,
                _ => 1,
            },
        }
    }

    /// What to do next, where the message itself doesn't tell.
    fn hint(&self) -> Option<String> {
        match self {
            Self::Unreachable { .. } => {
                Some("is it running? `sixty dev` starts everything; SIXTY_URL or --url says where it is".to_owned())
            }
            Self::Operation { id, status, .. } if status == "dead" => {
                Some(format!("mend the cause, then: sixty operation retry {id}"))
            }
            Self::Operation { id, .. } => Some(format!("its steps: sixty operation show {id}")),
            Self::Refused(refusal) => match refusal.status {
                401 => Some(
                    "the token is that of SIXTY_OPERATOR_TOKEN, else of `sixty login`, else of the file operator-token in SIXTY_HOME"
                        .to_owned(),
                ),
                404 => Some("`list` shows what is there: sixty customer list, sixty operation list".to_owned()),
                500 | 502..=504 => Some("`sixty doctor` looks for the cause; the server's log has the request".to_owned()),
                _ => None,
            },
            _ => None,
        }
    }

    /// Shows it on the standard error stream: the document itself for programs, sentences for people.
    pub(crate) fn show(&self, mut output: Output) {
        // Nothing can be done about an error stream that is closed.
        let _ = self.write(&mut output);
    }

    fn write(&self, output: &mut Output) -> io::Result<()> {
        if matches!(self, Self::Ended(_)) {
            return Ok(());
        }
        if output.is_json() {
            let document = match self {
                Self::Refused(refusal) if refusal.document.is_object() => refusal.document.clone(),
                _ => serde_json::json!({ "detail": self.to_string(), "exit_code": self.code() }),
            };
            return output.note(&document.to_string());
        }
        output.note(&format!("error: {self}"))?;
        if let Self::Refused(refusal) = self {
            for field in refusal.fields() {
                output.note(&format!("  {field}"))?;
            }
            if let Some(id) = refusal.request_id() {
                output.note(&format!("request: {id}"))?;
            }
        }
        match self.hint() {
            Some(hint) => output.note(&format!("hint: {hint}")),
            None => Ok(()),
        }
    }
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        match error.kind() {
            // `sixty customer list | head` is no failure.
            io::ErrorKind::BrokenPipe => Self::Ended(0),
            _ => Self::Unexpected(error.to_string()),
        }
    }
}
