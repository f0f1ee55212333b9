//! One answer of the person to one challenge: approve, deny, or "this was not me".
//!
//! ```text
//!  approve ──▶ Checking ──still live──▶ Signing ──signed──▶ Sending ──answered──▶ (outcome)
//!                │  ▲                     ▲                    │  ▲
//!                └──┘ too soon: later     │                    └──┘ no answer: the same bytes again
//!  deny, fraud ───────────────────────────┘
//! ```
//!
//! Nothing is stored before the signature is there and verifies. From then on the answer is on disk and is sent, the
//! same bytes each time, until the server answered: whatever happens in between, it counts once. A step before that is
//! begun anew by a later *approve*; what belongs to the former then comes too late and is refused.

#[cfg(test)]
mod table;

use std::{fmt, sync::Arc};

use koppel_protocol::{
    Bytes, Digits, PublicKey, ServerId,
    decision::{Decision, KeyUse, UserVerification, Verdict},
    id::{ChallengeId, DeviceId},
    jws::Unsigned,
};
use serde::{Deserialize, Serialize};

use crate::{
    event::NoSignature,
    moment::{Generation, Moment},
    refused::Refused,
    retry::Retry,
    signature,
    trouble::Trouble,
};

/// What became of an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The server took the approval.
    Approved,
    /// The server took the denial.
    Denied,
    /// The server took the fraud report; the account is locked.
    Fraud,
    /// Stored, and not yet taken by the server: there is no connection. Another outcome follows.
    Queued,
    /// The number was wrong.
    WrongNumber {
        /// Tries left; none means that the challenge failed.
        left: u32,
    },
    /// It came too late.
    Expired,
    /// A later delivery replaced the one that was answered.
    Superseded,
    /// Another phone, or the page itself, answered first.
    AnsweredElsewhere,
    /// The account is locked.
    Locked,
    /// The server refused it, and another try would not help.
    Failed(Trouble),
}

/// How long an answer is resent after its delivery ended, in seconds: as long as a fraud report counts.
const KEEP_S: u64 = 24 * 3_600;

/// What is answered: taken from the verified challenge.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Subject {
    pub(crate) server: ServerId,
    pub(crate) device: DeviceId,
    pub(crate) cid: ChallengeId,
    pub(crate) seq: u32,
    /// SHA-256 of the challenge as it came.
    pub(crate) hash: Bytes<32>,
    /// End of the delivery, seconds of server time.
    pub(crate) expires_at: u64,
    /// Whether its approval lifts the account's lock.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(crate) unlocks: bool,
}

/// What an answer is told.
#[derive(Clone, Debug)]
pub(crate) enum Event {
    Fetched {
        order: Generation,
        live: Liveness,
    },
    Signed {
        order: Generation,
        signature: Vec<u8>,
    },
    NotSigned {
        order: Generation,
        why: NoSignature,
    },
    Ended {
        seq: u32,
        end: End,
    },
    Answered {
        order: Generation,
        reply: Reply,
    },
    NotAnswered {
        order: Generation,
    },
    /// A connection came up: try now.
    Nudge,
    Tick,
}

/// What the server says of the challenge before it is approved.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Liveness {
    Live,
    Over(End),
    /// It was asked too often, and said when to ask again.
    TooSoon {
        retry_after_s: u64,
    },
    Unknown(Trouble),
}

/// How a challenge or delivery ended, as far as an unsigned approval cares.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum End {
    Elsewhere,
    Expired,
    Superseded,
}

/// The server's reply to a decision.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reply {
    /// Final.
    Outcome(Outcome),
    /// Not now; the same bytes again.
    Later { retry_after_s: Option<u64> },
}

/// What an answer wants.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Effect {
    Fetch {
        order: Generation,
    },
    /// By the `id` key.
    Sign {
        order: Generation,
        payload: Vec<u8>,
    },
    /// By the `approve` key, with the person.
    Ask {
        order: Generation,
        payload: Vec<u8>,
        deadline: u64,
    },
    Send {
        order: Generation,
        jws: String,
    },
    Outcome(Outcome),
    Trouble(Trouble),
}

/// The keys an answer may be signed with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Keys {
    pub(crate) id: PublicKey,
    pub(crate) approve: Option<(PublicKey, UserVerification)>,
}

/// An answer.
#[derive(Clone, PartialEq)]
pub(crate) struct Approval {
    pub(crate) subject: Subject,
    pub(crate) verdict: Verdict,
    number: Option<Digits>,
    step: Step,
}

/// Where it stands.
#[derive(Clone, PartialEq)]
enum Step {
    Checking { deadline: u64, retry: Retry },
    Signing { order: Generation, deadline: u64, unsigned: ToSign },
    Sending { jws: String, queued: bool, retry: Retry },
    Over,
}

/// A message that waits for its signature.
#[derive(Clone)]
struct ToSign(Arc<Unsigned>);

impl PartialEq for ToSign {
    fn eq(&self, other: &Self) -> bool {
        self.0.signing_input() == other.0.signing_input()
    }
}

/// What a kill must not lose.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Stored {
    subject: Subject,
    verdict: Verdict,
    jws: String,
    queued: bool,
}

impl Approval {
    /// The person approves: first, is it still live? What can be refused without the server was refused before.
    pub(crate) fn approve(
        subject: Subject,
        number: Option<Digits>,
        deadline: u64,
        moment: &mut Moment<'_>,
    ) -> (Self, Vec<Effect>) {
        let mut retry = Retry::default();
        let order = retry.send(moment);
        let step = Step::Checking { deadline, retry };
        (Self { subject, verdict: Verdict::Approve, number, step }, vec![Effect::Fetch { order }])
    }

    /// The person says no, or reports fraud. Neither needs live state or the person's key.
    pub(crate) fn refuse(
        subject: Subject,
        verdict: Verdict,
        moment: &mut Moment<'_>,
    ) -> Result<(Self, Vec<Effect>), Refused> {
        let mut answer = Self { subject, verdict, number: None, step: Step::Over };
        let effect = answer.sign(UserVerification::None, u64::MAX, moment)?;
        Ok((answer, vec![effect]))
    }

    /// An answer that an earlier run stored; the first tick sends it.
    pub(crate) fn resume(stored: Stored) -> Self {
        let Stored { subject, verdict, jws, queued } = stored;
        Self { subject, verdict, number: None, step: Step::Sending { jws, queued, retry: Retry::default() } }
    }

    /// What must survive a kill; nothing until it is signed.
    pub(crate) fn stored(&self) -> Option<Stored> {
        let Step::Sending { jws, queued, .. } = &self.step else { return None };
        Some(Stored { subject: self.subject.clone(), verdict: self.verdict, jws: jws.clone(), queued: *queued })
    }

    /// Takes an event. `keys` are this pairing's own public keys.
    pub(crate) fn handle(
        &mut self,
        event: Event,
        keys: &Keys,
        moment: &mut Moment<'_>,
    ) -> Result<Vec<Effect>, Refused> {
        match (event, &mut self.step) {
            (Event::Fetched { order, live }, Step::Checking { deadline, retry }) if retry.awaits(order) => {
                let deadline = *deadline;
                match live {
                    _ if moment.now.is_past(deadline) => Ok(self.end(Outcome::Expired)),
                    Liveness::Live => {
                        let (_, uv) = keys.approve.ok_or(Refused::CodesOnly)?;
                        Ok(vec![self.sign(uv, deadline, moment)?])
                    }
                    Liveness::Over(end) => Ok(self.end(end.into())),
                    Liveness::TooSoon { retry_after_s } => {
                        retry.failed(Some(retry_after_s), moment)?;
                        Ok(Vec::new())
                    }
                    Liveness::Unknown(trouble) => Ok(self.give_up(trouble)),
                }
            }
            (Event::Signed { order, signature }, Step::Signing { order: asked, deadline, unsigned })
                if order == *asked =>
            {
                if moment.now.is_past(*deadline) {
                    return Ok(self.end(Outcome::Expired));
                }
                let key = match self.verdict.key() {
                    KeyUse::Approve => keys.approve.ok_or(Refused::CodesOnly)?.0,
                    KeyUse::Id => keys.id,
                };
                let payload = unsigned.0.signing_input();
                let signature = signature::verified(moment.crypto(), &key, payload, &signature);
                let jws = unsigned.0.with_signature(&signature.ok_or(Refused::SignatureInvalid)?).to_string();
                let mut retry = Retry::default();
                let order = retry.send(moment);
                self.step = Step::Sending { jws: jws.clone(), queued: false, retry };
                Ok(vec![Effect::Send { order, jws }])
            }
            (Event::NotSigned { order, why }, Step::Signing { order: asked, .. }) if order == *asked => {
                Ok(self.give_up(why.into()))
            }
            // An approval not yet signed is moot. A denial is not: the person may mean more by it than the end of
            // this delivery. And what was signed and sent is answered by the server, not by rumour.
            (Event::Ended { seq, end }, Step::Checking { .. } | Step::Signing { .. })
                if self.verdict == Verdict::Approve && seq >= self.subject.seq =>
            {
                Ok(self.end(end.into()))
            }
            (Event::Answered { order, reply }, Step::Sending { retry, .. }) if retry.awaits(order) => match reply {
                Reply::Outcome(outcome) => Ok(self.end(outcome)),
                Reply::Later { retry_after_s } => self.later(retry_after_s, moment),
            },
            (Event::NotAnswered { order }, Step::Sending { retry, .. }) if retry.awaits(order) => {
                self.later(None, moment)
            }
            (Event::Nudge, Step::Sending { jws, retry, .. }) if retry.may_hurry(moment) => {
                Ok(vec![Effect::Send { order: retry.send(moment), jws: jws.clone() }])
            }
            (Event::Nudge, _) => Ok(Vec::new()),
            (Event::Tick, Step::Checking { deadline, .. } | Step::Signing { deadline, .. })
                if moment.now.is_past(*deadline) =>
            {
                Ok(self.end(Outcome::Expired))
            }
            (Event::Tick, Step::Checking { retry, .. }) if retry.is_due(moment) => {
                Ok(vec![Effect::Fetch { order: retry.send(moment) }])
            }
            (Event::Tick, Step::Checking { .. } | Step::Signing { .. }) => Ok(Vec::new()),
            (Event::Tick, Step::Sending { jws, retry, .. }) => {
                let kept_until = self.subject.expires_at.saturating_add(KEEP_S);
                if moment.learned_s().is_some_and(|server| server > kept_until) {
                    return Ok(self.end(Outcome::Expired));
                }
                if retry.is_due(moment) {
                    return Ok(vec![Effect::Send { order: retry.send(moment), jws: jws.clone() }]);
                }
                Ok(Vec::new())
            }
            _ => Err(Refused::Late),
        }
    }

    /// When a [`Event::Tick`] is due.
    pub(crate) fn next_wake(&self) -> Option<u64> {
        match &self.step {
            Step::Checking { deadline, retry } => Some(retry.next_wake().unwrap_or(*deadline).min(*deadline)),
            Step::Signing { deadline, .. } => Some(*deadline).filter(|at| *at != u64::MAX),
            Step::Sending { retry, .. } => retry.next_wake(),
            Step::Over => None,
        }
    }

    /// Whether the answer is signed, stored and on its way.
    pub(crate) fn is_sending(&self) -> bool {
        matches!(self.step, Step::Sending { .. })
    }

    /// Whether nothing more is to come.
    pub(crate) fn is_over(&self) -> bool {
        self.step == Step::Over
    }

    /// The order of the signature that is awaited.
    pub(crate) fn signing(&self) -> Option<Generation> {
        match &self.step {
            Step::Signing { order, .. } => Some(*order),
            _ => None,
        }
    }

    /// Whether `order` is one of this answer's, and still awaited.
    pub(crate) fn awaits(&self, order: Generation) -> bool {
        match &self.step {
            Step::Signing { order: asked, .. } => order == *asked,
            Step::Checking { retry, .. } | Step::Sending { retry, .. } => retry.awaits(order),
            Step::Over => false,
        }
    }

    fn sign(&mut self, uv: UserVerification, deadline: u64, moment: &mut Moment<'_>) -> Result<Effect, Refused> {
        let decision = Decision {
            aud: self.subject.server,
            cid: self.subject.cid,
            seq: self.subject.seq,
            dev: self.subject.device,
            ch: self.subject.hash,
            dec: self.verdict,
            num: self.number.clone(),
            uv,
            iat: moment.guess_s(),
            jti: Bytes::new(moment.roll()?),
        };
        let unsigned = Unsigned::new(&decision, &self.subject.device).map_err(|_| Refused::Malformed)?;
        let payload = unsigned.signing_input().to_vec();
        let order = moment.next_generation();
        self.step = Step::Signing { order, deadline, unsigned: ToSign(Arc::new(unsigned)) };
        Ok(match self.verdict.key() {
            KeyUse::Approve => Effect::Ask { order, payload, deadline },
            KeyUse::Id => Effect::Sign { order, payload },
        })
    }

    fn later(&mut self, retry_after_s: Option<u64>, moment: &mut Moment<'_>) -> Result<Vec<Effect>, Refused> {
        let Step::Sending { queued, retry, .. } = &mut self.step else { return Err(Refused::Late) };
        retry.failed(retry_after_s, moment)?;
        let first = !std::mem::replace(queued, true);
        Ok(if first { vec![Effect::Outcome(Outcome::Queued)] } else { Vec::new() })
    }

    fn end(&mut self, outcome: Outcome) -> Vec<Effect> {
        self.step = Step::Over;
        vec![Effect::Outcome(outcome)]
    }

    fn give_up(&mut self, trouble: Trouble) -> Vec<Effect> {
        self.step = Step::Over;
        vec![Effect::Trouble(trouble)]
    }
}

impl fmt::Debug for Approval {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let step = match self.step {
            Step::Checking { .. } => "Checking",
            Step::Signing { .. } => "Signing",
            Step::Sending { .. } => "Sending",
            Step::Over => "Over",
        };
        write!(f, "Approval({:?} {} #{}, {step})", self.verdict, self.subject.cid, self.subject.seq)
    }
}

impl From<End> for Outcome {
    fn from(end: End) -> Self {
        match end {
            End::Elsewhere => Self::AnsweredElsewhere,
            End::Expired => Self::Expired,
            End::Superseded => Self::Superseded,
        }
    }
}

impl From<NoSignature> for Trouble {
    fn from(why: NoSignature) -> Self {
        match why {
            NoSignature::Cancelled => Self::Cancelled,
            NoSignature::KeyInvalidated => Self::KeyInvalidated,
            NoSignature::Refused => Self::KeyRefused,
        }
    }
}
