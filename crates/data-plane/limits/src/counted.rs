//! A count in a window with ends: a day, a month, until a reset date.
//!
//! A node tells Redis how many requests it has accepted in the window (`spent`) and how many more it may accept
//! without asking (`granted - spent`, its hand). Both are totals, not changes: telling twice changes nothing, and
//! what was told and lost is put right by the next word.

use uuid::Uuid;

use crate::window::Window;

/// One node's part of a count.
#[derive(Debug, Clone)]
pub(crate) struct Counted {
    pub(crate) window: Window,
    /// Accepted by this node in this window.
    pub(crate) spent: u64,
    /// What this node may have accepted in this window before it has to ask again.
    pub(crate) granted: u64,
    /// Used or held by others, as Redis said last.
    pub(crate) others: u64,
    /// `spent`, as Redis has heard it last.
    pub(crate) told: u64,
    /// Whether Redis has ever heard of this node in this window.
    pub(crate) known: bool,
    /// Which count it was that Redis heard it in last: each has another when it begins.
    pub(crate) birth: Option<Uuid>,
}

impl Counted {
    pub(crate) fn new(window: Window) -> Self {
        Self { window, spent: 0, granted: 0, others: 0, told: 0, known: false, birth: None }
    }

    pub(crate) fn hand(&self) -> u64 {
        self.granted.saturating_sub(self.spent)
    }

    pub(crate) fn drop_hand(&mut self) {
        self.granted = self.granted.min(self.spent);
    }

    /// Spends a token that is in hand.
    pub(crate) fn take_hand(&mut self) -> bool {
        let some = self.hand() > 0;
        self.spent += u64::from(some);
        some
    }

    /// Accepts without Redis, as long as what is known to be used is under the quota.
    pub(crate) fn take_alone(&mut self, quota: u64) -> bool {
        let free = self.remaining(quota) > 0;
        self.spent += u64::from(free);
        free
    }

    pub(crate) fn take_anyway(&mut self) {
        self.spent += 1;
    }

    /// Undoes a take of this window.
    pub(crate) fn give_back(&mut self) {
        self.spent = self.spent.saturating_sub(1);
    }

    pub(crate) fn remaining(&self, quota: u64) -> u64 {
        quota.saturating_sub(self.others).saturating_sub(self.spent)
    }

    /// Whether Redis doesn't know yet what this node has accepted, beyond what it was granted.
    pub(crate) fn owes(&self) -> bool {
        self.spent > self.granted
    }
}
