//! Everything that keeps `sixty dev` from starting: one clear message each, a code that isn't 0, and nothing left.

use std::fs;
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::Command;

use system_tests::{Finished, Program, Stack, StackPlan};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_missing_or_taken_is_told_in_one_message() {
    let stack = Stack::prepare(StackPlan::default()).await;
    let program = &stack.program;
    let folder = program.path().parent().unwrap();

    for (variable, port) in [
        ("PORT", stack.ports.server),
        ("ADMIN_DB_PORT", stack.ports.admin),
        ("DB_PORT", stack.ports.template),
        ("REDIS_PORT", stack.ports.redis),
    ] {
        let _taken = TcpListener::bind(("127.0.0.1", port)).unwrap();
        refused(&stack, program, &["is taken", &port.to_string(), variable]).await;
    }
    let same = program.clone().with("DB_PORT", stack.ports.admin.to_string());
    refused(&stack, &same, &["ADMIN_DB_PORT", "DB_PORT", "another port"]).await;
    let overlapping = program.clone().with("SIXTY_CUSTOMER_PORTS", format!("{0}-{0}", stack.ports.redis));
    refused(&stack, &overlapping, &["REDIS_PORT", "SIXTY_CUSTOMER_PORTS"]).await;

    let empty = folder.join("empty");
    fs::create_dir(&empty).unwrap();
    refused(
        &stack,
        &program.clone().with("PATH", &empty),
        &["redis-server is not installed", "apt-get install"],
    )
    .await;
    refused(
        &stack,
        &program.clone().with("SIXTY_PG_BIN", &empty),
        &["SIXTY_PG_BIN", &empty.to_string_lossy()],
    )
    .await;
    let ancient = postgresql_that_says(folder, "postgres (PostgreSQL) 9.6.24");
    refused(&stack, &program.clone().with("SIXTY_PG_BIN", &ancient), &["9.6", "15"]).await;

    let file = folder.join("file");
    fs::write(&file, "").unwrap();
    refused(&stack, &program.clone().with("SIXTY_HOME", file.join("home")), &["SIXTY_HOME"]).await;
    a_full_disk(&stack, folder).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_doctor_only_looks() {
    let stack = Stack::prepare(StackPlan::default()).await;
    let home = stack.program.path().with_file_name("nowhere");
    let doctor = stack.program.clone().with("SIXTY_HOME", &home).run(&["doctor"]).await;
    assert!(doctor.code != Some(0) && doctor.output.contains("master key"), "{doctor:?}");
    assert!(!home.exists(), "{doctor:?}");
}

async fn refused(stack: &Stack, program: &Program, words: &[&str]) {
    check(stack, &program.run(&["dev"]).await, words);
}

fn check(stack: &Stack, ended: &Finished, words: &[&str]) {
    assert_eq!(ended.code, Some(1), "{ended:?}");
    assert!(ended.message().starts_with("sixty: "), "{ended:?}");
    for word in words {
        assert!(ended.message().contains(word), "no {word:?} in {:?}", ended.message());
    }
    assert_eq!(ended.errors.lines().count(), 1, "more than one message: {}", ended.errors);
    assert!(!ended.output.contains(" WARN ") && !ended.output.contains("ERROR"), "{}", ended.output);
    assert_eq!(stack.processes(), [], "something was left running");
}

fn postgresql_that_says(folder: &Path, version: &str) -> std::path::PathBuf {
    let bin = folder.join("ancient");
    fs::create_dir(&bin).unwrap();
    for name in ["postgres", "initdb", "pg_ctl"] {
        let path = bin.join(name);
        fs::write(&path, format!("#!/bin/sh\necho '{version}'\n")).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
    }
    bin
}

/// A disk with 64 MB, which only the one process sees and which is gone with it. Where the system doesn't let us have
/// one (macOS, a container without rights), there is nothing to test it with.
async fn a_full_disk(stack: &Stack, folder: &Path) {
    let disk = folder.join("disk");
    fs::create_dir(&disk).unwrap();
    let script = "mount -t tmpfs -o size=64m tmpfs \"$1\" && shift && exec \"$@\"";
    let may_mount = Command::new("unshare")
        .args(["--mount", "--map-root-user", "sh", "-c", script, "sh"])
        .arg(&disk)
        .arg("true")
        .output()
        .is_ok_and(|output| output.status.success());
    if !may_mount {
        println!("no disk of our own can be mounted here: a full disk is not tested");
        return;
    }
    let program = stack.program.clone().with("SIXTY_HOME", disk.join("home"));
    let mut command = program.command::<&str>(&[]);
    let inner = command.as_std();
    let mut outer = tokio::process::Command::new("unshare");
    outer.env_clear().envs(inner.get_envs().filter_map(|(name, value)| Some((name, value?))));
    outer
        .args(["--mount", "--map-root-user", "sh", "-c", script, "sh"])
        .arg(&disk)
        .arg(program.path())
        .arg("dev");
    command = outer;
    let output = command.output().await.unwrap();
    let ended = Finished {
        code: output.status.code(),
        output: String::from_utf8_lossy(&output.stdout).into_owned(),
        errors: String::from_utf8_lossy(&output.stderr).into_owned(),
    };
    check(stack, &ended, &["the disk", "is full", "SIXTY_HOME"]);
}
