//! The machine's processes, as far as they belong to a folder.

use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process, kill_process_group, test_kill_process};

/// A process.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Process {
    /// Its id.
    pub id: u32,
    /// Its parent's id.
    pub parent: u32,
    /// The program and its arguments.
    pub command: String,
}

/// The processes that work in the folder, or that name something in it on their command line.
#[must_use]
pub fn of_folder(folder: &Path) -> Vec<Process> {
    if Path::new("/proc/self").exists() { from_proc(folder) } else { from_ps(folder) }
}

fn from_proc(folder: &Path) -> Vec<Process> {
    let mut found = Vec::new();
    for entry in fs::read_dir("/proc").expect("/proc can be read").flatten() {
        let Some(id) = entry.file_name().to_str().and_then(|name| name.parse().ok()) else { continue };
        let path = entry.path();
        // Any of these may fail because the process has just ended.
        let Ok(command) = fs::read(path.join("cmdline")) else { continue };
        let command = String::from_utf8_lossy(&command).replace('\0', " ");
        let works_there =
            fs::read_link(path.join("cwd")).is_ok_and(|folder_of_work| folder_of_work.starts_with(folder));
        let Ok(status) = fs::read_to_string(path.join("status")) else { continue };
        let field = |name: &str| status.lines().find_map(|line| line.strip_prefix(name)).map(str::trim);
        // One that is ending has let go of its memory, and so of its command line, a moment before it is a zombie.
        let is_dead = command.is_empty() || field("State:").is_some_and(|state| state.starts_with('Z'));
        let parent = field("PPid:").and_then(|parent| parent.parse().ok()).unwrap_or_default();
        if !is_dead && (works_there || names(&command, folder)) {
            found.push(Process { id, parent, command: command.trim().to_owned() });
        }
    }
    found
}

fn from_ps(folder: &Path) -> Vec<Process> {
    let output =
        Command::new("ps").args(["-axo", "pid=,ppid=,stat=,command="]).output().expect("ps can be run");
    String::from_utf8_lossy(&output.stdout)
        .lines()
        .filter_map(|line| {
            let mut words = line.split_whitespace();
            let (id, parent, state) =
                (words.next()?.parse().ok()?, words.next()?.parse().ok()?, words.next()?);
            let command = words.collect::<Vec<_>>().join(" ");
            (!state.starts_with('Z') && names(&command, folder)).then_some(Process { id, parent, command })
        })
        .collect()
}

/// The watchdogs of the tests name the folder too; they belong to the test.
fn names(command: &str, folder: &Path) -> bool {
    command.contains(&*folder.to_string_lossy()) && !command.contains("watchdog")
}

/// The process id in the first line of a file such as `postmaster.pid`.
#[must_use]
pub fn id_in(file: &Path) -> Option<u32> {
    fs::read_to_string(file).ok()?.lines().next()?.trim().parse().ok()
}

/// Whether the process is there.
#[must_use]
pub fn is_alive(id: u32) -> bool {
    test_kill_process(pid(id)).is_ok()
}

/// Kills it at once (signal 9). Fine when it has ended already.
pub fn kill(id: u32) {
    let _ = kill_process(pid(id), Signal::KILL);
}

/// Does to a process and its group what Ctrl-C does in a terminal (signal 2).
pub fn interrupt(group: u32) {
    let _ = kill_process_group(pid(group), Signal::INT);
}

/// Tells it to stop (signal 15).
pub fn terminate(id: u32) {
    let _ = kill_process(pid(id), Signal::TERM);
}

/// Crashes it (signal 6): what it has in memory is dumped, if it may be.
pub fn crash(id: u32) {
    let _ = kill_process(pid(id), Signal::ABORT);
}

/// Waits until the process has ended.
pub async fn wait_until_gone(id: u32, limit: Duration) {
    testkit::wait_for(&format!("process {id} to end"), limit, || async { !is_alive(id) }).await;
}

fn pid(id: u32) -> Pid {
    i32::try_from(id).ok().and_then(Pid::from_raw).expect("a process id is a positive number")
}
