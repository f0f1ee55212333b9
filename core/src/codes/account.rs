//! An authenticator account of another service, and the code it gives at a moment.

use std::fmt;

use koppel_protocol::{DigitCount, Digits, Text};
use serde::{Deserialize, Serialize};
use totp_rs::{Algorithm, Builder};
use zeroize::Zeroizing;

use super::{base32, error::OtpError, export::OtpReading, link, seed::Seed};

/// What a service and this phone agreed on: a secret, and how codes are computed from it. Prints no secret.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Written", into = "Written")]
pub struct OtpAccount {
    pub(super) issuer: Text,
    pub(super) name: Text,
    pub(super) seed: Seed,
    pub(super) hash: OtpHash,
    pub(super) digits: DigitCount,
    pub(super) period_s: u64,
}

/// The hash that codes are computed with.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum OtpHash {
    /// SHA-1, which nearly every service uses.
    #[default]
    Sha1,
    /// SHA-256.
    Sha256,
    /// SHA-512.
    Sha512,
}

/// Seconds that a code lives where nothing else is said.
pub(super) const PERIOD_S: u64 = 30;
/// The longest that a code may live, in seconds.
const LONGEST_S: u64 = 300;

impl OtpAccount {
    /// Reads what a QR code or a link holds: an account (`otpauth://totp/…`), or accounts that another authenticator exports
    /// (`otpauth-migration://offline?data=…`).
    ///
    /// ```
    /// use koppel_core::OtpAccount;
    /// let reading = OtpAccount::read("otpauth://totp/Example:anna?secret=jbsw y3dp ehpk 3pxp").unwrap();
    /// assert_eq!(reading.accounts[0].issuer(), "Example");
    /// ```
    ///
    /// # Errors
    /// [`OtpError`]. Of an export that can be read, what is refused is in [`OtpReading::refused`].
    pub fn read(link: &str) -> Result<OtpReading, OtpError> {
        link::read(link)
    }

    /// An account as a person types it: SHA-1, six digits, 30 seconds, which is what services mean who show a secret alone.
    ///
    /// # Errors
    /// [`OtpError`]: the secret is none, or both names are empty.
    pub fn typed(issuer: &str, name: &str, secret: &str) -> Result<Self, OtpError> {
        let (issuer, name) = (Text::clean(issuer), Text::clean(name));
        if issuer.is_empty() && name.is_empty() {
            return Err(OtpError::NameMissing);
        }
        let seed = base32::seed(secret)?;
        Ok(Self { issuer, name, seed, hash: OtpHash::Sha1, digits: DigitCount::SIX, period_s: PERIOD_S })
    }

    /// The service; may be empty.
    pub fn issuer(&self) -> &str {
        self.issuer.as_str()
    }

    /// The person's name there; may be empty.
    pub fn name(&self) -> &str {
        self.name.as_str()
    }

    /// How long a code lives, in seconds.
    pub(super) fn period_s(&self) -> u64 {
        self.period_s
    }

    /// The code of a step: RFC 6238 §4.2.
    pub(super) fn code(&self, step: u64) -> Digits {
        let hash = match self.hash {
            OtpHash::Sha1 => Algorithm::SHA1,
            OtpHash::Sha256 => Algorithm::SHA256,
            OtpHash::Sha512 => Algorithm::SHA512,
        };
        let totp = Builder::new()
            .with_algorithm(hash)
            .with_digits(self.digits.get())
            .with_step_duration(1)
            .with_secret(self.seed.expose())
            .build_noncompliant();
        let text = Zeroizing::new(totp.generate(step).to_string());
        text.parse().unwrap_or_else(|_| unreachable!("six to eight digits are digits"))
    }
}

impl fmt::Debug for OtpAccount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OtpAccount").field("issuer", &self.issuer).finish_non_exhaustive()
    }
}

/// A period that codes may have.
pub(super) fn period(seconds: u64) -> Result<u64, OtpError> {
    if (1..=LONGEST_S).contains(&seconds) { Ok(seconds) } else { Err(OtpError::Period) }
}

/// As it stands in the vault, before it is believed.
#[derive(Serialize, Deserialize)]
struct Written {
    issuer: Text,
    name: Text,
    seed: Seed,
    hash: OtpHash,
    digits: u8,
    period_s: u64,
}

impl From<OtpAccount> for Written {
    fn from(account: OtpAccount) -> Self {
        let OtpAccount { issuer, name, seed, hash, digits, period_s } = account;
        Self { issuer, name, seed, hash, digits: digits.get(), period_s }
    }
}

impl TryFrom<Written> for OtpAccount {
    type Error = OtpError;

    fn try_from(written: Written) -> Result<Self, OtpError> {
        let Written { issuer, name, seed, hash, digits, period_s } = written;
        let digits = DigitCount::new(digits).map_err(|_| OtpError::Digits)?;
        Ok(Self { issuer, name, seed, hash, digits, period_s: period(period_s)? })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn account(hash: OtpHash, seed: &[u8], digits: u8) -> OtpAccount {
        OtpAccount {
            issuer: Text::clean("RFC 6238"),
            name: Text::default(),
            seed: Seed::new(Zeroizing::new(seed.to_vec())).unwrap(),
            hash,
            digits: DigitCount::new(digits).unwrap(),
            period_s: 30,
        }
    }

    /// RFC 6238 appendix B, all of it. The seeds repeat up to the length of the hash (errata 2866).
    #[test]
    fn codes_are_those_of_the_rfc_for_all_three_hashes() {
        let seed = b"1234567890".repeat(7);
        let sha1 = account(OtpHash::Sha1, &seed[..20], 8);
        let sha256 = account(OtpHash::Sha256, &seed[..32], 8);
        let sha512 = account(OtpHash::Sha512, &seed[..64], 8);
        for (at, codes) in [
            (59, ["94287082", "46119246", "90693936"]),
            (1_111_111_109, ["07081804", "68084774", "25091201"]),
            (1_111_111_111, ["14050471", "67062674", "99943326"]),
            (1_234_567_890, ["89005924", "91819424", "93441116"]),
            (2_000_000_000, ["69279037", "90698825", "38618901"]),
            (20_000_000_000, ["65353130", "77737706", "47863826"]),
        ] {
            let found = [&sha1, &sha256, &sha512].map(|account| account.code(at / 30));
            assert_eq!(found.each_ref().map(|code| code.expose()), codes, "{at}");
        }
    }

    #[test]
    fn fewer_digits_are_the_last_ones() {
        for (digits, code) in [(6, "287082"), (7, "4287082"), (8, "94287082")] {
            assert_eq!(account(OtpHash::Sha1, b"12345678901234567890", digits).code(1).expose(), code);
        }
    }

    #[test]
    fn an_account_prints_no_secret() {
        let account = OtpAccount::typed("Example", "anna", "JBSWY3DPEHPK3PXP").unwrap();
        assert_eq!(format!("{account:?}"), "OtpAccount { issuer: \"Example\", .. }");
        assert_eq!(format!("{:?}", account.seed), "Seed(hidden)");
    }

    #[test]
    fn what_a_vault_cannot_have_written_is_not_believed() {
        let good = serde_json::to_string(&account(OtpHash::Sha1, b"0123456789", 6)).unwrap();
        assert!(serde_json::from_str::<OtpAccount>(&good).is_ok());
        for (is, becomes) in [
            ("\"digits\":6", "\"digits\":10"),
            ("\"period_s\":30", "\"period_s\":0"),
            ("\"period_s\":30", "\"period_s\":301"),
            ("\"sha1\"", "\"md5\""),
            ("MDEyMzQ1Njc4OQ", ""),
            ("MDEyMzQ1Njc4OQ", "!"),
        ] {
            let bad = good.replacen(is, becomes, 1);
            assert_ne!(bad, good);
            assert!(serde_json::from_str::<OtpAccount>(&bad).is_err(), "{becomes}");
        }
    }
}
