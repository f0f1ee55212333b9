//! Text that is stored and never printed: messages that hold a code, bodies that hold a koppelcode.

use std::fmt;

use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

/// Text that nobody may see: wiped on drop, hidden from `Debug`.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Hidden(Zeroizing<String>);

impl Hidden {
    /// The text, for the one place that uses it.
    pub(crate) fn expose(&self) -> &str {
        &self.0
    }
}

impl From<&str> for Hidden {
    fn from(text: &str) -> Self {
        Self(Zeroizing::new(text.to_owned()))
    }
}

impl From<Zeroizing<String>> for Hidden {
    fn from(text: Zeroizing<String>) -> Self {
        Self(text)
    }
}

impl fmt::Debug for Hidden {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Hidden")
    }
}

impl Serialize for Hidden {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for Hidden {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer).map(Zeroizing::new).map(Self)
    }
}
