//! What an account is once it is paired.

use koppel_protocol::{Identity, Text, id::DeviceId};
use serde::{Deserialize, Serialize};

use crate::{
    approval::{Approval, Keys},
    inbox::{Inbox, Reader},
    pairing::Paired,
};

/// A phone that belongs to an account of a server.
#[derive(Clone, PartialEq)]
pub(crate) struct Member {
    /// The server, as far as its chain was seen.
    pub(crate) identity: Identity,
    /// This phone there.
    pub(crate) device: DeviceId,
    pub(crate) organisation: Text,
    pub(crate) user: Text,
    pub(crate) keys: Keys,
    pub(crate) standing: Standing,
    /// This phone's fraud report locked the account.
    pub(crate) locked: bool,
    /// The `approve` key is gone for good.
    pub(crate) key_invalidated: bool,
    pub(crate) inbox: Inbox,
    pub(crate) approvals: Vec<Approval>,
    /// When the chain was last fetched, in this run.
    pub(crate) identity_checked: Option<u64>,
    /// The person was told that this phone is suspended.
    pub(crate) suspended: bool,
    /// Not fetched again before, while a message waits for it.
    pub(crate) identity_again_at: u64,
}

/// Whether anything stops it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Standing {
    Active,
    /// The server showed an identity that does not follow from the known one.
    ServerChanged,
    /// The server says that this phone was removed.
    Revoked,
    /// The person wants it gone.
    Removing,
}

impl From<Paired> for Member {
    fn from(paired: Paired) -> Self {
        let Paired { identity, device, organisation, user, keys } = paired;
        Self {
            identity,
            device,
            organisation,
            user,
            keys,
            standing: Standing::Active,
            locked: false,
            key_invalidated: false,
            inbox: Inbox::default(),
            approvals: Vec::new(),
            identity_checked: None,
            suspended: false,
            identity_again_at: 0,
        }
    }
}

impl Member {
    /// What is needed to believe a message; borrowed apart from the inbox, which reads it.
    pub(crate) fn parts(&mut self) -> (&mut Inbox, Reader<'_>) {
        (&mut self.inbox, Reader { identity: &self.identity, device: self.device })
    }
}
