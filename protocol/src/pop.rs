//! Proof of possession: each signing key of a new phone signs the transcript of its pairing.

use serde::{Deserialize, Serialize};

use crate::{
    jws::{Claims, NoKid},
    pairing::Transcript,
};

/// A proof of possession, `pop+jwt`. Its header has no `kid`: the key is the one being proven.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Pop {
    /// The transcript.
    #[serde(rename = "T")]
    pub transcript: Transcript,
    /// What the key is for.
    #[serde(rename = "use")]
    pub key_use: PopUse,
}

/// What a key is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PopUse {
    /// The key of device proofs.
    Id,
    /// The key of approvals.
    Approve,
}

impl Claims for Pop {
    const TYP: &'static str = "pop+jwt";
    type Kid = NoKid;
}
