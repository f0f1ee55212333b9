//! The restore epoch: how the server knows that its database was copied back from a backup.
//!
//! A small file outside the database holds the epoch and the highest mark the database ever reached. A database that is
//! behind its mark revives used codes, so it does not start until `koppel-server restore` raises the epoch, which kills
//! every code, nonce and cookie that was made before (promise P4).

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::private_file::{self, PrivateFileError};

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Content {
    v: u32,
    epoch: u64,
    mark: u64,
}

/// The epoch file.
#[derive(Debug)]
pub struct EpochFile {
    path: PathBuf,
    content: Content,
}

/// Why the server does not start with this database.
#[derive(Debug, thiserror::Error)]
pub enum EpochError {
    /// The file cannot be used.
    #[error(transparent)]
    File(#[from] PrivateFileError),
    /// The file holds something else.
    #[error("{0} is not a restore epoch file of this version; restore it from where it was kept")]
    Unreadable(PathBuf),
    /// The database is older than it was.
    #[error(
        "the database is older than it once was (mark {found}, was {mark}): it seems to be restored from a backup. Run `koppel-server restore --database FILE` once; every code, invitation and open login from before then ends"
    )]
    Behind {
        /// The database's mark.
        found: u64,
        /// The mark in the file.
        mark: u64,
    },
}

impl EpochFile {
    /// Makes the file beside a new database.
    pub fn create(path: &Path) -> Result<EpochFile, EpochError> {
        let file = EpochFile { path: path.to_owned(), content: Content { v: 1, epoch: 1, mark: 0 } };
        private_file::create(path, &file.bytes())?;
        Ok(file)
    }

    /// Reads it.
    pub fn open(path: &Path) -> Result<EpochFile, EpochError> {
        let bytes = private_file::read(path)?;
        match serde_json::from_slice::<Content>(&bytes) {
            Ok(content) if content.v == 1 => Ok(EpochFile { path: path.to_owned(), content }),
            _ => Err(EpochError::Unreadable(path.to_owned())),
        }
    }

    fn bytes(&self) -> Vec<u8> {
        // Three integers always serialise.
        serde_json::to_vec(&self.content).unwrap_or_default()
    }

    /// The epoch that enters nonces and codes.
    pub fn epoch(&self) -> u64 {
        self.content.epoch
    }

    /// Refuses a database that is behind.
    pub fn check(&self, mark: u64) -> Result<(), EpochError> {
        if mark < self.content.mark {
            return Err(EpochError::Behind { found: mark, mark: self.content.mark });
        }
        Ok(())
    }

    /// The database has come this far.
    pub fn advance(&mut self, mark: u64) -> Result<(), EpochError> {
        if mark > self.content.mark {
            self.content.mark = mark;
            private_file::replace(&self.path, &self.bytes())?;
        }
        Ok(())
    }

    /// After a restore: everything from before is dead, and the database as it is counts.
    pub fn raise(&mut self, mark: u64) -> Result<u64, EpochError> {
        self.content.epoch += 1;
        self.content.mark = mark;
        private_file::replace(&self.path, &self.bytes())?;
        Ok(self.content.epoch)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_database_behind_its_mark_is_refused_until_it_is_restored() {
        let folder = tempfile::tempdir().expect("folder");
        let path = folder.path().join("epoch");
        let mut file = EpochFile::create(&path).expect("made");
        file.advance(7).expect("advanced");
        let mut file = EpochFile::open(&path).expect("read");
        assert!(file.check(7).is_ok());
        assert!(file.check(8).is_ok());
        assert!(matches!(file.check(6), Err(EpochError::Behind { found: 6, mark: 7 })));
        assert_eq!(file.raise(6).expect("raised"), 2);
        let file = EpochFile::open(&path).expect("read");
        assert_eq!(file.epoch(), 2);
        assert!(file.check(6).is_ok());
    }
}
