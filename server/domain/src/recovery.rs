//! Recovery codes: ten, written down by the user, each good for one time. They give the right to set up a method anew, never a
//! login by themselves (NIST SP 800-63B-4 §4.2.1).
//!
//! A code is printed as its slot and 80 bits: `3-7KQM-X2PD-9RTV-H4CW`. The slot says which hash it is compared with, so that a
//! try costs one Argon2id, however many codes there are.

use std::fmt;

use koppel_protocol::{Bytes, id::PromptId};
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use crate::Time;

/// How many codes a list has.
pub const CODES: usize = 10;
/// Symbols of a code: 16 of 5 bits.
pub const SYMBOLS: usize = 16;
/// With so many left or fewer the user is asked to make a new list.
pub const FEW: usize = 3;

/// Crockford's alphabet: no I, L, O, U.
const ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";

/// A user's recovery codes.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RecoveryCodes {
    /// The list that counts, by slot; empty: none was acknowledged yet.
    pub slots: Vec<Slot>,
    /// A list that a page showed and that the user has not acknowledged yet. It takes the former's place then.
    pub waiting: Option<WaitingList>,
}

/// A list that a page showed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WaitingList {
    /// By slot.
    pub slots: Vec<Slot>,
    /// The page that showed it; no other acknowledges it.
    pub prompt: PromptId,
}

/// One code of a list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Slot {
    /// Random; names the code, too.
    pub salt: Bytes<16>,
    /// Argon2id of the code.
    pub hash: Bytes<32>,
    /// When it was used up.
    pub used_at: Option<Time>,
}

impl RecoveryCodes {
    /// How many codes are left.
    pub fn left(&self) -> usize {
        self.slots.iter().filter(|slot| slot.used_at.is_none()).count()
    }
}

/// A recovery code. Compared only by its hash, wiped on drop, never printed by `Debug`.
#[derive(Clone, PartialEq, Eq)]
pub struct RecoveryCode {
    slot: u8,
    symbols: Zeroizing<[u8; SYMBOLS]>,
}

impl fmt::Debug for RecoveryCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RecoveryCode").field("slot", &self.slot).finish_non_exhaustive()
    }
}

/// The text is no recovery code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a recovery code is its number and 16 symbols, such as 3-7KQM-X2PD-9RTV-H4CW")]
pub struct NotARecoveryCode;

impl RecoveryCode {
    /// From its place in the list (from 0) and 80 random bits.
    pub fn new(slot: u8, random: &[u8; 10]) -> Self {
        let mut symbols = Zeroizing::new([0; SYMBOLS]);
        for (place, symbol) in symbols.iter_mut().enumerate() {
            let bit = place * 5;
            let pair = u16::from(random[bit / 8]) << 8 | u16::from(random.get(bit / 8 + 1).copied().unwrap_or(0));
            *symbol = ALPHABET[usize::from(pair >> (11 - bit % 8) & 31)];
        }
        Self { slot, symbols }
    }

    /// Its place in the list, from 0.
    pub const fn slot(&self) -> u8 {
        self.slot
    }

    /// What is hashed.
    pub fn expose(&self) -> &[u8] {
        self.symbols.as_slice()
    }

    /// As it is printed: `3-7KQM-X2PD-9RTV-H4CW`.
    pub fn printed(&self) -> Zeroizing<String> {
        let mut text = Zeroizing::new(String::with_capacity(22));
        text.push_str(&(self.slot + 1).to_string());
        for four in self.symbols.chunks(4) {
            text.push('-');
            text.extend(four.iter().map(|symbol| char::from(*symbol)));
        }
        text
    }

    /// Reads what a person typed: any case, with or without hyphens and spaces after the number; O is 0, I and L are 1.
    ///
    /// # Errors
    /// [`NotARecoveryCode`].
    pub fn from_typed(text: &str) -> Result<Self, NotARecoveryCode> {
        let mut kept: Zeroizing<Vec<u8>> = Zeroizing::new(Vec::with_capacity(SYMBOLS + 2));
        for symbol in text.chars().filter(|c| !c.is_whitespace() && *c != '-') {
            let symbol = match symbol.to_ascii_uppercase() {
                'O' => '0',
                'I' | 'L' => '1',
                other => other,
            };
            let byte = u8::try_from(symbol).map_err(|_| NotARecoveryCode)?;
            if kept.len() == SYMBOLS + 2 || !ALPHABET.contains(&byte) {
                return Err(NotARecoveryCode);
            }
            kept.push(byte);
        }
        let digits = kept.len().checked_sub(SYMBOLS).filter(|digits| *digits > 0).ok_or(NotARecoveryCode)?;
        let number = std::str::from_utf8(&kept[..digits]).ok().and_then(|number| number.parse::<u8>().ok());
        let slot = number.and_then(|number| number.checked_sub(1)).filter(|slot| usize::from(*slot) < CODES);
        let mut symbols = Zeroizing::new([0; SYMBOLS]);
        symbols.copy_from_slice(&kept[digits..]);
        Ok(Self { slot: slot.ok_or(NotARecoveryCode)?, symbols })
    }
}

/// A typed code, hashed before the transaction with the salt of its slot.
#[derive(Debug, Clone)]
pub struct HashedCode {
    /// Its place in the list.
    pub slot: u8,
    /// The salt it was hashed with: a stored one that differs makes the request stale.
    pub salt: Bytes<16>,
    /// Argon2id of it.
    pub hash: Bytes<32>,
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_code_is_printed_with_its_number() {
        let code = RecoveryCode::new(2, &[0xff, 0, 0xff, 0, 0xff, 0, 0xff, 0, 0xff, 1]);
        assert_eq!(code.printed().as_str(), "3-ZW0F-Y07Z-03ZG-1ZR1");
        assert_eq!(format!("{code:?}"), "RecoveryCode { slot: 2, .. }");
    }

    proptest! {
        #[test]
        fn what_is_printed_is_read_however_it_is_typed(slot in 0u8..10, random: [u8; 10], lower: bool, spaces: bool) {
            let code = RecoveryCode::new(slot, &random);
            let mut typed = code.printed().to_string();
            if lower {
                typed = typed.to_lowercase().replace('0', "o").replace('1', "l");
                // The number itself is typed with digits.
                let number = (slot + 1).to_string();
                let rest = typed.split_once('-').map(|(_, rest)| rest.to_owned()).unwrap_or_default();
                typed = format!("{number}-{rest}");
            }
            if spaces {
                typed = typed.replace('-', " ");
            }
            let read = RecoveryCode::from_typed(&typed);
            prop_assert!(read == Ok(code));
        }

        #[test]
        fn nothing_typed_makes_it_panic(typed: String) {
            let _ = RecoveryCode::from_typed(&typed);
        }
    }

    #[test]
    fn what_is_no_code_is_refused() {
        for wrong in [
            "",
            "3",
            "7KQM-X2PD-9RTV-H4CW",
            "0-7KQM-X2PD-9RTV-H4CW",
            "11-7KQM-X2PD-9RTV-H4CW",
            "3-7KQM-X2PD-9RTV-H4CWW7",
            "3-UUUU-X2PD-9RTV-H4CW",
            "٣-7KQM-X2PD-9RTV-H4CW",
        ] {
            assert_eq!(RecoveryCode::from_typed(wrong).err(), Some(NotARecoveryCode), "{wrong}");
        }
    }
}
