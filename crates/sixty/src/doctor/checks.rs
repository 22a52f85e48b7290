//! The checks of the parts that every customer shares.

use std::net::{IpAddr, Ipv4Addr};
use std::path::Path;
use std::time::Duration;

use api::Dependency as _;
use catalog::{Catalog, instances};
use postgres_server::{Installation, InstallationSearch, OsUser, is_port_free};
use schema::{AdminRoles, MigrationSet};

use super::{DoctorArgs, Finding, certificates};
use crate::config::{CertificateSource, read_operator_token};
use crate::{dependencies, own_role};

const LOOPBACK: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);

pub(super) async fn all(args: &DoctorArgs, home: &Path) -> Vec<Finding> {
    let catalog = args
        .admin_database
        .catalog_config()
        .and_then(|config| Ok(Catalog::connect(&config)?))
        .map_err(|error| format!("{error:#}"));
    let catalog = catalog.as_ref().map_err(String::as_str);
    vec![
        admin_database(catalog).await,
        with(catalog, "admin schema", admin_schema).await,
        with(catalog, "admin roles", admin_roles).await,
        with(catalog, "admin changes", admin_changes).await,
        template_database(args).await,
        redis(args).await,
        postgres(args, home),
        master_key(args, home).await,
        operator_token(args, home),
        server(args).await,
        with(catalog, "customers' ports", |catalog| customer_ports(args, catalog)).await,
        with(catalog, certificates::CHECK, |catalog| certificates::check(args, catalog)).await,
    ]
}

/// A check of what the admin database says. Where it may not even be asked, that is the finding.
async fn with<'a, F: Future<Output = Finding>>(
    catalog: Result<&'a Catalog, &str>,
    check: &'static str,
    look: impl FnOnce(&'a Catalog) -> F,
) -> Finding {
    match catalog {
        Ok(catalog) => look(catalog).await,
        Err(_) => Finding::bad(check, "the admin database isn't asked", "mend the admin database first"),
    }
}

async fn admin_database(catalog: Result<&Catalog, &str>) -> Finding {
    let catalog = match catalog {
        Ok(catalog) => catalog,
        Err(error) => return Finding::bad("admin database", error, "mend the setting, or start sixty dev"),
    };
    match catalog.ping().await {
        Ok(()) => Finding::good("admin database", "answers"),
        Err(error) => Finding::bad(
            "admin database",
            error.to_string(),
            "start it (sixty dev does), or set ADMIN_DB_HOST, ADMIN_DB_PORT, ADMIN_DB_USER, ADMIN_DB_PASSWORD, ADMIN_DB_NAME",
        ),
    }
}

async fn admin_schema(catalog: &Catalog) -> Finding {
    let set = MigrationSet::admin();
    let version = async {
        let client = catalog.client().await.map_err(|error| error.to_string())?;
        schema::schema_version(&**client, set).await.map_err(|error| error.to_string())
    };
    match version.await {
        Ok(version) if version == set.latest() => Finding::good("admin schema", format!("version {version}")),
        Ok(version) => Finding::bad(
            "admin schema",
            format!("version {version}, this binary needs {}", set.latest()),
            if version > set.latest() { "use a newer sixty" } else { "run: sixty migrate" },
        ),
        Err(error) => Finding::bad("admin schema", error, "mend the admin database first"),
    }
}

/// Whether the server and the worker have roles of their own, and work with them.
async fn admin_roles(catalog: &Catalog) -> Finding {
    const CHECK: &str = "admin roles";
    let found = async {
        let client = catalog.client().await.map_err(|error| error.to_string())?;
        let missing = AdminRoles::default().missing(&client).await.map_err(|error| error.to_string())?;
        let programs = [own_role::SERVER, own_role::WORKER];
        let owners = catalog::own_role::programs_as_owner(&client, &programs).await;
        Ok::<_, String>((missing, owners.map_err(|error| error.to_string())?))
    };
    match found.await {
        Err(error) => Finding::bad(CHECK, error, "mend the admin database first"),
        Ok((missing, owners)) if !owners.is_empty() => {
            let told: Vec<_> =
                owners.iter().map(|(program, role)| format!("{program} works as {role}")).collect();
            let mend = if missing.is_empty() {
                "give it ADMIN_DB_USER=sixty_server or sixty_worker with that role's password"
            } else {
                "run sixty migrate with ADMIN_DB_SERVER_PASSWORD and ADMIN_DB_WORKER_PASSWORD, then give it ADMIN_DB_USER"
            };
            Finding::bad(CHECK, format!("{}, who may change and delete the audit log", told.join(", ")), mend)
        }
        Ok((missing, _)) if !missing.is_empty() => Finding::bad(
            CHECK,
            format!("{} is missing: the programs could only work as the owner", missing.join(", ")),
            "run sixty migrate with ADMIN_DB_SERVER_PASSWORD and ADMIN_DB_WORKER_PASSWORD",
        ),
        Ok(_) => Finding::good(CHECK, "the server and the worker have roles of their own"),
    }
}

/// Whether a server would hear of what changes.
async fn admin_changes(catalog: &Catalog) -> Finding {
    const CHECK: &str = "admin changes";
    match catalog.listen(&[catalog::CUSTOMER_CHANGED]).await {
        Ok(_) => Finding::good(CHECK, "are heard of"),
        Err(error) => Finding::bad(
            CHECK,
            error.to_string(),
            "let ADMIN_DB_HOST and ADMIN_DB_PORT name PostgreSQL itself, or a pool in session mode",
        ),
    }
}

async fn template_database(args: &DoctorArgs) -> Finding {
    let set = MigrationSet::customer();
    let version = async {
        let client = args.template_database.connect().await.map_err(|error| format!("{error:#}"))?;
        schema::schema_version(&client, set).await.map_err(|error| error.to_string())
    };
    match version.await {
        Ok(version) if version == set.latest() => {
            Finding::good("template database", format!("answers, schema version {version}"))
        }
        Ok(version) => Finding::bad(
            "template database",
            format!("schema version {version}, this binary has {}", set.latest()),
            "restart sixty dev: it brings the template database up to date",
        ),
        Err(error) => Finding::bad(
            "template database",
            error,
            "start it (sixty dev does), or set DB_HOST, DB_PORT, DB_USER, DB_PASSWORD, DB_NAME",
        ),
    }
}

async fn redis(args: &DoctorArgs) -> Finding {
    let address = match args.redis.address() {
        Ok(address) => address,
        Err(error) => return Finding::bad("redis", format!("{error:#}"), "mend the setting"),
    };
    let way = if address.is_encrypted() { "answers, encrypted and verified" } else { "answers" };
    match dependencies::Redis::new(address).check().await {
        Ok(()) => Finding::good("redis", way),
        Err(error) => Finding::bad(
            "redis",
            error,
            "start it (sixty dev does), or set REDIS_HOST, REDIS_PORT, REDIS_PASSWORD; meanwhile jobs begin more slowly",
        ),
    }
}

/// Looks only: opening the local backend would make folders and may download PostgreSQL.
fn postgres(args: &DoctorArgs, home: &Path) -> Finding {
    if let Err(error) = OsUser::find(args.postgres.pg_user.as_deref()) {
        return Finding::bad(
            "postgresql",
            error.to_string(),
            "set SIXTY_PG_USER to the user that runs PostgreSQL",
        );
    }
    let search = InstallationSearch {
        bin_dir: args.postgres.pg_bin.clone(),
        path: args.postgres.search_path(),
        downloads: Some(provisioner_local::downloads_folder(home)),
    };
    match Installation::find(&search) {
        Err(error) => Finding::bad(
            "postgresql",
            error.to_string(),
            "run ./scripts/local-setup.sh, or set SIXTY_PG_BIN to the folder with postgres and initdb",
        ),
        Ok(installation) => {
            let found = format!("{} in {}", installation.version.text, installation.bin_dir.display());
            match installation.missing_client_tools().as_slice() {
                [] => Finding::good("postgresql", found),
                missing => Finding::bad(
                    "postgresql",
                    format!("{found}, without {}", missing.join(", ")),
                    "install PostgreSQL's client programs: backups and restores need them",
                ),
            }
        }
    }
}

async fn master_key(args: &DoctorArgs, home: &Path) -> Finding {
    let found = match args.master_key.ring(home).await {
        Ok(ring) => {
            let (known, away) = ring.keys().await;
            let ids: Vec<_> = known.into_iter().map(|key| key.id).collect();
            away.first().map_or_else(|| Ok(ids.join(", ")), |error| Err(error.to_string()))
        }
        Err(error) => Err(format!("{error:#}")),
    };
    match found {
        Ok(ids) => Finding::good("master key", format!("id {ids}")),
        Err(error) => Finding::bad(
            "master key",
            error,
            "set SIXTY_MASTER_KEY_FILE to the file with the key under which the customers' secrets were sealed",
        ),
    }
}

fn operator_token(args: &DoctorArgs, home: &Path) -> Finding {
    match read_operator_token(&args.operator_token, home) {
        Ok(_) => Finding::good("operator token", "is there"),
        Err(error) => Finding::bad(
            "operator token",
            format!("{error:#}"),
            "set SIXTY_OPERATOR_TOKEN_FILE, or start sixty dev once",
        ),
    }
}

async fn server(args: &DoctorArgs) -> Finding {
    let port = args.server.port;
    let source = match args.server.certificate() {
        Ok(source) => source,
        Err(error) => {
            return Finding::bad(
                "server",
                format!("{error:#}"),
                "mend the setting: the server doesn't begin with it",
            );
        }
    };
    if is_port_free(LOOPBACK, port) {
        return Finding::bad(
            "server",
            format!("nobody listens on port {port}"),
            "start it: sixty dev, or sixty serve",
        );
    }
    let scheme = if matches!(source, CertificateSource::None) { "http" } else { "https" };
    let client = reqwest::Client::builder()
        .no_proxy()
        .timeout(Duration::from_secs(3))
        // Nothing secret is said, and the certificate names the host that callers know, not this address.
        .tls_danger_accept_invalid_certs(true)
        .build();
    let answer = match client {
        Ok(client) => client.get(format!("{scheme}://127.0.0.1:{port}/api/ready")).send().await,
        Err(error) => Err(error),
    };
    match answer {
        Ok(answer) if answer.status().is_success() => {
            Finding::good("server", format!("is ready on port {port}"))
        }
        Ok(answer) => Finding::bad(
            "server",
            format!("port {port} answers {}", answer.status()),
            format!("look at {scheme}://localhost:{port}/api/ready for what is down"),
        ),
        Err(_) if matches!(source, CertificateSource::Acme(_)) => Finding::bad(
            "server",
            format!("port {port} answers without a certificate, or by something that is no sixty server"),
            "see sixty certificates server for why there is none yet",
        ),
        Err(_) => Finding::bad(
            "server",
            format!("port {port} is taken by something that is no sixty server"),
            "stop it, or set PORT",
        ),
    }
}

async fn customer_ports(args: &DoctorArgs, catalog: &Catalog) -> Finding {
    let range = &args.postgres.customer_ports.0;
    let used = async {
        let client = catalog.client().await.map_err(|error| error.to_string())?;
        instances::ports_in_use(&client, "localhost").await.map_err(|error| error.to_string())
    };
    let used = match used.await {
        Ok(used) => used,
        Err(error) => return Finding::bad("customers' ports", error, "mend the admin database first"),
    };
    let free = range.clone().find(|port| !used.contains(port) && is_port_free(LOOPBACK, *port));
    match free {
        Some(port) => {
            Finding::good("customers' ports", format!("{} in use, the next one is {port}", used.len()))
        }
        None => Finding::bad(
            "customers' ports",
            format!("none from {} to {} is free", range.start(), range.end()),
            "widen SIXTY_CUSTOMER_PORTS",
        ),
    }
}
