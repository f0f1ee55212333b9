//! What an app brings: where secrets lie, and keys that never leave their hardware.
//!
//! Both are called from threads of the companion, several at once, and may take their time: the companion goes on meanwhile and
//! holds no lock. They may call it back, but must not wait inside a call for [`open`](crate::client::RawClient::open) of the same folder.
//! Nothing here asks the person.

use koppel_client::keys::KeysError;
use koppel_client::secrets::SecretError;
use koppel_protocol::decision::UserVerification as Uv;
use koppel_protocol::pairing::{KeyLevel as Level, Platform as Wire};

/// Named secrets, kept where the platform keeps such things: Keystore-sealed files, the keychain.
#[uniffi::export(with_foreign)]
pub trait SecretStore: Send + Sync {
    /// The secret of this name; none when there surely is none. A store that cannot be read yet throws `Locked`, for "none" means that
    /// it is gone for good.
    fn get(&self, name: String) -> Result<Option<Vec<u8>>, PlatformError>;
    /// Keeps a secret durably, in the place of an older one of this name.
    fn set(&self, name: String, secret: Vec<u8>) -> Result<(), PlatformError>;
    /// Removes a secret; no such secret is no error.
    fn delete(&self, name: String) -> Result<(), PlatformError>;
    /// The names of all secrets.
    fn names(&self) -> Result<Vec<String>, PlatformError>;
}

/// Signing keys on P-256 that never leave their store: Keystore, Secure Enclave. Signatures are ECDSA with SHA-256, in DER.
#[uniffi::export(with_foreign)]
pub trait DeviceKeys: Send + Sync {
    /// Makes a key of this name, durably, in the place of an older one. A key for `Approve` must ask the person at each use; one for
    /// `Id` never does, and works while the phone is locked.
    fn make(&self, alias: String, purpose: KeyPurpose) -> Result<MadeKey, PlatformError>;
    /// Signs with a key that was made for `Id`. Never called for one that approves.
    fn sign(&self, alias: String, payload: Vec<u8>) -> Result<Vec<u8>, PlatformError>;
    /// Deletes a key; no such key is no error.
    fn delete(&self, alias: String) -> Result<(), PlatformError>;
    /// The names of all keys; those of others may be among them.
    fn aliases(&self) -> Result<Vec<String>, PlatformError>;
}

/// Why a secret store or a key store did not do what was asked.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error, uniffi::Error)]
pub enum PlatformError {
    /// Not yet: before the first unlock of the phone. It is tried again; nothing is concluded.
    #[error("the store is locked")]
    Locked,
    /// This phone has no such store, or lacks what it needs: a screen lock, an enrolled finger.
    #[error("not available: {reason}")]
    NotAvailable {
        /// For the log.
        reason: String,
    },
    /// The key is gone for good.
    #[error("the key is gone for good")]
    KeyInvalidated,
    /// The person stepped back. Nothing here should ask them.
    #[error("the person stepped back")]
    UserCancelled,
    /// Anything else.
    #[error("failed: {reason}")]
    Failed {
        /// For the log.
        reason: String,
    },
}

/// What a key is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, uniffi::Enum)]
pub enum KeyPurpose {
    /// Requests, denials, reports: without the person.
    Id,
    /// Approvals: the person is asked at each use.
    Approve,
}

/// A key that was made.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct MadeKey {
    /// Its public half, SubjectPublicKeyInfo in DER.
    pub public_key: Vec<u8>,
    /// Where its private half lives.
    pub level: KeyLevel,
    /// How the person is recognised at each use; `None` for a key that does not ask.
    pub verification: UserVerification,
}

/// Where a private key lives.
#[derive(Debug, Clone, Copy, PartialEq, Eq, uniffi::Enum)]
pub enum KeyLevel {
    /// In a file or memory.
    Software,
    /// In Android's trusted execution environment.
    Tee,
    /// In Android's StrongBox.
    Strongbox,
    /// In Apple's Secure Enclave.
    SecureEnclave,
}

/// How the person is recognised at each use of a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, uniffi::Enum)]
pub enum UserVerification {
    /// Not at all.
    None,
    /// By a PIN of the app.
    Pin,
    /// By the device's own lock, finger and face included.
    Credential,
    /// By finger or face only.
    Biometric,
}

/// What the companion runs on, as other devices and support see it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, uniffi::Enum)]
pub enum DeviceKind {
    /// An Android phone.
    Android,
    /// An iPhone. What its notification extension needs is kept in the secret store, under the name of
    /// [`preview_item_name`](crate::preview::preview_item_name).
    Ios,
    /// A computer.
    Terminal,
}

impl From<DeviceKind> for Wire {
    fn from(kind: DeviceKind) -> Self {
        match kind {
            DeviceKind::Android => Self::Android,
            DeviceKind::Ios => Self::Ios,
            DeviceKind::Terminal => Self::Terminal,
        }
    }
}

impl From<KeyLevel> for Level {
    fn from(level: KeyLevel) -> Self {
        match level {
            KeyLevel::Software => Self::Software,
            KeyLevel::Tee => Self::Tee,
            KeyLevel::Strongbox => Self::Strongbox,
            KeyLevel::SecureEnclave => Self::SecureEnclave,
        }
    }
}

impl From<UserVerification> for Uv {
    fn from(verification: UserVerification) -> Self {
        match verification {
            UserVerification::None => Self::None,
            UserVerification::Pin => Self::Pin,
            UserVerification::Credential => Self::Credential,
            UserVerification::Biometric => Self::Biometric,
        }
    }
}

impl From<PlatformError> for SecretError {
    fn from(error: PlatformError) -> Self {
        match error {
            PlatformError::Locked => Self::Locked,
            PlatformError::NotAvailable { reason } => Self::Missing(reason),
            other => Self::Failed(other.to_string()),
        }
    }
}

impl From<PlatformError> for KeysError {
    fn from(error: PlatformError) -> Self {
        match error {
            PlatformError::KeyInvalidated => Self::Unusable,
            other => Self::Secrets(other.into()),
        }
    }
}

/// Something was thrown that is none of ours.
impl From<uniffi::UnexpectedUniFFICallbackError> for PlatformError {
    fn from(error: uniffi::UnexpectedUniFFICallbackError) -> Self {
        // Only its first line: a stack trace of the app is no business of our log.
        let reason = error.reason.lines().next().unwrap_or_default().to_owned();
        Self::Failed { reason }
    }
}
