//! What can happen to a phone. Each event is handed to [`Machine::handle`](crate::Machine::handle).

use std::fmt;

use koppel_protocol::{
    Bytes, Digits, Koppelcode, Origin, PairingLink, Secret, SecretText, Text,
    id::{ChallengeId, NoticeId},
    pairing::{ApproveKey, HeldKey, Platform},
};

pub use koppel_protocol::phone_api::{Alert, Road};

use crate::{
    AccountId,
    codes::{OtpAccount, OtpId},
    effect::{Order, Question},
    opened::Opened,
};

/// Something that happened.
#[derive(Debug)]
pub enum Event {
    /// The first event of a run: everything that a kill interrupted is taken up again.
    Started,
    /// The moment of [`Machine::next_wake`](crate::Machine::next_wake) came. Never wrong, at worst idle.
    Tick,
    /// The app came on screen (or the terminal runs): connect, and poll while there is no live channel.
    Foreground,
    /// The app left the screen: disconnect, stop polling.
    Background,
    /// The phone has a network again, or another one: try at once instead of waiting out a back-off.
    NetworkChanged,
    /// [`Effect::Persist`](crate::Effect::Persist) failed; the effects after it were not run.
    NotPersisted,

    /// The person wants to pair and agreed to the host. `account` is 128 fresh random bits.
    Pair {
        /// The name under which this account is known on this phone from now on.
        account: AccountId,
        /// The door.
        invitation: Invitation,
        /// Name of this phone, as other devices and support will see it.
        device_name: Text,
        /// What it runs on.
        platform: Platform,
        /// Whether an `approve` key is to be made. Without: codes only.
        approvals: bool,
    },
    /// [`Effect::MakeKeys`](crate::Effect::MakeKeys) succeeded.
    KeysMade {
        /// The order it answers.
        order: Order,
        /// The public halves.
        keys: NewKeys,
    },
    /// [`Effect::MakeKeys`](crate::Effect::MakeKeys) failed.
    KeysFailed {
        /// The order it answers.
        order: Order,
    },
    /// The person agreed to what [`News::Offer`](crate::News::Offer) showed, and unlocked the phone.
    Accept {
        /// The account of the offer.
        account: AccountId,
    },
    /// The person gave up pairing, at any step before it is active.
    Decline {
        /// The account of the pairing.
        account: AccountId,
    },

    /// [`Effect::Sign`](crate::Effect::Sign) or [`Effect::Ask`](crate::Effect::Ask) succeeded.
    Signed {
        /// The order it answers.
        order: Order,
        /// ECDSA P-256 with SHA-256: DER as key stores give it, or 64 raw bytes.
        signature: Vec<u8>,
    },
    /// [`Effect::Sign`](crate::Effect::Sign) or [`Effect::Ask`](crate::Effect::Ask) gave no signature.
    NotSigned {
        /// The order it answers.
        order: Order,
        /// Why.
        why: NoSignature,
    },
    /// An [`Effect::Call`](crate::Effect::Call) was answered.
    Answered {
        /// The order it answers.
        order: Order,
        /// What came back, whatever the status.
        answer: Answer,
    },
    /// An [`Effect::Call`](crate::Effect::Call) brought no answer.
    NotAnswered {
        /// The order it answers.
        order: Order,
        /// Why.
        why: NoAnswer,
    },
    /// Something happened on a live channel.
    Live {
        /// The order of [`Effect::OpenLive`](crate::Effect::OpenLive).
        order: Order,
        /// What.
        event: LiveEvent,
    },

    /// A push, or the part of the app that shows pushes, brought an envelope.
    Received {
        /// What [`Machine::open`](crate::Machine::open) found in it.
        opened: Opened,
        /// The way it came.
        road: Road,
        /// What became of the alert.
        alert: Alert,
    },
    /// A challenge's content is on screen now.
    Show {
        /// The account.
        account: AccountId,
        /// The challenge.
        cid: ChallengeId,
    },
    /// The person wants to approve. Answered by [`Effect::Ask`](crate::Effect::Ask) or an outcome.
    Approve {
        /// The account.
        account: AccountId,
        /// The challenge.
        cid: ChallengeId,
        /// What the person typed; none only where the challenge asks for none (mode `unlock`).
        number: Option<Digits>,
    },
    /// The person says no.
    Deny {
        /// The account.
        account: AccountId,
        /// The challenge.
        cid: ChallengeId,
        /// Why.
        reason: DenyReason,
    },
    /// A notice was read and may go.
    Dismiss {
        /// The account.
        account: AccountId,
        /// The notice.
        nid: NoticeId,
    },

    /// Pull to refresh: fetch identity and inbox now.
    Refresh,
    /// The person, having reported fraud from this phone, wants the account unlocked.
    Unlock {
        /// The account.
        account: AccountId,
    },
    /// A question for the server; its answer is [`News::Answer`](crate::News::Answer).
    Inquire {
        /// The account.
        account: AccountId,
        /// Which.
        question: Question,
    },
    /// A new label for an account, on this phone only.
    Rename {
        /// The account.
        account: AccountId,
        /// 1–64 characters.
        label: String,
    },
    /// Forget an account: tell its server if it can be reached, delete the keys.
    Remove {
        /// The account.
        account: AccountId,
    },

    /// Keep authenticator accounts. Each has a name of 128 fresh random bits; one that is kept already is not kept twice.
    AddCodes {
        /// The accounts.
        accounts: Vec<(OtpId, OtpAccount)>,
    },
    /// A new label for an authenticator account.
    RenameCode {
        /// The account.
        id: OtpId,
        /// 1–64 characters.
        label: String,
    },
    /// Move an authenticator account to a place in the list.
    MoveCode {
        /// The account.
        id: OtpId,
        /// Counted from 0; behind the last one where there is no such place.
        place: usize,
    },
    /// Forget an authenticator account, its secret too.
    RemoveCode {
        /// The account.
        id: OtpId,
    },
}

/// A door: how a person gets an invitation into the phone.
#[derive(Debug)]
pub enum Invitation {
    /// A link or QR code.
    Link(PairingLink),
    /// A koppelcode with the host and the user's name there.
    Koppelcode {
        /// Where the server is.
        origin: Origin,
        /// The user's name at the panel.
        user: Text,
        /// The code.
        code: Koppelcode,
    },
    /// User name and password of the panel.
    Login {
        /// Where the server is.
        origin: Origin,
        /// The user's name at the panel.
        user: Text,
        /// Kept in memory until the server answered, never stored.
        password: SecretText,
    },
}

impl Invitation {
    /// Where the server is.
    pub fn origin(&self) -> &Origin {
        match self {
            Self::Link(link) => &link.origin,
            Self::Koppelcode { origin, .. } | Self::Login { origin, .. } => origin,
        }
    }

    /// The only TLS key that the server may have, if the invitation says so.
    pub fn tls_pin(&self) -> Option<Bytes<32>> {
        match self {
            Self::Link(link) => link.tls_pin,
            Self::Koppelcode { .. } | Self::Login { .. } => None,
        }
    }
}

/// The public halves of a fresh set of keys, how they are kept, and the one secret that the server must know.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewKeys {
    /// `id`: device proofs, deny, fraud report.
    pub id: HeldKey,
    /// `seal`: envelopes.
    pub seal: HeldKey,
    /// `auth`: the other secret of RFC 8291, kept beside `seal`.
    pub auth: Secret<16>,
    /// `approve`, when one was asked for.
    pub approve: Option<ApproveKey>,
}

/// What an HTTP call brought.
#[derive(Clone, PartialEq, Eq)]
pub struct Answer {
    /// HTTP status.
    pub status: u16,
    /// Header `Koppel-Nonce`.
    pub nonce: Option<String>,
    /// Header `Koppel-Time`, milliseconds since 1970.
    pub time_ms: Option<i64>,
    /// Header `Retry-After`, seconds.
    pub retry_after: Option<u64>,
    /// The body, at most [`Call::MAX_ANSWER`](crate::effect::Call::MAX_ANSWER) bytes.
    pub body: Vec<u8>,
    /// Monotonic milliseconds at which the request left.
    pub sent_at: u64,
}

/// Why a call brought no answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoAnswer {
    /// No network, no route, no name, refused.
    NoConnection,
    /// The certificate or the TLS pin is not right.
    Tls,
    /// Took too long.
    Timeout,
    /// More bytes than [`Call::MAX_ANSWER`](crate::effect::Call::MAX_ANSWER).
    TooLarge,
    /// Not HTTP, or a redirect.
    Invalid,
}

/// Why there is no signature.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoSignature {
    /// The person stepped back.
    Cancelled,
    /// The key is gone for good (new biometrics under `biometric_only`, a wiped key store).
    KeyInvalidated,
    /// Wrong PIN or the key store is locked; may be tried again.
    Refused,
}

/// What happens on a live channel.
#[derive(Clone, PartialEq, Eq)]
pub enum LiveEvent {
    /// The WebSocket stands.
    Opened,
    /// A text frame.
    Frame(String),
    /// A ping or pong: the other side lives.
    Heard,
    /// It ended, or never came to be.
    Closed {
        /// Seconds the server asked to wait (`Retry-After` of a refused upgrade).
        retry_after: Option<u64>,
    },
}

/// Why a person says no.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DenyReason {
    /// "I made a mistake."
    Mistake,
    /// "This was not me": a fraud report, which locks the account.
    NotMe,
}

impl fmt::Debug for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Answer({}, {} bytes)", self.status, self.body.len())
    }
}

impl fmt::Debug for LiveEvent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Opened => "Opened",
            Self::Frame(_) => "Frame(…)",
            Self::Heard => "Heard",
            Self::Closed { .. } => "Closed",
        })
    }
}
