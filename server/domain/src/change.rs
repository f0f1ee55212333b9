//! What a verdict writes: whole rows, so that every database can write them and nothing else decides.

use koppel_protocol::{
    Bytes,
    id::{ChallengeId, DeviceId, InvitationId, NoticeId, PairingId, PromptId},
};

use crate::{
    Challenge, Counter, CounterKind, Decision, Device, DeviceCopy, Invitation, Job, Method, MethodKind, Notice,
    Pairing, Prompt, Proof, User, audit::Entry,
};

/// One row-level change. A transaction's changes end with [`Change::PutUser`], whose version is one higher.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    /// The user row; written `WHERE version = version - 1`.
    PutUser(Box<User>),
    /// A phone.
    PutDevice(Box<Device>),
    /// A method.
    PutMethod(Method),
    /// An invitation.
    PutInvitation(Invitation),
    /// A pairing.
    PutPairing(Box<Pairing>),
    /// A prompt.
    PutPrompt(Box<Prompt>),
    /// A challenge with its deliveries.
    PutChallenge(Box<Challenge>),
    /// What a phone gets of a delivery, or tells of it.
    PutCopy(Box<DeviceCopy>),
    /// A signed answer.
    PutDecision(Box<Decision>),
    /// A bucket.
    PutCounter(Counter),
    /// A notice.
    PutNotice(Notice),
    /// Work for after the commit.
    InsertJob(Job),
    /// The next entry of the account's chain.
    AppendAudit(Box<Entry>),
    /// A device proof that must not come again.
    RememberProof(Proof),
    /// A row goes.
    Remove(Row),
    /// Everything of the account goes, but the user row and the audit chain.
    Erase,
    /// Tries with this user name are forgotten, whatever their source: a new koppelcode was issued.
    ForgetSourceTries {
        /// Keyed hash of the canonical name.
        name: Bytes<32>,
    },
}

impl Change {
    /// How many variants there are; a store's conformance test sees each.
    pub const VARIANTS: usize = 17;

    /// The row it puts or removes, where it is one of an account's: of several changes of one row in a transaction only the
    /// last has to be written.
    pub fn row(&self) -> Option<RowKey> {
        Some(match self {
            Self::PutDevice(row) => RowKey::Device(row.id),
            Self::PutInvitation(row) => RowKey::Invitation(row.id),
            Self::PutPairing(row) => RowKey::Pairing(row.id),
            Self::PutPrompt(row) => RowKey::Prompt(row.id),
            Self::PutChallenge(row) => RowKey::Challenge(row.id),
            Self::PutMethod(row) => RowKey::Method(row.kind),
            Self::PutCounter(row) => RowKey::Counter(row.kind),
            Self::PutNotice(row) => RowKey::Notice(row.id),
            Self::Remove(Row::Device(id)) => RowKey::Device(*id),
            Self::Remove(Row::Invitation(id)) => RowKey::Invitation(*id),
            Self::Remove(Row::Pairing(id)) => RowKey::Pairing(*id),
            Self::Remove(Row::Notice(id)) => RowKey::Notice(*id),
            Self::Remove(Row::Method(kind)) => RowKey::Method(*kind),
            Self::Remove(Row::Counter(kind)) => RowKey::Counter(*kind),
            Self::PutUser(_)
            | Self::PutCopy(_)
            | Self::PutDecision(_)
            | Self::InsertJob(_)
            | Self::AppendAudit(_)
            | Self::RememberProof(_)
            | Self::Erase
            | Self::ForgetSourceTries { .. } => return None,
        })
    }

    /// Which variant this is.
    pub const fn variant(&self) -> usize {
        match self {
            Self::PutUser(_) => 0,
            Self::PutDevice(_) => 1,
            Self::PutMethod(_) => 2,
            Self::PutInvitation(_) => 3,
            Self::PutPairing(_) => 4,
            Self::PutPrompt(_) => 5,
            Self::PutChallenge(_) => 6,
            Self::PutCopy(_) => 7,
            Self::PutDecision(_) => 8,
            Self::PutCounter(_) => 9,
            Self::PutNotice(_) => 10,
            Self::InsertJob(_) => 11,
            Self::AppendAudit(_) => 12,
            Self::RememberProof(_) => 13,
            Self::Remove(_) => 14,
            Self::Erase => 15,
            Self::ForgetSourceTries { .. } => 16,
        }
    }
}

/// Names a row that a transaction may put more than once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RowKey {
    /// A phone.
    Device(DeviceId),
    /// An invitation.
    Invitation(InvitationId),
    /// A pairing.
    Pairing(PairingId),
    /// A prompt.
    Prompt(PromptId),
    /// A challenge.
    Challenge(ChallengeId),
    /// A method.
    Method(MethodKind),
    /// A bucket.
    Counter(CounterKind),
    /// A notice.
    Notice(NoticeId),
}

/// A row that goes by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Row {
    /// A phone.
    Device(DeviceId),
    /// An invitation.
    Invitation(InvitationId),
    /// A pairing.
    Pairing(PairingId),
    /// A notice.
    Notice(NoticeId),
    /// A method.
    Method(MethodKind),
    /// A bucket.
    Counter(CounterKind),
}
