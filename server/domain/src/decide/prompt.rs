//! Hosted pages: opened by a panel, bound to one browser, finished, exchanged once.

use koppel_protocol::{
    Bytes, Secret,
    id::{PromptId, RelyingPartyId},
};
use serde_json::json;

use super::{draft::Draft, guard::same};
use crate::{
    ChallengeState, Change, Enforcement, OnPage, OpenPrompt, Postponed, Prompt, PromptState, Purpose, Refusal, Reply,
    ResultCode, Terms, Time,
};

/// A panel's clock may be ahead of ours by so much.
const PANEL_CLOCK_AHEAD: u32 = 60;

impl Draft<'_> {
    pub(super) fn open_prompt(&mut self, open: &OpenPrompt) -> Result<Reply, Refusal> {
        self.begin_login(&open.login)?;
        self.not_locked()?;
        self.first_factor_is_fresh(open.login.purpose, open.login.first_factor_at)?;
        self.is_asked(&open.terms, open.login.purpose)?;
        let id = PromptId::from_bytes(self.fresh.id());
        let now = self.now();
        let login = open.login.clone();
        let prompt = Prompt {
            id,
            relying_party: open.terms.id,
            purpose: login.purpose,
            binding: login.binding,
            mode: open.mode,
            prefer: open.prefer,
            browser: login.browser,
            first_factor_at: login.first_factor_at,
            return_url: open.return_url.clone(),
            panel_state: open.panel_state.clone(),
            locale: open.locale,
            token: open.token,
            cookie: None,
            page_ip: None,
            challenge: None,
            adding: None,
            recovered_at: None,
            result: None,
            state: PromptState::Open,
            expires: now.plus(self.policy().prompt_lifetime),
            epoch: self.epoch(),
            version: 0,
            created: now,
        };
        self.move_prompt(prompt, PromptState::Open);
        Ok(Reply::PromptOpened { prompt: id })
    }

    /// Where the rule for this user is *off*, no login leads to the set-up.
    fn is_asked(&self, terms: &Terms, purpose: Purpose) -> Result<(), Refusal> {
        let off = terms.rollout.of(&self.account.user) == Enforcement::Off;
        if purpose == Purpose::Login && off && self.account.may_do_without(terms, self.now()) {
            Err(Refusal::NotRequired { from: None })
        } else {
            Ok(())
        }
    }

    /// The panel checked a password not long ago; less long for settings.
    pub(super) fn first_factor_is_fresh(&self, purpose: Purpose, at: Time) -> Result<(), Refusal> {
        let age = match purpose {
            Purpose::Login | Purpose::Enrol => self.policy().first_factor_age,
            Purpose::Settings => self.policy().settings_factor_age,
        };
        let now = self.now();
        if at <= now.plus(PANEL_CLOCK_AHEAD) && now.since(at) <= age {
            Ok(())
        } else {
            Err(Refusal::InvalidField("first_factor_at lies too long ago, or ahead; ask for the password again"))
        }
    }

    pub(super) fn bind_prompt(
        &mut self,
        token: Bytes<32>,
        cookie: Bytes<32>,
        user_agent: &str,
    ) -> Result<Reply, Refusal> {
        let prompt = self.account.prompts.iter().find(|prompt| same(&prompt.token, &token)).cloned();
        let prompt = prompt.ok_or(Refusal::NotFound)?;
        match prompt.state {
            PromptState::Open => {}
            PromptState::Expired | PromptState::Cancelled => return Err(Refusal::Expired),
            PromptState::Bound | PromptState::Done | PromptState::Exchanged => {
                self.note("page.token_burnt", json!({ "prompt": prompt.id }));
                return Err(Refusal::WrongBinding);
            }
        }
        if prompt.browser.user_agent != user_agent {
            // The token stays: the right browser may still come.
            self.note("page.other_user_agent", json!({ "prompt": prompt.id }));
            return Err(Refusal::WrongBinding);
        }
        let page_ip = self.context.source.map(|source| source.ip.clone());
        let id = prompt.id;
        self.move_prompt(Prompt { cookie: Some(cookie), page_ip, ..prompt }, PromptState::Bound);
        Ok(Reply::PromptBound { prompt: Box::new(self.prompt(id)?) })
    }

    pub(super) fn note_foreign_browser(&mut self, id: PromptId) -> Result<Reply, Refusal> {
        self.prompt(id)?;
        self.note("page.foreign_browser", json!({ "prompt": id }));
        Ok(Reply::Done)
    }

    pub(super) fn cancel_prompt(&mut self, id: PromptId, relying_party: RelyingPartyId) -> Result<Reply, Refusal> {
        let prompt = self.own_prompt(id, relying_party)?;
        match prompt.state {
            PromptState::Exchanged => Err(Refusal::AlreadyDecided),
            PromptState::Cancelled => Ok(Reply::Done),
            PromptState::Expired => Err(Refusal::Expired),
            PromptState::Open | PromptState::Bound | PromptState::Done => {
                let challenge = prompt.challenge;
                self.move_prompt(prompt, PromptState::Cancelled);
                if let Some(challenge) = challenge {
                    self.move_challenge(challenge, ChallengeState::Cancelled);
                }
                Ok(Reply::Done)
            }
        }
    }

    /// Another relying party's prompt does not exist.
    fn own_prompt(&self, id: PromptId, relying_party: RelyingPartyId) -> Result<Prompt, Refusal> {
        let prompt = self.prompt(id)?;
        if prompt.relying_party == relying_party { Ok(prompt) } else { Err(Refusal::NotFound) }
    }

    /// *Continue*: the page goes back to the panel with a code that is exchanged once. Pressed twice, the newer code counts.
    /// Where a backup is missing the page does not let go: it goes on to set one up.
    pub(super) fn finish_prompt(
        &mut self,
        id: PromptId,
        terms: &Terms,
        cookie: Bytes<32>,
        code: Bytes<32>,
        remember: Option<Bytes<32>>,
    ) -> Result<Reply, Refusal> {
        let prompt = self.held_page(id, cookie)?;
        if prompt.relying_party != terms.id {
            return Err(Refusal::NotFound);
        }
        self.not_locked()?;
        let approved = prompt.challenge.and_then(|challenge| self.account.challenge(challenge));
        if approved.is_none_or(|challenge| challenge.state != ChallengeState::Approved) {
            return Err(Refusal::NotVerified);
        }
        if prompt.purpose != Purpose::Settings && self.account.backups_missing(terms.methods) > 0 {
            return Err(Refusal::BackupMissing);
        }
        let remembered = remember.is_some_and(|hash| self.remember_browser(&prompt, terms, hash));
        self.hand_out(prompt, code, false);
        Ok(Reply::Finished { prompt: Box::new(self.prompt(id)?), remembered })
    }

    /// *Later*: the page goes back to the panel with a code that says so. Only while the rules wait for this user.
    pub(super) fn postpone_set_up(&mut self, page: &OnPage, code: Bytes<32>) -> Result<Reply, Refusal> {
        let prompt = self.held_page(page.prompt, page.cookie)?;
        if prompt.relying_party != page.terms.id {
            return Err(Refusal::NotFound);
        }
        self.not_locked()?;
        let now = self.now();
        if prompt.purpose != Purpose::Login || !self.account.may_do_without(&page.terms, now) {
            return Err(Refusal::NotVerified);
        }
        let former = self.account.user.postponed;
        let (times, first) = former.map_or((0, now), |former| (former.times, former.first));
        self.account.user.postponed = Some(Postponed { times: times.saturating_add(1), first, last: now });
        self.note("set_up.postponed", json!({ "prompt": page.prompt, "relying_party": page.terms.id }));
        self.hand_out(prompt, code, true);
        Ok(Reply::Finished { prompt: Box::new(self.prompt(page.prompt)?), remembered: false })
    }

    /// A result code, which the panel exchanges; a newer one takes the place of the former.
    fn hand_out(&mut self, prompt: Prompt, hash: Bytes<32>, postponed: bool) {
        let id = prompt.id;
        let until = self.now().plus(self.policy().result_code_lifetime);
        let result = Some(ResultCode { hash, until, postponed });
        if prompt.state == PromptState::Done {
            let version = prompt.version + 1;
            self.put(Change::PutPrompt(Box::new(Prompt { result, version, ..prompt })));
            self.note("page.code_renewed", json!({ "prompt": id }));
        } else {
            self.move_prompt(Prompt { result, ..prompt }, PromptState::Done);
        }
    }

    /// The panel's question: was it right? Everything is looked at again.
    pub(super) fn exchange_result(
        &mut self,
        id: PromptId,
        terms: &Terms,
        v: &Secret<32>,
        code: Bytes<32>,
    ) -> Result<Reply, Refusal> {
        let prompt = self.own_prompt(id, terms.id)?;
        self.began_here(&prompt.binding, v)?;
        match prompt.state {
            PromptState::Done => {}
            PromptState::Exchanged => return Err(Refusal::AlreadyDecided),
            PromptState::Cancelled | PromptState::Expired => return Err(Refusal::Expired),
            PromptState::Open | PromptState::Bound => return Err(Refusal::NotVerified),
        }
        let now = self.now();
        let right = prompt.result.as_ref().filter(|result| same(&result.hash, &code) && now < result.until);
        let Some(result) = right else {
            self.note("result.wrong_code", json!({ "prompt": id }));
            return Err(Refusal::NotVerified);
        };
        if result.postponed {
            self.not_locked()?;
            if !self.account.may_do_without(terms, now) {
                return Err(Refusal::NotVerified);
            }
            let from = terms.rollout.of(&self.account.user).required_from();
            self.move_prompt(prompt, PromptState::Exchanged);
            return Err(Refusal::NotRequired { from });
        }
        let challenge = prompt.challenge.ok_or(Refusal::NotVerified)?;
        let verified = self.take_approval(challenge, terms)?;
        self.move_prompt(prompt, PromptState::Exchanged);
        Ok(Reply::Verified(Box::new(verified)))
    }
}
