//! Which secret store a folder uses, written down when the folder is first used.
//!
//! `home.json` names the store and gives the folder an id under which a keyring keeps its secrets. The choice is made once:
//! where there is a keyring that works, the keyring; else the file sealed under the PIN. From then on an unavailable keyring
//! means *locked*; quietly changing over would look like "nothing paired yet" and lose every pairing.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::keyring::Keyring;
use super::sealed_file::SealedFile;
use super::{Secret, SecretError, SecretStore};
use crate::disk::{self, Disk};
use crate::pin::{Pin, PinCost, PinError, PinFile, PinKey};
use crate::randomness;

/// The name of the file in the companion's folder.
pub const FILE_NAME: &str = "home.json";
const PEPPER: &str = "pin/pepper";

/// The kinds of secret stores on a computer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// The platform's keyring.
    Keyring,
    /// A file sealed under the PIN.
    File,
}

/// What a first start should use.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Preference {
    /// The keyring if it works, else the file.
    #[default]
    Auto,
    /// The keyring, or fail.
    Keyring,
    /// The file, without asking a keyring.
    File,
}

/// Why the secrets of a folder cannot be reached.
#[derive(Debug, thiserror::Error)]
pub enum HomeError {
    /// The secret store.
    #[error(transparent)]
    Secrets(#[from] SecretError),
    /// The PIN.
    #[error(transparent)]
    Pin(#[from] PinError),
    /// `home.json` is damaged or of a newer version.
    #[error("home.json is damaged or from a newer version")]
    Damaged,
    /// The disk refused.
    #[error("the folder could not be read or written: {0}")]
    Disk(#[from] std::io::Error),
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct HomeRecord {
    version: u32,
    id: String,
    secrets: Kind,
}

/// The secrets of a folder, not open yet.
pub struct Home {
    folder: PathBuf,
    disk: Arc<dyn Disk>,
    kind: Kind,
    keyring: Option<Arc<Keyring>>,
    pin: PinFile,
}

impl Home {
    /// Looks at a folder; chooses and writes down the kind of store at its first use. May block on the keyring.
    pub fn look(folder: &Path, disk: Arc<dyn Disk>, preference: Preference, cost: PinCost) -> Result<Self, HomeError> {
        let path = folder.join(FILE_NAME);
        let pin = PinFile::in_folder(folder, disk.clone(), cost);
        let (kind, keyring) = match disk.read(&path)? {
            Some(bytes) => {
                let record: HomeRecord = serde_json::from_slice(&bytes).map_err(|_| HomeError::Damaged)?;
                if record.version != 1 {
                    return Err(HomeError::Damaged);
                }
                let keyring = match record.secrets {
                    Kind::Keyring => Some(known_keyring(&record.id)?),
                    Kind::File => None,
                };
                (record.secrets, keyring)
            }
            None => {
                disk::make_folder(folder)?;
                let id = hex(&randomness::bytes::<16>());
                let (kind, keyring) = choose(preference, &id)?;
                let record = HomeRecord { version: 1, id, secrets: kind };
                let bytes = serde_json::to_vec(&record).map_err(|_| HomeError::Damaged)?;
                disk::replace(disk.as_ref(), &path, &bytes)?;
                (kind, keyring)
            }
        };
        Ok(Self { folder: folder.to_owned(), disk, kind, keyring: keyring.map(Arc::new), pin })
    }

    /// Which store this folder uses.
    pub fn kind(&self) -> Kind {
        self.kind
    }

    /// Whether a PIN was set in this folder.
    pub fn pin_is_set(&self) -> Result<bool, HomeError> {
        Ok(self.pin.is_set()?)
    }

    /// Opens the store of a folder with a keyring. A folder with a sealed file answers [`SecretError::Locked`].
    pub fn open(&self) -> Result<Arc<dyn SecretStore>, HomeError> {
        match &self.keyring {
            Some(keyring) => Ok(keyring.clone()),
            None => Err(SecretError::Locked.into()),
        }
    }

    /// Opens the store with the PIN key, whichever kind it is.
    pub fn open_with(&self, key: &PinKey) -> Result<Arc<dyn SecretStore>, HomeError> {
        match &self.keyring {
            Some(keyring) => Ok(keyring.clone()),
            None => Ok(Arc::new(SealedFile::open(&self.folder, self.disk.clone(), key.clone())?)),
        }
    }

    /// Sets the folder's first PIN. Slow on purpose.
    pub fn set_pin(&self, pin: &Pin) -> Result<PinKey, HomeError> {
        let pepper = self.pepper(true)?;
        Ok(self.pin.set(pin, &pepper)?)
    }

    /// Opens the PIN key. Slow on purpose.
    pub fn unlock(&self, pin: &Pin, now: i64) -> Result<PinKey, HomeError> {
        let pepper = self.pepper(false)?;
        Ok(self.pin.open(pin, &pepper, now)?)
    }

    /// The keyring's part in the PIN, so that a copied folder cannot be searched for it.
    fn pepper(&self, make: bool) -> Result<Secret, HomeError> {
        let Some(keyring) = &self.keyring else {
            return Ok(Secret::default());
        };
        if let Some(pepper) = keyring.get(PEPPER)? {
            return Ok(pepper);
        }
        if !make {
            return Err(SecretError::Damaged.into());
        }
        let pepper = Secret::new(randomness::bytes::<32>().to_vec());
        keyring.set(PEPPER, &pepper)?;
        Ok(pepper)
    }
}

impl std::fmt::Debug for Home {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Home").field("folder", &self.folder).field("kind", &self.kind).finish_non_exhaustive()
    }
}

fn choose(preference: Preference, id: &str) -> Result<(Kind, Option<Keyring>), HomeError> {
    match preference {
        Preference::File => Ok((Kind::File, None)),
        Preference::Keyring => Ok((Kind::Keyring, Some(Keyring::open(id)?))),
        Preference::Auto => match Keyring::open(id) {
            Ok(keyring) => Ok((Kind::Keyring, Some(keyring))),
            Err(reason) => {
                tracing::info!(%reason, "no keyring here; the secrets go into a file sealed under the PIN");
                Ok((Kind::File, None))
            }
        },
    }
}

/// A keyring that this folder already uses: that it is away today means locked.
fn known_keyring(id: &str) -> Result<Keyring, HomeError> {
    Keyring::open(id).map_err(|error| match error {
        SecretError::Missing(_) | SecretError::Failed(_) => SecretError::Locked.into(),
        other => other.into(),
    })
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
