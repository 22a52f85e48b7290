//! Reading an encrypted backup.

use std::io::{ErrorKind, Read, Result, Write};

use secrets::stream::{CHUNK, TAG};

use super::writing::fill;
use super::{FileLock, Head, LONGEST_HEAD, MAGIC, VERSION};

/// Why a file was not read to its end.
#[derive(Debug)]
pub(crate) enum Fault {
    /// It can't be read, or isn't what it should be. What was written of it until then was right.
    Unusable(String),
    /// What it says can't be written.
    Write(std::io::Error),
}

/// The head of an encrypted file, and the chunks that follow.
pub(crate) struct Sealed<R> {
    pub(crate) head: Head,
    bytes: Vec<u8>,
    chunks: R,
}

fn unreadable(error: std::io::Error) -> Fault {
    Fault::Unusable(error.to_string())
}

impl<R: Read> Sealed<R> {
    /// Reads the head. `None` when the file is plain.
    ///
    /// # Errors
    /// [`Fault::Unusable`] when the file is of a form that isn't known here.
    pub(crate) fn begin(mut from: R) -> std::result::Result<Option<Self>, Fault> {
        let mut bytes = Vec::new();
        fill(&mut from, &mut bytes, MAGIC.len()).map_err(unreadable)?;
        if bytes != MAGIC {
            return Ok(None);
        }
        let mut fixed = [0; 5];
        from.read_exact(&mut fixed).map_err(unreadable)?;
        let [version, length @ ..] = fixed;
        if version != VERSION {
            let reason = format!("it is of form {version}, and this program knows only {VERSION}");
            return Err(Fault::Unusable(reason));
        }
        let length = usize::try_from(u32::from_be_bytes(length)).unwrap_or(usize::MAX);
        let wrong = || Fault::Unusable("its head can't be understood".to_owned());
        if length > LONGEST_HEAD {
            return Err(wrong());
        }
        let mut text = vec![0; length];
        from.read_exact(&mut text).map_err(unreadable)?;
        let head = serde_json::from_slice(&text).map_err(|_| wrong())?;
        bytes.extend_from_slice(&fixed);
        bytes.append(&mut text);
        Ok(Some(Self { head, bytes, chunks: from }))
    }

    /// Opens the chunks, and writes what they say. Nothing is written that wasn't proved right; whether the file is whole is
    /// known only at the end.
    ///
    /// # Errors
    /// [`Fault::Unusable`] when it is another backup's, or was changed.
    pub(crate) fn open(mut self, lock: &FileLock, mut to: impl Write) -> std::result::Result<(), Fault> {
        let Head { backup, customer, .. } = &self.head;
        if (backup, customer) != (&lock.backup, &lock.customer) {
            let reason = format!("it is the backup {backup}, and not {}", lock.backup);
            return Err(Fault::Unusable(reason));
        }
        let refused = |number: u64| move |error| Fault::Unusable(format!("chunk {number}: {error}"));
        let mut opener = lock.key.open(&self.bytes).map_err(refused(0))?;
        let room = || Vec::with_capacity(CHUNK + TAG);
        let (mut chunk, mut next) = (room(), room());
        let mut number = 0;
        fill(&mut self.chunks, &mut chunk, CHUNK + TAG).map_err(unreadable)?;
        loop {
            fill(&mut self.chunks, &mut next, CHUNK + TAG).map_err(unreadable)?;
            if next.is_empty() {
                break;
            }
            opener.next(&mut chunk).map_err(refused(number))?;
            to.write_all(&chunk).map_err(Fault::Write)?;
            std::mem::swap(&mut chunk, &mut next);
            number += 1;
        }
        opener.last(&mut chunk).map_err(refused(number))?;
        to.write_all(&chunk).and_then(|()| to.flush()).map_err(Fault::Write)
    }
}

/// Writes until nobody reads any more, and then takes everything without complaint: for a program that looks at the
/// beginning of a file whose end is to be looked at, too.
pub(crate) struct UntilClosed<W>(pub(crate) Option<W>);

impl<W: Write> UntilClosed<W> {
    fn attempt<T>(&mut self, closed: T, work: impl FnOnce(&mut W) -> Result<T>) -> Result<T> {
        let Some(writer) = &mut self.0 else { return Ok(closed) };
        match work(writer) {
            Err(error) if error.kind() == ErrorKind::BrokenPipe => {
                self.0 = None;
                Ok(closed)
            }
            outcome => outcome,
        }
    }
}

impl<W: Write> Write for UntilClosed<W> {
    fn write(&mut self, bytes: &[u8]) -> Result<usize> {
        self.attempt(bytes.len(), |writer| writer.write(bytes))
    }

    fn flush(&mut self) -> Result<()> {
        self.attempt((), Write::flush)
    }
}
