//! Anchors in a folder: one file for each key that signs, to which lines are only added.

use std::collections::HashMap;
use std::fs::{self, File, OpenOptions};
use std::io::{self, BufRead as _, BufReader, Seek as _, SeekFrom, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use chrono::Utc;
use object_storage::BucketError;
use secrets::{SigningKey, VerifyingKey};
use uuid::Uuid;

use super::record::{Anchor, AnchoredHead, BadAnchor, NoAnchor, name_of};
use super::{Anchors, grown};

/// Anchors can't be written or read.
#[derive(Debug, thiserror::Error)]
pub enum JournalError {
    /// The file or folder.
    #[error("{path}: {error}")]
    File {
        /// Which.
        path: String,
        /// Why.
        #[source]
        error: io::Error,
    },
    /// The bucket.
    #[error(transparent)]
    Bucket(#[from] BucketError),
    /// An anchor that can't be written down.
    #[error("an anchor can't be written: {0}")]
    Text(String),
    /// Other workers were faster, again and again.
    #[error("other workers add anchors at the same moment; the next time will do")]
    Busy,
}

/// Where anchors are added. Several workers of one machine may have the same: each takes the file's lock, and reads what
/// the others added first. Nothing in it is secret.
#[derive(Debug)]
pub struct AnchorJournal {
    path: PathBuf,
    key: SigningKey,
    end: End,
}

/// How far the file was read.
#[derive(Debug, Default)]
struct End {
    /// In bytes: after a whole line.
    offset: u64,
    /// The name of the last anchor.
    previous: Option<String>,
    /// How far the anchors go.
    known: HashMap<Uuid, i64>,
}

/// What the anchors of a key are found under.
pub(super) fn file_name(key: &VerifyingKey) -> String {
    let shown = key.to_string();
    format!("anchors-{}", shown.get(..16).unwrap_or(&shown))
}

impl AnchorJournal {
    /// The journal of this key in this folder.
    #[must_use]
    pub fn new(folder: &Path, key: SigningKey) -> Self {
        let name = format!("{}.jsonl", file_name(&key.verifying_key()));
        Self { path: folder.join(name), key, end: End::default() }
    }

    /// Adds an anchor for the chains that have grown; how many those are. It is on the disk before this returns. Without any,
    /// nothing is written.
    ///
    /// # Errors
    /// When the file can't be read or written.
    pub fn add(&mut self, heads: Vec<AnchoredHead>) -> Result<usize, JournalError> {
        self.try_add(heads)
            .map_err(|error| JournalError::File { path: self.path.display().to_string(), error })
    }

    fn try_add(&mut self, heads: Vec<AnchoredHead>) -> io::Result<usize> {
        let mut file = self.open()?;
        file.lock()?;
        let is_torn = self.end.read_on(&mut file, &self.key)?;
        let heads = grown(heads, &self.end.known);
        if heads.is_empty() {
            return Ok(0);
        }
        let anchor = Anchor { at: Utc::now(), previous: self.end.previous.clone(), heads };
        let line = anchor.line(&self.key)?;
        // A crash may have left half a line; the next one begins on its own.
        let begin = if is_torn { "\n" } else { "" };
        // What is known of the end moves on when the line is read again, by whoever adds the next: if this fails, nobody knows
        // how much of it is there.
        file.write_all(format!("{begin}{line}\n").as_bytes())?;
        file.sync_all()?;
        Ok(anchor.heads.len())
    }

    fn open(&self) -> io::Result<File> {
        let mut options = OpenOptions::new();
        options.append(true).read(true).mode(0o644);
        match options.open(&self.path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                let Some(folder) = self.path.parent() else { return Err(error) };
                fs::create_dir_all(folder)?;
                let file = options.create(true).open(&self.path)?;
                File::open(folder)?.sync_all()?;
                Ok(file)
            }
            other => other,
        }
    }
}

impl End {
    /// Reads the lines that were added since. Whether there is half a line behind them.
    fn read_on(&mut self, file: &mut File, key: &SigningKey) -> io::Result<bool> {
        let trusted = [key.verifying_key()];
        file.seek(SeekFrom::Start(self.offset))?;
        let mut reader = BufReader::new(file);
        let mut line = Vec::new();
        loop {
            line.clear();
            let read = reader.read_until(b'\n', &mut line)?;
            let Some(whole) = line.strip_suffix(b"\n") else { return Ok(read > 0) };
            self.offset += u64::try_from(read).unwrap_or_default();
            let Ok(text) = std::str::from_utf8(whole) else { continue };
            if let Ok(anchor) = Anchor::read(text, &trusted) {
                self.known.extend(anchor.heads.into_iter().map(|head| (head.chain, head.sequence)));
                self.previous = Some(name_of(text));
            }
        }
    }
}

impl Anchors {
    /// Reads every anchor of a folder that one of these keys signed; that any key signed, when none is named.
    ///
    /// # Errors
    /// When the folder or a file can't be read.
    pub fn read(folder: &Path, trusted: &[VerifyingKey]) -> Result<Self, JournalError> {
        let failed = |path: &Path, error| JournalError::File { path: path.display().to_string(), error };
        let mut paths = Vec::new();
        for entry in fs::read_dir(folder).map_err(|error| failed(folder, error))? {
            let path = entry.map_err(|error| failed(folder, error))?.path();
            let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
            if name.starts_with("anchors-") && name.ends_with(".jsonl") {
                paths.push(path);
            }
        }
        paths.sort();
        let mut anchors = Self::default();
        for path in paths {
            let bytes = fs::read(&path).map_err(|error| failed(&path, error))?;
            let text = String::from_utf8_lossy(&bytes);
            anchors.read_lines(&path.display().to_string(), text.lines(), trusted);
        }
        Ok(anchors)
    }

    /// The lines of a file, in order. A crash leaves half a line.
    fn read_lines<'a>(&mut self, file: &str, lines: impl Iterator<Item = &'a str>, trusted: &[VerifyingKey]) {
        let torn = self.read_in_order(file, lines, trusted);
        self.torn += u64::try_from(torn.len()).unwrap_or(u64::MAX);
    }

    /// The objects of a bucket, in order. Each is put there as a whole, so that half of one is somebody's doing.
    pub(super) fn read_objects(
        &mut self,
        folder: &str,
        objects: impl Iterator<Item = impl AsRef<str>>,
        trusted: &[VerifyingKey],
    ) {
        let torn = self.read_in_order(folder, objects, trusted);
        let reason = "it is no anchor, and none was ever half written here";
        self.bad.extend(torn.into_iter().map(|line| BadAnchor { file: folder.to_owned(), line, reason }));
    }

    /// What one key has signed. The numbers of those that are no anchors, or half of one.
    fn read_in_order(
        &mut self,
        file: &str,
        lines: impl Iterator<Item = impl AsRef<str>>,
        trusted: &[VerifyingKey],
    ) -> Vec<usize> {
        let mut torn = Vec::new();
        let mut previous: Option<String> = None;
        for (number, line) in lines.enumerate() {
            let line = line.as_ref();
            let bad = |reason| BadAnchor { file: file.to_owned(), line: number + 1, reason };
            match Anchor::read(line, trusted) {
                Err(NoAnchor::Torn) => torn.push(number + 1),
                Err(NoAnchor::Bad(reason)) => self.bad.push(bad(reason)),
                Ok(anchor) => {
                    if anchor.previous != previous {
                        self.bad.push(bad("an anchor before it is missing or was changed"));
                    }
                    previous = Some(name_of(line));
                    self.add(anchor);
                }
            }
        }
        torn
    }
}
