//! `scripts/check-advisories.sh`, with programs in the place of cargo and npm that answer as those do.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::process::Command;

use crate::metadata;

const FOUND: &str = "echo 'error[vulnerability]: Something in something'; exit 1";
const FOUND_BY_NPM: &str = "echo '1 moderate severity vulnerability'; exit 1";
const NOTHING: &str = "echo 'found 0 vulnerabilities'; exit 0";
const AWAY: &str = "echo 'failed to fetch advisory database: could not resolve host' >&2; exit 1";
const AWAY_FOR_NPM: &str = "echo 'npm error audit endpoint returned an error' >&2; exit 1";
const BROKEN: &str = "echo 'Segmentation fault' >&2; exit 139";

/// How the script ends, and what it says, when cargo and npm do this.
fn ended(cargo: &str, npm: &str, options: &[&str]) -> (Option<i32>, String) {
    let folder = tempfile::tempdir().unwrap();
    for (name, does) in [("cargo-deny", cargo), ("cargo", cargo), ("npm", npm)] {
        let file = folder.path().join(name);
        fs::write(&file, format!("#!/bin/sh\n{does}\n")).unwrap();
        fs::set_permissions(&file, fs::Permissions::from_mode(0o755)).unwrap();
    }
    let path = format!("{}:/usr/bin:/bin", folder.path().display());
    let script = metadata::root().join("scripts/check-advisories.sh");
    let ended = Command::new("bash").arg(script).args(options).env("PATH", path).output().unwrap();
    let said = [ended.stdout, ended.stderr].concat();
    (ended.status.code(), String::from_utf8_lossy(&said).into_owned())
}

#[test]
fn what_is_known_fails_a_build_and_a_network_that_is_away_does_not() {
    let lenient = ["--when-reachable"];
    for (cargo, npm, strictly, when_reachable, word) in [
        (NOTHING, NOTHING, 0, 0, "nothing is known"),
        (FOUND, NOTHING, 1, 1, "something is known of: crates"),
        (NOTHING, FOUND_BY_NPM, 1, 1, "dashboard"),
        (AWAY, FOUND_BY_NPM, 1, 1, "something is known of"),
        (AWAY, AWAY_FOR_NPM, 2, 0, "NOT CHECKED for known vulnerabilities: crates"),
        (NOTHING, AWAY_FOR_NPM, 2, 0, "NOT CHECKED for known vulnerabilities"),
        // What nobody understands isn't taken for good news.
        (BROKEN, NOTHING, 1, 1, "doesn't say that it could not ask"),
    ] {
        for (options, code) in [(&[][..], strictly), (&lenient[..], when_reachable)] {
            let (ended, said) = ended(cargo, npm, options);
            assert_eq!(ended, Some(code), "{cargo} {npm} {options:?}: {said}");
            assert!(said.contains(word), "{cargo} {npm} {options:?}: {said}");
        }
    }
}
