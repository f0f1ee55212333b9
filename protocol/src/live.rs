//! The live channel: text frames over a WebSocket at `/d/v1/live`, each a JSON object with a tag `t`.
//!
//! The server greets with a nonce; the phone's first frame, within 5 seconds, is a device proof over method `GET`, the
//! path and an empty body with exactly this nonce. Then the server sends everything that is live, and from then on what
//! happens. The newest connection of a device wins. A frame whose `t` a phone does not know is ignored.

use serde::{Deserialize, Serialize};

use crate::{
    envelope::Envelope,
    id::{ChallengeId, NoticeId},
    nonce::Nonce,
    phone_api::{ChallengeState, Receipt},
};

/// Seconds a phone has for its proof.
pub const PROOF_WITHIN: u64 = 5;
/// Seconds between WebSocket pings of the server.
pub const HEARTBEAT: u64 = 55;
/// Most seconds between two `nonce` frames.
pub const NONCE_EVERY: u64 = 120;

/// A frame of the server.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "t", rename_all = "snake_case")]
pub enum ServerFrame {
    /// The first frame.
    Hello {
        /// What the proof must answer.
        nonce: Nonce,
    },
    /// A challenge.
    #[serde(rename = "envelope")]
    Challenge {
        /// The challenge.
        cid: ChallengeId,
        /// The delivery.
        seq: u32,
        /// Its content, sealed.
        envelope: Envelope,
    },
    /// A notice.
    Notice {
        /// The notice.
        nid: NoticeId,
        /// Its content, sealed.
        envelope: Envelope,
    },
    /// The end of a pairing.
    Activation {
        /// The activation, sealed.
        envelope: Envelope,
    },
    /// A delivery ended.
    Ended {
        /// The challenge.
        cid: ChallengeId,
        /// The delivery.
        seq: u32,
        /// How the challenge stands.
        state: ChallengeState,
    },
    /// A fresh nonce.
    Nonce {
        /// The nonce.
        nonce: Nonce,
        /// The server's time in milliseconds.
        time: u64,
    },
    /// The last frame.
    Bye {
        /// Come back after so many seconds.
        reconnect_in: u64,
        /// Why, for a log.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        why: Option<String>,
    },
    /// A frame from the future.
    #[serde(other, skip_serializing)]
    Unknown,
}

/// A frame of the phone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "t", rename_all = "snake_case", deny_unknown_fields)]
pub enum PhoneFrame {
    /// The first frame.
    Proof {
        /// The device proof.
        proof: String,
    },
    /// Receipts.
    Receipt {
        /// The receipts.
        receipts: Vec<Receipt>,
    },
}

#[cfg(test)]
mod tests;
