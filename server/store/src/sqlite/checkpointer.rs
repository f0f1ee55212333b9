//! Moves the write-ahead log into the database, on a thread and connection of its own, so that no commit waits for it.

use std::{
    path::Path,
    sync::mpsc::{self, RecvTimeoutError, Sender},
    thread::JoinHandle,
    time::Duration,
};

use rusqlite::Connection;

use super::open::connect;

/// How often it looks.
const EVERY: Duration = Duration::from_secs(1);
/// A shorter log is left alone.
const ENOUGH: u64 = 4 << 20;
/// A longer log is emptied, although writers wait for that: under steady load it would grow for ever otherwise, and a start
/// after a crash reads all of it.
const TOO_LONG: u64 = 16 << 20;

pub(crate) struct Checkpointer {
    stop: Option<Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Checkpointer {
    pub(crate) fn start(path: &Path) -> rusqlite::Result<Self> {
        let connection = connect(path)?;
        let mut log = path.as_os_str().to_owned();
        log.push("-wal");
        let (stop, stopped) = mpsc::channel();
        let thread = std::thread::Builder::new().name("koppel-checkpoints".into()).spawn(move || {
            while stopped.recv_timeout(EVERY) == Err(RecvTimeoutError::Timeout) {
                let length = std::fs::metadata(&log).map_or(0, |log| log.len());
                if length >= ENOUGH {
                    checkpoint(&connection, "PRAGMA wal_checkpoint(PASSIVE)");
                }
                if length >= TOO_LONG {
                    checkpoint(&connection, "PRAGMA wal_checkpoint(TRUNCATE)");
                }
            }
        });
        let thread = thread.map_err(|error| rusqlite::Error::ToSqlConversionFailure(Box::new(error)))?;
        Ok(Self { stop: Some(stop), thread: Some(thread) })
    }
}

/// `PASSIVE` takes what no reader holds, and waits for nobody. `TRUNCATE` waits for its turn and finds little left to do.
fn checkpoint(connection: &Connection, how: &str) {
    let done = connection.query_row(how, [], |_| Ok(()));
    if let Err(error) = done {
        tracing::warn!(%error, "the write-ahead log was not moved into the database");
    }
}

impl Drop for Checkpointer {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

impl std::fmt::Debug for Checkpointer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Checkpointer")
    }
}
