//! `pg_control`: the cluster's identity and where its log ends.

use std::fs;
use std::path::Path;

use postgres_server::ServerError;

/// The fields that we read stand at the same place in every supported version (15 to 18).
const SYSTEM_IDENTIFIER: usize = 0;
const STATE: usize = 16;
const REDO: usize = 40;
const TIMELINE: usize = 48;

/// Where to look for the checksum, which stands at the end of the fields and moves when one is added.
const CHECKSUM_FROM: usize = 200;
const CHECKSUM_UNTIL: usize = 512;
/// Just before the checksum: random bytes that make the answer to a wrong user name look like a right one's.
const NONCE_LENGTH: usize = 32;

/// `DB_SHUTDOWNED`: the cluster was stopped cleanly.
const SHUT_DOWN: u32 = 1;

/// The control file of a cluster that doesn't run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ControlFile {
    bytes: Vec<u8>,
    checksum_at: usize,
}

impl ControlFile {
    /// Reads the control file of the cluster in `data_dir`.
    ///
    /// # Errors
    /// When it can't be read, or its checksum is nowhere.
    pub(crate) fn read(data_dir: &Path) -> Result<Self, ServerError> {
        let path = path(data_dir);
        let bytes = fs::read(&path).map_err(ServerError::file(&path))?;
        Self::parse(bytes).ok_or_else(|| {
            let broken =
                std::io::Error::new(std::io::ErrorKind::InvalidData, "no checksum fits: damaged, or unknown");
            ServerError::file(&path)(broken)
        })
    }

    /// The checksum's place differs between versions: it's the only place where a fitting one stands.
    fn parse(bytes: Vec<u8>) -> Option<Self> {
        let checksum_at = (CHECKSUM_FROM..CHECKSUM_UNTIL).step_by(4).find(|&at| {
            let stored =
                bytes.get(at..at + 4).and_then(|stored| stored.try_into().ok()).map(u32::from_ne_bytes);
            stored.is_some_and(|stored| stored == crc32c::crc32c(&bytes[..at]))
        })?;
        Some(Self { bytes, checksum_at })
    }

    /// Replaces the control file of `data_dir`.
    ///
    /// # Errors
    /// When it can't be written.
    pub(crate) fn write(&self, data_dir: &Path) -> Result<(), ServerError> {
        let path = path(data_dir);
        // In place: the file's owner and mode stay, and nobody runs on a folder that is being made.
        fs::write(&path, &self.bytes).map_err(ServerError::file(&path))
    }

    /// The cluster's own number, by which backups and standbys recognise it.
    #[cfg(test)]
    pub(crate) fn system_identifier(&self) -> u64 {
        self.u64_at(SYSTEM_IDENTIFIER)
    }

    /// Whether the cluster was stopped cleanly.
    pub(crate) fn is_shut_down(&self) -> bool {
        self.u32_at(STATE) == SHUT_DOWN
    }

    /// Where in the log a start begins to read.
    pub(crate) fn redo(&self) -> u64 {
        self.u64_at(REDO)
    }

    /// The timeline that the log is on.
    pub(crate) fn timeline(&self) -> u32 {
        self.u32_at(TIMELINE)
    }

    /// Makes it another cluster's.
    pub(crate) fn set_identity(&mut self, system_identifier: u64, nonce: &[u8; NONCE_LENGTH]) {
        self.bytes[SYSTEM_IDENTIFIER..SYSTEM_IDENTIFIER + 8]
            .copy_from_slice(&system_identifier.to_ne_bytes());
        self.bytes[self.checksum_at - NONCE_LENGTH..self.checksum_at].copy_from_slice(nonce);
        let checksum = crc32c::crc32c(&self.bytes[..self.checksum_at]);
        self.bytes[self.checksum_at..self.checksum_at + 4].copy_from_slice(&checksum.to_ne_bytes());
    }

    fn u64_at(&self, at: usize) -> u64 {
        let mut bytes = [0; 8];
        bytes.copy_from_slice(&self.bytes[at..at + 8]);
        u64::from_ne_bytes(bytes)
    }

    fn u32_at(&self, at: usize) -> u32 {
        let mut bytes = [0; 4];
        bytes.copy_from_slice(&self.bytes[at..at + 4]);
        u32::from_ne_bytes(bytes)
    }
}

fn path(data_dir: &Path) -> std::path::PathBuf {
    data_dir.join("global/pg_control")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn made_up(checksum_at: usize) -> Vec<u8> {
        let mut bytes: Vec<u8> =
            (0..8192_usize).map(|index| u8::try_from(index * 7 % 251).unwrap()).collect();
        let checksum = crc32c::crc32c(&bytes[..checksum_at]);
        bytes[checksum_at..checksum_at + 4].copy_from_slice(&checksum.to_ne_bytes());
        bytes
    }

    #[test]
    fn the_checksum_is_found_wherever_a_version_puts_it() {
        for at in [280, 288, 292, 300, 508] {
            let mut file = ControlFile::parse(made_up(at)).unwrap();
            assert_eq!(file.checksum_at, at);
            file.set_identity(42, &[7; 32]);
            let again = ControlFile::parse(file.bytes.clone()).unwrap();
            assert_eq!(again.system_identifier(), 42);
        }
    }

    #[test]
    fn a_damaged_file_is_refused() {
        let mut bytes = made_up(288);
        bytes[100] ^= 1;
        assert_eq!(ControlFile::parse(bytes), None);
        assert_eq!(ControlFile::parse(vec![0; 100]), None);
    }
}
