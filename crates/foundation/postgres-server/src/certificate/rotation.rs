//! When an authority is succeeded. A pure function of the authorities' own times:
//!
//! ```text
//! introduced            + overlap             + 2 * overlap
//!     |--- announced ------|--- signing ---------|------------ ...
//!     | clients learn it   | the older one leaves | the older one is gone
//! ```
//!
//! Everybody who trusts the older authority has a whole overlap to learn the new one before it signs anything, and
//! every certificate has another one to be replaced before the older authority is gone.

use std::time::{Duration, SystemTime};

const DAY: Duration = Duration::from_secs(86_400);

/// How long things last.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CertificatePolicy {
    /// How long an authority is good for.
    pub authority_lifetime: Duration,
    /// An authority with less than this left gets a successor.
    pub authority_renew_before: Duration,
    /// How long both are trusted before the successor signs, and how long after.
    pub overlap: Duration,
    /// How long a server's certificate is good for.
    pub server_lifetime: Duration,
    /// A server's certificate with less than this left is replaced.
    pub server_renew_before: Duration,
}

impl Default for CertificatePolicy {
    fn default() -> Self {
        Self {
            authority_lifetime: DAY * 5 * 365,
            authority_renew_before: DAY * 365,
            overlap: DAY * 30,
            server_lifetime: DAY * 90,
            server_renew_before: DAY * 30,
        }
    }
}

/// An authority's own times.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Term {
    /// When it was made.
    pub introduced_at: SystemTime,
    /// When it ends.
    pub expires_at: SystemTime,
}

/// What is so, and what is to be done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plan {
    /// Which one signs.
    pub signer: usize,
    /// Whether a successor is to be made.
    pub introduce: bool,
    /// Which ones are over: what they signed needs no trust any more.
    pub retire: Vec<usize>,
}

/// Of authorities in the order in which they were made, at least one.
#[must_use]
pub fn plan(terms: &[Term], now: SystemTime, policy: &CertificatePolicy) -> Plan {
    let is_past = |since: SystemTime, pause: Duration| since + pause <= now;
    // Where all are new, as on the first day, there is nobody to have learnt another one: the oldest signs.
    let signer = terms.iter().rposition(|term| is_past(term.introduced_at, policy.overlap)).unwrap_or(0);
    let introduce =
        terms.last().is_none_or(|newest| newest.expires_at <= now + policy.authority_renew_before);
    let has_signed_long =
        terms.get(signer).is_some_and(|term| is_past(term.introduced_at, policy.overlap * 2));
    let retire = if has_signed_long { (0..signer).collect() } else { Vec::new() };
    Plan { signer, introduce, retire }
}

#[cfg(test)]
mod tests {
    use super::*;

    const YEAR: Duration = Duration::from_secs(365 * 86_400);

    fn at(days: u32) -> SystemTime {
        SystemTime::UNIX_EPOCH + YEAR * 50 + DAY * days
    }

    fn term(made: u32, policy: &CertificatePolicy) -> Term {
        Term { introduced_at: at(made), expires_at: at(made) + policy.authority_lifetime }
    }

    #[test]
    fn a_successor_is_announced_then_signs_and_then_is_alone() {
        let policy = CertificatePolicy::default();
        let first = term(0, &policy);
        let only = |day| plan(&[first], at(day), &policy);
        assert_eq!(only(0), Plan { signer: 0, introduce: false, retire: vec![] });
        assert_eq!(only(4 * 365 - 1), Plan { signer: 0, introduce: false, retire: vec![] });
        let due = 4 * 365;
        assert_eq!(only(due), Plan { signer: 0, introduce: true, retire: vec![] });
        let both = |day| plan(&[first, term(due, &policy)], at(day), &policy);
        assert_eq!(both(due), Plan { signer: 0, introduce: false, retire: vec![] });
        assert_eq!(both(due + 29), Plan { signer: 0, introduce: false, retire: vec![] });
        assert_eq!(both(due + 30), Plan { signer: 1, introduce: false, retire: vec![] });
        assert_eq!(both(due + 59), Plan { signer: 1, introduce: false, retire: vec![] });
        assert_eq!(both(due + 60), Plan { signer: 1, introduce: false, retire: vec![0] });
    }

    /// Day after day for thirty years: nobody ever sees a certificate of an authority that they had no time to learn, or
    /// that has ended, and there are never more than two.
    #[test]
    fn for_thirty_years_who_signs_was_known_for_an_overlap_and_has_not_ended() {
        let policy = CertificatePolicy::default();
        let mut terms = vec![term(0, &policy)];
        let mut made = 1;
        for day in 0..30 * 365 {
            let today = plan(&terms, at(day), &policy);
            let signer = terms[today.signer];
            assert!(signer.expires_at > at(day) + policy.server_lifetime, "what it signs today outlives it");
            let is_first = signer == term(0, &policy);
            assert!(is_first || signer.introduced_at + policy.overlap <= at(day), "day {day}");
            for index in today.retire.iter().rev() {
                assert!(terms[today.signer].introduced_at + policy.overlap * 2 <= at(day));
                terms.remove(*index);
            }
            if today.introduce {
                terms.push(term(day, &policy));
                made += 1;
            }
            assert!(terms.len() <= 2, "day {day}");
        }
        assert_eq!(made, 8);
    }
}
