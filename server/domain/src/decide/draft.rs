//! The working copy of an account while a verdict is given.
//!
//! Every change is applied to the copy at once, so that later steps see it. A state moves only by the `move_*` functions,
//! which write the row and exactly one audit entry together.

use koppel_protocol::{
    Text,
    id::{ChallengeId, DeviceId, JobId, NoticeId, PairingId, PromptId},
    notice::NoticeKind,
    phone_api::DeviceState,
};
use serde_json::{Map, Value, json};

use super::Outcome;
use crate::{
    Account, Actor, Challenge, ChallengeState, Change, Context, Device, Fresh, Job, Notice, Pairing, PairingState,
    Policy, Prompt, PromptState, Refusal, Reply, Task, Time, UserStatus,
    audit::{Chain, Entry},
    job::LEASE,
    remembered::factors,
};

/// The working copy.
pub(super) struct Draft<'a> {
    pub(super) account: Account,
    pub(super) context: &'a Context<'a>,
    pub(super) fresh: Fresh,
    before: &'a Account,
    changes: Vec<Change>,
    /// The account is there, or this command makes it. Otherwise it is a decoy and nothing is stored.
    stored: bool,
}

impl<'a> Draft<'a> {
    pub(super) fn new(account: &'a Account, context: &'a Context<'a>) -> Self {
        Self {
            account: account.clone(),
            context,
            fresh: context.fresh.clone(),
            before: account,
            changes: Vec::new(),
            stored: account.exists(),
        }
    }

    /// From here on the account is stored, though it was not there before.
    pub(super) fn create(&mut self) {
        self.stored = true;
    }

    pub(super) const fn exists(&self) -> bool {
        self.stored
    }

    pub(super) const fn now(&self) -> Time {
        self.context.now
    }

    pub(super) const fn policy(&self) -> &'a Policy {
        self.context.policy
    }

    pub(super) const fn epoch(&self) -> u64 {
        self.context.keys.epoch()
    }

    pub(super) fn put(&mut self, change: Change) {
        self.account.apply(&change);
        self.changes.push(change);
    }

    /// Ends the transaction: the user row comes last, one version on, with the head of its chain.
    pub(super) fn finish(mut self, reply: Result<Reply, Refusal>) -> Outcome {
        if reply == Err(Refusal::Stale) {
            // The request is prepared again and comes with the same proof.
            self.changes.retain(|change| !matches!(change, Change::RememberProof(_)));
        }
        self.forget_browsers();
        let changed = !self.changes.is_empty() || self.account.user != self.before.user;
        if self.stored && changed {
            self.account.user.version += 1;
            self.changes.push(Change::PutUser(Box::new(self.account.user)));
        } else {
            self.changes.clear();
        }
        Outcome { reply, changes: self.changes }
    }

    /// Another factor, another password (as the panel tells), a lock, a disabled account: what a browser was remembered for holds no
    /// more.
    fn forget_browsers(&mut self) {
        // Most have none, and then nothing is compared.
        if self.account.user.browsers.is_empty() {
            return;
        }
        let (before, now) = (&self.before.user, &self.account.user);
        let changed = self.factors_changed()
            || before.password_changed_at != now.password_changed_at
            || (before.lock.is_none() && now.lock.is_some())
            || (before.status == UserStatus::Active && now.status != UserStatus::Active);
        if changed {
            let browsers = std::mem::take(&mut self.account.user.browsers).len();
            self.note("browsers.forgotten", json!({ "browsers": browsers }));
        }
    }

    /// Whether the account proves itself with something else than before this transaction.
    pub(super) fn factors_changed(&self) -> bool {
        factors(self.before) != factors(&self.account)
    }

    /// Appends one entry to the account's chain.
    pub(super) fn note(&mut self, kind: &str, detail: Value) {
        let mut detail = match detail {
            Value::Object(fields) => fields,
            _ => Map::new(),
        };
        if let Some(source) = self.context.source {
            detail.insert("ip".into(), source.ip.as_str().into());
        }
        if let Actor::Desk { agent, reason, ticket, .. } = self.context.actor {
            for (field, text) in [("agent", agent), ("reason", reason), ("ticket", ticket)] {
                detail.insert(field.into(), text.as_str().into());
            }
        }
        let salt = self.fresh.salt();
        let user = &self.account.user;
        let entry = Entry::next(
            Chain::User(user.id),
            user.chain_length + 1,
            user.chain_head,
            self.now(),
            kind,
            &self.context.actor.name(),
            salt,
            Value::Object(detail).to_string(),
        );
        self.account.user.chain_length = entry.n;
        self.account.user.chain_head = entry.hash;
        self.put(Change::AppendAudit(Box::new(entry)));
    }

    /// Writes a challenge whose state stays.
    pub(super) fn put_challenge(&mut self, challenge: Challenge) {
        let version = challenge.version + 1;
        self.put(Change::PutChallenge(Box::new(Challenge { version, ..challenge })));
    }

    /// Moves a challenge along an arrow of the protocol; anything else stays as it is.
    pub(super) fn move_challenge(&mut self, id: ChallengeId, to: ChallengeState) {
        let Some(challenge) = self.account.challenge(id).cloned() else { return };
        if challenge.state.may_become(to) {
            let approved_at = if to == ChallengeState::Approved { Some(self.now()) } else { challenge.approved_at };
            let (relying_party, name) = (challenge.relying_party(), format!("challenge.{}", to.name()));
            self.put_challenge(Challenge { state: to, approved_at, ..challenge });
            self.note(&name, json!({ "challenge": id, "relying_party": relying_party }));
        }
    }

    /// Moves a prompt that is in no final state.
    pub(super) fn move_prompt(&mut self, prompt: Prompt, to: PromptState) {
        let (id, version) = (prompt.id, prompt.version + 1);
        if self.account.prompt(id).is_none_or(|held| !held.state.is_final()) {
            self.put(Change::PutPrompt(Box::new(Prompt { state: to, version, ..prompt })));
            self.note(&format!("prompt.{}", to.name()), json!({ "prompt": id }));
        }
    }

    /// Moves a pairing that is in no final state.
    pub(super) fn move_pairing(&mut self, pairing: Pairing, to: PairingState) {
        let id = pairing.id;
        if self.account.pairing(id).is_none_or(|held| !held.state.is_final()) {
            self.put(Change::PutPairing(Box::new(Pairing { state: to, ..pairing })));
            self.note(&format!("pairing.{}", to.name()), json!({ "pairing": id }));
        }
    }

    /// Moves a phone; a revoked one stays revoked.
    pub(super) fn move_device(&mut self, device: Device, to: DeviceState) {
        self.move_device_because(device, to, None);
    }

    /// The same, where it is part of something larger.
    pub(super) fn move_device_because(&mut self, device: Device, to: DeviceState, why: Option<&str>) {
        let id = device.id;
        if self.account.device(id).is_some_and(|held| held.state == DeviceState::Revoked) {
            return;
        }
        let now = self.now();
        let activated_at = if to == DeviceState::Active { Some(now) } else { device.activated_at };
        let revoked_at = if to == DeviceState::Revoked { Some(now) } else { device.revoked_at };
        let name = |state| match state {
            DeviceState::Pending => "pending",
            DeviceState::Active => "active",
            DeviceState::Suspended => "suspended",
            DeviceState::Revoked => "revoked",
        };
        let was = self.account.device(id).map(|held| name(held.state));
        self.put(Change::PutDevice(Box::new(Device { state: to, activated_at, revoked_at, ..device })));
        self.note(&format!("device.{}", name(to)), json!({ "device": id, "was": was, "why": why }));
    }

    /// Ends a pairing that did not come to anything, and with it its device and the question to older phones.
    pub(super) fn end_pairing(&mut self, id: PairingId, to: PairingState) {
        let Some(pairing) = self.account.pairing(id).cloned() else { return };
        let device = pairing.revealed.as_ref().and_then(|revealed| self.account.device(revealed.device)).cloned();
        self.move_pairing(pairing, to);
        if let Some(device) = device {
            self.move_device(device, DeviceState::Revoked);
        }
        self.withdraw_handover(id);
    }

    /// The question to older phones about a pairing is over.
    pub(super) fn withdraw_handover(&mut self, pairing: PairingId) {
        let about = |challenge: &&Challenge| matches!(challenge.question, crate::Question::ConfirmPairing { pairing: of } if of == pairing);
        let asked: Vec<_> = self.account.challenges.iter().filter(about).map(|challenge| challenge.id).collect();
        for id in asked {
            self.move_challenge(id, ChallengeState::Cancelled);
        }
    }

    /// Tells all active phones but one.
    pub(super) fn notify_others(&mut self, but: Option<DeviceId>, kind: NoticeKind, detail: &Text) {
        let told: Vec<DeviceId> =
            self.account.active_devices().map(|device| device.id).filter(|id| Some(*id) != but).collect();
        for device in told {
            let id = NoticeId::from_bytes(self.fresh.id());
            self.put(Change::PutNotice(Notice {
                id,
                device,
                kind,
                at: self.now(),
                detail: detail.clone(),
                arrived_at: None,
            }));
            self.begin_job(Task::Notify { notice: id });
        }
    }

    /// Work for after the commit, leased to whoever makes it.
    pub(super) fn begin_job(&mut self, task: Task) {
        let id = JobId::from_bytes(self.fresh.id());
        let now = self.now();
        let user = self.account.user.id;
        self.put(Change::InsertJob(Job { id, user, task, not_before: now, lease_until: now.plus(LEASE), tries: 0 }));
    }

    pub(super) fn prompt(&self, id: PromptId) -> Result<Prompt, Refusal> {
        self.account.prompt(id).cloned().ok_or(Refusal::NotFound)
    }

    pub(super) fn challenge(&self, id: ChallengeId) -> Result<Challenge, Refusal> {
        self.account.challenge(id).cloned().ok_or(Refusal::NotFound)
    }
}
