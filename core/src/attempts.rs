//! How often this phone began to pair with one code or link: three times at most.
//!
//! Each attempt gives a server in the middle one guess at the check number, one in a million. The phone keeps its own
//! count, because that server would not.

use koppel_protocol::{bytes::Bytes, hash::sha256};
use serde::{Deserialize, Serialize};

use crate::clock::Now;

/// How often one invitation may be tried.
pub(crate) const MOST: u8 = 3;
/// How long is remembered: far longer than any invitation lives.
const KEEP_MS: i64 = 24 * 3_600_000;

/// The attempts of the last day.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Attempts(Vec<Attempt>);

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Attempt {
    invitation: Bytes<32>,
    count: u8,
    since_ms: i64,
}

impl Attempt {
    /// By the phone's own clock: to set it a day ahead takes the phone, and each such day gives a relay three guesses.
    fn is_remembered(&self, now: Now) -> bool {
        now.wall_ms.abs_diff(self.since_ms) < KEEP_MS.unsigned_abs()
    }
}

impl Attempts {
    /// Counts one attempt with an invitation, unless it is worn out.
    pub(crate) fn begin(&mut self, invitation: Bytes<32>, now: Now) -> bool {
        self.0.retain(|attempt| attempt.is_remembered(now));
        match self.0.iter_mut().find(|attempt| attempt.invitation == invitation) {
            Some(attempt) if attempt.count >= MOST => false,
            Some(attempt) => {
                attempt.count += 1;
                true
            }
            None => {
                self.0.push(Attempt { invitation, count: 1, since_ms: now.wall_ms });
                true
            }
        }
    }

    /// Whether an invitation may be tried once more.
    pub(crate) fn allow(&self, invitation: &Bytes<32>, now: Now) -> bool {
        let known = self.0.iter().find(|attempt| attempt.invitation == *invitation && attempt.is_remembered(now));
        known.is_none_or(|attempt| attempt.count < MOST)
    }
}

/// What names an invitation in the count: where it leads and what it says, hashed.
pub(crate) fn fingerprint(parts: &[&str]) -> Bytes<32> {
    let mut bytes = Vec::new();
    for part in parts {
        bytes.extend_from_slice(&(part.len() as u64).to_be_bytes());
        bytes.extend_from_slice(part.as_bytes());
    }
    sha256(&bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    const DAY: Now = Now { wall_ms: 1_800_000_000_000, monotonic_ms: 0 };

    #[test]
    fn an_invitation_is_worn_out_after_three_attempts_and_others_are_not() {
        let mut attempts = Attempts::default();
        let (one, other) = (fingerprint(&["code", "a"]), fingerprint(&["codea", ""]));
        for _ in 0..MOST {
            assert!(attempts.allow(&one, DAY));
            assert!(attempts.begin(one, DAY));
        }
        assert!(!attempts.allow(&one, DAY));
        assert!(!attempts.begin(one, DAY));
        assert!(attempts.begin(other, DAY));
    }

    #[test]
    fn attempts_are_forgotten_after_a_day() {
        let mut attempts = Attempts::default();
        let one = fingerprint(&["link", "a"]);
        while attempts.begin(one, DAY) {}
        let later = Now { wall_ms: DAY.wall_ms + KEEP_MS, ..DAY };
        assert!(attempts.begin(one, later));
    }
}
