//! Where the companion keeps what must never lie about in a file: the vault's key and the keys of every pairing.
//!
//! On a phone the shell brings its own [`SecretStore`], over Keystore or keychain. Here are the two for computers: the
//! platform's keyring (`keyring`), and a file sealed under a PIN where there is none ([`sealed_file`]). Which of them a folder uses is
//! written down in the folder when it is first used (`home`): a keyring that does not answer today is *locked*, and never a reason
//! to begin anew beside it.

#[cfg(feature = "desktop")]
pub mod home;
#[cfg(feature = "desktop")]
pub mod keyring;
pub mod sealed_file;

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use zeroize::{Zeroize, Zeroizing};

/// A secret's bytes, wiped when dropped.
pub type Secret = Zeroizing<Vec<u8>>;

/// Why a secret store gave no answer. "There is no such secret" is an answer, not one of these.
#[derive(Debug, thiserror::Error)]
pub enum SecretError {
    /// The store is there but shut: before the first unlock, a locked keyring, a PIN that was not given. Retry later.
    #[error("the secret store is locked")]
    Locked,
    /// There is no store of this kind on this machine.
    #[error("there is no secret store: {0}")]
    Missing(String),
    /// What the store holds is not what was put there.
    #[error("the secret store is damaged")]
    Damaged,
    /// The store failed.
    #[error("the secret store failed: {0}")]
    Failed(String),
}

/// Named secrets, kept where the platform keeps such things. Calls may block; the companion makes them off its async threads.
pub trait SecretStore: Send + Sync {
    /// The secret of this name, `None` when there is none. A store that is locked answers [`SecretError::Locked`], never
    /// `None`.
    fn get(&self, name: &str) -> Result<Option<Secret>, SecretError>;
    /// Keeps a secret durably, in the place of an older one of this name.
    fn set(&self, name: &str, secret: &[u8]) -> Result<(), SecretError>;
    /// Removes a secret; no such secret is no error.
    fn delete(&self, name: &str) -> Result<(), SecretError>;
    /// The names of all secrets.
    fn names(&self) -> Result<Vec<String>, SecretError>;
}

/// All secrets of a folder as one value: stores that keep one item (a keyring asks to be unlocked once, a file is replaced
/// as a whole) keep this. Never printed.
#[derive(Default)]
pub(crate) struct SecretBook(BTreeMap<String, Secret>);

impl SecretBook {
    pub(crate) fn from_bytes(bytes: &[u8]) -> Result<Self, SecretError> {
        let written: BTreeMap<String, &str> = serde_json::from_slice(bytes).map_err(|_| SecretError::Damaged)?;
        let mut book = BTreeMap::new();
        for (name, text) in written {
            let secret = URL_SAFE_NO_PAD.decode(text.as_bytes()).map_err(|_| SecretError::Damaged)?;
            book.insert(name, Zeroizing::new(secret));
        }
        Ok(Self(book))
    }

    pub(crate) fn to_bytes(&self) -> Secret {
        let mut text = String::from("{");
        for (name, secret) in &self.0 {
            if text.len() > 1 {
                text.push(',');
            }
            text.push_str(&serde_json::Value::from(name.as_str()).to_string());
            text.push_str(":\"");
            let mut encoded = URL_SAFE_NO_PAD.encode(secret.as_slice());
            text.push_str(&encoded);
            encoded.zeroize();
            text.push('"');
        }
        text.push('}');
        Zeroizing::new(text.into_bytes())
    }

    pub(crate) fn get(&self, name: &str) -> Option<Secret> {
        self.0.get(name).cloned()
    }

    pub(crate) fn set(&mut self, name: &str, secret: &[u8]) {
        self.0.insert(name.to_owned(), Zeroizing::new(secret.to_vec()));
    }

    pub(crate) fn delete(&mut self, name: &str) -> bool {
        self.0.remove(name).is_some()
    }

    pub(crate) fn names(&self) -> Vec<String> {
        self.0.keys().cloned().collect()
    }
}

impl std::fmt::Debug for SecretBook {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "SecretBook({} secrets)", self.0.len())
    }
}

/// Secrets that live as long as the process: for tests, and for trying things out.
#[derive(Debug, Default)]
pub struct MemorySecrets(Mutex<SecretBook>);

impl MemorySecrets {
    /// An empty store.
    pub fn new() -> Self {
        Self::default()
    }

    fn book(&self) -> std::sync::MutexGuard<'_, SecretBook> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl SecretStore for MemorySecrets {
    fn get(&self, name: &str) -> Result<Option<Secret>, SecretError> {
        Ok(self.book().get(name))
    }

    fn set(&self, name: &str, secret: &[u8]) -> Result<(), SecretError> {
        self.book().set(name, secret);
        Ok(())
    }

    fn delete(&self, name: &str) -> Result<(), SecretError> {
        self.book().delete(name);
        Ok(())
    }

    fn names(&self) -> Result<Vec<String>, SecretError> {
        Ok(self.book().names())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_book_survives_being_written_down() -> Result<(), SecretError> {
        let mut book = SecretBook::default();
        book.set("a/\"quoted\"", &[0, 1, 255]);
        book.set("b", b"");
        let again = SecretBook::from_bytes(&book.to_bytes())?;
        assert_eq!(again.get("a/\"quoted\"").as_deref(), Some(&vec![0, 1, 255]));
        assert_eq!(again.get("b").as_deref(), Some(&vec![]));
        assert_eq!(again.get("c"), None);
        Ok(())
    }

    #[test]
    fn a_book_shows_how_many_secrets_it_holds_and_none_of_them() {
        let mut book = SecretBook::default();
        book.set("seal", b"canary-bytes");
        let shown = format!("{book:?}");
        assert_eq!(shown, "SecretBook(1 secrets)");
    }
}
