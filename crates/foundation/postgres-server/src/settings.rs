//! `postgresql.conf`, as we write it.

use crate::Installation;

/// A setting's name and its value.
pub type Setting = (&'static str, String);

/// Settings for a server that is one of many on the machine and mostly idle: about 6 MB of memory, five processes,
/// and no processor time while nobody asks anything. Durability is untouched.
#[must_use]
pub fn lean(installation: &Installation) -> Vec<Setting> {
    let major = installation.version.major;
    let mut settings: Vec<Setting> = [
        ("shared_buffers", "16MB"),
        ("max_connections", "40"),
        // Compiling a query costs more than any query of a small database.
        ("jit", "off"),
        ("max_parallel_workers", "0"),
        ("max_parallel_workers_per_gather", "0"),
        ("max_parallel_maintenance_workers", "0"),
        ("max_worker_processes", "4"),
        ("max_logical_replication_workers", "0"),
        ("autovacuum_max_workers", "1"),
        ("autovacuum_naptime", "5min"),
        // Sleep long when idle.
        ("bgwriter_delay", "1s"),
        ("wal_writer_delay", "1s"),
        ("wal_writer_flush_after", "1MB"),
        // Physical backups and point-in-time recovery need this much in the log, and no more.
        ("wal_level", "replica"),
        ("max_wal_senders", "4"),
        ("min_wal_size", "4MB"),
        ("max_wal_size", "256MB"),
    ]
    .map(|(name, value)| (name, value.to_owned()))
    .into();
    if cfg!(target_os = "linux") {
        // After a crash, one call instead of opening every file.
        settings.push(("recovery_init_sync_method", "syncfs".to_owned()));
    }
    if major >= 18 {
        // Workers of their own for reading would add three processes to every idle instance.
        settings.push(("io_method", "sync".to_owned()));
    }
    settings
}

/// Settings that every server of ours has, lean or not.
#[must_use]
pub fn common() -> Vec<Setting> {
    [
        ("password_encryption", "scram-sha-256"),
        ("timezone", "UTC"),
        ("log_timezone", "UTC"),
        ("lc_messages", "C"),
        ("log_destination", "stderr"),
        ("logging_collector", "off"),
        ("log_line_prefix", "%m [%p] %q%u@%d "),
        ("log_min_messages", "warning"),
        // Statements may carry what a customer wrote.
        ("log_statement", "none"),
        ("log_min_error_statement", "panic"),
        ("log_checkpoints", "off"),
        ("ssl_min_protocol_version", "TLSv1.2"),
        ("huge_pages", "off"),
    ]
    .map(|(name, value)| (name, value.to_owned()))
    .into()
}

/// The text of a configuration file with these settings; a later one wins over an earlier one of the same name.
#[must_use]
pub fn render(settings: &[Setting]) -> String {
    let mut text = "# Written by sixty; overwritten when it changes its mind.\n".to_owned();
    for (name, value) in settings {
        text.push_str(&format!("{name} = '{}'\n", value.replace('\\', "\\\\").replace('\'', "''")));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_quoted() {
        let text = render(&[("cluster_name", "o'brien\\x".to_owned())]);
        assert!(text.ends_with("cluster_name = 'o''brien\\\\x'\n"), "{text}");
    }
}
