//! Which certificate, from whom.

use std::time::Duration;

use crate::ExternalAccount;

/// The directory of Let's Encrypt.
pub const LETS_ENCRYPT: &str = "https://acme-v02.api.letsencrypt.org/directory";

/// Which certificate, from whom.
#[derive(Debug, Clone)]
pub struct AcmeConfig {
    pub(crate) directory: String,
    /// Sorted, each once.
    pub(crate) domains: Vec<String>,
    pub(crate) contacts: Vec<String>,
    /// The authority of the directory's own certificate, PEM.
    pub(crate) ca_certificate: Option<String>,
    /// Whose customer we are there, where that is asked.
    pub(crate) external_account: Option<ExternalAccount>,
    pub(crate) pace: Pace,
}

/// How patient everything is.
#[derive(Debug, Clone, Copy)]
pub struct Pace {
    /// After the first failure; each further one waits four times as long. Default 30 s, which makes five attempts an hour:
    /// as many as Let's Encrypt allows to fail.
    pub first_pause: Duration,
    /// The longest pause between two attempts. Default an hour.
    pub longest_pause: Duration,
    /// How long the authority may take with one order. Default two minutes.
    pub order: Duration,
}

impl Default for Pace {
    fn default() -> Self {
        Self {
            first_pause: Duration::from_secs(30),
            longest_pause: Duration::from_secs(3_600),
            order: Duration::from_secs(120),
        }
    }
}

impl Pace {
    /// How long to wait after this many failures in a row, the present one among them.
    pub(crate) fn pause_after(&self, failures: i32) -> Duration {
        let doublings = u32::try_from(failures.saturating_sub(1)).unwrap_or_default().saturating_mul(2);
        let factor = 1_u32.checked_shl(doublings.min(31)).unwrap_or(u32::MAX);
        self.first_pause.saturating_mul(factor).min(self.longest_pause)
    }
}

/// What can't be asked of an authority. Says what would be right.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct BadAcmeConfig(String);

impl BadAcmeConfig {
    pub(crate) fn new(why: &str) -> Self {
        Self(why.to_owned())
    }
}

impl AcmeConfig {
    /// A certificate for these names from this directory.
    ///
    /// # Errors
    /// [`BadAcmeConfig`] when a name is none that TLS-ALPN-01 can prove, or there is none.
    pub fn new(directory: &str, domains: &[String]) -> Result<Self, BadAcmeConfig> {
        let mut names: Vec<_> = domains
            .iter()
            .map(|name| name.trim().to_ascii_lowercase())
            .filter(|name| !name.is_empty())
            .collect();
        names.sort();
        names.dedup();
        if names.is_empty() {
            return Err(BadAcmeConfig("there is no name that the certificate would be for".to_owned()));
        }
        names.iter().try_for_each(|name| check(name))?;
        Ok(Self {
            directory: directory.to_owned(),
            domains: names,
            contacts: Vec::new(),
            ca_certificate: None,
            external_account: None,
            pace: Pace::default(),
        })
    }

    /// The same with those whom the authority may write to: addresses of mail.
    #[must_use]
    pub fn with_contacts(mut self, contacts: &[String]) -> Self {
        let url = |contact: &String| match contact.contains(':') {
            true => contact.clone(),
            false => format!("mailto:{contact}"),
        };
        self.contacts = contacts.iter().map(url).collect();
        self
    }

    /// The same with an authority of one's own that has signed the directory's certificate, PEM. Others don't count then.
    #[must_use]
    pub fn with_authority(mut self, ca_certificate: Option<String>) -> Self {
        self.ca_certificate = ca_certificate;
        self
    }

    /// The same for a customer of the authority's.
    #[must_use]
    pub fn with_external_account(mut self, external_account: Option<ExternalAccount>) -> Self {
        self.external_account = external_account;
        self
    }

    /// The same with another patience.
    #[must_use]
    pub fn with_pace(mut self, pace: Pace) -> Self {
        self.pace = pace;
        self
    }

    /// The URL of the directory.
    #[must_use]
    pub fn directory(&self) -> &str {
        &self.directory
    }

    /// The names, sorted.
    #[must_use]
    pub fn domains(&self) -> &[String] {
        &self.domains
    }
}

fn check(name: &str) -> Result<(), BadAcmeConfig> {
    let bad = |why: &str| Err(BadAcmeConfig(format!("{name:?} {why}")));
    if name.starts_with("*.") {
        return bad(
            "is a wildcard, which only DNS can prove: name each host, or use SIXTY_TLS_CERTIFICATE_FILE",
        );
    }
    if name.parse::<std::net::IpAddr>().is_ok() {
        return bad("is an address; a certificate is for names");
    }
    let is_label = |label: &str| {
        (1..=63).contains(&label.len())
            && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    if name.len() > 253 || !name.split('.').all(is_label) {
        return bad("is no name of a host; letters beyond ASCII are written in Punycode (xn--)");
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(text: &str) -> Result<Vec<String>, BadAcmeConfig> {
        let domains: Vec<_> = text.split(',').map(str::to_owned).collect();
        AcmeConfig::new(LETS_ENCRYPT, &domains).map(|config| config.domains)
    }

    #[test]
    fn names_are_those_that_can_be_proved() {
        let several = names("crm.example.com, API.example.com,api.example.com,").unwrap();
        assert_eq!(several, ["api.example.com", "crm.example.com"]);
        for bad in
            ["", ",", "*.example.com", "127.0.0.1", "::1", "a b", "-a.example", "a..b", "münchen.example"]
        {
            assert!(names(bad).is_err(), "{bad}");
        }
        assert!(names("*.example.com").unwrap_err().to_string().contains("wildcard"));
    }

    #[test]
    fn contacts_are_addresses_of_mail_unless_they_say_otherwise() {
        let config = AcmeConfig::new(LETS_ENCRYPT, &["a.example".to_owned()]).unwrap();
        let config = config.with_contacts(&["ops@example.com".to_owned(), "mailto:b@example.com".to_owned()]);
        assert_eq!(config.contacts, ["mailto:ops@example.com", "mailto:b@example.com"]);
    }

    #[test]
    fn five_attempts_an_hour_fail_at_most_and_one_an_hour_afterwards() {
        let pace = Pace::default();
        let pauses: Vec<_> = (1..=7).map(|failures| pace.pause_after(failures).as_secs()).collect();
        assert_eq!(pauses, [30, 120, 480, 1_920, 3_600, 3_600, 3_600]);
        assert_eq!(pace.pause_after(i32::MAX), pace.longest_pause);
    }
}
