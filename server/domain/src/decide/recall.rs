//! Browsers that are remembered, and logins that ask them nothing.

use koppel_protocol::Bytes;
use serde_json::json;

use super::{draft::Draft, guard::same};
use crate::{
    Challenge, Login, OnPage, Prompt, PromptState, Purpose, Refusal, RememberedBrowser, Reply, Terms,
    remembered::MOST_BROWSERS,
};

impl Draft<'_> {
    /// A factor was right on this page of a login, and the person wants to be asked less. What the rules do not let is left undone;
    /// whether it was done.
    pub(super) fn remember_browser(&mut self, prompt: &Prompt, terms: &Terms, hash: Bytes<32>) -> bool {
        let challenge = prompt.challenge.and_then(|id| self.account.challenge(id));
        let by_a_factor = challenge.and_then(Challenge::login).is_some_and(|login| login.remembered.is_none());
        let browser = RememberedBrowser::new(hash, terms.id, &prompt.browser.user_agent, self.now());
        let once = prompt.state == PromptState::Bound;
        if prompt.purpose != Purpose::Login || !once || !by_a_factor || !browser.counts(terms, self.now()) {
            return false;
        }
        let now = self.now();
        let browsers = &mut self.account.user.browsers;
        browsers.retain(|other| other.relying_party != terms.id || other.counts(terms, now));
        browsers.push(browser);
        if browsers.iter().filter(|browser| browser.relying_party == terms.id).count() > MOST_BROWSERS
            && let Some(oldest) = browsers.iter().position(|browser| browser.relying_party == terms.id)
        {
            browsers.remove(oldest);
        }
        self.note("browser.remembered", json!({ "prompt": prompt.id, "relying_party": terms.id }));
        true
    }

    /// The page of a login in a remembered browser: approved without a question. Anything that is not as it was when the browser was
    /// remembered is asked for as ever.
    pub(super) fn recall(&mut self, page: &OnPage, hash: &Bytes<32>) -> Result<Reply, Refusal> {
        let (prompt, terms) = (self.held_page(page.prompt, page.cookie)?, &page.terms);
        if prompt.relying_party != terms.id {
            return Err(Refusal::NotFound);
        }
        self.not_locked()?;
        let now = self.now();
        let complete = self.account.is_protected(terms.methods) && self.account.backups_missing(terms.methods) == 0;
        // A phone that time suspended just now is another account than the one that was remembered.
        let complete = complete && !self.factors_changed();
        if prompt.purpose != Purpose::Login || prompt.challenge.is_some() || self.recovered(&prompt) || !complete {
            return Err(Refusal::NotVerified);
        }
        let known = self.account.user.browsers.iter_mut().find(|known| same(&known.hash, hash));
        let known = known.filter(|known| known.counts(terms, now)).ok_or(Refusal::NotVerified)?;
        known.used_at = now;
        let login = Login {
            relying_party: prompt.relying_party,
            prompt: Some(prompt.id),
            purpose: prompt.purpose,
            binding: prompt.binding,
            browser: prompt.browser.clone(),
            lasting: false,
            remembered: Some(*hash),
        };
        let id = self.approve_page(prompt, login, Vec::new());
        Ok(Reply::Approved { challenge: id })
    }
}
