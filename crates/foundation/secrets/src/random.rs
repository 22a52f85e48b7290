//! Random text from the operating system's generator.

use aws_lc_rs::rand;

const BASE62: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/// Fills the array from the operating system's generator.
pub(crate) fn bytes<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    #[expect(clippy::expect_used, reason = "without randomness no secret may be made: stop at once")]
    rand::fill(&mut bytes).expect("the operating system's random generator answers");
    bytes
}

/// `length` characters drawn evenly from 0-9, A-Z and a-z: 5.95 bits each.
pub(crate) fn base62(length: usize) -> String {
    let mut text = String::with_capacity(length);
    while text.len() < length {
        // 248 is the largest multiple of 62 below 256: bytes above it would favour the first characters.
        text.extend(
            bytes::<64>()
                .into_iter()
                .filter(|byte| *byte < 248)
                .map(|byte| char::from(BASE62[usize::from(byte % 62)])),
        );
        text.truncate(length);
    }
    text
}

/// A number as exactly so many base62 digits, most significant first.
pub(crate) fn to_base62<const LENGTH: usize>(mut number: u64) -> [u8; LENGTH] {
    let mut digits = [b'0'; LENGTH];
    for digit in digits.iter_mut().rev() {
        *digit = BASE62[usize::try_from(number % 62).unwrap_or(0)];
        number /= 62;
    }
    digits
}
