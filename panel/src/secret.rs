//! Random values that nobody else may learn, and the one encoding they travel in.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::digest::{SHA256, digest};
use subtle::ConstantTimeEq as _;
use zeroize::Zeroizing;

/// base64url without padding, as everywhere in the protocol.
pub fn b64u(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

/// Back to bytes; padding, white space and non-zero trailing bits are refused.
pub fn from_b64u(text: &str) -> Option<Vec<u8>> {
    URL_SAFE_NO_PAD.decode(text).ok()
}

/// SHA-256.
pub fn sha256(bytes: &[u8]) -> [u8; 32] {
    let mut hash = [0; 32];
    hash.copy_from_slice(digest(&SHA256, bytes).as_ref());
    hash
}

/// `N` random bytes, wiped when dropped, compared in constant time, never printed.
#[derive(Clone)]
pub struct Secret<const N: usize>(Zeroizing<[u8; N]>);

impl<const N: usize> Secret<N> {
    /// Fresh from the system's generator.
    pub fn fresh() -> Self {
        Self(Zeroizing::new(rand::random()))
    }

    /// The bytes.
    pub fn bytes(&self) -> &[u8; N] {
        &self.0
    }

    /// As text: what is put in a cookie, a form or a request.
    pub fn text(&self) -> String {
        b64u(&*self.0)
    }

    /// Reads [`Secret::text`] back.
    pub fn parse(text: &str) -> Option<Self> {
        let bytes = Zeroizing::new(from_b64u(text)?);
        Some(Self(Zeroizing::new(bytes.as_slice().try_into().ok()?)))
    }

    /// Whether `text` is this secret.
    pub fn is(&self, text: &str) -> bool {
        self.text().as_bytes().ct_eq(text.as_bytes()).into()
    }
}

impl<const N: usize> fmt::Debug for Secret<N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_survives_its_text_and_never_shows_itself() {
        let secret = Secret::<32>::fresh();
        let text = secret.text();
        assert_eq!(text.len(), 43);
        assert_eq!(Secret::<32>::parse(&text).unwrap().bytes(), secret.bytes());
        assert!(secret.is(&text));
        assert!(!secret.is(&Secret::<32>::fresh().text()));
        assert_eq!(format!("{secret:?}"), "Secret(…)");
    }

    #[test]
    fn a_text_of_another_length_or_alphabet_is_no_secret() {
        for text in ["", "AAAA", "AAAAAAAAAAAAAAAAAAAAA=", "AAAAAAAAAAAAAAAAAAAAA+"] {
            assert!(Secret::<16>::parse(text).is_none(), "{text}");
        }
        // The last symbol of 16 bytes carries four zero bits.
        assert!(Secret::<16>::parse("AAAAAAAAAAAAAAAAAAAAAB").is_none());
    }
}
