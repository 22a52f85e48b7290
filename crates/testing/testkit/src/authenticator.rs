//! An authenticator of our own (WebAuthn, ES256) with the browser in front of it, for tests: it can say what no honest one
//! would.

use aws_lc_rs::digest::{SHA256, digest};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, KeyPair as _};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde_json::{Value, json};
use uuid::Uuid;

const USER_PRESENT: u8 = 0x01;
const USER_VERIFIED: u8 = 0x04;
const ATTESTED: u8 = 0x40;

/// An authenticator that holds one passkey, and the page that a browser shows while it is asked.
pub struct Authenticator {
    key: EcdsaKeyPair,
    /// What it calls its passkey.
    pub credential_id: Vec<u8>,
    /// The page's origin, which the browser writes down.
    pub origin: String,
    /// The domain that it signs for, when it isn't the one that it is asked for.
    pub domain: Option<String>,
    /// How often its passkey was used.
    pub sign_count: u32,
    /// Whether it asks for a PIN or a fingerprint.
    pub verifies_its_holder: bool,
    /// The name of an account that it says its passkey belongs to.
    pub user_handle: Option<Vec<u8>>,
}

impl Authenticator {
    /// A new one, at a page of this origin.
    ///
    /// # Panics
    /// When no key can be made.
    pub fn new(origin: &str) -> Self {
        let key = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_ASN1_SIGNING).expect("a key can be made");
        Self {
            key,
            credential_id: Uuid::new_v4().as_bytes().to_vec(),
            origin: origin.to_owned(),
            domain: None,
            sign_count: 0,
            verifies_its_holder: true,
            user_handle: None,
        }
    }

    /// What the browser answers who is asked with these options for a new passkey.
    ///
    /// # Panics
    /// When the options aren't any.
    pub fn make(&mut self, options: &Value) -> Value {
        let asked_domain = text(options, &["rp", "id"]);
        let client_data = self.client_data("webauthn.create", options);
        let point = self.key.public_key().as_ref();
        let mut data = self.authenticator_data(&asked_domain, ATTESTED);
        data.extend([0; 16]);
        data.extend(u16::try_from(self.credential_id.len()).expect("a short id").to_be_bytes());
        data.extend(&self.credential_id);
        // A COSE key: {1: 2 (EC2), 3: -7 (ES256), -1: 1 (P-256), -2: x, -3: y}.
        data.extend([0xa5, 0x01, 0x02, 0x03, 0x26, 0x20, 0x01, 0x21, 0x58, 0x20]);
        data.extend(&point[1..33]);
        data.extend([0x22, 0x58, 0x20]);
        data.extend(&point[33..65]);
        // {"fmt": "none", "attStmt": {}, "authData": ...}
        let mut attestation = b"\xa3\x63fmt\x64none\x67attStmt\xa0\x68authData\x58".to_vec();
        attestation.push(u8::try_from(data.len()).expect("short data"));
        attestation.extend(data);
        let id = encoded(&self.credential_id);
        json!({
            "id": id, "rawId": id, "type": "public-key", "authenticatorAttachment": "cross-platform",
            "clientExtensionResults": {},
            "response": {
                "clientDataJSON": encoded(client_data), "attestationObject": encoded(attestation), "transports": ["usb"],
            },
        })
    }

    /// What the browser answers who is asked with these options to show a passkey. Counts.
    ///
    /// # Panics
    /// When the options aren't any.
    pub fn show(&mut self, options: &Value) -> Value {
        self.sign_count += 1;
        let asked_domain = text(options, &["rpId"]);
        let client_data = self.client_data("webauthn.get", options);
        let data = self.authenticator_data(&asked_domain, 0);
        let signed = [data.as_slice(), digest(&SHA256, client_data.as_bytes()).as_ref()].concat();
        let signature = self.key.sign(&SystemRandom::new(), &signed).expect("a key that was just made signs");
        let id = encoded(&self.credential_id);
        json!({
            "id": id, "rawId": id, "type": "public-key", "authenticatorAttachment": "cross-platform",
            "clientExtensionResults": {},
            "response": {
                "clientDataJSON": encoded(client_data), "authenticatorData": encoded(data), "signature": encoded(signature),
                "userHandle": self.user_handle.as_ref().map(encoded),
            },
        })
    }

    fn client_data(&self, kind: &str, options: &Value) -> String {
        let challenge = text(options, &["challenge"]);
        json!({ "type": kind, "challenge": challenge, "origin": self.origin, "crossOrigin": false })
            .to_string()
    }

    fn authenticator_data(&self, asked_domain: &str, more: u8) -> Vec<u8> {
        let domain = self.domain.as_deref().unwrap_or(asked_domain);
        let verified = if self.verifies_its_holder { USER_VERIFIED } else { 0 };
        let mut data = digest(&SHA256, domain.as_bytes()).as_ref().to_vec();
        data.push(USER_PRESENT | verified | more);
        data.extend(self.sign_count.to_be_bytes());
        data
    }
}

fn text(options: &Value, path: &[&str]) -> String {
    let found = path.iter().fold(options, |value, name| &value[*name]);
    found.as_str().unwrap_or_else(|| panic!("{path:?} in {options}")).to_owned()
}

fn encoded(bytes: impl AsRef<[u8]>) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}
