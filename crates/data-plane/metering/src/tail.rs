//! The end of a segment, where frames are appended.
//!
//! Where the file system keeps what it promises, the next part of the segment is reserved on the disk and mapped into
//! memory: a frame is then copied there, without a system call. What was copied is in the operating system's page cache, as
//! what was written is, and outlives a killed process. Elsewhere, and when nothing more can be reserved, each frame is one
//! `write`.
//!
//! A frame's length is put down last. Who reads the file of a killed server finds no length where a frame was begun, and
//! zeros where nothing was.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt as _;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{Ordering, compiler_fence};

use mmap_io::{MemoryMappedFile, MmapMode};
use rustix::fs::{FallocateFlags, fallocate};

use crate::frame::LENGTH;

/// How much is reserved at a time: a few thousand records cost a few system calls, and a server
/// that does nothing takes no more of the disk than this.
const RESERVED_AT_ONCE: u64 = 256 << 10;

/// The segment that is appended to.
#[derive(Debug)]
pub(crate) struct Tail {
    file: Arc<File>,
    path: PathBuf,
    pub(crate) number: u64,
    /// The bytes up to here are whole frames.
    length: u64,
    /// The length of the file: up to here the disk has room for it.
    reserved: u64,
    /// At this length a new segment is begun.
    full_at: u64,
    /// There is part of a frame at the end, which could not be cut off.
    is_torn: bool,
    way: Way,
}

/// How frames get into the file.
#[derive(Debug)]
enum Way {
    /// Nothing was appended so far, and mapping is worth a try.
    New,
    Mapped(MemoryMappedFile),
    Written,
}

impl Tail {
    /// The end of a file that holds so many bytes, and is to be followed by another one at about `full_at`.
    pub(crate) fn new(file: File, path: PathBuf, number: u64, length: u64, full_at: u64) -> Self {
        let way = if keeps_promises(&file) { Way::New } else { Way::Written };
        Self { file: Arc::new(file), path, number, length, reserved: length, full_at, is_torn: false, way }
    }

    pub(crate) fn file(&self) -> &Arc<File> {
        &self.file
    }

    /// Where the whole frames end.
    pub(crate) fn length(&self) -> u64 {
        self.length
    }

    /// How long the file is: what it takes of the disk.
    pub(crate) fn reserved(&self) -> u64 {
        self.reserved
    }

    /// Whether nothing can be appended any more: what is there ends the segment, and is read as a torn end.
    pub(crate) fn is_torn(&self) -> bool {
        self.is_torn
    }

    pub(crate) fn is_full(&self) -> bool {
        self.length >= self.full_at
    }

    /// Takes on this much more, because no other segment can be begun.
    pub(crate) fn grow(&mut self, bytes: u64) {
        self.full_at = self.length + bytes;
    }

    /// How much longer the file must become for a frame of this length.
    pub(crate) fn lacks(&self, frame: usize) -> u64 {
        (self.length + frame as u64).saturating_sub(self.reserved)
    }

    /// Appends a frame. The file becomes longer by `room` at most, which is no less than it lacks.
    pub(crate) fn append(&mut self, frame: &[u8], room: u64) -> io::Result<()> {
        let lacks = self.lacks(frame.len());
        if lacks > 0 && !matches!(self.way, Way::Written) && self.reserve(lacks, room).is_err() {
            // The last bytes of a disk, or a file system that can't: written, as far as that goes.
            self.way = Way::Written;
            let _ = self.cut();
        }
        let appended = match &self.way {
            Way::Mapped(map) => copy(frame, map, self.length),
            Way::New | Way::Written => self.file.write_all_at(frame, self.length),
        };
        if let Err(error) = appended {
            // Part of the frame may be there.
            self.is_torn = self.cut().is_err();
            return Err(error);
        }
        self.length += frame.len() as u64;
        self.reserved = self.reserved.max(self.length);
        Ok(())
    }

    /// Makes the file longer, by more than is lacking if it may be, and maps it.
    fn reserve(&mut self, lacks: u64, room: u64) -> io::Result<()> {
        let until_full = self.full_at.saturating_sub(self.reserved);
        let more = RESERVED_AT_ONCE.min(until_full).min(room).max(lacks);
        fallocate(&self.file, FallocateFlags::empty(), self.reserved, more)?;
        self.reserved += more;
        let map = MemoryMappedFile::from_file(self.file.try_clone()?, MmapMode::ReadWrite, &self.path);
        self.way = Way::Mapped(map.map_err(io::Error::other)?);
        Ok(())
    }

    /// Ends the file where its whole frames do. What comes after this is written.
    pub(crate) fn cut(&mut self) -> io::Result<()> {
        self.way = Way::Written;
        self.file.set_len(self.length)?;
        self.reserved = self.length;
        Ok(())
    }
}

/// A process that is killed between the two leaves a frame without a length, which is none.
fn copy(frame: &[u8], map: &MemoryMappedFile, at: u64) -> io::Result<()> {
    let mut place = map.as_slice_mut(at, frame.len() as u64).map_err(io::Error::other)?;
    place[LENGTH..].copy_from_slice(&frame[LENGTH..]);
    compiler_fence(Ordering::SeqCst);
    place[..LENGTH].copy_from_slice(&frame[..LENGTH]);
    Ok(())
}

/// Whether what is reserved can be filled when the disk is full. Elsewhere (a file system that writes every block to a new
/// place, or may share blocks between copies of a file as XFS does, or works over the network) a mapped page may turn out to
/// have no room, and no error could tell that: the process would be ended.
#[cfg(target_os = "linux")]
fn keeps_promises(file: &File) -> bool {
    const EXT4: u64 = 0xef53;
    const TMPFS: u64 = 0x0102_1994;
    rustix::fs::fstatfs(file).is_ok_and(|found| [EXT4, TMPFS].contains(&(found.f_type as u64)))
}

#[cfg(not(target_os = "linux"))]
fn keeps_promises(_: &File) -> bool {
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A new file, its end, and where it is.
    fn tail(full_at: u64) -> (Tail, tempfile::TempDir) {
        let folder = tempfile::tempdir().unwrap();
        let (file, path) = crate::folder::create_segment(folder.path(), 0).unwrap();
        (Tail::new(file, path, 0, 0, full_at), folder)
    }

    #[test]
    fn what_is_mapped_written_or_both_reads_the_same() {
        let frames: Vec<Vec<u8>> = (0_u8..200).map(|n| vec![n | 1; 5_000 + usize::from(n)]).collect();
        for mapped in [0, 1, 70, 200] {
            let (mut tail, _folder) = tail(10 << 20);
            for (at, frame) in frames.iter().enumerate() {
                if at == mapped {
                    tail.cut().unwrap();
                }
                let room = tail.lacks(frame.len()) + 100_000;
                tail.append(frame, room).unwrap();
            }
            let all = frames.concat();
            assert_eq!(tail.length(), all.len() as u64);
            let bytes = std::fs::read(&tail.path).unwrap();
            assert_eq!(bytes.len() as u64, tail.reserved());
            assert!(bytes[..all.len()] == all[..], "mapped up to frame {mapped}");
            assert!(bytes[all.len()..].iter().all(|byte| *byte == 0));
            tail.cut().unwrap();
            assert_eq!(tail.file().metadata().unwrap().len(), tail.length());
        }
    }

    #[test]
    fn no_more_is_reserved_than_there_is_room_for_or_than_the_segment_needs() {
        let (mut tail, _folder) = tail(10_000);
        tail.append(&[1; 100], 5_000).unwrap();
        assert!(tail.reserved() <= 5_000);
        tail.append(&[1; 6_000], 1 << 20).unwrap();
        assert!((6_100..=10_000).contains(&tail.reserved()));
        tail.append(&[1; 6_000], 1 << 20).unwrap();
        assert_eq!((tail.reserved(), tail.is_full()), (12_100, true));
    }
}
