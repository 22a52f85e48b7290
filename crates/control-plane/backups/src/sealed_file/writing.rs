//! Writing an encrypted backup.

use std::io::{Error, Read, Result, Write};

use secrets::FileKey;
use secrets::stream::{CHUNK, TAG};

use super::Head;

/// Seals everything that there is to read. The last chunk, without which nobody takes the file for whole, is written only
/// when `is_whole` says that the reader's end was no accident.
///
/// # Errors
/// When reading or writing fails, or what was read isn't whole.
pub(crate) fn seal(
    head: &Head,
    key: &FileKey,
    mut from: impl Read,
    mut to: impl Write,
    is_whole: impl FnOnce() -> bool,
) -> Result<()> {
    let head = head.to_bytes()?;
    to.write_all(&head)?;
    let mut sealer = key.seal(&head).map_err(Error::other)?;
    let room = || Vec::with_capacity(CHUNK + TAG);
    let (mut chunk, mut next) = (room(), room());
    fill(&mut from, &mut chunk, CHUNK)?;
    loop {
        fill(&mut from, &mut next, CHUNK)?;
        if next.is_empty() {
            break;
        }
        sealer.next(&mut chunk).map_err(Error::other)?;
        to.write_all(&chunk)?;
        std::mem::swap(&mut chunk, &mut next);
    }
    if !is_whole() {
        return Err(Error::other("what was to be sealed ended too early"));
    }
    sealer.last(&mut chunk).map_err(Error::other)?;
    to.write_all(&chunk)
}

/// Reads so many bytes into the buffer, fewer only at the end.
pub(super) fn fill(from: &mut impl Read, buffer: &mut Vec<u8>, length: usize) -> Result<()> {
    buffer.clear();
    let limit = u64::try_from(length).map_err(Error::other)?;
    from.take(limit).read_to_end(buffer).map(drop)
}
