//! Typed codes: count, then compare.

use koppel_protocol::{Digits, id::ChallengeId};
use serde_json::json;

use super::draft::Draft;
use super::guard::same;
use crate::{
    Authenticator, Challenge, ChallengeState, Change, Counter, CounterKind, Delivery, HashedCode, Holder, Material,
    Method, MethodKind, MethodState, Mode, OpenSeed, Prompt, RecoveryCodes, Refusal, Reply, Row, Typed,
};

impl Draft<'_> {
    pub(super) fn check_code(&mut self, id: ChallengeId, holder: &Holder, typed: &Typed) -> Result<Reply, Refusal> {
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
        self.still_fits_method(&delivery, typed, holder)?;
        self.codes_are_taken(delivery.method)?;
        if delivery.method == MethodKind::App && !self.reached_a_phone(&challenge) {
            return Err(Refusal::NotEnrolled { ever: self.account.user.ever_enrolled });
        }

        let tries_left = self.count_code(challenge, delivery.method);

        if self.is_right(id, &delivery, typed) {
            self.right_code(id, delivery.method, holder)
        } else {
            self.wrong_code(id, delivery.method, tries_left)
        }
    }

    /// What was typed is for the live delivery, the method still counts, and what was opened or hashed before the transaction
    /// is what the account holds.
    fn still_fits_method(&self, delivery: &Delivery, typed: &Typed, holder: &Holder) -> Result<(), Refusal> {
        if typed.method() != delivery.method {
            return Err(Refusal::Stale);
        }
        let method = self.account.method(delivery.method);
        let fits = match typed {
            Typed::App(_) => true,
            Typed::Totp(_, seed) => {
                let held = method.and_then(Method::authenticator).and_then(|held| held.seed.as_ref());
                held == Some(&seed.sealed)
            }
            // Recovery codes only open the page on which a method is set up anew.
            Typed::Recovery(_) if matches!(holder, Holder::Panel { .. }) => return Err(Refusal::WrongMode),
            Typed::Recovery(code) => {
                let slot = method.and_then(Method::recovery).and_then(|codes| codes.slots.get(usize::from(code.slot)));
                slot.is_some_and(|slot| slot.salt == code.salt)
            }
        };
        let counts = holder.terms().methods.allows(delivery.method);
        match (method, counts) {
            (_, false) => Err(Refusal::MethodDisabled),
            (None, _) if delivery.method != MethodKind::App => Err(Refusal::MethodDisabled),
            _ if fits => Ok(()),
            _ => Err(Refusal::Stale),
        }
    }

    /// Neither disabled nor in the pause after a failure. The bucket is the account's: no new challenge, session or page
    /// gives anything back.
    pub(super) fn codes_are_taken(&self, of: MethodKind) -> Result<(), Refusal> {
        if self.account.method(of).is_some_and(|method| method.state == MethodState::CodesDisabled) {
            return Err(Refusal::MethodDisabled);
        }
        self.not_in_a_pause(of)
    }

    /// No failure was so recent that nothing is compared yet.
    pub(super) fn not_in_a_pause(&self, of: MethodKind) -> Result<(), Refusal> {
        match self.account.counter(CounterKind::failures(of)).wait(self.now()) {
            Some(retry_after) => Err(Refusal::TooManyTries { retry_after }),
            None => Ok(()),
        }
    }

    /// Counts the try on the challenge and in the account's bucket; says how many the challenge has left.
    fn count_code(&mut self, challenge: Challenge, of: MethodKind) -> u32 {
        let code_tries = challenge.code_tries + 1;
        self.put_challenge(Challenge { code_tries, ..challenge });
        self.count_failure(of);
        self.policy().code_tries.saturating_sub(code_tries)
    }

    /// Counts a try in the account's bucket, before anything is compared.
    pub(super) fn count_failure(&mut self, of: MethodKind) {
        let counter = self.account.counter(CounterKind::failures(of));
        let count = counter.count + 1;
        let pause = self.policy().failure_pause(count);
        let blocked_until = (pause > 0).then(|| self.now().plus(pause));
        self.put(Change::PutCounter(Counter { count, blocked_until, ..counter }));
    }

    /// Compares. What a right answer uses up is used up here: a step of the authenticator, a recovery code.
    fn is_right(&mut self, id: ChallengeId, delivery: &Delivery, typed: &Typed) -> bool {
        match typed {
            Typed::App(code) => self.context.keys.code(id, delivery.seq, delivery.digits) == *code,
            Typed::Totp(code, seed) => self.takes_step(code, seed),
            Typed::Recovery(code) => self.takes_recovery_code(code),
        }
    }

    fn takes_step(&mut self, code: &Digits, seed: &OpenSeed) -> bool {
        let Some(method) = self.account.method(MethodKind::Totp).cloned() else { return false };
        let Some(held) = method.authenticator().cloned() else { return false };
        let Some(last_step) = seed.step_of(code, self.now(), self.policy().totp_window.into(), held.last_step) else {
            return false;
        };
        let material = Material::Authenticator(Authenticator { last_step, ..held });
        self.put(Change::PutMethod(Method { material, ..method }));
        true
    }

    fn takes_recovery_code(&mut self, code: &HashedCode) -> bool {
        let Some(method) = self.account.method(MethodKind::Recovery).cloned() else { return false };
        let Some(mut held) = method.recovery().cloned() else { return false };
        let now = self.now();
        let Some(slot) = held.slots.get_mut(usize::from(code.slot)) else { return false };
        if !same(&slot.hash, &code.hash) || slot.used_at.is_some() {
            return false;
        }
        slot.used_at = Some(now);
        self.put(Change::PutMethod(Method { material: Material::Recovery(RecoveryCodes { ..held }), ..method }));
        true
    }

    fn right_code(&mut self, id: ChallengeId, by: MethodKind, holder: &Holder) -> Result<Reply, Refusal> {
        self.put(Change::Remove(Row::Counter(CounterKind::failures(by))));
        self.factor_was_right(by);
        self.move_challenge(id, ChallengeState::Approved);
        match holder {
            Holder::Page { prompt, .. } if by == MethodKind::Recovery => {
                // It lets nobody in: the challenge is over, and the page may set up a method anew.
                self.move_challenge(id, ChallengeState::Consumed);
                let prompt = self.prompt(*prompt)?;
                let (recovered_at, version) = (Some(self.now()), prompt.version + 1);
                let left = self.account.method(by).and_then(Method::recovery).map_or(0, RecoveryCodes::left);
                self.note("page.recovered", json!({ "prompt": prompt.id, "codes_left": left }));
                self.put(Change::PutPrompt(Box::new(Prompt { challenge: None, recovered_at, version, ..prompt })));
                self.tell_of_method(by);
                Ok(Reply::Recovered)
            }
            Holder::Page { .. } => Ok(Reply::Approved { challenge: id }),
            Holder::Panel { terms, .. } => Ok(Reply::Verified(Box::new(self.take_approval(id, terms)?))),
        }
    }

    fn wrong_code(&mut self, id: ChallengeId, of: MethodKind, tries_left: u32) -> Result<Reply, Refusal> {
        self.note("code.wrong", json!({ "challenge": id, "method": of, "tries_left": tries_left }));
        if tries_left == 0 {
            self.move_challenge(id, ChallengeState::Failed);
        }
        self.disable_after_failures(of);
        Err(Refusal::WrongCode { tries_left: Some(tries_left) })
    }

    /// So many failures in a row are no mistakes any more.
    pub(super) fn disable_after_failures(&mut self, of: MethodKind) {
        let failures = self.account.counter(CounterKind::failures(of)).count;
        if failures >= self.policy().failures_disable && self.account.method(of).is_some() {
            self.set_method_state(of, MethodState::CodesDisabled);
            self.note("method.codes_disabled", json!({ "method": of, "failures": failures }));
        }
    }

    /// The app's first right answer makes it a proven method; alerts may ring again.
    pub(super) fn factor_was_right(&mut self, by: MethodKind) {
        self.account.user.alerts.success();
        if let Some(method) = self.account.method(by).cloned() {
            let state = match (by, method.state) {
                (MethodKind::App, MethodState::Unproven) => MethodState::Active,
                (_, state) => state,
            };
            self.put(Change::PutMethod(Method { state, used_at: Some(self.now()), ..method }));
        }
    }
}
