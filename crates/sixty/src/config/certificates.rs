//! How long two authorities of the instances' certificates are trusted beside each other.

use std::ffi::OsString;
use std::time::Duration;

use clap::Args;
use postgres_server::certificate::CertificatePolicy;

/// The longest overlap: twice as much must fit into an authority's last year.
const LONGEST: u64 = 100 * 86_400;

/// SIXTY_CERTIFICATE_OVERLAP_SECONDS.
#[derive(Args, Debug, Clone)]
pub(crate) struct CertificateArgs {
    /// When the authority of the instances' certificates is replaced: for how many seconds the new one is announced before it
    /// signs, and the old one is trusted afterwards. Customers' own clients must learn it meanwhile. [default: 30 days]
    #[arg(
        long,
        env = "SIXTY_CERTIFICATE_OVERLAP_SECONDS",
        default_value_t = 30 * 86_400,
        hide_default_value = true,
        value_parser = clap::value_parser!(u64).range(1..=LONGEST)
    )]
    certificate_overlap_seconds: u64,
}

impl CertificateArgs {
    pub(crate) fn policy(&self) -> CertificatePolicy {
        let overlap = Duration::from_secs(self.certificate_overlap_seconds);
        CertificatePolicy { overlap, ..CertificatePolicy::default() }
    }

    /// The variable that says the same, for a process that this one starts.
    pub(super) fn variable(&self) -> (&'static str, OsString) {
        ("SIXTY_CERTIFICATE_OVERLAP_SECONDS", self.certificate_overlap_seconds.to_string().into())
    }
}
