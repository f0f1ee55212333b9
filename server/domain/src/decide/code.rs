//! Typed digits: count, then compare.

use koppel_protocol::{Digits, id::ChallengeId};
use serde_json::json;

use super::draft::Draft;
use crate::{
    Challenge, ChallengeState, Change, Counter, CounterKind, Holder, Method, MethodKind, MethodState, Mode, Refusal,
    Reply, Row,
};

impl Draft<'_> {
    pub(super) fn check_code(&mut self, id: ChallengeId, holder: &Holder, code: &Digits) -> Result<Reply, Refusal> {
        let (challenge, _) = self.held_challenge(id, holder)?;
        self.not_locked()?;
        Self::pending(&challenge)?;
        let delivery = challenge.delivery().cloned().ok_or(Refusal::DeliveryEnded)?;
        if self.now() >= delivery.expires {
            return Err(Refusal::DeliveryEnded);
        }
        // What stands on the page is no secret: digits typed there are not even compared.
        if delivery.mode != Mode::Code {
            return Err(Refusal::WrongMode);
        }
        self.codes_are_taken()?;
        if !self.reached_a_phone(&challenge) {
            return Err(Refusal::NotEnrolled { ever: self.account.user.ever_enrolled });
        }

        let tries_left = self.count_code(challenge);

        let right = self.context.keys.code(id, delivery.seq, delivery.digits) == *code;
        if right { self.right_code(id, holder) } else { self.wrong_code(id, tries_left) }
    }

    /// Neither disabled nor in the pause after a failure. The bucket is the account's: no new challenge, session or page
    /// gives anything back.
    fn codes_are_taken(&self) -> Result<(), Refusal> {
        if self.account.method(MethodKind::App).is_some_and(|method| method.state == MethodState::CodesDisabled) {
            return Err(Refusal::MethodDisabled);
        }
        match self.account.counter(CounterKind::CodeFailures).wait(self.now()) {
            Some(retry_after) => Err(Refusal::TooManyTries { retry_after }),
            None => Ok(()),
        }
    }

    /// Counts the try on the challenge and in the account's bucket; says how many the challenge has left.
    fn count_code(&mut self, challenge: Challenge) -> u32 {
        let code_tries = challenge.code_tries + 1;
        self.put_challenge(Challenge { code_tries, ..challenge });
        let counter = self.account.counter(CounterKind::CodeFailures);
        let count = counter.count + 1;
        let pause = self.policy().failure_pause(count);
        let blocked_until = (pause > 0).then(|| self.now().plus(pause));
        self.put(Change::PutCounter(Counter { count, blocked_until, ..counter }));
        self.policy().code_tries.saturating_sub(code_tries)
    }

    fn right_code(&mut self, id: ChallengeId, holder: &Holder) -> Result<Reply, Refusal> {
        self.put(Change::Remove(Row::Counter(CounterKind::CodeFailures)));
        self.factor_was_right();
        self.move_challenge(id, ChallengeState::Approved);
        match holder {
            Holder::Page { .. } => Ok(Reply::Approved { challenge: id }),
            Holder::Panel { terms, .. } => Ok(Reply::Verified(Box::new(self.take_approval(id, terms)?))),
        }
    }

    fn wrong_code(&mut self, id: ChallengeId, tries_left: u32) -> Result<Reply, Refusal> {
        self.note("code.wrong", json!({ "challenge": id, "tries_left": tries_left }));
        if tries_left == 0 {
            self.move_challenge(id, ChallengeState::Failed);
        }
        let failures = self.account.counter(CounterKind::CodeFailures).count;
        if failures >= self.policy().failures_disable {
            self.set_app_method(MethodState::CodesDisabled);
            self.note("method.codes_disabled", json!({ "failures": failures }));
        }
        Err(Refusal::WrongCode { tries_left: Some(tries_left) })
    }

    /// The app's first right answer makes it a proven method; alerts may ring again.
    pub(super) fn factor_was_right(&mut self) {
        self.account.user.alerts.success();
        if self.account.method(MethodKind::App).is_some_and(|method| method.state == MethodState::Unproven) {
            self.set_app_method(MethodState::Active);
        }
    }

    pub(super) fn set_app_method(&mut self, state: MethodState) {
        let created = self.account.method(MethodKind::App).map_or(self.now(), |method| method.created);
        self.put(Change::PutMethod(Method { kind: MethodKind::App, state, created }));
    }
}
