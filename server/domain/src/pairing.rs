//! One attempt to pair a phone: doors identify, only a confirmer activates.

use koppel_protocol::{
    Bytes, Text,
    id::{DeviceId, InvitationId, PairingId},
    pairing::{Commitment, RequestHash, Transcript},
};
use serde::{Deserialize, Serialize};

use crate::{SharedText, Time};

/// A pairing. The first message itself is never kept, only its hash.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pairing {
    /// Ours, named in the signed second message.
    pub id: PairingId,
    /// How the phone came in.
    pub door: DoorKind,
    /// By which invitation; none: by login.
    pub invitation: Option<InvitationId>,
    /// SHA-256 of the first message as it was sent.
    pub c: RequestHash,
    /// What the phone committed to.
    pub commitment: Commitment,
    /// The second message, answered again to the same first one.
    pub m2: SharedText,
    /// The third message, once it came.
    pub revealed: Option<Revealed>,
    /// Check numbers typed so far.
    pub number_tries: u32,
    /// Confirmed or ended by then.
    pub until: Time,
    /// Where it stands.
    pub state: PairingState,
    /// Where the phone asked from, for the confirmer to see.
    pub ip: Option<Text>,
    /// The restore epoch it belongs to.
    pub epoch: u64,
    /// When it began.
    pub created: Time,
}

/// What the third message opened. The opening itself is not kept: it holds a secret of the phone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Revealed {
    /// Hash of the third message as it was sent.
    pub m3: Bytes<32>,
    /// The transcript hash `T`, of which the check number is made.
    pub transcript: Transcript,
    /// The device that came of it.
    pub device: DeviceId,
}

/// How a phone came in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DoorKind {
    /// A link or its QR code.
    Link,
    /// A spoken koppelcode.
    Code,
    /// User name and password, put to the organisation's directory.
    Login,
}

/// Where a pairing stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PairingState {
    /// The phone committed to its keys.
    Committed,
    /// It opened the commitment and proved its keys: a device is pending.
    Proven,
    /// Somebody typed the check number: the device is active.
    Confirmed,
    /// The check number was wrong too often, an older phone said no, or the account was locked.
    Refused,
    /// Nobody confirmed in time.
    Expired,
}

impl PairingState {
    /// Whether nothing changes it any more.
    pub const fn is_final(self) -> bool {
        matches!(self, Self::Confirmed | Self::Refused | Self::Expired)
    }

    /// As in columns and audit entries.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Committed => "committed",
            Self::Proven => "proven",
            Self::Confirmed => "confirmed",
            Self::Refused => "refused",
            Self::Expired => "expired",
        }
    }
}

impl Pairing {
    /// Where it stands now: time and the restore epoch end it without anybody's help.
    pub fn state_at(&self, now: Time, epoch: u64) -> PairingState {
        if !self.state.is_final() && (now >= self.until || self.epoch != epoch) {
            PairingState::Expired
        } else {
            self.state
        }
    }
}
