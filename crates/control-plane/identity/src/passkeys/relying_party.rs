//! For whom passkeys are made: the domain under which browsers reach this server.

use url::{Host, Url};
use webauthn_rp::request::{AsciiDomain, RpId};

/// This server, as browsers know it.
#[derive(Debug, Clone)]
pub struct RelyingParty {
    id: RpId,
    origin: String,
}

/// Why passkeys can't be used here. Each names the setting.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NoPasskeys {
    /// Nobody said where browsers reach this server.
    #[error(
        "Passkeys belong to the address where browsers reach this server, and nobody has said which: set SIXTY_PUBLIC_URL, such as \
         https://sixty.example.com."
    )]
    Unknown,
    /// Browsers keep passkeys for names only.
    #[error(
        "Browsers make passkeys for a domain name and for no IP address: SIXTY_PUBLIC_URL is {0}. Give the server a name, or use \
         http://localhost on this machine."
    )]
    Address(String),
    /// Browsers keep passkeys for encrypted pages only.
    #[error(
        "Browsers make passkeys for pages over HTTPS only, and for localhost: SIXTY_PUBLIC_URL is {0}. Set it to the https:// address."
    )]
    PlainText(String),
}

impl RelyingParty {
    /// A server that browsers reach here.
    ///
    /// # Errors
    /// When browsers make no passkeys for it.
    pub fn at(public_url: &Url) -> Result<Self, NoPasskeys> {
        let origin = public_url.origin().ascii_serialization();
        let Some(Host::Domain(domain)) = public_url.host() else { return Err(NoPasskeys::Address(origin)) };
        let is_this_machine = domain == "localhost" || domain.ends_with(".localhost");
        match public_url.scheme() {
            "https" => {}
            "http" if is_this_machine => {}
            _ => return Err(NoPasskeys::PlainText(origin)),
        }
        let id = AsciiDomain::try_from(domain.to_owned()).map_err(|_| NoPasskeys::Address(origin.clone()))?;
        Ok(Self { id: RpId::Domain(id), origin })
    }

    /// The domain that its passkeys are made for.
    #[must_use]
    pub fn domain(&self) -> &str {
        self.id.as_ref()
    }

    /// The only origin whose pages may ask for them.
    #[must_use]
    pub fn origin(&self) -> &str {
        &self.origin
    }

    pub(super) fn id(&self) -> &RpId {
        &self.id
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn passkeys_are_for_names_over_https_and_for_this_machine() {
        let at = |url: &str| RelyingParty::at(&url.parse().unwrap());
        let taken = [
            ("https://sixty.example.com/", "sixty.example.com", "https://sixty.example.com"),
            ("https://Sixty.Example.com:8443/x", "sixty.example.com", "https://sixty.example.com:8443"),
            ("https://bücher.example", "xn--bcher-kva.example", "https://xn--bcher-kva.example"),
            ("http://localhost:3000", "localhost", "http://localhost:3000"),
        ];
        for (url, domain, origin) in taken {
            let party = at(url).unwrap();
            assert_eq!((party.domain(), party.origin()), (domain, origin));
        }
        for url in ["https://192.0.2.7", "http://127.0.0.1:3000", "https://[2001:db8::1]"] {
            let refused = at(url).unwrap_err();
            assert!(matches!(refused, NoPasskeys::Address(_)), "{url}: {refused}");
            assert!(refused.to_string().contains("SIXTY_PUBLIC_URL"));
        }
        for url in ["http://sixty.example.com", "http://localhost.example.com", "ftp://localhost"] {
            assert!(matches!(at(url), Err(NoPasskeys::PlainText(_))), "{url}");
        }
    }
}
