//! Codes and numbers of 6 to 8 digits: what a person reads in one place and types in another.
//!
//! The server stores none of them. It derives each from a key outside its database,
//! `digits(HMAC(K_code, label ‖ u64 restore epoch ‖ lp(cid) ‖ u32 seq))`, so there is nothing to steal and a crash loses
//! nothing. `cid` is the id's text in ASCII. The 32 bytes of the HMAC are read as four big-endian u64; the first that
//! lies below the largest multiple of 10ⁿ is taken modulo 10ⁿ (so that no number is likelier than another); should all
//! four lie above, the next 32 bytes are the HMAC of these.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use subtle::ConstantTimeEq;
use thiserror::Error;
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

use crate::{
    bytes::Secret,
    hash::{hmac_sha256, push_lp},
    id::ChallengeId,
    wire_text,
};

/// How many digits: 6, 7 or 8.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DigitCount(u8);

impl DigitCount {
    /// Six digits, the default.
    pub const SIX: Self = Self(6);
    /// Seven digits.
    pub const SEVEN: Self = Self(7);
    /// Eight digits.
    pub const EIGHT: Self = Self(8);

    /// From a number.
    ///
    /// # Errors
    /// [`NotDigits`] outside 6–8.
    pub fn new(count: u8) -> Result<Self, NotDigits> {
        match count {
            6..=8 => Ok(Self(count)),
            _ => Err(NotDigits),
        }
    }

    /// As a number.
    pub const fn get(self) -> u8 {
        self.0
    }
}

/// Not 6 to 8 ASCII digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("expected 6 to 8 digits")]
pub struct NotDigits;

/// Six to eight ASCII digits, leading zeros kept. Compared in constant time, wiped on drop, never printed by `Debug`.
#[derive(Clone, Zeroize, ZeroizeOnDrop)]
pub struct Digits {
    ascii: [u8; 8],
    count: u8,
}

impl Digits {
    /// The last `count` digits of `value`.
    pub fn from_value(value: u64, count: DigitCount) -> Self {
        let mut ascii = [0; 8];
        let mut rest = value;
        for place in ascii[..usize::from(count.0)].iter_mut().rev() {
            *place = b'0' + (rest % 10) as u8;
            rest /= 10;
        }
        Self { ascii, count: count.0 }
    }

    /// The digits, for the one place that shows or speaks them.
    pub fn expose(&self) -> &str {
        std::str::from_utf8(&self.ascii[..usize::from(self.count)]).unwrap_or_default()
    }

    /// How many there are.
    pub fn count(&self) -> DigitCount {
        DigitCount(self.count)
    }

    /// Reads what a person typed: spaces and hyphens are left out, and the digits that other keyboards type are these digits too.
    ///
    /// # Errors
    /// [`NotDigits`].
    pub fn from_typed(text: &str) -> Result<Self, NotDigits> {
        let kept = text.chars().filter(|c| !c.is_whitespace() && *c != '-').map(as_ascii);
        Zeroizing::new(kept.take(9).collect::<String>()).parse()
    }
}

/// Where keyboards have digits of their own: full-width, Arabic, and Persian and Urdu.
const ZEROS: [char; 3] = ['\u{ff10}', '\u{660}', '\u{6f0}'];

/// A digit as every key and message has it; anything else as it is.
fn as_ascii(typed: char) -> char {
    let value =
        |zero: char| u32::from(typed).checked_sub(u32::from(zero)).and_then(|value| char::from_digit(value, 10));
    ZEROS.into_iter().find_map(value).unwrap_or(typed)
}

impl FromStr for Digits {
    type Err = NotDigits;

    fn from_str(text: &str) -> Result<Self, NotDigits> {
        let count = u8::try_from(text.len()).map_err(|_| NotDigits)?;
        DigitCount::new(count)?;
        if !text.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(NotDigits);
        }
        let mut ascii = [0; 8];
        ascii[..text.len()].copy_from_slice(text.as_bytes());
        Ok(Self { ascii, count })
    }
}

impl PartialEq for Digits {
    fn eq(&self, other: &Self) -> bool {
        (self.ascii.ct_eq(&other.ascii) & self.count.ct_eq(&other.count)).into()
    }
}

impl Eq for Digits {}

impl fmt::Debug for Digits {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Digits({} hidden)", self.count)
    }
}

impl Serialize for Digits {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.expose())
    }
}

impl<'de> Deserialize<'de> for Digits {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        wire_text::deserialize(deserializer, "6 to 8 digits as text")
    }
}

/// What the digits of a delivery are for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DigitsFor {
    /// The code that the phone shows and the browser takes.
    Code,
    /// The number that the browser shows and the phone takes.
    Number,
}

impl DigitsFor {
    /// The label that separates the two.
    pub const fn label(self) -> &'static str {
        match self {
            Self::Code => "koppel/code/v1",
            Self::Number => "koppel/number/v1",
        }
    }
}

/// The server's key for codes and numbers; lives outside the database.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CodeKey(Secret<32>);

impl CodeKey {
    /// From 32 random bytes.
    pub const fn new(key: Secret<32>) -> Self {
        Self(key)
    }

    /// The digits of one delivery.
    pub fn digits(&self, kind: DigitsFor, restore_epoch: u64, cid: ChallengeId, seq: u32, count: DigitCount) -> Digits {
        let mut message = kind.label().as_bytes().to_vec();
        message.extend_from_slice(&restore_epoch.to_be_bytes());
        push_lp(&mut message, cid.to_string().as_bytes());
        message.extend_from_slice(&seq.to_be_bytes());
        let key = self.0.expose();
        let mut block = Zeroizing::new(hmac_sha256(key, &message));
        loop {
            if let Some(value) = draw(&block, count) {
                return Digits::from_value(value, count);
            }
            *block = hmac_sha256(key, block.as_slice());
        }
    }
}

/// The first of four big-endian u64 below the largest multiple of 10ⁿ, modulo 10ⁿ.
fn draw(block: &[u8; 32], count: DigitCount) -> Option<u64> {
    let modulus = 10_u64.pow(u32::from(count.0));
    let limit = u64::MAX - u64::MAX % modulus;
    let (numbers, _) = block.as_chunks::<8>();
    numbers.iter().map(|bytes| u64::from_be_bytes(*bytes)).find(|value| *value < limit).map(|value| value % modulus)
}

#[cfg(test)]
mod tests;
