//! The protocol's cryptography on `ring`: five to seven signature checks a login cost a quarter of what they cost in
//! portable Rust, and private keys are used in constant time. `ring` draws its own randomness.

use koppel_protocol::PublicKey;
use koppel_protocol::crypto::{Crypto, CryptoError, Ephemeral, Signature, SigningKey};
use ring::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use ring::agreement::{self, ECDH_P256, EphemeralPrivateKey, UnparsedPublicKey};
use ring::rand::{SecureRandom, SystemRandom};
use ring::signature::{self, ECDSA_P256_SHA256_FIXED, ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair};
use zeroize::{Zeroize, Zeroizing};

/// Operations without a key of our own.
#[derive(Debug, Clone)]
pub struct RingCrypto {
    random: SystemRandom,
}

impl RingCrypto {
    /// Randomness comes from the operating system.
    pub fn new() -> RingCrypto {
        RingCrypto { random: SystemRandom::new() }
    }

    /// Draws `N` random bytes.
    pub fn draw<const N: usize>(&self) -> Result<[u8; N], CryptoError> {
        let mut bytes = [0; N];
        self.fill(&mut bytes)?;
        Ok(bytes)
    }
}

impl Default for RingCrypto {
    fn default() -> RingCrypto {
        RingCrypto::new()
    }
}

impl Crypto for RingCrypto {
    fn verify(&self, key: &PublicKey, message: &[u8], signature: &Signature) -> Result<(), CryptoError> {
        signature::UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, key.as_sec1())
            .verify(message, signature)
            .map_err(|_| CryptoError::BadSignature)
    }

    fn check_point(&self, key: &PublicKey) -> Result<(), CryptoError> {
        // ring checks a point when it is used.
        self.agree_ephemeral(key).map(|_| ())
    }

    fn agree_ephemeral(&self, peer: &PublicKey) -> Result<Ephemeral, CryptoError> {
        let refused = |_| CryptoError::Refused("no ephemeral key could be drawn");
        let private = EphemeralPrivateKey::generate(&ECDH_P256, &self.random).map_err(refused)?;
        let public = private.compute_public_key().map_err(refused)?;
        let public = sec1(public.as_ref())?;
        let peer = UnparsedPublicKey::new(&ECDH_P256, peer.as_sec1());
        let shared = agreement::agree_ephemeral(private, &peer, |bytes| {
            let mut shared = Zeroizing::new([0u8; 32]);
            shared.copy_from_slice(bytes);
            shared
        })
        .map_err(|_| CryptoError::NotAPoint)?;
        Ok(Ephemeral { public, shared })
    }

    fn fill(&self, bytes: &mut [u8]) -> Result<(), CryptoError> {
        self.random.fill(bytes).map_err(|_| CryptoError::Refused("the system gave no randomness"))
    }
}

fn sec1(bytes: &[u8]) -> Result<PublicKey, CryptoError> {
    let point: [u8; 65] = bytes.try_into().map_err(|_| CryptoError::NotAPoint)?;
    PublicKey::from_sec1(point).map_err(|_| CryptoError::NotAPoint)
}

/// A signing key in memory, of the server's identity.
pub struct RingSigningKey {
    pair: EcdsaKeyPair,
    public: PublicKey,
    random: SystemRandom,
}

impl RingSigningKey {
    /// Draws a key. The bytes are PKCS #8, to be kept.
    pub fn generate() -> Result<Zeroizing<Vec<u8>>, CryptoError> {
        let document = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &SystemRandom::new())
            .map_err(|_| CryptoError::Refused("the system gave no randomness"))?;
        Ok(Zeroizing::new(document.as_ref().to_vec()))
    }

    /// Reads a key.
    pub fn from_pkcs8(bytes: &[u8]) -> Result<RingSigningKey, CryptoError> {
        let random = SystemRandom::new();
        let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, bytes, &random)
            .map_err(|_| CryptoError::NotAScalar)?;
        let public = sec1(pair.public_key().as_ref())?;
        Ok(RingSigningKey { pair, public, random })
    }
}

impl SigningKey for RingSigningKey {
    fn public(&self) -> PublicKey {
        self.public
    }

    fn sign(&self, message: &[u8]) -> Result<Signature, CryptoError> {
        let signature = self.pair.sign(&self.random, message).map_err(|_| CryptoError::Refused("signing failed"))?;
        signature.as_ref().try_into().map_err(|_| CryptoError::Refused("signing gave another length"))
    }
}

impl std::fmt::Debug for RingSigningKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "RingSigningKey({:?}, secret hidden)", self.public)
    }
}

/// Seals what the database must hold but nobody who reads it may know: AES-256-GCM under a key outside the database,
/// bound to where it stands by its additional data. Layout: 12 bytes nonce, ciphertext, 16 bytes tag.
pub struct Sealer {
    key: LessSafeKey,
    random: SystemRandom,
}

/// A sealed value that does not open: another key, another place, or changed bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a sealed value does not open: it was sealed with other keys, for another row, or was changed")]
pub struct DoesNotOpen;

impl Sealer {
    /// `key` is the key-encryption key of the keys file.
    pub fn new(key: &[u8; 32]) -> Result<Sealer, CryptoError> {
        let key = UnboundKey::new(&AES_256_GCM, key).map_err(|_| CryptoError::Refused("not a key"))?;
        Ok(Sealer { key: LessSafeKey::new(key), random: SystemRandom::new() })
    }

    /// Seals `plain` for the place that `aad` names.
    pub fn seal(&self, aad: &[u8], plain: &[u8]) -> Result<Vec<u8>, CryptoError> {
        let mut nonce = [0u8; NONCE_LEN];
        self.random.fill(&mut nonce).map_err(|_| CryptoError::Refused("the system gave no randomness"))?;
        let mut sealed = Vec::with_capacity(NONCE_LEN + plain.len() + AES_256_GCM.tag_len());
        sealed.extend_from_slice(&nonce);
        sealed.extend_from_slice(plain);
        let tag = self.key.seal_in_place_separate_tag(
            Nonce::assume_unique_for_key(nonce),
            Aad::from(aad),
            &mut sealed[NONCE_LEN..],
        );
        match tag {
            Ok(tag) => {
                sealed.extend_from_slice(tag.as_ref());
                Ok(sealed)
            }
            Err(_) => {
                sealed.zeroize();
                Err(CryptoError::Refused("sealing failed"))
            }
        }
    }

    /// Opens what [`Sealer::seal`] made for the same place.
    pub fn open(&self, aad: &[u8], sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>, DoesNotOpen> {
        if sealed.len() < NONCE_LEN {
            return Err(DoesNotOpen);
        }
        let (nonce, ciphertext) = sealed.split_at(NONCE_LEN);
        let nonce = Nonce::try_assume_unique_for_key(nonce).map_err(|_| DoesNotOpen)?;
        let mut buffer = Zeroizing::new(ciphertext.to_vec());
        let length = self.key.open_in_place(nonce, Aad::from(aad), &mut buffer).map_err(|_| DoesNotOpen)?.len();
        buffer.truncate(length);
        Ok(buffer)
    }
}

impl std::fmt::Debug for Sealer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Sealer(hidden)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_signature_verifies_and_a_changed_one_does_not() {
        let key = RingSigningKey::from_pkcs8(&RingSigningKey::generate().expect("key")).expect("key");
        let crypto = RingCrypto::new();
        let signature = key.sign(b"message").expect("signed");
        assert_eq!(crypto.verify(&key.public(), b"message", &signature), Ok(()));
        assert!(crypto.verify(&key.public(), b"massage", &signature).is_err());
        let mut changed = signature;
        changed[63] ^= 1;
        assert!(crypto.verify(&key.public(), b"message", &changed).is_err());
        assert!(crypto.verify(&key.public(), b"message", &[0; 64]).is_err());
    }

    #[test]
    fn a_point_off_the_curve_is_refused() {
        let crypto = RingCrypto::new();
        let mut point = [0u8; 65];
        point[0] = 4;
        point[64] = 1;
        let off = PublicKey::from_sec1(point).expect("encoding");
        assert_eq!(crypto.check_point(&off), Err(CryptoError::NotAPoint));
        let key = RingSigningKey::from_pkcs8(&RingSigningKey::generate().expect("key")).expect("key");
        assert_eq!(crypto.check_point(&key.public()), Ok(()));
    }

    #[test]
    fn a_sealed_value_opens_only_where_it_was_sealed() {
        let sealer = Sealer::new(&[7; 32]).expect("key");
        let sealed = sealer.seal(b"row 1", b"secret").expect("sealed");
        assert_eq!(sealer.open(b"row 1", &sealed).expect("opened").as_slice(), b"secret");
        assert_eq!(sealer.open(b"row 2", &sealed), Err(DoesNotOpen));
        assert_eq!(Sealer::new(&[8; 32]).expect("key").open(b"row 1", &sealed), Err(DoesNotOpen));
        for length in 0..sealed.len() {
            assert_eq!(sealer.open(b"row 1", &sealed[..length]), Err(DoesNotOpen));
        }
    }
}
