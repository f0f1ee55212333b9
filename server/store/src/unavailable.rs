//! Why a store gave no verdict. Never a verdict itself: whoever gets it denies, or says *try again*.

use thiserror::Error;

/// The store could not decide. Nothing was acknowledged.
#[derive(Clone, Copy, Debug, Error, Eq, PartialEq)]
pub enum Unavailable {
    /// More asks wait than can be served in time.
    #[error("the server is busy")]
    Busy,
    /// The disk is full.
    #[error("the disk that holds the database is full; free some space")]
    DiskFull,
    /// The database refused or failed.
    #[error("the database failed")]
    Database,
    /// What was prepared did not fit any more, several times in a row.
    #[error("the account changes too fast")]
    Stale,
    /// The store is closing.
    #[error("the server is stopping")]
    Closed,
}

impl From<&rusqlite::Error> for Unavailable {
    fn from(error: &rusqlite::Error) -> Self {
        match error.sqlite_error_code() {
            Some(rusqlite::ErrorCode::DiskFull) => Self::DiskFull,
            _ => Self::Database,
        }
    }
}
