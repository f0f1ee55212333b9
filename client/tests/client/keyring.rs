//! The keyring: kept secrets, and the difference between locked and empty.

use std::any::Any;
use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use keyring_core::api::{CredentialApi, CredentialStore, CredentialStoreApi};
use keyring_core::{Credential, Entry, Error, Result};
use koppel_client::secrets::keyring::Keyring;
use koppel_client::secrets::{SecretError, SecretStore};

type Items = Arc<Mutex<HashMap<String, Vec<u8>>>>;

/// A keyring that can be locked as a Secret Service is: reads then say that there is no such entry.
#[derive(Debug, Default, Clone)]
struct FakeKeyring {
    items: Items,
    locked: bool,
}

#[derive(Debug)]
struct FakeItem {
    keyring: FakeKeyring,
    name: String,
}

impl CredentialStoreApi for FakeKeyring {
    fn vendor(&self) -> String {
        "tests".into()
    }
    fn id(&self) -> String {
        "fake".into()
    }
    fn build(&self, _: &str, user: &str, _: Option<&HashMap<&str, &str>>) -> Result<Entry> {
        Ok(Entry::new_with_credential(Arc::new(FakeItem { keyring: self.clone(), name: user.into() })))
    }
    fn as_any(&self) -> &dyn Any {
        self
    }
}

impl CredentialApi for FakeItem {
    fn set_secret(&self, secret: &[u8]) -> Result<()> {
        if !self.keyring.locked {
            let mut items = self.keyring.items.lock().unwrap();
            items.insert(self.name.clone(), secret.to_vec());
        }
        Ok(())
    }
    fn get_secret(&self) -> Result<Vec<u8>> {
        let items = self.keyring.items.lock().unwrap();
        match items.get(&self.name) {
            Some(secret) if !self.keyring.locked => Ok(secret.clone()),
            _ => Err(Error::NoEntry),
        }
    }
    fn delete_credential(&self) -> Result<()> {
        self.keyring.items.lock().unwrap().remove(&self.name);
        Ok(())
    }
    fn get_credential(&self) -> Result<Option<Arc<Credential>>> {
        Ok(None)
    }
    fn get_specifiers(&self) -> Option<(String, String)> {
        None
    }
    fn as_any(&self) -> &dyn Any {
        self
    }
}

fn open(keyring: &FakeKeyring) -> std::result::Result<Keyring, SecretError> {
    let store: Arc<CredentialStore> = Arc::new(keyring.clone());
    Keyring::over(store, "folder".into())
}

#[test]
fn secrets_stay_in_the_keyring_from_one_start_to_the_next() {
    let keyring = FakeKeyring::default();
    let store = open(&keyring).unwrap();
    assert!(store.get("seal").unwrap().is_none());
    store.set("seal", b"one").unwrap();
    store.set("auth", b"two").unwrap();
    store.set("auth", b"three").unwrap();

    let again = open(&keyring).unwrap();
    assert_eq!(again.get("seal").unwrap().unwrap().as_slice(), b"one");
    assert_eq!(again.get("auth").unwrap().unwrap().as_slice(), b"three");
    again.delete("seal").unwrap();
    assert_eq!(open(&keyring).unwrap().names().unwrap(), ["auth"]);
    assert_eq!(keyring.items.lock().unwrap().len(), 1, "the probe is gone");
}

#[test]
fn a_locked_keyring_that_answers_no_entry_is_locked_and_not_empty() {
    let mut keyring = FakeKeyring::default();
    open(&keyring).unwrap().set("seal", b"one").unwrap();
    keyring.locked = true;
    assert!(matches!(open(&keyring), Err(SecretError::Locked)));
}

/// The Secret Service's library panics when it is dropped on an async thread.
#[derive(Debug)]
struct Delicate(FakeKeyring);

impl Drop for Delicate {
    fn drop(&mut self) {
        assert!(tokio::runtime::Handle::try_current().is_err(), "dropped on an async thread");
    }
}

impl CredentialStoreApi for Delicate {
    fn vendor(&self) -> String {
        self.0.vendor()
    }
    fn id(&self) -> String {
        self.0.id()
    }
    fn build(&self, service: &str, user: &str, modifiers: Option<&HashMap<&str, &str>>) -> Result<Entry> {
        assert!(tokio::runtime::Handle::try_current().is_err(), "asked on an async thread");
        self.0.build(service, user, modifiers)
    }
    fn as_any(&self) -> &dyn Any {
        self
    }
}

#[tokio::test]
async fn the_keyrings_library_is_neither_asked_nor_dropped_on_an_async_thread() {
    let delicate: Arc<CredentialStore> = Arc::new(Delicate(FakeKeyring::default()));
    let keyring = Keyring::over(delicate, "folder".into()).unwrap();
    keyring.set("seal", b"one").unwrap();
    assert!(keyring.get("seal").unwrap().is_some());
    drop(keyring);
}
