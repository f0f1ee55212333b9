//! What goes wrong, in the few kinds that an app treats differently.
//!
//! Each error says what to do next, in English and for developers (`advice`); what a person reads is the app's, by kind and by
//! `why`, a short code that never changes.

use std::time::SystemTime;

use koppel_client::secrets::SecretError;
use koppel_client::vault::VaultError;
use koppel_client::{ClientError, OpenError, keys::KeysError};
use koppel_core::{OtpError, Refused, Trouble};

use crate::moments;

/// Why something was not done. Unless it says otherwise nothing was lost, and it may be tried again.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error, uniffi::Error)]
pub enum KoppelError {
    /// No way to the server, or nothing sensible from it. What waits to be sent is sent as soon as there is one.
    #[error("{advice}")]
    NoConnection {
        /// What to do next.
        advice: String,
        /// `no-connection`, `tls`, `timeout`, `unavailable`, `response-too-large` or `response-invalid`.
        why: String,
    },
    /// The secret store cannot be read yet: before the first unlock of the phone. Try again after it.
    #[error("{advice}")]
    Locked {
        /// What to do next.
        advice: String,
    },
    /// The person stepped back.
    #[error("{advice}")]
    UserCancelled {
        /// What to do next.
        advice: String,
    },
    /// It cannot be done now, or not with this account.
    #[error("{advice}")]
    NotAvailable {
        /// What to do next.
        advice: String,
        /// Such as `no-such-challenge`, `number-needed`, `codes-only`, `already-answered`, `device-revoked`, `disk-full`.
        why: String,
    },
    /// The key that approves is gone for good: new biometrics, or no screen lock any more. Codes still work.
    #[error("{advice}")]
    KeyInvalidated {
        /// What to do next.
        advice: String,
    },
    /// The key of the vault is gone and the file is there: a restored backup. Offer to pair again, and
    /// [`start_afresh`](crate::client::start_afresh).
    #[error("{advice}")]
    KeyLost {
        /// What to do next.
        advice: String,
    },
    /// What was typed or scanned is no invitation. No try was spent.
    #[error("{advice}")]
    InvitationInvalid {
        /// What to do next.
        advice: String,
        /// `link-invalid`, `koppelcode-mistyped`, `host-invalid`, `name-invalid` or `password-invalid`.
        why: String,
        /// Which symbol of a koppelcode is wrong, from 1, where it is known.
        position: Option<u32>,
    },
    /// What was typed or scanned gives no codes. Nothing was kept.
    #[error("{advice}")]
    CodeInvalid {
        /// What to do next.
        advice: String,
        /// Such as `otp-link-invalid`, `otp-secret-mistyped`, `otp-counter-based`, `otp-export-damaged` or `otp-several`.
        why: String,
        /// Which character of a typed secret is wrong, from 1, where it is known.
        position: Option<u32>,
    },
    /// The server refused the invitation, or the confirmer did. Ask for a new one.
    #[error("{advice}")]
    InvitationRefused {
        /// What to do next.
        advice: String,
        /// `invitation-refused`, `code-used`, `expired`, `server-mismatch` or `host-mismatch`.
        why: String,
    },
    /// Too many tries.
    #[error("{advice}")]
    TooManyTries {
        /// What to do next.
        advice: String,
        /// When it may be tried again, on this phone's clock; none when another invitation is needed.
        retry_at: Option<SystemTime>,
    },
    /// The server shows another identity than the one that was paired with. The account is stopped.
    #[error("{advice}")]
    ServerChanged {
        /// What to do next.
        advice: String,
    },
    /// Something is newer than this app: the vault, or what the server asks.
    #[error("{advice}")]
    UpdateRequired {
        /// What to do next.
        advice: String,
    },
    /// The vault's file cannot be read. It is kept; [`start_afresh`](crate::client::start_afresh) puts it aside.
    #[error("{advice}")]
    VaultDamaged {
        /// What to do next.
        advice: String,
    },
    /// The companion was stopped. Open it again.
    #[error("{advice}")]
    Stopped {
        /// What to do next.
        advice: String,
    },
    /// A defect. Please report the reference.
    #[error("{advice}")]
    Internal {
        /// What to do next.
        advice: String,
        /// What to report.
        reference: String,
    },
}

/// A refusal that is no one's fault: its code, and what to do.
pub(crate) struct NotNow(&'static str, &'static str);

impl NotNow {
    pub(crate) const NO_SUCH_ACCOUNT: Self =
        Self("no-such-account", "there is no such account on this phone; take its id from the state");
    pub(crate) const NO_SUCH_CHALLENGE: Self = Self(
        "no-such-challenge",
        "there is no such challenge, or it is over; take its id from the state, and its end from `ended`",
    );
    pub(crate) const NO_SUCH_NOTICE: Self =
        Self("no-such-notice", "there is no such notice; take its id from the state");
    pub(crate) const NO_SUCH_CODE: Self =
        Self("no-such-code", "there is no such authenticator account on this phone; take its id from the codes");
}

impl From<NotNow> for KoppelError {
    fn from(NotNow(why, advice): NotNow) -> Self {
        Self::NotAvailable { advice: advice.into(), why: why.into() }
    }
}

impl KoppelError {
    pub(crate) fn internal(reference: impl Into<String>) -> Self {
        let reference = reference.into();
        let advice = format!("a defect in Koppel; please report it with this reference: {reference}");
        Self::Internal { advice, reference }
    }

    pub(crate) fn stopped() -> Self {
        Self::Stopped { advice: "this companion was stopped; open it again".into() }
    }

    fn locked() -> Self {
        let advice = "the secret store is locked; nothing is lost, try again after the phone was unlocked".into();
        Self::Locked { advice }
    }

    fn key_lost() -> Self {
        let advice =
            "the key of the vault is gone, as after a restored backup; the file is kept. Start afresh and pair again";
        Self::KeyLost { advice: advice.into() }
    }

    fn update_required() -> Self {
        Self::UpdateRequired {
            advice: "this was made for a newer version of the app; nothing is lost, update it".into(),
        }
    }

    fn server_changed() -> Self {
        let advice =
            "the server shows another identity, and the account is stopped; call its administrator before pairing anew";
        Self::ServerChanged { advice: advice.into() }
    }

    fn key_invalidated() -> Self {
        let advice =
            "the key that approves is gone for good; codes still work. Remove the account and pair it again to approve";
        Self::KeyInvalidated { advice: advice.into() }
    }

    fn not_available(why: &str, advice: &str) -> Self {
        Self::NotAvailable { advice: advice.into(), why: why.into() }
    }

    /// An export where one account was expected.
    pub(crate) fn several_codes() -> Self {
        let advice = "this is an export with several accounts; add them all with the verb for several";
        Self::CodeInvalid { advice: advice.into(), why: "otp-several".into(), position: None }
    }

    /// What was typed or scanned is no invitation.
    pub(crate) fn invalid(why: &str, advice: impl Into<String>, position: Option<usize>) -> Self {
        let position = position.and_then(|position| u32::try_from(position).ok());
        Self::InvitationInvalid { advice: advice.into(), why: why.into(), position }
    }
}

impl From<Trouble> for KoppelError {
    fn from(trouble: Trouble) -> Self {
        let why = trouble.code();
        let no_connection = |advice: &str| Self::NoConnection { advice: advice.into(), why: why.into() };
        let refused = |advice: &str| Self::InvitationRefused { advice: advice.into(), why: why.into() };
        let too_many = |retry_after: Option<u64>, advice: &str| Self::TooManyTries {
            advice: advice.into(),
            retry_at: retry_after.map(moments::after),
        };
        match trouble {
            Trouble::NoConnection | Trouble::Timeout => {
                no_connection("there is no way to the server; check the network and try again")
            }
            Trouble::Tls => no_connection(
                "the server's certificate is not one to trust; check the address, or the roots this app was given",
            ),
            Trouble::AnswerTooLarge | Trouble::AnswerInvalid => no_connection(
                "what answered is no Koppel server; check the address, and for a network that wants a login of its own",
            ),
            Trouble::Unavailable { .. } => no_connection("the server is busy; try again in a minute"),
            Trouble::TooManyTries { retry_after } => {
                too_many(retry_after, "too many tries; try again at the time that is given")
            }
            Trouble::InvitationWornOut => {
                too_many(None, "this phone began three times with this invitation; ask for a new one")
            }
            Trouble::InvitationRefused => {
                refused("the server does not know this invitation, or it ended; ask for a new one")
            }
            Trouble::CodeUsed => {
                refused("another phone used this invitation; if that was not yours, report it. Ask for a new one")
            }
            Trouble::Expired => refused("it took too long; ask for a new invitation"),
            Trouble::ServerMismatch => {
                refused("the server at this address is not the one in the link; do not go on, ask for a new link")
            }
            Trouble::HostMismatch => {
                refused("the server's answer is meant for another address; type the address that the organisation gave")
            }
            Trouble::ServerChanged => Self::server_changed(),
            Trouble::UpdateRequired => Self::update_required(),
            Trouble::KeysUnavailable => Self::not_available(
                "keys-unavailable",
                "the phone made no keys; see what DeviceKeys and SecretStore threw",
            ),
            Trouble::KeyInvalidated => Self::key_invalidated(),
            Trouble::SignatureInvalid => Self::internal("signature-invalid"),
            Trouble::Cancelled => Self::UserCancelled { advice: "the person stepped back; nothing was sent".into() },
            Trouble::KeyRefused => {
                Self::not_available("key-refused", "a key did not sign; see what DeviceKeys threw, and try again")
            }
            Trouble::DeviceRevoked => Self::not_available(why, "the server removed this phone; pair again"),
            Trouble::DeviceSuspended => {
                Self::not_available(why, "this phone is suspended; its administrator can lift that")
            }
            Trouble::Locked => Self::not_available(
                "account-locked",
                "the account is locked; its administrator can lift that, or unlock after a report of this phone",
            ),
            Trouble::NotLocked => Self::not_available(why, "the account is not locked by a report of this phone"),
            Trouble::NotPersisted => {
                Self::not_available(why, "the vault cannot be written; free some space. It is tried again by itself")
            }
            Trouble::Refused { status } => Self::internal(format!("http-{status}")),
        }
    }
}

impl From<Refused> for KoppelError {
    fn from(refused: Refused) -> Self {
        match refused {
            Refused::NoSuchAccount => NotNow::NO_SUCH_ACCOUNT.into(),
            Refused::NoSuchChallenge | Refused::Stale | Refused::Duplicate | Refused::Late | Refused::Expired => {
                NotNow::NO_SUCH_CHALLENGE.into()
            }
            Refused::NoSuchNotice => NotNow::NO_SUCH_NOTICE.into(),
            Refused::AlreadyAnswered => Self::not_available(
                "already-answered",
                "an answer to this challenge is on its way; its outcome is in the state",
            ),
            Refused::NumberNeeded => {
                Self::not_available("number-needed", "ask for the 6 to 8 digits that the browser shows")
            }
            Refused::CodesOnly => Self::not_available(
                "codes-only",
                "this account was paired without a key that approves; pair it anew with approvals",
            ),
            Refused::NothingToApprove => Self::not_available(
                "nothing-to-approve",
                "this challenge shows a code to be typed; there is nothing to approve",
            ),
            Refused::NotActive => Self::not_available("not-active", "the account is not in use; see its status"),
            Refused::NotNow | Refused::AlreadyThere => {
                Self::not_available("not-now", "this does not fit the account's status; see the state")
            }
            Refused::NameInvalid => {
                Self::invalid("name-invalid", "a name has 1 to 64 characters and no control characters", None)
            }
            Refused::UpdateRequired => Self::update_required(),
            Refused::ServerChanged => Self::server_changed(),
            Refused::InvitationWornOut => Trouble::InvitationWornOut.into(),
            Refused::SignatureInvalid => Self::internal("signature-invalid"),
            Refused::NotGenuine | Refused::OldIdentity | Refused::Malformed => Self::internal("not-genuine"),
            Refused::NoSuchCode => NotNow::NO_SUCH_CODE.into(),
            Refused::TooManyCodes => Self::not_available(
                "too-many-codes",
                "as many authenticator accounts are kept as there may be; let the person remove one first",
            ),
            Refused::NoRandomness => Self::internal("no-randomness"),
        }
    }
}

impl From<OtpError> for KoppelError {
    fn from(error: OtpError) -> Self {
        let position = match error {
            OtpError::SecretSymbol { position } => u32::try_from(position).ok(),
            _ => None,
        };
        Self::CodeInvalid { advice: error.to_string(), why: error.code().into(), position }
    }
}

impl From<ClientError> for KoppelError {
    fn from(error: ClientError) -> Self {
        match error {
            ClientError::Refused(refused) => refused.into(),
            ClientError::Trouble(trouble) => trouble.into(),
            ClientError::Stopped => Self::stopped(),
        }
    }
}

impl From<OpenError> for KoppelError {
    fn from(error: OpenError) -> Self {
        match error {
            OpenError::KeyLost => Self::key_lost(),
            OpenError::Locked => Self::locked(),
            OpenError::Damaged => damaged(),
            OpenError::Newer { .. } => Self::update_required(),
            OpenError::Vault(error) => error.into(),
            OpenError::Secrets(error) | OpenError::Keys(KeysError::Secrets(error)) => error.into(),
            OpenError::Keys(KeysError::Absent | KeysError::NoPin | KeysError::Unusable) => Self::not_available(
                "keys-unavailable",
                "the keys could not be listed or deleted; see what DeviceKeys threw",
            ),
        }
    }
}

impl From<VaultError> for KoppelError {
    fn from(error: VaultError) -> Self {
        match error {
            VaultError::Damaged => damaged(),
            VaultError::Newer { .. } => Self::update_required(),
            VaultError::KeyLost => Self::key_lost(),
            VaultError::Disk(error) => match error.kind() {
                std::io::ErrorKind::StorageFull | std::io::ErrorKind::QuotaExceeded => {
                    Self::not_available("disk-full", "the disk is full; nothing is lost, free some space and try again")
                }
                kind => Self::not_available(
                    "folder-unwritable",
                    &format!("the folder cannot be used ({kind}); give one that this app may write"),
                ),
            },
        }
    }
}

impl From<SecretError> for KoppelError {
    fn from(error: SecretError) -> Self {
        match error {
            SecretError::Locked => Self::locked(),
            SecretError::Damaged => damaged(),
            SecretError::Missing(what) | SecretError::Failed(what) => Self::not_available(
                "secret-store",
                &format!("the secret store failed ({what}); see what SecretStore threw, and try again"),
            ),
        }
    }
}

fn damaged() -> KoppelError {
    let advice = "the vault cannot be read; the file is kept. Start afresh and pair again";
    KoppelError::VaultDamaged { advice: advice.into() }
}
