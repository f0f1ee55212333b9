//! The server's time: milliseconds since 1970, never backwards while the process lives.
//!
//! Verdicts use the store's time, which comes from here in whole seconds; phones learn their offset from the milliseconds
//! in `Koppel-Time`. Tests bring a clock of their own.
//!
//! Beside it runs a clock that nobody sets. Where the two part by more than [`JUMP`] at once, somebody set the server's time: codes of
//! authenticators, which hang on the time alone, are then not checked until an operator has looked. A server that starts takes the time as
//! it finds it.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use koppel_domain::Time;

/// No clock is set right by more at once, unless it was wrong.
pub const JUMP: Duration = Duration::from_secs(60);

/// Tells milliseconds. May jump; [`Clock`] does not.
pub type Source = dyn Fn() -> u64 + Send + Sync;

/// A clock that never goes back.
#[derive(Clone)]
pub struct Clock {
    source: Arc<Source>,
    unset: Arc<Source>,
    latest: Arc<AtomicU64>,
    gap: Arc<Mutex<Gap>>,
}

/// A clock that runs as fast as it may gains one millisecond in so many: the most that NTP slews by (500 ppm, RFC 5905 §11.3).
const SLEW: u64 = 2000;

/// How far the two clocks may be apart.
#[derive(Debug, Clone, Copy)]
struct Gap {
    /// As at the start or the last confirmation, and since then what slewing explains.
    millis: i128,
    /// The unset clock, when somebody looked last.
    seen: u64,
    jumped: bool,
}

impl Clock {
    /// The system's clock, beside the time since the machine was started.
    pub fn system() -> Clock {
        let source = || {
            let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
            u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
        };
        Clock::beside(Arc::new(source), Arc::new(since_boot))
    }

    /// Another clock, which nobody sets.
    pub fn new(source: Arc<Source>) -> Clock {
        Clock::beside(source.clone(), source)
    }

    /// A clock beside one that nobody sets.
    pub fn beside(source: Arc<Source>, unset: Arc<Source>) -> Clock {
        let gap = Gap::now(&*source, &*unset);
        Clock { source, unset, latest: Arc::default(), gap: Arc::new(Mutex::new(gap)) }
    }

    /// Milliseconds since 1970.
    pub fn millis(&self) -> u64 {
        let told = (self.source)();
        self.latest.fetch_max(told, Ordering::Relaxed).max(told)
    }

    /// Whole seconds since 1970.
    pub fn now(&self) -> Time {
        Time(self.millis() / 1000)
    }

    /// Whether the time has gone on by itself since the start, or since an operator [confirmed](Clock::confirm) it.
    pub fn is_steady(&self) -> bool {
        let mut gap = self.gap.lock().unwrap_or_else(PoisonError::into_inner);
        let now = Gap::now(&*self.source, &*self.unset);
        let by = now.millis - gap.millis;
        let jumped = by.unsigned_abs() > JUMP.as_millis();
        if jumped && !gap.jumped {
            tracing::error!(
                milliseconds = by,
                "the time jumped: codes of authenticators are not checked until `koppel-server clock --confirm`"
            );
        }
        // Many small steps are a jump too: only as much is forgiven as a clock can be slewed by meanwhile.
        let slewed = i128::from(now.seen.saturating_sub(gap.seen) / SLEW);
        let millis = gap.millis + by.clamp(-slewed, slewed);
        *gap = Gap { millis, seen: now.seen, jumped: gap.jumped || jumped };
        !gap.jumped
    }

    /// An operator has looked: the time is right as it is.
    pub fn confirm(&self) {
        let mut gap = self.gap.lock().unwrap_or_else(PoisonError::into_inner);
        *gap = Gap::now(&*self.source, &*self.unset);
    }
}

impl Gap {
    fn now(source: &Source, unset: &Source) -> Gap {
        let seen = unset();
        Gap { millis: i128::from(source()) - i128::from(seen), seen, jumped: false }
    }
}

/// Milliseconds since the machine was started, also while it slept.
#[cfg(target_os = "linux")]
fn since_boot() -> u64 {
    let now = rustix::time::clock_gettime(rustix::time::ClockId::Boottime);
    u64::try_from(now.tv_sec).unwrap_or_default() * 1000 + u64::try_from(now.tv_nsec).unwrap_or_default() / 1_000_000
}

/// Milliseconds since this was asked first.
#[cfg(not(target_os = "linux"))]
fn since_boot() -> u64 {
    static FIRST: std::sync::LazyLock<std::time::Instant> = std::sync::LazyLock::new(std::time::Instant::now);
    u64::try_from(FIRST.elapsed().as_millis()).unwrap_or(u64::MAX)
}

impl std::fmt::Debug for Clock {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Clock({})", self.latest.load(Ordering::Relaxed))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hands() -> (Arc<AtomicU64>, Arc<AtomicU64>, Clock) {
        let (wall, unset) = (Arc::new(AtomicU64::new(1_795_000_000_000)), Arc::new(AtomicU64::new(5_000)));
        let read = |hand: &Arc<AtomicU64>| -> Arc<Source> {
            let hand = hand.clone();
            Arc::new(move || hand.load(Ordering::Relaxed))
        };
        let clock = Clock::beside(read(&wall), read(&unset));
        (wall, unset, clock)
    }

    #[test]
    fn time_that_goes_on_is_steady_and_a_jump_either_way_is_none_until_confirmed() {
        for by in [-60_001_i64, 60_001, 86_400_000] {
            let (wall, unset, clock) = hands();
            for _ in 0..100 {
                wall.fetch_add(3_600_000, Ordering::Relaxed);
                unset.fetch_add(3_599_900, Ordering::Relaxed);
                assert!(clock.is_steady(), "a tenth of a second an hour, and a sleep");
            }
            let set = wall.load(Ordering::Relaxed).checked_add_signed(by).expect("a time");
            wall.store(set, Ordering::Relaxed);
            assert!(!clock.is_steady(), "{by}");
            wall.store(set.checked_add_signed(-by).expect("a time"), Ordering::Relaxed);
            assert!(!clock.is_steady(), "{by}: back is not confirmed");
            clock.confirm();
            assert!(clock.is_steady());
        }
        let (wall, unset, clock) = hands();
        let looks = (1..=10).take_while(|_| {
            wall.fetch_add(15_000 + 20_000, Ordering::Relaxed);
            unset.fetch_add(15_000, Ordering::Relaxed);
            clock.is_steady()
        });
        assert_eq!(looks.count(), 3, "steps of twenty seconds are a jump by the fourth");
        let (wall, _, clock) = hands();
        wall.fetch_add(60_000, Ordering::Relaxed);
        assert!(clock.is_steady(), "a minute is what a time server may set right");
    }

    #[test]
    fn the_system_has_both_clocks() {
        let clock = Clock::system();
        assert!(clock.is_steady() && clock.millis() > 1_700_000_000_000);
    }
}
