//! What people see while an operation goes on.

use std::collections::HashSet;
use std::io;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};
use serde_json::Value;

use super::operation::{Operation, Step};
use super::output::Output;
use super::time;

/// How an operation's progress is shown.
pub(super) enum Progress {
    /// A spinner with the step that runs; the finished ones are lines above it. On the error stream of a terminal.
    Spinner { bar: ProgressBar, told: Told },
    /// A line of the result for each thing that happened.
    Lines(Told),
    /// Every state of the operation as a JSON document on a line of its own.
    Documents,
    /// Not at all.
    Silent,
}

/// What was told already: the same state comes again after an interruption.
#[derive(Default)]
pub(super) struct Told(HashSet<(String, String)>);

impl Progress {
    /// Beside a result: for somebody who waits for it, if anybody does.
    pub(super) fn aside(output: &Output) -> Self {
        if output.is_watched() { Self::spinner() } else { Self::Silent }
    }

    /// As the result itself.
    pub(super) fn shown(output: &Output) -> Self {
        match (output.is_json(), output.is_watched()) {
            (true, _) => Self::Documents,
            (false, true) => Self::spinner(),
            (false, false) => Self::Lines(Told::default()),
        }
    }

    fn spinner() -> Self {
        let bar = ProgressBar::new_spinner();
        if let Ok(style) = ProgressStyle::with_template("{spinner} {msg} ({elapsed})") {
            bar.set_style(style);
        }
        bar.enable_steady_tick(Duration::from_millis(100));
        Self::Spinner { bar, told: Told::default() }
    }

    /// Shows the operation's state.
    pub(super) fn show(
        &mut self,
        output: &mut Output,
        document: &Value,
        operation: &Operation,
    ) -> io::Result<()> {
        match self {
            Self::Silent => Ok(()),
            Self::Documents => output.line(&document.to_string()),
            Self::Lines(told) => told.news(operation).iter().try_for_each(|line| output.line(line)),
            Self::Spinner { bar, told } => {
                for line in told.news(operation) {
                    bar.println(line);
                }
                let running = operation.steps.iter().find(|step| step.status == "running");
                bar.set_message(running.map_or_else(|| operation.status.clone(), |step| step.name.clone()));
                Ok(())
            }
        }
    }

    /// Tells that the server is away, and that this is no end.
    pub(super) fn waits_for_the_server(&mut self) {
        if let Self::Spinner { bar, .. } = self {
            bar.set_message("the server is away; waiting for it");
        }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        if let Self::Spinner { bar, .. } = self {
            bar.finish_and_clear();
        }
    }
}

impl Told {
    /// What has happened since the last time, a line each.
    fn news(&mut self, operation: &Operation) -> Vec<String> {
        let mut lines = Vec::new();
        let ended =
            operation.steps.iter().filter(|step| matches!(step.status.as_str(), "succeeded" | "failed"));
        for step in ended {
            // A step may run again: its end is told again.
            let run = format!("{:?}", step.finished_at);
            if self.0.insert((step.name.clone(), run)) {
                lines.push(line(step));
            }
        }
        if operation.has_ended() && self.0.insert((String::new(), operation.status.clone())) {
            let took = time::taken(Some(operation.created_at), operation.finished_at);
            lines.push(format!(
                "{} {} {} after {took}",
                operation.kind, operation.customer_id, operation.status
            ));
        }
        lines
    }
}

fn line(step: &Step) -> String {
    let mark = if step.status == "succeeded" { "✓" } else { "✗" };
    let detail = step.detail.as_ref().map(|detail| format!(": {detail}")).unwrap_or_default();
    format!("{mark} {} ({}){detail}", step.name, time::taken(step.started_at, step.finished_at))
}
