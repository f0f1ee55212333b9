//! The phone's crypto and the server's are each other's oracle: what one makes, the other reads.

use anyhow::{Result, ensure};
use koppel_protocol::crypto::AgreementKey as _;
use koppel_protocol::{
    bytes::Secret,
    crypto::{Crypto as _, SigningKey as _, random},
    envelope::Envelope,
    soft::{SoftAgreementKey, SoftSigningKey},
};
use koppel_server::crypto::{RingCrypto, RingSigningKey};
use koppel_tests::soft_phone::soft_crypto;

/// threats row 21
#[test]
fn what_one_crypto_signs_the_other_verifies_and_a_changed_bit_neither() -> Result<()> {
    let (soft, ring) = (soft_crypto(), RingCrypto::new());
    for round in 0..50_u32 {
        let message = round.to_be_bytes().repeat(7);
        let soft_key = SoftSigningKey::generate(&soft)?;
        let ring_key = RingSigningKey::from_pkcs8(&RingSigningKey::generate()?)?;
        for (key, signature) in
            [(soft_key.public(), soft_key.sign(&message)?), (ring_key.public(), ring_key.sign(&message)?)]
        {
            ensure!(soft.verify(&key, &message, &signature).is_ok());
            ensure!(ring.verify(&key, &message, &signature).is_ok());
            let mut broken = signature;
            broken[(round % 64) as usize] ^= 1;
            ensure!(soft.verify(&key, &message, &broken).is_err());
            ensure!(ring.verify(&key, &message, &broken).is_err());
        }
    }
    Ok(())
}

#[test]
fn an_envelope_of_either_opens_on_the_phone() -> Result<()> {
    let (soft, ring) = (soft_crypto(), RingCrypto::new());
    let key = SoftAgreementKey::generate(&soft)?;
    let auth = Secret::new(random(&soft)?);
    for message in ["a", &"x".repeat(2047)] {
        let by_soft = Envelope::seal(&soft, &key.public(), &auth, message)?;
        let by_ring = Envelope::seal(&ring, &key.public(), &auth, message)?;
        ensure!(by_soft.open(&key, &auth)?.as_str() == message);
        ensure!(by_ring.open(&key, &auth)?.as_str() == message);
        ensure!(by_soft.as_bytes().len() == by_ring.as_bytes().len());
    }
    Ok(())
}
