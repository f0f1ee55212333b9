//! The one thread that writes: it takes what waits, gives each ask a savepoint, commits the group once and only then answers.
//!
//! A commit costs an fsync, whatever it holds. While one group is being written the next asks gather, so under load the cost
//! of durability is shared. Nobody hears an answer before the commit that holds it has returned.
//!
//! Three ways in:
//! - an *ask* waits for its answer ([`Writer::ask`]);
//! - *lazy* work (receipts, last-seen, finished jobs) rides in the next group and nobody waits for it ([`Writer::lazily`]);
//! - closing flushes what is lazy and ends the thread.

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
        mpsc::{self, RecvTimeoutError, SyncSender, TrySendError},
    },
    thread::JoinHandle,
    time::{Duration, Instant},
};

use rusqlite::Connection;
use tokio::sync::oneshot;

use crate::Unavailable;

/// Asks that may wait; one more is told that the server is busy.
const QUEUE: usize = 4096;
/// Asks in one commit.
const GROUP: usize = 64;
/// How long lazy work waits for company before it is committed by itself.
const LAZY_WAIT: Duration = Duration::from_millis(400);
/// Lazy work older than this is not worth doing.
const LAZY_PATIENCE: Duration = Duration::from_secs(300);

/// One ask on its way through a group.
trait Ask: Send {
    /// When its caller stops waiting; past it the ask is dropped unexecuted.
    fn deadline(&self) -> Instant;
    /// Runs inside its own savepoint.
    fn run(&mut self, connection: &Connection) -> rusqlite::Result<()>;
    /// The commit has returned, or failed, or never came.
    fn answer(self: Box<Self>, end: Result<(), Unavailable>);
}

struct Pending<R, F, H> {
    deadline: Instant,
    work: Option<F>,
    heard: H,
    result: Option<R>,
    /// None: nobody waits.
    reply: Option<oneshot::Sender<Result<R, Unavailable>>>,
}

impl<R, F, H> Ask for Pending<R, F, H>
where
    R: Send,
    F: FnOnce(&Connection) -> rusqlite::Result<R> + Send,
    H: FnOnce(&R) + Send,
{
    fn deadline(&self) -> Instant {
        self.deadline
    }

    fn run(&mut self, connection: &Connection) -> rusqlite::Result<()> {
        if let Some(work) = self.work.take() {
            self.result = Some(work(connection)?);
        }
        Ok(())
    }

    fn answer(self: Box<Self>, end: Result<(), Unavailable>) {
        let answer = match (end, self.result) {
            (Ok(()), Some(result)) => Ok(result),
            (Ok(()), None) => Err(Unavailable::Database),
            (Err(why), _) => Err(why),
        };
        if let Ok(result) = &answer {
            let heard = self.heard;
            // The commit stands, whatever becomes of those who are told.
            let _ = unless_panic(|| {
                heard(result);
                Ok(())
            });
        }
        if let Some(reply) = self.reply {
            // The caller may have gone; what was committed stays committed.
            let _ = reply.send(answer);
        }
    }
}

/// A handle to the writer thread.
#[derive(Debug)]
pub(crate) struct Writer {
    asks: Option<SyncSender<Box<dyn Ask>>>,
    lazy: Arc<LazyLane>,
    commits: Arc<AtomicU64>,
    thread: Option<JoinHandle<()>>,
}

#[derive(Default)]
struct LazyLane(Mutex<Vec<Box<dyn Ask>>>);

impl std::fmt::Debug for LazyLane {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("LazyLane")
    }
}

impl LazyLane {
    fn push(&self, work: Box<dyn Ask>) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(work);
    }

    fn take(&self) -> Vec<Box<dyn Ask>> {
        std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Writer {
    /// Starts the thread on its own connection.
    pub(crate) fn start(connection: Connection) -> std::io::Result<Self> {
        let (asks, waiting) = mpsc::sync_channel::<Box<dyn Ask>>(QUEUE);
        let lazy = Arc::new(LazyLane::default());
        let commits = Arc::new(AtomicU64::new(0));
        let thread = std::thread::Builder::new().name("koppel-writer".into()).spawn({
            let (lazy, commits) = (Arc::clone(&lazy), Arc::clone(&commits));
            move || write_until_closed(&connection, &waiting, &lazy, &commits)
        })?;
        Ok(Self { asks: Some(asks), lazy, commits, thread: Some(thread) })
    }

    /// Runs `work` in the next group; the answer comes after the commit.
    ///
    /// An error of `work` undoes this ask alone. `Unavailable` means that nothing was acknowledged: the queue is full, the
    /// deadline passed before its turn, or the database failed. `heard` runs on this thread after the commit, also when the
    /// caller has gone.
    pub(crate) async fn ask<R, F, H>(&self, deadline: Instant, work: F, heard: H) -> Result<R, Unavailable>
    where
        R: Send + 'static,
        F: FnOnce(&Connection) -> rusqlite::Result<R> + Send + 'static,
        H: FnOnce(&R) + Send + 'static,
    {
        let (reply, answer) = oneshot::channel();
        let ask = Box::new(Pending { deadline, work: Some(work), heard, result: None, reply: Some(reply) });
        let asks = self.asks.as_ref().ok_or(Unavailable::Closed)?;
        match asks.try_send(ask) {
            Ok(()) => answer.await.unwrap_or(Err(Unavailable::Closed)),
            Err(TrySendError::Full(_)) => Err(Unavailable::Busy),
            Err(TrySendError::Disconnected(_)) => Err(Unavailable::Closed),
        }
    }

    /// Lets `work` ride in the next group. It may be lost in a crash, and says so by being here.
    pub(crate) fn lazily<R, F, H>(&self, work: F, heard: H)
    where
        R: Send + 'static,
        F: FnOnce(&Connection) -> rusqlite::Result<R> + Send + 'static,
        H: FnOnce(&R) + Send + 'static,
    {
        let deadline = Instant::now() + LAZY_PATIENCE;
        self.lazy.push(Box::new(Pending { deadline, work: Some(work), heard, result: None, reply: None }));
    }

    /// How many commits changed something since the start.
    pub(crate) fn commits(&self) -> u64 {
        self.commits.load(Ordering::Relaxed)
    }
}

impl Drop for Writer {
    /// Flushes and waits for the thread.
    fn drop(&mut self) {
        drop(self.asks.take());
        if let Some(thread) = self.thread.take() {
            // A panic there was reported by the panic hook already.
            let _ = thread.join();
        }
    }
}

fn write_until_closed(
    connection: &Connection,
    waiting: &mpsc::Receiver<Box<dyn Ask>>,
    lazy: &LazyLane,
    commits: &AtomicU64,
) {
    loop {
        match waiting.recv_timeout(LAZY_WAIT) {
            Ok(first) => {
                let mut group = vec![first];
                group.extend(waiting.try_iter().take(GROUP - 1));
                group.extend(lazy.take());
                commit_group(connection, group, commits);
            }
            Err(RecvTimeoutError::Timeout) => {
                commit_group(connection, lazy.take(), commits);
            }
            Err(RecvTimeoutError::Disconnected) => {
                commit_group(connection, lazy.take(), commits);
                return;
            }
        }
    }
}

/// One transaction for everybody in the group; the answers follow the commit.
fn commit_group(connection: &Connection, group: Vec<Box<dyn Ask>>, commits: &AtomicU64) {
    let now = Instant::now();
    let (mut live, late): (Vec<_>, Vec<_>) = group.into_iter().partition(|ask| ask.deadline() > now);
    for ask in late {
        ask.answer(Err(Unavailable::Busy));
    }
    if live.is_empty() {
        return;
    }
    let mut failed = vec![false; live.len()];
    let changes = connection.total_changes();
    let end = in_one_transaction(connection, &mut live, &mut failed);
    match &end {
        Ok(()) if connection.total_changes() != changes => {
            commits.fetch_add(1, Ordering::Relaxed);
        }
        Ok(()) => {}
        Err(error) => tracing::error!(%error, "a group of changes was not committed"),
    }
    for (ask, failed) in live.into_iter().zip(failed) {
        ask.answer(match &end {
            Ok(()) if !failed => Ok(()),
            Ok(()) => Err(Unavailable::Database),
            Err(error) => Err(Unavailable::from(error)),
        });
    }
}

fn in_one_transaction(connection: &Connection, live: &mut [Box<dyn Ask>], failed: &mut [bool]) -> rusqlite::Result<()> {
    connection.prepare_cached("BEGIN IMMEDIATE")?.execute([])?;
    let result = (|| {
        if let [only] = live {
            // By itself it needs no savepoint, which would copy every page it touches: the transaction is its own.
            unless_panic(|| only.run(connection))?;
        } else {
            for (ask, failed) in live.iter_mut().zip(failed) {
                *failed = !in_savepoint(connection, |connection| unless_panic(|| ask.run(connection)))?;
            }
        }
        connection.prepare_cached("COMMIT")?.execute([]).map(drop)
    })();
    if result.is_err() && !connection.is_autocommit() {
        // The group is lost either way; a failing rollback leaves the error that led here.
        let _ = connection.execute_batch("ROLLBACK");
    }
    result
}

/// A panic in one verdict undoes that one; the thread that all others need lives on.
fn unless_panic<T>(work: impl FnOnce() -> rusqlite::Result<T>) -> rusqlite::Result<T> {
    catch_unwind(AssertUnwindSafe(work)).unwrap_or(Err(rusqlite::Error::UnwindingPanic))
}

/// Runs `work` in a savepoint: `false` when it alone failed and was undone, an error when the whole transaction is gone.
fn in_savepoint(
    connection: &Connection,
    work: impl FnOnce(&Connection) -> rusqlite::Result<()>,
) -> rusqlite::Result<bool> {
    connection.prepare_cached("SAVEPOINT ask")?.execute([])?;
    let done = work(connection);
    if let Err(error) = &done {
        tracing::error!(%error, "one change was undone");
        // FULL, IOERR and NOMEM may roll back everything (https://sqlite.org/lang_transaction.html, section 3).
        if connection.is_autocommit() {
            return done.map(|()| false);
        }
        connection.prepare_cached("ROLLBACK TO ask")?.execute([])?;
    }
    connection.prepare_cached("RELEASE ask")?.execute([])?;
    Ok(done.is_ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn soon() -> Instant {
        Instant::now() + Duration::from_secs(10)
    }

    fn writer() -> (tempfile::TempDir, Writer, Connection) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("t.sqlite");
        let connection = Connection::open(&path).unwrap();
        connection.execute_batch("PRAGMA journal_mode=WAL; CREATE TABLE t (n INTEGER UNIQUE)").unwrap();
        let reader = Connection::open(&path).unwrap();
        (folder, Writer::start(connection).unwrap(), reader)
    }

    fn insert(n: i64) -> impl FnOnce(&Connection) -> rusqlite::Result<i64> + Send {
        move |connection| {
            connection.execute("INSERT INTO t VALUES (?1)", [n])?;
            Ok(n)
        }
    }

    fn drop_it(_: &i64) {}

    fn count(reader: &Connection) -> i64 {
        reader.query_row("SELECT count(*) FROM t", [], |row| row.get(0)).unwrap()
    }

    #[tokio::test]
    async fn an_answer_means_that_the_change_is_committed() {
        let (_folder, writer, reader) = writer();
        assert_eq!(writer.ask(soon(), insert(1), drop_it).await, Ok(1));
        assert_eq!(count(&reader), 1);
        assert_eq!(writer.commits(), 1);
    }

    #[tokio::test]
    async fn an_ask_that_fails_undoes_itself_alone() {
        let (_folder, writer, reader) = writer();
        let (first, twin, other) = tokio::join!(
            writer.ask(soon(), insert(1), drop_it),
            writer.ask(soon(), insert(1), drop_it),
            writer.ask(soon(), insert(2), drop_it),
        );
        assert_eq!((first, other), (Ok(1), Ok(2)));
        assert_eq!(twin, Err(Unavailable::Database));
        assert_eq!(count(&reader), 2);
    }

    #[tokio::test]
    async fn an_ask_past_its_deadline_is_dropped_unexecuted() {
        let (_folder, writer, reader) = writer();
        let past = Instant::now();
        assert_eq!(writer.ask(past, insert(1), drop_it).await, Err(Unavailable::Busy));
        assert_eq!(count(&reader), 0);
    }

    #[tokio::test]
    async fn lazy_work_rides_in_the_commit_of_the_next_ask() {
        let (_folder, writer, reader) = writer();
        writer.lazily(insert(7), drop_it);
        assert_eq!(writer.ask(soon(), insert(1), drop_it).await, Ok(1));
        assert_eq!(count(&reader), 2);
        assert_eq!(writer.commits(), 1);
    }

    #[tokio::test]
    async fn closing_flushes_lazy_work() {
        let (_folder, writer, reader) = writer();
        writer.lazily(insert(7), drop_it);
        drop(writer);
        assert_eq!(count(&reader), 1);
    }

    #[tokio::test]
    async fn reading_alone_is_no_durable_commit() {
        let (_folder, writer, _reader) = writer();
        let read = writer
            .ask(soon(), |connection| connection.query_row("SELECT 1", [], |row| row.get::<_, i64>(0)), drop_it)
            .await;
        assert_eq!((read, writer.commits()), (Ok(1), 0));
    }
}
