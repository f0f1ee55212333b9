//! Dice that can be replayed, a curve that is quick enough for thousands of seeds, and small makers of things.

use std::sync::{Arc, Mutex};

use koppel_protocol::{
    AgreementKey, Crypto, CryptoError, PublicKey, SigningKey, Text,
    crypto::{Ephemeral, Signature},
    hash::sha256,
    id::ChallengeId,
    soft::{SoftAgreementKey, SoftCrypto, SoftSigningKey},
};
use rand::{RngCore, SeedableRng};
use rand_chacha::ChaCha8Rng;
use zeroize::Zeroizing;

/// Crypto on seeded dice: P-256, or for stories told thousands of times a toy that only hashes.
#[derive(Clone)]
pub(crate) struct Curve {
    pub(crate) crypto: Arc<dyn Crypto>,
    toy: bool,
}

impl Curve {
    /// P-256.
    pub(crate) fn real(seed: u64) -> Self {
        let dice = dice(seed);
        let crypto = SoftCrypto::new(move |bytes: &mut [u8]| {
            dice.lock().unwrap().fill_bytes(bytes);
            Ok(())
        });
        Self { crypto: Arc::new(crypto), toy: false }
    }

    /// Hashes only: whoever knows a public key can sign, so nothing here may depend on who cannot.
    pub(crate) fn toy(seed: u64) -> Self {
        Self { crypto: Arc::new(Toy(dice(seed))), toy: true }
    }

    /// The same kind, on other dice.
    pub(crate) fn another(&self, seed: u64) -> Self {
        if self.toy { Self::toy(seed) } else { Self::real(seed) }
    }

    pub(crate) fn signing_key(&self) -> Arc<dyn SigningKey> {
        match self.toy {
            true => Arc::new(ToyKey::roll(self.crypto.as_ref())),
            false => Arc::new(SoftSigningKey::generate(self.crypto.as_ref()).unwrap()),
        }
    }

    pub(crate) fn agreement_key(&self) -> Arc<dyn AgreementKey> {
        match self.toy {
            true => Arc::new(ToyKey::roll(self.crypto.as_ref())),
            false => Arc::new(SoftAgreementKey::generate(self.crypto.as_ref()).unwrap()),
        }
    }

    pub(crate) fn roll<const N: usize>(&self) -> [u8; N] {
        let mut bytes = [0; N];
        self.crypto.fill(&mut bytes).unwrap();
        bytes
    }
}

fn dice(seed: u64) -> Mutex<ChaCha8Rng> {
    Mutex::new(ChaCha8Rng::seed_from_u64(seed))
}

struct Toy(Mutex<ChaCha8Rng>);

struct ToyKey(PublicKey);

impl ToyKey {
    fn roll(crypto: &dyn Crypto) -> Self {
        let mut point = [0; 65];
        crypto.fill(&mut point).unwrap();
        point[0] = 4;
        Self(PublicKey::from_sec1(point).unwrap())
    }
}

fn toy_signature(key: &PublicKey, message: &[u8]) -> Signature {
    let half = *sha256(&[key.as_sec1().as_slice(), message].concat()).as_bytes();
    let mut signature = [0; 64];
    signature[..32].copy_from_slice(&half);
    signature[32..].copy_from_slice(&half);
    signature
}

fn toy_agreement(one: &PublicKey, other: &PublicKey) -> Zeroizing<[u8; 32]> {
    let (low, high) = if one < other { (one, other) } else { (other, one) };
    Zeroizing::new(*sha256(&[low.as_sec1().as_slice(), high.as_sec1()].concat()).as_bytes())
}

impl Crypto for Toy {
    fn verify(&self, key: &PublicKey, message: &[u8], signature: &Signature) -> Result<(), CryptoError> {
        if toy_signature(key, message) == *signature { Ok(()) } else { Err(CryptoError::BadSignature) }
    }

    fn check_point(&self, _: &PublicKey) -> Result<(), CryptoError> {
        Ok(())
    }

    fn agree_ephemeral(&self, peer: &PublicKey) -> Result<Ephemeral, CryptoError> {
        let own = ToyKey::roll(self);
        Ok(Ephemeral { public: own.0, shared: toy_agreement(&own.0, peer) })
    }

    fn fill(&self, bytes: &mut [u8]) -> Result<(), CryptoError> {
        self.0.lock().unwrap().fill_bytes(bytes);
        Ok(())
    }
}

impl SigningKey for ToyKey {
    fn public(&self) -> PublicKey {
        self.0
    }

    fn sign(&self, message: &[u8]) -> Result<Signature, CryptoError> {
        Ok(toy_signature(&self.0, message))
    }
}

impl AgreementKey for ToyKey {
    fn public(&self) -> PublicKey {
        self.0
    }

    fn agree(&self, peer: &PublicKey) -> Result<Zeroizing<[u8; 32]>, CryptoError> {
        Ok(toy_agreement(&self.0, peer))
    }
}

/// Text as it stands.
pub(crate) fn text(text: &str) -> Text {
    Text::exact(text).expect("the test's own text is clean")
}

/// The challenge with this number.
pub(crate) fn cid(number: u8) -> ChallengeId {
    ChallengeId::from_bytes([number; 16])
}
