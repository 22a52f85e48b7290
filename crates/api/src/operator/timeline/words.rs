//! What happened, as people say it. Values may be missing: older clients write audit rows too.

use catalog::timeline::{Entry, EntryKind};
use domain::AuditAction;
use serde_json::Value;

/// One sentence.
pub(super) fn summary(entry: &Entry) -> String {
    match entry.kind {
        EntryKind::Audit => audit(entry),
        EntryKind::Operation => operation(entry),
        EntryKind::Backup => backup(entry),
    }
}

fn operation(entry: &Entry) -> String {
    let what = match entry.action.as_str() {
        "customer_create" => "Signing the customer up",
        "customer_delete" => "Deleting the customer",
        "customer_restore" => "Restoring the customer from a backup",
        _ => "Work on the customer",
    };
    let error = entry.error.as_deref().map_or_else(|| ".".to_owned(), |error| format!(": {error}"));
    match entry.status.as_deref() {
        Some("queued") => format!("{what} waits for a worker."),
        Some("running") => format!("{what} is under way."),
        Some("succeeded") => format!("{what} is done."),
        Some("canceled") => format!("{what} was taken back because somebody asked for it."),
        Some("failed") => format!("{what} failed, and everything that it had begun was taken back{error}"),
        _ => format!("{what} failed, and somebody has to look{error}"),
    }
}

fn backup(entry: &Entry) -> String {
    let what = if entry.action == "nightly" { "The nightly backup" } else { "A backup that was asked for" };
    match entry.status.as_deref() {
        Some("running") => format!("{what} is being made."),
        Some("succeeded") => match number(&entry.new_values, "size_bytes") {
            Some(bytes) => format!("{what} was made: {}.", size(bytes)),
            None => format!("{what} was made."),
        },
        _ => {
            format!(
                "{what} failed{}",
                entry.error.as_deref().map_or(".".to_owned(), |error| format!(": {error}"))
            )
        }
    }
}

fn audit(entry: &Entry) -> String {
    use AuditAction as A;
    let (old, new) = (&entry.old_values, &entry.new_values);
    let Ok(action) = entry.action.parse::<A>() else { return in_words(&entry.action) };
    let reason = because(new);
    match action {
        A::CustomerCreated => match text(new, "subscription_plan") {
            Some(plan) => format!("The customer was signed up with the {plan} plan."),
            None => "The customer was signed up.".to_owned(),
        },
        A::CustomerUpdated => match entry.resource_type.as_deref() {
            Some("customer_limit") => limit(entry),
            Some("membership") => membership(entry),
            Some("backup") if flag(new, "requested") => "A backup was asked for.".to_owned(),
            _ => changed("The customer was changed", new),
        },
        A::CustomerDeleted if text(new, "lifecycle") == Some("deleting") => {
            "Somebody asked for the customer to be deleted.".to_owned()
        }
        A::CustomerDeleted => "The customer was deleted.".to_owned(),
        A::CustomerProvisioningFailed => match text(new, "error") {
            Some(error) => format!("The sign-up could not be done, and was taken back: {error}"),
            None => "The sign-up could not be done, and was taken back.".to_owned(),
        },
        A::CustomerSuspended => format!("The customer was suspended{reason}"),
        A::CustomerResumed => format!("The customer is served again{reason}"),
        A::ModuleEnabled => format!("{} was turned on{reason}", module(entry)),
        A::ModuleDisabled => format!("{} was turned off{reason}", module(entry)),
        A::ModuleChanged => format!("The limit, end or reason of {} was changed{reason}", module(entry)),
        A::ApiKeyCreated => match text(new, "rotated_from") {
            Some(_) => format!("{} was made in the place of another.", key(entry)),
            None => format!("{} was made.", key(entry)),
        },
        A::ApiKeyUpdated => format!("{} was changed.", key(entry)),
        A::ApiKeyRevoked => format!("{} was revoked.", key(entry)),
        A::ApiKeyExpired => format!("{} has expired.", key(entry)),
        A::ApiKeyUsed => format!("{} was used.", key(entry)),
        A::ApiKeyRotated => match text(new, "replaced_by_prefix") {
            Some(prefix) => format!("{} was replaced by {prefix}….", key(entry)),
            None => format!("{} was replaced by a new one.", key(entry)),
        },
        A::SubscriptionUpgraded | A::SubscriptionDowngraded => {
            match (text(old, "subscription_plan"), text(new, "subscription_plan")) {
                (Some(before), Some(after)) => format!("The plan went from {before} to {after}{reason}"),
                _ => "The plan was changed.".to_owned(),
            }
        }
        A::SubscriptionCanceled => format!("The subscription was ended{reason}"),
        A::SubscriptionExpired => "The trial or the paid time ran out.".to_owned(),
        A::CredentialsRotated => "The passwords of the database were changed.".to_owned(),
        A::CredentialsRevealed => match text(new, "role") {
            Some(role) => format!("The password of the database's {role} role was shown."),
            None => "A password of the database was shown.".to_owned(),
        },
        A::BackupCreated if flag(new, "requested") => "A backup was asked for.".to_owned(),
        A::BackupCreated => "A backup of the database was made.".to_owned(),
        A::BackupRestored => "The customer was restored from a backup.".to_owned(),
        A::OperationRetried => "A dead operation was queued again.".to_owned(),
        A::OperationCanceled => "An operation was to be taken back.".to_owned(),
        A::DataKeyRotated => "The customer's secrets are sealed with a new data key.".to_owned(),
        A::AccessDenied => denied(new),
        A::ImpersonationStarted => {
            let access = text(new, "access").unwrap_or("read");
            let until = text(new, "until").map_or_else(String::new, |until| format!(" until {until}"));
            format!("An operator may act in the customer's place ({access}){until}{reason}")
        }
        A::ImpersonationEnded => "An operator no longer acts in the customer's place.".to_owned(),
        _ => in_words(&entry.action),
    }
}

/// Somebody who came into the customer's organization at the identity provider, left it, or has another role in it.
fn membership(entry: &Entry) -> String {
    let who = entry.person.as_deref().unwrap_or("Somebody");
    match (text(&entry.old_values, "role"), text(&entry.new_values, "role")) {
        (None, Some(role)) => format!("{who} joined the customer's users as {role}."),
        (Some(_), None) => format!("{who} is no longer among the customer's users."),
        (Some(before), Some(after)) => {
            format!("{who} is {after} among the customer's users, and was {before}.")
        }
        (None, None) => "The customer's users were changed.".to_owned(),
    }
}

/// A limit of the customer's own. Of one that was taken away there are old values only.
fn limit(entry: &Entry) -> String {
    let new = &entry.new_values;
    let values = if new.is_some() { new } else { &entry.old_values };
    let route = text(values, "route").map_or_else(String::new, |route| format!(" on {route}"));
    if new.is_none() {
        return format!("The customer's own limit{route} was taken away.");
    }
    match (number(new, "requests"), text(new, "period")) {
        (Some(requests), Some(period)) => {
            let amount = rate(requests, period);
            format!("The customer has a limit of their own{route}, {amount}{}", because(new))
        }
        _ => format!("The customer is without limit{route}{}", because(new)),
    }
}

/// `1 request an hour`.
fn rate(requests: i64, period: &str) -> String {
    let (noun, article) =
        (if requests == 1 { "request" } else { "requests" }, if period == "hour" { "an" } else { "a" });
    format!("{} {noun} {article} {period}", grouped(requests))
}

/// A number with a comma after every third digit.
fn grouped(number: i64) -> String {
    let digits = number.unsigned_abs().to_string();
    let mut text = if number < 0 { "-".to_owned() } else { String::new() };
    for (place, digit) in digits.char_indices() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

fn denied(new: &Option<Value>) -> String {
    match (text(new, "reason"), number(new, "requests"), text(new, "permission")) {
        (Some(reason), Some(requests), _) => {
            let day = text(new, "day").map_or_else(String::new, |day| format!(" on {day}"));
            let what =
                if requests == 1 { "request with an API key was" } else { "requests with an API key were" };
            let requests = grouped(requests);
            format!("{requests} {what} refused{day}: {}.", reason.replace('-', " "))
        }
        (_, _, Some(permission)) => format!("Somebody asked for what needs {permission}, without having it."),
        _ => "Somebody asked for what they may not do.".to_owned(),
    }
}

/// A name for the module of a row.
fn module(entry: &Entry) -> String {
    let key =
        entry.resource_id.as_deref().or_else(|| text(&entry.new_values, "module_key")).unwrap_or("A module");
    let known = domain::modules::ALL.iter().find(|module| module.key() == key);
    known.map_or(key, |module| module.name()).to_owned()
}

/// A name for the key of a row.
fn key(entry: &Entry) -> String {
    let value = |name| text(&entry.new_values, name).or_else(|| text(&entry.old_values, name));
    match (value("name"), value("key_prefix")) {
        (Some(name), Some(prefix)) => format!("The API key {name} ({prefix}…)"),
        (Some(name), None) => format!("The API key {name}"),
        (None, Some(prefix)) => format!("The API key {prefix}…"),
        (None, None) => "An API key".to_owned(),
    }
}

/// The sentence with the fields that changed.
fn changed(what: &str, new: &Option<Value>) -> String {
    let names: Vec<_> = new
        .iter()
        .filter_map(Value::as_object)
        .flat_map(|values| values.keys())
        .map(|name| name.replace('_', " "))
        .collect();
    if names.is_empty() { format!("{what}.") } else { format!("{what}: {}.", names.join(", ")) }
}

/// The end of a sentence that may have a reason.
fn because(values: &Option<Value>) -> String {
    text(values, "reason").map_or_else(|| ".".to_owned(), |reason| format!(": {reason}"))
}

fn text<'a>(values: &'a Option<Value>, name: &str) -> Option<&'a str> {
    values.as_ref()?.get(name)?.as_str().filter(|text| !text.is_empty())
}

fn number(values: &Option<Value>, name: &str) -> Option<i64> {
    values.as_ref()?.get(name)?.as_i64()
}

fn flag(values: &Option<Value>, name: &str) -> bool {
    values.as_ref().and_then(|values| values.get(name)?.as_bool()).unwrap_or(false)
}

/// `master_key_rotated` as "Master key rotated."
fn in_words(action: &str) -> String {
    let mut words = action.replace('_', " ");
    if let Some(first) = words.get_mut(..1) {
        first.make_ascii_uppercase();
    }
    words.push('.');
    words
}

/// Bytes as people say them.
fn size(bytes: i64) -> String {
    const UNITS: [&str; 4] = ["bytes", "kB", "MB", "GB"];
    let (mut tenths, mut unit) = (bytes.saturating_mul(10), 0);
    while tenths >= 10_000 && unit + 1 < UNITS.len() {
        (tenths, unit) = (tenths / 1000, unit + 1);
    }
    match unit {
        0 => format!("{bytes} {}", UNITS[0]),
        _ => format!("{}.{} {}", tenths / 10, tenths % 10, UNITS[unit]),
    }
}

#[cfg(test)]
mod tests {
    use chrono::Utc;
    use serde_json::json;
    use uuid::Uuid;

    use super::*;

    fn row(action: &str, resource: Option<&str>, new: Value) -> String {
        let entry = Entry {
            id: Uuid::nil(),
            at: Utc::now(),
            kind: EntryKind::Audit,
            action: action.to_owned(),
            actor: None,
            actor_name: None,
            person: None,
            status: None,
            resource_type: None,
            resource_id: resource.map(str::to_owned),
            old_values: None,
            new_values: Some(new),
            error: None,
        };
        summary(&entry)
    }

    #[test]
    fn what_happened_is_said_with_its_names_and_reasons() {
        let told =
            row("module_enabled", Some("ai_assistant"), json!({ "enabled": true, "reason": "a gift" }));
        assert_eq!(told, "AI Assistant was turned on: a gift");
        let told = row("api_key_created", None, json!({ "name": "Shop", "key_prefix": "sk_8fJ2" }));
        assert_eq!(told, "The API key Shop (sk_8fJ2…) was made.");
        let told = row("customer_updated", None, json!({ "billing_email": "a@b.c", "company_name": "N" }));
        assert_eq!(told, "The customer was changed: billing email, company name.");
        let told = row(
            "access_denied",
            None,
            json!({ "reason": "rate-limited", "requests": 1, "day": "2026-11-29" }),
        );
        assert_eq!(told, "1 request with an API key was refused on 2026-11-29: rate limited.");
    }

    #[test]
    fn a_limit_of_their_own_and_a_backup_that_was_asked_for_are_no_changes_of_the_customer() {
        let told = |resource_type: &str, old: Option<Value>, new: Option<Value>| {
            summary(&Entry {
                id: Uuid::nil(),
                at: Utc::now(),
                kind: EntryKind::Audit,
                action: "customer_updated".to_owned(),
                actor: None,
                actor_name: None,
                person: None,
                status: None,
                resource_type: Some(resource_type.to_owned()),
                resource_id: None,
                old_values: old,
                new_values: new,
                error: None,
            })
        };
        let set = json!({ "requests": 6000, "period": "minute", "route": null, "reason": "ticket 9" });
        let said = told("customer_limit", None, Some(set));
        assert_eq!(said, "The customer has a limit of their own, 6,000 requests a minute: ticket 9");
        let one = told("customer_limit", None, Some(json!({ "requests": 1, "period": "hour" })));
        assert_eq!(one, "The customer has a limit of their own, 1 request an hour.");
        assert_eq!([0, -999, 1000, 1_234_567].map(grouped), ["0", "-999", "1,000", "1,234,567"]);
        let unlimited = json!({ "requests": null, "period": null, "route": "GET /api/v1/deals" });
        let said = told("customer_limit", None, Some(unlimited.clone()));
        assert_eq!(said, "The customer is without limit on GET /api/v1/deals.");
        let said = told("customer_limit", Some(unlimited), None);
        assert_eq!(said, "The customer's own limit on GET /api/v1/deals was taken away.");
        let said = told("backup", None, Some(json!({ "job_id": "1", "requested": true })));
        assert_eq!(said, "A backup was asked for.");
    }

    /// Rows of older clients, and of newer ones.
    #[test]
    fn every_action_is_a_sentence_whatever_its_values() {
        let actions = AuditAction::ALL.iter().map(|action| action.as_str()).chain(["something_new"]);
        for action in actions {
            for values in [Value::Null, json!({}), json!({ "reason": 7, "requests": "x" }), json!([1])] {
                let told = row(action, None, values);
                assert!(told.ends_with('.') && told.len() > 10, "{told}");
                assert!(told.starts_with(|first: char| first.is_ascii_uppercase()), "{told}");
            }
        }
    }

    #[test]
    fn sizes_are_said_in_three_digits_or_so() {
        for (bytes, said) in [(0, "0 bytes"), (999, "999 bytes"), (1_000, "1.0 kB"), (12_345_678, "12.3 MB")]
        {
            assert_eq!(size(bytes), said);
        }
        assert_eq!(size(i64::MAX), "922337203.6 GB");
    }
}
