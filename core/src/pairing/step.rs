//! The steps of a pairing, and what each of them holds.

use std::sync::Arc;

use koppel_protocol::{
    Identity,
    id::DeviceId,
    jws::{NoKid, Unsigned},
    pairing::{IntroductionText, PairingOffer, Reveal, Transcript},
    phone_api::RevealAnswer,
    pop::{Pop, PopUse},
};

use super::{Effect, Paired, Plan};
use crate::{
    approval::Keys,
    hidden::Hidden,
    moment::{Generation, Moment},
    refused::Refused,
    retry::Retry,
    signature,
};

/// Where it stands.
#[derive(Clone, PartialEq)]
pub(crate) enum Step {
    Greeting { order: Generation, plan: Arc<Plan> },
    MakingKeys { order: Generation, plan: Arc<Plan>, identity: Identity },
    Committed(Committed),
    Offered(Offered),
    Proving(Proving),
    Revealing(Revealing),
    Awaiting(Awaiting),
    Over,
}

/// m1 is on its way.
#[derive(Clone, PartialEq)]
pub(crate) struct Committed {
    pub(super) identity: Identity,
    pub(super) introduction: IntroductionText,
    pub(super) m1: Hidden,
    /// Of a login nothing is stored before m2.
    pub(super) durable: bool,
    pub(super) give_up_at: u64,
    pub(super) retry: Retry,
}

/// m2 is there, and the person is asked.
#[derive(Clone, PartialEq)]
pub(crate) struct Offered {
    pub(super) identity: Identity,
    pub(super) introduction: IntroductionText,
    pub(super) m2: Hidden,
    pub(super) claims: PairingOffer,
    pub(super) transcript: Transcript,
}

/// The person agreed; the keys prove possession.
#[derive(Clone, PartialEq)]
pub(crate) struct Proving {
    pub(super) offered: Offered,
    pub(super) deadline: u64,
    pub(super) id: Possession,
    pub(super) approve: Option<Possession>,
}

/// One proof of possession, wanted or there.
#[derive(Clone)]
pub(crate) struct Possession {
    pub(super) order: Generation,
    pub(super) unsigned: Arc<Unsigned>,
    pub(super) signed: Option<Hidden>,
}

/// m3 is on its way.
#[derive(Clone, PartialEq)]
pub(crate) struct Revealing {
    pub(super) identity: Identity,
    pub(super) keys: Keys,
    pub(super) claims: PairingOffer,
    pub(super) transcript: Transcript,
    pub(super) m3: Hidden,
    pub(super) retry: Retry,
}

/// The number must be typed at the confirmer.
#[derive(Clone, PartialEq)]
pub(crate) struct Awaiting {
    pub(super) identity: Identity,
    pub(super) keys: Keys,
    pub(super) claims: PairingOffer,
    pub(super) transcript: Transcript,
    pub(super) device: DeviceId,
    pub(super) until: u64,
    pub(super) tries_left: u32,
    pub(super) identify: Option<Generation>,
    pub(super) retry: Retry,
}

/// Both secrets and the host's key store are no part of what makes two plans the same.
impl PartialEq for Plan {
    fn eq(&self, other: &Self) -> bool {
        std::ptr::eq(self, other)
    }
}

impl PartialEq for Possession {
    fn eq(&self, other: &Self) -> bool {
        (self.order, self.unsigned.signing_input(), &self.signed)
            == (other.order, other.unsigned.signing_input(), &other.signed)
    }
}

impl Possession {
    /// A proof that waits for its signature.
    pub(super) fn of(transcript: Transcript, key_use: PopUse, moment: &mut Moment<'_>) -> Result<Self, Refused> {
        let unsigned = Unsigned::new(&Pop { transcript, key_use }, &NoKid).map_err(|_| Refused::Malformed)?;
        Ok(Self { order: moment.next_generation(), unsigned: Arc::new(unsigned), signed: None })
    }

    /// What is to be signed.
    pub(super) fn payload(&self) -> Vec<u8> {
        self.unsigned.signing_input().to_vec()
    }
}

impl Proving {
    /// Whether a signature for `order` is wanted.
    pub(super) fn awaits(&self, order: Generation) -> bool {
        [Some(&self.id), self.approve.as_ref()]
            .into_iter()
            .flatten()
            .any(|pop| pop.order == order && pop.signed.is_none())
    }

    /// Takes a signature if it verifies; tells whether all are there.
    pub(super) fn sign(&mut self, order: Generation, signature: &[u8], moment: &Moment<'_>) -> Result<bool, Refused> {
        let introduction = self.offered.introduction.read().map_err(|_| Refused::Malformed)?;
        let (pop, key) = match (&mut self.approve, introduction.approve) {
            (Some(pop), Some(key)) if pop.order == order => (pop, key.spki),
            _ => (&mut self.id, introduction.id.spki),
        };
        let payload = pop.unsigned.signing_input();
        let signature =
            signature::verified(moment.crypto(), &key, payload, signature).ok_or(Refused::SignatureInvalid)?;
        pop.signed = Some(Hidden::from(pop.unsigned.with_signature(&signature)));
        Ok(self.id.signed.is_some() && self.approve.as_ref().is_none_or(|pop| pop.signed.is_some()))
    }

    /// m3, once all signatures are there.
    pub(super) fn revealing(&self) -> Option<Revealing> {
        let Offered { identity, introduction, claims, transcript, .. } = &self.offered;
        let pop_approve = match &self.approve {
            Some(pop) => Some(pop.signed.as_ref()?.expose().to_owned()),
            None => None,
        };
        let m3 = Reveal {
            introduction: introduction.clone(),
            pop_id: self.id.signed.as_ref()?.expose().to_owned(),
            pop_approve,
            attestation: None,
        };
        let m3 = zeroize::Zeroizing::new(serde_json::to_string(&m3).ok()?);
        let said = introduction.read().ok()?;
        Some(Revealing {
            identity: identity.clone(),
            keys: Keys { id: said.id.spki, approve: said.approve.map(|key| (key.spki, key.uv)) },
            claims: claims.clone(),
            transcript: *transcript,
            m3: Hidden::from(m3),
            retry: Retry::default(),
        })
    }
}

impl Committed {
    pub(super) fn can_approve(&self) -> bool {
        can_approve(&self.introduction)
    }
}

impl Offered {
    pub(super) fn can_approve(&self) -> bool {
        can_approve(&self.introduction)
    }
}

fn can_approve(introduction: &IntroductionText) -> bool {
    introduction.read().is_ok_and(|said| said.approve.is_some())
}

impl Revealing {
    /// Sends m3, the same bytes each time.
    pub(super) fn send(&mut self, moment: &mut Moment<'_>) -> Effect {
        Effect::Reveal { order: self.retry.send(moment), pid: self.claims.pid, body: self.m3.clone() }
    }

    /// The server has the device, pending.
    pub(super) fn pending(&self, answer: &RevealAnswer) -> Awaiting {
        Awaiting {
            identity: self.identity.clone(),
            keys: self.keys,
            claims: self.claims.clone(),
            transcript: self.transcript,
            device: answer.device,
            until: answer.until,
            tries_left: super::CHECK_TRIES,
            identify: None,
            retry: Retry::default(),
        }
    }
}

impl Awaiting {
    /// The number to be typed at the confirmer.
    pub(crate) fn check_number(&self) -> String {
        self.transcript.check_number().expose().to_owned()
    }

    /// The phone as it is from now on.
    pub(super) fn paired(&self) -> Paired {
        Paired {
            identity: self.identity.clone(),
            device: self.device,
            organisation: self.claims.organisation.clone(),
            user: self.claims.account.clone(),
            keys: self.keys,
        }
    }
}

impl Step {
    /// Sends what waits to be sent again, if its time has come.
    pub(super) fn send_due(&mut self, moment: &mut Moment<'_>) -> Option<Effect> {
        self.retry().filter(|retry| retry.is_due(moment))?;
        self.send(moment)
    }

    /// Sends what waits to be sent again, without waiting longer.
    pub(super) fn send_now(&mut self, moment: &mut Moment<'_>) -> Option<Effect> {
        self.retry().filter(|retry| retry.may_hurry(moment) && !retry.is_fresh())?;
        self.send(moment)
    }

    fn retry(&self) -> Option<&Retry> {
        match self {
            Self::Committed(committed) => Some(&committed.retry),
            Self::Revealing(revealing) => Some(&revealing.retry),
            Self::Awaiting(awaiting) => Some(&awaiting.retry),
            _ => None,
        }
    }

    fn send(&mut self, moment: &mut Moment<'_>) -> Option<Effect> {
        match self {
            Self::Committed(committed) => {
                Some(Effect::Commit { order: committed.retry.send(moment), body: committed.m1.clone() })
            }
            Self::Revealing(revealing) => Some(revealing.send(moment)),
            // Asking how it stands is for the person who looks at the number.
            Self::Awaiting(awaiting) if moment.on_screen => {
                Some(Effect::Status { order: awaiting.retry.send(moment), pid: awaiting.claims.pid })
            }
            _ => None,
        }
    }
}
