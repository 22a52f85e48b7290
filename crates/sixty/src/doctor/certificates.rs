//! When the certificates end that the server and the customers' instances show.

use std::time::SystemTime;

use acme::AcmeConfig;
use catalog::{Catalog, acme as rows, instances};
use chrono::{DateTime, TimeDelta, Utc};

use super::{DoctorArgs, Finding};
use crate::config::CertificateSource;

pub(super) const CHECK: &str = "certificates";
/// Instances' certificates are replaced a month before they end, and the server's own by whoever makes it: what has less left
/// is waited for in vain.
const TOO_LATE: TimeDelta = TimeDelta::days(14);

pub(super) async fn check(args: &DoctorArgs, catalog: &Catalog) -> Finding {
    let asked = async {
        let client = catalog.client().await.map_err(|error| error.to_string())?;
        instances::certificates(&client).await.map_err(|error| error.to_string())
    };
    let known = match asked.await {
        Ok(known) => known,
        Err(error) => return Finding::bad(CHECK, error, "mend the admin database first"),
    };
    let own = match args.server.certificate() {
        Ok(CertificateSource::Files(own)) => {
            let ends = own.expires_at().map(DateTime::from);
            if let Some(ends) = ends.filter(ends_soon) {
                return Finding::bad(
                    CHECK,
                    format!("the server's own ends on {}", day(ends)),
                    "renew the files of SIXTY_TLS_CERTIFICATE_FILE and SIXTY_TLS_KEY_FILE; no restart is needed",
                );
            }
            ends
        }
        Ok(CertificateSource::Acme(config)) => match ordered(&config, catalog).await {
            Ok(ends) => Some(ends),
            Err(finding) => return finding,
        },
        Ok(CertificateSource::None) | Err(_) => None,
    };
    if let Some(first) = known.first_expires_at.filter(ends_soon) {
        let whose = known.first_database.unwrap_or_default();
        return Finding::bad(
            CHECK,
            format!("that of {whose} ends on {}, and was not replaced", day(first)),
            "see that sixty worker runs where the instance is: it replaces them, and its log says why it can't",
        );
    }
    if let Some(authority) = known.first_authority_expires_at.filter(ends_soon) {
        return Finding::bad(
            CHECK,
            format!("the authority of instances ends on {}, and was not replaced", day(authority)),
            "see sixty certificates status, and that sixty worker runs",
        );
    }
    let mut told = Vec::new();
    told.extend(own.map(|own| format!("the server's ends on {}", day(own))));
    told.push(match (known.first_expires_at, known.first_authority_expires_at) {
        (Some(first), Some(authority)) => {
            format!(
                "the first of {} instances on {}, its authority on {}",
                known.instances,
                day(first),
                day(authority)
            )
        }
        _ => "no instance was looked at yet".to_owned(),
    });
    Finding::good(CHECK, told.join("; "))
}

/// Until when the certificate is good that the servers ordered.
async fn ordered(config: &AcmeConfig, catalog: &Catalog) -> Result<DateTime<Utc>, Finding> {
    let asked = async {
        let client = catalog.client().await.map_err(|error| error.to_string())?;
        let found = rows::certificate(&client, config.directory(), config.domains()).await;
        found.map_err(|error| error.to_string())
    };
    let found = asked.await.map_err(|error| Finding::bad(CHECK, error, "mend the admin database first"))?;
    let issued = found.as_ref().and_then(|found| found.issued.as_ref());
    let shown = issued.map_or_else(
        || "the servers have none yet".to_owned(),
        |issued| format!("the servers' own ends on {}", day(issued.expires_at)),
    );
    if let Some(error) = found.as_ref().and_then(|found| found.last_error.as_ref()) {
        return Err(Finding::bad(
            CHECK,
            format!("{shown}, and there is no new one: {error}"),
            "mend what it says, then run: sixty certificates server --try-again",
        ));
    }
    // A new one is ordered when a third of the time is left.
    let is_late = |issued: &rows::IssuedCertificate| {
        (issued.expires_at - Utc::now()) * 6 < issued.expires_at - issued.starts_at
    };
    issued.filter(|issued| !is_late(issued)).map(|issued| issued.expires_at).ok_or_else(|| {
        Finding::bad(
            CHECK,
            shown,
            "see that sixty serve runs with SIXTY_ACME_DOMAINS: it orders a new one by itself",
        )
    })
}

fn ends_soon(at: &DateTime<Utc>) -> bool {
    *at < DateTime::<Utc>::from(SystemTime::now()) + TOO_LATE
}

fn day(at: DateTime<Utc>) -> String {
    at.format("%Y-%m-%d").to_string()
}
