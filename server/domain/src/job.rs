//! Work that outlives a request: born leased to its maker, claimed by others when the lease lapses.

use koppel_protocol::id::{ChallengeId, JobId, NoticeId, UserId};
use serde::{Deserialize, Serialize};

use crate::Time;

/// One piece of work.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Job {
    /// Ours.
    pub id: JobId,
    /// For whose account.
    pub user: UserId,
    /// What is to be done.
    pub task: Task,
    /// Not before then.
    pub not_before: Time,
    /// Nobody else takes it before then.
    pub lease_until: Time,
    /// How often it was taken.
    pub tries: u32,
}

/// What is to be done. Every task may be done twice without harm.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Task {
    /// Bring a delivery to its phones by every road that is open.
    Deliver {
        /// Which challenge.
        challenge: ChallengeId,
        /// Which delivery.
        seq: u32,
    },
    /// Bring a notice to its phone.
    Notify {
        /// Which.
        notice: NoticeId,
    },
}

impl Job {
    /// Somebody takes it for a while.
    pub fn claim(&mut self, now: Time) {
        self.tries += 1;
        self.lease_until = now.plus(LEASE);
    }
}

/// How long the maker of a job or claimer has for itself.
pub const LEASE: u32 = 10;
