//! What an app brought, as the client wants it.
//!
//! The app's `id` and `approve` keys stay where they are; `seal` and `auth`, which must work without a person and in an extension,
//! are secrets in the app's store.

use std::collections::BTreeSet;
use std::sync::Arc;

use koppel_client::keys::{self, EnvelopeSecrets, KeysError, Sealing, owner_of};
use koppel_client::secrets::{self, Secret, SecretError};
use koppel_core::{AccountId, NewKeys};
use koppel_protocol::pairing::{ApproveKey, HeldKey};
use koppel_protocol::{Envelope, PublicKey};
use zeroize::Zeroizing;

use crate::platform::{DeviceKeys, KeyPurpose, MadeKey, SecretStore};

/// Before the name of every key, so that the keys of others are told apart.
const PREFIX: &str = "koppel/";

/// The name of the key that approves for an account.
pub(crate) fn approve_alias(account: AccountId) -> String {
    format!("{PREFIX}{account}/approve")
}

fn id_alias(account: AccountId) -> String {
    format!("{PREFIX}{account}/id")
}

fn owner_of_alias(alias: &str) -> Option<AccountId> {
    alias.strip_prefix(PREFIX)?.split('/').next()?.parse().ok()
}

/// The app's secret store.
pub(crate) struct ForeignSecrets(pub(crate) Arc<dyn SecretStore>);

impl secrets::SecretStore for ForeignSecrets {
    fn get(&self, name: &str) -> Result<Option<Secret>, SecretError> {
        Ok(self.0.get(name.to_owned())?.map(Zeroizing::new))
    }

    fn set(&self, name: &str, secret: &[u8]) -> Result<(), SecretError> {
        Ok(self.0.set(name.to_owned(), secret.to_vec())?)
    }

    fn delete(&self, name: &str) -> Result<(), SecretError> {
        Ok(self.0.delete(name.to_owned())?)
    }

    fn names(&self) -> Result<Vec<String>, SecretError> {
        Ok(self.0.names()?)
    }
}

/// The app's keys, with the envelope secrets in its secret store.
pub(crate) struct ForeignKeys {
    keys: Arc<dyn DeviceKeys>,
    secrets: Arc<dyn secrets::SecretStore>,
    sealing: Sealing,
}

impl ForeignKeys {
    pub(crate) fn new(keys: Arc<dyn DeviceKeys>, secrets: Arc<dyn secrets::SecretStore>) -> Self {
        Self { keys, sealing: Sealing::new(secrets.clone()), secrets }
    }

    fn make_key(&self, alias: String, purpose: KeyPurpose) -> Result<(HeldKey, MadeKey), KeysError> {
        let made = self.keys.make(alias, purpose)?;
        let spki = PublicKey::from_spki_der(&made.public_key).map_err(|_| KeysError::Unusable)?;
        Ok((HeldKey { spki, level: made.level.into() }, made))
    }
}

impl keys::DeviceKeys for ForeignKeys {
    fn prepare(&self, accounts: &[AccountId]) -> Result<(), KeysError> {
        self.sealing.load(accounts)
    }

    fn make(&self, account: AccountId, approve: bool) -> Result<NewKeys, KeysError> {
        let (id, _) = self.make_key(id_alias(account), KeyPurpose::Id)?;
        let approve = match approve {
            true => {
                let (held, made) = self.make_key(approve_alias(account), KeyPurpose::Approve)?;
                Some(ApproveKey { spki: held.spki, level: held.level, uv: made.verification.into() })
            }
            false => None,
        };
        let (seal, auth) = self.sealing.make(account)?;
        Ok(NewKeys { id, seal, auth, approve })
    }

    fn sign(&self, account: AccountId, payload: &[u8]) -> Result<Vec<u8>, KeysError> {
        Ok(self.keys.sign(id_alias(account), payload.to_vec())?)
    }

    fn open(&self, account: AccountId, envelope: &Envelope) -> Option<Zeroizing<String>> {
        self.sealing.open(account, envelope)
    }

    fn envelope_secrets(&self, account: AccountId) -> Option<EnvelopeSecrets> {
        self.sealing.of(account)
    }

    fn delete(&self, account: AccountId) -> Result<(), KeysError> {
        self.keys.delete(approve_alias(account))?;
        self.keys.delete(id_alias(account))?;
        self.sealing.delete(account)
    }

    fn owners(&self) -> Result<Vec<AccountId>, KeysError> {
        let (aliases, names) = (self.keys.aliases()?, self.secrets.names()?);
        let of_keys = aliases.iter().filter_map(|alias| owner_of_alias(alias));
        let owners: BTreeSet<_> = of_keys.chain(names.iter().filter_map(|name| owner_of(name))).collect();
        Ok(owners.into_iter().collect())
    }
}
