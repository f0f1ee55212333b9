//! The name of an account on this phone.

use std::{fmt, str::FromStr};

use koppel_protocol::bytes::Bytes;
use serde::{Deserialize, Serialize};

/// 128 random bits that name an account, and its keys, on this phone and nowhere else. As text `ac_` and 22 characters.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct AccountId(Bytes<16>);

/// The text is not the name of an account.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("expected ac_ and 22 characters")]
pub struct NotAnAccountId;

impl AccountId {
    /// Makes a name of 128 random bits.
    pub const fn from_bytes(bytes: [u8; 16]) -> Self {
        Self(Bytes::new(bytes))
    }
}

impl fmt::Display for AccountId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ac_{}", self.0)
    }
}

impl fmt::Debug for AccountId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for AccountId {
    type Err = NotAnAccountId;

    fn from_str(text: &str) -> Result<Self, NotAnAccountId> {
        text.strip_prefix("ac_").and_then(|rest| rest.parse().ok()).map(Self).ok_or(NotAnAccountId)
    }
}

impl TryFrom<String> for AccountId {
    type Error = NotAnAccountId;

    fn try_from(text: String) -> Result<Self, NotAnAccountId> {
        text.parse()
    }
}

impl From<AccountId> for String {
    fn from(id: AccountId) -> Self {
        id.to_string()
    }
}
