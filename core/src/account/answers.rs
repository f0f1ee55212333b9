//! Answers: what each of them means for whoever asked.

use koppel_protocol::{
    Problem,
    phone_api::{ChallengeAnswer, Devices, Ended, Inbox, PairingAnswer, TestAnswer, UnlockAnswer, WellKnown},
};
use serde::de::DeserializeOwned;

use super::{
    Account, Purpose, Stage, Standing, World,
    calls::{Pending, Request},
};
use crate::{
    connection,
    effect::{Effect, News, Question, Reply},
    event::{Alert, Answer, Road},
    inbox,
    moment::Generation,
    pairing,
    refused::Refused,
    trouble::Trouble,
    wire::{self, Said},
};

/// The least time between two questions for the chain that nobody but a waiting message asks.
const IDENTITY_AGAIN_MS: u64 = 5_000;

impl Account {
    /// A request was answered.
    pub(crate) fn answered(
        &mut self,
        generation: Generation,
        answer: &Answer,
        world: &mut World<'_>,
    ) -> Result<Vec<Effect>, Refused> {
        let pending = self.calls.remove(&generation).ok_or(Refused::Late)?;
        if let Some(time_ms) = answer.time_ms {
            self.clock.learn(time_ms, answer.sent_at, world.now);
        }
        let refused_nonce = wire::wants_nonce(answer);
        match answer.nonce.as_deref().and_then(|nonce| nonce.parse().ok()) {
            Some(nonce) => self.connection.keep_nonce(nonce, world.now),
            None if refused_nonce => self.connection.drop_nonce(),
            None => {}
        }
        if refused_nonce && !pending.retried && self.connection.nonce(world.now).is_some() {
            return Ok(vec![self.call_again(pending, generation, world)]);
        }
        self.heard(generation, &pending, Ok(answer), world)
    }

    /// A request brought no answer.
    pub(crate) fn not_answered(
        &mut self,
        generation: Generation,
        why: Trouble,
        world: &mut World<'_>,
    ) -> Result<Vec<Effect>, Refused> {
        let pending = self.calls.remove(&generation).ok_or(Refused::Late)?;
        self.heard(generation, &pending, Err(why), world)
    }

    fn heard(
        &mut self,
        generation: Generation,
        pending: &Pending,
        answer: Result<&Answer, Trouble>,
        world: &mut World<'_>,
    ) -> Result<Vec<Effect>, Refused> {
        let mut effects = Vec::new();
        if let Stage::Member(member) = &mut self.stage {
            let taken = matches!(&answer, Ok(answer) if (200..300).contains(&answer.status));
            member.inbox.receipts.settle(generation, taken);
        }
        match pending.purpose {
            Purpose::PairIdentity(order) => {
                let said = said::<WellKnown>(answer).map(|known| known.chain);
                effects.extend(self.pairing_event(pairing::Event::Identified { order, said }, world)?);
            }
            Purpose::Knock(order) => {
                let said = said::<PairingAnswer>(answer);
                effects.extend(self.pairing_event(pairing::Event::Offered { order, said }, world)?);
            }
            Purpose::Reveal(order) => {
                let said = said(answer);
                effects.extend(self.pairing_event(pairing::Event::Revealed { order, said }, world)?);
            }
            Purpose::Status(order) => {
                let said = said(answer);
                effects.extend(self.pairing_event(pairing::Event::Status { order, said }, world)?);
            }
            Purpose::Identity => {
                if let Ok(member) = self.member_mut() {
                    member.identity_again_at = world.now.after(IDENTITY_AGAIN_MS);
                }
                self.identity_said(&said(answer), &mut effects, world)?;
            }
            Purpose::Inbox(poll) => self.inbox_said(said(answer), poll, &mut effects, world)?,
            Purpose::Receipts => {
                if let Said::No(refusal) = answer.map_or_else(later, wire::read_nothing) {
                    self.stop_if_revoked(refusal.trouble(), &mut effects, world)?;
                }
            }
            Purpose::Fetch(order) => {
                let too_soon = answer.ok().and_then(wire::too_soon);
                let said = said::<ChallengeAnswer>(answer);
                effects.extend(self.fetched(order, said, too_soon, world)?);
            }
            Purpose::Decide(order) => {
                let said = said(answer);
                effects.extend(self.decided(order, said, world)?);
            }
            Purpose::Unlock => self.unlock_said(said(answer), &mut effects, world)?,
            Purpose::Question(question, since) => {
                let reply = self.replied(question, answer, &mut effects, world)?;
                let took_ms = world.now.monotonic_ms.saturating_sub(since);
                effects.push(Effect::News(News::Answer { account: self.id, question, reply, took_ms }));
            }
            Purpose::Remove => effects.extend(self.go()),
        }
        Ok(effects)
    }

    /// The server showed its chain: it must continue the known one. Tells what is wrong, if something is.
    fn identity_said(
        &mut self,
        said: &Said<WellKnown>,
        effects: &mut Vec<Effect>,
        world: &mut World<'_>,
    ) -> Result<Option<Trouble>, Refused> {
        let known = match said {
            Said::Yes(known) => known,
            Said::No(refusal) => return Ok(Some(refusal.trouble())),
            Said::Later { trouble, .. } => return Ok(Some(*trouble)),
        };
        let crypto = world.tools.crypto();
        let Ok(member) = self.member_mut() else { return Ok(None) };
        let before = member.standing;
        match member.identity.advance(crypto, &known.chain) {
            Err(_) if before == Standing::Removing => return Ok(Some(Trouble::ServerChanged)),
            Err(_) => {
                self.stop(Standing::ServerChanged, Trouble::ServerChanged, effects, world)?;
                return Ok(Some(Trouble::ServerChanged));
            }
            Ok(identity) => {
                member.identity = identity;
                member.identity_checked = Some(world.now.monotonic_ms);
            }
        }
        if before == Standing::ServerChanged {
            self.member_mut()?.standing = Standing::Active;
            effects.push(self.account_news(world));
            if world.on_screen {
                effects.extend(self.connection_event(connection::Event::Foreground, world)?);
            }
        }
        if self.active().is_ok() {
            effects.extend(self.inbox_event(inbox::Event::IdentityLearned, world)?);
        }
        Ok(None)
    }

    fn inbox_said(
        &mut self,
        said: Said<Inbox>,
        poll: Option<Generation>,
        effects: &mut Vec<Effect>,
        world: &mut World<'_>,
    ) -> Result<(), Refused> {
        let event = match &said {
            Said::Yes(_) => {
                self.member_mut()?.suspended = false;
                poll.map(|order| connection::Event::Polled { order })
            }
            Said::No(refusal) => {
                let retry_after_s = refusal.retry_after_s;
                let trouble = refusal.trouble();
                self.stop_if_revoked(trouble, effects, world)?;
                if trouble == Trouble::DeviceSuspended && !std::mem::replace(&mut self.member_mut()?.suspended, true) {
                    effects.push(self.trouble_news(None, trouble, true));
                }
                poll.map(|order| connection::Event::PollFailed { order, retry_after_s })
            }
            Said::Later { retry_after_s, .. } => {
                poll.map(|order| connection::Event::PollFailed { order, retry_after_s: *retry_after_s })
            }
        };
        if let Some(event) = event {
            // The channel may have come up meanwhile: then nobody waits for this poll, but what it brought counts.
            effects.extend(self.connection_event(event, world).unwrap_or_default());
        }
        let Said::Yes(inbox) = said else { return Ok(()) };
        if self.active().is_err() {
            return Ok(());
        }
        for envelope in inbox
            .challenges
            .iter()
            .map(|waiting| &waiting.envelope)
            .chain(inbox.notices.iter().map(|waiting| &waiting.envelope))
        {
            effects.extend(self.deliver(envelope, Road::Poll, world));
        }
        for ended in inbox.ended {
            effects.extend(self.ended(ended, world).unwrap_or_default());
        }
        Ok(())
    }

    /// Takes an envelope of the live channel or a poll. One that cannot be used is no reason to leave out the next.
    pub(super) fn deliver(
        &mut self,
        envelope: &koppel_protocol::Envelope,
        road: Road,
        world: &mut World<'_>,
    ) -> Vec<Effect> {
        let delivered = self.open(envelope, world).and_then(|text| self.opened(text, road, Alert::Silent, world));
        delivered.unwrap_or_default()
    }

    /// A delivery ended, as the server says.
    pub(super) fn ended(&mut self, ended: Ended, world: &mut World<'_>) -> Result<Vec<Effect>, Refused> {
        let Ended { cid, seq, state } = ended;
        self.inbox_event(inbox::Event::Ended { cid, seq, state }, world)
    }

    fn unlock_said(
        &mut self,
        said: Said<UnlockAnswer>,
        effects: &mut Vec<Effect>,
        world: &mut World<'_>,
    ) -> Result<(), Refused> {
        let trouble = match said {
            Said::Yes(waiting) => {
                effects.extend(self.deliver(&waiting.envelope, Road::Poll, world));
                return Ok(());
            }
            Said::No(refusal) if refusal.status == 409 => {
                self.member_mut()?.locked = false;
                effects.push(self.account_news(world));
                Trouble::NotLocked
            }
            Said::No(refusal) => refusal.trouble(),
            Said::Later { trouble, .. } => trouble,
        };
        effects.push(self.trouble_news(None, trouble, false));
        self.stop_if_revoked(trouble, effects, world)
    }

    fn replied(
        &mut self,
        question: Question,
        answer: Result<&Answer, Trouble>,
        effects: &mut Vec<Effect>,
        world: &mut World<'_>,
    ) -> Result<Result<Reply, Trouble>, Refused> {
        let reply = match question {
            Question::Server => match self.identity_said(&said(answer), effects, world)? {
                Some(trouble) => Err(trouble),
                None => Ok(Reply::Server { version: self.member()?.identity.version.get() }),
            },
            Question::Devices => reply(said::<Devices>(answer).map(|devices| Reply::Devices(devices.devices))),
            Question::Test => reply(said::<TestAnswer>(answer).map(|test| Reply::Test { cid: test.cid })),
        };
        if let Err(trouble) = reply {
            self.stop_if_revoked(trouble, effects, world)?;
        }
        Ok(reply)
    }

    /// A server that says, after a valid proof, that this phone was removed, is believed.
    pub(super) fn stop_if_revoked(
        &mut self,
        trouble: Trouble,
        effects: &mut Vec<Effect>,
        world: &mut World<'_>,
    ) -> Result<(), Refused> {
        match trouble {
            Trouble::DeviceRevoked if self.active().is_ok() => self.stop(Standing::Revoked, trouble, effects, world),
            _ => Ok(()),
        }
    }

    fn stop(
        &mut self,
        standing: Standing,
        trouble: Trouble,
        effects: &mut Vec<Effect>,
        world: &mut World<'_>,
    ) -> Result<(), Refused> {
        effects.extend(self.connection_event(connection::Event::Background, world)?);
        let member = self.member_mut()?;
        if std::mem::replace(&mut member.standing, standing) != standing {
            // What was signed stays, in case the server is itself again; what was not is moot.
            member.approvals.retain(crate::approval::Approval::is_sending);
            effects.push(self.trouble_news(None, trouble, false));
            effects.push(self.account_news(world));
            if standing == Standing::Revoked {
                effects.extend(self.inbox_event(inbox::Event::Unlinked, world)?);
            }
        }
        Ok(())
    }

    /// Fetches the chain while messages wait that are signed by a newer key, unless that is being done or just failed.
    pub(super) fn need_identity(&mut self, world: &mut World<'_>) -> Option<Effect> {
        let member = self.active().ok()?;
        let due = world.now.is_past(member.identity_again_at) && (world.on_screen || member.identity_again_at == 0);
        let wanted = member.inbox.needs_identity() && due;
        let asked = self.calls.values().any(|call| call.purpose == Purpose::Identity);
        (wanted && !asked).then(|| self.call(Purpose::Identity, Request::identity(), world))
    }
}

fn said<T: DeserializeOwned>(answer: Result<&Answer, Trouble>) -> Said<T> {
    answer.map_or_else(later, wire::read)
}

fn later<T>(trouble: Trouble) -> Said<T> {
    Said::Later { retry_after_s: None, trouble }
}

fn reply(said: Said<Reply>) -> Result<Reply, Trouble> {
    match said {
        Said::Yes(reply) => Ok(reply),
        Said::No(refusal) if refusal.problem == Some(Problem::TooSoon) => {
            Err(Trouble::Unavailable { retry_after: refusal.retry_after_s })
        }
        Said::No(refusal) => Err(refusal.trouble()),
        Said::Later { trouble, .. } => Err(trouble),
    }
}
