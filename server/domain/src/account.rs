//! Everything that is known of one user, as far as a command [needs](crate::Needs) it.
//!
//! [`Account::apply`] is the reference model of every store: what a store loads after a transaction is what `apply` makes
//! of the changes.

use koppel_protocol::{
    Bytes,
    id::{ChallengeId, DeviceId, InvitationId, OrganisationId, PairingId, PromptId, UserId},
};

use crate::{
    Challenge, Change, Counter, CounterKind, Decision, Device, DeviceCopy, ExternalId, Invitation, Method, MethodKind,
    MethodRules, Notice, Pairing, Policy, Prompt, Row, Time, User, UserStatus,
};

/// A user and all rows that hang on it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Account {
    /// The row that is locked while a verdict is given.
    pub user: User,
    /// Phones, by id.
    pub devices: Vec<Device>,
    /// Methods, by kind.
    pub methods: Vec<Method>,
    /// Invitations, by id.
    pub invitations: Vec<Invitation>,
    /// Pairings of the last day, by id.
    pub pairings: Vec<Pairing>,
    /// Prompts, by id.
    pub prompts: Vec<Prompt>,
    /// Challenges, by id.
    pub challenges: Vec<Challenge>,
    /// What the phones got of them, by (challenge, seq, device).
    pub copies: Vec<DeviceCopy>,
    /// Signed answers, by (device, jti).
    pub decisions: Vec<Decision>,
    /// Buckets, by kind.
    pub counters: Vec<Counter>,
    /// Notices not yet received, by id.
    pub notices: Vec<Notice>,
}

impl Account {
    /// An account with nothing in it.
    pub const fn of(user: User) -> Self {
        Self {
            user,
            devices: Vec::new(),
            methods: Vec::new(),
            invitations: Vec::new(),
            pairings: Vec::new(),
            prompts: Vec::new(),
            challenges: Vec::new(),
            copies: Vec::new(),
            decisions: Vec::new(),
            counters: Vec::new(),
            notices: Vec::new(),
        }
    }

    /// A user who is not there yet. Commands that make users make this one; for all others it is a decoy: they decide
    /// on it, answer as on any account and store nothing.
    pub fn absent(id: UserId, organisation: OrganisationId, external_id: ExternalId, now: Time) -> Self {
        Self::of(User::new(id, organisation, external_id, now))
    }

    /// Whether the user is stored and not deleted.
    pub fn exists(&self) -> bool {
        self.user.version > 0 && !matches!(self.user.status, UserStatus::Deleted { .. })
    }

    /// The phones that can be asked, in the order of their ids.
    pub fn active_devices(&self) -> impl Iterator<Item = &Device> {
        self.devices.iter().filter(|device| device.is_active())
    }

    /// Whether any phone can be asked.
    pub fn has_a_phone(&self) -> bool {
        self.active_devices().next().is_some()
    }

    /// Whether the user can be asked by this method, for this relying party.
    pub fn can_use(&self, kind: MethodKind, rules: MethodRules) -> bool {
        let there = match kind {
            MethodKind::App => self.has_a_phone(),
            MethodKind::Recovery | MethodKind::Totp => self.method(kind).is_some_and(Method::takes_codes),
        };
        there && rules.allows(kind)
    }

    /// The methods by which the user can be asked, the first choice first.
    pub fn usable_methods(&self, rules: MethodRules) -> impl Iterator<Item = MethodKind> {
        let primary = self.methods.iter().find(|method| method.primary).map(|method| method.kind);
        let others = MethodKind::ALL.into_iter().filter(move |kind| Some(*kind) != primary);
        primary.into_iter().chain(others).filter(move |kind| self.can_use(*kind, rules))
    }

    /// Whether a login can ask for a second factor. Recovery codes by themselves are none.
    pub fn is_protected(&self, rules: MethodRules) -> bool {
        self.usable_methods(rules).any(|kind| kind != MethodKind::Recovery)
    }

    /// Whether a desk resets this user only after a wait or with a second agent: the panel said so of them, or the policy of everybody.
    pub fn is_guarded(&self, policy: &Policy) -> bool {
        self.user.protected || policy.protect_everybody == 1
    }

    /// A guarded user who can still prove themselves: no desk adds a phone for them before a reset was granted.
    pub fn waits_for_a_reset(&self, policy: &Policy) -> bool {
        self.is_guarded(policy) && (self.has_a_phone() || self.is_protected(MethodRules::ALL))
    }

    /// How many methods besides the first there still must be.
    pub fn backups_missing(&self, rules: MethodRules) -> u8 {
        let counts = |kind: &MethodKind| match kind {
            MethodKind::Recovery => self.method(*kind).is_some_and(Method::is_a_backup),
            MethodKind::App | MethodKind::Totp => true,
        };
        let there = self.usable_methods(rules).filter(counts).count();
        let backups = u8::try_from(there.saturating_sub(1)).unwrap_or(u8::MAX);
        rules.backups.saturating_sub(backups)
    }

    /// Whether this method can go: there is still a first one, and there are as many backups as there must be, or were before.
    pub fn can_spare_method(&self, kind: MethodKind, rules: MethodRules) -> bool {
        self.can_spare(rules, |left| left.methods.retain(|method| method.kind != kind))
    }

    /// Whether this phone can go.
    pub fn can_spare_phone(&self, id: DeviceId, rules: MethodRules) -> bool {
        self.can_spare(rules, |left| left.devices.retain(|device| device.id != id))
    }

    fn can_spare(&self, rules: MethodRules, gone: impl FnOnce(&mut Self)) -> bool {
        let mut left = self.clone();
        gone(&mut left);
        left.is_protected(rules) && left.backups_missing(rules) <= self.backups_missing(rules)
    }

    /// A phone.
    pub fn device(&self, id: DeviceId) -> Option<&Device> {
        self.devices.iter().find(|device| device.id == id)
    }

    /// A method.
    pub fn method(&self, kind: MethodKind) -> Option<&Method> {
        self.methods.iter().find(|method| method.kind == kind)
    }

    /// An invitation.
    pub fn invitation(&self, id: InvitationId) -> Option<&Invitation> {
        self.invitations.iter().find(|invitation| invitation.id == id)
    }

    /// A pairing.
    pub fn pairing(&self, id: PairingId) -> Option<&Pairing> {
        self.pairings.iter().find(|pairing| pairing.id == id)
    }

    /// A prompt.
    pub fn prompt(&self, id: PromptId) -> Option<&Prompt> {
        self.prompts.iter().find(|prompt| prompt.id == id)
    }

    /// A challenge.
    pub fn challenge(&self, id: ChallengeId) -> Option<&Challenge> {
        self.challenges.iter().find(|challenge| challenge.id == id)
    }

    /// What one phone got of one delivery.
    pub fn copy(&self, challenge: ChallengeId, seq: u32, device: DeviceId) -> Option<&DeviceCopy> {
        self.copies.iter().find(|copy| (copy.challenge, copy.seq, copy.device) == (challenge, seq, device))
    }

    /// A signed answer by its own id.
    pub fn decision(&self, device: DeviceId, jti: Bytes<16>) -> Option<&Decision> {
        self.decisions.iter().find(|decision| (decision.device, decision.jti) == (device, jti))
    }

    /// A bucket; empty when nothing was counted yet.
    pub fn counter(&self, kind: CounterKind) -> Counter {
        self.counters.iter().find(|counter| counter.kind == kind).cloned().unwrap_or(Counter::new(kind))
    }

    /// Makes one change. Changes that concern no row of an account (jobs, audit entries, remembered proofs) do nothing here.
    pub fn apply(&mut self, change: &Change) {
        match change {
            Change::PutUser(user) => self.user = User::clone(user),
            Change::PutDevice(row) => put(&mut self.devices, Device::clone(row), |row| row.id),
            Change::PutMethod(row) => put(&mut self.methods, row.clone(), |row| row.kind),
            Change::PutInvitation(row) => put(&mut self.invitations, row.clone(), |row| row.id),
            Change::PutPairing(row) => put(&mut self.pairings, Pairing::clone(row), |row| row.id),
            Change::PutPrompt(row) => put(&mut self.prompts, Prompt::clone(row), |row| row.id),
            Change::PutChallenge(row) => put(&mut self.challenges, Challenge::clone(row), |row| row.id),
            Change::PutCopy(row) => {
                put(&mut self.copies, DeviceCopy::clone(row), |row| (row.challenge, row.seq, row.device))
            }
            Change::PutDecision(row) => put(&mut self.decisions, Decision::clone(row), |row| (row.device, row.jti)),
            Change::PutCounter(row) => put(&mut self.counters, row.clone(), |row| row.kind),
            Change::PutNotice(row) => put(&mut self.notices, row.clone(), |row| row.id),
            Change::Remove(Row::Device(id)) => self.devices.retain(|row| row.id != *id),
            Change::Remove(Row::Invitation(id)) => self.invitations.retain(|row| row.id != *id),
            Change::Remove(Row::Pairing(id)) => self.pairings.retain(|row| row.id != *id),
            Change::Remove(Row::Notice(id)) => self.notices.retain(|row| row.id != *id),
            Change::Remove(Row::Method(kind)) => self.methods.retain(|row| row.kind != *kind),
            Change::Remove(Row::Counter(kind)) => self.counters.retain(|row| row.kind != *kind),
            Change::Erase => *self = Self::of(self.user.clone()),
            Change::InsertJob(_)
            | Change::AppendAudit(_)
            | Change::RememberProof(_)
            | Change::ForgetSourceTries { .. } => {}
        }
    }
}

/// Inserts or replaces, keeping the order of keys.
fn put<T, K: Ord>(rows: &mut Vec<T>, row: T, key: impl Fn(&T) -> K) {
    match rows.binary_search_by(|held| key(held).cmp(&key(&row))) {
        Ok(place) => rows[place] = row,
        Err(place) => rows.insert(place, row),
    }
}
