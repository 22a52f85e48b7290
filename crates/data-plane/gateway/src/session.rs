//! People who are signed in: from a session token of the identity provider to a [`Principal`].
//!
//! The organization of the session selects the customer, and the role in it the permissions. A token that was found good is
//! remembered by its hash, so that only its first request pays for the signature; the change feed makes it be looked at
//! again, so that a member who was removed is out on every server at once, and not when the token ends.

use std::fmt;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use domain::Permission;
use domain::customer::Lifecycle;
use domain::principal::{Caller, Directory as _, Member, Principal, UserCaller};
use limits::Rate;
use problem::Problem;
use secrets::KeyHash;
use session_tokens::{Grants, Membership, SessionClaims, SessionIssuer, SessionRefused};
use token_issuer::{LEEWAY_SECONDS, Refused};

use crate::KnownDirectory;
use crate::known::SessionKey;

/// Whose session tokens are taken, and what they give.
#[derive(Clone, Debug)]
pub struct SessionConfig {
    /// Who makes them.
    pub issuer: Arc<SessionIssuer>,
    /// What its roles and permissions mean here.
    pub grants: Arc<Grants>,
    /// How many requests each person may make.
    pub rate: Rate,
}

/// A session token that a request shows.
pub(crate) struct ShownSession<'a> {
    pub(crate) key: SessionKey,
    token: &'a str,
}

/// The same, to be asked about.
pub(crate) struct SessionQuestion {
    key: SessionKey,
    token: Box<str>,
}

impl fmt::Debug for SessionQuestion {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("SessionQuestion").finish_non_exhaustive()
    }
}

/// Whether a bearer token has the form of a JSON Web Token: its header begins with `{"`.
pub(crate) fn looks_like_one(token: &str) -> bool {
    token.starts_with("eyJ") && token.contains('.')
}

/// Whether one stands in a query string. A page's cursor may look like a header, but has no body after it.
pub(crate) fn is_in_query(query: &str) -> bool {
    query.split_once("eyJ").is_some_and(|(_, rest)| rest.contains(".eyJ"))
}

/// What a request shows, where session tokens are taken.
pub(crate) fn shown<'a>(
    token: &'a str,
    sessions: Option<&SessionConfig>,
) -> Result<ShownSession<'a>, Problem> {
    let Some(sessions) = sessions else {
        return Err(Problem::unauthenticated(
            "Session tokens are not taken here. Send an API key: Authorization: Bearer sk_...",
        )
        .counted_as("session-not-taken"));
    };
    // The generation is read before the keys are: a key that is taken back between the two leaves an answer under a number
    // that nobody asks for any more.
    let key = SessionKey { hash: KeyHash::of(token), generation: sessions.issuer.generation() };
    Ok(ShownSession { key, token })
}

impl ShownSession<'_> {
    /// The question about it.
    pub(crate) fn question(&self) -> SessionQuestion {
        SessionQuestion { key: self.key, token: self.token.into() }
    }
}

/// A token that isn't taken.
pub(crate) struct RefusedSession {
    pub(crate) problem: Problem,
    /// Whose it is, where that is proved: who was removed is counted, and the customer's log tells of it.
    pub(crate) whose: Option<Arc<Principal>>,
}

impl From<Problem> for RefusedSession {
    fn from(problem: Problem) -> Self {
        Self { problem, whose: None }
    }
}

impl SessionQuestion {
    /// Who shows the token, if it is good and they are a member of a customer's organization.
    pub(crate) async fn principal(
        self,
        directory: &KnownDirectory,
        sessions: &SessionConfig,
    ) -> Result<Arc<Principal>, RefusedSession> {
        let claims = sessions.issuer.verify(&self.token).await.map_err(refusal)?;
        let place = claims.membership().map_err(|error| {
            tracing::warn!(%error, "a session token's permissions can't be read");
            Problem::session_refused(format!("The session token can't be read: {error}."))
        })?;
        let place = place.ok_or_else(|| {
            Problem::organization_needed(
                "The session has no active organization. Choose one, and ask with the new session token.",
            )
        })?;
        // Before the member is asked for: what changes meanwhile makes the answer out of date.
        let since = directory.now();
        let member = directory.member(&place.organization, &claims.sub).await.map_err(|error| {
            tracing::warn!(%error, "a member can't be looked up");
            Problem::unavailable("Members can't be looked up right now. Try again in a moment.")
                .retry_after(2)
        })?;
        let member = member.ok_or_else(unknown_organization)?;
        let mut principal = principal(&claims, &member, sessions)?;
        match permissions(claims.iat, &place, &member, &sessions.grants) {
            Ok(permissions) => principal.permissions = permissions,
            Err(problem) => return Err(RefusedSession { problem, whose: Some(Arc::new(principal)) }),
        }
        let principal = Arc::new(principal);
        directory.remember_session(self.key, since, &principal);
        Ok(principal)
    }
}

/// Who it is, before it is known what they may do.
fn principal(
    claims: &SessionClaims,
    member: &Member,
    sessions: &SessionConfig,
) -> Result<Principal, Problem> {
    match member.customer.lifecycle {
        Lifecycle::Ready => {}
        Lifecycle::Provisioning => {
            return Err(Problem::unavailable(
                "The organization's database is being made. Try again in a few seconds.",
            )
            .retry_after(5));
        }
        Lifecycle::Deleting | Lifecycle::Deleted => return Err(unknown_organization()),
    }
    Ok(Principal {
        caller: Caller::User(UserCaller::new(claims.sub.clone(), end_of(claims))),
        permissions: Vec::new(),
        rate_limit_requests: sessions.rate.quota,
        rate_limit_period: sessions.rate.period,
        without_redis: None,
        customer: member.customer.clone(),
    })
}

/// What the member may do. The younger of token and membership says it: a token from before a removal is worth nothing,
/// one from before a change of the role gives what the new role gives, and one from after it speaks for itself, also when
/// we were not told yet. In the second in which both were made the membership counts.
fn permissions(
    issued_at: Option<u64>,
    place: &Membership,
    member: &Member,
    grants: &Grants,
) -> Result<Vec<Permission>, Problem> {
    let issued_at = i64::try_from(issued_at.unwrap_or(0)).unwrap_or(0);
    match &member.membership {
        Some(known) if known.changed_at.timestamp() >= issued_at => {
            if known.is_removed {
                return Err(Problem::membership_ended(
                    "You are no longer a member of this organization. Ask one of its administrators to invite you.",
                ));
            }
            if known.role != place.role {
                return Ok(grants.of_role(&known.role));
            }
        }
        _ => {}
    }
    Ok(grants.of(&place.role, &place.permissions))
}

/// When the token is worth nothing any more.
fn end_of(claims: &SessionClaims) -> DateTime<Utc> {
    let seconds = i64::try_from(claims.exp.saturating_add(LEEWAY_SECONDS)).unwrap_or(i64::MAX);
    DateTime::from_timestamp(seconds, 0).unwrap_or(DateTime::<Utc>::MAX_UTC)
}

/// Refuses a session token that was good before.
pub(crate) fn check(user: &UserCaller, now: DateTime<Utc>) -> Result<(), Problem> {
    if user.expires_at <= now { Err(expired()) } else { Ok(()) }
}

fn expired() -> Problem {
    Problem::session_expired("The session token has expired. Ask the identity provider for a new one.")
}

fn unknown_organization() -> Problem {
    Problem::organization_unknown(
        "No customer belongs to the organization of this session. Choose another organization, or ask the operator.",
    )
}

fn refusal(error: SessionRefused) -> Problem {
    match error {
        SessionRefused::Token(Refused::Expired) => expired(),
        SessionRefused::IssuerAway => Problem::unavailable(
            "The session token is signed by a key that can't be asked for right now. Try again in a moment.",
        )
        .retry_after(5),
        refused => Problem::session_refused(format!("This session token is not taken: {refused}.")),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use chrono::TimeZone as _;
    use domain::permission::Action;
    use domain::principal;

    use super::*;
    use crate::guard::tests::principal;

    const ISSUED: u64 = 1_700_000_000;

    fn place(role: &str) -> Membership {
        Membership { organization: "org_1".to_owned(), role: role.to_owned(), permissions: BTreeSet::new() }
    }

    fn member(role: &str, is_removed: bool, changed_at: u64) -> Member {
        let changed_at = Utc.timestamp_opt(i64::try_from(changed_at).unwrap(), 0).unwrap();
        let membership = principal::Membership { role: role.to_owned(), is_removed, changed_at };
        Member { customer: principal().customer, membership: Some(membership) }
    }

    fn may_write_users(role: &str, member: &Member) -> Option<bool> {
        let granted = permissions(Some(ISSUED), &place(role), member, &Grants::default()).ok()?;
        Some(granted.iter().any(|permission| permission.allows(Action::Write, "users")))
    }

    #[test]
    fn the_younger_of_token_and_membership_says_what_holds() {
        let unknown = Member { customer: principal().customer, membership: None };
        assert_eq!(may_write_users("org:admin", &unknown), Some(true));
        assert_eq!(may_write_users("org:member", &unknown), Some(false));
        for (changed_at, outcome) in [(ISSUED - 1, Some(true)), (ISSUED, None), (ISSUED + 1, None)] {
            assert_eq!(may_write_users("org:admin", &member("org:admin", true, changed_at)), outcome);
        }
        for (changed_at, outcome) in [(ISSUED - 1, true), (ISSUED, false), (ISSUED + 1, false)] {
            assert_eq!(may_write_users("org:admin", &member("org:member", false, changed_at)), Some(outcome));
        }
        assert_eq!(may_write_users("org:member", &member("org:admin", false, ISSUED + 1)), Some(true));
    }

    #[test]
    fn a_token_is_told_from_a_cursor() {
        assert!(is_in_query("__session=eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiIxIn0.c2ln"));
        assert!(!is_in_query("cursor=eyJzb3J0IjoiLWNyZWF0ZWRfYXQifQ&limit=5"));
        assert!(looks_like_one("eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiIxIn0.c2ln"));
        assert!(!looks_like_one("sk_eyJ.") && !looks_like_one("op_x"));
    }
}
