//! The JSON of the phone's HTTP interface. Requests refuse unknown fields, answers ignore them.
//!
//! All requests but the first are POST with a JSON body, no query, no content encoding; all but pairing, reveal and
//! decisions carry a [`device_proof`](crate::device_proof). Every answer, errors too, has the headers
//! [`NONCE_HEADER`] and [`TIME_HEADER`].

use serde::{Deserialize, Serialize};

use crate::{
    decision::Verdict,
    envelope::Envelope,
    id::{ChallengeId, DeviceId, NoticeId, PairingId},
    identity::{KeyVersion, ServerId},
    nonce::Nonce,
    pairing::Platform,
    text::Text,
};

/// Header of every answer: a fresh nonce.
pub const NONCE_HEADER: &str = "Koppel-Nonce";
/// Header of every answer: the server's time in milliseconds.
pub const TIME_HEADER: &str = "Koppel-Time";

/// `GET /.well-known/koppel`
pub const WELL_KNOWN: &str = "/.well-known/koppel";
/// `POST /d/v1/pairings`: m1 → [`PairingAnswer`]
pub const PAIRINGS: &str = "/d/v1/pairings";
/// `GET /d/v1/live`: WebSocket, see [`live`](crate::live)
pub const LIVE: &str = "/d/v1/live";
/// `POST /d/v1/inbox`: [`InboxRequest`] → [`Inbox`]
pub const INBOX: &str = "/d/v1/inbox";
/// `POST /d/v1/challenges/unlock`: [`Nothing`] → [`UnlockAnswer`]
pub const UNLOCK: &str = "/d/v1/challenges/unlock";
/// `POST /d/v1/decisions`: the message → [`DecisionAnswer`]
pub const DECISIONS: &str = "/d/v1/decisions";
/// `POST /d/v1/receipts`: [`Receipts`] → 204
pub const RECEIPTS: &str = "/d/v1/receipts";
/// `POST /d/v1/devices`: [`DevicesRequest`] → [`Devices`], or 204 after a removal
pub const DEVICES: &str = "/d/v1/devices";
/// `POST /d/v1/test`: [`Nothing`] → [`TestAnswer`]
pub const TEST: &str = "/d/v1/test";

/// `POST /d/v1/pairings/{pid}/reveal`: m3 → [`RevealAnswer`]
pub fn reveal_path(pid: PairingId) -> String {
    format!("{PAIRINGS}/{pid}/reveal")
}

/// `POST /d/v1/pairings/{pid}/status`: [`Nothing`] → [`PairingStatus`]
pub fn status_path(pid: PairingId) -> String {
    format!("{PAIRINGS}/{pid}/status")
}

/// `POST /d/v1/challenges/{cid}`: [`Nothing`] → [`ChallengeAnswer`]
pub fn challenge_path(cid: ChallengeId) -> String {
    format!("/d/v1/challenges/{cid}")
}

/// The body `{}`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Nothing {}

/// Who the server is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WellKnown {
    /// Its name for ever.
    pub server_id: ServerId,
    /// The version of its key.
    pub version: KeyVersion,
    /// The chain of identity messages, oldest first.
    pub chain: Vec<String>,
    /// The organisation's name.
    pub organisation: Text,
    /// A nonce.
    pub nonce: Nonce,
    /// The server's time in milliseconds.
    pub time: u64,
}

/// Answer to m1.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PairingAnswer {
    /// The signed offer.
    pub m2: String,
}

/// Answer to m3.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RevealAnswer {
    /// The device, pending.
    pub device: DeviceId,
    /// When the pairing ends unless confirmed, in seconds.
    pub until: u64,
    /// A nonce.
    pub nonce: Nonce,
}

/// How a pairing stands. Asked at most every 2 seconds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PairingStatus {
    /// How it stands.
    pub state: PairingState,
    /// Tries left for the check number.
    pub tries_left: u32,
    /// When it ends unless confirmed, in seconds.
    pub until: u64,
    /// Once active: the activation, sealed afresh in each answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub envelope: Option<Envelope>,
}

/// How a pairing stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PairingState {
    /// Waits for its confirmer.
    Pending,
    /// Confirmed.
    Active,
    /// Refused: delete the keys.
    Refused,
    /// Not confirmed in time: delete the keys.
    Expired,
}

/// What the phone saw of what was sent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Receipt {
    /// Of a challenge.
    Challenge(ChallengeReceipt),
    /// Of a notice.
    Notice(NoticeReceipt),
}

/// A receipt of one delivery of a challenge.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ChallengeReceipt {
    /// The challenge.
    pub cid: ChallengeId,
    /// The delivery.
    pub seq: u32,
    /// What happened.
    pub kind: ReceiptKind,
    /// With `arrived`: whether the system showed an alert.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub alert: Option<Alert>,
    /// How it came.
    pub road: Road,
}

/// A receipt of a notice.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NoticeReceipt {
    /// The notice.
    pub nid: NoticeId,
    /// `arrived`.
    pub kind: ReceiptKind,
}

/// What happened to what was sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ReceiptKind {
    /// It is on the phone.
    Arrived,
    /// Its content is on the screen.
    Shown,
}

/// Whether the system showed an alert.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Alert {
    /// Yes.
    Shown,
    /// Notifications are switched off.
    Blocked,
    /// None was due.
    Silent,
}

/// How something came to the phone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Road {
    /// The live channel.
    Live,
    /// The phone asked.
    Poll,
}

/// Receipts by themselves.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Receipts {
    /// The receipts, at most [`Receipts::MAX`].
    pub receipts: Vec<Receipt>,
}

impl Receipts {
    /// The most receipts of one request or frame.
    pub const MAX: usize = 64;
}

/// Asks for all that waits.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct InboxRequest {
    /// Receipts that ride along.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub receipts: Vec<Receipt>,
}

/// All that waits.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Inbox {
    /// Live challenges.
    pub challenges: Vec<WaitingChallenge>,
    /// Deliveries that ended since.
    pub ended: Vec<Ended>,
    /// Notices not yet received.
    pub notices: Vec<WaitingNotice>,
}

/// A challenge for this device.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WaitingChallenge {
    /// The challenge.
    pub cid: ChallengeId,
    /// The delivery.
    pub seq: u32,
    /// Its content, sealed.
    pub envelope: Envelope,
}

/// A notice for this device.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WaitingNotice {
    /// The notice.
    pub nid: NoticeId,
    /// Its content, sealed.
    pub envelope: Envelope,
}

/// A delivery that ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ended {
    /// The challenge.
    pub cid: ChallengeId,
    /// The delivery.
    pub seq: u32,
    /// How the challenge stands.
    pub state: ChallengeState,
}

/// How a challenge stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ChallengeState {
    /// Waits for an answer.
    Pending,
    /// Approved, or the right code was typed; not yet used.
    Approved,
    /// Denied.
    Denied,
    /// Reported: "this was not me".
    Fraud,
    /// Too many wrong tries.
    Failed,
    /// Not answered in time.
    Expired,
    /// A newer one took its place.
    Superseded,
    /// The panel or the person gave up.
    Cancelled,
    /// Approved and used.
    Consumed,
    /// Approved and not used in time.
    Lapsed,
}

impl ChallengeState {
    /// Whether nothing can change it any more (a fraud report still can, for some).
    pub const fn is_final(self) -> bool {
        !matches!(self, Self::Pending | Self::Approved)
    }
}

/// How one challenge stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChallengeAnswer {
    /// The challenge.
    pub cid: ChallengeId,
    /// Its newest delivery.
    pub seq: u32,
    /// How it stands.
    pub state: ChallengeState,
    /// When the delivery ends, in seconds.
    pub expires_at: u64,
    /// Its content for this device, while it is live.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub envelope: Option<Envelope>,
}

/// A challenge of mode `unlock`, just made.
pub type UnlockAnswer = WaitingChallenge;

/// What became of a decision.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct DecisionAnswer {
    /// What is recorded.
    pub outcome: DecisionOutcome,
    /// The challenge.
    pub cid: ChallengeId,
}

/// What is recorded of a decision.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DecisionOutcome {
    /// The login may go on.
    Approved,
    /// It may not.
    Denied,
    /// It may not, and the account is locked.
    Fraud,
}

impl From<Verdict> for DecisionOutcome {
    fn from(verdict: Verdict) -> Self {
        match verdict {
            Verdict::Approve => Self::Approved,
            Verdict::Deny => Self::Denied,
            Verdict::Fraud => Self::Fraud,
        }
    }
}

/// Lists the account's devices (`{}`), or removes this one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DevicesRequest {
    /// The device that asks, to be removed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub remove: Option<DeviceId>,
}

/// The account's devices.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Devices {
    /// The devices.
    pub devices: Vec<DeviceInfo>,
}

/// A device of the account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeviceInfo {
    /// Its id.
    pub id: DeviceId,
    /// Its name.
    pub name: Text,
    /// What it runs on.
    pub platform: Platform,
    /// How it stands.
    pub state: DeviceState,
    /// Whether it is the one that asks.
    pub this: bool,
    /// Whether it can approve, or shows codes only.
    pub approve: bool,
    /// When it was last heard of, in seconds.
    pub last_seen: u64,
}

/// How a device stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DeviceState {
    /// Waits for its confirmer.
    Pending,
    /// In use.
    Active,
    /// Switched off for a while.
    Suspended,
    /// Removed.
    Revoked,
}

/// A test challenge is on its way.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct TestAnswer {
    /// The server's time in milliseconds.
    pub time: u64,
    /// The test challenge: mode `code`, purpose `test`.
    pub cid: ChallengeId,
}

#[cfg(test)]
mod tests;
