//! The state of one limit on this node, and the decision of one request, which is arithmetic under a short lock.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::Notify;
use uuid::Uuid;

use crate::counted::Counted;
use crate::flow::Flow;
use crate::limit_key::{LimitKey, Manner};
use crate::policy::{OnRedisLoss, Period, Policy};
use crate::seeding::LateSeed;
use crate::slice::Slice;
use crate::verdict::PolicyState;
use crate::window::Window;

/// When to ask again what can't be decided now.
const UNDECIDED: Duration = Duration::from_secs(2);
/// Redis that answered so lately isn't away.
const RECENT: Duration = Duration::from_secs(1);

/// One limit on this node.
#[derive(Debug)]
pub(crate) struct Limit {
    pub(crate) key: LimitKey,
    state: Mutex<State>,
    /// A refill has ended, or brought nothing so far.
    pub(crate) changed: Notify,
}

#[derive(Debug)]
pub(crate) struct State {
    /// Who counts here, as Redis knows it. Whoever begins to count at nothing is somebody else: a limit that was
    /// evicted and comes back, and another window. So nobody's word can take back what was counted before.
    pub(crate) holder: String,
    pub(crate) quota: u64,
    period: Period,
    pub(crate) account: Account,
    pub(crate) slice: Slice,
    pub(crate) refill: Refill,
    /// Redis has said that nothing is left: it isn't asked again before this moment.
    pub(crate) empty_until: Option<Instant>,
    /// Requests that wait for the refill.
    pub(crate) waiting: u64,
    /// Numbers this holder's words to Redis, so that a late one can't undo a later one.
    pub(crate) sequence: u64,
    /// When the last word was sent that Redis has answered.
    pub(crate) told_at: Option<Instant>,
    /// What others may think is idle here: held after the last word, and not needed at once.
    pub(crate) loose: u64,
    /// Whether the keeper has it on its list.
    pub(crate) listed: bool,
    /// Whether Redis counts without knowing what was used before it began.
    pub(crate) unseeded: bool,
    /// Whether what was used before is being asked for, with nobody waiting.
    pub(crate) seeding: bool,
    /// The answer to that, for the next word.
    pub(crate) late_seed: Option<LateSeed>,
    /// What the last policy declares.
    pub(crate) declared: OnRedisLoss,
    /// How many requests were decided here. Counted with each limit, because a number for all of them would go back and
    /// forth between the processor's cores.
    pub(crate) checks: u64,
}

/// What is under way between this limit and Redis. There is at most one refill at a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Refill {
    /// Nothing.
    None,
    /// Redis was asked.
    Asked,
    /// Redis has nothing left, but others hold some that they don't use: they are asked to give it back.
    Recalling,
    /// Redis was asked and takes too long, or can't serve this limit: nobody waits for it.
    Stalled,
}

#[derive(Debug)]
pub(crate) enum Account {
    Counted(Counted),
    Flow(Flow),
}

/// What becomes of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Step {
    /// It is accepted; the receipt undoes it.
    Taken(Receipt),
    /// It is refused; asking again makes sense after that time.
    Refused(Duration),
    /// A refill decides it.
    Wait,
}

/// How a request was accepted, to give it back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Receipt {
    Counted { window: Window },
    FlowHand,
    FlowAlone,
}

/// The clocks and the state of Redis at a request.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Moment {
    /// The wall clock that all nodes share, in milliseconds since 1970.
    pub(crate) wall_ms: i64,
    pub(crate) now: Instant,
    /// Until when the request may wait.
    pub(crate) deadline: Instant,
    /// Whether Redis can be asked.
    pub(crate) redis: bool,
    /// Whether this request may still wait.
    pub(crate) patient: bool,
    /// Whether this request has been here before, and waited.
    pub(crate) again: bool,
}

/// A decision, how the policy stands after it, and whether the caller must begin a refill.
#[derive(Debug)]
pub(crate) struct Decision {
    pub(crate) step: Step,
    pub(crate) policy: PolicyState,
    pub(crate) refill: bool,
    /// Whether it was made without Redis, as declared.
    pub(crate) alone: bool,
}

impl Limit {
    pub(crate) fn new(policy: &Policy, key: LimitKey, moment: &Moment) -> Self {
        let account = Account::new(policy, key.manner, moment);
        Self {
            key,
            changed: Notify::new(),
            state: Mutex::new(State {
                holder: new_holder(),
                quota: policy.quota,
                period: policy.period,
                account,
                slice: Slice::new(moment.now),
                refill: Refill::None,
                empty_until: None,
                waiting: 0,
                sequence: 0,
                told_at: None,
                loose: 0,
                listed: false,
                unseeded: false,
                seeding: false,
                late_seed: None,
                declared: policy.on_redis_loss,
                checks: 0,
            }),
        }
    }

    /// The state. No code under the lock can panic half way through a change.
    pub(crate) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Decides a request.
    pub(crate) fn decide(&self, policy: &Policy, moment: &Moment) -> Decision {
        let mut state = self.state();
        state.follow(policy, self.key.manner, moment);
        if !moment.again {
            let first = state.checks == 0;
            state.checks += 1;
            state.slice.used(moment.now, first);
        }
        let (step, refill, alone) = state.step(policy, moment);
        state.waiting += u64::from(step == Step::Wait);
        Decision { step, policy: state.describe(policy, moment), refill, alone }
    }

    /// A request that waited has been woken, or has gone.
    pub(crate) fn waited(&self) {
        let mut state = self.state();
        state.waiting = state.waiting.saturating_sub(1);
    }

    /// How the policy stands, without taking anything.
    pub(crate) fn peek(&self, policy: &Policy, moment: &Moment) -> PolicyState {
        let mut state = self.state();
        state.follow(policy, self.key.manner, moment);
        state.describe(policy, moment)
    }

    /// Undoes an accepted request, because another limit refuses it.
    pub(crate) fn give_back(&self, receipt: Receipt, now: Instant) {
        let mut state = self.state();
        match (&mut state.account, receipt) {
            (Account::Counted(counted), Receipt::Counted { window }) if counted.window == window => {
                counted.give_back();
            }
            (Account::Flow(flow), Receipt::FlowHand) => flow.give_back_hand(now),
            (Account::Flow(flow), Receipt::FlowAlone) => flow.give_back_alone(),
            // The window is over, and its count with it.
            _ => {}
        }
    }
}

impl Account {
    fn new(policy: &Policy, manner: Manner, moment: &Moment) -> Self {
        match (Window::at(&policy.period, moment.wall_ms), manner) {
            (Some(window), _) => Self::Counted(Counted::new(window)),
            (None, Manner::Sliding(length)) => {
                Self::Flow(Flow::new(Duration::from_millis(length), moment.now))
            }
            (None, _) => Self::Flow(Flow::new(Duration::from_secs(1), moment.now)),
        }
    }

    pub(crate) fn hand(&self) -> u64 {
        match self {
            Self::Counted(counted) => counted.hand(),
            Self::Flow(flow) => flow.hand,
        }
    }

    /// Whether Redis must still be told of requests that it granted no tokens for.
    pub(crate) fn owes(&self) -> bool {
        match self {
            Self::Counted(counted) => counted.owes(),
            Self::Flow(flow) => flow.debt > 0,
        }
    }
}

impl State {
    /// Brings the state to the moment: another quota, another period, another window.
    fn follow(&mut self, policy: &Policy, manner: Manner, moment: &Moment) {
        self.declared = policy.on_redis_loss;
        if self.period != policy.period {
            self.period = policy.period;
            let same = match &self.account {
                Account::Counted(counted) => {
                    Window::at(&policy.period, moment.wall_ms) == Some(counted.window)
                }
                Account::Flow(_) => true,
            };
            if !same {
                self.begin_anew(policy, manner, moment);
            }
        }
        if self.quota != policy.quota {
            match &mut self.account {
                Account::Counted(counted) => counted.drop_hand(),
                Account::Flow(flow) => {
                    flow.advance(self.quota, moment.now);
                    flow.change_quota(self.quota, policy.quota);
                }
            }
            self.quota = policy.quota;
            self.empty_until = None;
        }
        match &mut self.account {
            Account::Counted(counted) if !counted.window.still_holds(moment.wall_ms) => {
                self.begin_anew(policy, manner, moment);
            }
            Account::Counted(_) => {}
            Account::Flow(flow) => flow.advance(self.quota, moment.now),
        }
    }

    fn begin_anew(&mut self, policy: &Policy, manner: Manner, moment: &Moment) {
        self.account = Account::new(policy, manner, moment);
        self.holder = new_holder();
        (self.loose, self.unseeded, self.empty_until) = (0, false, None);
    }

    /// The step, whether the caller must begin a refill, and whether Redis had no say.
    fn step(&mut self, policy: &Policy, moment: &Moment) -> (Step, bool, bool) {
        if self.quota == 0 {
            return (Step::Refused(self.retry(moment)), false, false);
        }
        if let Some(receipt) = self.take_hand() {
            let low = moment.redis && self.slice.is_low(self.account.hand());
            return (Step::Taken(receipt), low && self.may_ask(moment.now) && self.ask(), false);
        }
        let alone = |state: &mut Self| (state.without_redis(policy.on_redis_loss, moment), false, true);
        if !moment.redis {
            return alone(self);
        }
        match self.refill {
            Refill::Stalled => alone(self),
            Refill::None if !self.may_ask(moment.now) => (Step::Refused(self.retry(moment)), false, false),
            Refill::None if moment.patient => (Step::Wait, self.ask(), false),
            Refill::Asked | Refill::Recalling if moment.patient => (Step::Wait, false, false),
            // It has waited as long as it may, while others were asked to give back what they hold.
            Refill::Recalling => (Step::Refused(self.retry(moment)), false, false),
            // Nobody else shall wait as long as this one did.
            Refill::Asked => {
                self.refill = Refill::Stalled;
                alone(self)
            }
            // Redis answers, and others were quicker.
            Refill::None if self.told_at.is_some_and(|at| moment.now < at + RECENT) => {
                (Step::Refused(self.retry(moment)), false, false)
            }
            Refill::None => alone(self),
        }
    }

    fn may_ask(&self, now: Instant) -> bool {
        self.refill == Refill::None && self.empty_until.is_none_or(|until| until <= now)
    }

    fn ask(&mut self) -> bool {
        self.refill = Refill::Asked;
        true
    }

    fn take_hand(&mut self) -> Option<Receipt> {
        match &mut self.account {
            Account::Counted(counted) => {
                counted.take_hand().then_some(Receipt::Counted { window: counted.window })
            }
            Account::Flow(flow) => flow.take_hand().then_some(Receipt::FlowHand),
        }
    }

    fn without_redis(&mut self, declared: OnRedisLoss, moment: &Moment) -> Step {
        let taken = match (declared, &mut self.account) {
            (OnRedisLoss::Closed, _) => return Step::Refused(UNDECIDED),
            (OnRedisLoss::NodeLocal, Account::Counted(counted)) => counted.take_alone(self.quota),
            (OnRedisLoss::NodeLocal, Account::Flow(flow)) => flow.take_alone(self.quota),
            (OnRedisLoss::Open, Account::Counted(counted)) => {
                counted.take_anyway();
                true
            }
            (OnRedisLoss::Open, Account::Flow(flow)) => {
                flow.take_anyway(self.quota);
                true
            }
        };
        match &self.account {
            _ if !taken => Step::Refused(self.retry(moment)),
            Account::Counted(counted) => Step::Taken(Receipt::Counted { window: counted.window }),
            Account::Flow(_) => Step::Taken(Receipt::FlowAlone),
        }
    }

    /// When a refused request may be accepted.
    fn retry(&self, moment: &Moment) -> Duration {
        match &self.account {
            // Redis has said "nothing", yet by what is known there is some: others hold it, or it isn't given out
            // right after a loss.
            Account::Counted(counted) if counted.remaining(self.quota) > 0 => UNDECIDED,
            Account::Counted(counted) => {
                // A window without a known end: somebody has yet to say when the next one begins.
                Duration::from_secs(counted.window.seconds_left(moment.wall_ms).unwrap_or(3600))
            }
            Account::Flow(flow) => flow.until_next(self.quota),
        }
    }

    fn describe(&self, policy: &Policy, moment: &Moment) -> PolicyState {
        let (window_seconds, remaining, reset_seconds) = match &self.account {
            Account::Counted(counted) => (
                counted.window.seconds(),
                counted.remaining(self.quota),
                counted.window.seconds_left(moment.wall_ms),
            ),
            Account::Flow(flow) => {
                let remaining = flow.remaining(self.quota);
                let reset =
                    if remaining == 0 { flow.until_next(self.quota) } else { flow.until_whole(self.quota) };
                (Some(seconds(flow.period)), remaining, Some(seconds(reset)))
            }
        };
        PolicyState {
            name: policy.name,
            quota: policy.quota,
            window_seconds,
            remaining: Some(remaining),
            reset_seconds,
        }
    }
}

fn new_holder() -> String {
    Uuid::new_v4().simple().to_string()
}

/// Seconds, rounded up, at least 1.
pub(crate) fn seconds(duration: Duration) -> u64 {
    (duration.as_secs() + u64::from(duration.subsec_nanos() > 0)).max(1)
}
