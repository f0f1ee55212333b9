//! What went wrong, said so that a person can do something about it, and a program too.
//!
//! Each complaint has a code that never changes, a sentence that says what happened and whether anything was lost, and a
//! second one that says what to do now. The exit code of the program follows from the code.

use koppel_client::opening::OpenError;
use koppel_client::pin::PinError;
use koppel_client::secrets::SecretError;
use koppel_client::secrets::home::HomeError;
use koppel_client::vault::VaultError;
use koppel_client::{ClientError, keys::KeysError};
use koppel_core::{OtpError, PairingEnd, Trouble};
use koppel_protocol::koppelcode::KoppelcodeError;
use koppel_protocol::link::LinkError;

use crate::texts::{Fact, Texts};

/// A complaint, before it is put into words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Complaint {
    /// A stable name.
    pub(crate) code: &'static str,
    /// A number that belongs into the sentence: tries left, seconds to wait, a position.
    pub(crate) count: Option<i64>,
    /// A word that belongs into the sentence: a file, a name.
    pub(crate) word: Option<String>,
    /// Which line of the input it is about, from 1.
    pub(crate) line: Option<usize>,
}

impl Complaint {
    /// One that needs no facts.
    pub(crate) const fn of(code: &'static str) -> Self {
        Self { code, count: None, word: None, line: None }
    }

    /// One with a number in its sentence.
    pub(crate) fn counting(code: &'static str, count: i64) -> Self {
        Self { count: Some(count), ..Self::of(code) }
    }

    /// One with a word in its sentence.
    pub(crate) fn about(code: &'static str, word: impl Into<String>) -> Self {
        Self { word: Some(word.into()), ..Self::of(code) }
    }

    /// This one, about a line of the input.
    #[must_use]
    pub(crate) fn in_line(self, line: usize) -> Self {
        Self { line: Some(line), ..self }
    }

    /// What happened.
    pub(crate) fn message(&self, texts: &Texts) -> String {
        let what = texts.say_with(&self.key(texts), &self.facts());
        match self.line {
            Some(line) => texts.say_with("error-in-line", &[("line", line.into()), ("what", what.into())]),
            None => what,
        }
    }

    /// What to do now.
    pub(crate) fn next(&self, texts: &Texts) -> String {
        texts.say_with(&format!("{}.next", self.key(texts)), &self.facts())
    }

    /// Whether what happened says by itself that nothing was paired.
    pub(crate) fn says_that_nothing_was_paired(&self) -> bool {
        matches!(
            self.code,
            "invitation-refused"
                | "code-used"
                | "expired"
                | "refused"
                | "server-mismatch"
                | "host-mismatch"
                | "cancelled"
        )
    }

    /// The exit code of a program that ends with this.
    pub(crate) fn exit(&self) -> u8 {
        match self.code {
            "koppelcode-mistyped"
            | "link-invalid"
            | "host-invalid"
            | "name-invalid"
            | "command-invalid"
            | "command-with-link"
            | "ca-invalid"
            | "pin-too-short"
            | "pin-too-long"
            | "pin-unreadable"
            | "pins-differ"
            | "pin-needed-to-open"
            | "pin-needed-to-approve"
            | "password-needed"
            | "no-such-account"
            | "no-such-code"
            | "otp-none-kept"
            | "otp-link-invalid"
            | "otp-link-needed"
            | "otp-link-too-long"
            | "otp-counter-based"
            | "otp-kind-unknown"
            | "otp-secret-missing"
            | "otp-secret-mistyped"
            | "otp-secret-too-long"
            | "otp-hash-unknown"
            | "otp-digits-unknown"
            | "otp-period-unknown"
            | "otp-name-missing"
            | "otp-export-damaged"
            | "otp-export-empty"
            | "picture-unreadable"
            | "qr-not-found" => 2,
            "invitation-refused" | "code-used" | "expired" | "too-many-tries" | "refused" | "server-changed"
            | "server-mismatch" | "host-mismatch" | "device-revoked" | "device-suspended" | "locked" | "not-locked" => {
                3
            }
            "no-connection" | "tls" | "timeout" | "unavailable" | "response-too-large" | "response-invalid" => 4,
            "folder-in-use" | "folder-unwritable" | "disk-full" | "vault-damaged" | "vault-newer" | "vault-locked"
            | "key-lost" | "pin-damaged" | "keyring-missing" | "codes-not-kept" => 5,
            "interrupted" => 130,
            _ => 1,
        }
    }

    fn key(&self, texts: &Texts) -> String {
        let key = format!("error-{}", self.code);
        match texts.find(&key, &self.facts()) {
            Some(_) => key,
            None => "error-internal".into(),
        }
    }

    fn facts(&self) -> Vec<Fact<'_>> {
        let mut facts: Vec<Fact<'_>> = vec![("code", self.code.into())];
        facts.push(("count", self.count.unwrap_or(0).into()));
        facts.push(("word", self.word.as_deref().unwrap_or("").into()));
        facts
    }
}

impl From<Trouble> for Complaint {
    fn from(trouble: Trouble) -> Self {
        let code = trouble.code();
        match trouble.retry_after() {
            Some(seconds) => Self::counting(code, i64::try_from(seconds).unwrap_or(i64::MAX)),
            None => Self::of(code),
        }
    }
}

impl From<ClientError> for Complaint {
    fn from(error: ClientError) -> Self {
        match error {
            ClientError::Trouble(trouble) => trouble.into(),
            other => Self::of(other.code()),
        }
    }
}

impl From<PairingEnd> for Complaint {
    fn from(why: PairingEnd) -> Self {
        match why {
            PairingEnd::Declined => Self::of("cancelled"),
            PairingEnd::Refused => Self::of("refused"),
            PairingEnd::Expired => Self::of("expired"),
            PairingEnd::Failed(trouble) => trouble.into(),
        }
    }
}

impl From<KoppelcodeError> for Complaint {
    fn from(error: KoppelcodeError) -> Self {
        match error {
            KoppelcodeError::Length { found } => {
                Self { count: i64::try_from(found).ok(), ..Self::about("koppelcode-mistyped", "length") }
            }
            KoppelcodeError::Symbol { position } => {
                Self { count: i64::try_from(position).ok(), ..Self::about("koppelcode-mistyped", "symbol") }
            }
            KoppelcodeError::Check => Self::about("koppelcode-mistyped", "check"),
        }
    }
}

impl From<LinkError> for Complaint {
    fn from(error: LinkError) -> Self {
        Self::about(
            "link-invalid",
            match error {
                LinkError::TooLong => "too-long",
                LinkError::Form => "form",
                LinkError::Host(_) => "host",
                LinkError::Version => "version",
                LinkError::Field(_) => "damaged",
            },
        )
    }
}

impl From<OtpError> for Complaint {
    fn from(error: OtpError) -> Self {
        match error {
            OtpError::SecretSymbol { position } => {
                Self::counting(error.code(), i64::try_from(position).unwrap_or(i64::MAX))
            }
            _ => Self::of(error.code()),
        }
    }
}

impl From<PinError> for Complaint {
    fn from(error: PinError) -> Self {
        match error {
            PinError::TooShort => Self::of("pin-too-short"),
            PinError::TooLong => Self::of("pin-too-long"),
            PinError::Unreadable => Self::of("pin-unreadable"),
            PinError::Wrong { tries_left } => Self::counting("wrong-pin", tries_left.into()),
            PinError::Wait { seconds } => Self::counting("pin-too-many-tries", seconds),
            PinError::NotSet => Self::of("pin-needed-to-approve"),
            PinError::Damaged => Self::of("pin-damaged"),
            PinError::Disk(error) => error.into(),
        }
    }
}

impl From<SecretError> for Complaint {
    fn from(error: SecretError) -> Self {
        match error {
            SecretError::Locked => Self::of("vault-locked"),
            SecretError::Missing(why) => Self::about("keyring-missing", why),
            SecretError::Damaged => Self::of("vault-damaged"),
            SecretError::Failed(why) => Self::about("keyring-missing", why),
        }
    }
}

impl From<HomeError> for Complaint {
    fn from(error: HomeError) -> Self {
        match error {
            HomeError::Secrets(error) => error.into(),
            HomeError::Pin(error) => error.into(),
            HomeError::Damaged => Self::of("vault-damaged"),
            HomeError::Disk(error) => error.into(),
        }
    }
}

impl From<KeysError> for Complaint {
    fn from(error: KeysError) -> Self {
        match error {
            KeysError::Secrets(error) => error.into(),
            KeysError::NoPin => Self::about("pin-needed-to-approve", "pairing"),
            KeysError::Absent | KeysError::Unusable => Self::of("key-lost"),
        }
    }
}

impl From<&VaultError> for Complaint {
    fn from(error: &VaultError) -> Self {
        match error {
            VaultError::Damaged => Self::of("vault-damaged"),
            VaultError::Newer { .. } => Self::of("vault-newer"),
            VaultError::KeyLost => Self::of("key-lost"),
            VaultError::Disk(error) => disk(error),
        }
    }
}

impl From<OpenError> for Complaint {
    fn from(error: OpenError) -> Self {
        match error {
            OpenError::KeyLost => Self::of("key-lost"),
            OpenError::Locked => Self::of("vault-locked"),
            OpenError::Damaged => Self::of("vault-damaged"),
            OpenError::Newer { .. } => Self::of("vault-newer"),
            OpenError::Vault(error) => (&error).into(),
            OpenError::Secrets(error) => error.into(),
            OpenError::Keys(error) => error.into(),
        }
    }
}

impl From<std::io::Error> for Complaint {
    fn from(error: std::io::Error) -> Self {
        disk(&error)
    }
}

fn disk(error: &std::io::Error) -> Complaint {
    match error.kind() {
        std::io::ErrorKind::StorageFull | std::io::ErrorKind::QuotaExceeded => Complaint::of("disk-full"),
        _ => Complaint::about("folder-unwritable", error.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sentences;
    use crate::texts::Locale;

    const TROUBLES: [Trouble; 12] = [
        Trouble::NoConnection,
        Trouble::Tls,
        Trouble::Timeout,
        Trouble::AnswerTooLarge,
        Trouble::AnswerInvalid,
        Trouble::Unavailable { retry_after: Some(30) },
        Trouble::TooManyTries { retry_after: None },
        Trouble::InvitationRefused,
        Trouble::CodeUsed,
        Trouble::ServerMismatch,
        Trouble::HostMismatch,
        Trouble::ServerChanged,
    ];

    fn about(trouble: Trouble, word: &str) -> Complaint {
        Complaint { word: Some(word.into()), ..trouble.into() }
    }

    #[test]
    fn a_pairing_that_came_to_nothing_says_so_once() {
        let ends = TROUBLES.into_iter().map(PairingEnd::Failed);
        for why in ends.chain([PairingEnd::Declined, PairingEnd::Refused, PairingEnd::Expired]) {
            let complaint = Complaint { word: Some("pairing".into()), ..why.into() };
            for (locale, nothing) in [(Locale::Dutch, "niets gekoppeld"), (Locale::English, "othing was paired")] {
                let said = sentences::not_paired(&Texts::of(locale), &complaint);
                let other = ["en deze niet", "and not this one"].iter().any(|words| said.contains(words));
                assert_eq!(said.matches(nothing).count(), if other { 0 } else { 1 }, "{said}");
            }
        }
    }

    #[test]
    fn what_is_tried_again_by_itself_is_not_asked_of_the_person() {
        let healed = [Trouble::NoConnection, Trouble::Timeout, Trouble::Unavailable { retry_after: Some(30) }];
        for trouble in healed {
            let next = |word| about(trouble, word).next(&Texts::of(Locale::Dutch));
            assert!(next("retries").contains("Deze telefoon probeert het vanzelf opnieuw."), "{trouble}");
            for word in ["again", "pairing", ""] {
                assert!(!next(word).contains("vanzelf"), "{trouble} {word}");
            }
        }
    }

    #[test]
    fn a_link_that_is_none_is_told_in_the_persons_language_only() {
        for error in [
            LinkError::TooLong,
            LinkError::Form,
            LinkError::Host(koppel_protocol::host::HostError::Form),
            LinkError::Version,
            LinkError::Field('s'),
        ] {
            let said = sentences::complaint(&Texts::of(Locale::Dutch), &error.into());
            assert!(said.contains("oppellink") && !said.contains(&error.to_string()), "{said}");
        }
    }
}
