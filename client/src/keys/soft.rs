//! Keys in software.
//!
//! `id`, `seal` and `auth` lie in the secret store as they are. `approve` lies there sealed under the PIN key, so that the store
//! alone approves nothing.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};

use koppel_core::{AccountId, NewKeys};
use koppel_protocol::crypto::{Crypto, CryptoError, SigningKey as _};
use koppel_protocol::decision::UserVerification;
use koppel_protocol::envelope::Envelope;
use koppel_protocol::pairing::{ApproveKey, HeldKey, KeyLevel};
use koppel_protocol::soft::{SoftCrypto, SoftSigningKey};
use zeroize::Zeroizing;

use super::sealing::{EnvelopeSecrets, Sealing, owner_of};
use super::{DeviceKeys, KeysError};
use crate::pin::PinKey;
use crate::randomness;
use crate::secrets::SecretStore;

/// The curve in software, with the operating system's randomness.
pub(crate) fn crypto() -> SoftCrypto {
    SoftCrypto::new(|bytes: &mut [u8]| {
        randomness::fill(bytes);
        Ok(())
    })
}

/// Keys in a secret store.
pub struct SoftKeys {
    store: Arc<dyn SecretStore>,
    sealing: Sealing,
    crypto: SoftCrypto,
    pin: Mutex<Option<PinKey>>,
}

impl SoftKeys {
    /// Keys in this store.
    pub fn new(store: Arc<dyn SecretStore>) -> Self {
        Self { sealing: Sealing::new(store.clone()), store, crypto: crypto(), pin: Mutex::new(None) }
    }

    /// Gives the PIN key under which the next `approve` key will be sealed. It is used once and forgotten.
    pub fn seal_next_approval_key_under(&self, key: PinKey) {
        *self.pin.lock().unwrap_or_else(PoisonError::into_inner) = Some(key);
    }

    /// Signs with the `approve` key of an account, opened by the PIN key: what the shell does between `begin` and `finish`.
    pub fn approve(&self, account: AccountId, payload: &[u8], pin: &PinKey) -> Result<Vec<u8>, KeysError> {
        let name = Part::Approve.of(account);
        let sealed = self.store.get(&name)?.ok_or(KeysError::Absent)?;
        let scalar = pin.open(&name, &sealed).ok_or(KeysError::Unusable)?;
        sign(&scalar, payload)
    }

    fn get(&self, account: AccountId, part: Part) -> Result<crate::secrets::Secret, KeysError> {
        self.store.get(&part.of(account))?.ok_or(KeysError::Absent)
    }
}

impl DeviceKeys for SoftKeys {
    fn prepare(&self, accounts: &[AccountId]) -> Result<(), KeysError> {
        self.sealing.load(accounts)
    }

    fn make(&self, account: AccountId, approve: bool) -> Result<NewKeys, KeysError> {
        let id = SoftSigningKey::generate(&self.crypto)?;
        let approve = if approve {
            let pin = self.pin.lock().unwrap_or_else(PoisonError::into_inner).take();
            let pin = pin.ok_or(KeysError::NoPin)?;
            let key = SoftSigningKey::generate(&self.crypto)?;
            let name = Part::Approve.of(account);
            self.store.set(&name, &pin.seal(&name, key.to_scalar().as_slice()))?;
            Some(ApproveKey { spki: key.public(), level: KeyLevel::Software, uv: UserVerification::Pin })
        } else {
            None
        };
        let (seal, auth) = self.sealing.make(account)?;
        self.store.set(&Part::Id.of(account), id.to_scalar().as_slice())?;
        let id = HeldKey { spki: id.public(), level: KeyLevel::Software };
        Ok(NewKeys { id, seal, auth, approve })
    }

    fn sign(&self, account: AccountId, payload: &[u8]) -> Result<Vec<u8>, KeysError> {
        sign(&self.get(account, Part::Id)?, payload)
    }

    fn open(&self, account: AccountId, envelope: &Envelope) -> Option<Zeroizing<String>> {
        self.sealing.open(account, envelope)
    }

    fn envelope_secrets(&self, account: AccountId) -> Option<EnvelopeSecrets> {
        self.sealing.of(account)
    }

    fn delete(&self, account: AccountId) -> Result<(), KeysError> {
        self.store.delete(&Part::Approve.of(account))?;
        self.store.delete(&Part::Id.of(account))?;
        self.sealing.delete(account)
    }

    fn owners(&self) -> Result<Vec<AccountId>, KeysError> {
        let names = self.store.names()?;
        let owners: BTreeSet<AccountId> = names.iter().filter_map(|name| owner_of(name)).collect();
        Ok(owners.into_iter().collect())
    }
}

impl std::fmt::Debug for SoftKeys {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SoftKeys").finish_non_exhaustive()
    }
}

impl From<CryptoError> for KeysError {
    fn from(_: CryptoError) -> Self {
        Self::Unusable
    }
}

fn sign(scalar: &[u8], payload: &[u8]) -> Result<Vec<u8>, KeysError> {
    let scalar = scalar.try_into().map_err(|_| KeysError::Unusable)?;
    let signature = SoftSigningKey::from_scalar(scalar)?.sign(payload)?;
    Ok(signature.to_vec())
}

/// The signing keys of an account.
#[derive(Clone, Copy)]
enum Part {
    Id,
    Approve,
}

impl Part {
    fn of(self, account: AccountId) -> String {
        let part = match self {
            Self::Id => "id",
            Self::Approve => "approve",
        };
        format!("account/{account}/{part}")
    }
}

/// The toolbox that `core` borrows: the curve, and the keys that open envelopes.
pub(crate) struct Tools {
    crypto: SoftCrypto,
    keys: Arc<dyn DeviceKeys>,
}

impl Tools {
    pub(crate) fn new(keys: Arc<dyn DeviceKeys>) -> Self {
        Self { crypto: crypto(), keys }
    }
}

impl koppel_core::Toolbox for Tools {
    fn crypto(&self) -> &dyn Crypto {
        &self.crypto
    }

    fn open(&self, account: AccountId, envelope: &Envelope) -> Option<Zeroizing<String>> {
        self.keys.open(account, envelope)
    }
}
