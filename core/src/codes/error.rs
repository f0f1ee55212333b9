//! Why an authenticator account cannot be kept, and what to do about it.

use thiserror::Error;

/// What was scanned, pasted or typed gives no codes. Nothing was kept. No part of it is repeated here: it may hold a secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum OtpError {
    /// Neither `otpauth://` nor `otpauth-migration://`.
    #[error("this is no link of an authenticator; scan the QR code that the service shows for one")]
    NotALink,
    /// Longer than any QR code holds.
    #[error("this link is longer than any QR code; copy it again")]
    TooLong,
    /// Codes by a counter (HOTP), not by the time.
    #[error("this account counts codes instead of using the time; ask the service for time-based codes")]
    CounterBased,
    /// A kind that only the service's own app computes, such as Steam's.
    #[error("only the service's own app gives codes of this kind; keep using that one")]
    OtherKind,
    /// No secret.
    #[error("the secret is missing; scan the whole QR code, or copy the whole secret")]
    SecretMissing,
    /// Not a letter or a digit of base32.
    #[error(
        "character {position} of the secret is not one of A-Z and 2-7; type it again (an O, not a 0; an I or L, not a 1; a B, not an 8)"
    )]
    SecretSymbol {
        /// Which, from 1, spaces and hyphens not counted.
        position: usize,
    },
    /// More than [`Seed::MAX`](super::seed::Seed::MAX) bytes.
    #[error("the secret is longer than any service gives; copy only the secret")]
    SecretTooLong,
    /// Another hash than SHA-1, SHA-256 and SHA-512.
    #[error("these codes need a hash other than SHA-1, SHA-256 or SHA-512; ask the service for another kind")]
    Hash,
    /// Not 6, 7 or 8 digits.
    #[error("these codes do not have 6, 7 or 8 digits; ask the service for another kind")]
    Digits,
    /// Not 1 to 300 seconds.
    #[error("these codes do not live for 1 to 300 seconds; ask the service for another kind")]
    Period,
    /// Typed by hand, with nothing to tell it from others.
    #[error("give the service or the account a name, to tell its codes from others")]
    NameMissing,
    /// An export that is cut off or changed.
    #[error("this export is damaged or not complete; let the other app show its QR code again")]
    ExportDamaged,
    /// An export with nothing in it.
    #[error("there is no account in this export; choose the accounts in the other app again")]
    ExportEmpty,
}

impl OtpError {
    /// A stable name for programs and support.
    pub fn code(self) -> &'static str {
        match self {
            Self::NotALink => "otp-link-invalid",
            Self::TooLong => "otp-link-too-long",
            Self::CounterBased => "otp-counter-based",
            Self::OtherKind => "otp-kind-unknown",
            Self::SecretMissing => "otp-secret-missing",
            Self::SecretSymbol { .. } => "otp-secret-mistyped",
            Self::SecretTooLong => "otp-secret-too-long",
            Self::Hash => "otp-hash-unknown",
            Self::Digits => "otp-digits-unknown",
            Self::Period => "otp-period-unknown",
            Self::NameMissing => "otp-name-missing",
            Self::ExportDamaged => "otp-export-damaged",
            Self::ExportEmpty => "otp-export-empty",
        }
    }
}
