//! The phone's clocks, as `core` wants them.

use std::time::{SystemTime, UNIX_EPOCH};

use koppel_core::Now;

/// Tells the time. Tests bring their own.
pub trait Clock: Send + Sync {
    /// The moment now.
    fn now(&self) -> Now;
}

/// The clocks of this machine. All of a process count from the same moment.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

/// Milliseconds that also count while the machine sleeps: a countdown must not stand still under a closed lid.
#[cfg(any(target_os = "linux", target_os = "android"))]
fn monotonic_ms() -> u64 {
    let since_boot = rustix::time::clock_gettime(rustix::time::ClockId::Boottime);
    milliseconds(since_boot)
}

/// On Apple's systems the monotonic clock is the continuous one; `Instant` reads the other, which stops while the phone sleeps.
#[cfg(target_vendor = "apple")]
fn monotonic_ms() -> u64 {
    milliseconds(rustix::time::clock_gettime(rustix::time::ClockId::Monotonic))
}

#[cfg(any(target_os = "linux", target_os = "android", target_vendor = "apple"))]
fn milliseconds(moment: rustix::time::Timespec) -> u64 {
    let ms = i128::from(moment.tv_sec) * 1000 + i128::from(moment.tv_nsec) / 1_000_000;
    u64::try_from(ms).unwrap_or(0)
}

#[cfg(not(any(target_os = "linux", target_os = "android", target_vendor = "apple")))]
fn monotonic_ms() -> u64 {
    static BEGAN: std::sync::LazyLock<std::time::Instant> = std::sync::LazyLock::new(std::time::Instant::now);
    u64::try_from(BEGAN.elapsed().as_millis()).unwrap_or(u64::MAX)
}

impl Clock for SystemClock {
    fn now(&self) -> Now {
        // A wall clock before 1970 reads as zero: wrong, but core trusts no wall clock anyway.
        let wall = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Now { wall_ms: i64::try_from(wall.as_millis()).unwrap_or(i64::MAX), monotonic_ms: monotonic_ms() }
    }
}

/// The clocks of this machine, the one on the wall set wrong: a phone that its owner set to another day. For tests of that.
#[derive(Debug, Clone, Copy)]
pub struct WrongClock {
    /// How many seconds it is ahead; behind, when negative.
    pub ahead_s: i64,
}

impl Clock for WrongClock {
    fn now(&self) -> Now {
        let now = SystemClock.now();
        Now { wall_ms: now.wall_ms.saturating_add(self.ahead_s.saturating_mul(1000)), ..now }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wrong_clock_is_wrong_on_the_wall_alone() {
        for ahead_s in [86_400, -86_400] {
            let (before, wrong, after) = (SystemClock.now(), WrongClock { ahead_s }.now(), SystemClock.now());
            assert!((before.wall_ms..=after.wall_ms).contains(&(wrong.wall_ms - ahead_s * 1000)));
            assert!((before.monotonic_ms..=after.monotonic_ms).contains(&wrong.monotonic_ms));
        }
    }
}
