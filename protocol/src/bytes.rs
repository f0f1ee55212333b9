//! Byte strings of a fixed length, written as base64url without padding.
//!
//! [`Bytes`] is for what everyone may see (hashes, ids of proofs); [`Secret`] and [`SecretText`] are for what nobody may
//! print: they are wiped when dropped, compared in constant time, and show only their length.
//!
//! Reading is canonical: no padding, no white space, the standard alphabet of RFC 4648 §5, unused bits zero. So one
//! byte string has exactly one text.

use std::{fmt, str::FromStr};

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use subtle::ConstantTimeEq;
use thiserror::Error;
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

use crate::wire_text;

/// Writes bytes as base64url without padding.
pub fn encode(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

/// Reads base64url without padding, canonical only.
///
/// # Errors
/// [`NotBase64url`] on any other text.
pub fn decode(text: &str) -> Result<Vec<u8>, NotBase64url> {
    URL_SAFE_NO_PAD.decode(text).map_err(|_| NotBase64url)
}

/// The text is not canonical base64url without padding, or has another length than the field demands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("expected base64url without padding, of the length this field has")]
pub struct NotBase64url;

fn decode_exact<const N: usize>(text: &str) -> Result<[u8; N], NotBase64url> {
    let mut bytes = [0; N];
    let expected = base64::encoded_len(N, false).ok_or(NotBase64url)?;
    if text.len() != expected {
        return Err(NotBase64url);
    }
    match URL_SAFE_NO_PAD.decode_slice_unchecked(text, &mut bytes) {
        Ok(length) if length == N => Ok(bytes),
        _ => Err(NotBase64url),
    }
}

/// `N` public bytes.
///
/// ```
/// use koppel_protocol::Bytes;
/// let bytes: Bytes<3> = "AQID".parse().unwrap();
/// assert_eq!(bytes.as_bytes(), &[1, 2, 3]);
/// assert!("AQI".parse::<Bytes<3>>().is_err());
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Bytes<const N: usize>([u8; N]);

impl<const N: usize> Bytes<N> {
    /// Wraps bytes.
    pub const fn new(bytes: [u8; N]) -> Self {
        Self(bytes)
    }

    /// The bytes.
    pub const fn as_bytes(&self) -> &[u8; N] {
        &self.0
    }
}

impl<const N: usize> From<[u8; N]> for Bytes<N> {
    fn from(bytes: [u8; N]) -> Self {
        Self(bytes)
    }
}

impl<const N: usize> AsRef<[u8]> for Bytes<N> {
    fn as_ref(&self) -> &[u8] {
        &self.0
    }
}

impl<const N: usize> fmt::Display for Bytes<N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&encode(&self.0))
    }
}

impl<const N: usize> fmt::Debug for Bytes<N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl<const N: usize> FromStr for Bytes<N> {
    type Err = NotBase64url;

    fn from_str(text: &str) -> Result<Self, NotBase64url> {
        decode_exact(text).map(Self)
    }
}

impl<const N: usize> Serialize for Bytes<N> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de, const N: usize> Deserialize<'de> for Bytes<N> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        wire_text::deserialize(deserializer, "base64url text")
    }
}

/// `N` bytes that nobody may see: wiped on drop, equal in constant time, never printed.
///
/// They lie in one place for as long as they live, however often this is moved: bytes that travelled with a value from one owner to the
/// next would stay behind, unwiped, wherever it was before.
///
/// Serde writes and reads them as base64url, because some secrets do travel (inside TLS, or into a sealed vault).
#[derive(Clone)]
pub struct Secret<const N: usize>(Box<Zeroizing<[u8; N]>>);

impl<const N: usize> Secret<N> {
    /// Takes the bytes over. The caller's copy is the caller's to wipe.
    pub fn new(bytes: [u8; N]) -> Self {
        let bytes = Zeroizing::new(bytes);
        Self::written(|secret| secret.copy_from_slice(bytes.as_slice()))
    }

    /// A copy of `bytes`; `None` when they are not `N`.
    pub fn copied_from(bytes: &[u8]) -> Option<Self> {
        (bytes.len() == N).then(|| Self::written(|secret| secret.copy_from_slice(bytes)))
    }

    /// The bytes that `write` puts in the place of zeros.
    pub fn written(write: impl FnOnce(&mut [u8; N])) -> Self {
        let mut bytes = Box::new(Zeroizing::new([0; N]));
        write(&mut bytes);
        Self(bytes)
    }

    /// The bytes, for the one place that uses them.
    pub fn expose(&self) -> &[u8; N] {
        &self.0
    }

    /// The bytes as base64url, wiped when dropped.
    pub fn to_text(&self) -> Zeroizing<String> {
        Zeroizing::new(encode(self.expose()))
    }
}

impl<const N: usize> From<[u8; N]> for Secret<N> {
    fn from(bytes: [u8; N]) -> Self {
        Self::new(bytes)
    }
}

impl<const N: usize> PartialEq for Secret<N> {
    fn eq(&self, other: &Self) -> bool {
        self.expose().ct_eq(other.expose()).into()
    }
}

impl<const N: usize> Eq for Secret<N> {}

impl<const N: usize> fmt::Debug for Secret<N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Secret<{N}>(hidden)")
    }
}

impl<const N: usize> FromStr for Secret<N> {
    type Err = NotBase64url;

    fn from_str(text: &str) -> Result<Self, NotBase64url> {
        decode_exact(text).map(Self::new)
    }
}

impl<const N: usize> Serialize for Secret<N> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.to_text())
    }
}

impl<'de, const N: usize> Deserialize<'de> for Secret<N> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        wire_text::deserialize(deserializer, "base64url text")
    }
}

/// A text that nobody may see, such as a password typed at the login door: 1 to 256 bytes, taken as typed.
#[derive(Clone, Zeroize, ZeroizeOnDrop)]
pub struct SecretText(String);

/// The text is empty or longer than [`SecretText::MAX_LEN`] bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("expected 1 to 256 bytes of text")]
pub struct SecretTextLength;

impl SecretText {
    /// The longest text in bytes.
    pub const MAX_LEN: usize = 256;

    /// Takes the text over.
    ///
    /// # Errors
    /// [`SecretTextLength`] when it is empty or too long; the text is wiped.
    pub fn new(text: String) -> Result<Self, SecretTextLength> {
        let text = Self(text);
        match text.0.len() {
            1..=Self::MAX_LEN => Ok(text),
            _ => Err(SecretTextLength),
        }
    }

    /// The text, for the one place that uses it.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl FromStr for SecretText {
    type Err = SecretTextLength;

    fn from_str(text: &str) -> Result<Self, SecretTextLength> {
        Self::new(text.to_owned())
    }
}

impl PartialEq for SecretText {
    fn eq(&self, other: &Self) -> bool {
        self.0.as_bytes().ct_eq(other.0.as_bytes()).into()
    }
}

impl Eq for SecretText {}

impl fmt::Debug for SecretText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SecretText(hidden)")
    }
}

impl Serialize for SecretText {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for SecretText {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        wire_text::deserialize(deserializer, "text of 1 to 256 bytes")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_byte_string_has_one_text() {
        assert_eq!("AA".parse::<Bytes<1>>().unwrap().as_bytes(), &[0]);
        for other in ["AA==", "AA=", "AB", "A", "", "AAA", " AA", "AA\n", "+A", "A/"] {
            assert!(other.parse::<Bytes<1>>().is_err(), "{other:?}");
        }
        assert!("-_8".parse::<Bytes<2>>().is_ok());
        assert!("+/8".parse::<Bytes<2>>().is_err());
    }

    #[test]
    fn secrets_are_never_printed() {
        let secret = Secret::new([0x41; 16]);
        assert_eq!(format!("{secret:?}"), "Secret<16>(hidden)");
        let text: SecretText = "hunter2".parse().unwrap();
        assert_eq!(format!("{text:?}"), "SecretText(hidden)");
        let error = serde_json::from_str::<SecretText>("\"\"").unwrap_err();
        assert_eq!(error.to_string(), "expected 1 to 256 bytes of text at line 1 column 2");
    }
}
