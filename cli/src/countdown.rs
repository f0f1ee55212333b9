//! How long something still lives, as a person sees it.

use koppel_client::clock::{Clock, SystemClock};

/// The seconds at which a countdown is spoken.
pub(crate) const SPOKEN: [u64; 3] = [60, 30, 10];

/// Monotonic milliseconds, as the snapshot's deadlines count them.
pub(crate) fn now_ms() -> u64 {
    SystemClock.now().monotonic_ms
}

/// Milliseconds until a deadline, zero once it passed.
pub(crate) fn left_ms(deadline: u64) -> u64 {
    deadline.saturating_sub(now_ms())
}

/// Whole seconds, rounded up: the last second shows as 1.
pub(crate) fn seconds(left_ms: u64) -> u64 {
    left_ms.div_ceil(1000)
}

/// A ring that empties: one character, by how much of the life is left.
pub(crate) fn ring(left_ms: u64, lifetime_ms: u64, ascii: bool) -> &'static str {
    if ascii {
        return "o";
    }
    match left_ms.saturating_mul(8) / lifetime_ms.max(1) {
        6.. => "●",
        4..=5 => "◕",
        2..=3 => "◑",
        1 => "◔",
        0 => "○",
    }
}

/// The announcement that is due now, between the last look and this one.
pub(crate) fn announcement(before_ms: u64, left_ms: u64) -> Option<u64> {
    SPOKEN.into_iter().find(|second| seconds(before_ms) > *second && seconds(left_ms) <= *second && left_ms > 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_countdown_is_spoken_at_sixty_thirty_and_ten() {
        assert_eq!(announcement(61_000, 60_000), Some(60));
        assert_eq!(announcement(60_000, 59_000), None);
        assert_eq!(announcement(31_000, 29_500), Some(30));
        assert_eq!(announcement(10_500, 9_900), Some(10));
        assert_eq!(announcement(9_000, 0), None);
    }

    #[test]
    fn the_last_second_shows_as_one() {
        assert_eq!(seconds(1), 1);
        assert_eq!(seconds(1000), 1);
        assert_eq!(seconds(1001), 2);
        assert_eq!(seconds(0), 0);
    }
}
