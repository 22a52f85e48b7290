//! `postmaster.pid`, and whether the process that it names is the one that wrote it.

use std::fs;
use std::path::{Path, PathBuf};

/// A process that runs on a data folder, from `postmaster.pid`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RunningServer {
    /// Its process id.
    pub pid: i32,
    /// Its port.
    pub port: u16,
    /// The folder of its Unix socket.
    pub socket_dir: PathBuf,
    /// Whether it accepts connections.
    pub is_ready: bool,
}

/// Whether the process is a server on this data folder: a server works inside its data folder.
pub(crate) fn runs_in(pid: i32, data_dir: &Path) -> bool {
    if Path::new("/proc/self/cwd").exists() {
        let Ok(folder) = fs::read_link(format!("/proc/{pid}/cwd")) else { return false };
        return folder == data_dir || fs::canonicalize(data_dir).is_ok_and(|data_dir| folder == data_dir);
    }
    let output =
        std::process::Command::new("ps").args(["-o", "stat=,command=", "-p", &pid.to_string()]).output();
    output.is_ok_and(|output| {
        let line = String::from_utf8_lossy(&output.stdout).into_owned();
        !line.trim_start().starts_with('Z') && line.contains(&*data_dir.to_string_lossy())
    })
}

/// Reads `postmaster.pid`: process id, data folder, start time, port, socket folder, address, shared memory, status.
pub(crate) fn parse(text: &str) -> Option<RunningServer> {
    let lines: Vec<_> = text.lines().map(str::trim).collect();
    Some(RunningServer {
        pid: lines.first()?.parse().ok()?,
        port: lines.get(3).and_then(|line| line.parse().ok()).unwrap_or(0),
        socket_dir: PathBuf::from(lines.get(4).copied().unwrap_or_default()),
        is_ready: lines.get(7) == Some(&"ready"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pid_file_is_read_at_every_stage_of_a_start() {
        let whole = "4711\n/home/x/data\n1764000000\n5434\n/run/sixty\nlocalhost\n  123 456\nready   \n";
        let server = parse(whole).unwrap();
        assert_eq!((server.pid, server.port, server.is_ready), (4711, 5434, true));
        assert_eq!(server.socket_dir, Path::new("/run/sixty"));
        assert!(!parse(&whole.replace("ready   ", "starting")).unwrap().is_ready);
        for cut in 0..whole.len() - 4 {
            assert!(parse(&whole[..cut]).is_none_or(|server| !server.is_ready));
        }
    }

    #[test]
    fn a_process_is_known_by_the_folder_it_works_in() {
        let own = i32::try_from(std::process::id()).unwrap();
        if Path::new("/proc/self/cwd").exists() {
            assert!(runs_in(own, &std::env::current_dir().unwrap()));
        }
        assert!(!runs_in(own, Path::new("/nowhere/at/all")));
    }
}
