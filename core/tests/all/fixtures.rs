//! Dice that can be replayed, and small makers of things.

use koppel_protocol::{Text, id::ChallengeId, soft::SoftCrypto};
use rand::{RngCore, SeedableRng};
use rand_chacha::ChaCha8Rng;

/// The curve in software, on seeded dice.
pub(crate) fn crypto(seed: u64) -> SoftCrypto {
    let mut dice = ChaCha8Rng::seed_from_u64(seed);
    SoftCrypto::new(move |bytes: &mut [u8]| {
        dice.fill_bytes(bytes);
        Ok(())
    })
}

/// Text as it stands.
pub(crate) fn text(text: &str) -> Text {
    Text::exact(text).expect("the test's own text is clean")
}

/// The challenge with this number.
pub(crate) fn cid(number: u8) -> ChallengeId {
    ChallengeId::from_bytes([number; 16])
}
