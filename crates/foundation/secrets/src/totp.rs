//! Codes that an authenticator app shows: RFC 6238 with SHA-1, 30 seconds and 6 digits, which every app knows.

use aws_lc_rs::hmac;
use data_encoding::BASE32_NOPAD;
use secrecy::{ExposeSecret, SecretString};

use crate::random;

/// For how long a code is shown, in seconds.
pub const STEP_SECONDS: i64 = 30;
/// A code of the step before or after is taken too: clocks differ, and people type slowly.
const DRIFT_STEPS: i64 = 1;
const DIGITS: u32 = 6;

/// What an authenticator app and we both know.
#[derive(Debug, Clone)]
pub struct TotpSecret(SecretString);

/// The text is no secret of an authenticator app.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the secret of an authenticator app is base32 of at least 16 bytes")]
pub struct MalformedTotpSecret;

impl TotpSecret {
    /// A new one of 160 random bits.
    #[must_use]
    pub fn generate() -> Self {
        Self(SecretString::from(BASE32_NOPAD.encode(&random::bytes::<20>())))
    }

    /// Reads one in base32.
    ///
    /// # Errors
    /// [`MalformedTotpSecret`] when it isn't base32 or is too short.
    pub fn parse(text: &SecretString) -> Result<Self, MalformedTotpSecret> {
        let bytes = BASE32_NOPAD.decode(text.expose_secret().as_bytes()).map_err(|_| MalformedTotpSecret)?;
        if bytes.len() < 16 { Err(MalformedTotpSecret) } else { Ok(Self(text.clone())) }
    }

    /// In base32, as people type it into their app.
    #[must_use]
    pub fn base32(&self) -> &SecretString {
        &self.0
    }

    /// What an app reads from a QR code.
    #[must_use]
    pub fn url(&self, issuer: &str, account: &str) -> SecretString {
        let mut url = String::from("otpauth://totp/");
        percent_encode(issuer, &mut url);
        url.push(':');
        percent_encode(account, &mut url);
        url.push_str("?secret=");
        url.push_str(self.0.expose_secret());
        url.push_str("&issuer=");
        percent_encode(issuer, &mut url);
        SecretString::from(url)
    }

    /// The code that an app shows in this second.
    #[must_use]
    pub fn code_at(&self, unix_seconds: i64) -> String {
        self.code_of_step(unix_seconds.div_euclid(STEP_SECONDS))
    }

    /// The step whose code this is, if it is near and after the last one that was used: a code works once.
    #[must_use]
    pub fn step_of(&self, code: &str, unix_seconds: i64, last_step: i64) -> Option<i64> {
        let now = unix_seconds.div_euclid(STEP_SECONDS);
        (now - DRIFT_STEPS..=now + DRIFT_STEPS).find(|step| {
            *step > last_step
                && aws_lc_rs::constant_time::verify_slices_are_equal(
                    self.code_of_step(*step).as_bytes(),
                    code.as_bytes(),
                )
                .is_ok()
        })
    }

    fn code_of_step(&self, step: i64) -> String {
        // It was base32 when this was made.
        let secret = BASE32_NOPAD.decode(self.0.expose_secret().as_bytes()).unwrap_or_default();
        let key = hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, &secret);
        let tag = hmac::sign(&key, &step.to_be_bytes());
        let tag = tag.as_ref();
        // RFC 4226: the last four bits say where the 31 bits of the code begin.
        let offset = tag.last().map_or(0, |byte| usize::from(byte & 0x0f));
        let mut word = [0; 4];
        if let Some(bytes) = tag.get(offset..offset + 4) {
            word.copy_from_slice(bytes);
        }
        let number = (u32::from_be_bytes(word) & 0x7fff_ffff) % 10_u32.pow(DIGITS);
        format!("{number:06}")
    }
}

/// Everything but letters, digits and `-._~` as `%` and two digits.
fn percent_encode(text: &str, to: &mut String) {
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            to.push(char::from(byte));
        } else {
            to.push_str(&format!("%{byte:02X}"));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The secret of RFC 6238's test vectors, `12345678901234567890`.
    fn of_the_rfc() -> TotpSecret {
        TotpSecret::parse(&SecretString::from(BASE32_NOPAD.encode(b"12345678901234567890"))).unwrap()
    }

    #[test]
    fn codes_are_those_of_the_rfc() {
        for (seconds, code) in [
            (59, "287082"),
            (1_111_111_109, "081804"),
            (1_111_111_111, "050471"),
            (1_234_567_890, "005924"),
            (2_000_000_000, "279037"),
        ] {
            assert_eq!(of_the_rfc().code_at(seconds), code);
        }
    }

    #[test]
    fn a_code_works_once_and_only_about_its_time() {
        let (secret, now) = (of_the_rfc(), 1_111_111_111);
        let step = now / STEP_SECONDS;
        let code = secret.code_at(now);
        assert_eq!(secret.step_of(&code, now, 0), Some(step));
        assert_eq!(secret.step_of(&code, now + STEP_SECONDS, 0), Some(step));
        assert_eq!(secret.step_of(&code, now - STEP_SECONDS, 0), Some(step));
        assert_eq!(secret.step_of(&code, now + 2 * STEP_SECONDS, 0), None);
        assert_eq!(secret.step_of(&code, now, step), None, "it was used");
        assert_eq!(secret.step_of("", now, 0), None);
        assert_eq!(TotpSecret::generate().step_of(&code, now, step - 1), None);
    }

    #[test]
    fn an_app_is_told_whose_account_it_is_and_nobody_else_the_secret() {
        let secret = of_the_rfc();
        let url = secret.url("Sixty", "ann+1@example.org");
        assert!(
            url.expose_secret().starts_with("otpauth://totp/Sixty:ann%2B1%40example.org?secret=GEZDGNBV")
        );
        assert!(!format!("{secret:?}").contains("GEZDGNBV"));
        assert!(TotpSecret::parse(&"GEZDGNBV".into()).is_err());
        assert!(TotpSecret::parse(&"not base32!".into()).is_err());
    }
}
