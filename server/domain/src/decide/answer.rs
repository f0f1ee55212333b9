//! A phone's signed answer, in exactly the order of the protocol.

use koppel_protocol::{decision::Verdict, notice::NoticeKind, phone_api::DecisionOutcome};
use serde_json::json;

use super::{draft::Draft, guard::same};
use crate::{
    Approval, Challenge, ChallengeState, Change, ConfirmedBy, Decide, Decision, Device, Endorsement, Lock, MethodKind,
    Mode, PairingState, PromptState, Question, Refusal, Reply, Row, Ruling,
};

impl Draft<'_> {
    pub(super) fn answer(&mut self, answer: &Decide) -> Result<Reply, Refusal> {
        let device = self.signer_of(answer)?;
        if let Some(recorded) = self.recorded(answer)? {
            return recorded;
        }
        self.active_device(device.id)?;
        self.not_disabled()?;
        let challenge = self.shown_to(&device, answer)?;
        match answer.verdict {
            Verdict::Approve => self.approve(answer, &device, challenge),
            Verdict::Deny => self.deny(answer, &challenge),
            Verdict::Fraud => self.report_fraud(answer, &challenge),
        }
    }

    /// The key that verified the signature is the one this device answers so with.
    fn signer_of(&self, answer: &Decide) -> Result<Device, Refusal> {
        let device = self.account.device(answer.device).ok_or(Refusal::Unauthenticated)?;
        let key = match answer.verdict {
            Verdict::Approve => device.keys.approve,
            Verdict::Deny | Verdict::Fraud => Some(device.keys.id),
        };
        if key == Some(answer.key) { Ok(device.clone()) } else { Err(Refusal::Unauthenticated) }
    }

    /// The same answer again has the outcome it had; another one under its id is none.
    fn recorded(&self, answer: &Decide) -> Result<Option<Result<Reply, Refusal>>, Refusal> {
        let Some(known) = self.account.decision(answer.device, answer.jti) else { return Ok(None) };
        if !same(&known.signing_input, &answer.signing_input) {
            return Err(Refusal::Mismatch);
        }
        Ok(Some(match known.ruling {
            Ruling::Recorded(outcome) => Ok(Reply::Decided { outcome, challenge: known.challenge }),
            Ruling::WrongNumber { tries_left } => Err(Refusal::WrongNumber { tries_left }),
        }))
    }

    /// Exactly this challenge was shown on exactly this phone.
    fn shown_to(&self, device: &Device, answer: &Decide) -> Result<Challenge, Refusal> {
        let copy = self.account.copy(answer.challenge, answer.seq, device.id).ok_or(Refusal::NotFound)?;
        if same(&copy.ch, &answer.ch) { self.challenge(answer.challenge) } else { Err(Refusal::NotFound) }
    }

    fn approve(&mut self, answer: &Decide, device: &Device, challenge: Challenge) -> Result<Reply, Refusal> {
        if !matches!(challenge.question, Question::Unlock { .. }) {
            self.not_locked()?;
        }
        Self::pending(&challenge)?;
        let delivery = challenge.delivery().cloned().ok_or(Refusal::Expired)?;
        if self.now() >= delivery.expires {
            return Err(Refusal::Expired);
        }
        if answer.seq != delivery.seq {
            return Err(Refusal::Superseded);
        }
        if !device.can_approve(self.policy()) || !self.policy().takes(answer.uv) {
            return Err(Refusal::TooWeak);
        }
        match (delivery.mode, &challenge.question) {
            (Mode::Number, Question::Login(_)) => {
                let typed = answer.number.as_ref().ok_or(Refusal::InvalidField("num is missing"))?;
                let tries_left = self.count_number(challenge.clone());
                if self.number(challenge.id, &delivery) != *typed {
                    return Err(self.wrong_number(answer, tries_left));
                }
                self.factor_was_right(MethodKind::App);
                self.approved_by(answer);
                self.record(answer, Ruling::Recorded(DecisionOutcome::Approved));
            }
            (Mode::ConfirmPairing, Question::ConfirmPairing { pairing }) => {
                let typed = answer.number.as_ref().ok_or(Refusal::InvalidField("num is missing"))?;
                let pairing = self.confirmable(*pairing)?;
                let (number, tries_left) = self.count_check_number(&pairing)?;
                if number != *typed {
                    let refusal = self.wrong_number(answer, tries_left);
                    if tries_left == 0 {
                        self.end_pairing(pairing.id, PairingState::Refused);
                    }
                    return Err(refusal);
                }
                let endorsement = self.endorsement(answer)?;
                self.factor_was_right(MethodKind::App);
                self.approved_by(answer);
                self.move_challenge(answer.challenge, ChallengeState::Consumed);
                self.record(answer, Ruling::Recorded(DecisionOutcome::Approved));
                self.activate(pairing.id, ConfirmedBy::Phone, Some(endorsement))?;
            }
            (Mode::Unlock, Question::Unlock { device: asked }) => {
                // Only the phone whose report locked the account was asked; it is looked at again.
                let reported = self.account.user.lock.is_some_and(|lock| lock.reported_by == device.id);
                if *asked != device.id || !reported {
                    return Err(Refusal::NotVerified);
                }
                self.approved_by(answer);
                self.move_challenge(answer.challenge, ChallengeState::Consumed);
                self.record(answer, Ruling::Recorded(DecisionOutcome::Approved));
                self.lift_lock("reporting_phone", Some(answer.device));
            }
            _ => return Err(Refusal::WrongMode),
        }
        Ok(Reply::Decided { outcome: DecisionOutcome::Approved, challenge: answer.challenge })
    }

    /// Counts the try; says how many the challenge has left.
    fn count_number(&mut self, challenge: Challenge) -> u32 {
        let number_tries = challenge.number_tries + 1;
        self.put_challenge(Challenge { number_tries, ..challenge });
        self.policy().number_tries.saturating_sub(number_tries)
    }

    fn wrong_number(&mut self, answer: &Decide, tries_left: u32) -> Refusal {
        self.record(answer, Ruling::WrongNumber { tries_left });
        self.note("number.wrong", json!({ "challenge": answer.challenge, "tries_left": tries_left }));
        if tries_left == 0 {
            self.move_challenge(answer.challenge, ChallengeState::Failed);
        }
        Refusal::WrongNumber { tries_left }
    }

    fn approved_by(&mut self, answer: &Decide) {
        if let Some(challenge) = self.account.challenge(answer.challenge).cloned() {
            let approval = Some(Approval { device: answer.device, jti: answer.jti });
            self.put_challenge(Challenge { approval, ..challenge });
        }
        self.move_challenge(answer.challenge, ChallengeState::Approved);
    }

    fn endorsement(&self, answer: &Decide) -> Result<Endorsement, Refusal> {
        let copy = self.account.copy(answer.challenge, answer.seq, answer.device).ok_or(Refusal::NotFound)?;
        let challenge = copy.jws.clone().ok_or(Refusal::NotFound)?;
        Ok(Endorsement { device: answer.device, challenge, decision: answer.jws.clone() })
    }

    fn deny(&mut self, answer: &Decide, challenge: &Challenge) -> Result<Reply, Refusal> {
        Self::pending(challenge)?;
        self.record(answer, Ruling::Recorded(DecisionOutcome::Denied));
        self.move_challenge(challenge.id, ChallengeState::Denied);
        match challenge.question {
            Question::ConfirmPairing { pairing } => self.end_pairing(pairing, PairingState::Refused),
            Question::Login(_) => {
                let (policy, now) = (self.policy(), self.now());
                self.account.user.alerts.unwanted(policy, now);
            }
            Question::Unlock { .. } | Question::Test { .. } => {}
        }
        Ok(Reply::Decided { outcome: DecisionOutcome::Denied, challenge: challenge.id })
    }

    /// "This was not me": for a day whatever the state. Ends everything open and locks the account.
    fn report_fraud(&mut self, answer: &Decide, challenge: &Challenge) -> Result<Reply, Refusal> {
        if self.now() >= challenge.created.plus(self.policy().fraud_window) {
            return Err(Refusal::Expired);
        }
        self.record(answer, Ruling::Recorded(DecisionOutcome::Fraud));
        self.move_challenge(challenge.id, ChallengeState::Fraud);
        self.end_everything_open();
        if self.account.user.lock.is_none() {
            self.account.user.lock = Some(Lock { at: self.now(), reported_by: answer.device });
            self.note("user.locked", json!({ "challenge": challenge.id }));
            self.take_back_unlocked();
            let name = self.account.device(answer.device).map(|device| device.name.clone()).unwrap_or_default();
            self.notify_others(Some(answer.device), NoticeKind::Locked, &name);
        }
        Ok(Reply::Decided { outcome: DecisionOutcome::Fraud, challenge: challenge.id })
    }

    /// That an earlier lock was lifted must not reach a phone after the news of this one.
    fn take_back_unlocked(&mut self) {
        for notice in self.account.notices.clone() {
            if notice.kind == NoticeKind::Unlocked && notice.arrived_at.is_none() {
                self.put(Change::Remove(Row::Notice(notice.id)));
            }
        }
    }

    /// Pairings, questions, pages and invitations; a yes that let nobody in yet is taken back.
    pub(super) fn end_everything_open(&mut self) {
        for pairing in self.account.pairings.clone() {
            if !pairing.state.is_final() {
                self.end_pairing(pairing.id, PairingState::Refused);
            }
        }
        for challenge in self.account.challenges.clone() {
            // Who is tricked into one login may have been tricked into the one before: a yes that let nobody in yet is taken back.
            let approved =
                challenge.state == ChallengeState::Approved && matches!(challenge.question, Question::Login(_));
            let to = if approved { ChallengeState::Fraud } else { ChallengeState::Cancelled };
            self.move_challenge(challenge.id, to);
        }
        for prompt in self.account.prompts.clone() {
            if !prompt.state.is_final() {
                self.move_prompt(prompt, PromptState::Cancelled);
            }
        }
        for invitation in self.account.invitations.clone() {
            self.put(Change::Remove(Row::Invitation(invitation.id)));
        }
    }

    fn record(&mut self, answer: &Decide, ruling: Ruling) {
        self.put(Change::PutDecision(Box::new(Decision {
            device: answer.device,
            jti: answer.jti,
            challenge: answer.challenge,
            seq: answer.seq,
            signing_input: answer.signing_input,
            jws: answer.jws.clone(),
            ruling,
            at: self.now(),
        })));
    }
}
