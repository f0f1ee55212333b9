//! A public key of P-256, as it travels: SubjectPublicKeyInfo in DER, always 91 bytes, base64url in JSON.
//!
//! Only one encoding is read: the fixed 26-byte prefix of RFC 5480 (id-ecPublicKey, prime256v1), then the
//! uncompressed point. No compressed points, no explicit curve parameters, no other algorithm. That the coordinates
//! lie on the curve is checked by [`Crypto::check_point`](crate::Crypto::check_point), and by every use.

use std::{fmt, str::FromStr};

use thiserror::Error;

use crate::{
    bytes::{self, Bytes},
    hash::sha256,
    wire_text::text_serde,
};

const SPKI_PREFIX: [u8; 26] = [
    0x30, 0x59, 0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01, 0x06, 0x08, 0x2a, 0x86, 0x48, 0xce,
    0x3d, 0x03, 0x01, 0x07, 0x03, 0x42, 0x00,
];

/// The bytes are not the one encoding of a P-256 public key that is read here.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("expected a P-256 public key as SubjectPublicKeyInfo with an uncompressed point")]
pub struct NotAPublicKey;

/// A public key: the uncompressed point `0x04 ‖ x ‖ y`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PublicKey([u8; 65]);

impl PublicKey {
    /// Length of [`to_spki_der`](Self::to_spki_der) in bytes.
    pub const SPKI_LEN: usize = 91;

    /// From the uncompressed point of SEC 1.
    ///
    /// # Errors
    /// [`NotAPublicKey`] when the first byte is not 4.
    pub fn from_sec1(point: [u8; 65]) -> Result<Self, NotAPublicKey> {
        match point[0] {
            4 => Ok(Self(point)),
            _ => Err(NotAPublicKey),
        }
    }

    /// From DER, byte for byte.
    ///
    /// # Errors
    /// [`NotAPublicKey`] on any other encoding.
    pub fn from_spki_der(der: &[u8]) -> Result<Self, NotAPublicKey> {
        let point = der.strip_prefix(&SPKI_PREFIX).ok_or(NotAPublicKey)?;
        Self::from_sec1(point.try_into().map_err(|_| NotAPublicKey)?)
    }

    /// The uncompressed point of SEC 1.
    pub const fn as_sec1(&self) -> &[u8; 65] {
        &self.0
    }

    /// SubjectPublicKeyInfo in DER.
    pub fn to_spki_der(&self) -> [u8; Self::SPKI_LEN] {
        let mut der = [0; Self::SPKI_LEN];
        der[..SPKI_PREFIX.len()].copy_from_slice(&SPKI_PREFIX);
        der[SPKI_PREFIX.len()..].copy_from_slice(&self.0);
        der
    }

    /// SHA-256 of the SubjectPublicKeyInfo.
    pub fn thumbprint(&self) -> Bytes<32> {
        sha256(&self.to_spki_der())
    }
}

impl fmt::Display for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&bytes::encode(&self.to_spki_der()))
    }
}

impl fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PublicKey({})", self.thumbprint())
    }
}

impl FromStr for PublicKey {
    type Err = NotAPublicKey;

    fn from_str(text: &str) -> Result<Self, NotAPublicKey> {
        let der = bytes::decode(text).map_err(|_| NotAPublicKey)?;
        Self::from_spki_der(&der)
    }
}

text_serde!(PublicKey, "a P-256 SubjectPublicKeyInfo as base64url");

#[cfg(test)]
mod tests {
    use super::*;

    fn key() -> PublicKey {
        let mut point = [7; 65];
        point[0] = 4;
        PublicKey::from_sec1(point).unwrap()
    }

    #[test]
    fn a_key_survives_its_der() {
        assert_eq!(PublicKey::from_spki_der(&key().to_spki_der()), Ok(key()));
        assert_eq!(key().to_string().parse(), Ok(key()));
    }

    #[test]
    fn any_other_encoding_is_refused() {
        let good = key().to_spki_der();
        for position in 0..=26 {
            let mut bent = good;
            bent[position] ^= 1;
            assert!(PublicKey::from_spki_der(&bent).is_err(), "byte {position}");
        }
        assert!(PublicKey::from_spki_der(&good[..90]).is_err());
        assert!(PublicKey::from_spki_der(&[&good[..], &[0]].concat()).is_err());
        assert!(PublicKey::from_sec1([2; 65]).is_err());
    }
}
