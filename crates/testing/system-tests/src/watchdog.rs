//! Ends a stack's programs when the test program was killed. Its databases and its folder are `testkit`'s to clean up.

use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::{Child, ChildStdin, Command, Stdio};

/// Waits for the end of its input, which comes when the test program ends; then kills every process that runs the
/// program, twice, because one of them starts others.
const SCRIPT: &str = r#"
program=$1
read -r ended
for time in 1 2; do
    if [ -d /proc/self ]; then
        for process in /proc/[0-9]*; do
            [ "$(readlink "$process/exe" 2>/dev/null)" = "$program" ] && kill -KILL "${process#/proc/}" 2>/dev/null
        done
    else
        ps -axo pid=,command= | while read -r id command; do
            case $command in "$program "*) kill -KILL "$id" 2>/dev/null ;; esac
        done
    fi
done
true
"#;

/// The process that watches.
#[derive(Debug)]
pub(crate) struct Watchdog {
    shell: Child,
    /// Open for as long as we live; the kernel closes it when we are killed.
    lifeline: Option<ChildStdin>,
}

impl Watchdog {
    /// Watches over the processes of this program.
    pub(crate) fn over(program: &Path) -> Self {
        let mut shell = Command::new("sh")
            .args(["-c", SCRIPT, "sixty-system-tests-watchdog"])
            .arg(program)
            .current_dir("/")
            // A group of its own: a Ctrl-C ends the test, and the watchdog cleans up.
            .process_group(0)
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("sh can be run");
        let lifeline = shell.stdin.take();
        Self { shell, lifeline }
    }
}

impl Drop for Watchdog {
    fn drop(&mut self) {
        drop(self.lifeline.take());
        let _ = self.shell.wait();
    }
}
