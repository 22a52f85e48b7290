//! The two secrets that the platform itself has: the master key and the operator's token. Each is a file that only
//! its owner can read.

use std::fs::{self, OpenOptions};
use std::io::Write as _;
use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context as _, bail};
use clap::Args;
use secrets::{ExposeSecret, KeyRing, LocalKeys, MasterKey, OperatorToken, SecretString};

use super::stores::{StoreArgs, is_reference, named_in_store};

/// SIXTY_MASTER_KEY_FILE and SIXTY_MASTER_KEY.
#[derive(Args, Debug, Clone)]
pub(crate) struct MasterKeyArgs {
    /// The file with the master keys, 64 hexadecimal digits a line. Default: `master-key` in SIXTY_HOME.
    #[arg(long, env = "SIXTY_MASTER_KEY_FILE")]
    pub(crate) master_key_file: Option<PathBuf>,
    /// The master keys themselves, with commas between them; the file is not needed then.
    #[arg(long, env = "SIXTY_MASTER_KEY", hide_env_values = true, hide = true)]
    pub(crate) master_key: Option<SecretString>,
    #[command(flatten)]
    stores: StoreArgs,
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
    /// Every master key that is configured. The file is read again when a key is asked for that isn't known.
    ///
    /// A new installation begins with the first: those of Vault and AWS come before those of a variable or a file.
    pub(crate) async fn ring(&self, home: &Path) -> anyhow::Result<KeyRing> {
        let mut providers = self.stores.master_keys()?;
        let file = self.file(home);
        let mut given = self.master_key.clone();
        if let Some(reference) = file.to_str().filter(|text| is_reference(text)) {
            given.get_or_insert_with(|| SecretString::from(reference));
        }
        if let Some(value) = given {
            let text = self.stores.resolve("SIXTY_MASTER_KEY", value).await?;
            let keys = MasterKey::parse_all(&text).context("SIXTY_MASTER_KEY is not usable")?;
            providers.push(Arc::new(LocalKeys::new(keys)));
        }
        let is_named = self.master_key_file.is_some() && !file.to_str().is_some_and(is_reference);
        if providers.is_empty() || is_named || file.exists() {
            // Once here, for an error that says what to do.
            read_master_keys(&file)?;
            let read = move || read_master_keys(&file).map_err(|error| format!("{error:#}"));
            providers.push(Arc::new(LocalKeys::read_from(read).map_err(anyhow::Error::msg)?));
        }
        Ok(KeyRing::new(providers))
    }

    pub(crate) fn file(&self, home: &Path) -> PathBuf {
        self.master_key_file.clone().unwrap_or_else(|| home.join("master-key"))
    }
}

impl MasterKeyArgs {
    /// Where secrets of the configuration may be.
    pub(crate) fn stores(&self) -> &StoreArgs {
        &self.stores
    }
}

impl OperatorTokenArgs {
    /// Whether a store holds it.
    pub(crate) fn names_store(&self) -> bool {
        self.in_store().is_some()
    }

    /// The same with what a store holds in the place of its name.
    pub(crate) async fn resolved(&self, stores: &StoreArgs) -> anyhow::Result<Self> {
        let Some(named) = self.in_store() else { return Ok(self.clone()) };
        let token = stores.resolve("SIXTY_OPERATOR_TOKEN", named).await?;
        Ok(Self { operator_token: Some(token), ..self.clone() })
    }

    fn in_store(&self) -> Option<SecretString> {
        named_in_store(self.operator_token.as_ref(), self.operator_token_file.as_deref())
    }

    pub(crate) fn file(&self, home: &Path) -> PathBuf {
        self.operator_token_file.clone().unwrap_or_else(|| home.join("operator-token"))
    }
}

/// Reads the master keys; refuses a file that others can read.
pub(crate) fn read_master_keys(path: &Path) -> anyhow::Result<Vec<MasterKey>> {
    let text = read_private(path).with_context(|| {
        format!(
            "no master key at {}: set SIXTY_MASTER_KEY_FILE, or make one with: openssl rand -hex 32",
            path.display()
        )
    })?;
    MasterKey::parse_all(&text).with_context(|| format!("the master key at {} is not usable", path.display()))
}

/// Adds a new key to the file, after those that are there. Answers its id.
pub(crate) fn add_master_key(path: &Path) -> anyhow::Result<String> {
    read_master_keys(path)?;
    let text = read_private(path)?;
    let key = MasterKey::generate();
    let both = format!("{}\n{}", text.expose_secret().trim_end(), key.to_hex().expose_secret());
    write_private(path, &SecretString::from(both))?;
    Ok(key.id().to_owned())
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
pub(crate) fn ensure_master_key(path: &Path) -> anyhow::Result<Vec<MasterKey>> {
    write_private_once(path, &MasterKey::generate().to_hex())?;
    read_master_keys(path)
}

/// The operator's token, made if there is none yet.
pub(crate) fn ensure_operator_token(args: &OperatorTokenArgs, home: &Path) -> anyhow::Result<OperatorToken> {
    let path = args.file(home);
    if args.operator_token.is_none() {
        write_private_once(&path, OperatorToken::generate().secret())?;
    }
    read_operator_token(args, home)
}

/// Reads a secret; refuses a file that others can read.
pub(crate) fn read_private(path: &Path) -> anyhow::Result<SecretString> {
    let mode = fs::metadata(path)?.permissions().mode();
    if mode & 0o077 != 0 {
        bail!("others can read {} (mode {:o}): run chmod 600 on it", path.display(), mode & 0o777);
    }
    Ok(SecretString::from(fs::read_to_string(path)?))
}

/// Writes the file in one move, so that a crash leaves either no file or the whole secret.
pub(crate) fn write_private(path: &Path, secret: &SecretString) -> anyhow::Result<()> {
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

/// Writes the file unless there is one: of two programs that begin at once, both go on with what the first wrote.
pub(crate) fn write_private_once(path: &Path, secret: &SecretString) -> anyhow::Result<()> {
    if path.exists() {
        return Ok(());
    }
    let mut name = path.file_name().unwrap_or_default().to_owned();
    // Without a dot: the draft that is written first has a name of its own, too.
    name.push(format!("-{}", uuid::Uuid::now_v7().simple()));
    let own = path.with_file_name(name);
    write_private(&own, secret)?;
    // A link takes nobody's place, as a rename would.
    let linked = fs::hard_link(&own, path);
    let removed = fs::remove_file(&own);
    match linked {
        Err(error) if error.kind() != std::io::ErrorKind::AlreadyExists => Err(error),
        _ => removed,
    }
    .with_context(|| format!("{} can't be written", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_many_who_write_at_once_one_is_the_first() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("key");
        std::thread::scope(|scope| {
            for number in 0..16 {
                let path = &path;
                scope.spawn(move || write_private_once(path, &format!("{number}").into()).unwrap());
            }
        });
        let first = read_private(&path).unwrap();
        write_private_once(&path, &"late".into()).unwrap();
        assert_eq!(read_private(&path).unwrap().expose_secret(), first.expose_secret());
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[test]
    fn a_master_key_is_made_once_and_kept_from_others() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("master-key");
        let ids =
            || ensure_master_key(&path).unwrap().iter().map(|key| key.id().to_owned()).collect::<Vec<_>>();
        let made = ids();
        assert_eq!(ids(), made);
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);

        let added = add_master_key(&path).unwrap();
        assert_eq!(ids(), [made[0].clone(), added]);
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);

        fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
        let refused = format!("{:#}", read_master_keys(&path).unwrap_err());
        assert!(refused.contains("others can read"), "{refused}");
    }
}
