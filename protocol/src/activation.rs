//! The end of a pairing: the server says, over the transcript both computed, that the device is active.

use serde::{Deserialize, Serialize};

use crate::{
    id::DeviceId,
    identity::{FromServer, KeyVersion, ServerId},
    jws::Claims,
    pairing::Transcript,
};

/// An activation, `activation+jwt`. A phone accepts only its own transcript.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Activation {
    /// The transcript of the pairing.
    #[serde(rename = "T")]
    pub transcript: Transcript,
    /// The device, now active.
    pub device: DeviceId,
    /// The server that says so.
    pub server_id: ServerId,
    /// The version of the key that signs; the header's `kid`.
    pub version: KeyVersion,
}

impl Claims for Activation {
    const TYP: &'static str = "activation+jwt";
    type Kid = KeyVersion;

    fn fits(&self, kid: &KeyVersion) -> bool {
        self.version == *kid
    }
}

impl FromServer for Activation {
    fn issuer(&self) -> Option<(ServerId, KeyVersion)> {
        Some((self.server_id, self.version))
    }

    fn addressee(&self) -> Option<DeviceId> {
        Some(self.device)
    }
}
