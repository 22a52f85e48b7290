//! Where the anchors of the audit log are, and the key that signs them.

use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::sync::{Arc, Mutex};

use anyhow::Context as _;
use audit::Anchors;
use audit::anchors::{AnchorJournal, BucketJournal};
use clap::Args;
use object_storage::{BadAddress, BucketAddress, ObjectLock};
use secrets::{SigningKey, VerifyingKey};

use super::secret_files::{read_private, write_private_once};
use super::stores::StoreArgs;
use crate::worker::Journal;

/// SIXTY_AUDIT_ANCHORS and SIXTY_AUDIT_SIGNING_KEY_FILE.
#[derive(Args, Debug, Clone)]
#[command(next_help_heading = "Audit log")]
pub(crate) struct AnchorArgs {
    /// Where the anchors are: how far the audit log had come, signed. A folder, best on another machine's disk, or
    /// s3://BUCKET/FOLDER, best with object lock. Default: `audit-anchors` in SIXTY_HOME.
    #[arg(long, env = "SIXTY_AUDIT_ANCHORS", value_name = "FOLDER or s3://BUCKET/FOLDER")]
    audit_anchors: Option<AnchorPlace>,
    /// The file with the key that signs them. The worker makes it when there is none. Default: `audit-signing-key` in
    /// SIXTY_HOME.
    #[arg(long, env = "SIXTY_AUDIT_SIGNING_KEY_FILE", value_name = "FILE")]
    audit_signing_key_file: Option<PathBuf>,
}

/// Where anchors are kept.
#[derive(Debug, Clone)]
enum AnchorPlace {
    Folder(PathBuf),
    Bucket(BucketAddress),
}

impl FromStr for AnchorPlace {
    type Err = BadAddress;

    fn from_str(text: &str) -> Result<Self, BadAddress> {
        if text.contains("://") { text.parse().map(Self::Bucket) } else { Ok(Self::Folder(text.into())) }
    }
}

impl AnchorArgs {
    fn place(&self, home: &Path) -> AnchorPlace {
        self.audit_anchors.clone().unwrap_or_else(|| AnchorPlace::Folder(home.join("audit-anchors")))
    }

    fn key_file(&self, home: &Path) -> PathBuf {
        self.audit_signing_key_file.clone().unwrap_or_else(|| home.join("audit-signing-key"))
    }

    /// Where the worker adds anchors.
    pub(crate) fn journal(&self, home: &Path, stores: &StoreArgs) -> anyhow::Result<Journal> {
        let file = self.key_file(home);
        write_private_once(&file, SigningKey::generate()?.secret())?;
        let key = read_key(&file)?;
        Ok(match self.place(home) {
            AnchorPlace::Folder(folder) => {
                Journal::Folder(Arc::new(Mutex::new(AnchorJournal::new(&folder, key))))
            }
            AnchorPlace::Bucket(address) => {
                let journal = BucketJournal::new(stores.bucket(address)?, key);
                Journal::Bucket(Box::new(tokio::sync::Mutex::new((journal, false))))
            }
        })
    }

    /// How the bucket keeps the anchors, in words; `None` when they aren't in one.
    pub(crate) async fn object_lock(
        &self,
        home: &Path,
        stores: &StoreArgs,
    ) -> anyhow::Result<Option<ObjectLock>> {
        match self.place(home) {
            AnchorPlace::Folder(_) => Ok(None),
            AnchorPlace::Bucket(address) => Ok(Some(stores.bucket(address)?.object_lock().await?)),
        }
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
    pub(crate) async fn read(
        &self,
        home: &Path,
        stores: &StoreArgs,
        keys: &[VerifyingKey],
    ) -> anyhow::Result<Option<Anchors>> {
        let place = self.place(home);
        if let AnchorPlace::Folder(folder) = &place
            && self.audit_anchors.is_none()
            && !folder.exists()
        {
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
        let read = match place {
            AnchorPlace::Folder(folder) => Anchors::read(&folder, &trusted),
            AnchorPlace::Bucket(address) => Anchors::read_bucket(&stores.bucket(address)?, &trusted).await,
        };
        Ok(Some(read.context("the anchors can't be read")?))
    }
}

fn read_key(file: &Path) -> anyhow::Result<SigningKey> {
    let text = read_private(file)?;
    SigningKey::parse(&text).with_context(|| format!("the signing key at {} is not usable", file.display()))
}
