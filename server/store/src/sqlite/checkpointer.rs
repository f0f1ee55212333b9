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
                    checkpoint(&connection);
                }
            }
        });
        let thread = thread.map_err(|error| rusqlite::Error::ToSqlConversionFailure(Box::new(error)))?;
        Ok(Self { stop: Some(stop), thread: Some(thread) })
    }
}

fn checkpoint(connection: &Connection) {
    // Passive: takes what no reader holds, and waits for nobody.
    let done = connection.query_row("PRAGMA wal_checkpoint(PASSIVE)", [], |_| Ok(()));
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
