//! What a machine asks of its host. Effects are run **in the order given**.
//!
//! [`Effect::Persist`] is special: what follows it may only be run once it is durable. If it fails, the rest of
//! that list is dropped and [`Event::NotPersisted`](crate::Event::NotPersisted) is handed in; the machine takes
//! everything up again by itself. Whenever an event changed what must survive a kill, `Persist` is the first
//! effect, so nothing is ever shown or sent whose cause is not on disk.

use std::fmt;

use koppel_protocol::{Bytes, Host, Origin, id::ChallengeId, phone_api::DeviceInfo};
use zeroize::Zeroizing;

use crate::{
    AccountId,
    approval::Outcome,
    snapshot::{AccountView, ChallengeView, ConnectionView, EndedView, NoticeView},
    trouble::Trouble,
};

/// Something for the host to do.
#[derive(Debug)]
pub enum Effect {
    /// Write the vault's contents durably (sealed; temporary file, fsync, rename, fsync of the folder).
    Persist(Contents),
    /// Make fresh keys for an account, `id` and `seal` with `auth`, and `approve` if asked for.
    MakeKeys {
        /// Answered with [`Event::KeysMade`](crate::Event::KeysMade) or `KeysFailed`.
        order: Order,
        /// Also an `approve` key.
        approve: bool,
    },
    /// Delete every key of an account. Idempotent.
    DeleteKeys(AccountId),
    /// Sign with the `id` key, without asking the person.
    Sign {
        /// Answered with [`Event::Signed`](crate::Event::Signed) or `NotSigned`.
        order: Order,
        /// What to sign.
        payload: Vec<u8>,
    },
    /// Sign with the `approve` key: ask for finger, face, credential or PIN.
    Ask(SigningRequest),
    /// Send an HTTP request.
    Call(Call),
    /// Open a live channel; replaces any other of that account.
    OpenLive(LiveCall),
    /// Send a text frame on a live channel.
    SendFrame {
        /// The channel.
        order: Order,
        /// The frame.
        frame: FrameOut,
    },
    /// Close a live channel.
    CloseLive(Order),
    /// Something the person or a program should be told.
    News(News),
    /// The snapshot has changed: take a new one with [`Machine::snapshot`](crate::Machine::snapshot).
    Changed,
}

/// Who asked, and which time it was: an answer to anything but the newest order of its kind is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Order {
    /// The account.
    pub account: AccountId,
    /// Rises with every order of a run; never used twice.
    pub generation: u64,
}

/// The vault's contents as bytes, before they are sealed. Never printed.
#[derive(Clone, PartialEq, Eq)]
pub struct Contents(pub(crate) Zeroizing<Vec<u8>>);

impl Contents {
    /// The bytes, to be sealed and written.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Debug for Contents {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Contents({} bytes)", self.0.len())
    }
}

/// A signature that needs the person.
#[derive(Clone, PartialEq, Eq)]
pub struct SigningRequest {
    /// Answered with [`Event::Signed`](crate::Event::Signed) or `NotSigned`.
    pub order: Order,
    /// What it is for.
    pub purpose: SigningPurpose,
    /// What to sign, as it is, with ES256 (SHA-256 is part of it).
    pub payload: Vec<u8>,
    /// Whom it is for: the organisation, or the relying party. Clean of control characters.
    pub title: String,
    /// Monotonic milliseconds after which the signature is refused.
    pub deadline: u64,
}

impl fmt::Debug for SigningRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SigningRequest")
            .field("order", &self.order)
            .field("purpose", &self.purpose)
            .finish_non_exhaustive()
    }
}

/// What the `approve` key signs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SigningPurpose {
    /// Proves possession of the key while pairing.
    Pairing,
    /// Approves this challenge.
    Approval(ChallengeId),
}

/// An HTTP request. JSON unless it says otherwise; redirects are not followed; no cookies.
#[derive(Clone)]
pub struct Call {
    /// Answered with [`Event::Answered`](crate::Event::Answered) or `NotAnswered`.
    pub order: Order,
    /// Where to.
    pub origin: Origin,
    /// SHA-256 of the only SPKI that this server's TLS certificate may have.
    pub tls_pin: Option<Bytes<32>>,
    /// GET or POST.
    pub method: Method,
    /// The literal path.
    pub path: String,
    /// `Content-Type` of the body.
    pub content_type: &'static str,
    /// The body: sent byte for byte, without content encoding.
    pub body: Zeroizing<Vec<u8>>,
    /// A device proof: the `id` key's signature over this is appended (`signing_input.base64url(signature)`) and sent
    /// as header `Device-Proof`.
    pub proof: Option<String>,
}

impl Call {
    /// The most bytes of a body that are read.
    pub const MAX_ANSWER: usize = 256 * 1024;
}

impl fmt::Debug for Call {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Call")
            .field("order", &self.order)
            .field("origin", &self.origin)
            .field("path", &self.path)
            .field("proven", &self.proof.is_some())
            .finish_non_exhaustive()
    }
}

/// The HTTP methods that phones use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Method {
    /// Only `/.well-known/koppel`.
    Get,
    /// Everything else.
    Post,
}

/// A live channel to open: `GET /d/v1/live`, upgraded to WebSocket.
#[derive(Clone, Debug)]
pub struct LiveCall {
    /// Events of this channel carry it.
    pub order: Order,
    /// Where to.
    pub origin: Origin,
    /// As in [`Call`].
    pub tls_pin: Option<Bytes<32>>,
    /// The literal path.
    pub path: &'static str,
}

/// A frame to send.
#[derive(Clone)]
pub enum FrameOut {
    /// As it is.
    Text(String),
    /// The first frame: the `id` key signs `signing_input`; then the frame is `{"t":"proof","proof":"<signing_input>.<signature>"}`.
    Proof {
        /// What to sign.
        signing_input: String,
    },
}

impl fmt::Debug for FrameOut {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Text(_) => "Text(…)",
            Self::Proof { .. } => "Proof(…)",
        })
    }
}

/// What a person or a program should be told as it happens. All of it can also be read from the snapshot, but
/// for outcomes, answers and troubles.
#[derive(Clone, Debug)]
pub enum News {
    /// P2: does the person agree to this organisation and account? Answered by `Accept` or `Decline`.
    Offer {
        /// The account that would come to be.
        account: AccountId,
        /// The host.
        host: Host,
        /// The organisation's name.
        organisation: String,
        /// The user's name there.
        user: String,
    },
    /// P3 done: the number to read out or type at the confirmer. Also after each start while it waits.
    CheckNumber {
        /// The account.
        account: AccountId,
        /// Six digits.
        check_number: String,
        /// Until when, seconds of server time.
        until: u64,
    },
    /// Somebody typed a wrong check number.
    WrongCheckNumber {
        /// The account.
        account: AccountId,
        /// Tries left.
        tries_left: u32,
    },
    /// P5 done.
    Active(AccountView),
    /// The pairing ended without an account; its keys are gone.
    PairingEnded {
        /// The account that did not come to be.
        account: AccountId,
        /// Why.
        why: PairingEnd,
    },
    /// A challenge arrived, or its next delivery. Show it.
    Challenge(ChallengeView),
    /// A challenge that was shown or waited is over.
    Ended(EndedView),
    /// What became of the person's answer.
    Outcome {
        /// The account.
        account: AccountId,
        /// The challenge.
        cid: ChallengeId,
        /// Whether it answers an approve (or a deny).
        approve: bool,
        /// What became of it. `Queued` is followed by another.
        outcome: Outcome,
    },
    /// A notice for the person.
    Notice(NoticeView),
    /// The connection of an account changed.
    Connection {
        /// The account.
        account: AccountId,
        /// To this.
        state: ConnectionView,
        /// Milliseconds until the next attempt, when there is none now.
        retry_in_ms: Option<u64>,
    },
    /// Something of an account changed: status, label, lock.
    Account(AccountView),
    /// An answer to [`Event::Inquire`](crate::Event::Inquire).
    Answer {
        /// The account.
        account: AccountId,
        /// The question.
        question: Question,
        /// The answer.
        reply: Result<Reply, Trouble>,
        /// How long it took.
        took_ms: u64,
    },
    /// An account is gone from this phone.
    Removed(AccountId),
    /// Something went wrong that the person can understand or do something about.
    Trouble {
        /// The account, if it is about one.
        account: Option<AccountId>,
        /// The challenge, if it is about one.
        cid: Option<ChallengeId>,
        /// What.
        trouble: Trouble,
        /// Whether the machine tries again by itself.
        retries: bool,
    },
}

/// Why a pairing ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PairingEnd {
    /// The person declined.
    Declined,
    /// The confirmer refused, or mistyped the number too often.
    Refused,
    /// Nobody confirmed in time.
    Expired,
    /// It could not go on.
    Failed(Trouble),
}

/// A question for the server that changes nothing on the phone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Question {
    /// Is it there, and is it still itself?
    Server,
    /// Which phones has this user? (Proves the `id` key, the nonce and the clock on the way.)
    Devices,
    /// Send a test challenge to this phone.
    Test,
}

/// What the server replied to a [`Question`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reply {
    /// It is, at this version of its identity key.
    Server {
        /// Version of the identity key.
        version: u32,
    },
    /// These.
    Devices(Vec<DeviceInfo>),
    /// This challenge is on its way.
    Test {
        /// The test challenge.
        cid: ChallengeId,
    },
}
