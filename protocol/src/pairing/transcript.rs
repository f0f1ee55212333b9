//! T: what both sides saw, and the number a person compares.

use std::{fmt, str::FromStr};

use super::IntroductionText;
use crate::{
    bytes::{Bytes, NotBase64url},
    digits::{DigitCount, Digits},
    hash::{hkdf_sha256, labelled, sha256},
    wire_text::text_serde,
};

/// The hash of a pairing: `SHA-256("koppel/pair/v1" ‖ lp(signing input of m2) ‖ lp(O))`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Transcript(Bytes<32>);

impl Transcript {
    /// From what was signed in m2, and O.
    pub fn of(offer_signing_input: &[u8], introduction: &IntroductionText) -> Self {
        Self(sha256(&labelled("koppel/pair/v1", &[offer_signing_input, introduction.expose().as_bytes()])))
    }

    /// From the hash, as stored.
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(Bytes::new(bytes))
    }

    /// The hash.
    pub const fn as_bytes(&self) -> &[u8; 32] {
        self.0.as_bytes()
    }

    /// `u64be(HKDF-SHA-256(T, "koppel/pair/check/v1")[0..8]) mod 10⁶`: input key T, no salt, the label as info.
    pub fn check_number(&self) -> Digits {
        let bytes = hkdf_sha256(None, self.as_bytes(), b"koppel/pair/check/v1");
        Digits::from_value(u64::from_be_bytes(bytes), DigitCount::SIX)
    }
}

impl fmt::Display for Transcript {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Debug for Transcript {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl FromStr for Transcript {
    type Err = NotBase64url;

    fn from_str(text: &str) -> Result<Self, NotBase64url> {
        text.parse().map(Self)
    }
}

text_serde!(Transcript, "a transcript: 32 bytes as base64url");
