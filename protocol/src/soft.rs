//! The traits of [`crypto`](crate::crypto) in software, on the `p256` crate: what a phone without key hardware uses.
//!
//! Randomness comes in through the constructor. Signatures are deterministic (RFC 6979), so a device with poor
//! randomness cannot lose its key by signing.

use std::sync::{Mutex, PoisonError};

use p256::{
    SecretKey,
    ecdsa::signature::{Signer, Verifier},
};
use zeroize::Zeroizing;

use crate::{
    crypto::{AgreementKey, Crypto, CryptoError, Ephemeral, Signature, SigningKey},
    public_key::PublicKey,
};

/// A source of randomness fit for keys. Implemented by every closure of the right shape.
pub trait Random: Send {
    /// Fills `bytes`.
    ///
    /// # Errors
    /// [`CryptoError::Refused`] when there is none.
    fn fill(&mut self, bytes: &mut [u8]) -> Result<(), CryptoError>;
}

impl<F> Random for F
where
    F: FnMut(&mut [u8]) -> Result<(), CryptoError> + Send,
{
    fn fill(&mut self, bytes: &mut [u8]) -> Result<(), CryptoError> {
        self(bytes)
    }
}

/// [`Crypto`] in software.
pub struct SoftCrypto {
    random: Mutex<Box<dyn Random>>,
}

impl SoftCrypto {
    /// With this source of randomness.
    pub fn new(random: impl Random + 'static) -> Self {
        Self { random: Mutex::new(Box::new(random)) }
    }
}

fn draw(crypto: &dyn Crypto) -> Result<SecretKey, CryptoError> {
    // A random 32-byte string is no scalar with probability 2⁻³²: a second failure means a broken source.
    for _ in 0..8 {
        let mut scalar = Zeroizing::new([0; 32]);
        crypto.fill(scalar.as_mut_slice())?;
        if let Ok(key) = secret_key(&scalar) {
            return Ok(key);
        }
    }
    Err(CryptoError::Refused("randomness gives no scalar"))
}

fn secret_key(scalar: &[u8; 32]) -> Result<SecretKey, CryptoError> {
    SecretKey::from_slice(scalar).map_err(|_| CryptoError::NotAScalar)
}

fn public_key(key: &p256::PublicKey) -> PublicKey {
    use p256::elliptic_curve::sec1::ToSec1Point;
    let point = key.to_sec1_point(false);
    let mut bytes = [0; 65];
    bytes.copy_from_slice(point.as_bytes());
    PublicKey::from_sec1(bytes).expect("an uncompressed point begins with 4")
}

fn point(key: &PublicKey) -> Result<p256::PublicKey, CryptoError> {
    p256::PublicKey::from_sec1_bytes(key.as_sec1()).map_err(|_| CryptoError::NotAPoint)
}

fn agree(own: &SecretKey, peer: &PublicKey) -> Result<Zeroizing<[u8; 32]>, CryptoError> {
    let shared = own.diffie_hellman(&point(peer)?);
    let mut bytes = Zeroizing::new([0; 32]);
    bytes.copy_from_slice(shared.raw_secret_bytes());
    Ok(bytes)
}

impl Crypto for SoftCrypto {
    fn verify(&self, key: &PublicKey, message: &[u8], signature: &Signature) -> Result<(), CryptoError> {
        let key = p256::ecdsa::VerifyingKey::from_sec1_bytes(key.as_sec1()).map_err(|_| CryptoError::BadSignature)?;
        let signature = p256::ecdsa::Signature::from_slice(signature).map_err(|_| CryptoError::BadSignature)?;
        key.verify(message, &signature).map_err(|_| CryptoError::BadSignature)
    }

    fn check_point(&self, key: &PublicKey) -> Result<(), CryptoError> {
        point(key).map(|_| ())
    }

    fn agree_ephemeral(&self, peer: &PublicKey) -> Result<Ephemeral, CryptoError> {
        let own = draw(self)?;
        Ok(Ephemeral { public: public_key(&own.public_key()), shared: agree(&own, peer)? })
    }

    fn fill(&self, bytes: &mut [u8]) -> Result<(), CryptoError> {
        self.random.lock().unwrap_or_else(PoisonError::into_inner).fill(bytes)
    }
}

/// A signing key in memory, wiped when dropped.
#[derive(Clone)]
pub struct SoftSigningKey(p256::ecdsa::SigningKey);

impl SoftSigningKey {
    /// Draws a new key.
    ///
    /// # Errors
    /// [`CryptoError::Refused`] without randomness.
    pub fn generate(crypto: &dyn Crypto) -> Result<Self, CryptoError> {
        draw(crypto).map(|key| Self(key.into()))
    }

    /// From the 32-byte scalar, big-endian.
    ///
    /// # Errors
    /// [`CryptoError::NotAScalar`] for zero and for values not below the order of the curve.
    pub fn from_scalar(scalar: &[u8; 32]) -> Result<Self, CryptoError> {
        secret_key(scalar).map(|key| Self(key.into()))
    }

    /// The 32-byte scalar, to be sealed.
    pub fn to_scalar(&self) -> Zeroizing<[u8; 32]> {
        Zeroizing::new(self.0.to_bytes().into())
    }
}

impl SigningKey for SoftSigningKey {
    fn public(&self) -> PublicKey {
        public_key(&self.0.verifying_key().into())
    }

    fn sign(&self, message: &[u8]) -> Result<Signature, CryptoError> {
        let signature: p256::ecdsa::Signature =
            self.0.try_sign(message).map_err(|_| CryptoError::Refused("signing"))?;
        Ok(signature.to_bytes().into())
    }
}

impl std::fmt::Debug for SoftSigningKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "SoftSigningKey({})", self.public().thumbprint())
    }
}

/// A key for ECDH in memory, wiped when dropped.
#[derive(Clone)]
pub struct SoftAgreementKey(SecretKey);

impl SoftAgreementKey {
    /// Draws a new key.
    ///
    /// # Errors
    /// [`CryptoError::Refused`] without randomness.
    pub fn generate(crypto: &dyn Crypto) -> Result<Self, CryptoError> {
        draw(crypto).map(Self)
    }

    /// From the 32-byte scalar, big-endian.
    ///
    /// # Errors
    /// [`CryptoError::NotAScalar`] for zero and for values not below the order of the curve.
    pub fn from_scalar(scalar: &[u8; 32]) -> Result<Self, CryptoError> {
        secret_key(scalar).map(Self)
    }

    /// The 32-byte scalar, to be sealed.
    pub fn to_scalar(&self) -> Zeroizing<[u8; 32]> {
        Zeroizing::new(self.0.to_bytes().into())
    }
}

impl AgreementKey for SoftAgreementKey {
    fn public(&self) -> PublicKey {
        public_key(&self.0.public_key())
    }

    fn agree(&self, peer: &PublicKey) -> Result<Zeroizing<[u8; 32]>, CryptoError> {
        agree(&self.0, peer)
    }
}

impl std::fmt::Debug for SoftAgreementKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "SoftAgreementKey({})", self.public().thumbprint())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn crypto() -> SoftCrypto {
        let mut counter = 0_u8;
        SoftCrypto::new(move |bytes: &mut [u8]| {
            counter += 1;
            bytes.fill(counter);
            Ok(())
        })
    }

    #[test]
    fn what_one_key_signed_no_other_verifies() {
        let crypto = crypto();
        let key = SoftSigningKey::generate(&crypto).unwrap();
        let other = SoftSigningKey::generate(&crypto).unwrap();
        let signature = key.sign(b"message").unwrap();
        assert_eq!(crypto.verify(&key.public(), b"message", &signature), Ok(()));
        assert_eq!(crypto.verify(&key.public(), b"massage", &signature), Err(CryptoError::BadSignature));
        assert_eq!(crypto.verify(&other.public(), b"message", &signature), Err(CryptoError::BadSignature));
        assert_eq!(crypto.verify(&key.public(), b"message", &[0; 64]), Err(CryptoError::BadSignature));
        assert_eq!(crypto.verify(&key.public(), b"message", &[0xff; 64]), Err(CryptoError::BadSignature));
    }

    #[test]
    fn both_sides_agree_on_one_secret() {
        let crypto = crypto();
        let phone = SoftAgreementKey::generate(&crypto).unwrap();
        let server = crypto.agree_ephemeral(&phone.public()).unwrap();
        assert_eq!(phone.agree(&server.public).unwrap(), server.shared);
    }

    #[test]
    fn a_point_off_the_curve_is_refused() {
        let crypto = crypto();
        let mut off = *SoftSigningKey::generate(&crypto).unwrap().public().as_sec1();
        off[64] ^= 1;
        let off = PublicKey::from_sec1(off).unwrap();
        assert_eq!(crypto.check_point(&off), Err(CryptoError::NotAPoint));
        assert!(crypto.agree_ephemeral(&off).is_err());
        assert_eq!(crypto.verify(&off, b"", &[1; 64]), Err(CryptoError::BadSignature));
    }

    #[test]
    fn zero_and_the_order_of_the_curve_are_no_keys() {
        assert_eq!(SoftSigningKey::from_scalar(&[0; 32]).unwrap_err(), CryptoError::NotAScalar);
        assert_eq!(SoftAgreementKey::from_scalar(&[0xff; 32]).unwrap_err(), CryptoError::NotAScalar);
        let broken = SoftCrypto::new(|bytes: &mut [u8]| {
            bytes.fill(0);
            Ok(())
        });
        assert!(SoftSigningKey::generate(&broken).is_err());
    }

    #[test]
    fn a_key_survives_its_scalar() {
        let key = SoftSigningKey::generate(&crypto()).unwrap();
        assert_eq!(SoftSigningKey::from_scalar(&key.to_scalar()).unwrap().public(), key.public());
    }
}
