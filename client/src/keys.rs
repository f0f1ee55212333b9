//! The keys of a phone: what the companion asks of whatever keeps them.
//!
//! On Android and iOS the shell answers, with Keystore and Secure Enclave behind it. On a computer [`SoftKeys`] does, over a
//! [`SecretStore`](crate::secrets::SecretStore). Nothing here is interactive: the `approve` key is made here, but it signs only where the
//! person is, between `begin_approval` and `finish_approval`.

mod sealing;
mod soft;

use koppel_core::{AccountId, NewKeys};
use koppel_protocol::Envelope;
use zeroize::Zeroizing;

pub use sealing::{EnvelopeSecrets, Sealing, owner_of};
pub use soft::SoftKeys;
pub(crate) use soft::{Tools, crypto};

/// Why a key did not do its work.
#[derive(Debug, thiserror::Error)]
pub enum KeysError {
    /// The store of the keys failed or is locked.
    #[error(transparent)]
    Secrets(#[from] crate::secrets::SecretError),
    /// There is no such key.
    #[error("there is no such key")]
    Absent,
    /// An `approve` key was to be made, and no PIN was given to seal it under.
    #[error("no PIN to seal the approval key under")]
    NoPin,
    /// The key was there and could not be used.
    #[error("the key cannot be used")]
    Unusable,
}

/// The keys of every account on this phone. All but [`open`](Self::open) and [`envelope_secrets`](Self::envelope_secrets) may block, and may
/// call the companion back: they are never called while it waits for them.
pub trait DeviceKeys: Send + Sync {
    /// Gets ready for these accounts: what `open` needs is read now, once, at the start.
    ///
    /// # Errors
    /// The keys are locked; the start is tried again later.
    fn prepare(&self, accounts: &[AccountId]) -> Result<(), KeysError>;
    /// Makes the keys of a new account and returns when they are kept durably.
    fn make(&self, account: AccountId, approve: bool) -> Result<NewKeys, KeysError>;
    /// Signs with the `id` key: ECDSA P-256 with SHA-256, DER or 64 raw bytes.
    fn sign(&self, account: AccountId, payload: &[u8]) -> Result<Vec<u8>, KeysError>;
    /// Opens an envelope with the `seal` key and the `auth` secret; `None` when it is not for this account. Quick: it
    /// reaches for nothing outside.
    fn open(&self, account: AccountId, envelope: &Envelope) -> Option<Zeroizing<String>>;
    /// What opens the account's envelopes, for a process that shows notifications; `None` where it does not leave its store.
    fn envelope_secrets(&self, account: AccountId) -> Option<EnvelopeSecrets>;
    /// Deletes all keys of an account; none there is no error.
    fn delete(&self, account: AccountId) -> Result<(), KeysError>;
    /// The accounts that have keys, whether or not they still exist.
    fn owners(&self) -> Result<Vec<AccountId>, KeysError>;
}
