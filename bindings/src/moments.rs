//! Time as it crosses: instants of the phone's own clock.
//!
//! Phones' clocks are wrong, so the companion counts on a monotonic clock and on the server's. A screen has only the phone's: what
//! it is given is put on that clock, so that `moment - now` is right whatever the clock says.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use koppel_client::clock::{Clock as _, SystemClock};

/// A moment of the monotonic clock, in milliseconds, on the phone's wall clock.
pub(crate) fn on_the_wall(monotonic_ms: u64) -> SystemTime {
    let left = monotonic_ms.saturating_sub(SystemClock.now().monotonic_ms);
    SystemTime::now().checked_add(Duration::from_millis(left)).unwrap_or_else(far_away)
}

/// Seconds of the server's clock, as a moment in time. For what is shown as an hour of the day.
pub(crate) fn of_the_server(seconds: u64) -> SystemTime {
    UNIX_EPOCH.checked_add(Duration::from_secs(seconds)).unwrap_or_else(far_away)
}

/// Seconds of the server's clock, on a wall clock that is `skew_s` behind it. For what is counted down to.
pub(crate) fn of_the_server_here(seconds: u64, skew_s: Option<i64>) -> SystemTime {
    of_the_server(seconds.saturating_add_signed(skew_s.unwrap_or(0).saturating_neg()))
}

/// In so many seconds.
pub(crate) fn after(seconds: u64) -> SystemTime {
    SystemTime::now().checked_add(Duration::from_secs(seconds)).unwrap_or_else(far_away)
}

/// The last second of the year 9999: later than anything, and a date in every language.
fn far_away() -> SystemTime {
    UNIX_EPOCH + Duration::from_secs(253_402_300_799)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_deadline_lies_on_the_phones_clock_as_far_ahead_as_it_is() {
        let ahead = on_the_wall(SystemClock.now().monotonic_ms + 60_000).duration_since(SystemTime::now()).unwrap();
        assert!(ahead > Duration::from_secs(59) && ahead <= Duration::from_secs(60), "{ahead:?}");
        assert!(on_the_wall(0) <= SystemTime::now());
    }

    #[test]
    fn a_phone_that_is_a_day_behind_is_told_a_moment_a_day_earlier() {
        let day = 86_400;
        let here = of_the_server_here(1_800_000_000, Some(day));
        assert_eq!(here, UNIX_EPOCH + Duration::from_secs(1_800_000_000 - 86_400));
    }

    #[test]
    fn no_number_of_a_server_is_too_large() {
        assert_eq!(of_the_server(u64::MAX), far_away());
        assert_eq!(of_the_server_here(u64::MAX, Some(i64::MIN)), far_away());
    }
}
