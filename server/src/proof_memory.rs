//! The `jti`s of device proofs whose requests only read, until their nonces expire.
//!
//! Proofs of requests that change something are remembered in the database, in the transaction of the change.

use std::collections::HashSet;
use std::sync::{Mutex, PoisonError};

use koppel_protocol::Bytes;
use koppel_protocol::id::DeviceId;
use koppel_protocol::nonce::{LIFETIME, TOLERANCE};

use crate::problem::{Problem, Slug};

/// Proofs that are remembered at once; beyond that the server sheds load rather than forget one.
const PROOFS: usize = 1_000_000;
/// No nonce counts for longer, whichever node issued it.
const GENERATION: u64 = LIFETIME + TOLERANCE + 1;

type Key = (DeviceId, Bytes<16>);

#[derive(Debug, Default)]
struct Generations {
    since: u64,
    young: HashSet<Key>,
    old: HashSet<Key>,
}

/// Two generations: what came within one lifetime stands in one of them.
#[derive(Debug, Default)]
pub struct ProofMemory(Mutex<Generations>);

impl ProofMemory {
    /// Remembers a proof.
    ///
    /// # Errors
    /// *Unauthenticated* when it came before.
    pub fn remember(&self, device: DeviceId, jti: Bytes<16>, now: u64) -> Result<(), Problem> {
        let mut proofs = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if now.saturating_sub(proofs.since) >= GENERATION {
            let young = std::mem::take(&mut proofs.young);
            proofs.old = if now.saturating_sub(proofs.since) >= 2 * GENERATION { HashSet::new() } else { young };
            proofs.since = now;
        }
        let key = (device, jti);
        if proofs.old.contains(&key) {
            return Err(Problem::new(Slug::Unauthenticated));
        }
        if proofs.young.len() >= PROOFS {
            return Err(Problem::new(Slug::Unavailable).retry_after(30));
        }
        if proofs.young.insert(key) { Ok(()) } else { Err(Problem::new(Slug::Unauthenticated)) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_proof_counts_once_as_long_as_its_nonce_lives() {
        let memory = ProofMemory::default();
        let device = DeviceId::from_bytes([1; 16]);
        let jti = Bytes::new([2; 16]);
        assert!(memory.remember(device, jti, 1000).is_ok());
        for later in [0, 1, 299, 300, 305] {
            assert!(memory.remember(device, jti, 1000 + later).is_err(), "{later} s later");
        }
        assert!(memory.remember(DeviceId::from_bytes([3; 16]), jti, 1000).is_ok(), "another device's own");
    }
}
