//! Where the anchors of the audit log are, and the key that signs them.

use std::path::{Path, PathBuf};

use anyhow::Context as _;
use audit::Anchors;
use audit::anchors::AnchorJournal;
use clap::Args;
use secrets::{SigningKey, VerifyingKey};

use super::secret_files::{read_private, write_private_once};

/// SIXTY_AUDIT_ANCHORS and SIXTY_AUDIT_SIGNING_KEY_FILE.
#[derive(Args, Debug, Clone)]
#[command(next_help_heading = "Audit log")]
pub(crate) struct AnchorArgs {
    /// The folder for the anchors: how far the audit log had come, signed. Best on another machine's disk. Default:
    /// `audit-anchors` in SIXTY_HOME.
    #[arg(long, env = "SIXTY_AUDIT_ANCHORS", value_name = "FOLDER")]
    audit_anchors: Option<PathBuf>,
    /// The file with the key that signs them. The worker makes it when there is none. Default: `audit-signing-key` in
    /// SIXTY_HOME.
    #[arg(long, env = "SIXTY_AUDIT_SIGNING_KEY_FILE", value_name = "FILE")]
    audit_signing_key_file: Option<PathBuf>,
}

impl AnchorArgs {
    fn folder(&self, home: &Path) -> PathBuf {
        self.audit_anchors.clone().unwrap_or_else(|| home.join("audit-anchors"))
    }

    fn key_file(&self, home: &Path) -> PathBuf {
        self.audit_signing_key_file.clone().unwrap_or_else(|| home.join("audit-signing-key"))
    }

    /// Where the worker adds anchors.
    pub(crate) fn journal(&self, home: &Path) -> anyhow::Result<AnchorJournal> {
        let file = self.key_file(home);
        write_private_once(&file, SigningKey::generate()?.secret())?;
        Ok(AnchorJournal::new(&self.folder(home), read_key(&file)?))
    }

    /// The key that verifies what this machine's worker signs; `None` when there is none here.
    pub(crate) fn verifying_key(&self, home: &Path) -> anyhow::Result<Option<VerifyingKey>> {
        let file = self.key_file(home);
        if !file.exists() {
            return Ok(None);
        }
        Ok(Some(read_key(&file)?.verifying_key()))
    }

    /// The anchors that one of these keys signed, or this machine's. `None` when there are none at all, and none were named.
    pub(crate) fn read(&self, home: &Path, keys: &[VerifyingKey]) -> anyhow::Result<Option<Anchors>> {
        let folder = self.folder(home);
        if self.audit_anchors.is_none() && !folder.exists() {
            return Ok(None);
        }
        let mut trusted = keys.to_vec();
        if trusted.is_empty() {
            trusted.extend(self.verifying_key(home)?);
        }
        anyhow::ensure!(
            !trusted.is_empty(),
            "nothing says whose anchors count: name the key with --public-key (`sixty audit public-key` on the worker's \
             machine shows it)"
        );
        Ok(Some(Anchors::read(&folder, &trusted).context("the anchors can't be read")?))
    }
}

fn read_key(file: &Path) -> anyhow::Result<SigningKey> {
    let text = read_private(file)?;
    SigningKey::parse(&text).with_context(|| format!("the signing key at {} is not usable", file.display()))
}
