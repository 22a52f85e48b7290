//! The segments of the write-ahead log in a cluster that doesn't run.

use std::fs;
use std::io::{Read as _, Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};

use postgres_server::ServerError;

use crate::control_file::ControlFile;

/// Our clusters' segments: the smallest that there are.
pub(crate) const SEGMENT_MEGABYTES: u32 = 1;
const SEGMENT: u64 = SEGMENT_MEGABYTES as u64 * 1024 * 1024;
/// More than the last record of a cleanly stopped cluster takes.
const LAST_RECORD: u64 = 8192;

/// In the head of a segment's first page: flags, and where the system identifier stands if it's a long head.
const FLAGS: usize = 2;
const LONG_HEAD: u16 = 2;
const SYSTEM_IDENTIFIER: usize = 24;

/// Removes the segments that a start won't read: those before the last checkpoint, and those kept for later.
///
/// # Errors
/// When a file can't be removed.
pub(crate) fn remove_unneeded(data_dir: &Path, control: &ControlFile) -> Result<(), ServerError> {
    let needed = [control.redo(), control.redo() + LAST_RECORD]
        .map(|at| segment_name(control.timeline(), at / SEGMENT));
    for path in segments(data_dir)? {
        if !needed.iter().any(|name| path.ends_with(name)) {
            fs::remove_file(&path).map_err(ServerError::file(&path))?;
        }
    }
    Ok(())
}

/// Writes a new system identifier into every segment: a server refuses a log that isn't its own.
///
/// # Errors
/// When a file can't be changed.
pub(crate) fn set_identity(data_dir: &Path, system_identifier: u64) -> Result<(), ServerError> {
    for path in segments(data_dir)? {
        let patch = || {
            let mut file = fs::File::options().read(true).write(true).open(&path)?;
            let mut head = [0; SYSTEM_IDENTIFIER + 8];
            file.read_exact(&mut head)?;
            if u16::from_ne_bytes([head[FLAGS], head[FLAGS + 1]]) & LONG_HEAD != 0 {
                file.seek(SeekFrom::Start(SYSTEM_IDENTIFIER as u64))?;
                file.write_all(&system_identifier.to_ne_bytes())?;
            }
            Ok(())
        };
        patch().map_err(ServerError::file(&path))?;
    }
    Ok(())
}

fn segments(data_dir: &Path) -> Result<Vec<PathBuf>, ServerError> {
    let folder = data_dir.join("pg_wal");
    let entries = fs::read_dir(&folder).map_err(ServerError::file(&folder))?;
    let is_segment = |path: &PathBuf| {
        let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        name.len() == 24 && name.bytes().all(|byte| byte.is_ascii_hexdigit())
    };
    Ok(entries.flatten().map(|entry| entry.path()).filter(is_segment).collect())
}

/// Timeline, then the number in two parts: 4 GB of log each.
fn segment_name(timeline: u32, number: u64) -> String {
    let per_part = 0x1_0000_0000 / SEGMENT;
    format!("{timeline:08X}{:08X}{:08X}", number / per_part, number % per_part)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn segments_are_named_as_postgresql_names_them() {
        assert_eq!(segment_name(1, 1), "000000010000000000000001");
        assert_eq!(segment_name(1, 4096 + 18), "000000010000000100000012");
    }
}
