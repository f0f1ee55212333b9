//! Time: what the phone's clocks say, and what is learned of the server's.
//!
//! Phones' clocks are wrong. Nothing here trusts the wall clock while anything better is known: every
//! answer of a server carries its time in milliseconds, and from one such answer on, that time is carried
//! forward by the monotonic clock, which no person and no network can set. The wall clock is used for one
//! thing only: to guess the server's time after a restart, before the first answer.

use serde::{Deserialize, Serialize};

/// The moment an event is handled, as the host reads it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Now {
    /// Milliseconds since 1970 by the phone's own clock. May be wrong, may jump.
    pub wall_ms: i64,
    /// Milliseconds since any fixed moment; never goes back, and counts while the phone sleeps
    /// (`CLOCK_BOOTTIME`, `elapsedRealtime`, `mach_continuous_time`).
    pub monotonic_ms: u64,
}

impl Now {
    /// Milliseconds from now until `deadline` (a monotonic moment); zero once it has passed.
    pub fn until(self, deadline: u64) -> u64 {
        deadline.saturating_sub(self.monotonic_ms)
    }

    /// Whether `deadline` (a monotonic moment) has come.
    pub fn is_past(self, deadline: u64) -> bool {
        self.monotonic_ms >= deadline
    }

    /// The monotonic moment `ms` from now.
    pub fn after(self, ms: u64) -> u64 {
        self.monotonic_ms.saturating_add(ms)
    }
}

/// What a phone knows of one server's clock.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ServerClock {
    /// Server time minus wall time when last learned; all that survives a restart.
    wall_offset_ms: Option<i64>,
    /// What was learned in this run.
    #[serde(skip)]
    anchor: Option<Anchor>,
}

/// A server time and the monotonic moment it belonged to, with how far off it may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Anchor {
    server_ms: i64,
    monotonic_ms: u64,
    uncertainty_ms: u64,
}

/// Drift allowed for between two clocks that tick by themselves: 1 in 2000, far more than any crystal.
const DRIFT: u64 = 2_000;

impl ServerClock {
    /// Learns from an answer that carried `server_ms`, to a request sent at the monotonic moment `sent`.
    ///
    /// The server read its clock somewhere between `sent` and now; the middle is assumed, half the round
    /// trip is the uncertainty, and the sharper of two samples is kept. A sample that contradicts what is
    /// known wins: then a clock was set.
    pub fn learn(&mut self, server_ms: i64, sent: u64, now: Now) {
        let round_trip = now.monotonic_ms.saturating_sub(sent);
        let sample = Anchor {
            server_ms: server_ms.saturating_add((round_trip / 2) as i64),
            monotonic_ms: now.monotonic_ms,
            uncertainty_ms: round_trip / 2 + 1,
        };
        let keep = self.anchor.is_some_and(|known| {
            let spread = known.uncertainty_at(now);
            let apart = known.server_at(now).abs_diff(sample.server_ms);
            spread < sample.uncertainty_ms && apart <= spread.saturating_add(sample.uncertainty_ms)
        });
        if !keep {
            self.anchor = Some(sample);
            let offset = sample.server_ms.saturating_sub(now.wall_ms);
            // Small changes are not worth a write of the vault.
            if self.wall_offset_ms.is_none_or(|known| known.abs_diff(offset) > 1_000) {
                self.wall_offset_ms = Some(offset);
            }
        }
    }

    /// The server's time in milliseconds, if an answer of this run told it.
    pub fn learned_ms(&self, now: Now) -> Option<i64> {
        self.anchor.map(|anchor| anchor.server_at(now))
    }

    /// The best guess of the server's time in milliseconds: learned, else carried over by the wall clock
    /// from an earlier run, else the wall clock itself.
    pub fn guess_ms(&self, now: Now) -> i64 {
        self.learned_ms(now).unwrap_or_else(|| now.wall_ms.saturating_add(self.wall_offset_ms.unwrap_or(0)))
    }

    /// How far the phone's wall clock is behind the server (negative: ahead), if learned in this run.
    pub fn skew_ms(&self, now: Now) -> Option<i64> {
        self.learned_ms(now).map(|server| server.saturating_sub(now.wall_ms))
    }

    /// The monotonic moment at which the server's clock will read `server_s` seconds.
    pub fn deadline(&self, server_s: u64, now: Now) -> u64 {
        let end = i64::try_from(server_s).unwrap_or(i64::MAX).saturating_mul(1_000);
        let left = end.saturating_sub(self.guess_ms(now));
        now.after(left.max(0) as u64)
    }
}

impl Anchor {
    fn server_at(&self, now: Now) -> i64 {
        let passed = now.monotonic_ms.saturating_sub(self.monotonic_ms);
        self.server_ms.saturating_add(i64::try_from(passed).unwrap_or(i64::MAX))
    }

    fn uncertainty_at(&self, now: Now) -> u64 {
        self.uncertainty_ms + now.monotonic_ms.saturating_sub(self.monotonic_ms) / DRIFT
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const SERVER_MS: i64 = 1_800_000_000_000;

    fn now(monotonic_ms: u64, wall_ms: i64) -> Now {
        Now { wall_ms, monotonic_ms }
    }

    proptest! {
        /// Row 35: whatever the wall clock does, the learned time is off by half a round trip and the drift, no more.
        #[test]
        fn the_learned_time_is_right_whatever_the_wall_clock_says(
            samples in prop::collection::vec((0_u64..5_000, 0_u64..5_000, 0_u64..600_000, any::<i32>()), 1..20),
            idle in 0_u64..600_000,
            wall in any::<i32>(),
        ) {
            let mut clock = ServerClock::default();
            let (mut at, mut best) = (0_u64, (u64::MAX, 0_u64));
            for (there, back, pause, wall) in samples {
                at += pause;
                let sent = at;
                let stamped = SERVER_MS + (sent + there) as i64;
                at += there + back;
                clock.learn(stamped, sent, now(at, i64::from(wall)));
                let uncertainty = (there + back) / 2 + 1;
                if best.0 == u64::MAX || uncertainty <= best.0 + (at - best.1) / DRIFT {
                    best = (uncertainty, at);
                }
            }
            let later = now(at + idle, i64::from(wall));
            let off = clock.learned_ms(later).unwrap().abs_diff(SERVER_MS + later.monotonic_ms as i64);
            prop_assert!(off <= best.0 + idle / DRIFT + (at - best.1) / DRIFT + 1, "off by {off}");
        }

        #[test]
        fn a_deadline_lies_where_the_servers_clock_will_be(seconds in 0_u64..100_000, wall in any::<i32>()) {
            let mut clock = ServerClock::default();
            clock.learn(SERVER_MS, 5_000, now(5_000, i64::from(wall)));
            let end = (SERVER_MS / 1_000) as u64 + seconds;
            let deadline = clock.deadline(end, now(6_000, 0));
            prop_assert!(deadline.abs_diff((5_000 + seconds * 1_000).max(6_000)) <= 1);
        }
    }

    #[test]
    fn a_server_whose_clock_was_set_is_believed_anew() {
        let mut clock = ServerClock::default();
        clock.learn(SERVER_MS, 1_000, now(1_010, 0));
        clock.learn(SERVER_MS + 3_600_000, 2_000, now(2_500, 0));
        let off = clock.learned_ms(now(2_500, 0)).unwrap().abs_diff(SERVER_MS + 3_600_250);
        assert!(off <= 250, "{off}");
    }

    #[test]
    fn after_a_restart_the_offset_to_the_wall_clock_is_all_there_is() {
        let mut clock = ServerClock::default();
        clock.learn(SERVER_MS, 0, now(0, 1_000));
        let restarted: ServerClock = serde_json::from_str(&serde_json::to_string(&clock).unwrap()).unwrap();
        assert_eq!(restarted.learned_ms(now(0, 61_000)), None);
        assert_eq!(restarted.guess_ms(now(0, 61_000)), SERVER_MS + 60_000);
    }
}
