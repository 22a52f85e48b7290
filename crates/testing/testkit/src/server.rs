//! The PostgreSQL server that the tests of one program share.
//!
//! Making a cluster and applying the migrations takes seconds; copying a prepared one takes a tenth of one. So the
//! prepared one is kept in `/tmp`, under a name that changes with the migrations, and each test program runs a copy.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, SystemTime};

use postgres_server::certificate::{self, CertificateAuthority};
use postgres_server::settings::Setting;
use postgres_server::{
    Installation, InstallationSearch, OsUser, PlainServer, PlainServerConfig, ServerError, folders,
    socket_folder,
};
use schema::MigrationSet;
use secrecy::SecretString;
use tokio::sync::OnceCell;

use crate::database::{self, ADMIN_ROLE, ADMIN_TEMPLATE, CUSTOMER_TEMPLATE, PASSWORD};
use crate::home::Home;

/// Changes when what is prepared changes without any change of the migrations.
const REVISION: u32 = 1;

static SERVER: OnceCell<TestServer> = OnceCell::const_new();

/// The server of this test program.
#[derive(Debug)]
pub(crate) struct TestServer {
    pub(crate) port: u16,
    pub(crate) ca_certificate: String,
    pub(crate) server: PlainServer,
    _home: Home,
}

/// The PostgreSQL installation that the tests run with: the one that `SIXTY_PG_BIN` names, else the newest found.
#[must_use]
pub fn installation() -> Installation {
    #[expect(clippy::disallowed_methods, reason = "tests have no configuration to read it from")]
    let variable = |name: &str| std::env::var_os(name);
    let search = InstallationSearch {
        bin_dir: variable("SIXTY_PG_BIN").map(PathBuf::from),
        path: variable("PATH").map(|path| std::env::split_paths(&path).collect()).unwrap_or_default(),
        downloads: None,
    };
    Installation::find(&search).unwrap_or_else(|error| panic!("{error}"))
}

/// The server, started at the first call.
pub(crate) async fn shared() -> &'static TestServer {
    SERVER
        .get_or_init(|| async {
            start().await.unwrap_or_else(|error| panic!("the tests' PostgreSQL server: {error}"))
        })
        .await
}

async fn start() -> Result<TestServer, ServerError> {
    let (installation, user) = (installation(), os_user());
    let prepared = prepared(&installation, &user).await?;
    let home = crate::home();
    let folder = home.path().join("postgres");
    folders::make_server_folder(&folder, &user)?;
    copy(&prepared.join("data"), &folder.join("data"))?;
    let authority = CertificateAuthority::open(&prepared.join("tls"))?;
    loop {
        let server = PlainServer::prepare(config(
            &installation,
            &user,
            home.path(),
            folder.clone(),
            crate::free_port(),
        )?)
        .await?;
        match server.start().await {
            // Another test program was faster.
            Err(ServerError::PortTaken(_)) => {}
            Err(error) => return Err(error),
            Ok(_) => {
                let ca_certificate = authority.trusted()?;
                return Ok(TestServer { port: server.port(), ca_certificate, server, _home: home });
            }
        }
    }
}

fn os_user() -> OsUser {
    OsUser::find(None).unwrap_or_else(|error| panic!("{error}"))
}

fn config(
    installation: &Installation,
    user: &OsUser,
    home: &Path,
    folder: PathBuf,
    port: u16,
) -> Result<PlainServerConfig, ServerError> {
    let settings: [(&str, &str); 8] = [
        // A test's data needn't survive the machine.
        ("fsync", "off"),
        ("synchronous_commit", "off"),
        ("full_page_writes", "off"),
        ("autovacuum", "off"),
        ("max_connections", "400"),
        ("ssl", "on"),
        ("ssl_cert_file", "server.crt"),
        ("ssl_key_file", "server.key"),
    ];
    let settings: Vec<Setting> = settings.map(|(name, value)| (name, value.to_owned())).into();
    let (installation, user) = (installation.clone(), user.clone());
    let socket_dir = socket_folder(home, &user)?;
    Ok(PlainServerConfig { installation, user, folder, socket_dir, port, settings })
}

/// The folder of the prepared, stopped cluster and its certificate authority; made if it isn't there. One program
/// makes it, the others wait.
async fn prepared(installation: &Installation, user: &OsUser) -> Result<PathBuf, ServerError> {
    let root = PathBuf::from(format!("/tmp/sixty-testkit-{}", rustix::process::geteuid().as_raw()));
    folders::make_own_folder(&root, user)?;
    folders::spread_contents(&root);
    let lock_file = root.join("lock");
    let lock = fs::File::create(&lock_file).map_err(ServerError::file(&lock_file))?;
    let lock =
        tokio::task::spawn_blocking(move || lock.lock().map(|()| lock)).await.expect("locking doesn't panic");
    let _lock = lock.map_err(ServerError::file(&lock_file))?;

    let key = format!(
        "{}-{REVISION}-{}-{:.12}-{:.12}-{}-{}",
        installation.version,
        // The partitions that the migrations make begin with the present month.
        chrono::Utc::now().format("%Y%m"),
        MigrationSet::admin().fingerprint(),
        MigrationSet::customer().fingerprint(),
        checksum(&schema::customer_grants("o", "a", "r")),
        checksum(&schema::AdminRoles::default().grants()),
    );
    let done = root.join(&key);
    if done.exists() {
        // So that it counts as used.
        let _ = fs::File::create(done.join("used"));
        return Ok(done);
    }
    remove_unused(&root);
    let making = root.join(format!("making-{key}"));
    if making.exists() {
        // A killed program may have left its server running.
        let left_over = config(installation, user, &making, making.clone(), 1)?;
        if let Ok(server) = PlainServer::prepare(left_over).await {
            server.stop().await?;
        }
        folders::remove(&making)?;
    }
    folders::make_own_folder(&making, user)?;
    let server_folder = making.join("server");
    let server =
        PlainServer::prepare(config_without_tls(installation, user, &making, server_folder.clone())?).await?;
    server.start().await?;
    let filled = fill(&server).await;
    server.stop().await?;
    filled?;
    let authority = CertificateAuthority::open(&making.join("tls"))?;
    let data_dir = making.join("data");
    fs::rename(server_folder.join("data"), &data_dir).map_err(ServerError::file(&data_dir))?;
    let hosts = ["localhost", "127.0.0.1", "::1"].map(str::to_owned);
    authority.ensure_server_certificate(&data_dir, &hosts, user)?;
    debug_assert!(certificate::server_files(&data_dir).0.exists());
    fs::set_permissions(&making, fs::Permissions::from_mode(0o711)).map_err(ServerError::file(&making))?;
    fs::rename(&making, &done).map_err(ServerError::file(&done))?;
    Ok(done)
}

fn config_without_tls(
    installation: &Installation,
    user: &OsUser,
    home: &Path,
    folder: PathBuf,
) -> Result<PlainServerConfig, ServerError> {
    let mut config = config(installation, user, home, folder, crate::free_port())?;
    config.settings.retain(|(name, _)| !name.starts_with("ssl"));
    Ok(config)
}

/// Makes the roles and the two migrated databases that tests get copies of.
async fn fill(server: &PlainServer) -> Result<(), ServerError> {
    let password = SecretString::from(PASSWORD);
    server.ensure_role_and_database(ADMIN_ROLE, &password, ADMIN_TEMPLATE).await?;
    server.ensure_role_and_database(database::CUSTOMER_OWNER, &password, CUSTOMER_TEMPLATE).await?;
    for role in [database::SERVER_ROLE, database::WORKER_ROLE] {
        server.ensure_role(role, &password).await?;
    }
    let superuser = server.superuser("postgres").await?;
    for role in [database::CUSTOMER_APP, database::CUSTOMER_READONLY] {
        superuser.batch_execute(&format!("create role {role} with login password '{PASSWORD}'")).await?;
    }
    superuser
        .batch_execute(&format!(
            "alter role {} with nocreatedb; alter role postgres with password '{PASSWORD}'",
            database::CUSTOMER_OWNER
        ))
        .await?;
    database::migrate_templates(server.port()).await;
    Ok(())
}

/// `cp -a` keeps owners and modes, and the copying inside the kernel.
fn copy(from: &Path, to: &Path) -> Result<(), ServerError> {
    let output = Command::new("cp").arg("-a").arg(from).arg(to).output().map_err(ServerError::file(to))?;
    if output.status.success() {
        return Ok(());
    }
    Err(ServerError::file(to)(std::io::Error::other(String::from_utf8_lossy(&output.stderr).into_owned())))
}

/// Prepared clusters of migrations that nobody has used for an hour.
fn remove_unused(root: &Path) {
    let Ok(entries) = fs::read_dir(root) else { return };
    for entry in entries.flatten() {
        let path = entry.path();
        let used = fs::metadata(path.join("used"))
            .or_else(|_| entry.metadata())
            .and_then(|metadata| metadata.modified());
        let is_old = used.is_ok_and(|used| used + Duration::from_secs(3_600) < SystemTime::now());
        if path.is_dir() && is_old {
            let _ = folders::remove(&path);
        }
    }
}

fn checksum(text: &str) -> String {
    let sum = text.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    });
    format!("{sum:016x}")
}
