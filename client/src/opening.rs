//! The start: what lies in the folder and in the secret store, and what that means.
//!
//! `core` knows the five cases of file and key; here the two are fetched, and what each case asks for is done. Keys of accounts
//! that the vault does not know (a pairing that was killed before it was written) are deleted.

use std::path::PathBuf;
use std::sync::Arc;

use koppel_core::vault::{self, Found, Opening, Vault};
use koppel_protocol::pairing::Platform;

use crate::clock::Clock;
use crate::disk::{self, Disk};
use crate::keys::{DeviceKeys, KeysError};
use crate::secrets::{SecretError, SecretStore};
use crate::tls::Roots;
use crate::vault::{VaultError, VaultFile, VaultKey, unseal};

const VAULT_KEY: &str = "vault/key";

/// What a client is made of: everything that reaches outside comes in here.
#[derive(Clone)]
pub struct Setup {
    /// Where the vault lies.
    pub folder: PathBuf,
    /// The disk it lies on.
    pub disk: Arc<dyn Disk>,
    /// Where the vault's key lies.
    pub secrets: Arc<dyn SecretStore>,
    /// The keys of the accounts.
    pub keys: Arc<dyn DeviceKeys>,
    /// Whom to trust for TLS.
    pub roots: Roots,
    /// What this companion runs on: other devices and support see it. On iOS an item for the process that shows notifications is
    /// kept in the secret store ([`preview`](crate::preview)).
    pub platform: Platform,
    /// What time it is.
    pub clock: Arc<dyn Clock>,
}

/// Why there is no client.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The file is there and its key is gone. The file is kept; [`start_afresh`] puts it aside.
    #[error("the key of the vault is lost")]
    KeyLost,
    /// The secret store or the disk refuses for now: try again. Nothing is lost.
    #[error("the vault is locked")]
    Locked,
    /// The file cannot be read. It is kept; [`start_afresh`] puts it aside.
    #[error("the vault is damaged")]
    Damaged,
    /// A newer companion wrote the file. It is kept.
    #[error("the vault was written by a newer version ({version})")]
    Newer {
        /// The version.
        version: u32,
    },
    /// The disk refused to write.
    #[error(transparent)]
    Vault(#[from] VaultError),
    /// The secret store refused to write.
    #[error(transparent)]
    Secrets(#[from] SecretError),
    /// The keys could not be listed or deleted.
    #[error(transparent)]
    Keys(#[from] KeysError),
}

/// An open vault.
pub(crate) struct Opened {
    pub(crate) vault: Vault,
    pub(crate) file: VaultFile,
    pub(crate) key: VaultKey,
}

/// Opens the vault, or makes a fresh one where that is right. Blocks on disk and secret store.
pub(crate) fn open(setup: &Setup) -> Result<Opened, OpenError> {
    disk::make_folder(&setup.folder).map_err(VaultError::Disk)?;
    let file = VaultFile::in_folder(&setup.folder, setup.disk.clone());
    let (sealed, sealed_refused) = match file.sealed() {
        Ok(sealed) => (sealed, false),
        Err(_) => (None, true),
    };
    let key = setup.secrets.get(VAULT_KEY);
    let (key, key_refused) = match key {
        Ok(key) => (key, false),
        Err(SecretError::Damaged) => return Err(OpenError::Secrets(SecretError::Damaged)),
        Err(_) => (None, true),
    };
    // A key of the wrong length opens nothing, exactly as none.
    let key = key.and_then(|bytes| VaultKey::from_bytes(&bytes));

    let mut why = None;
    let opening =
        vault::open(found(sealed.as_deref(), sealed_refused), found(key.as_ref(), key_refused), |sealed, key| {
            unseal(key, sealed).map_err(|error| why = Some(error)).ok()
        });
    let (vault, key) = match opening {
        Opening::Opened(vault) => (vault, key),
        Opening::Fresh => (Vault::fresh(), None),
        Opening::Reinstalled => {
            delete_keys(setup, &[])?;
            (Vault::fresh(), None)
        }
        Opening::KeyLost => return Err(OpenError::KeyLost),
        Opening::Locked => return Err(OpenError::Locked),
        Opening::UpdateRequired { version } => return Err(OpenError::Newer { version }),
        Opening::Damaged => {
            return Err(match why {
                Some(VaultError::KeyLost) => OpenError::KeyLost,
                Some(VaultError::Newer { found, .. }) => OpenError::Newer { version: found.into() },
                _ => OpenError::Damaged,
            });
        }
    };
    let key = match key {
        Some(key) => key,
        None => {
            let key = VaultKey::generate();
            setup.secrets.set(VAULT_KEY, key.as_bytes())?;
            key
        }
    };
    Ok(Opened { vault, file, key })
}

/// Deletes the keys of every account that is not among `keep`.
pub(crate) fn delete_keys(setup: &Setup, keep: &[koppel_core::AccountId]) -> Result<(), KeysError> {
    for owner in setup.keys.owners()? {
        if !keep.contains(&owner) {
            tracing::info!("deleting keys that belong to no account");
            setup.keys.delete(owner)?;
        }
    }
    Ok(())
}

/// For a vault whose key is lost or that is damaged: puts the file aside, deletes keys nobody can use any more, and leaves the folder
/// ready for a fresh start. Returns where the file is now. Nothing is undone at the servers: the phones that were paired there
/// stay in their lists until they are removed.
pub fn start_afresh(setup: &Setup) -> Result<PathBuf, OpenError> {
    let file = VaultFile::in_folder(&setup.folder, setup.disk.clone());
    let seconds = setup.clock.now().wall_ms / 1000;
    let aside = file.put_aside(seconds)?;
    delete_keys(setup, &[])?;
    setup.secrets.delete(VAULT_KEY)?;
    Ok(aside)
}

fn found<T>(present: Option<T>, refused: bool) -> Found<T> {
    match present {
        _ if refused => Found::Refused,
        Some(value) => Found::Present(value),
        None => Found::Absent,
    }
}
