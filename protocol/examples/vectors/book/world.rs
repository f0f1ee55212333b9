//! Who appears in the vectors: one server, one user, an old phone and a new one. All keys are fixed, so that anyone can
//! recompute every signature and every envelope; none of them may ever be used for anything else.

use koppel_protocol::{
    AgreementKey as _, Bytes, Crypto, Identity, KeyVersion, Nonce, Secret, SigningKey as _,
    crypto::CryptoError,
    hash::sha256,
    id::{ChallengeId, DeviceId},
    identity,
    nonce::NonceKey,
    soft::{SoftAgreementKey, SoftCrypto, SoftSigningKey},
};
use serde_json::{Value, json};

/// The server's clock: 2026-11-18T10:13:20Z.
pub(crate) const NOW: u64 = 1_794_996_800;
/// The server's restore epoch.
pub(crate) const EPOCH: u64 = 7;

/// Bytes that look random and are `SHA-256(label ‖ 0) ‖ SHA-256(label ‖ 1) …`, cut.
pub(crate) fn fixed<const N: usize>(label: &str) -> [u8; N] {
    let mut bytes = [0; N];
    for (counter, chunk) in (0_u8..).zip(bytes.chunks_mut(32)) {
        let block = sha256(&[b"koppel vectors: ".as_slice(), label.as_bytes(), &[counter]].concat());
        chunk.copy_from_slice(&block.as_bytes()[..chunk.len()]);
    }
    bytes
}

/// A signing key by name.
pub(crate) fn signing_key(name: &str) -> SoftSigningKey {
    SoftSigningKey::from_scalar(&fixed(name)).expect("the fixed bytes are a scalar")
}

/// A key for envelopes by name.
pub(crate) fn seal_key(name: &str) -> SoftAgreementKey {
    SoftAgreementKey::from_scalar(&fixed(name)).expect("the fixed bytes are a scalar")
}

/// A key as it stands in a vector: private scalar and public key.
pub(crate) fn shown(name: &str) -> Value {
    let spki = signing_key(name).public();
    json!({ "scalar": Secret::new(fixed::<32>(name)).to_text().as_str(), "spki": spki })
}

/// Crypto that draws what it is given, in this order.
pub(crate) fn crypto_drawing(mut draws: Vec<Vec<u8>>) -> SoftCrypto {
    draws.reverse();
    SoftCrypto::new(move |bytes: &mut [u8]| {
        let draw = draws.pop().filter(|draw| draw.len() == bytes.len());
        bytes.copy_from_slice(&draw.ok_or(CryptoError::Refused("nothing is left to draw"))?);
        Ok(())
    })
}

/// Crypto that draws nothing.
pub(crate) fn crypto() -> SoftCrypto {
    crypto_drawing(Vec::new())
}

/// The server's only identity key.
pub(crate) fn server_key() -> SoftSigningKey {
    signing_key("identity 1")
}

/// The server's chain of one link.
pub(crate) fn chain() -> Vec<String> {
    vec![identity::first_link(&server_key()).expect("software keys sign").to_string()]
}

/// The server as a phone pins it.
pub(crate) fn server() -> Identity {
    Identity::verify_chain(&crypto(), &chain()).expect("the chain is sound")
}

/// Version 1.
pub(crate) const V1: KeyVersion = KeyVersion::FIRST;

/// The old phone.
pub(crate) fn device() -> DeviceId {
    DeviceId::from_bytes(fixed("device"))
}

/// A phone nobody knows.
pub(crate) fn stranger() -> DeviceId {
    DeviceId::from_bytes(fixed("stranger"))
}

/// The challenge.
pub(crate) fn cid() -> ChallengeId {
    ChallengeId::from_bytes(fixed("challenge"))
}

/// The server's key for nonces.
pub(crate) fn nonce_key() -> NonceKey {
    NonceKey::new(Secret::new(fixed("nonce key")))
}

/// A nonce issued 20 seconds ago.
pub(crate) fn nonce() -> Nonce {
    nonce_key().issue(EPOCH, NOW - 20)
}

/// `N` bytes by name.
pub(crate) fn bytes<const N: usize>(label: &str) -> Bytes<N> {
    Bytes::new(fixed(label))
}

/// The phone's `auth` secret.
pub(crate) fn auth() -> Secret<16> {
    Secret::new(fixed("auth"))
}

/// Seals with fixed salt and ephemeral key.
pub(crate) fn sealing_crypto() -> impl Crypto {
    crypto_drawing(vec![fixed::<16>("salt").to_vec(), fixed::<32>("ephemeral").to_vec()])
}

/// The phone as it stands in the books: keys, secret, id.
pub(crate) fn phone() -> Value {
    let seal = seal_key("seal").public();
    json!({
        "device": device(),
        "id": shown("id"),
        "approve": shown("approve"),
        "seal": { "scalar": Secret::new(fixed::<32>("seal")).to_text().as_str(), "spki": seal },
        "auth": auth(),
    })
}

/// The server as it stands in the books.
pub(crate) fn server_shown() -> Value {
    json!({ "server_id": server().server_id, "version": 1, "key": shown("identity 1") })
}
