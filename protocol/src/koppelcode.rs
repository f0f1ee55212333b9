//! The koppelcode: eight symbols a person can read out, and one that finds mistakes.
//!
//! The symbols are Crockford's base 32 (no I, L, O, U). The ninth is `c = Σ αⁱ·sᵢ` over i = 1…8 in GF(32), with
//! x⁵ + x² + 1 and α = 2. The weights α⁰ (of c itself) to α⁸ are all different and none is zero, so every single wrong
//! symbol and every swap of two symbols, also with the check symbol, is found before any try is spent.
//!
//! It is shown as `XXXX-XXXX-X` and travels as its nine symbols without separators.
//!
//! ```
//! use koppel_protocol::Koppelcode;
//! let code: Koppelcode = "7kx2 9mpq-j".parse().unwrap();
//! assert_eq!(&*code.to_text(), "7KX2-9MPQ-J");
//! ```

use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use subtle::ConstantTimeEq;
use thiserror::Error;
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

use crate::wire_text;

/// Crockford's base 32, in order of value.
pub const ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
/// Symbols that carry the secret, 5 bits each.
pub const SECRET_SYMBOLS: usize = 8;
/// Symbols in all.
pub const SYMBOLS: usize = SECRET_SYMBOLS + 1;
/// Bits of the secret.
pub const SECRET_BITS: u32 = 5 * SECRET_SYMBOLS as u32;
/// Failed tries a server allows for one code, from everywhere together. So a guesser succeeds with
/// probability below 2⁻³⁰ in a code's life.
pub const MAX_FAILED_TRIES: u32 = 500;

/// What is wrong with a typed code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum KoppelcodeError {
    /// Not nine symbols.
    #[error("a koppelcode has 9 symbols; this one has {found}")]
    Length {
        /// How many there are.
        found: usize,
    },
    /// A symbol that no koppelcode has.
    #[error("symbol {position} is not one a koppelcode can have")]
    Symbol {
        /// Which one, from 1.
        position: usize,
    },
    /// The check symbol does not fit: a symbol is wrong, or two are swapped.
    #[error("one symbol is wrong, or two are swapped")]
    Check,
}

/// A koppelcode whose check symbol fits. Secret: wiped on drop, never printed by `Debug`.
#[derive(Clone, Zeroize, ZeroizeOnDrop)]
pub struct Koppelcode([u8; SECRET_SYMBOLS]);

/// Multiplication by α = 2 in GF(32).
const fn times_alpha(value: u8) -> u8 {
    let doubled = value << 1;
    if doubled & 0b10_0000 == 0 { doubled } else { doubled ^ 0b10_0101 }
}

fn check_symbol(symbols: &[u8; SECRET_SYMBOLS]) -> u8 {
    // Horner: ((s₈·α + s₇)·α + …)·α
    symbols.iter().rev().fold(0, |sum, symbol| times_alpha(sum ^ symbol))
}

impl Koppelcode {
    /// Makes a code of 40 random bits.
    pub fn from_bytes(bytes: &[u8; 5]) -> Self {
        let value = bytes.iter().fold(0_u64, |value, byte| value << 8 | u64::from(*byte));
        let mut symbols = [0; SECRET_SYMBOLS];
        for (position, symbol) in symbols.iter_mut().enumerate() {
            *symbol = (value >> (35 - 5 * position) & 0b1_1111) as u8;
        }
        Self(symbols)
    }

    /// The 40 bits, to be hashed under a key by the server.
    pub fn to_bytes(&self) -> Zeroizing<[u8; 5]> {
        let value = self.0.iter().fold(0_u64, |value, symbol| value << 5 | u64::from(*symbol));
        let mut bytes = Zeroizing::new([0; 5]);
        bytes.copy_from_slice(&value.to_be_bytes()[3..]);
        bytes
    }

    /// The nine symbols, to be spelled.
    pub fn symbols(&self) -> Zeroizing<[char; SYMBOLS]> {
        let mut text = Zeroizing::new(['0'; SYMBOLS]);
        for (place, symbol) in text.iter_mut().zip(self.0.iter().chain([&check_symbol(&self.0)])) {
            *place = char::from(ALPHABET[usize::from(*symbol)]);
        }
        text
    }

    /// As it is shown: `XXXX-XXXX-X`.
    pub fn to_text(&self) -> Zeroizing<String> {
        let mut text = Zeroizing::new(String::with_capacity(SYMBOLS + 2));
        for (position, symbol) in self.symbols().iter().enumerate() {
            if position == 4 || position == 8 {
                text.push('-');
            }
            text.push(*symbol);
        }
        text
    }
}

impl FromStr for Koppelcode {
    type Err = KoppelcodeError;

    /// Takes any case and spacing, hyphens anywhere, O for 0, I and L for 1.
    fn from_str(text: &str) -> Result<Self, KoppelcodeError> {
        let mut symbols = Zeroizing::new([0; SYMBOLS]);
        let mut found = 0;
        let mut unknown = None;
        for character in text.chars().filter(|c| !c.is_whitespace() && !matches!(c, '-' | '\u{2010}'..='\u{2015}')) {
            if let Some(place) = symbols.get_mut(found) {
                match value(character) {
                    Some(symbol) => *place = symbol,
                    None => unknown = unknown.or(Some(found + 1)),
                }
            }
            found += 1;
        }
        if let Some(position) = unknown {
            return Err(KoppelcodeError::Symbol { position });
        }
        if found != SYMBOLS {
            return Err(KoppelcodeError::Length { found });
        }
        let mut code = Self([0; SECRET_SYMBOLS]);
        code.0.copy_from_slice(&symbols[..SECRET_SYMBOLS]);
        if check_symbol(&code.0) != symbols[SECRET_SYMBOLS] {
            return Err(KoppelcodeError::Check);
        }
        Ok(code)
    }
}

fn value(character: char) -> Option<u8> {
    let symbol = match character.to_ascii_uppercase() {
        'O' => '0',
        'I' | 'L' => '1',
        other => other,
    };
    let position = ALPHABET.iter().position(|known| char::from(*known) == symbol)?;
    u8::try_from(position).ok()
}

impl PartialEq for Koppelcode {
    fn eq(&self, other: &Self) -> bool {
        self.0.ct_eq(&other.0).into()
    }
}

impl Eq for Koppelcode {}

impl std::fmt::Debug for Koppelcode {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Koppelcode(hidden)")
    }
}

impl Serialize for Koppelcode {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let bare: Zeroizing<String> = Zeroizing::new(self.symbols().iter().collect());
        serializer.serialize_str(&bare)
    }
}

impl<'de> Deserialize<'de> for Koppelcode {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        wire_text::deserialize(deserializer, "a koppelcode")
    }
}

#[cfg(test)]
mod tests;
