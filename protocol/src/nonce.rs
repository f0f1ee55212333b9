//! Nonces of the server that need no memory: `time ‖ HMAC(K, time ‖ restore epoch)[..16]`.
//!
//! Time and epoch are big-endian u64; time is in seconds. A nonce is good for 300 seconds on every node that holds `K`
//! (a key for nothing else), and it dies when a restored database raises the epoch. To a phone it is an opaque text of
//! 32 characters. It comes with every answer, in the header `Koppel-Nonce`, in live frames and in challenges.

use std::{fmt, str::FromStr};

use subtle::ConstantTimeEq;
use thiserror::Error;

use crate::{
    bytes::{Bytes, NotBase64url, Secret},
    hash::hmac_sha256,
    wire_text::text_serde,
};

/// How long a nonce is good, in seconds.
pub const LIFETIME: u64 = 300;
/// How far ahead the clock of the node that issued it may be, in seconds.
pub const TOLERANCE: u64 = 5;

/// A nonce: 24 bytes, 32 characters.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Nonce(Bytes<24>);

impl Nonce {
    /// From its bytes.
    pub const fn from_bytes(bytes: [u8; 24]) -> Self {
        Self(Bytes::new(bytes))
    }

    /// Its bytes.
    pub const fn as_bytes(&self) -> &[u8; 24] {
        self.0.as_bytes()
    }
}

impl fmt::Display for Nonce {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Debug for Nonce {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl FromStr for Nonce {
    type Err = NotBase64url;

    fn from_str(text: &str) -> Result<Self, NotBase64url> {
        text.parse().map(Self)
    }
}

text_serde!(Nonce, "a nonce: 24 bytes as base64url");

/// Why a nonce is not good. The answer is always the same: 401 `use-nonce`, with a fresh one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum NonceError {
    /// Not made by this server, or before a restore.
    #[error("the nonce was not made by this server")]
    Foreign,
    /// Older than [`LIFETIME`].
    #[error("the nonce is too old")]
    Expired,
    /// From the future, further than [`TOLERANCE`].
    #[error("the nonce is from the future")]
    Future,
}

/// The server's key for nonces.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NonceKey(Secret<32>);

impl NonceKey {
    /// From 32 random bytes, used for nothing else.
    pub const fn new(key: Secret<32>) -> Self {
        Self(key)
    }

    /// Makes a nonce. `now` in seconds.
    pub fn issue(&self, restore_epoch: u64, now: u64) -> Nonce {
        let mut bytes = [0; 24];
        bytes[..8].copy_from_slice(&now.to_be_bytes());
        bytes[8..].copy_from_slice(&self.tag(restore_epoch, now));
        Nonce::from_bytes(bytes)
    }

    /// Checks a nonce and gives the second until which it is good (remember a proof's `jti` that long).
    ///
    /// # Errors
    /// [`NonceError`].
    pub fn check(&self, restore_epoch: u64, nonce: &Nonce, now: u64) -> Result<u64, NonceError> {
        let (time, tag) = nonce.as_bytes().split_at(8);
        let issued = time.iter().fold(0, |value, byte| value << 8 | u64::from(*byte));
        if !bool::from(self.tag(restore_epoch, issued).ct_eq(tag)) {
            return Err(NonceError::Foreign);
        }
        if issued > now.saturating_add(TOLERANCE) {
            return Err(NonceError::Future);
        }
        let until = issued.saturating_add(LIFETIME);
        if now > until { Err(NonceError::Expired) } else { Ok(until) }
    }

    fn tag(&self, restore_epoch: u64, time: u64) -> [u8; 16] {
        let mut message = [0; 16];
        message[..8].copy_from_slice(&time.to_be_bytes());
        message[8..].copy_from_slice(&restore_epoch.to_be_bytes());
        let mut tag = [0; 16];
        tag.copy_from_slice(&hmac_sha256(self.0.expose(), &message)[..16]);
        tag
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_nonce_is_good_for_300_seconds_and_one_epoch() {
        let key = NonceKey::new(Secret::new([1; 32]));
        let other = NonceKey::new(Secret::new([2; 32]));
        let nonce = key.issue(7, 1000);
        assert_eq!(key.check(7, &nonce, 1000), Ok(1300));
        assert_eq!(key.check(7, &nonce, 1300), Ok(1300));
        assert_eq!(key.check(7, &nonce, 1301), Err(NonceError::Expired));
        assert_eq!(key.check(7, &nonce, 995), Ok(1300));
        assert_eq!(key.check(7, &nonce, 994), Err(NonceError::Future));
        assert_eq!(key.check(8, &nonce, 1000), Err(NonceError::Foreign));
        assert_eq!(other.check(7, &nonce, 1000), Err(NonceError::Foreign));
    }

    #[test]
    fn no_bit_of_a_nonce_can_be_changed() {
        let key = NonceKey::new(Secret::new([1; 32]));
        let good = *key.issue(0, 1000).as_bytes();
        for bit in 0..24 * 8 {
            let mut bent = good;
            bent[bit / 8] ^= 1 << (bit % 8);
            assert_eq!(key.check(0, &Nonce::from_bytes(bent), 1000), Err(NonceError::Foreign));
        }
    }
}
