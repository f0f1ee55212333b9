//! The name of an authenticator account on this phone.

use std::{fmt, str::FromStr};

use koppel_protocol::bytes::Bytes;
use serde::{Deserialize, Serialize};

/// 128 random bits that name an authenticator account on this phone and nowhere else. As text `ot_` and 22 characters.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct OtpId(Bytes<16>);

/// The text is not the name of an authenticator account.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("expected ot_ and 22 characters")]
pub struct NotAnOtpId;

impl OtpId {
    /// Makes a name of 128 random bits.
    pub const fn from_bytes(bytes: [u8; 16]) -> Self {
        Self(Bytes::new(bytes))
    }
}

impl fmt::Display for OtpId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ot_{}", self.0)
    }
}

impl fmt::Debug for OtpId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for OtpId {
    type Err = NotAnOtpId;

    fn from_str(text: &str) -> Result<Self, NotAnOtpId> {
        text.strip_prefix("ot_").and_then(|rest| rest.parse().ok()).map(Self).ok_or(NotAnOtpId)
    }
}

impl TryFrom<String> for OtpId {
    type Error = NotAnOtpId;

    fn try_from(text: String) -> Result<Self, NotAnOtpId> {
        text.parse()
    }
}

impl From<OtpId> for String {
    fn from(id: OtpId) -> Self {
        id.to_string()
    }
}
