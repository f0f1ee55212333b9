//! A small JSON file that is never half written.
//!
//! A change is made under a lock file (a running panel and a command on the same file exclude each other), written to a
//! temporary file beside it, flushed to the disk and renamed over it. A file that cannot be read is an error and never
//! taken for an empty one: an empty file of pinned keys would trust the next key it sees.

use std::fs::{self, File};
use std::io::{self, ErrorKind, Write as _};
use std::path::{Path, PathBuf};

use serde::Serialize;
use serde::de::DeserializeOwned;

/// The file did not do what was asked; says which file and what to do.
#[derive(Debug, thiserror::Error)]
pub enum FileError {
    /// There is none.
    #[error("{0} does not exist")]
    Missing(PathBuf),
    /// The system refused.
    #[error("cannot {1} {0}: {2}")]
    Io(PathBuf, &'static str, io::Error),
    /// Not what we wrote.
    #[error("{0} is damaged ({1}); it was left as it is: restore a copy, or move it away to begin anew")]
    Damaged(PathBuf, serde_json::Error),
}

/// One JSON document on disk.
#[derive(Clone, Debug)]
pub struct JsonFile {
    path: PathBuf,
}

impl JsonFile {
    /// The file at `path`, which need not exist yet.
    pub fn at(path: impl Into<PathBuf>) -> Self {
        Self { path: path.into() }
    }

    /// Makes the file with the default document when there is none.
    pub fn create<T: Default + Serialize + DeserializeOwned>(&self) -> Result<(), FileError> {
        let _locked = self.lock()?;
        match self.read::<T>() {
            Err(FileError::Missing(_)) => self.write(&self.encode(&T::default())?),
            other => other.map(|_| ()),
        }
    }

    /// The document.
    pub fn read<T: DeserializeOwned>(&self) -> Result<T, FileError> {
        let text = fs::read(&self.path).map_err(|error| match error.kind() {
            ErrorKind::NotFound => FileError::Missing(self.path.clone()),
            _ => self.refused("read", error),
        })?;
        serde_json::from_slice(&text).map_err(|error| FileError::Damaged(self.path.clone(), error))
    }

    /// Reads, changes, writes: as one step, and durable when it returns. Writes nothing when nothing changed.
    pub fn change<T, R>(&self, change: impl FnOnce(&mut T) -> R) -> Result<R, FileError>
    where
        T: Serialize + DeserializeOwned,
    {
        let _locked = self.lock()?;
        let mut document: T = self.read()?;
        let before = self.encode(&document)?;
        let result = change(&mut document);
        let after = self.encode(&document)?;
        if after != before {
            self.write(&after)?;
        }
        Ok(result)
    }

    fn encode(&self, document: &impl Serialize) -> Result<Vec<u8>, FileError> {
        let mut text = serde_json::to_vec_pretty(document).map_err(|e| self.refused("write", e.into()))?;
        text.push(b'\n');
        Ok(text)
    }

    fn write(&self, text: &[u8]) -> Result<(), FileError> {
        let attempt = || {
            // Born with mode 0600.
            let mut file = tempfile::NamedTempFile::new_in(self.folder())?;
            file.write_all(text)?;
            file.as_file().sync_all()?;
            file.persist(&self.path)?;
            File::open(self.folder())?.sync_all()
        };
        attempt().map_err(|error| self.refused("write", error))
    }

    /// Held until the returned file is dropped.
    fn lock(&self) -> Result<File, FileError> {
        let mut path = self.path.clone().into_os_string();
        path.push(".lock");
        let attempt = || {
            let file = File::options().create(true).truncate(false).write(true).open(&path)?;
            file.lock()?;
            Ok(file)
        };
        attempt().map_err(|error| self.refused("lock", error))
    }

    fn folder(&self) -> &Path {
        match self.path.parent() {
            Some(folder) if folder != Path::new("") => folder,
            _ => Path::new("."),
        }
    }

    fn refused(&self, what: &'static str, error: io::Error) -> FileError {
        FileError::Io(self.path.clone(), what, error)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_changed_is_there_when_it_is_read_again() {
        let folder = tempfile::tempdir().unwrap();
        let file = JsonFile::at(folder.path().join("list.json"));
        file.create::<Vec<u32>>().unwrap();
        file.change(|list: &mut Vec<u32>| list.push(7)).unwrap();
        file.create::<Vec<u32>>().unwrap();
        assert_eq!(file.read::<Vec<u32>>().unwrap(), [7]);
    }

    #[test]
    fn changes_at_the_same_time_follow_each_other() {
        let folder = tempfile::tempdir().unwrap();
        let file = JsonFile::at(folder.path().join("list.json"));
        file.create::<Vec<u32>>().unwrap();
        std::thread::scope(|scope| {
            for n in 0..8 {
                let file = &file;
                scope.spawn(move || file.change(|list: &mut Vec<u32>| list.push(n)).unwrap());
            }
        });
        assert_eq!(file.read::<Vec<u32>>().unwrap().len(), 8);
    }

    #[test]
    fn a_damaged_or_vanished_file_is_an_error_and_stays_as_it_is() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("list.json");
        let file = JsonFile::at(&path);
        assert!(matches!(file.change(|_: &mut Vec<u32>| ()), Err(FileError::Missing(_))));
        fs::write(&path, "[1,").unwrap();
        assert!(matches!(file.change(|l: &mut Vec<u32>| l.push(1)), Err(FileError::Damaged(..))));
        assert!(matches!(file.create::<Vec<u32>>(), Err(FileError::Damaged(..))));
        assert_eq!(fs::read_to_string(&path).unwrap(), "[1,");
    }
}
