//! The part of an account that survives a kill.

use koppel_protocol::{Bytes, Identity, Origin, Text, id::DeviceId};
use serde::{Deserialize, Serialize};

use super::{Account, Member, Stage, Standing};
use crate::{
    AccountId,
    approval::{self, Approval, Keys},
    clock::ServerClock,
    inbox,
    pairing::{self, Pairing},
};

/// An account as the vault keeps it.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Stored {
    pub(crate) id: AccountId,
    label: String,
    origin: Origin,
    tls_pin: Option<Bytes<32>>,
    clock: ServerClock,
    stage: StoredStage,
}

#[derive(Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum StoredStage {
    Pairing(Box<pairing::Stored>),
    Member(Box<StoredMember>),
}

#[derive(Clone, PartialEq, Serialize, Deserialize)]
struct StoredMember {
    identity: Identity,
    device: DeviceId,
    organisation: Text,
    user: Text,
    keys: Keys,
    standing: Standing,
    locked: bool,
    key_invalidated: bool,
    inbox: inbox::Stored,
    answers: Vec<approval::Stored>,
}

impl Account {
    /// What must survive a kill; nothing of a pairing in which nothing is bound yet.
    pub(crate) fn stored(&self) -> Option<Stored> {
        let stage = match &self.stage {
            Stage::Pairing(pairing) => StoredStage::Pairing(Box::new(pairing.stored()?)),
            Stage::Member(member) => StoredStage::Member(Box::new(StoredMember {
                identity: member.identity.clone(),
                device: member.device,
                organisation: member.organisation.clone(),
                user: member.user.clone(),
                keys: member.keys,
                standing: member.standing,
                locked: member.locked,
                key_invalidated: member.key_invalidated,
                inbox: inbox::Stored::from(&member.inbox),
                answers: member.approvals.iter().filter_map(Approval::stored).collect(),
            })),
            Stage::Gone => return None,
        };
        let Self { id, label, origin, tls_pin, clock, .. } = self.clone();
        Some(Stored { id, label, origin, tls_pin, clock, stage })
    }

    /// Takes up what an earlier run stored; none when it cannot be read.
    pub(crate) fn resume(stored: Stored) -> Option<Self> {
        let Stored { id, label, origin, tls_pin, clock, stage } = stored;
        let stage = match stage {
            StoredStage::Pairing(pairing) => Stage::Pairing(Box::new(Pairing::resume(*pairing)?)),
            StoredStage::Member(member) => Stage::Member(Box::new(Member {
                identity: member.identity,
                device: member.device,
                organisation: member.organisation,
                user: member.user,
                keys: member.keys,
                standing: member.standing,
                locked: member.locked,
                key_invalidated: member.key_invalidated,
                inbox: member.inbox.into(),
                approvals: member.answers.into_iter().map(Approval::resume).collect(),
                identity_checked: None,
                suspended: false,
                identity_again_at: 0,
            })),
        };
        Some(Self { label, clock, ..Self::at(id, origin, tls_pin, stage) })
    }
}
