//! The few operations this protocol needs from a cryptographic library, as traits.
//!
//! One curve, P-256: it is the one that Secure Enclave and StrongBox hold. The phone's software implementation is
//! the module `soft` (feature `p256`); the server brings its own on a faster library. Private keys never
//! appear here: a [`SigningKey`] or an [`AgreementKey`] may live in hardware that only answers questions.

use thiserror::Error;
use zeroize::Zeroizing;

use crate::public_key::PublicKey;

/// An ECDSA signature as it travels: r, then s, 32 bytes each, big-endian.
///
/// Never use these bytes as an id: (r, n−s) is as valid as (r, s).
pub type Signature = [u8; 64];

/// Why an operation failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum CryptoError {
    /// The signature was not made with this key over this message.
    #[error("the signature does not verify")]
    BadSignature,
    /// The coordinates are not a point of P-256.
    #[error("the public key is not a point of P-256")]
    NotAPoint,
    /// The bytes are not a private key of P-256.
    #[error("the private key is not a scalar of P-256")]
    NotAScalar,
    /// The library, the hardware or the source of randomness refused.
    #[error("the cryptographic library or hardware refused: {0}")]
    Refused(&'static str),
}

/// Our half of an ephemeral key agreement and what both sides now share.
pub struct Ephemeral {
    /// Our public key, to be sent.
    pub public: PublicKey,
    /// The x coordinate both sides computed.
    pub shared: Zeroizing<[u8; 32]>,
}

/// Operations with no long-lived key.
pub trait Crypto: Send + Sync {
    /// Checks an ES256 signature over `message` (which is hashed with SHA-256 here).
    ///
    /// # Errors
    /// [`CryptoError::BadSignature`], also when the key is not a point.
    fn verify(&self, key: &PublicKey, message: &[u8], signature: &Signature) -> Result<(), CryptoError>;

    /// Checks that a public key is a point of the curve.
    ///
    /// # Errors
    /// [`CryptoError::NotAPoint`].
    fn check_point(&self, key: &PublicKey) -> Result<(), CryptoError>;

    /// Draws an ephemeral key and agrees with `peer` (ECDH).
    ///
    /// # Errors
    /// [`CryptoError::NotAPoint`], or [`CryptoError::Refused`] without randomness.
    fn agree_ephemeral(&self, peer: &PublicKey) -> Result<Ephemeral, CryptoError>;

    /// Fills `bytes` with randomness fit for keys.
    ///
    /// # Errors
    /// [`CryptoError::Refused`].
    fn fill(&self, bytes: &mut [u8]) -> Result<(), CryptoError>;
}

/// `N` random bytes.
///
/// # Errors
/// [`CryptoError::Refused`].
pub fn random<const N: usize>(crypto: &dyn Crypto) -> Result<[u8; N], CryptoError> {
    let mut bytes = [0; N];
    crypto.fill(&mut bytes)?;
    Ok(bytes)
}

/// A private key that signs ES256, wherever it lives.
pub trait SigningKey: Send + Sync {
    /// Its public half.
    fn public(&self) -> PublicKey;

    /// Signs `message` (hashed with SHA-256 here).
    ///
    /// # Errors
    /// [`CryptoError::Refused`] when the hardware says no.
    fn sign(&self, message: &[u8]) -> Result<Signature, CryptoError>;
}

/// A private key for ECDH, wherever it lives.
pub trait AgreementKey: Send + Sync {
    /// Its public half.
    fn public(&self) -> PublicKey;

    /// The x coordinate shared with `peer`.
    ///
    /// # Errors
    /// [`CryptoError::NotAPoint`] or [`CryptoError::Refused`].
    fn agree(&self, peer: &PublicKey) -> Result<Zeroizing<[u8; 32]>, CryptoError>;
}
