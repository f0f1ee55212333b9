//! Opening the file: one process, the right schema, and a sentence for everything that can be wrong.

use std::{
    fs::{File, OpenOptions, TryLockError},
    io,
    os::unix::fs::OpenOptionsExt as _,
    path::{Path, PathBuf},
    time::Duration,
};

use rusqlite::{Connection, OpenFlags};
use thiserror::Error;

/// Numbered, forward only. A schema runs with the binary before it, so that an upgrade can be undone.
pub(crate) const MIGRATIONS: &[&str] = &[
    include_str!("../../migrations/0001_first.sql"),
    include_str!("../../migrations/0002_operators.sql"),
    include_str!("../../migrations/0003_outbox.sql"),
];

/// Why a database could not be opened, and what to do.
#[derive(Debug, Error)]
pub enum OpenError {
    /// Another process has the file.
    #[error("{0} is in use by another koppel-server. Stop that one first, or give the command while it runs.")]
    InUse(PathBuf),
    /// The schema is newer than this binary.
    #[error(
        "{path} was written by a newer koppel-server (schema {found}, this one knows {known}). Install the newer version; nothing was changed."
    )]
    Newer {
        /// The file.
        path: PathBuf,
        /// Its schema.
        found: i64,
        /// What this binary knows.
        known: i64,
    },
    /// The folder or the file cannot be written.
    #[error(
        "{path} cannot be written: {why}. Give the user that runs koppel-server write access to the folder and the file."
    )]
    NotWritable {
        /// The file.
        path: PathBuf,
        /// What the system said.
        why: String,
    },
    /// It is not a database, or a damaged one.
    #[error("{path} is not a sound SQLite database ({why}). Restore it from a backup; the file was left as it is.")]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What SQLite said.
        why: String,
    },
    /// The disk is full.
    #[error("the disk that holds {0} is full. Free some space and start again; nothing is lost.")]
    DiskFull(PathBuf),
    /// No database there, and none was asked for.
    #[error("{0} does not exist. Make it with: koppel-server init --database {0} --organisation NAME --public-url URL")]
    Missing(PathBuf),
}

impl OpenError {
    pub(super) fn from_sqlite(path: &Path, error: &rusqlite::Error) -> Self {
        use rusqlite::ErrorCode as Code;
        let (path, why) = (path.to_owned(), error.to_string());
        match error.sqlite_error_code() {
            Some(Code::DiskFull) => Self::DiskFull(path),
            Some(Code::ReadOnly | Code::CannotOpen | Code::PermissionDenied) => Self::NotWritable { path, why },
            _ => Self::Damaged { path, why },
        }
    }
}

/// The file's exclusive owner; the lock falls with it.
#[derive(Debug)]
pub(crate) struct Opened {
    pub(crate) path: PathBuf,
    pub(crate) writer: Connection,
    pub(crate) lock: File,
}

/// Opens (or with `create` makes) the database, takes the lock beside it and brings the schema up to date.
pub(crate) fn open(path: &Path, create: bool) -> Result<Opened, OpenError> {
    if !create && !path.exists() {
        return Err(OpenError::Missing(path.to_owned()));
    }
    let lock = lock_beside(path)?;
    private(path).map_err(|error| OpenError::NotWritable { path: path.to_owned(), why: error.to_string() })?;
    let failed = |error: rusqlite::Error| OpenError::from_sqlite(path, &error);
    let writer = connect(path).map_err(failed)?;
    migrate(path, &writer)?;
    // Proves write access now instead of at the first login.
    writer.execute_batch("BEGIN IMMEDIATE; ROLLBACK").map_err(failed)?;
    Ok(Opened { path: path.to_owned(), writer, lock })
}

/// A connection with the settings that durability rests on.
pub(crate) fn connect(path: &Path) -> rusqlite::Result<Connection> {
    let connection = Connection::open_with_flags(
        path,
        OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE | OpenFlags::SQLITE_OPEN_NO_MUTEX,
    )?;
    connection.busy_timeout(Duration::from_secs(5))?;
    connection.set_prepared_statement_cache_capacity(128);
    connection.execute_batch(
        "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA secure_delete=ON; PRAGMA foreign_keys=ON;
         PRAGMA temp_store=MEMORY; PRAGMA cache_size=-4096; PRAGMA wal_autocheckpoint=0;",
    )?;
    Ok(connection)
}

/// A connection that only reads.
pub(crate) fn connect_reader(path: &Path) -> rusqlite::Result<Connection> {
    let connection =
        Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX)?;
    connection.busy_timeout(Duration::from_secs(5))?;
    connection.set_prepared_statement_cache_capacity(64);
    connection.execute_batch("PRAGMA query_only=ON; PRAGMA cache_size=-1024;")?;
    Ok(connection)
}

/// Opens a file for writing, or makes an empty one that only its owner may open. SQLite gives its log files the same mode.
fn private(path: &Path) -> io::Result<File> {
    OpenOptions::new().create(true).truncate(false).write(true).mode(0o600).open(path)
}

fn lock_beside(path: &Path) -> Result<File, OpenError> {
    let mut name = path.as_os_str().to_owned();
    name.push(".lock");
    let lock = private(Path::new(&name))
        .map_err(|error| OpenError::NotWritable { path: path.to_owned(), why: error.to_string() })?;
    match lock.try_lock() {
        Ok(()) => Ok(lock),
        Err(TryLockError::WouldBlock) => Err(OpenError::InUse(path.to_owned())),
        Err(TryLockError::Error(error)) => {
            Err(OpenError::NotWritable { path: path.to_owned(), why: error.to_string() })
        }
    }
}

fn migrate(path: &Path, connection: &Connection) -> Result<(), OpenError> {
    let failed = |error: rusqlite::Error| OpenError::from_sqlite(path, &error);
    let known = i64::try_from(MIGRATIONS.len()).unwrap_or(i64::MAX);
    let found: i64 = connection.query_row("PRAGMA user_version", [], |row| row.get(0)).map_err(failed)?;
    if found > known {
        return Err(OpenError::Newer { path: path.to_owned(), found, known });
    }
    if 0 < found && found < known {
        keep_a_copy(path, connection, found)?;
    }
    for (number, sql) in (1..).zip(MIGRATIONS).skip(usize::try_from(found).unwrap_or(0)) {
        connection
            .execute_batch(&format!("BEGIN IMMEDIATE; {sql}; PRAGMA user_version={number}; COMMIT"))
            .map_err(failed)?;
    }
    Ok(())
}

/// `<database>.schema-<n>`: what to go back to when the upgrade disappoints. It bears that name only when it is whole.
fn keep_a_copy(path: &Path, connection: &Connection, schema: i64) -> Result<(), OpenError> {
    let beside = |suffix: &str| {
        let mut name = path.as_os_str().to_owned();
        name.push(format!(".schema-{schema}{suffix}"));
        PathBuf::from(name)
    };
    let (copy, partial) = (beside(""), beside(".partial"));
    if copy.exists() {
        return Ok(());
    }
    let failed = |error: io::Error| OpenError::NotWritable { path: copy.clone(), why: error.to_string() };
    // SQLite fills an empty file as it would a new one; what an earlier try left is emptied.
    private(&partial).and_then(|file| file.set_len(0)).map_err(failed)?;
    connection
        .execute("VACUUM INTO ?1", [partial.to_string_lossy()])
        .map_err(|error| OpenError::from_sqlite(path, &error))?;
    std::fs::rename(&partial, &copy).map_err(failed)
}
