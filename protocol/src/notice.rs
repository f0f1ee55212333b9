//! A notice: something a phone must be told, without a question.

use serde::{Deserialize, Serialize};

use crate::{
    id::{DeviceId, NoticeId},
    identity::{FromServer, KeyVersion, ServerId},
    jws::Claims,
    text::Text,
};

/// A notice, `notice+jwt`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Notice {
    /// Its id.
    pub nid: NoticeId,
    /// The device it is for.
    pub dev: DeviceId,
    /// What happened.
    pub kind: NoticeKind,
    /// When, in seconds of the server.
    pub at: u64,
    /// To what: the name of a device, the kind of a factor. May be empty.
    pub detail: Text,
}

/// What a notice tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NoticeKind {
    /// Another phone was paired, or waits to be confirmed.
    DeviceAdded,
    /// A phone was removed.
    DeviceRemoved,
    /// A way to prove oneself was added, changed or removed.
    FactorChanged,
    /// The account was locked.
    Locked,
    /// The lock was lifted.
    Unlocked,
    /// This phone no longer belongs to the account.
    Unlinked,
    /// Something from the future: show that something changed, and the time.
    #[serde(other, skip_serializing)]
    Unknown,
}

impl Claims for Notice {
    const TYP: &'static str = "notice+jwt";
    type Kid = KeyVersion;
}

impl FromServer for Notice {
    fn issuer(&self) -> Option<(ServerId, KeyVersion)> {
        None
    }

    fn addressee(&self) -> Option<DeviceId> {
        Some(self.dev)
    }
}
