//! The embedded database: one file, one process, one writer thread.
//!
//! [`writer`] groups commits; [`read`] and [`write`] are the rows; [`open`] says in a sentence what is wrong with a file.

mod checkpointer;
mod open;
mod read;
mod readers;
mod rows;
#[cfg(test)]
mod tests;
mod write;
mod writer;

use std::{
    collections::HashMap,
    fs::File,
    path::Path,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use koppel_domain::{Job, Parcel, Policy, Refusal, SourceTry, Subscriber, Time, audit::Checkpoint};
use koppel_protocol::id::{JobId, OrganisationId};

pub use self::open::OpenError;
use self::{checkpointer::Checkpointer, read::Tables, readers::Readers, writer::Writer};
use crate::{
    Answer, Ask, Environment, Packed, Registration, Store, Unavailable, View,
    environment::Forward,
    ledger::Ledger,
    perform::{self, Done, Policies},
};

/// Registrations, sweeps and claims wait at most so long for their turn.
const PATIENCE: Duration = Duration::from_secs(10);
/// Rows in one sweeping transaction.
const SWEEP: u32 = 500;

/// Accounts in one SQLite file.
#[derive(Debug)]
pub struct SqliteStore {
    // In the order in which they are dropped: readers first, because the last connection to close moves the log into the file and
    // must be allowed to write; then the writer flushes, then the file is let go.
    readers: Arc<Readers>,
    writer: Writer,
    _checkpointer: Checkpointer,
    inner: Arc<Inner>,
    _lock: File,
}

#[derive(Debug)]
struct Inner {
    environment: Environment,
    forward: Forward,
    policies: KnownPolicies,
}

impl Inner {
    fn now(&self) -> Time {
        self.forward.now(&*self.environment.clock)
    }
}

#[derive(Debug, Default)]
struct KnownPolicies(Mutex<HashMap<OrganisationId, Arc<Policy>>>);

impl KnownPolicies {
    fn forget(&self) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }
}

impl Policies for KnownPolicies {
    fn of<L: Ledger>(&self, ledger: &L, organisation: OrganisationId) -> Result<Arc<Policy>, L::Error> {
        let known = self.0.lock().unwrap_or_else(PoisonError::into_inner).get(&organisation).cloned();
        if let Some(policy) = known {
            return Ok(policy);
        }
        let Some(found) = ledger.organisation(organisation)? else { return Ok(Arc::default()) };
        let policy = Arc::new(found.policy);
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(organisation, Arc::clone(&policy));
        Ok(policy)
    }
}

impl SqliteStore {
    /// Makes a new database file; one that is there already is opened.
    ///
    /// # Errors
    /// [`OpenError`], with a sentence that says what to do.
    pub fn create(path: &Path, environment: Environment) -> Result<Self, OpenError> {
        Self::start(open::open(path, true)?, environment)
    }

    /// Opens the database file and brings its schema up to date. No other process may have it open.
    ///
    /// # Errors
    /// [`OpenError`], with a sentence that says what to do.
    pub fn open(path: &Path, environment: Environment) -> Result<Self, OpenError> {
        Self::start(open::open(path, false)?, environment)
    }

    fn start(opened: open::Opened, environment: Environment) -> Result<Self, OpenError> {
        let path = opened.path;
        let checkpointer = Checkpointer::start(&path).map_err(|error| OpenError::from_sqlite(&path, &error))?;
        let writer = Writer::start(opened.writer)
            .map_err(|error| OpenError::NotWritable { path: path.clone(), why: error.to_string() })?;
        let inner = Inner { environment, forward: Forward::new(), policies: KnownPolicies::default() };
        Ok(Self {
            writer,
            _checkpointer: checkpointer,
            readers: Arc::new(Readers::new(path)),
            inner: Arc::new(inner),
            _lock: opened.lock,
        })
    }

    /// Runs work that touches nothing anybody watches.
    async fn quietly<R: Send + 'static>(
        &self,
        work: impl FnOnce(&Inner, &Tables<'_>) -> rusqlite::Result<R> + Send + 'static,
    ) -> Result<R, Unavailable> {
        let inner = Arc::clone(&self.inner);
        let deadline = Instant::now() + PATIENCE;
        self.writer.ask(deadline, move |connection| work(&inner, &Tables(connection)), |_| ()).await
    }
}

impl Inner {
    fn perform(&self, tables: &Tables<'_>, ask: &Ask) -> rusqlite::Result<Done> {
        perform::perform(tables, &self.policies, ask, &self.environment, self.now())
    }

    fn tell(&self, done: &Done) {
        if !done.touched.is_empty() {
            (self.environment.heard)(&done.touched);
        }
    }
}

impl Store for SqliteStore {
    async fn execute(&self, ask: Ask) -> Result<Answer, Unavailable> {
        let (inner, told) = (Arc::clone(&self.inner), Arc::clone(&self.inner));
        let deadline = ask.deadline;
        let work = move |connection: &rusqlite::Connection| inner.perform(&Tables(connection), &ask);
        self.writer.ask(deadline, work, move |done| told.tell(done)).await.map(|done| done.answer)
    }

    fn lazily(&self, ask: Ask) {
        let (inner, told) = (Arc::clone(&self.inner), Arc::clone(&self.inner));
        self.writer.lazily(move |connection| inner.perform(&Tables(connection), &ask), move |done| told.tell(done));
    }

    async fn reserve(
        &self,
        organisation: OrganisationId,
        attempt: SourceTry,
    ) -> Result<Result<(), Refusal>, Unavailable> {
        self.quietly(move |inner, tables| {
            let policy = inner.policies.of(tables, organisation)?;
            perform::reserve(tables, &attempt, &policy, inner.now())
        })
        .await
    }

    async fn give_back(&self, attempt: SourceTry) -> Result<(), Unavailable> {
        self.quietly(move |_, tables| perform::give_back(tables, &attempt)).await
    }

    async fn read<V: View>(&self, view: V) -> Result<V::Rows, Unavailable> {
        let rows = if V::LONG {
            let readers = Arc::clone(&self.readers);
            let read = move || readers.read(|connection| view.rows(&Tables(connection)));
            tokio::task::spawn_blocking(read).await.unwrap_or(Err(rusqlite::Error::UnwindingPanic))
        } else {
            self.readers.read(|connection| view.rows(&Tables(connection)))
        };
        rows.map_err(|error| {
            tracing::error!(%error, "a view could not be read");
            Unavailable::from(&error)
        })
    }

    async fn register(&self, registration: Registration) -> Result<(), Unavailable> {
        self.quietly(move |inner, tables| {
            let done = perform::register(tables, &registration, &inner.environment, inner.now());
            inner.policies.forget();
            done
        })
        .await
    }

    async fn lapsed_jobs(&self, limit: u32) -> Result<Vec<Job>, Unavailable> {
        self.quietly(move |inner, tables| tables.claim_jobs(inner.now(), limit)).await
    }

    fn job_done(&self, job: JobId) {
        self.writer.lazily(move |connection| Tables(connection).finish_job(job), |()| ());
    }

    async fn subscribe(&self, subscriber: Subscriber) -> Result<(), Unavailable> {
        self.quietly(move |_, tables| perform::subscribe(tables, &subscriber)).await
    }

    async fn unsubscribe(&self, subscriber: Subscriber) -> Result<(), Unavailable> {
        self.quietly(move |_, tables| tables.put_subscription(&subscriber, None)).await
    }

    async fn pack(&self, packed: Packed) -> Result<bool, Unavailable> {
        self.quietly(move |_, tables| perform::pack(tables, &packed)).await
    }

    async fn due_parcels(&self, subscriber: Subscriber, limit: u32) -> Result<Vec<Parcel>, Unavailable> {
        self.quietly(move |inner, tables| perform::claim_parcels(tables, &subscriber, inner.now(), limit)).await
    }

    async fn parcel_tried(&self, before: Parcel, after: Parcel) -> Result<bool, Unavailable> {
        self.quietly(move |_, tables| perform::parcel_tried(tables, &before, &after)).await
    }

    async fn try_again(&self, subscriber: Subscriber, limit: u32) -> Result<u32, Unavailable> {
        self.quietly(move |inner, tables| perform::try_again(tables, &subscriber, inner.now(), limit)).await
    }

    async fn sweep(&self, limit: u32) -> Result<u32, Unavailable> {
        let limit = limit.min(SWEEP);
        let users = self.quietly(move |inner, tables| tables.users_with_due_rows(inner.now(), limit)).await?;
        let mut settled = 0;
        for user in users {
            self.execute(perform::settle(user, Instant::now() + PATIENCE)).await?;
            settled += 1;
        }
        let removed = self.quietly(move |inner, tables| tables.remove_old_rows(inner.now(), limit)).await?;
        Ok(settled + removed)
    }

    async fn keep_checkpoint(&self, checkpoint: Checkpoint) -> Result<(), Unavailable> {
        self.quietly(move |_, tables| tables.put_checkpoint(&checkpoint)).await
    }

    fn now(&self) -> Time {
        self.inner.now()
    }

    fn commits(&self) -> u64 {
        self.writer.commits()
    }
}
