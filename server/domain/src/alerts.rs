//! How loud phones may be: the push budget of `policy`, and the quiet after denials.
//!
//! A budget silences the *alert* only. The challenge itself is always in the inbox, on the live channel and in the app,
//! so that an attacker who spends the budget hides nothing (`threats` row 2).

use serde::{Deserialize, Serialize};

use crate::{Policy, Time};

const TEN_MINUTES: u32 = 600;
const DAY: u32 = 86_400;

/// What was loud since the last success.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Alerts {
    /// When alerts were raised, oldest first, no older than a day.
    pub raised: Vec<Time>,
    /// Challenges denied or left alone in a row.
    pub unwanted: u32,
    /// Quiet until then.
    pub quiet_until: Option<Time>,
}

/// Whether a delivery may ring.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Loudness {
    /// The phone may ring.
    Loud,
    /// The phone shows it and makes no sound.
    Quiet,
}

impl Alerts {
    /// Takes one alert from the budget, if it holds.
    pub fn ring(&mut self, policy: &Policy, now: Time) -> Loudness {
        self.raised.retain(|at| now.since(*at) < DAY);
        let lately = self.raised.iter().filter(|at| now.since(**at) < TEN_MINUTES).count();
        let quiet = self.quiet_until.is_some_and(|until| now < until);
        let spent = lately >= policy.alerts_ten_minutes as usize || self.raised.len() >= policy.alerts_day as usize;
        if quiet || spent {
            return Loudness::Quiet;
        }
        self.raised.push(now);
        Loudness::Loud
    }

    /// A challenge was denied or left alone.
    pub fn unwanted(&mut self, policy: &Policy, now: Time) {
        self.unwanted += 1;
        if self.unwanted >= policy.quiet_after {
            self.quiet_until = Some(now.plus(policy.quiet_for));
            self.unwanted = 0;
        }
    }

    /// The user logged in: the budget is full again.
    pub fn success(&mut self) {
        *self = Self::default();
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        /// threats row 2
        #[test]
        fn no_ten_minutes_and_no_day_ring_more_often_than_allowed(steps in prop::collection::vec((0u32..900, any::<bool>()), 1..200)) {
            let policy = Policy::default();
            let mut alerts = Alerts::default();
            let mut now = Time(1_000_000);
            let mut rung: Vec<Time> = Vec::new();
            for (pause, denied) in steps {
                now = now.plus(pause);
                if alerts.ring(&policy, now) == Loudness::Loud {
                    rung.push(now);
                }
                if denied {
                    alerts.unwanted(&policy, now);
                }
            }
            for at in &rung {
                let within = |seconds: u32| rung.iter().filter(|other| *other >= at && other.since(*at) < seconds).count();
                prop_assert!(within(TEN_MINUTES) <= policy.alerts_ten_minutes as usize);
                prop_assert!(within(DAY) <= policy.alerts_day as usize);
            }
        }
    }

    /// threats row 2
    #[test]
    fn three_denials_make_phones_quiet_until_a_success_or_an_hour() {
        let policy = Policy::default();
        let mut alerts = Alerts::default();
        let now = Time(1_000_000);
        for _ in 0..3 {
            alerts.unwanted(&policy, now);
        }
        assert_eq!(alerts.ring(&policy, now.plus(3599)), Loudness::Quiet);
        assert_eq!(alerts.clone().ring(&policy, now.plus(3600)), Loudness::Loud);
        alerts.success();
        assert_eq!(alerts.ring(&policy, now), Loudness::Loud);
    }
}
