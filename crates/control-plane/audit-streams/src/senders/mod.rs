//! The ways to tell somebody, a file each.

mod bucket;
mod https;
mod syslog;
mod trust;

use async_trait::async_trait;
use catalog::audit_streams::StreamedRow;

pub(crate) use bucket::BucketSender;
pub(crate) use https::HttpsSender;
pub(crate) use syslog::SyslogSender;
pub(crate) use trust::is_authority;

/// Rows and their lines, in the same order, at least one.
pub(crate) struct Batch {
    pub(crate) rows: Vec<StreamedRow>,
    pub(crate) lines: Vec<String>,
}

impl Batch {
    /// JSON lines, each with its end.
    fn text(&self) -> String {
        self.lines.iter().flat_map(|line| [line.as_str(), "\n"]).collect()
    }
}

/// Why somebody couldn't be told. Operators see it: it holds nothing secret.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(crate) struct NotTold(pub(crate) String);

impl NotTold {
    pub(crate) fn of(error: &(dyn std::error::Error + 'static)) -> Self {
        let mut innermost = error;
        while let Some(source) = innermost.source() {
            innermost = source;
        }
        Self(innermost.to_string())
    }
}

/// Tells somebody.
#[async_trait]
pub(crate) trait Sender: Send + Sync {
    /// Whoever listens has the batch when this returns well.
    async fn send(&self, batch: &Batch) -> Result<(), NotTold>;
}
