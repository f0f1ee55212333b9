//! How often a password may be wrong.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};

use crate::secret::sha256;

/// Wrong passwords for one name from one address …
pub const TRIES: u32 = 10;
/// … in this many seconds.
pub const WINDOW: i64 = 600;
/// Beyond this many counters the oldest are swept away.
const MOST: usize = 10_000;

/// Who tries: an address and a (hashed) name.
type Who = (IpAddr, [u8; 32]);

/// Counts tries in memory. A try is counted *before* the password is compared, so that a hundred at once are a hundred.
#[derive(Debug, Default)]
pub struct Throttle {
    counters: Mutex<HashMap<Who, (u32, i64)>>,
}

impl Throttle {
    /// Reserves a try; `false` when there is none left.
    pub fn take(&self, ip: IpAddr, login_name: &str, now: i64) -> bool {
        let mut counters = self.counters.lock().unwrap_or_else(PoisonError::into_inner);
        if counters.len() >= MOST {
            counters.retain(|_, (_, since)| now - *since < WINDOW);
        }
        let counter = counters.entry((ip, sha256(login_name.as_bytes()))).or_insert((0, now));
        if now - counter.1 >= WINDOW {
            *counter = (0, now);
        }
        counter.0 = counter.0.saturating_add(1);
        counter.0 <= TRIES
    }

    /// The password was right: the tries are given back.
    pub fn forgive(&self, ip: IpAddr, login_name: &str) {
        let mut counters = self.counters.lock().unwrap_or_else(PoisonError::into_inner);
        counters.remove(&(ip, sha256(login_name.as_bytes())));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn after_ten_wrong_passwords_one_waits_ten_minutes() {
        let throttle = Throttle::default();
        let ip = IpAddr::from([127, 0, 0, 1]);
        assert!((0..TRIES).all(|_| throttle.take(ip, "anna", 100)));
        assert!(!throttle.take(ip, "anna", 100));
        assert!(throttle.take(ip, "bram", 100));
        assert!(throttle.take(IpAddr::from([127, 0, 0, 2]), "anna", 100));
        assert!(!throttle.take(ip, "anna", 100 + WINDOW - 1));
        assert!(throttle.take(ip, "anna", 100 + WINDOW));
    }

    #[test]
    fn a_right_password_gives_the_tries_back() {
        let throttle = Throttle::default();
        let ip = IpAddr::from([127, 0, 0, 1]);
        assert!((0..TRIES).all(|_| throttle.take(ip, "anna", 0)));
        throttle.forgive(ip, "anna");
        assert!(throttle.take(ip, "anna", 0));
    }
}
