//! The two secrets that the platform itself has: the master key and the operator's token. Each is a file that only
//! its owner can read.

use std::fs::{self, OpenOptions};
use std::io::Write as _;
use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};
use clap::Args;
use secrets::{ExposeSecret, MasterKey, OperatorToken, SecretString};

/// SIXTY_MASTER_KEY_FILE.
#[derive(Args, Debug, Clone)]
pub(crate) struct MasterKeyArgs {
    /// The file with the master key, 64 hexadecimal digits. Default: `master-key` in SIXTY_HOME.
    #[arg(long, env = "SIXTY_MASTER_KEY_FILE")]
    pub(crate) master_key_file: Option<PathBuf>,
}

/// SIXTY_OPERATOR_TOKEN and SIXTY_OPERATOR_TOKEN_FILE.
#[derive(Args, Debug, Clone)]
pub(crate) struct OperatorTokenArgs {
    /// The operator's token, `op_...`; wins over the file.
    #[arg(long, env = "SIXTY_OPERATOR_TOKEN", hide_env_values = true, hide = true)]
    pub(crate) operator_token: Option<SecretString>,
    /// The file with the operator's token. Default: `operator-token` in SIXTY_HOME.
    #[arg(long, env = "SIXTY_OPERATOR_TOKEN_FILE")]
    pub(crate) operator_token_file: Option<PathBuf>,
}

impl MasterKeyArgs {
    pub(crate) fn file(&self, home: &Path) -> PathBuf {
        self.master_key_file.clone().unwrap_or_else(|| home.join("master-key"))
    }
}

impl OperatorTokenArgs {
    pub(crate) fn file(&self, home: &Path) -> PathBuf {
        self.operator_token_file.clone().unwrap_or_else(|| home.join("operator-token"))
    }
}

/// Reads the master key; refuses a file that others can read.
pub(crate) fn read_master_key(path: &Path) -> anyhow::Result<MasterKey> {
    let text = read_private(path).with_context(|| {
        format!(
            "no master key at {}: set SIXTY_MASTER_KEY_FILE, or make one with: openssl rand -hex 32",
            path.display()
        )
    })?;
    MasterKey::parse(&text).with_context(|| format!("the master key at {} is not usable", path.display()))
}

/// Reads the operator's token, from the variable or the file.
pub(crate) fn read_operator_token(args: &OperatorTokenArgs, home: &Path) -> anyhow::Result<OperatorToken> {
    if let Some(token) = &args.operator_token {
        return OperatorToken::parse(token.expose_secret()).context("SIXTY_OPERATOR_TOKEN is not usable");
    }
    let path = args.file(home);
    let text = read_private(&path).with_context(|| {
        format!(
            "no operator token at {}: set SIXTY_OPERATOR_TOKEN or SIXTY_OPERATOR_TOKEN_FILE",
            path.display()
        )
    })?;
    OperatorToken::parse(text.expose_secret().trim())
        .with_context(|| format!("the operator token at {} is not usable", path.display()))
}

/// The master key, made if there is none yet.
pub(crate) fn ensure_master_key(path: &Path) -> anyhow::Result<MasterKey> {
    if !path.exists() {
        write_private(path, &MasterKey::generate().to_hex())?;
    }
    read_master_key(path)
}

/// The operator's token, made if there is none yet.
pub(crate) fn ensure_operator_token(args: &OperatorTokenArgs, home: &Path) -> anyhow::Result<OperatorToken> {
    let path = args.file(home);
    if args.operator_token.is_none() && !path.exists() {
        write_private(&path, OperatorToken::generate().secret())?;
    }
    read_operator_token(args, home)
}

fn read_private(path: &Path) -> anyhow::Result<SecretString> {
    let mode = fs::metadata(path)?.permissions().mode();
    if mode & 0o077 != 0 {
        bail!("others can read {} (mode {:o}): run chmod 600 on it", path.display(), mode & 0o777);
    }
    Ok(SecretString::from(fs::read_to_string(path)?))
}

/// Writes the file in one move, so that a crash leaves either no file or the whole secret.
fn write_private(path: &Path, secret: &SecretString) -> anyhow::Result<()> {
    let draft = path.with_extension("draft");
    let write = || -> std::io::Result<()> {
        // A draft that a crash left may have other rights: it is made anew.
        let _ = fs::remove_file(&draft);
        let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&draft)?;
        writeln!(file, "{}", secret.expose_secret())?;
        file.sync_all()?;
        fs::rename(&draft, path)
    };
    write().with_context(|| format!("{} can't be written", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_master_key_is_made_once_and_kept_from_others() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("master-key");
        let made = ensure_master_key(&path).unwrap();
        assert_eq!(ensure_master_key(&path).unwrap().id(), made.id());
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);

        fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
        let refused = format!("{:#}", read_master_key(&path).unwrap_err());
        assert!(refused.contains("others can read"), "{refused}");
    }
}
