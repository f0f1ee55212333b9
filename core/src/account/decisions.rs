//! The person's answers to challenges: what may be begun, and what their ends mean for the account.

use koppel_protocol::{
    Digits, Problem, challenge,
    decision::Verdict,
    id::ChallengeId,
    phone_api::{ChallengeAnswer, ChallengeState, DecisionAnswer, DecisionOutcome, Ended},
};

use super::{Account, Purpose, Request, World};
use crate::{
    approval::{self, Approval, Liveness, Outcome},
    effect::{Effect, News, SigningPurpose, SigningRequest},
    event::{DenyReason, NoSignature, Road},
    inbox::{self, Ending},
    moment::Generation,
    refused::Refused,
    trouble::Trouble,
    wire::Said,
};

impl Account {
    /// The content is on screen.
    pub(crate) fn show(&mut self, cid: ChallengeId, world: &mut World<'_>) -> Result<Vec<Effect>, Refused> {
        self.active()?;
        self.inbox_event(inbox::Event::Show { cid }, world)
    }

    /// First of the two calls of an approval: everything that can be refused without the server is refused here.
    pub(crate) fn approve(
        &mut self,
        cid: ChallengeId,
        number: Option<Digits>,
        world: &mut World<'_>,
    ) -> Result<Vec<Effect>, Refused> {
        let member = self.active()?;
        let mut moment = self.moment(world);
        let item = member.inbox.find(cid, &moment).ok_or(Refused::NoSuchChallenge)?;
        let number = match &item.claims().subject {
            challenge::Subject::Unknown { .. } => return Err(Refused::UpdateRequired),
            challenge::Subject::Code { .. } | challenge::Subject::Test { .. } => return Err(Refused::NothingToApprove),
            challenge::Subject::Number { .. } | challenge::Subject::ConfirmPairing { .. } => {
                Some(number.ok_or(Refused::NumberNeeded)?)
            }
            challenge::Subject::Unlock => None,
        };
        if member.keys.approve.is_none() {
            return Err(Refused::CodesOnly);
        }
        let (subject, deadline) = (item.subject(), item.deadline(&moment));
        let (approval, wanted) = Approval::approve(subject, number, deadline, &mut moment);
        self.begin(approval, wanted, world)
    }

    /// The person says no. A fraud report counts for a day, also on a challenge that is over.
    pub(crate) fn deny(
        &mut self,
        cid: ChallengeId,
        reason: DenyReason,
        world: &mut World<'_>,
    ) -> Result<Vec<Effect>, Refused> {
        let member = self.active()?;
        let mut moment = self.moment(world);
        let (subject, verdict) = match reason {
            DenyReason::Mistake => (member.inbox.find(cid, &moment).map(|item| item.subject()), Verdict::Deny),
            DenyReason::NotMe => (member.inbox.subject(cid), Verdict::Fraud),
        };
        let (approval, wanted) = Approval::refuse(subject.ok_or(Refused::NoSuchChallenge)?, verdict, &mut moment)?;
        self.begin(approval, wanted, world)
    }

    /// An answer not yet signed gives way to a later one; one that is on its way stands. A fraud report may follow any.
    fn begin(
        &mut self,
        approval: Approval,
        wanted: Vec<approval::Effect>,
        world: &mut World<'_>,
    ) -> Result<Vec<Effect>, Refused> {
        let member = self.member_mut()?;
        let (cid, verdict) = (approval.subject.cid, approval.verdict);
        let on_its_way = |other: &Approval| {
            other.subject.cid == cid
                && other.is_sending()
                && (verdict != Verdict::Fraud || other.verdict == Verdict::Fraud)
        };
        if member.approvals.iter().any(on_its_way) {
            return Err(Refused::AlreadyAnswered);
        }
        member.approvals.retain(|other| other.subject.cid != cid || other.is_sending());
        member.approvals.push(approval);
        let place = member.approvals.len() - 1;
        self.run_decision(place, wanted, world)
    }

    /// Second of the two calls: the signature.
    pub(super) fn decision_signed(
        &mut self,
        order: Generation,
        signature: Result<Vec<u8>, NoSignature>,
        world: &mut World<'_>,
    ) -> Result<Vec<Effect>, Refused> {
        self.active()?;
        let event = match signature {
            Ok(signature) => approval::Event::Signed { order, signature },
            Err(why) => approval::Event::NotSigned { order, why },
        };
        self.decision_event(order, event, world)
    }

    /// The live state of a challenge that is to be approved, or, when that was asked too often, the seconds to wait.
    pub(super) fn fetched(
        &mut self,
        order: Generation,
        said: Said<ChallengeAnswer>,
        too_soon: Option<u64>,
        world: &mut World<'_>,
    ) -> Result<Vec<Effect>, Refused> {
        let place = self.place_of(order)?;
        let subject = self.member()?.approvals[place].subject.clone();
        let mut effects = Vec::new();
        let live = match said {
            Said::Yes(answer) if answer.cid != subject.cid => Liveness::Unknown(Trouble::AnswerInvalid),
            Said::Yes(answer) => {
                let live = liveness(&answer, subject.seq);
                if live != Liveness::Live {
                    let ended = Ended { cid: answer.cid, seq: subject.seq, state: answer.state };
                    effects.extend(self.ended(ended, world).unwrap_or_default());
                    if let Some(envelope) = &answer.envelope {
                        effects.extend(self.deliver(envelope, Road::Poll, world));
                    }
                }
                live
            }
            Said::No(refusal) if refusal.problem == Some(Problem::NotFound) => Liveness::Over(approval::End::Expired),
            Said::No(refusal) => Liveness::Unknown(refusal.trouble()),
            Said::Later { trouble, .. } => {
                too_soon.map_or(Liveness::Unknown(trouble), |retry_after_s| Liveness::TooSoon { retry_after_s })
            }
        };
        if let Liveness::Unknown(trouble) = live {
            self.stop_if_revoked(trouble, &mut effects, world)?;
        }
        // The end of its delivery may have settled it already.
        let event = approval::Event::Fetched { order, live };
        effects.extend(self.decision_event(order, event, world).unwrap_or_default());
        Ok(effects)
    }

    /// The server's answer to a decision.
    pub(super) fn decided(
        &mut self,
        order: Generation,
        said: Said<DecisionAnswer>,
        world: &mut World<'_>,
    ) -> Result<Vec<Effect>, Refused> {
        let (event, trouble) = match said {
            Said::Yes(answer) => (approval::Event::Answered { order, reply: recorded(answer.outcome) }, None),
            Said::No(refusal) if refusal.problem == Some(Problem::TooManyTries) => {
                let reply = approval::Reply::Later { retry_after_s: refusal.retry_after_s };
                (approval::Event::Answered { order, reply }, None)
            }
            Said::No(refusal) => {
                let outcome = match refusal.problem {
                    Some(Problem::WrongNumber) => Outcome::WrongNumber { left: refusal.tries_left.unwrap_or(0) },
                    Some(Problem::Superseded) => Outcome::Superseded,
                    Some(Problem::AlreadyDecided) => Outcome::AnsweredElsewhere,
                    Some(Problem::Expired | Problem::DeliveryEnded | Problem::NotFound) => Outcome::Expired,
                    Some(Problem::AccountLocked) => Outcome::Locked,
                    _ => Outcome::Failed(refusal.trouble()),
                };
                let reply = approval::Reply::Outcome(outcome);
                (approval::Event::Answered { order, reply }, Some(refusal.trouble()))
            }
            Said::Later { retry_after_s: None, .. } => (approval::Event::NotAnswered { order }, None),
            Said::Later { retry_after_s, .. } => {
                let reply = approval::Reply::Later { retry_after_s };
                (approval::Event::Answered { order, reply }, None)
            }
        };
        let mut effects = self.decision_event(order, event, world)?;
        if let Some(trouble) = trouble {
            self.stop_if_revoked(trouble, &mut effects, world)?;
        }
        Ok(effects)
    }

    /// A delivery ended: approvals of it that are not signed yet are moot.
    pub(super) fn moot(
        &mut self,
        cid: ChallengeId,
        seq: u32,
        how: Ending,
        world: &mut World<'_>,
    ) -> Result<Vec<Effect>, Refused> {
        let end = match how {
            Ending::Replaced | Ending::As(ChallengeState::Superseded) => approval::End::Superseded,
            Ending::As(ChallengeState::Expired) => approval::End::Expired,
            Ending::As(_) | Ending::Answered => approval::End::Elsewhere,
        };
        self.each_decision(|_| approval::Event::Ended { seq, end }, |approval| approval.subject.cid == cid, world)
    }

    pub(super) fn tick_decisions(&mut self, world: &mut World<'_>) -> Result<Vec<Effect>, Refused> {
        self.each_decision(|_| approval::Event::Tick, |_| true, world)
    }

    pub(super) fn nudge_decisions(&mut self, world: &mut World<'_>) -> Result<Vec<Effect>, Refused> {
        self.each_decision(|_| approval::Event::Nudge, |_| true, world)
    }

    /// What waits for a signature will get none: it was never asked for.
    pub(super) fn interrupt_decisions(&mut self, world: &mut World<'_>) -> Result<Vec<Effect>, Refused> {
        let interrupted = |approval: &Approval| approval::Event::NotSigned {
            order: approval.signing().unwrap_or_default(),
            why: NoSignature::Refused,
        };
        self.each_decision(interrupted, |approval| approval.signing().is_some(), world)
    }

    fn each_decision(
        &mut self,
        event: impl Fn(&Approval) -> approval::Event,
        concerns: impl Fn(&Approval) -> bool,
        world: &mut World<'_>,
    ) -> Result<Vec<Effect>, Refused> {
        let mut effects = Vec::new();
        // From the last to the first: one that is over leaves the list.
        for place in (0..self.member()?.approvals.len()).rev() {
            let approval = &self.member()?.approvals[place];
            if concerns(approval) {
                let event = event(approval);
                effects.extend(self.decision_at(place, event, world).unwrap_or_default());
            }
        }
        Ok(effects)
    }

    fn decision_event(
        &mut self,
        order: Generation,
        event: approval::Event,
        world: &mut World<'_>,
    ) -> Result<Vec<Effect>, Refused> {
        let place = self.place_of(order)?;
        self.decision_at(place, event, world)
    }

    fn place_of(&self, order: Generation) -> Result<usize, Refused> {
        self.member()?.approvals.iter().position(|approval| approval.awaits(order)).ok_or(Refused::Late)
    }

    fn decision_at(
        &mut self,
        place: usize,
        event: approval::Event,
        world: &mut World<'_>,
    ) -> Result<Vec<Effect>, Refused> {
        let mut moment = self.moment(world);
        let member = self.member_mut()?;
        let keys = member.keys;
        let wanted = member.approvals[place].handle(event, &keys, &mut moment)?;
        self.run_decision(place, wanted, world)
    }

    fn run_decision(
        &mut self,
        place: usize,
        wanted: Vec<approval::Effect>,
        world: &mut World<'_>,
    ) -> Result<Vec<Effect>, Refused> {
        let mut effects = Vec::new();
        for effect in wanted {
            let member = self.member_mut()?;
            let approval = &member.approvals[place];
            let (cid, approve) = (approval.subject.cid, approval.verdict == Verdict::Approve);
            match effect {
                approval::Effect::Fetch { order } => {
                    effects.push(self.call(Purpose::Fetch(order), Request::fetch(cid), world));
                }
                approval::Effect::Sign { order, payload } => {
                    effects.push(Effect::Sign { order: self.order(order), payload })
                }
                approval::Effect::Ask { order, payload, deadline } => {
                    let (order, title) = (self.order(order), self.title_of(cid));
                    let purpose = SigningPurpose::Approval(cid);
                    effects.push(Effect::Ask(SigningRequest { order, purpose, payload, title, deadline }));
                }
                approval::Effect::Send { order, jws } => {
                    effects.push(self.call(Purpose::Decide(order), Request::decide(&jws), world));
                }
                approval::Effect::Outcome(outcome) => {
                    effects.push(Effect::News(News::Outcome { account: self.id, cid, approve, outcome }));
                    effects.extend(self.settled(place, outcome, world)?);
                }
                approval::Effect::Trouble(trouble) => {
                    member.key_invalidated |= trouble == Trouble::KeyInvalidated;
                    effects.push(self.trouble_news(Some(cid), trouble, false));
                }
            }
        }
        let member = self.member_mut()?;
        if member.approvals.get(place).is_some_and(Approval::is_over) {
            member.approvals.remove(place);
        }
        Ok(effects)
    }

    /// What an outcome means for the challenge and for the account's lock.
    fn settled(&mut self, place: usize, outcome: Outcome, world: &mut World<'_>) -> Result<Vec<Effect>, Refused> {
        let approval = &self.member()?.approvals[place];
        let (cid, seq, unlocks) = (approval.subject.cid, approval.subject.seq, approval.subject.unlocks);
        let locked = self.member()?.locked;
        let (through, how) = match outcome {
            Outcome::Approved => (u32::MAX, Ending::As(ChallengeState::Approved)),
            Outcome::Denied => (u32::MAX, Ending::As(ChallengeState::Denied)),
            Outcome::Fraud => (u32::MAX, Ending::As(ChallengeState::Fraud)),
            Outcome::WrongNumber { left: 0 } => (u32::MAX, Ending::As(ChallengeState::Failed)),
            Outcome::AnsweredElsewhere => (u32::MAX, Ending::Answered),
            Outcome::Expired => (seq, Ending::As(ChallengeState::Expired)),
            Outcome::Superseded => (seq, Ending::Replaced),
            Outcome::Queued | Outcome::WrongNumber { .. } | Outcome::Locked | Outcome::Failed(_) => {
                return Ok(Vec::new());
            }
        };
        let now_locked = match outcome {
            Outcome::Fraud => true,
            Outcome::Approved if unlocks => false,
            _ => locked,
        };
        let mut effects = Vec::new();
        self.member_mut()?.locked = now_locked;
        if now_locked != locked {
            effects.push(self.account_news(world));
        }
        let settled = inbox::Event::Settled { cid, through, how };
        effects.extend(self.inbox_event(settled, world).unwrap_or_default());
        Ok(effects)
    }
}

fn liveness(answer: &ChallengeAnswer, seq: u32) -> Liveness {
    match answer.state {
        ChallengeState::Pending if answer.seq == seq => Liveness::Live,
        ChallengeState::Pending | ChallengeState::Superseded => Liveness::Over(approval::End::Superseded),
        ChallengeState::Expired => Liveness::Over(approval::End::Expired),
        _ => Liveness::Over(approval::End::Elsewhere),
    }
}

fn recorded(outcome: DecisionOutcome) -> approval::Reply {
    approval::Reply::Outcome(match outcome {
        DecisionOutcome::Approved => Outcome::Approved,
        DecisionOutcome::Denied => Outcome::Denied,
        DecisionOutcome::Fraud => Outcome::Fraud,
    })
}
