//! Cleans up after a test program, even after one that was killed.

use std::io::Write as _;
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::{Child, ChildStdin, Command, Stdio};

/// Waits for the end of its input, which comes when the test program ends; then stops every server whose process id
/// is in a file `postmaster.pid` or `redis.pid` under the folder, until none is left, and removes the folder.
///
/// A process is only stopped when it works in the folder of its file: an id may belong to another by now.
const SCRIPT: &str = r#"
folder=$1
read -r ended
works_in() {
    if [ -d /proc/self ]; then
        [ "$(readlink "/proc/$1/cwd" 2>/dev/null)" = "$2" ]
    else
        ps -o command= -p "$1" 2>/dev/null | grep -qF "$2"
    fi
}
signal=INT
tries=0
gone=0
while [ $tries -lt 300 ] && [ $gone -lt 3 ]; do
    left=0
    for file in $(find "$folder" \( -name postmaster.pid -o -name redis.pid \) 2>/dev/null); do
        pid=$(head -n 1 "$file" 2>/dev/null)
        if [ -n "$pid" ] && works_in "$pid" "$(dirname "$file")"; then
            left=1
            kill -$signal "$pid" 2>/dev/null
        fi
    done
    tries=$((tries + 1))
    [ $tries -ge 100 ] && signal=KILL
    if [ $left = 0 ]; then
        # What was being started or copied as the program was killed may go on for a moment: look again.
        [ -e "$folder" ] && gone=0
        rm -rf "$folder" 2>/dev/null && gone=$((gone + 1))
        [ "$ended" = dropped ] && [ ! -e "$folder" ] && break
    fi
    sleep 0.05
done
"#;

/// The process that cleans up one folder. Dropping it cleans up and waits until that is done.
#[derive(Debug)]
pub(crate) struct Watchdog {
    shell: Child,
    /// Open for as long as we live; the kernel closes it when we are killed.
    lifeline: Option<ChildStdin>,
}

impl Watchdog {
    /// Watches over `folder`.
    pub(crate) fn over(folder: &Path) -> Self {
        let mut shell = Command::new("sh")
            .arg("-c")
            .arg(SCRIPT)
            .arg("sixty-testkit-watchdog")
            .arg(folder)
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
        if let Some(mut lifeline) = self.lifeline.take() {
            // In order, and so with nothing half started: no need to look twice.
            let _ = lifeline.write_all(b"dropped\n");
        }
        let _ = self.shell.wait();
    }
}
