//! Time as the store tells it: whole seconds since 1970. Nothing here reads a clock.

use std::fmt;

use serde::{Deserialize, Serialize};

/// A moment: seconds since 1970-01-01T00:00Z.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Time(pub u64);

impl Time {
    /// So many seconds later.
    pub const fn plus(self, seconds: u32) -> Time {
        Time(self.0.saturating_add(seconds as u64))
    }

    /// So many seconds earlier.
    pub const fn minus(self, seconds: u32) -> Time {
        Time(self.0.saturating_sub(seconds as u64))
    }

    /// Seconds from now until then; 0 when it has passed.
    pub const fn until(self, then: Time) -> u32 {
        let seconds = then.0.saturating_sub(self.0);
        if seconds > u32::MAX as u64 { u32::MAX } else { seconds as u32 }
    }

    /// Seconds that have passed since then; 0 when it lies ahead.
    pub const fn since(self, then: Time) -> u32 {
        then.until(self)
    }

    /// Seconds between the two, whichever came first.
    pub const fn apart(self, other: Time) -> u64 {
        self.0.abs_diff(other.0)
    }
}

impl fmt::Display for Time {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}
