//! The operating-system user that PostgreSQL runs as. PostgreSQL refuses to run as root.

use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::Command;

/// The user that PostgreSQL runs as and that its files belong to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OsUser {
    /// The name, for the ident map.
    pub name: String,
    /// The name of the user that we run as ourselves.
    pub own_name: String,
    /// The user's id.
    pub uid: u32,
    /// The user's group.
    pub gid: u32,
    /// Whether it's another user than ourselves, so that files are given away and processes switch.
    pub switches: bool,
}

/// Why no user for PostgreSQL was found.
#[derive(Debug, thiserror::Error)]
pub enum OsUserError {
    /// The configured user doesn't exist.
    #[error(
        "PostgreSQL can't run as root and the user {0} doesn't exist: make it with \
         `useradd --system --shell /usr/sbin/nologin {0}`, or name another with SIXTY_PG_USER, or run as an ordinary user"
    )]
    Missing(String),
    /// The configured user is root.
    #[error("PostgreSQL can't run as root: name another user with SIXTY_PG_USER")]
    IsRoot,
    /// An ordinary user can't switch to another.
    #[error("only root can run PostgreSQL as another user ({wanted}); we run as {own}")]
    CannotSwitch {
        /// The user that was asked for.
        wanted: String,
        /// The user that we are.
        own: String,
    },
    /// Our own user has no name.
    #[error("the user with id {0} has no name in the system's user database")]
    Nameless(u32),
}

impl OsUser {
    /// As root: the configured user, else `postgres`. As an ordinary user: oneself.
    ///
    /// # Errors
    /// [`OsUserError`] says what to do.
    pub fn find(configured: Option<&str>) -> Result<Self, OsUserError> {
        let own_uid = rustix::process::geteuid().as_raw();
        let own = lookup(&own_uid.to_string()).ok_or(OsUserError::Nameless(own_uid))?;
        if own_uid != 0 {
            return match configured {
                Some(wanted) if wanted != own.0 => {
                    Err(OsUserError::CannotSwitch { wanted: wanted.to_owned(), own: own.0 })
                }
                _ => {
                    Ok(Self { name: own.0.clone(), own_name: own.0, uid: own.1, gid: own.2, switches: false })
                }
            };
        }
        let wanted = configured.unwrap_or("postgres");
        let (name, uid, gid) = lookup(wanted).ok_or_else(|| OsUserError::Missing(wanted.to_owned()))?;
        if uid == 0 {
            return Err(OsUserError::IsRoot);
        }
        Ok(Self { name, own_name: own.0, uid, gid, switches: true })
    }

    /// A command that runs as this user, in `/`, with an empty environment: nothing of ours (`PGHOST`, `PGDATA`, a
    /// secret) reaches PostgreSQL.
    #[must_use]
    pub fn command(&self, program: &Path) -> Command {
        let mut command = Command::new(program);
        command.env_clear().env("LC_ALL", "C").env("PATH", "/usr/bin:/bin").current_dir("/");
        if self.switches {
            command.uid(self.uid).gid(self.gid);
        }
        command
    }

    /// The lines of `pg_ident.conf`'s map `sixty`: who may be the superuser over the Unix socket.
    #[must_use]
    pub fn ident_map(&self) -> String {
        let mut map = format!("sixty {} {}\n", self.own_name, crate::SUPERUSER);
        if self.name != self.own_name {
            map.push_str(&format!("sixty {} {}\n", self.name, crate::SUPERUSER));
        }
        map
    }
}

/// Name, user id and group id, by name or by id.
///
/// `/etc/passwd` first; then `id`, which knows users that live elsewhere (a directory service, macOS).
fn lookup(name_or_id: &str) -> Option<(String, u32, u32)> {
    let passwd = std::fs::read_to_string("/etc/passwd").unwrap_or_default();
    find_in_passwd(&passwd, name_or_id).or_else(|| {
        Some((
            ask_id("-un", name_or_id)?,
            ask_id("-u", name_or_id)?.parse().ok()?,
            ask_id("-g", name_or_id)?.parse().ok()?,
        ))
    })
}

fn find_in_passwd(passwd: &str, name_or_id: &str) -> Option<(String, u32, u32)> {
    passwd.lines().find_map(|line| {
        let mut fields = line.split(':');
        let (name, _password, uid, gid) = (fields.next()?, fields.next()?, fields.next()?, fields.next()?);
        (name == name_or_id || uid == name_or_id).then_some(())?;
        Some((name.to_owned(), uid.parse().ok()?, gid.parse().ok()?))
    })
}

fn ask_id(option: &str, name_or_id: &str) -> Option<String> {
    let output = Command::new("id").args([option, name_or_id]).output().ok()?;
    let text = String::from_utf8(output.stdout).ok()?.trim().to_owned();
    (output.status.success() && !text.is_empty()).then_some(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    const PASSWD: &str =
        "root:x:0:0:root:/root:/bin/bash\npostgres:x:101:104:,,,:/var/lib/postgresql:/bin/bash\n";

    #[test]
    fn users_are_found_by_name_and_by_id() {
        assert_eq!(find_in_passwd(PASSWD, "postgres"), Some(("postgres".to_owned(), 101, 104)));
        assert_eq!(find_in_passwd(PASSWD, "0"), Some(("root".to_owned(), 0, 0)));
        assert_eq!(find_in_passwd(PASSWD, "nobody"), None);
    }

    #[test]
    fn a_missing_user_is_named_with_its_remedy() {
        if rustix::process::geteuid().is_root() {
            let error = OsUser::find(Some("no-such-user")).unwrap_err();
            assert!(error.to_string().contains("useradd --system"), "{error}");
            assert!(matches!(OsUser::find(Some("root")), Err(OsUserError::IsRoot)));
        } else {
            assert!(matches!(OsUser::find(Some("no-such-user")), Err(OsUserError::CannotSwitch { .. })));
        }
    }
}
