//! An authenticator on the user's phone: a seed both sides have, a clock both sides read, six digits every 30 seconds.
//!
//! RFC 6238 with SHA-1, 30 seconds and six digits, which is what every authenticator takes. A step is accepted once: the
//! newest accepted one is kept, and only later ones count (§5.2).

use std::fmt;

use koppel_protocol::{Digits, id::PromptId};
use serde::{Deserialize, Serialize};
use subtle::{ConditionallySelectable, ConstantTimeEq};
use totp_rs::{Algorithm, Builder};
use zeroize::Zeroizing;

use crate::{SharedBytes, Time};

/// Seconds of one step. RFC 6238 §5.2.
pub const STEP: u64 = 30;
/// Digits of a code.
pub const DIGITS: u8 = 6;
/// Bytes of a seed that we draw: 160 bits. RFC 4226 §4 R6.
pub const SEED: usize = 20;

/// What is known of a user's authenticator.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Authenticator {
    /// The seed that counts, sealed for this account; none: it was never proven.
    pub seed: Option<SharedBytes>,
    /// Since when it counts.
    pub since: Option<Time>,
    /// The newest step that was accepted. Only later ones are.
    pub last_step: u64,
    /// A seed that a page shows and that is not proven yet.
    pub waiting: Option<WaitingSeed>,
}

/// A seed that a page shows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WaitingSeed {
    /// Sealed for this account.
    pub seed: SharedBytes,
    /// The page that shows it; no other proves it.
    pub prompt: PromptId,
}

/// A seed, opened before the transaction, and what it was opened from: a stored one that differs makes the request stale.
#[derive(Clone)]
pub struct OpenSeed {
    /// As it is stored.
    pub sealed: SharedBytes,
    seed: Zeroizing<Vec<u8>>,
}

impl fmt::Debug for OpenSeed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OpenSeed").finish_non_exhaustive()
    }
}

impl OpenSeed {
    /// `seed` is what `sealed` holds.
    pub const fn new(sealed: SharedBytes, seed: Zeroizing<Vec<u8>>) -> Self {
        Self { sealed, seed }
    }

    /// The code of a step.
    pub fn code(&self, step: u64) -> Digits {
        let totp = Builder::new()
            .with_algorithm(Algorithm::SHA1)
            .with_digits(DIGITS)
            .with_step_duration(1)
            .with_secret(self.seed.as_slice())
            .build_noncompliant();
        let text = Zeroizing::new(totp.generate(step).to_string());
        text.parse().unwrap_or_else(|_| unreachable!("six digits are digits"))
    }

    /// The step around `now`, `window` to either side, whose code was typed and that is later than `last_step`. Takes the same
    /// time for every answer.
    pub fn step_of(&self, typed: &Digits, now: Time, window: u64, last_step: u64) -> Option<u64> {
        let middle = now.0 / STEP;
        let mut found = 0;
        for step in middle.saturating_sub(window)..=middle + window {
            let same = self.code(step).expose().as_bytes().ct_eq(typed.expose().as_bytes());
            found.conditional_assign(&step, same);
        }
        (found > last_step).then_some(found)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 4226 appendix D and RFC 6238 appendix B (last six digits).
    fn rfc() -> OpenSeed {
        OpenSeed::new(SharedBytes::default(), Zeroizing::new(b"12345678901234567890".to_vec()))
    }

    #[test]
    fn codes_are_those_of_the_rfcs() {
        let hotp = ["755224", "287082", "359152", "969429", "338314", "254676", "287922", "162583", "399871", "520489"];
        for (step, code) in (0..).zip(hotp) {
            assert_eq!(rfc().code(step).expose(), code);
        }
        let totp = [
            (59, "287082"),
            (1_111_111_109, "081804"),
            (1_111_111_111, "050471"),
            (1_234_567_890, "005924"),
            (2_000_000_000, "279037"),
            (20_000_000_000, "353130"),
        ];
        for (at, code) in totp {
            assert_eq!(rfc().code(at / STEP).expose(), code);
        }
    }

    /// threats row 16
    #[test]
    fn a_step_counts_within_the_window_and_only_after_the_last_one() {
        let now = Time(1_800_000_015);
        let middle = now.0 / STEP;
        for (step, window, found) in [
            (middle - 2, 1, false),
            (middle - 1, 1, true),
            (middle, 1, true),
            (middle + 1, 1, true),
            (middle + 2, 1, false),
            (middle - 1, 0, false),
            (middle, 0, true),
        ] {
            let code = rfc().code(step);
            assert_eq!(rfc().step_of(&code, now, window, 0), found.then_some(step), "{step} in {window}");
            assert_eq!(rfc().step_of(&code, now, window, step), None, "once");
            assert_eq!(rfc().step_of(&code, now, window, step + 1), None, "nothing older");
        }
    }

    #[test]
    fn a_seed_prints_nothing() {
        assert_eq!(format!("{:?}", rfc()), "OpenSeed { .. }");
    }
}
