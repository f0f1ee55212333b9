//! One attempt to pair this phone, from the person's agreement to the host until the account is active.
//!
//! ```text
//! P0  Greeting ──identity──▶ MakingKeys ──keys──▶ Committed              m1: sent, the same bytes, until answered
//! P1                                                 │ m2: the first that verifies
//! P2                                              Offered ◀─┐            the person sees organisation and account
//! P3                                    agreed ──▶ Proving ─┘ no key     both keys prove possession
//!                                                    │ m3: sent, the same bytes, until answered
//!                                                 Revealing
//! P4                                              Awaiting               check number shown; status asked every 2 s
//! P5                                                 └── own activation ──▶ active
//! ```
//!
//! From `Committed` on (for a login: from `Offered` on, for its m1 holds a password) every step is on disk before its
//! message is sent, and a killed app takes it up again with the same bytes. The phone opens its commitment (O) to the
//! one server whose m2 it kept, and shows the check number only after both are fixed.

mod checks;
mod plan;
mod step;
mod stored;
#[cfg(test)]
mod table;
mod views;

use std::sync::Arc;

use koppel_protocol::{
    Bytes, Host, Identity, Problem, Text,
    id::{DeviceId, PairingId},
    pairing::{Introduction, PairingOffer, PairingRequest, Transcript},
    phone_api::{PairingAnswer, PairingState, PairingStatus, RevealAnswer},
    pop::PopUse,
};
use zeroize::Zeroizing;

use crate::{
    approval::Keys,
    attempts::Attempts,
    effect::PairingEnd,
    event::{Invitation, NewKeys, NoSignature},
    hidden::Hidden,
    moment::{Generation, Moment},
    refused::Refused,
    retry::Retry,
    trouble::Trouble,
    wire::{Refusal, Said},
};

pub(crate) use plan::Plan;
pub(crate) use step::{Awaiting, Step};
use step::{Committed, Offered, Possession, Proving};
pub(crate) use stored::Stored;

/// The least time between two questions how the pairing stands.
const STATUS_EVERY_MS: u64 = 2_000;
/// How long m1 is resent in one run: no invitation lives longer.
const COMMIT_FOR_MS: u64 = 600_000;
/// How long the keys are kept when the server says nothing more, in seconds after the pairing ended.
const KEEP_S: u64 = 24 * 3_600;
/// How often the confirmer may mistype the check number.
const CHECK_TRIES: u32 = 3;
/// How long the person has for the signature of the `approve` key.
const SIGN_WITHIN_MS: u64 = 300_000;

/// What a pairing is told.
#[derive(Clone, Debug)]
pub(crate) enum Event {
    Identified {
        order: Generation,
        said: Said<Vec<String>>,
    },
    KeysMade {
        order: Generation,
        keys: NewKeys,
    },
    KeysFailed {
        order: Generation,
    },
    Offered {
        order: Generation,
        said: Said<PairingAnswer>,
    },
    Accept,
    Decline,
    Signed {
        order: Generation,
        signature: Vec<u8>,
    },
    NotSigned {
        order: Generation,
        why: NoSignature,
    },
    Revealed {
        order: Generation,
        said: Said<RevealAnswer>,
    },
    Status {
        order: Generation,
        said: Said<PairingStatus>,
    },
    /// An envelope that came by itself was opened.
    Opened {
        text: Zeroizing<String>,
    },
    /// The first event after a restart.
    Started,
    /// The phone has a network again.
    Nudge,
    /// What was last wanted was not done: the vault could not be written.
    Interrupted,
    Tick,
}

/// What a pairing wants.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Effect {
    Identify { order: Generation },
    MakeKeys { order: Generation, approve: bool },
    Commit { order: Generation, body: Hidden },
    Offer,
    SignPop { order: Generation, payload: Vec<u8> },
    AskPop { order: Generation, payload: Vec<u8>, title: Text, deadline: u64 },
    Reveal { order: Generation, pid: PairingId, body: Hidden },
    Status { order: Generation, pid: PairingId },
    CheckNumber,
    WrongNumber { left: u32 },
    Trouble(Trouble),
    Done(Box<Paired>),
    Ended(PairingEnd),
}

/// What a pairing leaves: a phone that belongs to an account.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Paired {
    pub(crate) identity: Identity,
    pub(crate) device: DeviceId,
    pub(crate) organisation: Text,
    pub(crate) user: Text,
    pub(crate) keys: Keys,
}

/// One attempt.
#[derive(Clone, PartialEq)]
pub(crate) struct Pairing {
    host: Host,
    step: Step,
}

impl Pairing {
    /// The person agreed to the host. Nothing is made or sent yet but the question who is there.
    pub(crate) fn begin(
        plan: Plan,
        attempts: &Attempts,
        moment: &mut Moment<'_>,
    ) -> Result<(Self, Vec<Effect>), Refused> {
        if plan.device_name.is_empty() {
            return Err(Refused::NameInvalid);
        }
        if plan.fingerprint().is_some_and(|invitation| !attempts.allow(&invitation, moment.now)) {
            return Err(Refused::InvitationWornOut);
        }
        let host = plan.invitation.origin().host().clone();
        let order = moment.next_generation();
        Ok((Self { host, step: Step::Greeting { order, plan: Arc::new(plan) } }, vec![Effect::Identify { order }]))
    }

    /// Takes an event.
    pub(crate) fn handle(
        &mut self,
        event: Event,
        attempts: &mut Attempts,
        moment: &mut Moment<'_>,
    ) -> Result<Vec<Effect>, Refused> {
        match (event, &mut self.step) {
            (Event::Identified { order, said }, Step::Greeting { order: asked, plan }) if order == *asked => {
                let plan = Arc::clone(plan);
                self.identified(said, plan, moment)
            }
            (Event::KeysMade { order, keys }, Step::MakingKeys { order: asked, plan, identity }) if order == *asked => {
                let (plan, identity) = (Arc::clone(plan), identity.clone());
                self.commit(&keys, &plan, identity, attempts, moment)
            }
            (Event::KeysFailed { order }, Step::MakingKeys { order: asked, .. }) if order == *asked => {
                Ok(self.fail(Trouble::KeysUnavailable))
            }
            (Event::Offered { order, said }, Step::Committed(committed)) if committed.retry.awaits(order) => match said
            {
                Said::Yes(answer) => self.take_offer(&answer.m2, moment),
                Said::No(refusal) => Ok(self.fail(checks::knock_refused(refusal))),
                Said::Later { retry_after_s, trouble } => {
                    let first = committed.retry.is_fresh();
                    committed.retry.failed(retry_after_s, moment)?;
                    Ok(if first { vec![Effect::Trouble(trouble)] } else { Vec::new() })
                }
            },
            (Event::Accept, Step::Offered(offered)) => {
                let offered = offered.clone();
                self.prove(offered, moment)
            }
            (Event::Signed { order, signature }, Step::Proving(proving)) if proving.awaits(order) => {
                let all = proving.sign(order, &signature, moment)?;
                if all { self.reveal(moment) } else { Ok(Vec::new()) }
            }
            (Event::NotSigned { order, why }, Step::Proving(proving)) if proving.awaits(order) => {
                self.step = Step::Offered(proving.offered.clone());
                Ok(vec![Effect::Trouble(why.into()), Effect::Offer])
            }
            (Event::Revealed { order, said }, Step::Revealing(revealing)) if revealing.retry.awaits(order) => {
                match said {
                    Said::Yes(answer) => {
                        let mut awaiting = revealing.pending(&answer);
                        awaiting.retry.again_after(STATUS_EVERY_MS, moment);
                        self.step = Step::Awaiting(awaiting);
                        Ok(vec![Effect::CheckNumber])
                    }
                    Said::No(refusal) => Ok(self.fail(checks::reveal_refused(refusal))),
                    Said::Later { retry_after_s, trouble } => {
                        let first = revealing.retry.is_fresh();
                        revealing.retry.failed(retry_after_s, moment)?;
                        Ok(if first { vec![Effect::Trouble(trouble)] } else { Vec::new() })
                    }
                }
            }
            (Event::Status { order, said }, Step::Awaiting(awaiting)) if awaiting.retry.awaits(order) => match said {
                Said::Yes(status) => self.stands(status, moment),
                Said::No(Refusal { problem: Some(Problem::DeviceRevoked), .. }) => Ok(self.end(PairingEnd::Refused)),
                // Only "refused" and "expired" end it: anything else may be a server that is being repaired.
                Said::No(refusal) => {
                    awaiting.retry.failed(refusal.retry_after_s, moment)?;
                    Ok(Vec::new())
                }
                Said::Later { retry_after_s, .. } => {
                    awaiting.retry.failed(retry_after_s, moment)?;
                    Ok(Vec::new())
                }
            },
            (Event::Identified { order, said }, Step::Awaiting(awaiting)) if awaiting.identify == Some(order) => {
                awaiting.identify = None;
                if let Said::Yes(chain) = said
                    && let Ok(identity) = awaiting.identity.advance(moment.crypto(), &chain)
                {
                    awaiting.identity = identity;
                }
                Ok(Vec::new())
            }
            (Event::Opened { text }, Step::Awaiting(_)) => self.activation(&text, moment),
            (Event::Decline, step) if !matches!(step, Step::Over) => Ok(self.end(PairingEnd::Declined)),
            (Event::Started, step) => Ok(match step {
                Step::Committed(committed) => {
                    committed.give_up_at = moment.now.after(COMMIT_FOR_MS);
                    Vec::new()
                }
                Step::Offered(_) => vec![Effect::Offer],
                Step::Awaiting(_) => vec![Effect::CheckNumber],
                _ => Vec::new(),
            }),
            (Event::Nudge, step) => Ok(step.send_now(moment).into_iter().collect()),
            (Event::Interrupted, Step::MakingKeys { .. }) => Ok(self.fail(Trouble::NotPersisted)),
            (Event::Interrupted, Step::Proving(proving)) => {
                self.step = Step::Offered(proving.offered.clone());
                Ok(vec![Effect::Offer])
            }
            (Event::Interrupted, _) => Ok(Vec::new()),
            (Event::Tick, _) => Ok(self.tick(moment)),
            _ => Err(Refused::Late),
        }
    }

    fn identified(
        &mut self,
        said: Said<Vec<String>>,
        plan: Arc<Plan>,
        moment: &mut Moment<'_>,
    ) -> Result<Vec<Effect>, Refused> {
        let chain = match said {
            Said::Yes(chain) => chain,
            Said::No(refusal) => return Ok(self.fail(refusal.trouble())),
            Said::Later { trouble, .. } => return Ok(self.fail(trouble)),
        };
        match checks::identity(&plan, &chain, moment.crypto()) {
            Err(trouble) => Ok(self.fail(trouble)),
            Ok(identity) => {
                let (order, approve) = (moment.next_generation(), plan.approvals);
                self.step = Step::MakingKeys { order, plan, identity };
                Ok(vec![Effect::MakeKeys { order, approve }])
            }
        }
    }

    fn commit(
        &mut self,
        keys: &NewKeys,
        plan: &Plan,
        identity: Identity,
        attempts: &mut Attempts,
        moment: &mut Moment<'_>,
    ) -> Result<Vec<Effect>, Refused> {
        if keys.approve.is_some() != plan.approvals {
            return Ok(self.fail(Trouble::KeysUnavailable));
        }
        let introduction = Introduction {
            id: keys.id,
            seal: keys.seal,
            approve: keys.approve,
            auth: keys.auth.clone(),
            ra: Bytes::new(moment.roll()?),
            name: plan.device_name.clone(),
            platform: plan.platform,
        };
        let Ok(introduction) = introduction.to_text() else {
            return Ok(self.fail(Trouble::KeysUnavailable));
        };
        let commitment = introduction.commitment();
        let request = PairingRequest { commitment, rq: Bytes::new(moment.roll()?), door: plan.door(&commitment) };
        let m1 =
            request.to_body().ok().and_then(|body| String::from_utf8(body.to_vec()).ok()).ok_or(Refused::Malformed)?;
        if plan.fingerprint().is_some_and(|invitation| !attempts.begin(invitation, moment.now)) {
            return Ok(self.fail(Trouble::InvitationWornOut));
        }
        let mut committed = Committed {
            identity,
            introduction,
            m1: Hidden::from(Zeroizing::new(m1)),
            durable: !matches!(plan.invitation, Invitation::Login { .. }),
            give_up_at: moment.now.after(COMMIT_FOR_MS),
            retry: Retry::default(),
        };
        let effect = Effect::Commit { order: committed.retry.send(moment), body: committed.m1.clone() };
        self.step = Step::Committed(committed);
        Ok(vec![effect])
    }

    fn take_offer(&mut self, m2: &str, moment: &Moment<'_>) -> Result<Vec<Effect>, Refused> {
        let Step::Committed(committed) = &self.step else { return Err(Refused::Late) };
        let Committed { identity, introduction, m1, .. } = committed;
        let c = PairingRequest::hash(m1.expose().as_bytes());
        match PairingOffer::accept(moment.crypto(), identity, m2, &c, &self.host) {
            Err(error) => Ok(self.fail(checks::not_accepted(&error))),
            Ok(offer) => {
                self.step = Step::Offered(Offered {
                    transcript: Transcript::of(offer.signing_input(), introduction),
                    identity: identity.clone(),
                    introduction: introduction.clone(),
                    m2: Hidden::from(m2),
                    claims: offer.into_claims(),
                });
                Ok(vec![Effect::Offer])
            }
        }
    }

    fn prove(&mut self, offered: Offered, moment: &mut Moment<'_>) -> Result<Vec<Effect>, Refused> {
        let introduction = offered.introduction.read().map_err(|_| Refused::Malformed)?;
        let deadline = moment.now.after(SIGN_WITHIN_MS);
        let id = Possession::of(offered.transcript, PopUse::Id, moment)?;
        let mut effects = vec![Effect::SignPop { order: id.order, payload: id.payload() }];
        let approve = match introduction.approve {
            None => None,
            Some(_) => Some(Possession::of(offered.transcript, PopUse::Approve, moment)?),
        };
        if let Some(approve) = &approve {
            let (order, payload, title) = (approve.order, approve.payload(), offered.claims.organisation.clone());
            effects.push(Effect::AskPop { order, payload, title, deadline });
        }
        self.step = Step::Proving(Proving { offered, deadline, id, approve });
        Ok(effects)
    }

    fn reveal(&mut self, moment: &mut Moment<'_>) -> Result<Vec<Effect>, Refused> {
        let Step::Proving(proving) = &self.step else { return Err(Refused::Late) };
        let mut revealing = proving.revealing().ok_or(Refused::Malformed)?;
        let effect = revealing.send(moment);
        self.step = Step::Revealing(revealing);
        Ok(vec![effect])
    }

    fn stands(&mut self, status: PairingStatus, moment: &mut Moment<'_>) -> Result<Vec<Effect>, Refused> {
        let Step::Awaiting(awaiting) = &mut self.step else { return Err(Refused::Late) };
        awaiting.retry.again_after(STATUS_EVERY_MS, moment);
        awaiting.until = status.until;
        match status.state {
            PairingState::Refused => Ok(self.end(PairingEnd::Refused)),
            PairingState::Expired => Ok(self.end(PairingEnd::Expired)),
            PairingState::Pending => {
                let wrong = status.tries_left < awaiting.tries_left;
                awaiting.tries_left = status.tries_left;
                Ok(if wrong { vec![Effect::WrongNumber { left: status.tries_left }] } else { Vec::new() })
            }
            PairingState::Active => {
                let text = status.envelope.as_ref().and_then(|envelope| moment.open(envelope));
                // Not for us, not ours, or not yet there: nothing happened. It is asked again.
                let activated = text.map(|text| self.activation(&text, moment));
                Ok(activated.and_then(Result::ok).unwrap_or_default())
            }
        }
    }

    fn activation(&mut self, text: &str, moment: &mut Moment<'_>) -> Result<Vec<Effect>, Refused> {
        let Step::Awaiting(awaiting) = &mut self.step else { return Err(Refused::Late) };
        match checks::activation(awaiting, text, moment.crypto()) {
            checks::Activated::Yes => {
                let paired = awaiting.paired();
                self.step = Step::Over;
                Ok(vec![Effect::Done(Box::new(paired))])
            }
            checks::Activated::NewerIdentity if awaiting.identify.is_none() => {
                let order = moment.next_generation();
                awaiting.identify = Some(order);
                Ok(vec![Effect::Identify { order }])
            }
            checks::Activated::NewerIdentity => Err(Refused::Duplicate),
            checks::Activated::No => Err(Refused::NotGenuine),
        }
    }

    fn tick(&mut self, moment: &mut Moment<'_>) -> Vec<Effect> {
        let passed = |end: u64| moment.learned_s().is_some_and(|server| server > end);
        match &mut self.step {
            Step::Committed(committed) if moment.now.is_past(committed.give_up_at) => self.fail(Trouble::NoConnection),
            Step::Offered(offered) if passed(offered.claims.exp) => self.end(PairingEnd::Expired),
            Step::Proving(proving) if moment.now.is_past(proving.deadline) => {
                self.step = Step::Offered(proving.offered.clone());
                vec![Effect::Trouble(Trouble::Expired), Effect::Offer]
            }
            Step::Revealing(revealing) if passed(revealing.claims.exp.saturating_add(KEEP_S)) => {
                self.end(PairingEnd::Expired)
            }
            Step::Awaiting(awaiting) if passed(awaiting.until.saturating_add(KEEP_S)) => self.end(PairingEnd::Expired),
            step => step.send_due(moment).into_iter().collect(),
        }
    }

    fn fail(&mut self, trouble: Trouble) -> Vec<Effect> {
        self.end(PairingEnd::Failed(trouble))
    }

    fn end(&mut self, why: PairingEnd) -> Vec<Effect> {
        self.step = Step::Over;
        vec![Effect::Ended(why)]
    }

    /// When a [`Event::Tick`] is due.
    pub(crate) fn next_wake(&self, moment: &Moment<'_>) -> Option<u64> {
        let ends = |end: u64| moment.clock.learned_ms(moment.now).map(|_| moment.clock.deadline(end, moment.now));
        let (end, retry) = match &self.step {
            Step::Greeting { .. } | Step::MakingKeys { .. } | Step::Over => (None, None),
            Step::Committed(committed) => (Some(committed.give_up_at), committed.retry.next_wake()),
            Step::Offered(offered) => (ends(offered.claims.exp + 1), None),
            Step::Proving(proving) => (Some(proving.deadline), None),
            Step::Revealing(revealing) => (ends(revealing.claims.exp + KEEP_S + 1), revealing.retry.next_wake()),
            Step::Awaiting(awaiting) => {
                (ends(awaiting.until + KEEP_S + 1), awaiting.retry.next_wake().filter(|_| moment.on_screen))
            }
        };
        end.into_iter().chain(retry).min()
    }
}
