//! When the certificates end that the server and the customers' instances show.

use std::time::SystemTime;

use catalog::{Catalog, instances};
use chrono::{DateTime, TimeDelta, Utc};

use super::{DoctorArgs, Finding};

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
    let own = args.server.certificate().ok().flatten().and_then(|own| own.expires_at()).map(DateTime::from);
    if let Some(own) = own.filter(ends_soon) {
        return Finding::bad(
            CHECK,
            format!("the server's own ends on {}", day(own)),
            "renew the files of SIXTY_TLS_CERTIFICATE_FILE and SIXTY_TLS_KEY_FILE; no restart is needed",
        );
    }
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

fn ends_soon(at: &DateTime<Utc>) -> bool {
    *at < DateTime::<Utc>::from(SystemTime::now()) + TOO_LATE
}

fn day(at: DateTime<Utc>) -> String {
    at.format("%Y-%m-%d").to_string()
}
