//! Opening the phone: folder, lock, secrets, client.

use std::fs::{File, OpenOptions, TryLockError};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use koppel_client::clock::{Clock, SystemClock};
use koppel_client::disk::{self, RealDisk};
use koppel_client::keys::SoftKeys;
use koppel_client::opening::start_afresh;
use koppel_client::pin::{Pin, PinCost, PinKey};
use koppel_client::secrets::SecretStore;
use koppel_client::secrets::home::{self, Home, Kind, Preference};
use koppel_client::tls::Roots;
use koppel_client::{KoppelClient, Setup};
use koppel_protocol::pairing::Platform;

use crate::arguments::{Arguments, Secrets};
use crate::ask::Asker;
use crate::complaint::Complaint;

/// An open phone. While it lives no other process can open the same folder.
pub(crate) struct Phone {
    /// The companion.
    pub(crate) client: KoppelClient,
    /// Its keys.
    pub(crate) keys: Arc<SoftKeys>,
    /// The PIN, and where the secrets lie.
    pub(crate) home: Arc<Home>,
    /// The PIN that opened it, where one did: who just typed it need not type it again to pair.
    opened_with: Option<Pin>,
    _lock: File,
}

/// What `--ca`, `--folder` and `--secrets` came to.
#[derive(Clone)]
pub(crate) struct Place {
    folder: PathBuf,
    roots: Roots,
    preference: Preference,
}

impl Place {
    /// Reads what the arguments name.
    pub(crate) fn of(arguments: &Arguments) -> Result<Self, Complaint> {
        let folder = match &arguments.folder {
            Some(folder) => folder.clone(),
            None => default_folder().ok_or(Complaint::about("folder-unwritable", "HOME"))?,
        };
        let roots = match &arguments.ca {
            Some(file) => own_roots(file)?,
            None => Roots::bundled(),
        };
        let preference = match arguments.secrets {
            Secrets::Auto => Preference::Auto,
            Secrets::Keyring => Preference::Keyring,
            Secrets::File => Preference::File,
        };
        Ok(Self { folder, roots, preference })
    }

    /// Whether anything was ever paired here.
    pub(crate) fn is_used(&self) -> bool {
        self.folder.join(home::FILE_NAME).exists()
    }

    /// Opens the phone. Asks for the PIN where the secrets lie under it.
    pub(crate) async fn open(&self, asker: &mut Asker) -> Result<Phone, Complaint> {
        let lock = lock(&self.folder)?;
        let (home, store, opened_with) = self.secrets(asker).await?;
        let keys = Arc::new(SoftKeys::new(store.clone()));
        let client = KoppelClient::open(self.setup(store, keys.clone())).await?;
        Ok(Phone { client, keys, home, opened_with, _lock: lock })
    }

    /// Puts a vault aside that cannot be opened. Returns where it is now.
    pub(crate) async fn start_afresh(&self, asker: &mut Asker) -> Result<PathBuf, Complaint> {
        let _lock = lock(&self.folder)?;
        let (_, store, _) = self.secrets(asker).await?;
        let setup = self.setup(store.clone(), Arc::new(SoftKeys::new(store)));
        blocking(move || start_afresh(&setup).map_err(Complaint::from)).await
    }

    async fn secrets(&self, asker: &mut Asker) -> Result<(Arc<Home>, Arc<dyn SecretStore>, Option<Pin>), Complaint> {
        let (folder, preference) = (self.folder.clone(), self.preference);
        let look =
            move || Home::look(&folder, Arc::new(RealDisk), preference, PinCost::STANDARD).map_err(Complaint::from);
        let home = Arc::new(blocking(look).await?);
        match home.kind() {
            Kind::Keyring => {
                let store = home.open()?;
                Ok((home, store, None))
            }
            Kind::File => {
                let (pin, key) = pin_and_key(&home, asker).await?;
                let store = home.open_with(&key)?;
                Ok((home, store, Some(pin)))
            }
        }
    }

    fn setup(&self, secrets: Arc<dyn SecretStore>, keys: Arc<SoftKeys>) -> Setup {
        Setup {
            folder: self.folder.clone(),
            disk: Arc::new(RealDisk),
            secrets,
            keys,
            roots: self.roots.clone(),
            platform: Platform::Terminal,
            clock: Arc::new(SystemClock),
        }
    }
}

/// Asks for the PIN until it opens, or for a new one where there is none yet.
async fn pin_and_key(home: &Arc<Home>, asker: &mut Asker) -> Result<(Pin, PinKey), Complaint> {
    if !home.pin_is_set()? {
        let pin = asker.new_pin(home.kind())?;
        let key = set_pin(home.clone(), pin.clone()).await?;
        return Ok((pin, key));
    }
    loop {
        let pin = asker.pin(home.kind())?;
        match unlock(home.clone(), pin.clone()).await {
            Ok(key) => return Ok((pin, key)),
            Err(complaint) if complaint.code == "wrong-pin" && asker.can_ask() => asker.complain(&complaint),
            Err(complaint) => return Err(complaint),
        }
    }
}

/// The PIN that a new pairing is sealed under: the one that opened the phone, else one that is right, or the first.
pub(crate) async fn pin_for_pairing(phone: &Phone, asker: &mut Asker) -> Result<Pin, Complaint> {
    match &phone.opened_with {
        Some(pin) => Ok(pin.clone()),
        None => Ok(pin_and_key(&phone.home, asker).await?.0),
    }
}

/// Opens the PIN key, off the async threads.
pub(crate) async fn unlock(home: Arc<Home>, pin: Pin) -> Result<PinKey, Complaint> {
    blocking(move || {
        let now = SystemClock.now().wall_ms / 1000;
        home.unlock(&pin, now).map_err(Complaint::from)
    })
    .await
}

/// Sets the folder's first PIN, off the async threads.
pub(crate) async fn set_pin(home: Arc<Home>, pin: Pin) -> Result<PinKey, Complaint> {
    blocking(move || home.set_pin(&pin).map_err(Complaint::from)).await
}

/// Work that takes its time, off the async threads.
pub(crate) async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, Complaint> + Send + 'static,
) -> Result<T, Complaint> {
    tokio::task::spawn_blocking(work).await.unwrap_or(Err(Complaint::of("internal")))
}

/// One process a folder: the lock is the kernel's, so it ends with the process, however that ends.
fn lock(folder: &Path) -> Result<File, Complaint> {
    disk::make_folder(folder)?;
    let file = OpenOptions::new().create(true).truncate(false).write(true).open(folder.join("lock"))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(Complaint::of("folder-in-use")),
        Err(TryLockError::Error(error)) => Err(error.into()),
    }
}

fn default_folder() -> Option<PathBuf> {
    let data = std::env::var_os("XDG_DATA_HOME").filter(|value| !value.is_empty()).map(PathBuf::from);
    let home = || std::env::var_os("HOME").map(|home| PathBuf::from(home).join(".local/share"));
    Some(data.or_else(home)?.join("koppel"))
}

fn own_roots(file: &Path) -> Result<Roots, Complaint> {
    let invalid = |why: String| Complaint::about("ca-invalid", format!("{}: {why}", file.display()));
    let bytes = std::fs::read(file).map_err(|error| invalid(error.to_string()))?;
    let certificates: Result<Vec<_>, _> = rustls_pemfile::certs(&mut bytes.as_slice()).collect();
    let certificates = certificates.map_err(|error| invalid(error.to_string()))?;
    Roots::bundled().and(certificates).map_err(|error| invalid(error.to_string()))
}
