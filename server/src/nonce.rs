//! Nonces for device proofs: issued with every answer, bound to the restore epoch, remembered nowhere.
//!
//! What a nonce is stands in [`koppel_protocol::nonce`]; here is the server's key for it, and the header of this second,
//! which all answers of the second share.

use std::sync::{Mutex, PoisonError};

use http::HeaderValue;
use koppel_protocol::Secret;
use koppel_protocol::nonce::{Nonce, NonceError, NonceKey};

/// Issues and checks nonces.
#[derive(Debug)]
pub struct Nonces {
    key: NonceKey,
    epoch: u64,
    latest: Mutex<(u64, HeaderValue)>,
}

impl Nonces {
    /// `key` is a key for nothing else.
    pub fn new(key: Secret<32>, epoch: u64) -> Nonces {
        let key = NonceKey::new(key);
        Nonces { key, epoch, latest: Mutex::new((u64::MAX, HeaderValue::from_static(""))) }
    }

    /// A nonce of this second.
    pub fn issue(&self, now: u64) -> Nonce {
        self.key.issue(self.epoch, now)
    }

    /// The nonce of this second as a header.
    pub fn header(&self, now: u64) -> HeaderValue {
        let mut latest = self.latest.lock().unwrap_or_else(PoisonError::into_inner);
        if latest.0 != now
            && let Ok(value) = HeaderValue::from_str(&self.issue(now).to_string())
        {
            *latest = (now, value);
        }
        latest.1.clone()
    }

    /// Until when the nonce counts, in seconds.
    ///
    /// # Errors
    /// [`NonceError`] when it is not ours or counts no more.
    pub fn check(&self, nonce: &Nonce, now: u64) -> Result<u64, NonceError> {
        self.key.check(self.epoch, nonce, now)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_answers_of_one_second_carry_one_nonce() {
        let nonces = Nonces::new(Secret::new([7; 32]), 1);
        let header = nonces.header(1000);
        assert_eq!(header, nonces.header(1000));
        assert_ne!(header, nonces.header(1001));
        let nonce: Nonce = header.to_str().expect("ascii").parse().expect("a nonce");
        assert_eq!(nonces.check(&nonce, 1000), Ok(1300));
    }

    #[test]
    fn a_nonce_dies_with_its_restore_epoch() {
        let nonce = Nonces::new(Secret::new([7; 32]), 1).issue(1000);
        assert!(Nonces::new(Secret::new([7; 32]), 2).check(&nonce, 1000).is_err());
    }
}
