//! The two secrets that open envelopes: `seal` and `auth`, of every account.
//!
//! They lie in the secret store and, while the companion runs, in memory too: an envelope is opened in the middle of a decision,
//! and a secret store may be slow, locked, or somebody else's code that calls back. So the store is read at the start and
//! never in between.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use koppel_core::AccountId;
use koppel_protocol::bytes::Secret;
use koppel_protocol::crypto::AgreementKey as _;
use koppel_protocol::envelope::Envelope;
use koppel_protocol::pairing::{HeldKey, KeyLevel};
use koppel_protocol::soft::SoftAgreementKey;
use zeroize::Zeroizing;

use super::KeysError;
use super::soft::crypto;
use crate::randomness;
use crate::secrets::SecretStore;

/// The two secrets of one account. Wiped when dropped, never printed.
#[derive(Clone)]
pub struct EnvelopeSecrets {
    /// The scalar of the `seal` key.
    pub seal: Secret<32>,
    /// The `auth` secret.
    pub auth: Secret<16>,
}

impl EnvelopeSecrets {
    /// Opens an envelope; `None` when it is not for this account.
    pub fn open(&self, envelope: &Envelope) -> Option<Zeroizing<String>> {
        let key = SoftAgreementKey::from_scalar(self.seal.expose()).ok()?;
        envelope.open(&key, &self.auth).ok()
    }
}

impl std::fmt::Debug for EnvelopeSecrets {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("EnvelopeSecrets(..)")
    }
}

/// The envelope secrets of every account, over a secret store.
pub struct Sealing {
    store: Arc<dyn SecretStore>,
    held: Mutex<HashMap<AccountId, EnvelopeSecrets>>,
}

impl Sealing {
    /// Over this store; nothing is read yet.
    pub fn new(store: Arc<dyn SecretStore>) -> Self {
        Self { store, held: Mutex::default() }
    }

    /// Makes the secrets of a new account and keeps them durably. Returns what the server must know.
    pub fn make(&self, account: AccountId) -> Result<(HeldKey, Secret<16>), KeysError> {
        let key = SoftAgreementKey::generate(&crypto())?;
        let secrets = EnvelopeSecrets { seal: Secret::new(*key.to_scalar()), auth: Secret::new(randomness::bytes()) };
        self.store.set(&seal_name(account), secrets.seal.expose())?;
        self.store.set(&auth_name(account), secrets.auth.expose())?;
        let auth = secrets.auth.clone();
        self.held().insert(account, secrets);
        Ok((HeldKey { spki: key.public(), level: KeyLevel::Software }, auth))
    }

    /// Reads the secrets of these accounts. An account whose secrets are gone opens nothing from then on.
    ///
    /// # Errors
    /// The store gave no answer.
    pub fn load(&self, accounts: &[AccountId]) -> Result<(), KeysError> {
        for account in accounts {
            let seal = self.store.get(&seal_name(*account))?;
            let auth = self.store.get(&auth_name(*account))?;
            let seal = seal.and_then(|seal| Secret::copied_from(&seal));
            let auth = auth.and_then(|auth| Secret::copied_from(&auth));
            match (seal, auth) {
                (Some(seal), Some(auth)) => drop(self.held().insert(*account, EnvelopeSecrets { seal, auth })),
                _ => tracing::warn!("an account has no secrets to open envelopes with"),
            }
        }
        Ok(())
    }

    /// The secrets of an account, as made or loaded.
    pub fn of(&self, account: AccountId) -> Option<EnvelopeSecrets> {
        self.held().get(&account).cloned()
    }

    /// Opens an envelope; `None` when it is not for this account.
    pub fn open(&self, account: AccountId, envelope: &Envelope) -> Option<Zeroizing<String>> {
        self.of(account)?.open(envelope)
    }

    /// Deletes the secrets of an account; none there is no error.
    pub fn delete(&self, account: AccountId) -> Result<(), KeysError> {
        self.held().remove(&account);
        self.store.delete(&seal_name(account))?;
        self.store.delete(&auth_name(account))?;
        Ok(())
    }

    /// Never held while the store is called.
    fn held(&self) -> std::sync::MutexGuard<'_, HashMap<AccountId, EnvelopeSecrets>> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl std::fmt::Debug for Sealing {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Sealing").finish_non_exhaustive()
    }
}

/// Whose secret it is, by its name in the store.
pub fn owner_of(name: &str) -> Option<AccountId> {
    name.strip_prefix("account/")?.split('/').next()?.parse().ok()
}

fn seal_name(account: AccountId) -> String {
    format!("account/{account}/seal")
}

fn auth_name(account: AccountId) -> String {
    format!("account/{account}/auth")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::secrets::MemorySecrets;

    const ACCOUNT: AccountId = AccountId::from_bytes([3; 16]);

    #[test]
    fn what_was_made_opens_again_after_a_restart() {
        let store = Arc::new(MemorySecrets::new());
        let (seal, auth) = Sealing::new(store.clone()).make(ACCOUNT).unwrap();
        let envelope = Envelope::seal(&crypto(), &seal.spki, &auth, "dag").unwrap();
        let later = Sealing::new(store);
        assert!(later.open(ACCOUNT, &envelope).is_none(), "nothing is read before it is loaded");
        later.load(&[ACCOUNT]).unwrap();
        assert_eq!(later.open(ACCOUNT, &envelope).unwrap().as_str(), "dag");
        assert!(later.open(AccountId::from_bytes([4; 16]), &envelope).is_none());
    }

    #[test]
    fn what_was_deleted_opens_nothing_and_leaves_nothing() {
        let store = Arc::new(MemorySecrets::new());
        let sealing = Sealing::new(store.clone());
        sealing.make(ACCOUNT).unwrap();
        sealing.delete(ACCOUNT).unwrap();
        assert!(sealing.of(ACCOUNT).is_none());
        assert!(store.names().unwrap().is_empty());
    }
}
