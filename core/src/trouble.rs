//! What can go wrong, in words a person can be told. The machines retry by themselves what time heals.

use std::fmt;

use crate::event::NoAnswer;

/// Something went wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trouble {
    /// No way to the server.
    NoConnection,
    /// Its certificate or TLS pin is not right.
    Tls,
    /// It took too long.
    Timeout,
    /// It answered more than is ever needed.
    AnswerTooLarge,
    /// Its answer makes no sense.
    AnswerInvalid,
    /// It is overloaded, drains, or lost its database. Seconds to wait, if it said.
    Unavailable {
        /// Seconds.
        retry_after: Option<u64>,
    },
    /// Too many tries. Seconds to wait, if it said.
    TooManyTries {
        /// Seconds.
        retry_after: Option<u64>,
    },
    /// Wrong, unknown or ended: the server says it in one shape on purpose.
    InvitationRefused,
    /// This phone already began three pairings with this code or link.
    InvitationWornOut,
    /// Another phone used this code or link. If that was not you: report it.
    CodeUsed,
    /// Too late.
    Expired,
    /// The server at this address is not the one in the link.
    ServerMismatch,
    /// The server's answer is meant for another address.
    HostMismatch,
    /// The server shows an identity that does not follow from the known one. The account is stopped.
    ServerChanged,
    /// The message is of a version that this app does not know.
    UpdateRequired,
    /// The keys of this phone could not be made.
    KeysUnavailable,
    /// The `approve` key is gone for good; it must be renewed.
    KeyInvalidated,
    /// The signature does not fit the key: a defect of the phone's key store.
    SignatureInvalid,
    /// The person stepped back.
    Cancelled,
    /// Wrong PIN, or the key store is locked.
    KeyRefused,
    /// This phone was revoked.
    DeviceRevoked,
    /// This phone was suspended; support can lift it.
    DeviceSuspended,
    /// The account is locked.
    Locked,
    /// The account is not locked by a report of this phone.
    NotLocked,
    /// The vault could not be written.
    NotPersisted,
    /// The server refused for a reason that should not occur.
    Refused {
        /// HTTP status.
        status: u16,
    },
}

impl Trouble {
    /// A stable name for programs and support.
    pub fn code(self) -> &'static str {
        match self {
            Self::NoConnection => "no-connection",
            Self::Tls => "tls",
            Self::Timeout => "timeout",
            Self::AnswerTooLarge => "response-too-large",
            Self::AnswerInvalid => "response-invalid",
            Self::Unavailable { .. } => "unavailable",
            Self::TooManyTries { .. } | Self::InvitationWornOut => "too-many-tries",
            Self::InvitationRefused => "invitation-refused",
            Self::CodeUsed => "code-used",
            Self::Expired => "expired",
            Self::ServerMismatch => "server-mismatch",
            Self::HostMismatch => "host-mismatch",
            Self::ServerChanged => "server-changed",
            Self::UpdateRequired => "update-required",
            Self::KeysUnavailable | Self::SignatureInvalid | Self::Refused { .. } => "internal",
            Self::KeyInvalidated => "key-lost",
            Self::Cancelled => "cancelled",
            Self::KeyRefused => "wrong-pin",
            Self::DeviceRevoked => "device-revoked",
            Self::DeviceSuspended => "device-suspended",
            Self::Locked => "locked",
            Self::NotLocked => "not-locked",
            Self::NotPersisted => "folder-unwritable",
        }
    }

    /// Seconds the server asked to wait.
    pub fn retry_after(self) -> Option<u64> {
        match self {
            Self::Unavailable { retry_after } | Self::TooManyTries { retry_after } => retry_after,
            _ => None,
        }
    }
}

impl fmt::Display for Trouble {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

impl From<NoAnswer> for Trouble {
    fn from(why: NoAnswer) -> Self {
        match why {
            NoAnswer::NoConnection => Self::NoConnection,
            NoAnswer::Tls => Self::Tls,
            NoAnswer::Timeout => Self::Timeout,
            NoAnswer::TooLarge => Self::AnswerTooLarge,
            NoAnswer::Invalid => Self::AnswerInvalid,
        }
    }
}
