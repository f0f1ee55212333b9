//! The secret that a service and this phone share.

use std::fmt;

use koppel_protocol::bytes::{decode, encode};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};
use zeroize::Zeroizing;

use super::error::OtpError;

/// The shared secret of an authenticator account: wiped on drop, never printed. In the vault as base64url.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Seed(Zeroizing<Vec<u8>>);

impl Seed {
    /// The most bytes of a secret: a block of SHA-512, which is where longer keys are hashed first (RFC 2104 §2).
    pub(crate) const MAX: usize = 128;

    /// Takes a secret over, of any strength: what a service gave is not ours to refuse.
    ///
    /// # Errors
    /// [`OtpError`]: there is none, or it is too long.
    pub(crate) fn new(bytes: Zeroizing<Vec<u8>>) -> Result<Self, OtpError> {
        match bytes.len() {
            0 => Err(OtpError::SecretMissing),
            1..=Self::MAX => Ok(Self(bytes)),
            _ => Err(OtpError::SecretTooLong),
        }
    }

    /// The bytes, for the one place that computes with them.
    pub(crate) fn expose(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Debug for Seed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Seed(hidden)")
    }
}

impl Serialize for Seed {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&Zeroizing::new(encode(&self.0)))
    }
}

impl<'de> Deserialize<'de> for Seed {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = Zeroizing::new(String::deserialize(deserializer)?);
        let bytes = decode(&text).map_err(|_| D::Error::custom("expected base64url text"))?;
        Self::new(Zeroizing::new(bytes)).map_err(D::Error::custom)
    }
}
