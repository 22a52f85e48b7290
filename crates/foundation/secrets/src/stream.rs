//! Files of any length under a key of their own, in pieces that memory has room for.
//!
//! The STREAM construction (Hoang, Reyhanitabar, Rogaway, Vizár: Online Authenticated-Encryption, 2015), as `age` lays it
//! out: AES-256-GCM over chunks of [`CHUNK`] bytes; the nonce is the number of the chunk, from 0, and a byte that says
//! whether it is the last one. A chunk that was changed, left out, doubled or moved doesn't open, nor does the end of a file
//! that was cut off. Nonces never repeat: the key of the chunks follows, by HKDF-SHA-256, from the file's key and from the
//! file's head, which has a random part. So the head is authenticated, too: with one changed byte of it no chunk opens.

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use aws_lc_rs::digest::{SHA256, digest};
use aws_lc_rs::hkdf::{HKDF_SHA256, Salt};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use secrecy::{ExposeSecret, SecretString};
use zeroize::{ZeroizeOnDrop, Zeroizing};

use crate::envelope::EnvelopeError;
use crate::random;

/// How many bytes of the plain text a chunk has; only the last one has fewer.
pub const CHUNK: usize = 64 * 1024;

/// How many bytes a chunk is longer when it is sealed.
pub const TAG: usize = 16;

/// What the keys of chunks are for, so that they are no other keys.
const PURPOSE: &[u8] = b"sixty stream v1";

/// The key of one file. Its memory is wiped when it is dropped.
#[derive(Clone, ZeroizeOnDrop)]
pub struct FileKey {
    bytes: [u8; 32],
}

/// A chunk doesn't open: it was changed, left out, doubled, moved or cut off, or the key or the head is another one's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the chunk doesn't open: it was changed or moved, or the file was cut off, or it has another key")]
pub struct StreamError;

/// Seals the chunks of one file, in order.
pub struct StreamSealer(Chunks);

/// Opens the chunks of one file, in order.
pub struct StreamOpener(Chunks);

struct Chunks {
    key: LessSafeKey,
    next: u64,
}

impl FileKey {
    /// Makes the key of a new file.
    #[must_use]
    pub fn generate() -> Self {
        Self { bytes: random::bytes() }
    }

    /// The key as a text, to be sealed like any other secret.
    #[must_use]
    pub fn to_secret(&self) -> SecretString {
        SecretString::from(URL_SAFE_NO_PAD.encode(self.bytes))
    }

    /// Reads what [`Self::to_secret`] wrote.
    ///
    /// # Errors
    /// [`EnvelopeError::Malformed`] when it is anything else.
    pub fn from_secret(text: &SecretString) -> Result<Self, EnvelopeError> {
        let decoded = URL_SAFE_NO_PAD.decode(text.expose_secret()).map_err(|_| EnvelopeError::Malformed)?;
        Self::from_opened(&Zeroizing::new(decoded))
    }

    /// Begins a file with this head, which must have a random part ([`new_salt`]).
    ///
    /// # Errors
    /// Only when the cryptographic library refuses to work.
    pub fn seal(&self, head: &[u8]) -> Result<StreamSealer, StreamError> {
        self.chunks(head).map(StreamSealer)
    }

    /// Begins to open a file with this head.
    ///
    /// # Errors
    /// Only when the cryptographic library refuses to work.
    pub fn open(&self, head: &[u8]) -> Result<StreamOpener, StreamError> {
        self.chunks(head).map(StreamOpener)
    }

    pub(crate) fn from_opened(opened: &[u8]) -> Result<Self, EnvelopeError> {
        Ok(Self { bytes: opened.try_into().map_err(|_| EnvelopeError::Malformed)? })
    }

    pub(crate) fn bytes(&self) -> &[u8; 32] {
        &self.bytes
    }

    fn chunks(&self, head: &[u8]) -> Result<Chunks, StreamError> {
        let head = digest(&SHA256, head);
        let extracted = Salt::new(HKDF_SHA256, &[]).extract(&self.bytes);
        let info = [PURPOSE, head.as_ref()];
        let key = extracted.expand(&info, &AES_256_GCM).map_err(|_| StreamError)?;
        Ok(Chunks { key: LessSafeKey::new(UnboundKey::from(key)), next: 0 })
    }
}

impl std::fmt::Debug for FileKey {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("FileKey").finish_non_exhaustive()
    }
}

/// The random part of a new file's head.
#[must_use]
pub fn new_salt() -> String {
    hex::encode(random::bytes::<16>())
}

impl Chunks {
    fn nonce(&mut self, is_last: bool) -> Result<Nonce, StreamError> {
        let mut nonce = [0; NONCE_LEN];
        nonce[3..11].copy_from_slice(&self.next.to_be_bytes());
        nonce[11] = u8::from(is_last);
        self.next = self.next.checked_add(1).ok_or(StreamError)?;
        Ok(Nonce::assume_unique_for_key(nonce))
    }

    fn seal(&mut self, chunk: &mut Vec<u8>, is_last: bool) -> Result<(), StreamError> {
        let nonce = self.nonce(is_last)?;
        self.key.seal_in_place_append_tag(nonce, Aad::empty(), chunk).map_err(|_| StreamError)
    }

    fn open(&mut self, chunk: &mut Vec<u8>, is_last: bool) -> Result<(), StreamError> {
        let nonce = self.nonce(is_last)?;
        let length = self.key.open_in_place(nonce, Aad::empty(), chunk).map_err(|_| StreamError)?.len();
        chunk.truncate(length);
        Ok(())
    }
}

impl StreamSealer {
    /// Seals the next chunk in its place; it must have [`CHUNK`] bytes and not be the last one.
    ///
    /// # Errors
    /// When it has another length.
    pub fn next(&mut self, chunk: &mut Vec<u8>) -> Result<(), StreamError> {
        if chunk.len() != CHUNK {
            return Err(StreamError);
        }
        self.0.seal(chunk, false)
    }

    /// Seals the last chunk in its place. Without it, nobody takes the file for whole.
    ///
    /// # Errors
    /// When it is longer than [`CHUNK`].
    pub fn last(mut self, chunk: &mut Vec<u8>) -> Result<(), StreamError> {
        if chunk.len() > CHUNK {
            return Err(StreamError);
        }
        self.0.seal(chunk, true)
    }
}

impl StreamOpener {
    /// Opens the next chunk in its place.
    ///
    /// # Errors
    /// [`StreamError`], also when it is the last one.
    pub fn next(&mut self, chunk: &mut Vec<u8>) -> Result<(), StreamError> {
        self.0.open(chunk, false)
    }

    /// Opens the last chunk in its place.
    ///
    /// # Errors
    /// [`StreamError`], also when the file once went on.
    pub fn last(mut self, chunk: &mut Vec<u8>) -> Result<(), StreamError> {
        self.0.open(chunk, true)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEAD: &[u8] = b"a head";

    /// Three chunks, the last of them short.
    fn sealed(key: &FileKey) -> Vec<Vec<u8>> {
        let mut sealer = key.seal(HEAD).unwrap();
        let mut chunks = vec![vec![1; CHUNK], vec![2; CHUNK]];
        for chunk in &mut chunks {
            sealer.next(chunk).unwrap();
        }
        let mut last = vec![3; 7];
        sealer.last(&mut last).unwrap();
        chunks.push(last);
        chunks
    }

    fn opened(key: &FileKey, head: &[u8], mut chunks: Vec<Vec<u8>>) -> Result<Vec<u8>, StreamError> {
        let mut opener = key.open(head)?;
        let mut last = chunks.pop().ok_or(StreamError)?;
        for chunk in &mut chunks {
            opener.next(chunk)?;
        }
        opener.last(&mut last)?;
        chunks.push(last);
        Ok(chunks.concat())
    }

    #[test]
    fn a_file_opens_as_it_was_sealed_and_in_no_other_way() {
        let key = FileKey::generate();
        let chunks = sealed(&key);
        let whole = opened(&key, HEAD, chunks.clone()).unwrap();
        assert_eq!(whole.len(), 2 * CHUNK + 7);
        assert!(whole[CHUNK..2 * CHUNK].iter().all(|byte| *byte == 2) && whole.ends_with(&[3; 7]));

        let cut = vec![chunks[0].clone(), chunks[1].clone()];
        let swapped = vec![chunks[1].clone(), chunks[0].clone(), chunks[2].clone()];
        let left_out = vec![chunks[0].clone(), chunks[2].clone()];
        let doubled = vec![chunks[0].clone(), chunks[0].clone(), chunks[1].clone(), chunks[2].clone()];
        let longer = vec![chunks[0].clone(), chunks[1].clone(), chunks[2].clone(), chunks[2].clone()];
        for wrong in [cut, swapped, left_out, doubled, longer, vec![], vec![vec![]]] {
            assert_eq!(opened(&key, HEAD, wrong), Err(StreamError));
        }
        for (number, place) in [(0, 0), (0, CHUNK), (1, CHUNK + TAG - 1), (2, 6), (2, 7)] {
            let mut changed = chunks.clone();
            changed[number][place] ^= 1;
            assert_eq!(opened(&key, HEAD, changed), Err(StreamError));
        }
        let mut short = chunks.clone();
        short[2].truncate(9);
        assert_eq!(opened(&key, HEAD, short), Err(StreamError));
        assert_eq!(opened(&key, b"another head", chunks.clone()), Err(StreamError));
        assert_eq!(opened(&FileKey::generate(), HEAD, chunks), Err(StreamError));
    }

    #[test]
    fn chunks_have_their_length() {
        let key = FileKey::generate();
        let mut sealer = key.seal(HEAD).unwrap();
        assert_eq!(sealer.next(&mut vec![0; 5]), Err(StreamError));
        assert_eq!(sealer.last(&mut vec![0; CHUNK + 1]), Err(StreamError));
        // Nothing is a file, too.
        let mut last = Vec::new();
        key.seal(HEAD).unwrap().last(&mut last).unwrap();
        assert_eq!((last.len(), opened(&key, HEAD, vec![last])), (TAG, Ok(Vec::new())));
    }

    #[test]
    fn the_same_bytes_are_never_sealed_alike() {
        let key = FileKey::generate();
        let sealed = |head: &[u8]| {
            let mut chunk = vec![0; 100];
            key.seal(head).unwrap().last(&mut chunk).unwrap();
            chunk
        };
        assert_ne!(sealed(new_salt().as_bytes()), sealed(new_salt().as_bytes()));
    }

    #[test]
    fn a_key_is_a_secret_like_others() {
        let key = FileKey::generate();
        let text = key.to_secret();
        assert_eq!(FileKey::from_secret(&text).unwrap().bytes(), key.bytes());
        assert_eq!(FileKey::from_secret(&"AAAA".into()).unwrap_err(), EnvelopeError::Malformed);
        assert_eq!(format!("{key:?}"), "FileKey { .. }");
    }
}
