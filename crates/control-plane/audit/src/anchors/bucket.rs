//! Anchors in a bucket: an object each, made once and never again, under the key that signs and the day. With object lock
//! nobody can take them away, whoever has the machine, the database or the key of the bucket.

use std::collections::{BTreeMap, HashMap};

use chrono::Utc;
use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use object_storage::{Bucket, BucketError, FirstVersion, ObjectLock};
use secrets::{SigningKey, VerifyingKey};
use uuid::Uuid;

use super::journal::{JournalError, file_name};
use super::record::{Anchor, AnchoredHead, name_of};
use super::{Anchors, grown};

/// How many are read at once.
const AT_ONCE: usize = 32;
/// How often another worker may be faster.
const TRIES: usize = 5;

/// Where anchors are added. Workers with the same key share the place: the one that comes second to a number reads what
/// the first one put there, and takes the next.
#[derive(Debug)]
pub struct BucketJournal {
    bucket: Bucket,
    key: SigningKey,
    folder: String,
    end: Option<End>,
}

/// The last anchor that is there.
#[derive(Debug, Default)]
struct End {
    /// Its day and number.
    day: String,
    number: u64,
    /// Its name for the next one.
    previous: Option<String>,
    /// How far the anchors go, of the chains that were named since this worker began.
    known: HashMap<Uuid, i64>,
}

impl BucketJournal {
    /// The journal of this key in this bucket.
    #[must_use]
    pub fn new(bucket: Bucket, key: SigningKey) -> Self {
        let folder = file_name(&key.verifying_key());
        Self { bucket, key, folder, end: None }
    }

    /// How the bucket keeps what is put there.
    ///
    /// # Errors
    /// When it doesn't say.
    pub async fn object_lock(&self) -> Result<ObjectLock, BucketError> {
        self.bucket.object_lock().await
    }

    /// Adds an anchor for the chains that have grown; how many those are. Without any, nothing is written. The first one of
    /// a worker names every chain: it reads the last anchor only, which needn't name them all.
    ///
    /// # Errors
    /// When the bucket can't be reached, or refuses.
    pub async fn add(&mut self, heads: Vec<AnchoredHead>) -> Result<usize, JournalError> {
        for _ in 0..TRIES {
            // What is known of the end is taken away until the object is there for certain: if this fails, nobody knows.
            let end = match self.end.take() {
                Some(end) => end,
                None => self.find_end().await?,
            };
            let heads = grown(heads.clone(), &end.known);
            if heads.is_empty() {
                self.end = Some(end);
                return Ok(0);
            }
            let anchor = Anchor { at: Utc::now(), previous: end.previous.clone(), heads };
            let line = anchor.line(&self.key).map_err(|error| JournalError::Text(error.to_string()))?;
            // The days of the names never go back, so that the last name is the last anchor.
            let day = anchor.at.format("%Y-%m-%d").to_string().max(end.day);
            let number = end.number + 1;
            if self.bucket.put_new(&object_name(&self.folder, &day, number), line.clone()).await? {
                let mut known = end.known;
                known.extend(anchor.heads.iter().map(|head| (head.chain, head.sequence)));
                self.end = Some(End { day, number, previous: Some(name_of(&line)), known });
                return Ok(anchor.heads.len());
            }
        }
        Err(JournalError::Busy)
    }

    /// As it was first put there, which is what whoever verifies reads: something that was put over it, or a mark that it is
    /// gone, must not end the row of anchors. Days and numbers go with the time, so that one day is looked at, however many
    /// there are.
    async fn find_end(&self) -> Result<End, JournalError> {
        let Some(day) = self.bucket.folders(&self.folder).await?.pop() else { return Ok(End::default()) };
        let folder = format!("{}/{day}", self.folder);
        let objects = self.bucket.first_versions(&folder).await?;
        let numbered = objects.iter().filter_map(|first| Some((number_of(&folder, &first.name)?, first)));
        let Some((number, first)) = numbered.max_by_key(|(number, _)| *number) else {
            return Ok(End { day, ..End::default() });
        };
        let text = self.bucket.get_first(first).await?;
        let text = String::from_utf8_lossy(&text);
        // One that isn't ours is continued by none: whoever verifies hears of it.
        let read = Anchor::read(&text, &[self.key.verifying_key()]);
        let previous = read.is_ok().then(|| name_of(&text));
        let named = read.map(|anchor| anchor.heads).unwrap_or_default();
        let known = named.into_iter().map(|head| (head.chain, head.sequence)).collect();
        Ok(End { day, number, previous, known })
    }
}

fn object_name(folder: &str, day: &str, number: u64) -> String {
    format!("{folder}/{day}/{number:012}.json")
}

/// The number of an anchor that another one can follow. Whoever may write into the bucket may give things any name.
fn number_of(folder: &str, name: &str) -> Option<u64> {
    let number = name.strip_prefix(folder)?.strip_prefix('/')?.strip_suffix(".json")?.parse().ok();
    number.filter(|number| *number < u64::MAX)
}

impl Anchors {
    /// Reads every anchor of a bucket that one of these keys signed; that any key signed, when none is named. Each is read
    /// as it was first put there: object lock keeps that, and not that it is what the name leads to.
    ///
    /// # Errors
    /// When the bucket can't be reached, or refuses.
    pub async fn read_bucket(bucket: &Bucket, trusted: &[VerifyingKey]) -> Result<Self, JournalError> {
        let mut folders: BTreeMap<String, Vec<FirstVersion>> = BTreeMap::new();
        for first in bucket.first_versions("").await? {
            if let Some((folder, _)) =
                first.name.split_once('/').filter(|(name, _)| name.starts_with("anchors-"))
            {
                folders.entry(folder.to_owned()).or_default().push(first);
            }
        }
        let mut anchors = Self::default();
        for (folder, objects) in folders {
            let read = stream::iter(&objects).map(|first| bucket.get_first(first));
            let texts: Vec<_> = read.buffered(AT_ONCE).try_collect().await?;
            let lines = texts.iter().map(|text| String::from_utf8_lossy(text));
            anchors.read_objects(&format!("{}/{folder}", bucket.address()), lines, trusted);
        }
        Ok(anchors)
    }
}
