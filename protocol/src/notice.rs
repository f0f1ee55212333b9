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
    /// Support was asked to take away all that this account proves itself with; it waits.
    ResetAsked,
    /// This phone no longer belongs to the account.
    Unlinked,
    /// Something from the future: show that something changed, and the time.
    #[serde(other, skip_serializing)]
    Unknown,
}

impl NoticeKind {
    /// Its word, as on the wire.
    pub const fn word(self) -> &'static str {
        match self {
            Self::DeviceAdded => "device_added",
            Self::DeviceRemoved => "device_removed",
            Self::FactorChanged => "factor_changed",
            Self::Locked => "locked",
            Self::Unlocked => "unlocked",
            Self::ResetAsked => "reset_asked",
            Self::Unlinked => "unlinked",
            Self::Unknown => "unknown",
        }
    }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_word_of_a_kind_is_what_travels() {
        for kind in [
            NoticeKind::DeviceAdded,
            NoticeKind::DeviceRemoved,
            NoticeKind::FactorChanged,
            NoticeKind::Locked,
            NoticeKind::Unlocked,
            NoticeKind::ResetAsked,
            NoticeKind::Unlinked,
        ] {
            assert_eq!(serde_json::to_value(kind).unwrap(), kind.word());
            assert_eq!(serde_json::from_value::<NoticeKind>(kind.word().into()).unwrap(), kind);
        }
        let unknown = NoticeKind::Unknown;
        assert_eq!(serde_json::from_value::<NoticeKind>(unknown.word().into()).unwrap(), unknown);
        assert!(serde_json::to_value(unknown).is_err(), "nobody sends it");
    }
}
