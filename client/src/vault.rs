//! The vault: one sealed file that holds everything a companion must remember.
//!
//! ```text
//! "KOPPELVAULT" ‖ format u8 ‖ key check (8) ‖ nonce (12) ‖ AES-256-GCM(contents), all before the nonce authenticated with it
//! ```
//!
//! The key lives in the platform's secret store. The *key check* is derived from it, so that a file that was sealed with
//! another key (a folder copied from another machine) is told apart from a damaged one. What the contents mean, and what file
//! and key mean together, is `core`'s business; here they are bytes. Nothing here ever deletes a vault: one that cannot be
//! opened is put aside.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use aes_gcm::aead::{Aead, KeyInit, Payload};
use aes_gcm::{Aes256Gcm, Nonce};
use koppel_protocol::bytes::Secret;
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

use crate::disk::{self, Disk};
use crate::randomness;

const MAGIC: &[u8; 11] = b"KOPPELVAULT";
const FORMAT: u8 = 1;
const HEADER: usize = MAGIC.len() + 1 + CHECK;
const CHECK: usize = 8;
const NONCE: usize = 12;
const TAG: usize = 16;

/// The name of the file in the companion's folder.
pub const FILE_NAME: &str = "vault";

/// The key that opens a vault. Never printed.
#[derive(Clone)]
pub struct VaultKey(Secret<32>);

impl VaultKey {
    /// A fresh key.
    pub fn generate() -> Self {
        Self(Secret::written(|key| randomness::fill(key)))
    }

    /// The key as the secret store returned it; `None` when it is not 32 bytes.
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        Secret::copied_from(bytes).map(Self)
    }

    /// The bytes, for the secret store.
    pub fn as_bytes(&self) -> &[u8] {
        self.0.expose()
    }

    fn cipher(&self) -> Aes256Gcm {
        Aes256Gcm::new(self.0.expose().into())
    }

    /// Eight bytes that say which key this is and nothing about it.
    fn check(&self) -> [u8; CHECK] {
        let hash = Sha256::new().chain_update(b"koppel/vault/key-check/v1").chain_update(self.0.expose()).finalize();
        let mut check = [0; CHECK];
        check.copy_from_slice(&hash[..CHECK]);
        check
    }
}

impl std::fmt::Debug for VaultKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("VaultKey(..)")
    }
}

/// Why a vault cannot be opened or written.
#[derive(Debug, thiserror::Error)]
pub enum VaultError {
    /// The file is not a vault, was cut short, or its bytes were changed.
    #[error("the vault is damaged")]
    Damaged,
    /// The file was written by a newer companion.
    #[error("the vault was written by a newer version (format {found}, this one knows {known})")]
    Newer {
        /// The format of the file.
        found: u8,
        /// The newest format this companion knows.
        known: u8,
    },
    /// The file is there, but it was sealed with another key than the one in the secret store, or that one is gone.
    #[error("the key of the vault is lost")]
    KeyLost,
    /// The disk refused.
    #[error("the vault could not be read or written: {0}")]
    Disk(#[from] io::Error),
}

/// The sealed file.
#[derive(Clone)]
pub struct VaultFile {
    path: PathBuf,
    disk: Arc<dyn Disk>,
}

impl VaultFile {
    /// The vault of a folder.
    pub fn in_folder(folder: &Path, disk: Arc<dyn Disk>) -> Self {
        Self { path: folder.join(FILE_NAME), disk }
    }

    /// The sealed bytes as they lie there; `None` when there is no file.
    pub fn sealed(&self) -> Result<Option<Vec<u8>>, VaultError> {
        Ok(self.disk.read(&self.path)?)
    }

    /// The contents; `None` when there is no file.
    pub fn read(&self, key: &VaultKey) -> Result<Option<Zeroizing<Vec<u8>>>, VaultError> {
        self.sealed()?.map(|sealed| unseal(key, &sealed)).transpose()
    }

    /// Replaces the contents and returns when they are durable.
    pub fn write(&self, key: &VaultKey, contents: &[u8]) -> Result<(), VaultError> {
        let sealed = seal(key, contents);
        Ok(disk::replace(self.disk.as_ref(), &self.path, &sealed)?)
    }

    /// Puts the file aside under a name that says when, so that a fresh start loses nothing.
    pub fn put_aside(&self, seconds_since_1970: i64) -> Result<PathBuf, VaultError> {
        let aside = self.path.with_file_name(format!("{FILE_NAME}.aside-{seconds_since_1970}"));
        self.disk.rename(&self.path, &aside)?;
        if let Some(folder) = self.path.parent() {
            self.disk.sync_folder(folder)?;
        }
        Ok(aside)
    }
}

fn seal(key: &VaultKey, contents: &[u8]) -> Vec<u8> {
    let mut sealed = Vec::with_capacity(HEADER + NONCE + contents.len() + TAG);
    sealed.extend_from_slice(MAGIC);
    sealed.push(FORMAT);
    sealed.extend_from_slice(&key.check());
    let nonce = randomness::bytes::<NONCE>();
    let payload = Payload { msg: contents, aad: &sealed };
    // AES-GCM refuses only messages of more than 64 GiB; the disk refuses an empty vault long before.
    let ciphertext = key.cipher().encrypt(&Nonce::from(nonce), payload).unwrap_or_default();
    sealed.extend_from_slice(&nonce);
    sealed.extend_from_slice(&ciphertext);
    sealed
}

/// Opens sealed bytes.
pub fn unseal(key: &VaultKey, sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>, VaultError> {
    let (magic, rest) = sealed.split_first_chunk::<{ MAGIC.len() }>().ok_or(VaultError::Damaged)?;
    let (&format, _) = rest.split_first().ok_or(VaultError::Damaged)?;
    if magic != MAGIC || format == 0 {
        return Err(VaultError::Damaged);
    }
    if format > FORMAT {
        return Err(VaultError::Newer { found: format, known: FORMAT });
    }
    let (header, body) = sealed.split_at_checked(HEADER).ok_or(VaultError::Damaged)?;
    let (nonce, ciphertext) = body.split_first_chunk::<NONCE>().ok_or(VaultError::Damaged)?;
    let payload = Payload { msg: ciphertext, aad: header };
    match key.cipher().decrypt(&Nonce::from(*nonce), payload) {
        Ok(contents) => Ok(Zeroizing::new(contents)),
        Err(_) if header.ends_with(&key.check()) => Err(VaultError::Damaged),
        Err(_) => Err(VaultError::KeyLost),
    }
}
