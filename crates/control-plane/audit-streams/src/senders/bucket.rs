//! JSON lines as objects in a bucket.

use async_trait::async_trait;
use object_storage::Bucket;

use super::{Batch, NotTold, Sender};

/// A folder in a bucket.
pub(crate) struct BucketSender(pub(crate) Bucket);

#[async_trait]
impl Sender for BucketSender {
    /// The name is made of the first row: a batch that is sent again, because nobody noted that it was, mostly takes the
    /// place of what was sent before.
    async fn send(&self, batch: &Batch) -> Result<(), NotTold> {
        let Some(first) = batch.rows.first() else { return Ok(()) };
        let name =
            format!("{}/{}.jsonl", first.record.created_at.format("%Y/%m/%d/%H%M%S%.6f"), first.record.id);
        self.0.put(&name.replace(' ', ""), batch.text()).await.map_err(|error| NotTold(error.to_string()))
    }
}
