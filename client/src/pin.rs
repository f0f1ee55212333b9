//! The PIN: what stands between a stolen laptop and an approval.
//!
//! A PIN opens one random *PIN key* of the folder; that key seals the approval keys, and where there is no keyring the other
//! secrets too. Between the two stands Argon2id, and, where there is a keyring, a secret from it (RFC 9106 calls it *K*), so that the
//! folder alone cannot be searched for the PIN.
//!
//! Wrong PINs are counted in the file, before comparing; the fifth and each further one cost a longer wait. That stops somebody
//! at the keyboard. It cannot stop somebody who copied the file: against them only the length of the PIN and the cost of
//! Argon2id work, which is why six characters is the least and the help suggests more.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use aes_gcm::aead::{Aead, KeyInit, Payload};
use aes_gcm::{Aes256Gcm, Nonce};
use argon2::{Algorithm, Argon2, Params, Version};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use koppel_protocol::bytes::Secret;
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use crate::disk::{self, Disk};
use crate::randomness;

/// The name of the file in the companion's folder.
pub const FILE_NAME: &str = "pin";
/// The fewest characters of a PIN.
pub const SHORTEST: usize = 6;
/// The most bytes of a PIN.
pub const LONGEST: usize = 64;
/// The wrong PIN in a row that costs the first wait; those before it cost none.
pub const FIRST_TO_WAIT: u32 = 5;
const FIRST_WAIT: i64 = 30;
const LONGEST_WAIT: i64 = 3600;
const FORMAT: u32 = 1;

/// What the person typed. Never printed.
#[derive(Clone)]
pub struct Pin(Zeroizing<Vec<u8>>);

impl Pin {
    /// Takes 6 to 64 characters; one line end at the end is not part of it.
    pub fn parse(typed: &[u8]) -> Result<Self, PinError> {
        let typed = typed.strip_suffix(b"\n").unwrap_or(typed);
        let typed = typed.strip_suffix(b"\r").unwrap_or(typed);
        let text = std::str::from_utf8(typed).map_err(|_| PinError::Unreadable)?;
        if text.chars().count() < SHORTEST {
            return Err(PinError::TooShort);
        }
        if typed.len() > LONGEST {
            return Err(PinError::TooLong);
        }
        Ok(Self(Zeroizing::new(typed.to_vec())))
    }
}

impl std::fmt::Debug for Pin {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Pin(..)")
    }
}

/// Why a PIN opens nothing.
#[derive(Debug, thiserror::Error)]
pub enum PinError {
    /// Fewer than six characters.
    #[error("a PIN has at least {SHORTEST} characters")]
    TooShort,
    /// More than 64 bytes.
    #[error("a PIN has at most {LONGEST} bytes")]
    TooLong,
    /// Not text.
    #[error("the PIN is not readable text")]
    Unreadable,
    /// Not this PIN.
    #[error("wrong PIN")]
    Wrong {
        /// Further wrong ones before a wait is imposed.
        tries_left: u32,
    },
    /// Too many wrong ones: wait.
    #[error("too many wrong PINs")]
    Wait {
        /// Seconds until the next try is taken.
        seconds: i64,
    },
    /// No PIN was set in this folder yet.
    #[error("no PIN has been set")]
    NotSet,
    /// The PIN file is damaged, of a newer version, or asks for more memory than we are ready to spend.
    #[error("the PIN file is damaged or from a newer version")]
    Damaged,
    /// The disk refused.
    #[error("the PIN file could not be read or written: {0}")]
    Disk(#[from] io::Error),
}

/// What Argon2id costs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct PinCost {
    /// Memory, KiB.
    pub memory_kib: u32,
    /// Passes.
    pub passes: u32,
}

impl PinCost {
    /// 64 MiB, three passes: RFC 9106's second recommendation, about a fifth of a second on a laptop.
    pub const STANDARD: Self = Self { memory_kib: 64 * 1024, passes: 3 };
    /// What a file may at most ask for: it could have been written by somebody else.
    const MOST: Self = Self { memory_kib: 1024 * 1024, passes: 16 };

    fn argon2<'a>(&self, pepper: &'a [u8]) -> Result<Argon2<'a>, PinError> {
        if self.memory_kib > Self::MOST.memory_kib || self.passes > Self::MOST.passes {
            return Err(PinError::Damaged);
        }
        let params = Params::new(self.memory_kib, self.passes, 1, Some(32)).map_err(|_| PinError::Damaged)?;
        Argon2::new_with_secret(pepper, Algorithm::Argon2id, Version::V0x13, params).map_err(|_| PinError::Damaged)
    }
}

/// What a right PIN opens. Seals and opens under a name, so that one sealed thing cannot stand in for another. Never printed.
#[derive(Clone)]
pub struct PinKey(Secret<32>);

impl PinKey {
    /// Seals `secret` under `name`.
    pub fn seal(&self, name: &str, secret: &[u8]) -> Vec<u8> {
        let nonce = randomness::bytes::<12>();
        let payload = Payload { msg: secret, aad: name.as_bytes() };
        let mut sealed = nonce.to_vec();
        sealed.extend(Aes256Gcm::new(self.0.expose().into()).encrypt(&Nonce::from(nonce), payload).unwrap_or_default());
        sealed
    }

    /// Opens what [`seal`](Self::seal) made under the same name.
    pub fn open(&self, name: &str, sealed: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
        let (nonce, ciphertext) = sealed.split_first_chunk::<12>()?;
        let payload = Payload { msg: ciphertext, aad: name.as_bytes() };
        Aes256Gcm::new(self.0.expose().into()).decrypt(&Nonce::from(*nonce), payload).ok().map(Zeroizing::new)
    }
}

impl std::fmt::Debug for PinKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("PinKey(..)")
    }
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct PinRecord {
    version: u32,
    salt: String,
    cost: PinCost,
    sealed_key: String,
    wrong: u32,
    wait_until: i64,
}

/// The PIN of a folder.
#[derive(Clone)]
pub struct PinFile {
    path: PathBuf,
    disk: Arc<dyn Disk>,
    cost: PinCost,
}

impl PinFile {
    /// The PIN file of a folder. `cost` counts for a PIN that is set from now on; an older one keeps its own.
    pub fn in_folder(folder: &Path, disk: Arc<dyn Disk>, cost: PinCost) -> Self {
        Self { path: folder.join(FILE_NAME), disk, cost }
    }

    /// Whether a PIN was set.
    pub fn is_set(&self) -> Result<bool, PinError> {
        Ok(self.load()?.is_some())
    }

    /// Sets the first PIN. `pepper` is the keyring's part, empty where there is no keyring. Slow on purpose: call it off the
    /// async threads.
    pub fn set(&self, pin: &Pin, pepper: &[u8]) -> Result<PinKey, PinError> {
        let key = PinKey(Secret::written(|key| randomness::fill(key)));
        let salt = randomness::bytes::<16>();
        let outer = stretch(pin, &salt, self.cost, pepper)?;
        self.store(&PinRecord {
            version: FORMAT,
            salt: URL_SAFE_NO_PAD.encode(salt),
            cost: self.cost,
            sealed_key: URL_SAFE_NO_PAD.encode(outer.seal(KEY_NAME, key.0.expose())),
            wrong: 0,
            wait_until: 0,
        })?;
        Ok(key)
    }

    /// Opens the PIN key. `now` (seconds) serves the wait only; a clock that was set back never makes a wait longer than the
    /// longest one. Slow on purpose: call it off the async threads.
    pub fn open(&self, pin: &Pin, pepper: &[u8], now: i64) -> Result<PinKey, PinError> {
        let mut record = self.load()?.ok_or(PinError::NotSet)?;
        if record.wait_until - now > LONGEST_WAIT {
            record.wait_until = now + LONGEST_WAIT;
            self.store(&record)?;
        }
        if record.wait_until > now {
            return Err(PinError::Wait { seconds: record.wait_until - now });
        }
        record.wrong = record.wrong.saturating_add(1);
        record.wait_until = match record.wrong.checked_sub(FIRST_TO_WAIT) {
            None => 0,
            Some(over) => now + (FIRST_WAIT << over.min(7)).min(LONGEST_WAIT),
        };
        self.store(&record)?;

        let salt = decode(&record.salt)?;
        let outer = stretch(pin, &salt, record.cost, pepper)?;
        let Some(key) = outer.open(KEY_NAME, &decode(&record.sealed_key)?) else {
            return Err(match FIRST_TO_WAIT.saturating_sub(record.wrong) {
                0 => PinError::Wait { seconds: record.wait_until - now },
                tries_left => PinError::Wrong { tries_left },
            });
        };
        record.wrong = 0;
        record.wait_until = 0;
        self.store(&record)?;
        Secret::copied_from(&key).map(PinKey).ok_or(PinError::Damaged)
    }

    /// Forgets the PIN, and with it everything that was sealed under it.
    pub fn forget(&self) -> Result<(), PinError> {
        Ok(disk::remove(self.disk.as_ref(), &self.path)?)
    }

    fn load(&self) -> Result<Option<PinRecord>, PinError> {
        let Some(bytes) = self.disk.read(&self.path)? else {
            return Ok(None);
        };
        let record: PinRecord = serde_json::from_slice(&bytes).map_err(|_| PinError::Damaged)?;
        match record.version {
            FORMAT => Ok(Some(record)),
            _ => Err(PinError::Damaged),
        }
    }

    fn store(&self, record: &PinRecord) -> Result<(), PinError> {
        let bytes = serde_json::to_vec(record).map_err(|_| PinError::Damaged)?;
        Ok(disk::replace(self.disk.as_ref(), &self.path, &bytes)?)
    }
}

const KEY_NAME: &str = "koppel/pin/key/v1";

fn decode(text: &str) -> Result<Vec<u8>, PinError> {
    URL_SAFE_NO_PAD.decode(text).map_err(|_| PinError::Damaged)
}

fn stretch(pin: &Pin, salt: &[u8], cost: PinCost, pepper: &[u8]) -> Result<PinKey, PinError> {
    let argon2 = cost.argon2(pepper)?;
    let mut stretched = Ok(());
    let key = Secret::written(|key| stretched = argon2.hash_password_into(&pin.0, salt, key));
    stretched.map(|()| PinKey(key)).map_err(|_| PinError::Damaged)
}
