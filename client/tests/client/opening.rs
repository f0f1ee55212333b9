//! The start: five cases of file and key, orphaned keys, and one companion a folder.

use std::path::PathBuf;
use std::sync::Arc;

use koppel_client::clock::SystemClock;
use koppel_client::disk::RealDisk;
use koppel_client::keys::SoftKeys;
use koppel_client::opening::start_afresh;
use koppel_client::secrets::{MemorySecrets, Secret, SecretError, SecretStore};
use koppel_client::tls::Roots;
use koppel_client::{KoppelClient, OpenError, Setup};
use koppel_core::AccountId;
use koppel_protocol::pairing::Platform;

pub(crate) fn setup(folder: &tempfile::TempDir, secrets: Arc<dyn SecretStore>) -> Setup {
    Setup {
        folder: folder.path().to_owned(),
        disk: Arc::new(RealDisk),
        keys: Arc::new(SoftKeys::new(secrets.clone())),
        secrets,
        roots: Roots::bundled(),
        platform: Platform::Terminal,
        clock: Arc::new(SystemClock),
    }
}

fn vault(folder: &tempfile::TempDir) -> PathBuf {
    folder.path().join("vault")
}

/// A vault as a start leaves it, and the key that opens it.
fn write_vault(folder: &tempfile::TempDir, secrets: &dyn SecretStore) {
    use koppel_client::vault::{VaultFile, VaultKey};
    let key = VaultKey::generate();
    let contents = br#"{"version":1,"accounts":[],"attempts":[]}"#;
    VaultFile::in_folder(folder.path(), Arc::new(RealDisk)).write(&key, contents).unwrap();
    secrets.set("vault/key", key.as_bytes()).unwrap();
}

#[tokio::test]
async fn with_neither_file_nor_key_the_phone_begins_fresh() {
    let folder = tempfile::tempdir().unwrap();
    let secrets = Arc::new(MemorySecrets::new());
    let client = KoppelClient::open(setup(&folder, secrets.clone())).await.unwrap();
    assert!(client.state().accounts.is_empty());
    assert!(secrets.get("vault/key").unwrap().is_some());
}

#[tokio::test]
async fn with_a_file_and_no_key_nothing_is_touched_until_the_person_begins_anew() {
    let folder = tempfile::tempdir().unwrap();
    write_vault(&folder, &MemorySecrets::new());
    let before = std::fs::read(vault(&folder)).unwrap();
    let without_key = setup(&folder, Arc::new(MemorySecrets::new()));
    assert!(matches!(KoppelClient::open(without_key.clone()).await, Err(OpenError::KeyLost)));
    assert_eq!(std::fs::read(vault(&folder)).unwrap(), before);

    let aside = start_afresh(&without_key).unwrap();
    assert_eq!(std::fs::read(aside).unwrap(), before);
    assert!(KoppelClient::open(without_key).await.is_ok());
}

#[tokio::test]
async fn with_a_key_and_no_file_the_keys_that_are_left_over_are_deleted() {
    let folder = tempfile::tempdir().unwrap();
    let secrets = Arc::new(MemorySecrets::new());
    write_vault(&folder, secrets.as_ref());
    std::fs::remove_file(vault(&folder)).unwrap();
    let setup = setup(&folder, secrets.clone());
    setup.keys.make(AccountId::from_bytes([1; 16]), false).unwrap();
    assert!(KoppelClient::open(setup).await.is_ok());
    assert_eq!(secrets.names().unwrap(), ["vault/key"]);
}

#[tokio::test]
async fn keys_of_a_pairing_that_was_never_written_down_are_deleted_at_the_start() {
    let folder = tempfile::tempdir().unwrap();
    let secrets = Arc::new(MemorySecrets::new());
    write_vault(&folder, secrets.as_ref());
    let setup = setup(&folder, secrets.clone());
    setup.keys.make(AccountId::from_bytes([1; 16]), false).unwrap();
    assert_eq!(setup.keys.owners().unwrap().len(), 1);
    let client = KoppelClient::open(setup).await;
    assert!(client.is_ok(), "{client:?}");
    assert_eq!(secrets.names().unwrap(), ["vault/key"]);
}

/// A secret store before the first unlock: it knows nothing and loses nothing.
struct Locked;

impl SecretStore for Locked {
    fn get(&self, _: &str) -> Result<Option<Secret>, SecretError> {
        Err(SecretError::Locked)
    }
    fn set(&self, _: &str, _: &[u8]) -> Result<(), SecretError> {
        Err(SecretError::Locked)
    }
    fn delete(&self, _: &str) -> Result<(), SecretError> {
        Err(SecretError::Locked)
    }
    fn names(&self) -> Result<Vec<String>, SecretError> {
        Err(SecretError::Locked)
    }
}

#[tokio::test]
async fn a_locked_store_is_never_a_lost_key() {
    let folder = tempfile::tempdir().unwrap();
    let secrets = Arc::new(MemorySecrets::new());
    write_vault(&folder, secrets.as_ref());
    assert!(matches!(KoppelClient::open(setup(&folder, Arc::new(Locked))).await, Err(OpenError::Locked)));
    let client = KoppelClient::open(setup(&folder, secrets)).await;
    assert!(client.is_ok(), "{client:?}");
}

#[tokio::test]
async fn noise_is_a_damaged_vault_and_stays_where_it_is() {
    let folder = tempfile::tempdir().unwrap();
    let secrets = Arc::new(MemorySecrets::new());
    write_vault(&folder, secrets.as_ref());
    std::fs::write(vault(&folder), b"noise").unwrap();
    assert!(matches!(KoppelClient::open(setup(&folder, secrets)).await, Err(OpenError::Damaged)));
    assert_eq!(std::fs::read(vault(&folder)).unwrap(), b"noise");
}

#[tokio::test]
async fn a_folder_that_is_open_gives_the_same_phone_again() {
    let folder = tempfile::tempdir().unwrap();
    let secrets = Arc::new(MemorySecrets::new());
    let one = KoppelClient::open(setup(&folder, secrets.clone())).await.unwrap();
    let same = KoppelClient::open(setup(&folder, Arc::new(Locked))).await;
    assert!(same.is_ok(), "the second store is not even asked");
    one.stop().await;
    assert!(matches!(KoppelClient::open(setup(&folder, Arc::new(Locked))).await, Err(OpenError::Locked)));
}
