//! The last step of every login: an approval is taken, once, and everything is looked at again.

use koppel_protocol::{Secret, id::ChallengeId, phone_api::DecisionOutcome};

use super::draft::Draft;
use crate::{Challenge, ChallengeState, Evidence, Holder, Method, MethodKind, Refusal, Reply, Ruling, Terms, Verified};

impl Draft<'_> {
    pub(super) fn consume(&mut self, id: ChallengeId, terms: &Terms, v: &Secret<32>) -> Result<Reply, Refusal> {
        self.held_challenge(id, &Holder::Panel { terms: terms.clone(), v: v.clone() })?;
        Ok(Reply::Verified(Box::new(self.take_approval(id, terms)?)))
    }

    /// `APPROVED → CONSUMED`. The only function that makes a [`Verified`].
    pub(super) fn take_approval(&mut self, id: ChallengeId, terms: &Terms) -> Result<Verified, Refusal> {
        let (challenge, login) = self.own_challenge(id, terms)?;
        match challenge.state {
            ChallengeState::Approved => {}
            ChallengeState::Consumed => return Err(Refusal::AlreadyDecided),
            ChallengeState::Lapsed | ChallengeState::Expired => return Err(Refusal::Expired),
            // A report took it back: while its lock lasts, the lock is what the panel should know of.
            ChallengeState::Fraud => return Err(self.not_locked().err().unwrap_or(Refusal::NotVerified)),
            _ => return Err(Refusal::NotVerified),
        }
        self.not_locked()?;
        let evidence = self.evidence(&challenge, terms)?;
        if terms.requires_device_signature && evidence.is_none() {
            return Err(Refusal::NotVerified);
        }
        let at = challenge.approved_at.ok_or(Refusal::NotVerified)?;
        self.move_challenge(id, ChallengeState::Consumed);
        // Whoever proves themselves has not lost everything. A remembered browser proves nothing anew.
        if login.remembered.is_none() {
            self.withdraw_reset("factor");
        }
        Ok(Verified {
            user: self.account.user.external_id.clone(),
            purpose: login.purpose,
            method: challenge.delivery().map_or(MethodKind::App, |delivery| delivery.method),
            remembered: login.remembered.is_some(),
            at,
            challenge: id,
            evidence: evidence.map(Box::new),
        })
    }

    /// The phone that approved still may, and its words are there; after a typed code at least one phone it went to still may.
    fn evidence(&self, challenge: &Challenge, terms: &Terms) -> Result<Option<Evidence>, Refusal> {
        if let Some(hash) = challenge.login().and_then(|login| login.remembered) {
            let now = self.now();
            let mut browsers = self.account.user.browsers.iter();
            let still = browsers.any(|browser| browser.hash == hash && browser.counts(terms, now));
            return if still { Ok(None) } else { Err(Refusal::NotVerified) };
        }
        let Some(approval) = challenge.approval else {
            return if self.may_still_type(challenge) { Ok(None) } else { Err(Refusal::NotVerified) };
        };
        let by = approval.device;
        let device =
            self.account.device(by).filter(|device| device.can_approve(self.policy())).ok_or(Refusal::NotVerified)?;
        let decision = self.account.decision(by, approval.jti).ok_or(Refusal::NotVerified)?;
        let approves = decision.ruling == Ruling::Recorded(DecisionOutcome::Approved);
        if !approves || decision.challenge != challenge.id {
            return Err(Refusal::NotVerified);
        }
        let copy = self.account.copy(challenge.id, decision.seq, by).ok_or(Refusal::NotVerified)?;
        Ok(Some(Evidence {
            challenge: copy.jws.clone().ok_or(Refusal::NotVerified)?,
            decision: decision.jws.clone(),
            device: by,
            key: device.keys.approve.ok_or(Refusal::NotVerified)?,
            uv: device.keys.uv,
            endorsement: device.endorsement.clone(),
        }))
    }

    /// What a typed code came by still counts: a phone it went to, or the seed it was read from.
    fn may_still_type(&self, challenge: &Challenge) -> bool {
        match challenge.delivery().map(|delivery| delivery.method) {
            Some(MethodKind::App) => self.reached_a_phone(challenge),
            Some(MethodKind::Totp) => {
                let method = self.account.method(MethodKind::Totp).filter(|method| method.takes_codes());
                let since = method.and_then(Method::authenticator).and_then(|authenticator| authenticator.since);
                since.is_some_and(|since| challenge.approved_at.is_some_and(|at| since <= at))
            }
            // Recovery codes let nobody in.
            Some(MethodKind::Recovery) | None => false,
        }
    }

    /// A phone that got the newest delivery is still active.
    pub(super) fn reached_a_phone(&self, challenge: &Challenge) -> bool {
        self.account
            .copies
            .iter()
            .filter(|copy| copy.challenge == challenge.id && copy.seq == challenge.seq())
            .any(|copy| self.account.device(copy.device).is_some_and(|device| device.is_active()))
    }
}
