//! Keeps what can't be handed over, in `<root>/damaged/`, for people to look at.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use domain::usage::UsageRecord;
use uuid::Uuid;

use crate::folder::{self, Segment};
use crate::frame::{self, HEADER};

const DAMAGED: &str = "damaged";

/// Keeps a segment under a name of its own. Its place in the spool is left as it is; costs no space until it goes there.
pub(crate) fn segment(root: &Path, spool: Uuid, segment: &Segment) -> io::Result<PathBuf> {
    let to = damaged(root)?.join(format!("{spool}-{:020}.segment", segment.number));
    match fs::hard_link(&segment.path, &to) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
        // A file system without links.
        Err(_) => drop(fs::copy(&segment.path, &to)?),
        Ok(()) => {}
    }
    Ok(to)
}

/// Keeps a record that the database refuses: as a segment of its own, so that a mended database can have it by the way of
/// all segments.
pub(crate) fn record(root: &Path, spool: Uuid, record: &UsageRecord) -> io::Result<PathBuf> {
    let to = damaged(root)?.join(format!("{spool}-refused-{}.segment", record.id));
    let mut bytes = Vec::new();
    frame::write(record, &mut bytes);
    bytes.splice(0..0, HEADER);
    fs::write(&to, bytes)?;
    fs::File::open(&to)?.sync_all()?;
    Ok(to)
}

fn damaged(root: &Path) -> io::Result<PathBuf> {
    let folder = root.join(DAMAGED);
    folder::make_folder(&folder)?;
    Ok(folder)
}
