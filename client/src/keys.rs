//! The keys of a phone: what the companion asks of whatever keeps them.
//!
//! On Android and iOS the shell answers, with Keystore and Secure Enclave behind it. On a computer [`SoftKeys`] does, over a
//! [`SecretStore`](crate::secrets::SecretStore). Nothing here is interactive: the `approve` key is made here, but it signs only where the
//! person is, between `begin_approval` and `finish_approval`.

mod soft;

use koppel_core::{AccountId, NewKeys};
use koppel_protocol::Envelope;
use zeroize::Zeroizing;

pub use soft::SoftKeys;
pub(crate) use soft::Tools;

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

/// The keys of every account on this phone.
pub trait DeviceKeys: Send + Sync {
    /// Makes the keys of a new account and returns when they are kept durably. May block.
    fn make(&self, account: AccountId, approve: bool) -> Result<NewKeys, KeysError>;
    /// Signs with the `id` key: ECDSA P-256 with SHA-256, DER or 64 raw bytes. Quick.
    fn sign(&self, account: AccountId, payload: &[u8]) -> Result<Vec<u8>, KeysError>;
    /// Opens an envelope with the `seal` key and the `auth` secret; `None` when it is not for this account. Quick.
    fn open(&self, account: AccountId, envelope: &Envelope) -> Option<Zeroizing<String>>;
    /// Deletes all keys of an account; none there is no error. May block.
    fn delete(&self, account: AccountId) -> Result<(), KeysError>;
    /// The accounts that have keys, whether or not they still exist.
    fn owners(&self) -> Result<Vec<AccountId>, KeysError>;
}
