//! A secret store for machines without a keyring: one file, sealed under the PIN.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use super::{Secret, SecretBook, SecretError, SecretStore};
use crate::disk::{self, Disk};
use crate::pin::PinKey;

/// The name of the file in the companion's folder.
pub const FILE_NAME: &str = "secrets";
const SEAL_NAME: &str = "koppel/secrets/v1";

/// The open store. It exists only where the right PIN was given.
pub struct SealedFile {
    path: PathBuf,
    disk: Arc<dyn Disk>,
    key: PinKey,
    book: Mutex<SecretBook>,
}

impl SealedFile {
    /// Opens the store of a folder; an absent file is an empty store.
    pub fn open(folder: &Path, disk: Arc<dyn Disk>, key: PinKey) -> Result<Self, SecretError> {
        let path = folder.join(FILE_NAME);
        let book = match disk.read(&path).map_err(failed)? {
            None => SecretBook::default(),
            Some(sealed) => {
                let opened = key.open(SEAL_NAME, &sealed).ok_or(SecretError::Damaged)?;
                SecretBook::from_bytes(&opened)?
            }
        };
        Ok(Self { path, disk, key, book: Mutex::new(book) })
    }

    fn change(&self, change: impl FnOnce(&mut SecretBook)) -> Result<(), SecretError> {
        let mut book = self.book.lock().unwrap_or_else(PoisonError::into_inner);
        let mut changed = SecretBook::from_bytes(&book.to_bytes())?;
        change(&mut changed);
        let sealed = self.key.seal(SEAL_NAME, &changed.to_bytes());
        disk::replace(self.disk.as_ref(), &self.path, &sealed).map_err(failed)?;
        *book = changed;
        Ok(())
    }

    fn book(&self) -> std::sync::MutexGuard<'_, SecretBook> {
        self.book.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn failed(error: std::io::Error) -> SecretError {
    SecretError::Failed(error.to_string())
}

impl std::fmt::Debug for SealedFile {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SealedFile").finish_non_exhaustive()
    }
}

impl SecretStore for SealedFile {
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
