//! The nightly backup: every database once a night, each by itself, and the old backups out of the way.

use std::path::Path;

use catalog::audit::Actor;
use catalog::backups;
use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use domain::{BackupKind, CustomerId};
use futures_util::{StreamExt, stream};
use tokio_util::sync::CancellationToken;

use crate::BackupError;
use crate::dump::PARTIAL;
use crate::service::{Backups, remove_file};

/// A backup that somebody asked for and that runs longer than this is taken for dead.
const LONGEST: TimeDelta = TimeDelta::hours(24);

/// What a night brought.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Night {
    /// Databases that were backed up now.
    pub made: usize,
    /// Databases that had their backup of this night already.
    pub had: usize,
    /// Whose backup failed (`None`: the admin database's), and why.
    pub failed: Vec<(Option<CustomerId>, String)>,
}

enum Outcome {
    Made,
    Had,
    Failed(Option<CustomerId>, String),
    Skipped,
}

impl Backups {
    /// Backs up every customer's database and then the admin database, unless this night has done so already; then lets outdated
    /// backups go. One failure stops none of the others. Only one may run at a time (the job sees to that): backups
    /// of earlier runs that never ended are given up.
    ///
    /// # Errors
    /// When the catalog can't be asked, or the worker stops. What failed for one database is in the answer.
    pub async fn nightly(
        &self,
        night: NaiveDate,
        stopping: &CancellationToken,
    ) -> Result<Night, BackupError> {
        self.clear_up().await?;
        let client = self.catalog.client().await?;
        let customers = backups::customers_to_back_up(&client).await?;
        drop(client);
        let mut outcomes: Vec<Outcome> = stream::iter(customers)
            .map(|customer| self.night_of(Some(customer), night, stopping))
            .buffer_unordered(self.config.concurrency.max(1))
            .collect()
            .await;
        // The last one: it holds the rows, and with them the keys, of all the others.
        outcomes.push(self.night_of(None, night, stopping).await);
        if stopping.is_cancelled() {
            return Err(BackupError::Interrupted);
        }
        self.prune(Utc::now()).await?;
        let mut result = Night::default();
        for outcome in outcomes {
            match outcome {
                Outcome::Made => result.made += 1,
                Outcome::Had => result.had += 1,
                Outcome::Failed(customer, error) => result.failed.push((customer, error)),
                Outcome::Skipped => {}
            }
        }
        Ok(result)
    }

    async fn night_of(
        &self,
        customer: Option<CustomerId>,
        night: NaiveDate,
        stopping: &CancellationToken,
    ) -> Outcome {
        if stopping.is_cancelled() {
            return Outcome::Skipped;
        }
        let made = async {
            let target = self.target(customer).await?;
            self.make(&target, Some(night), &Actor::system()).await
        };
        match made.await {
            Ok(Some(backup)) => {
                tracing::info!(
                    database = backup.database_name,
                    size_bytes = backup.size_bytes,
                    "backup made"
                );
                Outcome::Made
            }
            Ok(None) => Outcome::Had,
            Err(error) => {
                tracing::error!(customer = ?customer, %error, "a nightly backup failed");
                Outcome::Failed(customer, error.to_string())
            }
        }
    }

    /// Gives up what died on the way, and removes its files.
    async fn clear_up(&self) -> Result<(), BackupError> {
        let client = self.catalog.client().await?;
        let now = Utc::now();
        let mut dead = backups::give_up(&client, BackupKind::Nightly, now).await?;
        dead.extend(backups::give_up(&client, BackupKind::Manual, now - LONGEST).await?);
        for backup in dead {
            tracing::warn!(backup = %backup.id, database = backup.database_name, "a backup never ended: given up");
            remove_file(Path::new(&format!("{}{PARTIAL}", backup.path))).await?;
            remove_file(Path::new(&backup.path)).await?;
        }
        Ok(())
    }

    /// Lets go of backups older than the configuration keeps: the file first, then the row.
    ///
    /// # Errors
    /// When the catalog can't be asked or a file can't be removed.
    pub async fn prune(&self, now: DateTime<Utc>) -> Result<usize, BackupError> {
        let keep = TimeDelta::from_std(self.config.keep).unwrap_or(TimeDelta::MAX);
        let Some(before) = now.checked_sub_signed(keep) else { return Ok(0) };
        let client = self.catalog.client().await?;
        let outdated = backups::outdated(&client, before).await?;
        for backup in &outdated {
            remove_file(Path::new(&backup.path)).await?;
            backups::forget(&client, backup.id).await?;
        }
        Ok(outdated.len())
    }
}
