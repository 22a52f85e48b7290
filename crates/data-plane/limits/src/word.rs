//! What a limit tells Redis, what Redis answers, and what the limit makes of it.

use std::time::{Duration, Instant};

use chrono::Utc;
use redis::{ErrorKind, FromRedisValue, RedisError, RedisResult, Script, ScriptInvocation, Value};
use uuid::Uuid;

use crate::counted::Counted;
use crate::flow::{Flow, HAND_LIVES};
use crate::limit::{Account, Limit, Refill, State};
use crate::window::Window;

/// Where holders are told that others need what they don't use.
pub(crate) const RECALL_CHANNEL: &str = "sixty:limit:1:recall";

/// How long the count of a window is kept in Redis after its end.
const KEPT_AFTER: i64 = 3_600_000;
/// How long a count without a known end is kept after its last use.
const KEPT_OPEN: i64 = 40 * 86_400_000;

/// After Redis said "nothing left" of a window with ends, it isn't asked again for so long.
const EMPTY: Duration = Duration::from_secs(1);
/// A sliding period has something again soon; so often it is asked at most.
const SHORTEST_EMPTY: Duration = Duration::from_millis(5);
/// Right after a loss of Redis' memory, what is held back is given out soon.
const YOUNG_EMPTY: Duration = Duration::from_millis(250);

/// Why Redis is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Purpose {
    /// To lease tokens; in advance too, unless the node is stopping.
    Lease { in_advance: bool },
    /// To say what was spent, and go on holding what is of use.
    Keep,
    /// To say what was spent to a Redis that may not remember it. One that has no count at all isn't made to begin one.
    Remind,
    /// To give back what is in hand.
    GiveBack,
    /// The same, and for the last time.
    Leave,
}

/// What a limit says: totals, so that saying it twice changes nothing.
#[derive(Debug, Clone)]
pub(crate) struct Word {
    holder: String,
    redis_key: String,
    sequence: u64,
    quota: u64,
    want: u64,
    need: u64,
    leaves: bool,
    sent: Instant,
    about: About,
}

#[derive(Debug, Clone)]
enum About {
    Counted { window: Window, spent: u64, hand: u64, told: u64, known: bool, birth: Option<Uuid> },
    Flow { period: Duration, debt: u64, hand: u64, back: u64, level: f64, known: bool },
}

/// What Redis is told of use before its time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum SeedWord {
    /// It wasn't looked up.
    NotAsked,
    /// So much by now, when Redis has counted for a while.
    Used(u64),
    /// So much, asked when Redis had no count.
    UsedBefore(u64),
    /// Nobody can say now.
    Unknown,
}

/// What Redis answers.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Answer {
    /// The word counts.
    Told {
        /// Counted: the total that this holder may accept. Flow: the tokens that were added.
        granted: u64,
        /// Counted: used or held by others. Flow: the level.
        level: f64,
        /// Held by others who don't use it.
        idle: u64,
        /// Redis counts without knowing what was used before it began.
        unseeded: bool,
        /// Redis lost its memory a moment ago and holds something back.
        young: bool,
        /// Counted: which count it is. Another one begins when Redis has lost it.
        birth: Option<Uuid>,
    },
    /// Redis has no count: it must be told what was used before.
    Fresh,
    /// The window is over, or hasn't begun, by Redis' clock.
    OtherWindow,
    /// A later word was heard already.
    Stale,
}

/// The two scripts.
#[derive(Debug)]
pub(crate) struct Scripts {
    counted: Script,
    flow: Script,
}

impl Scripts {
    pub(crate) fn new() -> Self {
        Self {
            counted: Script::new(include_str!("counted.lua")),
            flow: Script::new(include_str!("flow.lua")),
        }
    }

    pub(crate) fn invocation(&self, word: &Word, seed: SeedWord) -> ScriptInvocation<'_> {
        match &word.about {
            About::Counted { window, spent, hand, told, known, birth } => {
                let mut call = self.counted.prepare_invoke();
                call.key(&word.redis_key).arg(&word.holder).arg(word.sequence).arg(word.quota);
                call.arg(spent).arg(hand).arg(told).arg(u8::from(*known)).arg(word.want).arg(word.need);
                match seed {
                    SeedWord::NotAsked => call.arg(""),
                    SeedWord::Used(used) | SeedWord::UsedBefore(used) => call.arg(used),
                    SeedWord::Unknown => call.arg("unknown"),
                };
                let kept_until = window.end_ms.map_or_else(
                    || Utc::now().timestamp_millis().saturating_add(KEPT_OPEN),
                    |end| end.saturating_add(KEPT_AFTER),
                );
                call.arg(window.start_ms.unwrap_or(0)).arg(window.end_ms.unwrap_or(0)).arg(kept_until);
                call.arg(u8::from(word.leaves)).arg(RECALL_CHANNEL);
                call.arg(u8::from(matches!(seed, SeedWord::UsedBefore(_))));
                // A script's own lots would be the same each time.
                call.arg(Uuid::new_v4().simple().to_string());
                call.arg(birth.map(|birth| birth.simple().to_string()).unwrap_or_default());
                call
            }
            About::Flow { period, debt, hand, back, level, known } => {
                let mut call = self.flow.prepare_invoke();
                call.key(&word.redis_key).arg(&word.holder).arg(word.sequence).arg(word.quota);
                call.arg(u64::try_from(period.as_micros()).unwrap_or(u64::MAX));
                call.arg(debt).arg(hand).arg(back).arg(word.want).arg(word.need);
                call.arg(format!("{level:.9}")).arg(u8::from(*known));
                call.arg(u8::from(word.leaves)).arg(RECALL_CHANNEL);
                call
            }
        }
    }

    /// A word that changes nothing of anybody's: whether Redis answers as it must.
    pub(crate) fn probe(&self, holder: &str) -> ScriptInvocation<'_> {
        let word = Word {
            holder: holder.to_owned(),
            redis_key: format!("sixty:limit:1:probe:{holder}"),
            sequence: 1,
            quota: 1,
            want: 0,
            need: 0,
            leaves: true,
            sent: Instant::now(),
            about: About::Flow {
                period: Duration::from_secs(1),
                debt: 0,
                hand: 0,
                back: 0,
                level: 0.0,
                known: false,
            },
        };
        self.invocation(&word, SeedWord::NotAsked)
    }
}

/// Redis' time in milliseconds since 1970, and the answer.
#[derive(Debug)]
pub(crate) struct Heard {
    pub(crate) redis_ms: i64,
    pub(crate) answer: Answer,
}

impl FromRedisValue for Heard {
    fn from_redis_value(value: Value) -> Result<Self, redis::ParsingError> {
        let mut parts = Vec::<Value>::from_redis_value(value)?.into_iter();
        let mut next = || parts.next().unwrap_or(Value::Nil);
        let kind = String::from_redis_value(next())?;
        let redis_ms = i64::from_redis_value(next())?;
        let answer = match kind.as_str() {
            "fresh" => Answer::Fresh,
            "clock" => Answer::OtherWindow,
            "stale" => Answer::Stale,
            _ => Answer::Told {
                granted: u64::from_redis_value(next())?,
                level: f64::from_redis_value(next())?,
                idle: u64::from_redis_value(next())?,
                unseeded: u8::from_redis_value(next())? == 1,
                young: i64::from_redis_value(next())? > 0,
                birth: Option::<String>::from_redis_value(next())?
                    .and_then(|birth| Uuid::try_parse(&birth).ok()),
            },
        };
        Ok(Self { redis_ms, answer })
    }
}

impl Limit {
    /// What to tell Redis now. The caller has seen to it that no other word is under way.
    pub(crate) fn word(&self, state: &mut State, purpose: Purpose, now: Instant) -> Word {
        state.sequence += 1;
        let leave = matches!(purpose, Purpose::GiveBack | Purpose::Leave);
        let (want, need) = match purpose {
            Purpose::Lease { in_advance: true } => (state.slice.lease(state.quota, now), state.waiting),
            Purpose::Lease { in_advance: false } => (0, state.waiting),
            Purpose::Keep | Purpose::Remind | Purpose::GiveBack | Purpose::Leave => (0, 0),
        };
        let keep = match purpose {
            Purpose::Lease { .. } | Purpose::Remind => u64::MAX,
            Purpose::Keep => state.slice.lease(state.quota, now),
            Purpose::GiveBack | Purpose::Leave => 0,
        };
        let (window, about) = match &mut state.account {
            Account::Counted(counted) => {
                counted.granted = counted.granted.min(counted.spent.saturating_add(keep));
                let Counted { window, spent, told, known, birth, .. } = *counted;
                let hand = counted.hand();
                (Some(window), About::Counted { window, spent, hand, told, known, birth })
            }
            Account::Flow(flow) => {
                flow.advance(state.quota, now);
                let back = flow.hand.saturating_sub(keep);
                flow.hand -= back;
                let Flow { period, debt, hand, level, known, .. } = *flow;
                (None, About::Flow { period, debt, hand, back, level, known })
            }
        };
        let (holder, sequence, quota) = (state.holder.clone(), state.sequence, state.quota);
        let redis_key = self.key.redis_key(window.as_ref());
        Word {
            holder,
            redis_key,
            sequence,
            quota,
            want,
            need,
            leaves: leave && purpose == Purpose::Leave,
            sent: now,
            about,
        }
    }
}

impl Word {
    /// Brings up to date what others, such as PostgreSQL, may know of this node's use.
    pub(crate) fn learn_spent(&mut self, account: &Account) {
        if let (About::Counted { window, told, .. }, Account::Counted(counted)) = (&mut self.about, account)
            && counted.window == *window
        {
            *told = counted.spent;
        }
    }

    /// The window that is asked about.
    pub(crate) fn window(&self) -> Option<Window> {
        match &self.about {
            About::Counted { window, .. } => Some(*window),
            About::Flow { .. } => None,
        }
    }
}

/// How a refill goes on after an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Next {
    /// It has ended.
    Done,
    /// Others are asked to give back what they don't use: ask again soon.
    AskAgain,
}

impl State {
    /// Takes in what Redis answered to a word. `may_wait`: whether there is time to ask again.
    pub(crate) fn hear(&mut self, word: &Word, answer: &Answer, now: Instant, may_wait: bool) -> Next {
        self.refill = Refill::None;
        let Answer::Told { granted, level, idle, unseeded, young, birth } = *answer else {
            return Next::Done;
        };
        self.told_at = Some(word.sent);
        self.loose = 0;
        self.unseeded = unseeded;
        let mut brought_some = granted > 0;
        let empty = match (&mut self.account, &word.about) {
            (Account::Counted(counted), About::Counted { window, spent, .. })
                if counted.window == *window =>
            {
                counted.told = counted.told.max(*spent);
                (counted.known, counted.birth) = (true, birth);
                // Not what is in hand now: whoever asked may have gone on alone meanwhile, which says nothing about what
                // Redis has left.
                brought_some = granted > *spent;
                counted.others = crate::flow::whole(level);
                // A lease under another quota is void. Redis hears so with the next word.
                self.loose = granted.saturating_sub(*spent).saturating_sub(word.need);
                if word.quota == self.quota {
                    counted.granted = granted;
                }
                if young { YOUNG_EMPTY } else { EMPTY }
            }
            (Account::Flow(flow), About::Flow { debt, hand, .. }) => {
                flow.debt = flow.debt.saturating_sub(*debt);
                flow.known = true;
                self.loose = (hand + granted).saturating_sub(word.need);
                flow.advance(self.quota, now);
                if word.quota == self.quota {
                    flow.hand += granted;
                    flow.hand_until = word.sent + HAND_LIVES;
                    flow.level =
                        (level + crate::flow::as_float(flow.debt)).max(crate::flow::as_float(flow.hand));
                }
                flow.until_next(self.quota).clamp(SHORTEST_EMPTY, EMPTY)
            }
            // The window ended meanwhile.
            _ => return Next::Done,
        };
        if word.need == 0 || brought_some || self.account.hand() > 0 || word.quota != self.quota {
            return Next::Done;
        }
        if idle > 0 && may_wait {
            self.refill = Refill::Recalling;
            return Next::AskAgain;
        }
        self.empty_until = Some(now + empty);
        Next::Done
    }
}

/// An answer that took too long.
pub(crate) fn timed_out() -> RedisError {
    RedisError::from((ErrorKind::Io, "no answer in time"))
}

/// For signatures that speak of an answer or none.
pub(crate) type HeardOrNot = RedisResult<Heard>;

#[cfg(test)]
mod tests {
    use chrono_tz::UTC;
    use domain::{ApiKeyId, CustomerId, RateLimitPeriod};

    use super::*;
    use crate::limit::{Moment, Refill, Step};
    use crate::limit_key::{LimitKey, Manner};
    use crate::policy::{OnRedisLoss, Period, Policy, Subject};

    #[test]
    fn who_went_on_alone_does_not_make_redis_look_empty() {
        let policy = Policy {
            name: "key",
            subject: Subject::key(CustomerId::generate(), ApiKeyId::generate()),
            quota: 1_000,
            period: Period::named(RateLimitPeriod::Day, UTC),
            on_redis_loss: OnRedisLoss::NodeLocal,
        };
        let key = LimitKey { subject: policy.subject.clone(), manner: Manner::of(&policy.period) };
        let now = Instant::now();
        let patient = Moment {
            wall_ms: Utc::now().timestamp_millis(),
            now,
            deadline: now,
            redis: true,
            patient: true,
            again: false,
        };
        let limit = Limit::new(&policy, key, &patient);
        assert_eq!(limit.decide(&policy, &patient).step, Step::Wait);
        let word = limit.word(&mut limit.state(), Purpose::Lease { in_advance: true }, now);
        // Redis takes too long, so the request goes on alone; then the answer comes.
        let impatient = Moment { patient: false, again: true, ..patient };
        assert!(matches!(limit.decide(&policy, &impatient).step, Step::Taken(_)));
        let answer =
            Answer::Told { granted: 1, level: 0.0, idle: 0, unseeded: false, young: false, birth: None };
        limit.state().hear(&word, &answer, now, true);
        assert_eq!(limit.state().refill, Refill::None);
        assert_eq!(limit.decide(&policy, &patient).step, Step::Wait, "the next one is refused");
    }
}
