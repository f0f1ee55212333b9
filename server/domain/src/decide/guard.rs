//! The questions that every road to a verdict asks again. Each is one predicate.

use koppel_protocol::{
    Bytes, Secret,
    hash::sha256,
    id::{ChallengeId, DeviceId, PromptId},
    phone_api::DeviceState,
};
use serde_json::json;
use subtle::ConstantTimeEq;

use super::draft::Draft;
use crate::{
    Challenge, ChallengeState, Change, Counter, CounterKind, Device, Holder, Login, Prompt, PromptState, Refusal,
    Terms, UserStatus,
};

/// Equal, in a time that says nothing about where they differ.
pub(super) fn same(one: &Bytes<32>, other: &Bytes<32>) -> bool {
    one.as_bytes().ct_eq(other.as_bytes()).into()
}

impl Draft<'_> {
    /// Users of another organisation do not exist for this caller.
    pub(super) fn of_this_organisation(&self) -> Result<(), Refusal> {
        let own =
            self.context.actor.organisation().is_none_or(|organisation| organisation == self.account.user.organisation);
        if own { Ok(()) } else { Err(Refusal::NotFound) }
    }

    /// A device proof counts once.
    pub(super) fn remember_proof(&mut self) -> Result<(), Refusal> {
        let Some(proof) = self.context.proof else { return Ok(()) };
        if self.context.found.proof_used {
            return Err(Refusal::Unauthenticated);
        }
        self.put(Change::RememberProof(proof));
        Ok(())
    }

    /// The user may log in: neither disabled, nor deleted, nor locked.
    pub(super) fn not_locked(&self) -> Result<(), Refusal> {
        self.not_disabled()?;
        if self.account.user.lock.is_some() { Err(Refusal::AccountLocked) } else { Ok(()) }
    }

    /// The panel still wants this user.
    pub(super) fn not_disabled(&self) -> Result<(), Refusal> {
        if self.account.user.status == UserStatus::Active { Ok(()) } else { Err(Refusal::AccountLocked) }
    }

    /// A phone that may act.
    pub(super) fn active_device(&self, id: DeviceId) -> Result<Device, Refusal> {
        let device = self.account.device(id).ok_or(Refusal::Unauthenticated)?;
        match device.state {
            DeviceState::Active => Ok(device.clone()),
            DeviceState::Pending => Err(Refusal::DevicePending),
            DeviceState::Suspended => Err(Refusal::DeviceSuspended),
            DeviceState::Revoked => Err(Refusal::DeviceRevoked),
        }
    }

    /// The page belongs to the browser that asks, and is still open.
    pub(super) fn held_page(&mut self, id: PromptId, cookie: Bytes<32>) -> Result<Prompt, Refusal> {
        let prompt = self.prompt(id)?;
        let holds = prompt.cookie.is_some_and(|held| same(&held, &cookie));
        if !holds {
            self.note("page.foreign_browser", json!({ "prompt": id }));
            return Err(Refusal::WrongBinding);
        }
        match prompt.state {
            PromptState::Bound | PromptState::Done => Ok(prompt),
            PromptState::Exchanged => Err(Refusal::AlreadyDecided),
            PromptState::Open | PromptState::Cancelled | PromptState::Expired => Err(Refusal::Expired),
        }
    }

    /// A login challenge for whoever holds it: the browser of its page, or the panel with the beginning session's secret.
    pub(super) fn held_challenge(&mut self, id: ChallengeId, holder: &Holder) -> Result<(Challenge, Login), Refusal> {
        match holder {
            Holder::Page { prompt, cookie, terms } => {
                self.held_page(*prompt, *cookie)?;
                let (challenge, login) = self.own_challenge(id, terms)?;
                if login.prompt == Some(*prompt) { Ok((challenge, login)) } else { Err(Refusal::NotFound) }
            }
            Holder::Panel { terms, v } => {
                let (challenge, login) = self.own_challenge(id, terms)?;
                // What belongs to a hosted page is finished there.
                if login.prompt.is_some() {
                    return Err(Refusal::NotFound);
                }
                self.began_here(&login.binding, v)?;
                Ok((challenge, login))
            }
        }
    }

    /// A login challenge of this relying party; another's does not exist.
    pub(super) fn own_challenge(&self, id: ChallengeId, terms: &Terms) -> Result<(Challenge, Login), Refusal> {
        let challenge = self.challenge(id)?;
        let login = challenge.login().filter(|login| login.relying_party == terms.id).cloned();
        login.map(|login| (challenge, login)).ok_or(Refusal::NotFound)
    }

    /// Only the browser session that began holds `v`.
    pub(super) fn began_here(&mut self, binding: &Bytes<32>, v: &Secret<32>) -> Result<(), Refusal> {
        if same(&sha256(v.expose()), binding) {
            return Ok(());
        }
        let counter = self.account.counter(CounterKind::WrongBindings);
        self.put(Change::PutCounter(Counter { count: counter.count.saturating_add(1), ..counter }));
        self.note("binding.wrong", json!({}));
        Err(Refusal::WrongBinding)
    }

    /// The challenge still waits for its answer.
    pub(super) fn pending(challenge: &Challenge) -> Result<(), Refusal> {
        match challenge.state {
            ChallengeState::Pending => Ok(()),
            ChallengeState::Expired => Err(Refusal::Expired),
            ChallengeState::Superseded => Err(Refusal::Superseded),
            _ => Err(Refusal::AlreadyDecided),
        }
    }
}
