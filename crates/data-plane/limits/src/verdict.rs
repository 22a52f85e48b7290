//! The answer to a request, and the header fields that tell it to the caller.

use std::cell::RefCell;

use http::{HeaderName, HeaderValue};
use smallvec::SmallVec;

/// How one policy stands after a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PolicyState {
    /// The policy's name.
    pub name: &'static str,
    /// How many requests are accepted in the period.
    pub quota: u64,
    /// The length of the period in seconds; none when it has no known length (a quota until a reset date).
    pub window_seconds: Option<u64>,
    /// How many more requests would be accepted now, as far as this node knows; none for a policy that wasn't
    /// reached, because one before it refused, and that this node knows nothing of.
    pub remaining: Option<u64>,
    /// After how many seconds there is more: the end of the window; of a sliding period, when it is whole again or,
    /// if nothing remains, when the next request will be accepted. None when nobody has said when a window ends.
    pub reset_seconds: Option<u64>,
}

/// Whether a request passes all its limits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verdict {
    /// Whether it passes.
    pub accepted: bool,
    /// How each policy stands, in the order in which they were given.
    pub policies: SmallVec<[PolicyState; 1]>,
    /// The position of the policy that refuses, if one does.
    pub violated: Option<usize>,
    /// Whether it is refused although something may be left: others hold that, or nobody can be asked who does.
    pub is_undecided: bool,
    /// After how many seconds it makes sense to ask again; 0 for an accepted request.
    pub retry_after: u64,
}

/// `RateLimit-Policy` of draft-ietf-httpapi-ratelimit-headers.
pub const RATELIMIT_POLICY: HeaderName = HeaderName::from_static("ratelimit-policy");
/// `RateLimit` of draft-ietf-httpapi-ratelimit-headers.
pub const RATELIMIT: HeaderName = HeaderName::from_static("ratelimit");

impl Verdict {
    pub(crate) fn refuse(&mut self, index: usize, retry_after: u64) {
        self.accepted = false;
        self.violated = Some(index);
        self.retry_after = retry_after;
        if let Some(state) = self.policies.get_mut(index)
            && state.remaining != Some(0)
        {
            self.is_undecided = true;
            // Whatever is left, nothing is accepted now.
            (state.remaining, state.reset_seconds) = (Some(0), Some(retry_after));
        }
    }

    /// The policy that refuses, if one does.
    #[must_use]
    pub fn violated_policy(&self) -> Option<&PolicyState> {
        self.policies.get(self.violated?)
    }

    /// The values of [`RATELIMIT_POLICY`] and [`RATELIMIT`], the two header fields of
    /// draft-ietf-httpapi-ratelimit-headers (version 11 of May 2026), which are lists of structured fields (RFC 9651):
    /// `"key";q=1000;w=60` and `"key";r=999;t=12`.
    ///
    /// Without policies there are none: such values would be empty lists, which must not be sent.
    #[must_use]
    pub fn headers(&self) -> Option<[HeaderValue; 2]> {
        if self.policies.is_empty() {
            return None;
        }
        FIELDS.with_borrow_mut(|fields| {
            // None for a policy whose name no header may hold.
            Some([fields.policies(&self.policies)?, fields.limits(&self.policies)?])
        })
    }
}

thread_local! {
    static FIELDS: RefCell<Fields> = RefCell::default();
}

/// What a thread keeps to write the fields with, because every answer has them.
#[derive(Default)]
struct Fields {
    text: Vec<u8>,
    /// The policies that were described last, and how: the next request's are often the same.
    last: Option<(SmallVec<[Described; 1]>, HeaderValue)>,
}

/// What `RateLimit-Policy` says of a policy: its name, quota and window.
type Described = (&'static str, u64, Option<u64>);

fn described(state: &PolicyState) -> Described {
    (state.name, state.quota, state.window_seconds)
}

impl Fields {
    fn policies(&mut self, states: &[PolicyState]) -> Option<HeaderValue> {
        if let Some((last, value)) = &self.last
            && last.iter().copied().eq(states.iter().map(described))
        {
            return Some(value.clone());
        }
        self.text.clear();
        for state in states {
            item(&mut self.text, state.name, b'q', state.quota);
            parameter(&mut self.text, b'w', state.window_seconds);
        }
        let value = HeaderValue::from_bytes(&self.text).ok()?;
        self.last = Some((states.iter().map(described).collect(), value.clone()));
        Some(value)
    }

    fn limits(&mut self, states: &[PolicyState]) -> Option<HeaderValue> {
        self.text.clear();
        for state in states {
            if let Some(remaining) = state.remaining {
                item(&mut self.text, state.name, b'r', remaining);
                parameter(&mut self.text, b't', state.reset_seconds);
            }
        }
        HeaderValue::from_bytes(&self.text).ok()
    }
}

/// The largest integer of a structured field.
const LARGEST: u64 = 999_999_999_999_999;

/// Adds an item to a list.
fn item(text: &mut Vec<u8>, name: &str, parameter: u8, number: u64) {
    if !text.is_empty() {
        text.extend_from_slice(b", ");
    }
    text.push(b'"');
    text.extend_from_slice(name.as_bytes());
    text.push(b'"');
    self::parameter(text, parameter, Some(number));
}

fn parameter(list: &mut Vec<u8>, name: u8, number: Option<u64>) {
    if let Some(number) = number {
        list.extend_from_slice(&[b';', name, b'=']);
        list.extend_from_slice(itoa::Buffer::new().format(number.min(LARGEST)).as_bytes());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn verdict(policies: &[PolicyState]) -> Verdict {
        Verdict {
            accepted: true,
            policies: policies.into(),
            violated: None,
            is_undecided: false,
            retry_after: 0,
        }
    }

    fn shown(verdict: &Verdict) -> [String; 2] {
        verdict.headers().unwrap().map(|value| value.to_str().unwrap().to_owned())
    }

    const KEY: PolicyState = PolicyState {
        name: "key",
        quota: 1000,
        window_seconds: Some(60),
        remaining: Some(999),
        reset_seconds: Some(12),
    };

    #[test]
    fn the_fields_are_those_of_the_draft() {
        let one = [r#""key";q=1000;w=60"#, r#""key";r=999;t=12"#];
        assert_eq!(shown(&verdict(&[KEY])), one);
        let module = PolicyState {
            name: "module",
            quota: u64::MAX,
            window_seconds: None,
            remaining: Some(0),
            reset_seconds: None,
        };
        let unknown = PolicyState { name: "route", remaining: None, ..KEY };
        let three = [
            r#""key";q=1000;w=60, "module";q=999999999999999, "route";q=1000;w=60"#,
            r#""key";r=999;t=12, "module";r=0"#,
        ];
        assert_eq!(shown(&verdict(&[KEY, module, unknown])), three);
        assert_eq!(shown(&verdict(&[KEY])), one, "what was said last is not said of others");
        let other = PolicyState { quota: 999, ..KEY };
        assert_eq!(shown(&verdict(&[other])), [r#""key";q=999;w=60"#, r#""key";r=999;t=12"#]);
    }

    #[test]
    fn a_refusal_says_that_nothing_is_left_now_whatever_is_known() {
        let mut undecided = verdict(&[KEY]);
        undecided.refuse(0, 2);
        assert_eq!((shown(&undecided)[1].as_str(), undecided.is_undecided), (r#""key";r=0;t=2"#, true));
        let mut used_up = verdict(&[PolicyState { remaining: Some(0), ..KEY }]);
        used_up.refuse(0, 12);
        assert_eq!((shown(&used_up)[1].as_str(), used_up.is_undecided), (r#""key";r=0;t=12"#, false));
    }

    #[test]
    fn without_policies_there_are_no_fields() {
        assert_eq!(verdict(&[]).headers(), None);
    }
}
