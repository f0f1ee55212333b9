//! Bytes nobody can guess, from the operating system.

use rand::TryRngCore;
use rand::rngs::OsRng;

/// Fills `bytes` from the operating system's generator.
///
/// # Panics
/// When the operating system has no randomness to give. There is nothing safe to do without it.
#[expect(clippy::expect_used, reason = "no key may be made without randomness")]
pub(crate) fn fill(bytes: &mut [u8]) {
    OsRng.try_fill_bytes(bytes).expect("the operating system gives random bytes");
}

/// `N` fresh bytes.
pub(crate) fn bytes<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    fill(&mut bytes);
    bytes
}
