//! Habits that only the files themselves show.

use std::path::Path;
use std::process::Command;

/// A file longer than this has more than one idea in it.
const LONGEST: usize = 500;

/// Where Cargo's lock file says that the public registry's index is. Other lock files name no address at all: one that
/// does works on one machine only, or tells strangers about somebody's network.
const PUBLIC_HOST: &str = "github.com";

/// The Rust sources that are too long.
pub(crate) fn long_source_files(root: &Path) -> Result<Vec<String>, String> {
    let mut violations = Vec::new();
    for file in tracked(root)?.iter().filter(|file| file.starts_with("crates/") && file.ends_with(".rs")) {
        violations.extend(too_long(file, &read(root, file)?));
    }
    Ok(violations)
}

fn too_long(file: &str, text: &str) -> Option<String> {
    let lines = text.lines().count();
    (lines > LONGEST).then(|| format!("{file} has {lines} lines; split it by idea (at most {LONGEST})"))
}

/// The files that configure or lock a package manager, and name a registry that not everybody can reach.
pub(crate) fn private_registries(root: &Path) -> Result<Vec<String>, String> {
    let mut violations = Vec::new();
    for file in tracked(root)?.iter().filter(|file| names_registries(file)) {
        violations.extend(private_hosts(file, &read(root, file)?));
    }
    Ok(violations)
}

fn names_registries(file: &str) -> bool {
    let name = file.rsplit('/').next().unwrap_or_default();
    file.contains(".cargo/config")
        || matches!(
            name,
            "Cargo.lock"
                | "package-lock.json"
                | "npm-shrinkwrap.json"
                | "yarn.lock"
                | "pnpm-lock.yaml"
                | ".npmrc"
                | ".yarnrc.yml"
                | "pip.conf"
                | "uv.lock"
                | "poetry.lock"
                | "NuGet.config"
        )
        || (name.starts_with("requirements") && name.ends_with(".txt"))
}

fn private_hosts(file: &str, text: &str) -> Vec<String> {
    let mut violations = Vec::new();
    for (number, line) in (1..).zip(text.lines()) {
        // npm's lock file also links to where each package asks for donations.
        if file.ends_with(".json") && !line.trim_start().starts_with("\"resolved\"") {
            continue;
        }
        for after in line.split("://").skip(1) {
            let authority = after.split(['/', '"', '\'', '?', '#', ' ', ')']).next().unwrap_or_default();
            let host = authority.rsplit('@').next().unwrap_or_default().split(':').next().unwrap_or_default();
            if host != PUBLIC_HOST {
                violations
                    .push(format!("{file}:{number} names the registry {host}; leave addresses out of it"));
            }
        }
    }
    violations
}

/// Whether it is Rust that becomes part of the program.
pub(crate) fn is_shipped(file: &str) -> bool {
    file.starts_with("crates/")
        && file.ends_with(".rs")
        && file.contains("/src/")
        && !file.contains("/tests")
        && !file.starts_with("crates/testing/")
}

/// The files under version control, and those about to be.
pub(crate) fn tracked(root: &Path) -> Result<Vec<String>, String> {
    let listed = Command::new("git")
        .args(["-c", "safe.directory=*", "ls-files", "-z", "--cached", "--others", "--exclude-standard"])
        .current_dir(root)
        .output()
        .map_err(|error| format!("git can't be run: {error}"))?;
    if !listed.status.success() {
        return Err(format!("git ls-files failed: {}", String::from_utf8_lossy(&listed.stderr)));
    }
    let names = String::from_utf8_lossy(&listed.stdout);
    let there = |file: &&str| !file.is_empty() && root.join(file).is_file();
    Ok(names.split('\0').filter(there).map(str::to_owned).collect())
}

pub(crate) fn read(root: &Path, file: &str) -> Result<String, String> {
    std::fs::read_to_string(root.join(file)).map_err(|error| format!("{file}: {error}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_of_501_lines_is_too_long() {
        assert_eq!(too_long("a.rs", &"\n".repeat(500)), None);
        assert!(too_long("a.rs", &"\n".repeat(501)).is_some());
    }

    #[test]
    fn a_private_registry_is_found_wherever_it_hides() {
        for (file, line, violations) in [
            ("Cargo.lock", "source = \"registry+https://github.com/rust-lang/crates.io-index\"", 0),
            ("Cargo.lock", "source = \"sparse+https://crates.internal.example/index/\"", 1),
            ("package-lock.json", "\"version\": \"8.0.0\",", 0),
            (
                "package-lock.json",
                "\"resolved\": \"https://user:secret@npm.internal.example:8443/pg.tgz\",",
                1,
            ),
            ("package-lock.json", "\"url\": \"https://opencollective.com/pg\"", 0),
            (".npmrc", "registry=https://npm.internal.example/", 1),
        ] {
            assert!(names_registries(file), "{file}");
            assert_eq!(private_hosts(file, line).len(), violations, "{line}");
        }
        assert!(!names_registries("README.md"));
    }
}
