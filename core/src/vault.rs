//! The vault: everything a phone must still know after a kill, and what its absence means.
//!
//! Contents are one JSON object with a `version`; every earlier version is read, and written as the newest. The host seals the bytes under a key that lives in the platform's
//! secret store, and writes them atomically; private keys are not in here but in that store, per account.
//!
//! File and key are kept in two places, and each can be missing, or refuse to be read. These are different
//! situations, and only one of them may ever delete anything:
//!
//! | file | key | so |
//! |---|---|---|
//! | there | there | open it |
//! | there | absent | [`Opening::KeyLost`]: keep the file, offer to pair again |
//! | absent | there | [`Opening::Reinstalled`]: what the store still holds belongs to nobody: delete it, begin afresh |
//! | absent | absent | [`Opening::Fresh`] |
//! | one of them refused to be read | | [`Opening::Locked`]: before the first unlock; try again, conclude nothing |

use std::{collections::BTreeSet, fmt};

use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use crate::{
    account::{Account, Stored},
    attempts::Attempts,
    codes::{Codes, Kept},
    effect::Contents,
};

/// The version of the contents that this program writes.
///
/// 1: accounts and attempts. 2: authenticator accounts besides.
pub const VERSION: u32 = 2;

/// What is persisted. To be had from [`open`] or [`Vault::fresh`]; goes into [`Machine::new`](crate::Machine::new).
#[derive(Clone, Serialize, Deserialize)]
pub struct Vault {
    version: u32,
    accounts: Vec<Stored>,
    attempts: Attempts,
    codes: Vec<Kept>,
}

/// What version 1 wrote.
#[derive(Deserialize)]
struct First {
    accounts: Vec<Stored>,
    attempts: Attempts,
}

/// The part that every version has.
#[derive(Deserialize)]
struct Versioned {
    version: u32,
}

/// Why contents cannot be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unreadable {
    /// Not contents of a vault.
    Damaged,
    /// Written by a later version of this program.
    Newer {
        /// That version.
        version: u32,
    },
}

impl Vault {
    /// With no accounts.
    pub fn fresh() -> Self {
        Self::holding(Vec::new(), Attempts::default(), Vec::new())
    }

    pub(crate) fn holding(accounts: Vec<Stored>, attempts: Attempts, codes: Vec<Kept>) -> Self {
        Self { version: VERSION, accounts, attempts, codes }
    }

    /// Reads contents of this or any earlier version.
    ///
    /// # Errors
    /// [`Unreadable`]; nothing of a later version is guessed at.
    pub fn read(contents: &[u8]) -> Result<Self, Unreadable> {
        let Versioned { version } = serde_json::from_slice(contents).map_err(|_| Unreadable::Damaged)?;
        let read = match version {
            0 => return Err(Unreadable::Damaged),
            1 => serde_json::from_slice(contents)
                .map(|First { accounts, attempts }| Self::holding(accounts, attempts, Vec::new())),
            VERSION => serde_json::from_slice(contents),
            version => return Err(Unreadable::Newer { version }),
        };
        let vault: Self = read.map_err(|_| Unreadable::Damaged)?;
        let accounts: BTreeSet<_> = vault.accounts.iter().map(|account| account.id).collect();
        let codes: BTreeSet<_> = vault.codes.iter().map(|kept| kept.id).collect();
        let each_once = accounts.len() == vault.accounts.len() && codes.len() == vault.codes.len();
        if each_once { Ok(vault) } else { Err(Unreadable::Damaged) }
    }

    /// The bytes to be sealed; none only if a defect lets something in that cannot be written.
    pub(crate) fn write(&self) -> Option<Contents> {
        serde_json::to_vec(self).ok().map(|contents| Contents(Zeroizing::new(contents)))
    }

    pub(crate) fn into_parts(self) -> (Vec<Account>, Attempts, Codes) {
        (self.accounts.into_iter().filter_map(Account::resume).collect(), self.attempts, Codes::of(self.codes))
    }
}

impl fmt::Debug for Vault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Vault(version {}, {} accounts, {} codes)", self.version, self.accounts.len(), self.codes.len())
    }
}

/// What reading one of the two places gave.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Found<T> {
    /// It is surely not there.
    Absent,
    /// It is there.
    Present(T),
    /// Nobody can say: the place could not be read (device locked, permission, I/O error).
    Refused,
}

/// What to do at the start.
#[derive(Debug)]
pub enum Opening {
    /// Go on with these contents.
    Opened(Vault),
    /// Keep the file, offer to pair again.
    KeyLost,
    /// Delete every key of this app from the secret store, then go on with [`Vault::fresh`].
    Reinstalled,
    /// Go on with [`Vault::fresh`].
    Fresh,
    /// Try again later.
    Locked,
    /// Keep the file and say so: it cannot be unsealed or read.
    Damaged,
    /// Keep the file and say so: a later version of the app wrote it.
    UpdateRequired {
        /// The version of its contents.
        version: u32,
    },
}

/// Decides what file and key mean together. `unseal` gives the contents, or none when the key does not fit the file.
pub fn open<K>(
    file: Found<&[u8]>,
    key: Found<&K>,
    unseal: impl FnOnce(&[u8], &K) -> Option<Zeroizing<Vec<u8>>>,
) -> Opening {
    match (file, key) {
        (Found::Refused, _) | (_, Found::Refused) => Opening::Locked,
        (Found::Absent, Found::Absent) => Opening::Fresh,
        (Found::Absent, Found::Present(_)) => Opening::Reinstalled,
        (Found::Present(_), Found::Absent) => Opening::KeyLost,
        (Found::Present(sealed), Found::Present(key)) => {
            match unseal(sealed, key).map(|contents| Vault::read(&contents)) {
                Some(Ok(vault)) => Opening::Opened(vault),
                Some(Err(Unreadable::Newer { version })) => Opening::UpdateRequired { version },
                Some(Err(Unreadable::Damaged)) | None => Opening::Damaged,
            }
        }
    }
}
