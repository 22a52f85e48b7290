//! What follows from what the admin database shows.

use catalog::health::{BackupHealth, Health, JobHealth, MessageHealth, StreamHealth, WorkHealth};
use chrono::{DateTime, SecondsFormat, TimeDelta, Utc};

use super::{PartStatus, PartView};

/// A worker queues something by itself every 30 seconds.
const WORKER_IS_SILENT: TimeDelta = TimeDelta::minutes(2);
/// A job that is due begins within seconds where a worker has time for it.
const JOB_IS_LATE: TimeDelta = TimeDelta::minutes(5);
/// There is a backup every night; it may take its time.
const BACKUP_IS_LATE: TimeDelta = TimeDelta::hours(30);
/// A message is done within seconds, or when what it waits for has come.
const MESSAGE_IS_LATE: TimeDelta = TimeDelta::minutes(15);
/// By now somebody should have renewed a certificate.
const CERTIFICATE_IS_OLD: TimeDelta = TimeDelta::days(14);

/// The parts that the admin database knows of.
pub(super) fn parts(health: &Health, now: DateTime<Utc>, has_clerk: bool) -> Vec<PartView> {
    let mut parts = vec![
        worker(&health.work, now),
        jobs(&health.work, now),
        operations(&health.work),
        backups(&health.backups, now),
        anchors(&health.anchors),
    ];
    parts.extend(streams(&health.streams));
    if has_clerk || health.messages.received_at.is_some() {
        parts.push(clerk(&health.messages, now));
    }
    parts
}

/// The same parts when nobody can say.
pub(super) fn unknown() -> Vec<PartView> {
    let names = ["worker", "jobs", "operations", "backups", "audit_anchors"];
    let nobody = "The admin database can't be asked.";
    names.map(|name| PartView::shown(name, PartStatus::Unknown, nobody)).into()
}

fn worker(work: &WorkHealth, now: DateTime<Utc>) -> PartView {
    let (status, detail) = match work.worker_seen_at {
        None => (PartStatus::Down, "No worker has run yet.".to_owned()),
        Some(seen) if now - seen > WORKER_IS_SILENT => {
            (PartStatus::Down, format!("No worker has shown a sign of life since {}.", time(seen)))
        }
        Some(seen) => (PartStatus::Ok, format!("A worker last showed a sign of life at {}.", time(seen))),
    };
    PartView::shown("worker", status, detail)
}

fn jobs(work: &WorkHealth, now: DateTime<Utc>) -> PartView {
    let (status, detail) = match (work.dead_jobs, work.job_due_since) {
        (0, Some(since)) if now - since > JOB_IS_LATE => {
            (PartStatus::Degraded, format!("A job has been due since {}.", time(since)))
        }
        (0, _) => (PartStatus::Ok, "No job is late, and none was given up.".to_owned()),
        (dead, _) => {
            (PartStatus::Degraded, format!("{} given up: look at what went wrong.", were(dead, "job")))
        }
    };
    PartView::shown("jobs", status, detail)
}

fn operations(work: &WorkHealth) -> PartView {
    let (status, detail) = match work.dead_operations {
        0 => (PartStatus::Ok, "No operation was given up.".to_owned()),
        dead => {
            (PartStatus::Degraded, format!("{} given up: somebody has to look.", were(dead, "operation")))
        }
    };
    PartView::shown("operations", status, detail)
}

fn backups(backups: &BackupHealth, now: DateTime<Utc>) -> PartView {
    let is_new = backups.since.is_none_or(|since| now - since < BACKUP_IS_LATE);
    let (status, detail) = match (backups.failing, backups.succeeded_at) {
        (1.., _) => (
            PartStatus::Degraded,
            match backups.failing {
                1 => "The last backup of one database failed.".to_owned(),
                many => format!("The last backups of {many} databases failed."),
            },
        ),
        (_, Some(last)) if now - last <= BACKUP_IS_LATE => {
            (PartStatus::Ok, format!("The last one was whole at {}.", time(last)))
        }
        (_, Some(last)) if is_new => (PartStatus::Ok, format!("The last one was whole at {}.", time(last))),
        (_, Some(last)) => (PartStatus::Degraded, format!("None has been made since {}.", time(last))),
        (_, None) if is_new => (PartStatus::Ok, "There is none yet; the first comes at night.".to_owned()),
        (_, None) => (PartStatus::Degraded, "None was made in the last 30 days.".to_owned()),
    };
    PartView::shown("backups", status, detail)
}

fn anchors(anchors: &JobHealth) -> PartView {
    let (status, detail) = match (&anchors.error, anchors.succeeded_at) {
        (Some(error), _) => (PartStatus::Degraded, format!("The audit log can't be anchored: {error}")),
        (None, Some(at)) => (PartStatus::Ok, format!("The audit log was last anchored at {}.", time(at))),
        (None, None) => {
            (PartStatus::Unknown, "The audit log wasn't anchored yet, as far as jobs go back.".to_owned())
        }
    };
    PartView::shown("audit_anchors", status, detail)
}

fn streams(streams: &StreamHealth) -> Option<PartView> {
    let (status, detail) = match (streams.active, streams.failing.as_slice()) {
        (0, _) => return None,
        (1, []) => (PartStatus::Ok, "The audit log is told to one other place.".to_owned()),
        (many, []) => (PartStatus::Ok, format!("The audit log is told to {many} other places.")),
        (_, failing) => {
            (PartStatus::Degraded, format!("The audit log can't be told to {}.", failing.join(", ")))
        }
    };
    Some(PartView::shown("audit_streams", status, detail))
}

fn clerk(messages: &MessageHealth, now: DateTime<Utc>) -> PartView {
    let (status, detail) = match (messages.failed, messages.waiting_since, messages.received_at) {
        (1.., _, _) => {
            (PartStatus::Degraded, format!("{} not done: look at why.", were(messages.failed, "message")))
        }
        (_, Some(since), _) if now - since > MESSAGE_IS_LATE => {
            (PartStatus::Degraded, format!("A message has been waiting since {}.", time(since)))
        }
        (_, _, Some(at)) => (PartStatus::Ok, format!("The last message came at {}.", time(at))),
        (_, _, None) => (PartStatus::Ok, "No message has come yet.".to_owned()),
    };
    PartView::shown("clerk", status, detail)
}

/// The certificate that the server shows.
pub(super) fn certificate(expires: DateTime<Utc>, now: DateTime<Utc>) -> PartView {
    let (status, detail) = match expires - now {
        left if left <= TimeDelta::zero() => (PartStatus::Down, format!("It expired at {}.", time(expires))),
        left if left < CERTIFICATE_IS_OLD => {
            (PartStatus::Degraded, format!("It expires at {}: renew it.", time(expires)))
        }
        _ => (PartStatus::Ok, format!("It is good until {}.", time(expires))),
    };
    PartView::shown("certificate", status, detail)
}

/// `1 job was`, `7 jobs were`.
fn were(count: i64, what: &str) -> String {
    if count == 1 { format!("1 {what} was") } else { format!("{count} {what}s were") }
}

fn time(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::Secs, true)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_certificate_is_told_of_in_time() {
        let now = Utc::now();
        let status = |days: i64| certificate(now + TimeDelta::days(days), now).status;
        assert_eq!(status(90), PartStatus::Ok);
        assert_eq!(status(13), PartStatus::Degraded);
        assert_eq!(status(-1), PartStatus::Down);
    }

    #[test]
    fn a_night_without_a_backup_is_noticed_and_the_first_day_is_not() {
        let now = Utc::now();
        let ago = |hours: i64| Some(now - TimeDelta::hours(hours));
        let status = |failing, succeeded_at, since| {
            backups(&BackupHealth { failing, succeeded_at, since }, now).status
        };
        assert_eq!(status(0, None, None), PartStatus::Ok);
        assert_eq!(status(0, None, ago(5)), PartStatus::Ok);
        assert_eq!(status(0, None, ago(50)), PartStatus::Degraded);
        assert_eq!(status(0, ago(20), ago(500)), PartStatus::Ok);
        assert_eq!(status(0, ago(31), ago(500)), PartStatus::Degraded);
        assert_eq!(status(1, ago(2), ago(500)), PartStatus::Degraded);
    }
}
