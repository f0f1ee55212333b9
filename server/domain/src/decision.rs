//! What a phone answered, kept with its signature.

use koppel_protocol::{
    Bytes,
    id::{ChallengeId, DeviceId},
    phone_api::DecisionOutcome,
};
use serde::{Deserialize, Serialize};

use crate::{SharedText, Time};

/// One signed answer and what came of it. Found again by (device, jti): the same bytes get the same outcome.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Decision {
    /// Who answered.
    pub device: DeviceId,
    /// The answer's own id.
    pub jti: Bytes<16>,
    /// About which challenge.
    pub challenge: ChallengeId,
    /// About which delivery.
    pub seq: u32,
    /// SHA-256 of the signing input. Never of the signature, which anybody can change into another valid one.
    pub signing_input: Bytes<32>,
    /// The whole answer, for the panel to check by itself.
    pub jws: SharedText,
    /// What came of it.
    pub ruling: Ruling,
    /// When.
    pub at: Time,
}

/// What came of an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Ruling {
    /// It counts.
    Recorded(DecisionOutcome),
    /// The number was wrong.
    WrongNumber {
        /// So many tries are left.
        tries_left: u32,
    },
}
