//! What idle instances cost in memory: the proportional set size (PSS) of all their processes, which counts a page
//! that several processes share once.

use std::fs;
use std::path::Path;

use crate::say;
use crate::stack::Stack;
use crate::statistics::median;

pub(crate) async fn report(stack: &Stack) -> anyhow::Result<()> {
    if !Path::new("/proc/self/smaps_rollup").exists() {
        say("idle memory:         not measured: this system has no /proc/PID/smaps_rollup");
        return Ok(());
    }
    let folders = stack.data_folders()?;
    let mut sizes = Vec::new();
    let mut processes = 0;
    for folder in &folders {
        let pids = processes_in(folder)?;
        processes += pids.len();
        sizes.push(pids.iter().filter_map(|pid| pss_kilobytes(*pid)).sum::<f64>() / 1024.0);
    }
    say(&format!(
        "idle memory:         {} instances, {processes} processes: median {:.1} MB each, {:.0} MB in all \
         (sum over each instance's processes of Pss in /proc/PID/smaps_rollup; shared pages are counted once)",
        folders.len(),
        median(&sizes),
        sizes.iter().sum::<f64>()
    ));
    Ok(())
}

/// A server and its children work inside its data folder.
fn processes_in(folder: &Path) -> anyhow::Result<Vec<u32>> {
    let entries = fs::read_dir("/proc")?;
    let pids = entries.filter_map(|entry| entry.ok()?.file_name().to_str()?.parse::<u32>().ok());
    Ok(pids.filter(|pid| fs::read_link(format!("/proc/{pid}/cwd")).is_ok_and(|cwd| cwd == folder)).collect())
}

fn pss_kilobytes(pid: u32) -> Option<f64> {
    let text = fs::read_to_string(format!("/proc/{pid}/smaps_rollup")).ok()?;
    text.lines().find_map(|line| line.strip_prefix("Pss:"))?.split_whitespace().next()?.parse().ok()
}
