//! What lies on the disk is nobody else's to read.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use system_tests::Stack;

pub(super) fn story(stack: &Stack) {
    let instances: Vec<_> = fs::read_dir(stack.path().join("instances")).unwrap().flatten().collect();
    assert_eq!(instances.len(), 4, "the demo customer and three more: {instances:?}");
    let mut files = 0;
    for instance in instances {
        assert_eq!(mode(&instance.path()), 0o700, "{}", instance.path().display());
        assert_eq!(mode(&instance.path().join("log")), 0o600);
        files += check(&instance.path().join("data"));
    }
    assert!(files > 1_000, "only {files} files were looked at");
    for folder in ["admin-database", "template-database", "run", "templates"] {
        let folder = stack.path().join(folder);
        let inside: Vec<_> = if folder.ends_with("templates") {
            fs::read_dir(&folder).unwrap().flatten().map(|entry| entry.path()).collect()
        } else {
            vec![folder]
        };
        for folder in inside {
            assert_eq!(mode(&folder), 0o700, "{}", folder.display());
        }
    }
    for entry in fs::read_dir(stack.path().join("backups")).unwrap().flatten() {
        check(&entry.path());
    }
    // And of all the rest, the secrets first: whoever is another user comes to none of it.
    for secret in ["operator-token", "master-key", "audit-signing-key"] {
        assert_eq!(mode(&stack.path().join(secret)), 0o600, "{secret}");
    }
    let mut open = Vec::new();
    readable_by_others(&stack.path(), &mut open);
    // Certificates and anchors are for everybody; locks and marks have nothing in them but a process's number.
    let for_everybody = ["/audit-anchors/", "/locks/", "/dev.lock", "/first-start-done", "/ready"];
    open.retain(|path| !path.ends_with(".crt") && !for_everybody.iter().any(|part| path.contains(part)));
    assert_eq!(open, Vec::<String>::new());
}

/// The files that another user of the machine could read, were the folder itself open to them.
fn readable_by_others(folder: &Path, found: &mut Vec<String>) {
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let (path, Ok(metadata)) = (entry.path(), entry.metadata()) else { continue };
        let rights = metadata.permissions().mode();
        if metadata.is_dir() && rights & 0o011 != 0 {
            readable_by_others(&path, found);
        } else if metadata.is_file() && rights & 0o044 != 0 {
            found.push(path.display().to_string());
        }
    }
}

/// Everything below is closed to the group and to others. Returns how many files that were.
fn check(folder: &Path) -> usize {
    let mut files = 0;
    // A running server removes files while we look.
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let (path, Ok(kind)) = (entry.path(), entry.file_type()) else { continue };
        let Ok(metadata) = entry.metadata() else { continue };
        let mode = metadata.permissions().mode() & 0o777;
        if kind.is_dir() {
            assert_eq!(mode & 0o077, 0, "{}: {mode:o}", path.display());
            files += check(&path);
        } else if kind.is_file() {
            assert_eq!(mode & 0o177, 0, "{}: {mode:o}", path.display());
            files += 1;
        }
    }
    files
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap_or_else(|error| panic!("{}: {error}", path.display())).permissions().mode()
        & 0o777
}
