//! What a command shows: tables and sentences for people, JSON for programs. Results go to the standard output,
//! everything else to the standard error stream.

use std::io::{self, IsTerminal as _, Write};
use std::sync::{Arc, Mutex, PoisonError};

use comfy_table::{ContentArrangement, Table, presets};
use serde_json::Value;

/// Longer than every id and address; a screen has room for it.
const LONGEST_ON_SCREEN: usize = 60;

type Stream = Arc<Mutex<dyn Write + Send>>;

/// Where a command writes, and how.
#[derive(Clone)]
pub(crate) struct Output {
    results: Stream,
    notes: Stream,
    json: bool,
    /// Whether somebody is watching the error stream, so that progress makes sense.
    watched: bool,
    /// Whether the results are looked at, and not piped elsewhere.
    on_screen: bool,
}

impl Output {
    /// The standard streams.
    pub(crate) fn terminal(json: bool) -> Self {
        Self {
            results: Arc::new(Mutex::new(io::stdout())),
            notes: Arc::new(Mutex::new(io::stderr())),
            json,
            watched: io::stderr().is_terminal() && !json,
            on_screen: io::stdout().is_terminal(),
        }
    }

    /// Streams of a test.
    #[cfg(test)]
    pub(crate) fn captured(results: Stream, notes: Stream, json: bool) -> Self {
        Self { results, notes, json, watched: false, on_screen: false }
    }

    /// Whether a program reads it.
    pub(crate) fn is_json(&self) -> bool {
        self.json
    }

    /// Whether somebody is watching, so that progress makes sense.
    pub(crate) fn is_watched(&self) -> bool {
        self.watched
    }

    /// A line of the result.
    pub(crate) fn line(&mut self, text: &str) -> io::Result<()> {
        write_line(&self.results, text)
    }

    /// A line beside the result.
    pub(crate) fn note(&mut self, text: &str) -> io::Result<()> {
        write_line(&self.notes, text)
    }

    /// The result as JSON.
    pub(crate) fn document(&mut self, value: &Value) -> io::Result<()> {
        self.line(&format!("{value:#}"))
    }

    /// Rows under headings. On a screen long texts are shortened; `--json` has them whole.
    pub(crate) fn table(&mut self, headings: &[&str], rows: Vec<Vec<String>>) -> io::Result<()> {
        let longest = if self.on_screen { LONGEST_ON_SCREEN } else { usize::MAX };
        let mut table = empty_table();
        table.set_header(headings.iter().copied());
        for row in rows {
            table.add_row(row.iter().map(|cell| shortened(&printable(cell), longest)));
        }
        self.line(&trimmed(&table))
    }

    /// Names with their values, one a line. What has no value is left out.
    pub(crate) fn details(&mut self, pairs: &[(&str, Option<String>)]) -> io::Result<()> {
        let mut table = empty_table();
        for (name, value) in pairs {
            if let Some(value) = value {
                table.add_row([(*name).to_owned(), printable(value)]);
            }
        }
        self.line(&trimmed(&table))
    }
}

/// A table that never breaks a cell: an id or a key that goes over two lines can't be copied.
fn empty_table() -> Table {
    let mut table = Table::new();
    table.load_preset(presets::NOTHING).set_content_arrangement(ContentArrangement::Disabled);
    table
}

fn shortened(text: &str, longest: usize) -> String {
    if text.chars().count() <= longest {
        return text.to_owned();
    }
    text.chars().take(longest.saturating_sub(1)).chain(['…']).collect()
}

fn write_line(stream: &Stream, text: &str) -> io::Result<()> {
    let mut stream = stream.lock().unwrap_or_else(PoisonError::into_inner);
    writeln!(stream, "{text}")?;
    stream.flush()
}

/// A text without what could steer a terminal: names come from customers.
fn printable(text: &str) -> String {
    text.chars().map(|letter| if letter.is_control() { '\u{fffd}' } else { letter }).collect()
}

fn trimmed(table: &Table) -> String {
    let lines: Vec<_> =
        table.lines().map(|line| line.strip_prefix(' ').unwrap_or(&line).trim_end().to_owned()).collect();
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_text_is_shortened_by_letters_and_not_by_bytes() {
        assert_eq!(shortened("abc", 3), "abc");
        assert_eq!(shortened("äöüß", 3), "äö…");
    }
}
