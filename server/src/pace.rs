//! How often one phone may ask or tell something, with a little credit for a burst.
//!
//! Held in memory only: it sheds load. Whatever guards a secret is counted in the database.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use koppel_protocol::id::DeviceId;

use crate::problem::{Problem, Slug};

/// Phones that are remembered; beyond that the idle ones are forgotten.
const PHONES: usize = 100_000;

/// When each phone has used up its credit.
#[derive(Debug)]
pub struct Pace {
    apart: u64,
    burst: u64,
    phones: Mutex<HashMap<DeviceId, u64>>,
}

impl Pace {
    /// Questions over HTTP: two seconds apart in the long run, fifteen at once.
    pub fn of_questions() -> Pace {
        Pace { apart: 2_000, burst: 15, phones: Mutex::default() }
    }

    /// Frames on the live channel: five a second in the long run, sixty at once.
    pub fn of_frames() -> Pace {
        Pace { apart: 200, burst: 60, phones: Mutex::default() }
    }

    /// Counts one question at a time in milliseconds.
    ///
    /// # Errors
    /// *Too soon*, with the seconds to wait.
    pub fn take(&self, device: DeviceId, now: u64) -> Result<(), Problem> {
        let mut phones = self.phones.lock().unwrap_or_else(PoisonError::into_inner);
        if phones.len() >= PHONES {
            phones.retain(|_, until| *until > now);
        }
        let until = phones.entry(device).or_insert(now);
        *until = (*until).max(now);
        if *until - now > self.apart * (self.burst - 1) {
            let seconds = (*until - now - self.apart * (self.burst - 1)).div_ceil(1000);
            return Err(Problem::new(Slug::TooSoon).retry_after(seconds));
        }
        *until += self.apart;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_phone_that_asks_all_the_time_is_told_to_wait() {
        let pace = Pace::of_questions();
        let device = DeviceId::from_bytes([1; 16]);
        for _ in 0..pace.burst {
            assert_eq!(pace.take(device, 1_000), Ok(()));
        }
        let problem = pace.take(device, 1_000).expect_err("too soon");
        assert_eq!((problem.slug, problem.retry_after), (Slug::TooSoon, Some(2)));
        assert_eq!(pace.take(device, 3_000), Ok(()));
        assert_eq!(pace.take(DeviceId::from_bytes([2; 16]), 1_000), Ok(()), "each phone has its own pace");
    }
}
