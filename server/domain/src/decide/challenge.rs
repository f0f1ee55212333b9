//! Challenges begin, are delivered again, make room for newer ones, are withdrawn.

use koppel_protocol::{
    Bytes, Digits,
    id::{ChallengeId, PromptId, RelyingPartyId},
};
use serde_json::json;

use super::draft::Draft;
use crate::{
    Begun, Challenge, ChallengeRequest, ChallengeState, Change, Delivery, DeliveryState, DeviceCopy, Holder, Login,
    Loudness, MethodKind, MethodRules, Mode, Prepared, Prompt, Purpose, Question, Refusal, Reply, Task, Terms, Time,
    plan::{self, Wanted},
};

/// Deliveries of one challenge, over all methods.
const MOST_DELIVERIES: usize = 16;

impl Draft<'_> {
    pub(super) fn start_challenge(
        &mut self,
        request: &ChallengeRequest,
        prepared: Option<&Prepared>,
    ) -> Result<Reply, Refusal> {
        match request {
            ChallengeRequest::Page { prompt, cookie, terms } => self.start_for_page(*prompt, *cookie, terms, prepared),
            ChallengeRequest::Direct { terms, login, mode, prefer } => {
                self.start_for_panel(terms, login, (*mode, *prefer), prepared)
            }
            ChallengeRequest::Unlock { device } => {
                self.active_device(*device)?;
                self.not_disabled()?;
                self.start_for_phone(Question::Unlock { device: *device }, Wanted::Unlock { device: *device }, prepared)
            }
            ChallengeRequest::Test { device } => {
                self.active_device(*device)?;
                self.not_disabled()?;
                self.start_for_phone(Question::Test { device: *device }, Wanted::Test { device: *device }, prepared)
            }
        }
    }

    fn start_for_page(
        &mut self,
        id: PromptId,
        cookie: Bytes<32>,
        terms: &Terms,
        prepared: Option<&Prepared>,
    ) -> Result<Reply, Refusal> {
        let prompt = self.held_page(id, cookie)?;
        if prompt.relying_party != terms.id {
            return Err(Refusal::NotFound);
        }
        self.not_locked()?;
        if let Some(former) = prompt.challenge.and_then(|former| self.account.challenge(former)).cloned() {
            match former.state {
                // The page was loaded again: the same challenge, no new delivery.
                ChallengeState::Pending => return Ok(self.challenge_reply(former, terms.methods)),
                ChallengeState::Expired | ChallengeState::Lapsed => {}
                _ => return Err(Refusal::AlreadyDecided),
            }
        }
        let wanted = Wanted::Login { terms, mode: prompt.mode, prefer: prompt.prefer };
        let prepared = self.hold(wanted, prepared)?;
        let login = Login {
            relying_party: prompt.relying_party,
            prompt: Some(id),
            purpose: prompt.purpose,
            binding: prompt.binding,
            browser: prompt.browser.clone(),
            lasting: prompt.purpose != Purpose::Login
                || self.recovered(&prompt)
                || self.account.backups_missing(terms.methods) > 0,
            remembered: None,
        };
        let reply = self.begin_login_challenge(login, terms, prepared)?;
        let (challenge, version) = (Some(prepared.challenge), prompt.version + 1);
        self.put(Change::PutPrompt(Box::new(Prompt { challenge, version, ..prompt })));
        Ok(reply)
    }

    fn start_for_panel(
        &mut self,
        terms: &Terms,
        begun: &Begun,
        (mode, prefer): (Option<Mode>, Option<MethodKind>),
        prepared: Option<&Prepared>,
    ) -> Result<Reply, Refusal> {
        self.begin_login(begun)?;
        self.not_locked()?;
        self.first_factor_is_fresh(begun.purpose, begun.first_factor_at)?;
        if begun.purpose == Purpose::Login && self.account.may_do_without(terms, self.now()) {
            let from = terms.rollout.of(&self.account.user).required_from();
            return Err(Refusal::NotRequired { from });
        }
        let prepared = self.hold(Wanted::Login { terms, mode, prefer }, prepared)?;
        self.not_by_recovery(prepared)?;
        let login = Login {
            relying_party: terms.id,
            prompt: None,
            purpose: begun.purpose,
            binding: begun.binding,
            browser: begun.browser.clone(),
            lasting: false,
            remembered: None,
        };
        self.begin_login_challenge(login, terms, prepared)
    }

    /// A panel's own pages have no place to set up a method anew, which is all that a recovery code is good for.
    fn not_by_recovery(&self, prepared: &Prepared) -> Result<(), Refusal> {
        match prepared.plan.method {
            MethodKind::Recovery => Err(Refusal::NotEnrolled { ever: self.account.user.ever_enrolled }),
            MethodKind::App | MethodKind::Totp => Ok(()),
        }
    }

    /// A phone's own question to itself replaces its former one and costs no alert.
    fn start_for_phone(
        &mut self,
        question: Question,
        wanted: Wanted<'_>,
        prepared: Option<&Prepared>,
    ) -> Result<Reply, Refusal> {
        let prepared = self.hold(wanted, prepared)?;
        self.supersede(|challenge| challenge.question == question);
        let challenge = self.begin_challenge(question, prepared, Loudness::Loud, prepared.plan.expires)?;
        Ok(self.challenge_reply(challenge, MethodRules::ALL))
    }

    /// What was prepared, if it still fits the account.
    pub(super) fn hold<'p>(&self, wanted: Wanted<'_>, prepared: Option<&'p Prepared>) -> Result<&'p Prepared, Refusal> {
        plan::hold(&self.account, wanted, prepared, self.policy(), self.context.signer, self.now())
    }

    fn begin_login_challenge(&mut self, login: Login, terms: &Terms, prepared: &Prepared) -> Result<Reply, Refusal> {
        self.make_room(login.relying_party, &login.binding);
        let alert = self.ring_for(prepared);
        let expires = prepared.plan.iat.plus(self.policy().challenge_lifetime);
        let challenge = self.begin_challenge(Question::Login(login), prepared, alert, expires)?;
        Ok(self.challenge_reply(challenge, terms.methods))
    }

    /// A new login supersedes only one of the same browser session; beyond the live ones allowed the oldest ends.
    fn make_room(&mut self, relying_party: RelyingPartyId, binding: &Bytes<32>) {
        self.supersede(|challenge| {
            challenge.login().is_some_and(|login| login.relying_party == relying_party && login.binding == *binding)
        });
        let mut live: Vec<(Time, ChallengeId)> = self
            .account
            .challenges
            .iter()
            .filter(|challenge| challenge.state == ChallengeState::Pending && challenge.login().is_some())
            .map(|challenge| (challenge.created, challenge.id))
            .collect();
        live.sort_unstable();
        let room = self.policy().live_challenges as usize;
        let too_many = (live.len() + 1).saturating_sub(room);
        for (_, oldest) in live.into_iter().take(too_many) {
            self.move_challenge(oldest, ChallengeState::Superseded);
        }
    }

    fn supersede(&mut self, which: impl Fn(&Challenge) -> bool) {
        let former: Vec<_> = self
            .account
            .challenges
            .iter()
            .filter(|challenge| challenge.state == ChallengeState::Pending && which(challenge))
            .map(|challenge| challenge.id)
            .collect();
        for id in former {
            self.move_challenge(id, ChallengeState::Superseded);
        }
    }

    /// A budget silences the alert, never the challenge.
    pub(super) fn ring(&mut self) -> Loudness {
        let (policy, now) = (self.policy(), self.now());
        self.account.user.alerts.ring(policy, now)
    }

    /// What does not travel makes no sound and costs nothing of the budget.
    fn ring_for(&mut self, prepared: &Prepared) -> Loudness {
        if prepared.plan.method == MethodKind::App { self.ring() } else { Loudness::Quiet }
    }

    pub(super) fn begin_challenge(
        &mut self,
        question: Question,
        prepared: &Prepared,
        alert: Loudness,
        expires: Time,
    ) -> Result<Challenge, Refusal> {
        let id = prepared.challenge;
        // A drawn id that is there already was drawn by somebody else's hand.
        if self.account.challenge(id).is_some() {
            return Err(Refusal::Stale);
        }
        let now = self.now();
        let challenge = Challenge {
            id,
            question,
            code_tries: 0,
            number_tries: 0,
            state: ChallengeState::Pending,
            approved_at: None,
            approval: None,
            expires,
            deliveries: Vec::new(),
            epoch: self.epoch(),
            version: 0,
            created: now,
        };
        let challenge = self.deliver(challenge, prepared, alert);
        let relying_party = challenge.relying_party();
        self.note(
            "challenge.pending",
            json!({ "challenge": id, "relying_party": relying_party, "mode": prepared.plan.mode }),
        );
        Ok(challenge)
    }

    fn deliver(&mut self, mut challenge: Challenge, prepared: &Prepared, alert: Loudness) -> Challenge {
        for former in &mut challenge.deliveries {
            former.state = DeliveryState::Ended;
        }
        let (seq, method) = (prepared.plan.seq, prepared.plan.method);
        let travels = method == MethodKind::App;
        challenge.deliveries.push(Delivery {
            seq,
            method,
            mode: prepared.plan.mode,
            digits: prepared.plan.digits,
            state: if travels { DeliveryState::Queued } else { DeliveryState::Ready },
            expires: prepared.plan.expires,
            alert,
            created: self.now(),
        });
        challenge.version += 1;
        let id = challenge.id;
        self.put(Change::PutChallenge(Box::new(challenge.clone())));
        for copy in &prepared.copies {
            self.put(Change::PutCopy(Box::new(DeviceCopy {
                challenge: id,
                seq,
                device: copy.device,
                ch: copy.ch,
                // The signed challenge of mode `code` holds the code: only its hash is kept.
                jws: copy.jws.clone().filter(|_| prepared.plan.mode != Mode::Code),
                envelope: copy.envelope.clone(),
                arrived_at: None,
                shown_at: None,
                alert: None,
                road: None,
            })));
        }
        if travels {
            self.begin_job(Task::Deliver { challenge: id, seq });
        }
        challenge
    }

    fn challenge_reply(&self, challenge: Challenge, rules: MethodRules) -> Reply {
        let number = challenge
            .delivery()
            .filter(|delivery| delivery.mode == Mode::Number)
            .map(|delivery| self.number(challenge.id, delivery));
        let methods = self.account.usable_methods(rules).collect();
        Reply::Challenge { challenge: Box::new(challenge), number, methods }
    }

    pub(super) fn number(&self, challenge: ChallengeId, delivery: &Delivery) -> Digits {
        self.context.keys.number(challenge, delivery.seq, delivery.digits)
    }

    pub(super) fn redeliver(
        &mut self,
        id: ChallengeId,
        holder: &Holder,
        method: Option<MethodKind>,
        prepared: Option<&Prepared>,
    ) -> Result<Reply, Refusal> {
        let (challenge, _) = self.held_challenge(id, holder)?;
        self.not_locked()?;
        Self::pending(&challenge)?;
        let before = challenge.delivery().map(|delivery| delivery.method);
        let next = method.or(before).unwrap_or(MethodKind::App);
        match next {
            MethodKind::App => self.may_ring_again(&challenge)?,
            // The person has it at hand: there is nothing to bring again.
            _ if before == Some(next) => return Ok(self.challenge_reply(challenge, holder.terms().methods)),
            MethodKind::Recovery | MethodKind::Totp => self.may_change_again(&challenge)?,
        }
        let wanted = Wanted::Redelivery { challenge: &challenge, method: Some(next), terms: holder.terms() };
        let prepared = self.hold(wanted, prepared)?;
        if prepared.challenge != id {
            return Err(Refusal::Stale);
        }
        if matches!(holder, Holder::Panel { .. }) {
            self.not_by_recovery(prepared)?;
        }
        let alert = self.ring_for(prepared);
        let challenge = self.deliver(challenge, prepared, alert);
        self.note("challenge.redelivered", json!({ "challenge": id, "seq": challenge.seq(), "method": next }));
        Ok(self.challenge_reply(challenge, holder.terms().methods))
    }

    /// So often, and with so much time in between.
    fn may_ring_again(&self, challenge: &Challenge) -> Result<(), Refusal> {
        let now = self.now();
        let Some(former) = challenge.phone_delivery() else { return Ok(()) };
        if challenge.resends() >= self.policy().resends {
            return Err(Refusal::TooManyTries { retry_after: now.until(challenge.expires) });
        }
        let soonest = former.created.plus(self.policy().resend_after);
        if now < soonest { Err(Refusal::TooSoon { retry_after: now.until(soonest) }) } else { Ok(()) }
    }

    /// Going from method to method costs nothing, but a row grows with it.
    fn may_change_again(&self, challenge: &Challenge) -> Result<(), Refusal> {
        if challenge.deliveries.len() < MOST_DELIVERIES {
            Ok(())
        } else {
            Err(Refusal::TooManyTries { retry_after: self.now().until(challenge.expires) })
        }
    }

    pub(super) fn cancel_challenge(&mut self, id: ChallengeId, holder: &Holder) -> Result<Reply, Refusal> {
        let (challenge, _) = self.held_challenge(id, holder)?;
        if challenge.state != ChallengeState::Cancelled {
            Self::pending(&challenge)?;
        }
        self.move_challenge(id, ChallengeState::Cancelled);
        Ok(self.challenge_reply(self.challenge(id)?, holder.terms().methods))
    }
}
