//! The numbers of a login and a pairing, each a named setting with its default, its bounds and its source.
//!
//! The row in the database is the truth for an organisation; a number outside its bounds cannot be set. "63B-4" is NIST
//! SP 800-63B-4, "ASVS" is OWASP ASVS 5.0, "ours" is our own judgement. Durations are seconds.

use serde::{Deserialize, Serialize};

/// One number of [`Policy`], for commands that show and set it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Setting {
    /// Its name, as `organisation set` takes it.
    pub name: &'static str,
    /// What holds when nobody sets it.
    pub default: u32,
    /// The smallest value it takes.
    pub least: u32,
    /// The largest value it takes.
    pub most: u32,
}

/// Why a setting was not changed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SettingError {
    /// There is no such setting.
    #[error("there is no setting {0}")]
    Unknown(String),
    /// The value lies outside its bounds.
    #[error("{name} takes {least} to {most}, not {value}")]
    OutOfBounds {
        /// The setting.
        name: &'static str,
        /// The smallest value it takes.
        least: u32,
        /// The largest value it takes.
        most: u32,
        /// What was asked.
        value: u32,
    },
}

macro_rules! settings {
    ($($(#[$doc:meta])* $name:ident = $default:literal, $least:literal ..= $most:literal;)*) => {
        /// All settings of one organisation.
        #[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
        #[serde(default)]
        pub struct Policy {
            /// Raised by every change; what was prepared under another version is prepared again.
            pub version: u32,
            $($(#[$doc])* pub $name: u32,)*
        }

        impl Default for Policy {
            fn default() -> Self {
                Self { version: 1, $($name: $default,)* }
            }
        }

        impl Policy {
            /// Every setting, in the order of this page.
            pub const SETTINGS: &'static [Setting] = &[
                $(Setting { name: stringify!($name), default: $default, least: $least, most: $most },)*
            ];

            /// The value of a setting by its name.
            pub fn get(&self, name: &str) -> Option<u32> {
                match name {
                    $(stringify!($name) => Some(self.$name),)*
                    _ => None,
                }
            }

            /// Changes a setting by its name, within its bounds.
            ///
            /// # Errors
            /// [`SettingError`]; nothing is changed then.
            pub fn set(&mut self, name: &str, value: u32) -> Result<(), SettingError> {
                match name {
                    $(stringify!($name) => {
                        if !($least..=$most).contains(&value) {
                            return Err(SettingError::OutOfBounds { name: stringify!($name), least: $least, most: $most, value });
                        }
                        self.$name = value;
                    })*
                    _ => return Err(SettingError::Unknown(name.to_owned())),
                }
                self.version = self.version.wrapping_add(1);
                Ok(())
            }
        }
    };
}

settings! {
    /// Digits of a typed code. 63B-4 §3.1.3.2 asks six.
    code_digits = 6, 6..=8;
    /// Life of one delivery, the signed `exp`.
    delivery_lifetime = 120, 60..=300;
    /// Life of a challenge over all its deliveries. 63B-4 §3.1.3.2: at most ten minutes.
    challenge_lifetime = 600, 60..=600;
    /// How often a challenge may be delivered again.
    resends = 3, 0..=3;
    /// The least time between two deliveries.
    resend_after = 20, 20..=120;
    /// Typed codes in all for one challenge, whatever the method; a resend gives none back. Ours.
    code_tries = 5, 1..=5;
    /// Steps of 30 seconds to either side of now in which an authenticator's code counts. RFC 6238 §5.2.
    totp_window = 1, 0..=1;
    /// Digits of the number that is typed into the phone. 63B-4 §3.1.3.2.
    number_digits = 6, 6..=8;
    /// Numbers typed into the phone for one challenge.
    number_tries = 3, 1..=3;
    /// From approved to consumed: a mobile tab sleeps while its user is in the app. Ours.
    approved_lifetime = 120, 30..=300;
    /// Failed codes in a row before the first delay. RFC 4226 §7.3.
    failures_free = 3, 1..=5;
    /// The delay after a failure is this times the failures so far.
    failure_delay = 5, 1..=60;
    /// From so many failures in a row on, delays double.
    failures_steep = 10, 5..=20;
    /// The first of the doubling delays.
    failure_delay_steep = 30, 10..=600;
    /// No delay is longer.
    failure_delay_most = 3600, 600..=86_400;
    /// Failures in a row at which typing codes is disabled until a phone is paired again. 63B-4 §3.2.2.
    failures_disable = 100, 10..=100;
    /// Live challenges of one user; one more ends the oldest. ASVS 6.6.2.
    live_challenges = 3, 1..=3;
    /// Alerts without a success in any ten minutes. 63B-4 §3.1.3.2, ASVS 6.6.4.
    alerts_ten_minutes = 3, 1..=10;
    /// Alerts without a success in any day.
    alerts_day = 10, 3..=50;
    /// Challenges denied or ignored in a row that make phones quiet.
    quiet_after = 3, 1..=10;
    /// How long phones stay quiet then. The challenge itself is always shown.
    quiet_for = 3600, 600..=86_400;
    /// How long a fraud report on a challenge is taken. Ours.
    fraud_window = 86_400, 3600..=604_800;
    /// Life of a prompt: a person pairs a phone and logs in within it. Ours.
    prompt_lifetime = 1800, 300..=3600;
    /// From the panel's first factor to a login prompt.
    first_factor_age = 600, 60..=3600;
    /// From the panel's first factor, or a factor used here, to a settings page. Ours.
    settings_factor_age = 300, 60..=900;
    /// Life of the code a page hands to the panel.
    result_code_lifetime = 120, 30..=300;
    /// Life of a koppelcode. 63B-4 §4.1.2.2.
    koppelcode_lifetime = 600, 60..=600;
    /// Failed tries of one source with one user name. Ours.
    koppelcode_tries_source = 5, 3..=5;
    /// Failed tries with one koppelcode from everywhere: 500 · 2⁻⁴⁰ < 2⁻³⁰.
    koppelcode_tries = 500, 20..=500;
    /// Failed tries of one source (IPv4 address or IPv6 /64) in an hour.
    source_tries_hour = 20, 5..=100;
    /// Life of a pairing link and its QR code. Ours.
    link_lifetime = 300, 60..=600;
    /// Transcripts per invitation, and per user in ten minutes by login: a relay guesses so often in 10⁶. Ours.
    transcripts = 3, 1..=3;
    /// From the first message of a pairing to its confirmation; an unconfirmed device is refused then.
    pairing_lifetime = 600, 120..=600;
    /// Check numbers typed for one pairing.
    check_tries = 3, 1..=3;
    /// How long an active phone may take to answer its activation.
    activation_answer = 86_400, 3600..=86_400;
    /// A phone that was not heard of for so long is suspended. Ours: 180 days.
    device_idle = 15_552_000, 2_592_000..=31_536_000;
    /// A device proof's nonce. After RFC 9449.
    nonce_lifetime = 300, 60..=300;
    /// How long the reset of a protected user waits, unless a second agent says yes. Ours: a day.
    reset_wait = 86_400, 3600..=604_800;
    /// 1 when every user is protected, as a panel can say of some: a reset waits, and no desk adds a phone before it.
    protect_everybody = 0, 0..=1;
    /// 1 when a second agent's yes ends the wait of a reset.
    second_agent = 1, 0..=1;
    /// 1 when support hands out koppelcodes; 0: only a command on the machine does.
    desk_koppelcodes = 1, 0..=1;
    /// 1 when only a biometric, never a PIN, may approve.
    biometric_only = 0, 0..=1;
    /// 1 when the organisation lets people pair with user name and password (login door).
    login_door = 0, 0..=1;
}

impl Policy {
    /// The delay that follows so many failures in a row.
    pub fn failure_pause(&self, failures: u32) -> u32 {
        if failures < self.failures_free {
            0
        } else if failures < self.failures_steep {
            self.failure_delay * failures
        } else {
            let doublings = (failures - self.failures_steep).min(31);
            let pause = u64::from(self.failure_delay_steep) << doublings;
            u32::try_from(pause).unwrap_or(u32::MAX).min(self.failure_delay_most)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_default_lies_within_its_bounds_and_can_be_set_by_name() {
        let mut policy = Policy::default();
        for setting in Policy::SETTINGS {
            assert_eq!(policy.get(setting.name), Some(setting.default));
            for value in [setting.least, setting.most] {
                policy.set(setting.name, value).unwrap_or_else(|error| panic!("{error}"));
                assert_eq!(policy.get(setting.name), Some(value));
            }
            let version = policy.version;
            assert!(policy.set(setting.name, setting.most + 1).is_err(), "{}", setting.name);
            assert_eq!(policy.version, version, "a refused change is no change");
        }
        assert!(policy.set("no_such_setting", 1).is_err());
    }

    /// threats row 12: the bound of the spoken code, computed from the settings.
    #[test]
    fn a_koppelcode_is_guessed_with_less_than_two_to_the_minus_thirty() {
        let most =
            Policy::SETTINGS.iter().find(|setting| setting.name == "koppelcode_tries").map(|setting| setting.most);
        let tries = f64::from(most.unwrap_or(u32::MAX));
        assert!(tries * 2f64.powi(-40) < 2f64.powi(-30));
    }

    /// threats row 3
    #[test]
    fn delays_grow_and_never_shrink() {
        let policy = Policy::default();
        assert_eq!(
            [0, 2, 3, 4, 9, 10, 11, 12, 99].map(|n| policy.failure_pause(n)),
            [0, 0, 15, 20, 45, 30, 60, 120, 3600]
        );
        assert!((10..99).all(|n| policy.failure_pause(n) <= policy.failure_pause(n + 1)));
    }
}
