//! A request that is sent again, the same bytes, until it is answered.

use crate::{
    moment::{Generation, Moment},
    refused::Refused,
};

/// The longest pause between two tries.
const LONGEST_MS: u64 = 30_000;
/// The longest a server is obeyed when it asks to wait.
const LONGEST_ASKED_S: u64 = 3_600;

/// Where a resent request stands. Nothing of it survives a restart: then it is simply due again.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Retry {
    asked: Option<Generation>,
    due: u64,
    /// The server asked not to come before.
    not_before: u64,
    failures: u32,
}

impl Retry {
    /// Marks it as sent; gives the generation that its answer must carry.
    pub(crate) fn send(&mut self, moment: &mut Moment<'_>) -> Generation {
        let order = moment.next_generation();
        self.asked = Some(order);
        order
    }

    /// Whether an answer to `order` is awaited.
    pub(crate) fn awaits(&self, order: Generation) -> bool {
        self.asked == Some(order)
    }

    /// Whether it is to be sent now.
    pub(crate) fn is_due(&self, moment: &Moment<'_>) -> bool {
        self.asked.is_none() && moment.now.is_past(self.due)
    }

    /// Whether it may be sent without waiting longer: there is a network again.
    pub(crate) fn may_hurry(&self, moment: &Moment<'_>) -> bool {
        self.asked.is_none() && moment.now.is_past(self.not_before)
    }

    /// When it is due, if it rests.
    pub(crate) fn next_wake(&self) -> Option<u64> {
        self.asked.is_none().then_some(self.due)
    }

    /// It was answered well, and is due again after `ms`.
    pub(crate) fn again_after(&mut self, ms: u64, moment: &Moment<'_>) {
        *self = Self { due: moment.now.after(ms), ..Self::default() };
    }

    /// It was not answered, or with *later*: after a doubling pause, half of it by chance, and not before the server
    /// asked for it.
    pub(crate) fn failed(&mut self, retry_after_s: Option<u64>, moment: &Moment<'_>) -> Result<(), Refused> {
        let failures = self.failures.saturating_add(1);
        let ceiling = (1_000_u64 << failures.min(5)).min(LONGEST_MS);
        let pause = ceiling / 2 + moment.up_to(ceiling / 2)?;
        let not_before = moment.now.after(retry_after_s.unwrap_or(0).min(LONGEST_ASKED_S) * 1_000);
        *self = Self { asked: None, due: moment.now.after(pause).max(not_before), not_before, failures };
        Ok(())
    }

    /// Whether it never failed since it last went well.
    pub(crate) fn is_fresh(&self) -> bool {
        self.failures == 0
    }
}
