//! A certificate authority of this installation's own, the certificates of its servers, and how both are replaced while
//! everybody goes on.
//!
//! An authority is a folder: the first one is `authority.crt` and `authority.key`, each later one the same two files in
//! a folder of its own beside them. What each is good for now follows from its certificate's time and from nothing else
//! (see [`rotation`]), so that a rotation has no step that could be half done.

mod generation;
pub mod rotation;
mod server;

use std::fs;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use generation::Generation;
pub use rotation::{CertificatePolicy, Term};
use rustls::pki_types::CertificateDer;
pub use server::{ServerCertificate, on_disk, server_files};

use crate::{OsUser, ServerError, folders};

/// Signs the certificates of the servers of one home. Its keys never leave the home (mode 0600).
///
/// Reads its files each time it is asked: another process may have made a successor.
#[derive(Debug, Clone)]
pub struct CertificateAuthority {
    folder: PathBuf,
    policy: CertificatePolicy,
}

/// What an authority is good for now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// Servers are told to trust it; it signs nothing yet.
    Announced,
    /// It signs.
    Signing,
    /// It signs nothing any more; what it signed is still trusted.
    Leaving,
}

impl Standing {
    /// As people and documents call it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Announced => "announced",
            Self::Signing => "signing",
            Self::Leaving => "leaving",
        }
    }
}

/// One of the authorities.
#[derive(Debug, Clone)]
pub struct AuthorityStatus {
    /// Its name in the home.
    pub name: String,
    /// When it was made and when it ends.
    pub term: Term,
    /// What it is good for.
    pub standing: Standing,
}

impl CertificateAuthority {
    /// The authority in `folder`, made at the first use.
    ///
    /// Several may make it at once: the folder appears whole, and the first one wins.
    ///
    /// # Errors
    /// When it can't be made or read.
    pub fn open(folder: &Path) -> Result<Self, ServerError> {
        Self::with_policy(folder, CertificatePolicy::default())
    }

    /// As [`CertificateAuthority::open`], with lifetimes of one's own.
    ///
    /// # Errors
    /// When it can't be made or read.
    pub fn with_policy(folder: &Path, policy: CertificatePolicy) -> Result<Self, ServerError> {
        let authority = Self { folder: folder.to_owned(), policy };
        if !folder.exists() || authority.read_all()?.is_empty() {
            Generation::make(folder, generation::FIRST, &policy)?;
        }
        authority.generations()?;
        Ok(authority)
    }

    /// How long things last.
    #[must_use]
    pub fn policy(&self) -> &CertificatePolicy {
        &self.policy
    }

    /// What a client must trust, PEM: one certificate, or several while authorities change.
    ///
    /// # Errors
    /// When it can't be read.
    pub fn trusted(&self) -> Result<String, ServerError> {
        Ok(self.generations()?.into_iter().map(|generation| generation.certificate).collect())
    }

    /// All of them, the oldest first.
    ///
    /// # Errors
    /// When they can't be read.
    pub fn status(&self) -> Result<Vec<AuthorityStatus>, ServerError> {
        let generations = self.generations()?;
        let signer = self.plan(&generations).signer;
        Ok(generations.iter().enumerate().map(|(index, one)| status_of(one, index, signer)).collect())
    }

    /// What a client must trust, PEM, and who that is, once [`CertificateAuthority::retire`] has removed those whose time is
    /// over. `None` when there are none.
    ///
    /// # Errors
    /// When they can't be read.
    pub fn remaining(&self) -> Result<Option<(String, Vec<AuthorityStatus>)>, ServerError> {
        let generations = self.generations()?;
        let rotation::Plan { signer, retire, .. } = self.plan(&generations);
        if retire.is_empty() {
            return Ok(None);
        }
        let stays = generations.iter().enumerate().filter(|(index, _)| !retire.contains(index));
        let told = stays.map(|(index, one)| (one.certificate.as_str(), status_of(one, index, signer)));
        Ok(Some(told.unzip()))
    }

    /// Makes a successor if it is time for one. Says whether it did.
    ///
    /// # Errors
    /// When it can't be made.
    pub fn introduce_if_due(&self) -> Result<bool, ServerError> {
        if self.plan(&self.generations()?).introduce { self.introduce() } else { Ok(false) }
    }

    /// Makes a successor now, unless one is announced already. Says whether it did.
    ///
    /// # Errors
    /// When it can't be made.
    pub fn introduce(&self) -> Result<bool, ServerError> {
        let generations = self.generations()?;
        if self.plan(&generations).signer + 1 < generations.len() {
            return Ok(false);
        }
        // Several who make it at once make one: the second finds the name taken.
        let newest = generations.iter().map(Generation::number).max().unwrap_or_default();
        let name = (newest + 1).to_string();
        Generation::make(&self.folder.join(&name), &name, &self.policy)?;
        Ok(true)
    }

    /// Removes the authorities whose time is over. Only to be called when no server shows what they signed. Says how many
    /// there were.
    ///
    /// # Errors
    /// When one can't be removed.
    pub fn retire(&self) -> Result<usize, ServerError> {
        let generations = self.generations()?;
        let over = self.plan(&generations).retire;
        for index in &over {
            generations[*index].remove()?;
        }
        Ok(over.len())
    }

    /// Sees to it that `server.crt` and `server.key` in `data_dir` are there, signed by an authority of ours, good for every
    /// one of `hosts` and not about to expire. Says whether it made new ones.
    ///
    /// # Errors
    /// When they can't be made or written.
    pub fn ensure_server_certificate(
        &self,
        data_dir: &Path,
        hosts: &[String],
        user: &OsUser,
    ) -> Result<bool, ServerError> {
        let generations = self.generations()?;
        let signer = self.plan(&generations).signer;
        let good_until = SystemTime::now() + self.policy.server_renew_before;
        if server::is_good(data_dir, hosts, &generations, good_until) {
            return Ok(false);
        }
        server::issue(&generations[signer], &self.policy, data_dir, hosts, user)?;
        Ok(true)
    }

    /// As [`CertificateAuthority::ensure_server_certificate`], and by the authority that signs now: provided that the
    /// server's clients, who trust `published`, know it. Else by the newest one that they know.
    ///
    /// # Errors
    /// When they can't be made or written.
    pub fn renew_server_certificate(
        &self,
        data_dir: &Path,
        hosts: &[String],
        user: &OsUser,
        published: &str,
    ) -> Result<bool, ServerError> {
        let generations = self.generations()?;
        let signer = self.plan(&generations).signer;
        let known = |one: &&Generation| published.contains(one.certificate.trim());
        let Some(by) = generations[..=signer].iter().rev().find(known) else {
            return Err(ServerError::Certificate(
                "the server's clients trust no authority of ours".to_owned(),
            ));
        };
        let good_until = SystemTime::now() + self.policy.server_renew_before;
        if server::is_good(data_dir, hosts, std::slice::from_ref(by), good_until) {
            return Ok(false);
        }
        server::issue(by, &self.policy, data_dir, hosts, user)?;
        Ok(true)
    }

    /// What is to be known of a certificate that a server shows. `None` when none of ours signed it.
    ///
    /// # Errors
    /// When the authorities can't be read.
    pub fn about(&self, shown: &CertificateDer<'_>) -> Result<Option<ServerCertificate>, ServerError> {
        let generations = self.generations()?;
        let signer = self.plan(&generations).signer;
        Ok(server::about(shown, &generations)
            .map(|(certificate, by)| ServerCertificate { is_by_signer: by == signer, ..certificate }))
    }

    /// The oldest first; never none.
    fn generations(&self) -> Result<Vec<Generation>, ServerError> {
        let found = self.read_all()?;
        if found.is_empty() {
            let missing = std::io::Error::new(std::io::ErrorKind::NotFound, "no authority is there");
            return Err(ServerError::file(&self.folder)(missing));
        }
        Ok(found)
    }

    fn read_all(&self) -> Result<Vec<Generation>, ServerError> {
        let mut found = Vec::new();
        found.extend(Generation::read(&self.folder, generation::FIRST)?);
        for entry in fs::read_dir(&self.folder).map_err(ServerError::file(&self.folder))?.flatten() {
            let name = entry.file_name().to_string_lossy().into_owned();
            if generation::is_name(&name) {
                found.extend(Generation::read(&entry.path(), &name)?);
            }
        }
        found.sort_by_key(|one| (one.term.introduced_at, one.number()));
        Ok(found)
    }

    fn plan(&self, generations: &[Generation]) -> rotation::Plan {
        let terms: Vec<_> = generations.iter().map(|one| one.term).collect();
        rotation::plan(&terms, SystemTime::now(), &self.policy)
    }
}

fn status_of(one: &Generation, index: usize, signer: usize) -> AuthorityStatus {
    let standing = match index.cmp(&signer) {
        std::cmp::Ordering::Less => Standing::Leaving,
        std::cmp::Ordering::Equal => Standing::Signing,
        std::cmp::Ordering::Greater => Standing::Announced,
    };
    AuthorityStatus { name: one.name.clone(), term: one.term, standing }
}

#[expect(clippy::needless_pass_by_value, reason = "so that it can be passed to map_err as it is")]
fn broken(error: rcgen::Error) -> ServerError {
    ServerError::Certificate(error.to_string())
}

/// Makes a folder appear whole at `target`, or leaves the one that somebody else made.
fn appear(target: &Path, fill: impl FnOnce(&Path) -> Result<(), ServerError>) -> Result<(), ServerError> {
    let unfinished = target.with_extension(format!("making-{}", std::process::id()));
    folders::remove(&unfinished)?;
    fs::create_dir_all(&unfinished).map_err(ServerError::file(&unfinished))?;
    fill(&unfinished)?;
    if let Err(error) = fs::rename(&unfinished, target) {
        folders::remove(&unfinished)?;
        if !target.join(generation::CERTIFICATE).exists() {
            return Err(ServerError::file(target)(error));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests;
