//! Why an event was not taken. A refused event leaves the machine exactly as it was.

use thiserror::Error;

/// The event does not fit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum Refused {
    /// No such account on this phone.
    #[error("no such account")]
    NoSuchAccount,
    /// No such challenge, or it is over.
    #[error("no such challenge, or it is over")]
    NoSuchChallenge,
    /// No such notice.
    #[error("no such notice")]
    NoSuchNotice,
    /// An answer to a question that is no longer open: it came late, or twice.
    #[error("an answer to a question that is no longer open")]
    Late,
    /// Nothing of that kind can happen now.
    #[error("not now")]
    NotNow,
    /// The account is already there.
    #[error("the account is already there")]
    AlreadyThere,
    /// This delivery or notice is known.
    #[error("already known")]
    Duplicate,
    /// This delivery was replaced or is over.
    #[error("this delivery was replaced or is over")]
    Stale,
    /// This challenge was answered, and the answer is on its way.
    #[error("already answered")]
    AlreadyAnswered,
    /// A message that its sender did not sign, or that is not for this phone.
    #[error("not a message of this server for this phone")]
    NotGenuine,
    /// A message signed by an older identity key than the newest that is known.
    #[error("signed by an identity key that was replaced")]
    OldIdentity,
    /// Not well formed.
    #[error("not well formed")]
    Malformed,
    /// The challenge asks for a number.
    #[error("a number is needed")]
    NumberNeeded,
    /// This pairing has no key to approve with.
    #[error("this pairing can show codes but not approve")]
    CodesOnly,
    /// Codes are typed, not approved.
    #[error("this challenge shows a code, there is nothing to approve")]
    NothingToApprove,
    /// A challenge of a kind this app does not know: it may be denied, never approved.
    #[error("update the app")]
    UpdateRequired,
    /// The time for it is over.
    #[error("too late")]
    Expired,
    /// The signature does not verify with the key it should be of.
    #[error("the signature does not fit the key")]
    SignatureInvalid,
    /// The server's identity changed: the account is stopped.
    #[error("the server's identity changed: the account is stopped")]
    ServerChanged,
    /// The account is not active.
    #[error("the account is not active")]
    NotActive,
    /// Three pairings were already begun with this code or link.
    #[error("three pairings were already begun with this code or link")]
    InvitationWornOut,
    /// A name that is empty, too long, or holds control characters.
    #[error("the name is empty, too long, or holds control characters")]
    NameInvalid,
    /// No such authenticator account on this phone.
    #[error("no such authenticator account")]
    NoSuchCode,
    /// As many authenticator accounts are kept as there may be.
    #[error("no more authenticator accounts can be kept; remove one first")]
    TooManyCodes,
    /// The source of randomness failed.
    #[error("no randomness")]
    NoRandomness,
}
