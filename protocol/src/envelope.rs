//! The sealed envelope: RFC 8291 (`aes128gcm`), always 2150 bytes.
//!
//! What a server says to one phone travels over roads that others own: push services, relays. They see 2150 bytes of noise, whatever
//! is inside and for whomever it is. Inside: the signed message, the byte 2, then zeros up to 2048 bytes. As base64url it
//! is 2867 characters, under the 4096 bytes of every push service.
//!
//! ```text
//! salt (16) ‖ record size 4096 (u32) ‖ 65 (u8) ‖ server's ephemeral key (65) ‖ AES-128-GCM(message ‖ 2 ‖ 0…) (2048 + 16)
//! ```
//!
//! The envelope hides; it proves nothing. What is inside is believed for its signature alone.

use std::{fmt, str::FromStr};

use aes_gcm::{
    Aes128Gcm, KeyInit,
    aead::{Aead, Payload},
};
use thiserror::Error;
use zeroize::Zeroizing;

use crate::{
    bytes::{self, NotBase64url, Secret},
    crypto::{AgreementKey, Crypto, CryptoError, random},
    hash::hkdf_sha256,
    public_key::PublicKey,
    wire_text::text_serde,
};

/// Length of an envelope in bytes.
pub const LEN: usize = HEADER_LEN + PLAIN_LEN + TAG_LEN;
/// Length of what is sealed, padding included.
pub const PLAIN_LEN: usize = 2048;
/// The longest message that fits.
pub const MAX_MESSAGE_LEN: usize = PLAIN_LEN - 1;
/// Length of an envelope as base64url.
pub const TEXT_LEN: usize = 2867;

const RECORD_SIZE: u32 = 4096;
const HEADER_LEN: usize = 16 + 4 + 1 + 65;
const TAG_LEN: usize = 16;
/// RFC 8188 §2: the delimiter of the last (here only) record.
const LAST_RECORD: u8 = 2;

/// A sealed message of 2150 bytes.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Envelope(Box<[u8; LEN]>);

/// Why an envelope was not made or not opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum EnvelopeError {
    /// The message does not fit.
    #[error("the message is longer than an envelope holds")]
    TooLong,
    /// Not 2150 bytes with the header of this protocol.
    #[error("this is not an envelope")]
    Form,
    /// Not sealed for this key, or changed on its way.
    #[error("the envelope is not for this key, or was changed")]
    NotOurs,
    /// The library or hardware refused.
    #[error(transparent)]
    Crypto(#[from] CryptoError),
}

impl Envelope {
    /// From bytes as they came over a road.
    ///
    /// # Errors
    /// [`EnvelopeError::Form`].
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, EnvelopeError> {
        bytes.to_vec().try_into().map(Self).map_err(|_| EnvelopeError::Form)
    }

    /// The bytes.
    pub fn as_bytes(&self) -> &[u8; LEN] {
        &self.0
    }

    /// Seals a signed message for a phone's `seal` key and `auth` secret.
    ///
    /// # Errors
    /// [`EnvelopeError::TooLong`], or [`EnvelopeError::Crypto`].
    pub fn seal(crypto: &dyn Crypto, to: &PublicKey, auth: &Secret<16>, message: &str) -> Result<Self, EnvelopeError> {
        if message.len() > MAX_MESSAGE_LEN {
            return Err(EnvelopeError::TooLong);
        }
        let mut plain = Zeroizing::new(vec![0; PLAIN_LEN]);
        plain[..message.len()].copy_from_slice(message.as_bytes());
        plain[message.len()] = LAST_RECORD;
        let salt = random(crypto)?;
        let ephemeral = crypto.agree_ephemeral(to)?;
        let keys = Keys::derive(&ephemeral.shared, auth, to, &ephemeral.public, &salt);
        Self::from_bytes(&keys.seal(&salt, &ephemeral.public, &plain)?)
    }

    /// Opens with the phone's own key.
    ///
    /// # Errors
    /// [`EnvelopeError::NotOurs`]: try the next key. All others: throw it away.
    pub fn open(&self, key: &dyn AgreementKey, auth: &Secret<16>) -> Result<Zeroizing<String>, EnvelopeError> {
        let plain = open(self.0.as_slice(), key, auth)?;
        let text = std::str::from_utf8(&plain).map_err(|_| EnvelopeError::Form)?;
        Ok(Zeroizing::new(text.to_owned()))
    }
}

/// What both sides derive: key and nonce of AES-128-GCM.
struct Keys {
    key: Zeroizing<[u8; 16]>,
    nonce: [u8; 12],
}

impl Keys {
    /// RFC 8291 §3.4.
    fn derive(shared: &[u8; 32], auth: &Secret<16>, to: &PublicKey, from: &PublicKey, salt: &[u8; 16]) -> Self {
        let info = [b"WebPush: info\0".as_slice(), to.as_sec1(), from.as_sec1()].concat();
        let input: Zeroizing<[u8; 32]> = Zeroizing::new(hkdf_sha256(Some(auth.expose()), shared, &info));
        Self {
            key: Zeroizing::new(hkdf_sha256(Some(salt), input.as_slice(), b"Content-Encoding: aes128gcm\0")),
            nonce: hkdf_sha256(Some(salt), input.as_slice(), b"Content-Encoding: nonce\0"),
        }
    }

    fn seal(&self, salt: &[u8; 16], from: &PublicKey, plain: &[u8]) -> Result<Vec<u8>, EnvelopeError> {
        let cipher = Aes128Gcm::new(self.key.as_slice().try_into().map_err(|_| EnvelopeError::Form)?);
        let sealed = cipher.encrypt(&self.nonce.into(), Payload { msg: plain, aad: b"" });
        let sealed = sealed.map_err(|_| EnvelopeError::TooLong)?;
        let mut bytes = Vec::with_capacity(HEADER_LEN + sealed.len());
        bytes.extend_from_slice(salt);
        bytes.extend_from_slice(&RECORD_SIZE.to_be_bytes());
        bytes.push(65);
        bytes.extend_from_slice(from.as_sec1());
        bytes.extend_from_slice(&sealed);
        Ok(bytes)
    }

    fn open(&self, sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>, EnvelopeError> {
        let cipher = Aes128Gcm::new(self.key.as_slice().try_into().map_err(|_| EnvelopeError::Form)?);
        let plain = cipher.decrypt(&self.nonce.into(), Payload { msg: sealed, aad: b"" });
        plain.map(Zeroizing::new).map_err(|_| EnvelopeError::NotOurs)
    }
}

fn open(bytes: &[u8], key: &dyn AgreementKey, auth: &Secret<16>) -> Result<Zeroizing<Vec<u8>>, EnvelopeError> {
    let (salt, rest) = bytes.split_first_chunk::<16>().ok_or(EnvelopeError::Form)?;
    let (size, rest) = rest.split_first_chunk::<4>().ok_or(EnvelopeError::Form)?;
    let (length, rest) = rest.split_first_chunk::<1>().ok_or(EnvelopeError::Form)?;
    let (from, sealed) = rest.split_first_chunk::<65>().ok_or(EnvelopeError::Form)?;
    if u32::from_be_bytes(*size) != RECORD_SIZE || length != &[65] {
        return Err(EnvelopeError::Form);
    }
    let from = PublicKey::from_sec1(*from).map_err(|_| EnvelopeError::Form)?;
    let shared = match key.agree(&from) {
        Err(CryptoError::NotAPoint) => return Err(EnvelopeError::Form),
        other => other?,
    };
    let keys = Keys::derive(&shared, auth, &key.public(), &from, salt);
    let mut plain = keys.open(sealed)?;
    let end = plain.iter().rposition(|byte| *byte != 0).ok_or(EnvelopeError::Form)?;
    if plain[end] != LAST_RECORD {
        return Err(EnvelopeError::Form);
    }
    plain.truncate(end);
    Ok(plain)
}

impl fmt::Display for Envelope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&bytes::encode(self.0.as_slice()))
    }
}

impl fmt::Debug for Envelope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Envelope")
    }
}

impl FromStr for Envelope {
    type Err = NotBase64url;

    fn from_str(text: &str) -> Result<Self, NotBase64url> {
        if text.len() != TEXT_LEN {
            return Err(NotBase64url);
        }
        Self::from_bytes(&bytes::decode(text)?).map_err(|_| NotBase64url)
    }
}

text_serde!(Envelope, "an envelope: 2150 bytes as base64url");

#[cfg(all(test, feature = "p256"))]
mod tests;
