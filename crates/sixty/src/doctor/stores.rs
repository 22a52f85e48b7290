//! Secrets of the configuration that Vault or AWS holds.

use std::mem;

use super::{DoctorArgs, Finding};

const CHECK: &str = "secret stores";

/// The same with what the stores hold in the place of its names, as far as it can be had.
pub(super) async fn resolved(mut args: DoctorArgs) -> (DoctorArgs, Finding) {
    let stores = args.master_key.stores().clone();
    let mut wrong = Vec::new();
    let mut is_used = false;
    if args.admin_database.names_store() {
        is_used = true;
        let found = args.admin_database.resolved(&stores).await;
        keep(&mut args.admin_database, found, &mut wrong);
    }
    if args.redis.names_store() {
        is_used = true;
        let found = args.redis.resolved(&stores).await;
        keep(&mut args.redis, found, &mut wrong);
    }
    if args.operator_token.names_store() {
        is_used = true;
        let found = args.operator_token.resolved(&stores).await;
        keep(&mut args.operator_token, found, &mut wrong);
    }
    if args.server.acme.names_store() {
        is_used = true;
        let found = args.server.acme.resolved(&stores).await;
        keep(&mut args.server.acme, found, &mut wrong);
    }
    let finding = match (is_used, wrong.is_empty()) {
        (false, _) => Finding::good(CHECK, "none is named for the configuration"),
        (true, true) => Finding::good(CHECK, "have what they are asked for"),
        (true, false) => Finding::bad(
            CHECK,
            wrong.join("; "),
            "see docs/secrets.md for how they are named, and how Vault and AWS are reached",
        ),
    };
    (args, finding)
}

fn keep<T>(place: &mut T, found: anyhow::Result<T>, wrong: &mut Vec<String>) {
    match found {
        Ok(found) => drop(mem::replace(place, found)),
        Err(error) => wrong.push(format!("{error:#}")),
    }
}
