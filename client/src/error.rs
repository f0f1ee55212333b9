//! What a verb of the client can fail with.

use koppel_core::{Refused, Trouble};

/// Why the companion did not do what was asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ClientError {
    /// It does not fit what the phone knows now.
    #[error(transparent)]
    Refused(Refused),
    /// It was tried, and went wrong.
    #[error("{0}")]
    Trouble(Trouble),
    /// The client was stopped.
    #[error("the client was stopped")]
    Stopped,
}

impl ClientError {
    /// A stable name for programs and support.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Trouble(trouble) => trouble.code(),
            Self::Stopped => "internal",
            Self::Refused(refused) => match refused {
                Refused::NoSuchAccount => "no-such-account",
                Refused::NoSuchChallenge | Refused::Stale | Refused::Duplicate => "no-such-challenge",
                Refused::NumberNeeded => "number-needed",
                Refused::CodesOnly => "codes-only",
                Refused::NothingToApprove => "nothing-to-approve",
                Refused::UpdateRequired => "update-required",
                Refused::Expired | Refused::Late => "expired",
                Refused::AlreadyAnswered => "already-answered",
                Refused::ServerChanged => "server-changed",
                Refused::NotActive => "not-active",
                Refused::InvitationWornOut => "too-many-tries",
                Refused::NameInvalid => "name-invalid",
                Refused::NoSuchCode => "no-such-code",
                Refused::TooManyCodes => "too-many-codes",
                _ => "internal",
            },
        }
    }
}
