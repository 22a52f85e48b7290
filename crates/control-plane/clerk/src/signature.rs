//! Signatures of webhooks, as Svix makes them: HMAC-SHA256 over id, time and the body's very bytes.

use std::fmt;
use std::str::FromStr;

use aws_lc_rs::hmac;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use secrets::{ExposeSecret as _, SecretString};

/// How far the sender's clock and ours may be apart, in seconds: an older message was taken down and is sent again by
/// somebody else.
const WINDOW_SECONDS: i64 = 300;
/// How many signatures of one message are looked at.
const MOST_SIGNATURES: usize = 10;

/// A secret of a webhook's endpoint: `whsec_` and the key in base64.
#[derive(Clone)]
struct WebhookSecret(hmac::Key);

impl fmt::Debug for WebhookSecret {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("WebhookSecret")
    }
}

/// The text is no secret of a webhook. It isn't repeated.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "a webhook's signing secret is whsec_ followed by at least 24 bytes in base64; copy it from the endpoint's page"
)]
pub struct InvalidSecret;

impl FromStr for WebhookSecret {
    type Err = InvalidSecret;

    fn from_str(text: &str) -> Result<Self, InvalidSecret> {
        let key = text.trim().strip_prefix("whsec_").ok_or(InvalidSecret)?;
        let key = STANDARD.decode(key).map_err(|_| InvalidSecret)?;
        if key.len() < 24 {
            return Err(InvalidSecret);
        }
        Ok(Self(hmac::Key::new(hmac::HMAC_SHA256, &key)))
    }
}

/// The secrets of the endpoint: several while they are rotated.
#[derive(Clone, Debug)]
pub struct WebhookSecrets(Vec<WebhookSecret>);

impl WebhookSecrets {
    /// The secrets in a list with commas.
    ///
    /// # Errors
    /// [`InvalidSecret`] when one of them is none, or there is none.
    pub fn parse(list: &SecretString) -> Result<Self, InvalidSecret> {
        let texts = list.expose_secret().split(',').map(str::trim).filter(|text| !text.is_empty());
        let secrets = texts.map(str::parse).collect::<Result<Vec<_>, _>>()?;
        if secrets.is_empty() { Err(InvalidSecret) } else { Ok(Self(secrets)) }
    }
}

/// What stands in the head of a signed message.
#[derive(Debug, Clone, Copy)]
pub struct SignedHead<'a> {
    /// `svix-id`.
    pub id: &'a str,
    /// `svix-timestamp`: seconds since 1970.
    pub timestamp: &'a str,
    /// `svix-signature`: `v1,` and base64, several with spaces between them.
    pub signatures: &'a str,
}

/// Why a message isn't taken for its sender's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BadSignature {
    /// The head isn't of the right form.
    #[error("the headers svix-id, svix-timestamp and svix-signature are malformed")]
    Malformed,
    /// It is too old, or of the future.
    #[error("the message was signed more than {WINDOW_SECONDS} seconds ago, or ahead")]
    WrongTime,
    /// No signature fits.
    #[error("no signature of the message fits a secret of ours")]
    Mismatch,
}

impl WebhookSecrets {
    /// Whether one of the signatures fits one of the secrets, and the time is now.
    ///
    /// # Errors
    /// [`BadSignature`] when not.
    pub fn verify(&self, head: &SignedHead<'_>, body: &[u8], now_seconds: i64) -> Result<(), BadSignature> {
        let has_id = !head.id.is_empty()
            && head.id.len() <= 200
            && head.id.bytes().all(|byte| byte.is_ascii_graphic());
        let signed_at: i64 = head.timestamp.parse().map_err(|_| BadSignature::Malformed)?;
        if !has_id {
            return Err(BadSignature::Malformed);
        }
        if now_seconds.saturating_sub(signed_at).saturating_abs() > WINDOW_SECONDS {
            return Err(BadSignature::WrongTime);
        }
        let signed = [head.id.as_bytes(), b".", head.timestamp.as_bytes(), b".", body].concat();
        let given = head.signatures.split(' ').take(MOST_SIGNATURES);
        let fits = given
            .filter_map(|signature| STANDARD.decode(signature.strip_prefix("v1,")?).ok())
            // Compared in constant time.
            .any(|tag| self.0.iter().any(|secret| hmac::verify(&secret.0, &signed, &tag).is_ok()));
        if fits { Ok(()) } else { Err(BadSignature::Mismatch) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
    const BODY: &[u8] = br#"{"test": 2432232314}"#;
    const HEAD: SignedHead<'_> = SignedHead {
        id: "msg_p5jXN8AQM9LWM0D4loKWxJek",
        timestamp: "1614265330",
        // The example of Svix's own documentation.
        signatures: "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
    };
    const NOW: i64 = 1_614_265_330;

    fn secrets(list: &str) -> WebhookSecrets {
        WebhookSecrets::parse(&list.to_owned().into()).unwrap()
    }

    fn sign(secret: &str, body: &[u8]) -> String {
        let secret: WebhookSecret = secret.parse().unwrap();
        let signed = [HEAD.id.as_bytes(), b".", HEAD.timestamp.as_bytes(), b".", body].concat();
        format!("v1,{}", STANDARD.encode(hmac::sign(&secret.0, &signed)))
    }

    #[test]
    fn the_documented_example_fits_within_five_minutes_on_either_side() {
        let secrets = secrets(SECRET);
        for apart in [0, 300, -300] {
            assert_eq!(secrets.verify(&HEAD, BODY, NOW + apart), Ok(()));
        }
        for apart in [301, -301, i64::MAX - NOW, i64::MIN] {
            assert_eq!(secrets.verify(&HEAD, BODY, NOW.saturating_add(apart)), Err(BadSignature::WrongTime));
        }
    }

    #[test]
    fn during_a_rotation_either_secret_and_any_of_several_signatures_fits() {
        let other = "whsec_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";
        let both = secrets(&format!("{other}, {SECRET}"));
        assert_eq!(both.verify(&HEAD, BODY, NOW), Ok(()));
        let many = format!("v1,bm9uZQ== v2,{} {}", "x", sign(SECRET, BODY));
        assert_eq!(secrets(SECRET).verify(&SignedHead { signatures: &many, ..HEAD }, BODY, NOW), Ok(()));
        assert_eq!(secrets(other).verify(&HEAD, BODY, NOW), Err(BadSignature::Mismatch));
    }

    #[test]
    fn one_other_byte_or_another_head_does_not_fit() {
        let secrets = secrets(SECRET);
        assert_eq!(secrets.verify(&HEAD, br#"{"test":2432232314}"#, NOW), Err(BadSignature::Mismatch));
        let head = SignedHead { id: "msg_other", ..HEAD };
        assert_eq!(secrets.verify(&head, BODY, NOW), Err(BadSignature::Mismatch));
        let head = SignedHead { timestamp: "1614265331", ..HEAD };
        assert_eq!(secrets.verify(&head, BODY, NOW), Err(BadSignature::Mismatch));
        for head in [
            SignedHead { id: "", ..HEAD },
            SignedHead { timestamp: "now", ..HEAD },
            SignedHead { id: "a b", ..HEAD },
        ] {
            assert_eq!(secrets.verify(&head, BODY, NOW), Err(BadSignature::Malformed));
        }
        for signatures in ["", "v1", "v1,", "v1,!!!!", "v2,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="] {
            let head = SignedHead { signatures, ..HEAD };
            assert_eq!(secrets.verify(&head, BODY, NOW), Err(BadSignature::Mismatch));
        }
    }

    #[test]
    fn what_is_no_secret_is_refused_and_not_repeated() {
        for wrong in ["", "whsec_", "whsec_dG9vc2hvcnQ=", "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "whsec_###"] {
            let error = WebhookSecrets::parse(&wrong.to_owned().into()).unwrap_err();
            assert!(
                wrong.is_empty()
                    || !error.to_string().contains(&wrong[6.min(wrong.len())..])
                    || wrong == "whsec_"
            );
        }
        assert_eq!(format!("{:?}", secrets(SECRET)), "WebhookSecrets([WebhookSecret])");
    }
}
