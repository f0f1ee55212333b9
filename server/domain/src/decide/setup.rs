//! Setting up a method on a page: nothing counts before it has proven itself by its own code.

use koppel_protocol::{
    Digits,
    id::{ChallengeId, PromptId},
};
use serde_json::json;

use super::draft::Draft;
use crate::{
    Authenticator, Challenge, ChallengeState, Change, Delivery, DeliveryState, Login, Loudness, Material, Method,
    MethodKind, MethodState, Mode, OnPage, OpenSeed, Prompt, Purpose, Question, RecoveryCodes, Refusal, Reply, SetUp,
    SharedBytes, Terms, authenticator,
    recovery::{CODES, Slot, WaitingList},
};

impl Draft<'_> {
    pub(super) fn set_up(&mut self, page: &OnPage, step: &SetUp) -> Result<Reply, Refusal> {
        let prompt = self.page_that_may_set_up(page.prompt, page.cookie)?;
        if prompt.relying_party != page.terms.id {
            return Err(Refusal::NotFound);
        }
        self.not_locked()?;
        let kind = match step {
            SetUp::Choose(None) => return self.choose(&prompt, None),
            SetUp::Choose(Some(kind)) => *kind,
            SetUp::OfferAuthenticator { .. } | SetUp::ProveAuthenticator { .. } => MethodKind::Totp,
            SetUp::OfferRecoveryCodes { .. } | SetUp::KeepRecoveryCodes => MethodKind::Recovery,
        };
        if !page.terms.methods.allows(kind) {
            return Err(Refusal::NoSuchMethod);
        }
        match step {
            SetUp::Choose(chosen) => self.choose(&prompt, *chosen),
            SetUp::OfferAuthenticator { seed } => Ok(self.offer_authenticator(prompt.id, seed)),
            SetUp::ProveAuthenticator { code, seed } => self.prove_authenticator(&prompt, &page.terms, code, seed),
            SetUp::OfferRecoveryCodes { slots } => self.offer_recovery_codes(prompt.id, &page.terms, slots),
            SetUp::KeepRecoveryCodes => self.keep_recovery_codes(&prompt),
        }
    }

    /// A page that may set up a method: the password alone is enough only while the account never had a factor; afterwards a
    /// factor that was used on this very page, or a recovery code. On a settings page it was used just now.
    pub(super) fn page_that_may_set_up(
        &mut self,
        id: PromptId,
        cookie: koppel_protocol::Bytes<32>,
    ) -> Result<Prompt, Refusal> {
        let prompt = self.held_page(id, cookie)?;
        let never_had_a_factor = !self.account.user.ever_enrolled;
        let proven = match prompt.purpose {
            Purpose::Settings => self.used_a_factor_just_now(&prompt),
            Purpose::Login | Purpose::Enrol => self.goes_on_to_set_up(&prompt),
        };
        let asked_now =
            self.account.methods.iter().any(|method| method.kind != MethodKind::App && method.takes_codes());
        if never_had_a_factor || proven || self.recovered(&prompt) {
            Ok(prompt)
        } else if self.account.has_a_phone() || asked_now {
            Err(Refusal::NotVerified)
        } else {
            Err(Refusal::NotEnrolled { ever: true })
        }
    }

    /// A factor was right on this page, and the page was made to go on.
    fn goes_on_to_set_up(&self, prompt: &Prompt) -> bool {
        let challenge = prompt.challenge.and_then(|id| self.account.challenge(id));
        challenge.is_some_and(|challenge| {
            challenge.state == ChallengeState::Approved && challenge.login().is_some_and(|login| login.lasting)
        })
    }

    /// A recovery code was right on this page, and nothing was set up with it yet.
    pub(super) fn recovered(&self, prompt: &Prompt) -> bool {
        prompt.recovered_at.is_some()
    }

    /// What the page sets up next.
    pub(super) fn choose(&mut self, prompt: &Prompt, adding: Option<MethodKind>) -> Result<Reply, Refusal> {
        let prompt = self.prompt(prompt.id)?;
        let version = prompt.version + 1;
        if prompt.adding != adding {
            self.put(Change::PutPrompt(Box::new(Prompt { adding, version, ..prompt })));
        }
        Ok(Reply::Done)
    }

    /// Shown again, a page shows what it showed before: whoever scanned it is not left with a seed that never counts.
    fn offer_authenticator(&mut self, prompt: PromptId, drawn: &SharedBytes) -> Reply {
        let now = self.now();
        let method = self
            .account
            .method(MethodKind::Totp)
            .cloned()
            .unwrap_or_else(|| Method::new(MethodKind::Totp, MethodState::Unproven, Material::Phones, now));
        let held = method.authenticator().cloned().unwrap_or_default();
        if let Some(waiting) = held.waiting.as_ref().filter(|waiting| waiting.prompt == prompt) {
            return Reply::Offered { seed: waiting.seed.clone() };
        }
        let waiting = Some(authenticator::WaitingSeed { seed: drawn.clone(), prompt });
        let material = Material::Authenticator(Authenticator { waiting, ..held });
        self.put(Change::PutMethod(Method { material, ..method }));
        self.note("method.offered", json!({ "method": MethodKind::Totp }));
        Reply::Offered { seed: drawn.clone() }
    }

    fn prove_authenticator(
        &mut self,
        prompt: &Prompt,
        terms: &Terms,
        code: &Digits,
        seed: &OpenSeed,
    ) -> Result<Reply, Refusal> {
        let held = self.account.method(MethodKind::Totp).and_then(Method::authenticator).cloned().unwrap_or_default();
        let waiting = held.waiting.filter(|waiting| waiting.prompt == prompt.id).ok_or(Refusal::NotFound)?;
        if waiting.seed != seed.sealed {
            return Err(Refusal::Stale);
        }
        self.not_in_a_pause(MethodKind::Totp)?;
        self.count_failure(MethodKind::Totp);
        let Some(last_step) = seed.step_of(code, self.now(), self.policy().totp_window.into(), 0) else {
            self.note("method.wrong_code", json!({ "method": MethodKind::Totp }));
            return Err(Refusal::WrongCode { tries_left: None });
        };
        self.activate_authenticator(Authenticator {
            seed: Some(waiting.seed),
            since: Some(self.now()),
            last_step,
            waiting: None,
        });
        self.factor_was_right(MethodKind::Totp);
        self.note("method.added", json!({ "method": MethodKind::Totp }));
        self.tell_of_method(MethodKind::Totp);
        self.approve_page_by(prompt.id, MethodKind::Totp, terms)?;
        self.choose(prompt, None)
    }

    /// The code that proved a method is the page's second factor too, unless one was right here before.
    fn approve_page_by(&mut self, id: PromptId, kind: MethodKind, terms: &Terms) -> Result<(), Refusal> {
        let prompt = self.prompt(id)?;
        let former = prompt.challenge.and_then(|id| self.account.challenge(id)).cloned();
        if former.as_ref().is_some_and(|former| former.state == ChallengeState::Approved)
            || prompt.purpose == Purpose::Settings
            || terms.requires_device_signature
        {
            return Ok(());
        }
        if let Some(former) = former {
            self.move_challenge(former.id, ChallengeState::Cancelled);
        }
        let now = self.now();
        let expires = now.plus(self.policy().challenge_lifetime);
        let login = Login {
            relying_party: prompt.relying_party,
            prompt: Some(id),
            purpose: prompt.purpose,
            binding: prompt.binding,
            browser: prompt.browser.clone(),
            lasting: true,
            remembered: None,
        };
        let proven = Delivery {
            seq: 1,
            method: kind,
            mode: Mode::Code,
            digits: authenticator::DIGITS,
            state: DeliveryState::Ready,
            expires,
            alert: Loudness::Quiet,
            created: now,
        };
        self.approve_page(prompt, login, vec![proven]);
        Ok(())
    }

    /// The page's challenge, which nobody has to answer any more.
    pub(super) fn approve_page(&mut self, prompt: Prompt, login: Login, deliveries: Vec<Delivery>) -> ChallengeId {
        let id = ChallengeId::from_bytes(self.fresh.id());
        let now = self.now();
        let note =
            json!({ "challenge": id, "relying_party": login.relying_party, "remembered": login.remembered.is_some() });
        self.put(Change::PutChallenge(Box::new(Challenge {
            id,
            question: Question::Login(login),
            code_tries: 0,
            number_tries: 0,
            state: ChallengeState::Pending,
            approved_at: None,
            approval: None,
            expires: now.plus(self.policy().challenge_lifetime),
            deliveries,
            epoch: self.epoch(),
            version: 1,
            created: now,
        })));
        self.note("challenge.pending", note);
        self.move_challenge(id, ChallengeState::Approved);
        let version = prompt.version + 1;
        self.put(Change::PutPrompt(Box::new(Prompt { challenge: Some(id), version, ..prompt })));
        id
    }

    /// Recovery codes stand beside a method; they are none by themselves.
    fn offer_recovery_codes(&mut self, prompt: PromptId, terms: &Terms, slots: &[Slot]) -> Result<Reply, Refusal> {
        if !self.account.is_protected(terms.methods) {
            return Err(Refusal::NotEnrolled { ever: self.account.user.ever_enrolled });
        }
        if slots.len() != CODES {
            return Err(Refusal::InvalidField("a list has ten codes"));
        }
        let now = self.now();
        let method = self
            .account
            .method(MethodKind::Recovery)
            .cloned()
            .unwrap_or_else(|| Method::new(MethodKind::Recovery, MethodState::Unproven, Material::Phones, now));
        let held = method.recovery().cloned().unwrap_or_default();
        let waiting = Some(WaitingList { slots: slots.to_vec(), prompt });
        let material = Material::Recovery(RecoveryCodes { waiting, ..held });
        self.put(Change::PutMethod(Method { material, ..method }));
        self.note("method.offered", json!({ "method": MethodKind::Recovery }));
        Ok(Reply::Done)
    }

    fn keep_recovery_codes(&mut self, prompt: &Prompt) -> Result<Reply, Refusal> {
        let method = self.account.method(MethodKind::Recovery).cloned().ok_or(Refusal::NotFound)?;
        let held = method.recovery().cloned().unwrap_or_default();
        let waiting = held.waiting.filter(|waiting| waiting.prompt == prompt.id).ok_or(Refusal::NotFound)?;
        let material = Material::Recovery(RecoveryCodes { slots: waiting.slots, waiting: None });
        self.put(Change::PutMethod(Method { state: MethodState::Active, material, ..method }));
        self.put(Change::Remove(crate::Row::Counter(crate::CounterKind::failures(MethodKind::Recovery))));
        self.note("method.added", json!({ "method": MethodKind::Recovery }));
        self.tell_of_method(MethodKind::Recovery);
        self.choose(prompt, None)
    }
}
