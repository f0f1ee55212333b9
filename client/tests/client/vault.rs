//! The vault: what a crash leaves of it, and what it says about a file it cannot open.

use std::path::Path;
use std::sync::Arc;

use koppel_client::disk::RealDisk;
use koppel_client::vault::{VaultError, VaultFile, VaultKey};

use crate::crashing_disk::CrashingDisk;

const FOLDER: &str = "/koppel";

fn vault_on(disk: CrashingDisk) -> (VaultFile, Arc<CrashingDisk>) {
    let disk = Arc::new(disk);
    (VaultFile::in_folder(Path::new(FOLDER), disk.clone()), disk)
}

#[test]
fn after_a_crash_at_any_step_the_vault_holds_the_old_or_the_new_contents_whole() {
    let key = VaultKey::generate();
    let (first, disk) = vault_on(CrashingDisk::default());
    first.write(&key, b"old contents").unwrap();
    let before = disk.files();

    let (second, disk) = vault_on(CrashingDisk::with(before.clone()));
    second.write(&key, b"new contents, longer than the old ones").unwrap();

    let states = disk.states_after_a_crash(&before);
    assert!(states.len() >= 40, "every step was tried");
    for (story, files) in states {
        let (vault, _) = vault_on(CrashingDisk::with(files));
        let contents = vault.read(&key).unwrap_or_else(|e| panic!("{story}: {e}"));
        let contents = contents.unwrap_or_else(|| panic!("{story}: the vault is gone"));
        assert!(
            contents.as_slice() == b"old contents" || contents.as_slice() == b"new contents, longer than the old ones",
            "{story}"
        );
    }
}

#[test]
fn what_was_written_is_there_after_a_crash_that_comes_later() {
    let key = VaultKey::generate();
    let (vault, disk) = vault_on(CrashingDisk::default());
    vault.write(&key, b"acknowledged").unwrap();
    let (story, files) = disk.states_after_a_crash(&Default::default()).pop().unwrap();
    let (vault, _) = vault_on(CrashingDisk::with(files));
    let contents = vault.read(&key).unwrap().expect(&story);
    assert_eq!(contents.as_slice(), b"acknowledged");
}

#[test]
fn a_leftover_of_a_crash_does_not_hinder_the_next_change() {
    let key = VaultKey::generate();
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("vault.new"), b"half a va").unwrap();
    let vault = VaultFile::in_folder(folder.path(), Arc::new(RealDisk));
    vault.write(&key, b"contents").unwrap();
    assert_eq!(vault.read(&key).unwrap().unwrap().as_slice(), b"contents");
    assert!(!folder.path().join("vault.new").exists());
}

#[test]
fn every_changed_or_missing_byte_is_noticed() {
    let key = VaultKey::generate();
    let folder = tempfile::tempdir().unwrap();
    let vault = VaultFile::in_folder(folder.path(), Arc::new(RealDisk));
    vault.write(&key, b"contents").unwrap();
    let path = folder.path().join("vault");
    let whole = std::fs::read(&path).unwrap();
    for at in 0..whole.len() {
        let mut changed = whole.clone();
        changed[at] ^= 0x41;
        std::fs::write(&path, &changed).unwrap();
        assert!(vault.read(&key).is_err(), "byte {at} changed");
        std::fs::write(&path, &whole[..at]).unwrap();
        assert!(matches!(vault.read(&key), Err(VaultError::Damaged | VaultError::KeyLost)), "cut at {at}");
    }
}

#[test]
fn a_vault_of_a_newer_version_is_named_as_such_and_left_alone() {
    let key = VaultKey::generate();
    let folder = tempfile::tempdir().unwrap();
    let vault = VaultFile::in_folder(folder.path(), Arc::new(RealDisk));
    vault.write(&key, b"contents").unwrap();
    let path = folder.path().join("vault");
    let mut bytes = std::fs::read(&path).unwrap();
    bytes[11] = 2;
    std::fs::write(&path, &bytes).unwrap();
    assert!(matches!(vault.read(&key), Err(VaultError::Newer { found: 2, known: 1 })));
    assert_eq!(std::fs::read(&path).unwrap(), bytes);
}

#[test]
fn another_key_is_a_lost_key_and_not_a_damaged_file() {
    let folder = tempfile::tempdir().unwrap();
    let vault = VaultFile::in_folder(folder.path(), Arc::new(RealDisk));
    vault.write(&VaultKey::generate(), b"contents").unwrap();
    assert!(matches!(vault.read(&VaultKey::generate()), Err(VaultError::KeyLost)));
}

#[test]
fn an_unreadable_vault_can_be_put_aside_and_is_not_deleted() {
    let folder = tempfile::tempdir().unwrap();
    let vault = VaultFile::in_folder(folder.path(), Arc::new(RealDisk));
    std::fs::write(folder.path().join("vault"), b"not a vault").unwrap();
    let aside = vault.put_aside(1_700_000_000).unwrap();
    assert_eq!(std::fs::read(aside).unwrap(), b"not a vault");
    assert!(vault.sealed().unwrap().is_none());
}

#[cfg(unix)]
#[test]
fn only_the_owner_may_read_the_vault() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().unwrap();
    let vault = VaultFile::in_folder(folder.path(), Arc::new(RealDisk));
    vault.write(&VaultKey::generate(), b"contents").unwrap();
    let mode = std::fs::metadata(folder.path().join("vault")).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
}

#[test]
fn a_vault_key_is_never_printed() {
    let key = VaultKey::from_bytes(&[7; 32]).unwrap();
    assert_eq!(format!("{key:?}"), "VaultKey(..)");
    assert!(VaultKey::from_bytes(&[7; 31]).is_none());
}
