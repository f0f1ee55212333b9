//! The server's time: milliseconds since 1970, never backwards while the process lives.
//!
//! Verdicts use the store's time, which comes from here in whole seconds; phones learn their offset from the milliseconds
//! in `Koppel-Time`. Tests bring a clock of their own.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

use koppel_domain::Time;

/// Tells milliseconds since 1970. May jump; [`Clock`] does not.
pub type Source = dyn Fn() -> u64 + Send + Sync;

/// A clock that never goes back.
#[derive(Clone)]
pub struct Clock {
    source: Arc<Source>,
    latest: Arc<AtomicU64>,
}

impl Clock {
    /// The system's clock.
    pub fn system() -> Clock {
        Clock::new(Arc::new(|| {
            let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
            u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
        }))
    }

    /// Another clock.
    pub fn new(source: Arc<Source>) -> Clock {
        Clock { source, latest: Arc::default() }
    }

    /// Milliseconds.
    pub fn millis(&self) -> u64 {
        let told = (self.source)();
        self.latest.fetch_max(told, Ordering::Relaxed).max(told)
    }

    /// Whole seconds.
    pub fn now(&self) -> Time {
        Time(self.millis() / 1000)
    }
}

impl std::fmt::Debug for Clock {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Clock({})", self.latest.load(Ordering::Relaxed))
    }
}
