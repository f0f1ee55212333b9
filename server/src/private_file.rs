//! Small files that only the server's own account may read, replaced whole or not at all.

use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use zeroize::Zeroizing;

/// Why a private file cannot be used. Each sentence says what to do.
#[derive(Debug, thiserror::Error)]
pub enum PrivateFileError {
    /// It is not there.
    #[error("{0} does not exist")]
    Missing(PathBuf),
    /// Others may read it.
    #[error("{path} can be read by others (mode {mode:04o}); run `chmod 600 {path}` and consider its secrets known")]
    TooOpen {
        /// The file.
        path: PathBuf,
        /// Its permission bits.
        mode: u32,
    },
    /// It exists already and is not replaced.
    #[error("{0} exists already; it is never overwritten, because what it protects would be lost")]
    Exists(PathBuf),
    /// The disk said no.
    #[error("{path}: {source}")]
    Io {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
}

/// Reads a file, if nobody but its owner may.
pub fn read(path: &Path) -> Result<Zeroizing<Vec<u8>>, PrivateFileError> {
    let fail = |source: io::Error| match source.kind() {
        io::ErrorKind::NotFound => PrivateFileError::Missing(path.to_owned()),
        _ => PrivateFileError::Io { path: path.to_owned(), source },
    };
    let mut file = File::open(path).map_err(fail)?;
    let metadata = file.metadata().map_err(fail)?;
    let mode = metadata.permissions().mode() & 0o7777;
    if mode & 0o077 != 0 {
        return Err(PrivateFileError::TooOpen { path: path.to_owned(), mode });
    }
    let mut content = Zeroizing::new(Vec::with_capacity(metadata.len() as usize));
    file.read_to_end(&mut content).map_err(fail)?;
    Ok(content)
}

/// Writes a new file with mode 0600 and refuses to touch an existing one.
pub fn create(path: &Path, content: &[u8]) -> Result<(), PrivateFileError> {
    let fail = |source: io::Error| match source.kind() {
        io::ErrorKind::AlreadyExists => PrivateFileError::Exists(path.to_owned()),
        _ => PrivateFileError::Io { path: path.to_owned(), source },
    };
    let temporary = written_beside(path, content).map_err(fail)?;
    temporary.persist_noclobber(path).map_err(|error| fail(error.error))?;
    sync_folder(path).map_err(fail)
}

/// Replaces a file: afterwards it holds the old content or the new, never half of it.
pub fn replace(path: &Path, content: &[u8]) -> Result<(), PrivateFileError> {
    let fail = |source: io::Error| PrivateFileError::Io { path: path.to_owned(), source };
    let temporary = written_beside(path, content).map_err(fail)?;
    temporary.persist(path).map_err(|error| fail(error.error))?;
    sync_folder(path).map_err(fail)
}

fn folder(path: &Path) -> &Path {
    match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    }
}

fn written_beside(path: &Path, content: &[u8]) -> io::Result<tempfile::NamedTempFile> {
    let mut temporary = tempfile::Builder::new()
        .prefix(".koppel-")
        .permissions(fs::Permissions::from_mode(0o600))
        .tempfile_in(folder(path))?;
    temporary.write_all(content)?;
    temporary.as_file().sync_all()?;
    Ok(temporary)
}

fn sync_folder(path: &Path) -> io::Result<()> {
    fs::OpenOptions::new().read(true).custom_flags(0).open(folder(path))?.sync_all()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_private_file_is_only_its_owners() {
        let folder = tempfile::tempdir().expect("folder");
        let path = folder.path().join("secret");
        create(&path, b"x").expect("written");
        let mode = fs::metadata(&path).expect("there").permissions().mode() & 0o777;
        assert_eq!(mode, 0o600);
        assert_eq!(read(&path).expect("read").as_slice(), b"x");
    }

    #[test]
    fn a_file_that_others_may_read_is_refused() {
        let folder = tempfile::tempdir().expect("folder");
        let path = folder.path().join("secret");
        create(&path, b"x").expect("written");
        for mode in [0o640, 0o604, 0o660, 0o644] {
            fs::set_permissions(&path, fs::Permissions::from_mode(mode)).expect("mode");
            let refused = read(&path).expect_err("too open").to_string();
            assert!(refused.contains("chmod 600"), "{refused}");
        }
    }

    #[test]
    fn an_existing_file_is_never_overwritten_by_create() {
        let folder = tempfile::tempdir().expect("folder");
        let path = folder.path().join("secret");
        create(&path, b"first").expect("written");
        assert!(matches!(create(&path, b"second"), Err(PrivateFileError::Exists(_))));
        assert_eq!(read(&path).expect("read").as_slice(), b"first");
        replace(&path, b"third").expect("replaced");
        assert_eq!(read(&path).expect("read").as_slice(), b"third");
    }
}
