//! What comes in from outside: the clock, randomness, keys, and who is told of commits.

use std::{
    fmt,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use koppel_domain::{Keys, Signer, Time};
use koppel_protocol::{
    Secret,
    id::{ChallengeId, DeviceId, PairingId, PromptId, UserId},
};

/// Tells the time in seconds since 1970.
pub type Clock = dyn Fn() -> Time + Send + Sync;
/// Draws 32 random bytes.
pub type Seeds = dyn Fn() -> Secret<32> + Send + Sync;
/// Hears what a commit touched, after it, on the writer's thread: it must not wait.
pub type Heard = dyn Fn(&[Touched]) + Send + Sync;

/// What a store needs of its surroundings.
#[derive(Clone)]
pub struct Environment {
    /// The clock. May jump; a store never goes backwards with it.
    pub clock: Arc<Clock>,
    /// Randomness for ids and salts.
    pub seeds: Arc<Seeds>,
    /// The keys that derive codes.
    pub keys: Keys,
    /// Who signs for the server.
    pub signer: Signer,
    /// Who is told of commits.
    pub heard: Arc<Heard>,
}

impl fmt::Debug for Environment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Environment").field("signer", &self.signer).finish_non_exhaustive()
    }
}

/// Something whose watchers look again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Touched {
    /// An account: its user row, phones or methods.
    User(UserId),
    /// A challenge.
    Challenge(ChallengeId),
    /// A hosted page.
    Prompt(PromptId),
    /// A pairing.
    Pairing(PairingId),
    /// What a phone can see: its challenges, notices, its own state.
    Device(DeviceId),
}

/// The environment's clock, held so that it never goes back.
#[derive(Debug)]
pub(crate) struct Forward {
    latest: AtomicU64,
}

impl Forward {
    pub(crate) const fn new() -> Self {
        Self { latest: AtomicU64::new(0) }
    }

    /// The time, at least as late as ever before.
    pub(crate) fn now(&self, clock: &Clock) -> Time {
        let told = clock().0;
        Time(self.latest.fetch_max(told, Ordering::Relaxed).max(told))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn time_never_goes_back() {
        let forward = Forward::new();
        assert_eq!(forward.now(&|| Time(100)), Time(100));
        assert_eq!(forward.now(&|| Time(40)), Time(100));
        assert_eq!(forward.now(&|| Time(101)), Time(101));
    }
}
