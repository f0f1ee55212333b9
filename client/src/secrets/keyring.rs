//! The platform's keyring: the Secret Service on Linux (GNOME Keyring, KWallet, KeePassXC).
//!
//! All secrets of a folder are one item, so that the person is asked to unlock once. A locked Secret Service answers a read
//! with "no such entry" instead of "locked"; therefore [`Keyring::open`] first *writes* a probe and reads it back, and only a store
//! that passed is asked for anything. The library blocks on D-Bus, sometimes on a dialog, and may not be touched from an async
//! thread, not even to be dropped: it lives on a thread of its own, and every question to it has a deadline.

use std::sync::{Arc, Mutex, PoisonError, mpsc};
use std::thread;
use std::time::Duration;

use keyring_core::api::CredentialStore;
use keyring_core::{Entry, Error};

use super::{Secret, SecretBook, SecretError, SecretStore};
use crate::randomness;

const SERVICE: &str = "koppel";
/// How long a keyring may take, a person's answer to its dialog included.
const PATIENCE: Duration = Duration::from_secs(60);

/// An open keyring, for the secrets of one folder.
pub struct Keyring {
    writer: mpsc::Sender<Write>,
    book: Mutex<SecretBook>,
}

/// New contents for the item, and where to say whether they were kept.
type Write = (Secret, mpsc::Sender<Result<(), SecretError>>);

impl Keyring {
    /// Opens the keyring of this machine for the folder with this id. [`SecretError::Missing`] says that there is none.
    pub fn open(folder_id: &str) -> Result<Self, SecretError> {
        Self::on_a_thread(platform_store, folder_id.to_owned())
    }

    /// Opens any store of the keyring family; the tests give one of their own.
    pub fn over(store: Arc<CredentialStore>, item: String) -> Result<Self, SecretError> {
        Self::on_a_thread(move || Ok(store), item)
    }

    fn on_a_thread(
        connect: impl FnOnce() -> Result<Arc<CredentialStore>, SecretError> + Send + 'static,
        item: String,
    ) -> Result<Self, SecretError> {
        let (opened, opening) = mpsc::channel();
        let (writer, writes) = mpsc::channel::<Write>();
        thread::spawn(move || {
            let store = match connect().and_then(|store| Ok((read(&store, &item)?, store))) {
                Ok((book, store)) => {
                    // Nobody listens any more when the deadline has passed; then there is nothing to write either.
                    let _ = opened.send(Ok(book));
                    store
                }
                Err(error) => {
                    let _ = opened.send(Err(error));
                    return;
                }
            };
            for (bytes, written) in writes {
                let result = entry(&store, &item).and_then(|entry| entry.set_secret(&bytes).map_err(translate));
                let _ = written.send(result);
            }
        });
        let book = opening.recv_timeout(PATIENCE).unwrap_or(Err(SecretError::Locked))?;
        Ok(Self { writer, book: Mutex::new(book) })
    }

    fn change(&self, change: impl FnOnce(&mut SecretBook)) -> Result<(), SecretError> {
        let mut book = self.book.lock().unwrap_or_else(PoisonError::into_inner);
        let mut changed = SecretBook::from_bytes(&book.to_bytes())?;
        change(&mut changed);
        let (written, result) = mpsc::channel();
        self.writer.send((changed.to_bytes(), written)).map_err(|_| SecretError::Locked)?;
        result.recv_timeout(PATIENCE).unwrap_or(Err(SecretError::Locked))?;
        *book = changed;
        Ok(())
    }

    fn book(&self) -> std::sync::MutexGuard<'_, SecretBook> {
        self.book.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What lies in the keyring, once it is proved that it keeps anything.
fn read(store: &Arc<CredentialStore>, item: &str) -> Result<SecretBook, SecretError> {
    probe(store, item)?;
    match entry(store, item)?.get_secret() {
        Ok(bytes) => SecretBook::from_bytes(&Secret::new(bytes)),
        Err(Error::NoEntry) => Ok(SecretBook::default()),
        Err(error) => Err(translate(error)),
    }
}

/// Writes, reads back and removes a random value: the only proof that a store keeps what it is given.
fn probe(store: &Arc<CredentialStore>, item: &str) -> Result<(), SecretError> {
    let probe = entry(store, &format!("{item}/probe"))?;
    let written = randomness::bytes::<16>();
    probe.set_secret(&written).map_err(translate)?;
    let read = probe.get_secret().map(Secret::new);
    let removed = probe.delete_credential();
    match read {
        Ok(read) if read.as_slice() == written => {}
        Ok(_) => return Err(SecretError::Damaged),
        Err(Error::NoEntry) => return Err(SecretError::Locked),
        Err(error) => return Err(translate(error)),
    }
    removed.map_err(translate)
}

fn entry(store: &Arc<CredentialStore>, item: &str) -> Result<Entry, SecretError> {
    store.build(SERVICE, item, None).map_err(translate)
}

fn translate(error: Error) -> SecretError {
    match error {
        Error::NoStorageAccess(_) => SecretError::Locked,
        // `{error}` of the remaining ones names the store's complaint; the variants that carry a secret are named without it.
        Error::BadEncoding(_) | Error::BadDataFormat(..) | Error::Ambiguous(_) => SecretError::Damaged,
        other => SecretError::Failed(other.to_string()),
    }
}

#[cfg(target_os = "linux")]
fn platform_store() -> Result<Arc<CredentialStore>, SecretError> {
    // Without a bus there is no Secret Service, and the library would wait for one.
    if std::env::var_os("DBUS_SESSION_BUS_ADDRESS").is_none()
        && !std::env::var_os("XDG_RUNTIME_DIR").is_some_and(|folder| std::path::Path::new(&folder).join("bus").exists())
    {
        return Err(SecretError::Missing("no session bus".into()));
    }
    match zbus_secret_service_keyring_store::Store::new() {
        Ok(store) => Ok(store),
        Err(error) => Err(SecretError::Missing(error.to_string())),
    }
}

#[cfg(not(target_os = "linux"))]
fn platform_store() -> Result<Arc<CredentialStore>, SecretError> {
    Err(SecretError::Missing("not on this system".into()))
}

impl std::fmt::Debug for Keyring {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Keyring").finish_non_exhaustive()
    }
}

impl SecretStore for Keyring {
    fn get(&self, name: &str) -> Result<Option<Secret>, SecretError> {
        Ok(self.book().get(name))
    }

    fn set(&self, name: &str, secret: &[u8]) -> Result<(), SecretError> {
        self.change(|book| book.set(name, secret))
    }

    fn delete(&self, name: &str) -> Result<(), SecretError> {
        if self.book().get(name).is_none() {
            return Ok(());
        }
        self.change(|book| {
            book.delete(name);
        })
    }

    fn names(&self) -> Result<Vec<String>, SecretError> {
        Ok(self.book().names())
    }
}
