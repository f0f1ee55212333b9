//! Every way to say no. A refusal is a normal outcome: its counters and audit entries are committed like any other's.

use koppel_protocol::Problem;

use crate::Time;

/// Why not.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Refusal {
    /// What was prepared no longer fits the account: prepare again, at most twice, then *unavailable*.
    Stale,
    /// No such key, device or proof, or the proof was used before.
    Unauthenticated,
    /// Another browser session began this.
    WrongBinding,
    /// The phone is not confirmed yet.
    DevicePending,
    /// The phone was idle for too long.
    DeviceSuspended,
    /// The phone was removed.
    DeviceRevoked,
    /// There is no such thing for this caller.
    NotFound,
    /// Nobody is verified (yet).
    NotVerified,
    /// The phone has no key that may approve here, or the key is guarded by less than the policy asks.
    TooWeak,
    /// The live delivery's time is over.
    DeliveryEnded,
    /// A newer delivery took its place. Costs nothing.
    Superseded,
    /// A final decision stands.
    AlreadyDecided,
    /// The live delivery takes something else. Costs nothing.
    WrongMode,
    /// No phone can be asked.
    NotEnrolled {
        /// Whether there ever was one: then support helps, not an enrol page.
        ever: bool,
    },
    /// The user has no second factor and the relying party's rules ask none yet. It is no verdict.
    NotRequired {
        /// From then on they do, if that is known.
        from: Option<Time>,
    },
    /// Another user has this login name.
    LoginNameTaken,
    /// The invitation was used, or a newer one took its place.
    CodeUsed,
    /// It changed in between.
    VersionConflict,
    /// Its time is over.
    Expired,
    /// The code is wrong; without a number where nobody is told how many tries are left.
    WrongCode {
        /// So many are left.
        tries_left: Option<u32>,
    },
    /// The number is wrong.
    WrongNumber {
        /// So many are left.
        tries_left: u32,
    },
    /// A field does not fit.
    InvalidField(
        /// Which, and why.
        &'static str,
    ),
    /// The same idempotency key with another body, or the same `jti` with another content.
    Mismatch,
    /// The account is locked or disabled.
    AccountLocked,
    /// A page is finished only when there are enough methods.
    BackupMissing,
    /// What is there is the least there must be.
    LastMethod,
    /// A colleague must say yes, or the wait must end: not whoever asked.
    SecondAgent,
    /// A protected user is reset before a desk adds a phone.
    ResetFirst,
    /// The role of whoever asks does not go so far.
    NotYours,
    /// The user has no such method.
    NoSuchMethod,
    /// Typing codes is disabled until a phone is paired again.
    MethodDisabled,
    /// A bucket is full.
    TooManyTries {
        /// Seconds to wait.
        retry_after: u32,
    },
    /// Asked again too soon, or often enough.
    TooSoon {
        /// Seconds to wait.
        retry_after: u32,
    },
}

impl Refusal {
    /// What callers read.
    pub const fn problem(self) -> Problem {
        match self {
            Self::Stale => Problem::Unavailable,
            Self::Unauthenticated => Problem::Unauthenticated,
            Self::WrongBinding => Problem::WrongBinding,
            Self::DevicePending => Problem::DevicePending,
            Self::DeviceSuspended => Problem::DeviceSuspended,
            Self::DeviceRevoked => Problem::DeviceRevoked,
            Self::NotFound | Self::NoSuchMethod => Problem::NotFound,
            Self::NotVerified
            | Self::TooWeak
            | Self::BackupMissing
            | Self::LastMethod
            | Self::SecondAgent
            | Self::ResetFirst => Problem::NotVerified,
            Self::NotYours => Problem::ScopeMissing,
            Self::DeliveryEnded => Problem::DeliveryEnded,
            Self::Superseded => Problem::Superseded,
            Self::AlreadyDecided => Problem::AlreadyDecided,
            Self::WrongMode => Problem::WrongMode,
            Self::NotEnrolled { .. } => Problem::NotEnrolled,
            Self::NotRequired { .. } => Problem::NotRequired,
            Self::LoginNameTaken => Problem::LoginNameTaken,
            Self::CodeUsed => Problem::CodeUsed,
            Self::VersionConflict => Problem::VersionConflict,
            Self::Expired => Problem::Expired,
            Self::WrongCode { .. } => Problem::WrongCode,
            Self::WrongNumber { .. } => Problem::WrongNumber,
            Self::InvalidField(_) => Problem::InvalidField,
            Self::Mismatch => Problem::IdempotencyMismatch,
            Self::AccountLocked => Problem::AccountLocked,
            Self::MethodDisabled => Problem::MethodDisabled,
            Self::TooManyTries { .. } => Problem::TooManyTries,
            Self::TooSoon { .. } => Problem::TooSoon,
        }
    }

    /// Tries that are left, where the caller is told.
    pub const fn tries_left(self) -> Option<u32> {
        match self {
            Self::WrongCode { tries_left } => tries_left,
            Self::WrongNumber { tries_left } => Some(tries_left),
            _ => None,
        }
    }

    /// From when on a second factor is required, where the caller is told.
    pub const fn required_from(self) -> Option<Time> {
        match self {
            Self::NotRequired { from } => from,
            _ => None,
        }
    }

    /// Seconds to wait, where that helps.
    pub const fn retry_after(self) -> Option<u32> {
        match self {
            Self::TooManyTries { retry_after } | Self::TooSoon { retry_after } => Some(retry_after),
            _ => None,
        }
    }
}
