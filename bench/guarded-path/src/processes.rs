//! Processes: how they end, and what Linux tells of them: who is whose child, and how much processor time somebody has used.

use std::fs;
use std::time::Duration;

use anyhow::Context as _;
use rustix::process::{Pid, Signal, kill_process};
use tokio::process::Child;

/// How long a server may take to start, and to end.
pub(crate) const PATIENCE: Duration = Duration::from_secs(120);

/// `/proc` counts time in hundredths of a second, on every architecture that we run on.
const TICK: Duration = Duration::from_millis(10);

/// Tells a process to end, and waits until it has.
pub(crate) async fn end(mut process: Child, signal: Signal) -> anyhow::Result<()> {
    if let Some(pid) = process.id().and_then(|id| Pid::from_raw(i32::try_from(id).ok()?)) {
        kill_process(pid, signal)?;
    }
    tokio::time::timeout(PATIENCE, process.wait()).await.context("a process doesn't end")??;
    Ok(())
}

/// A process's child that was started with this argument.
pub(crate) fn child_with_argument(parent: u32, argument: &str) -> Option<u32> {
    let entries = fs::read_dir("/proc").ok()?;
    let mut pids = entries.filter_map(|entry| entry.ok()?.file_name().to_str()?.parse::<u32>().ok());
    pids.find(|pid| {
        parent_of(*pid) == Some(parent)
            && fs::read(format!("/proc/{pid}/cmdline"))
                .is_ok_and(|line| line.split(|byte| *byte == 0).any(|part| part == argument.as_bytes()))
    })
}

fn parent_of(pid: u32) -> Option<u32> {
    fields(&pid.to_string())?.get(1)?.parse().ok()
}

/// The processor time that a process and its children have used, in all threads. Zero where there is no `/proc`.
pub(crate) fn time_used(pid: u32) -> Duration {
    let mut sum = ticks(&pid.to_string(), [11, 12]);
    // Workers of a cluster.
    let entries = fs::read_dir("/proc").into_iter().flatten();
    for child in entries.filter_map(|entry| entry.ok()?.file_name().to_str()?.parse::<u32>().ok()) {
        if parent_of(child) == Some(pid) {
            sum += ticks(&child.to_string(), [11, 12]);
        }
    }
    TICK * sum
}

/// The processor time of those children of ours that have ended.
pub(crate) fn time_of_ended_children() -> Duration {
    TICK * ticks("self", [13, 14])
}

fn ticks(process: &str, places: [usize; 2]) -> u32 {
    let fields = fields(process).unwrap_or_default();
    places.iter().filter_map(|place| fields.get(*place)?.parse::<u32>().ok()).sum()
}

/// The fields of `/proc/PID/stat` from the state on: what stands before it is a name, which may contain anything.
fn fields(process: &str) -> Option<Vec<String>> {
    let text = fs::read_to_string(format!("/proc/{process}/stat")).ok()?;
    Some(text.rsplit_once(") ")?.1.split(' ').map(str::to_owned).collect())
}
