//! The port that every database implements.

use std::future::Future;

use koppel_domain::{Job, Parcel, Refusal, SourceTry, Subscriber, Time, audit::Checkpoint};
use koppel_protocol::id::{JobId, OrganisationId};

use crate::{Answer, Ask, Registration, Unavailable, View};

/// Parcels for a subscriber, of everything that happened between two marks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Packed {
    /// Who is told.
    pub subscriber: Subscriber,
    /// How far it was told before.
    pub from: u64,
    /// How far it is told with these.
    pub to: u64,
    /// The parcels.
    pub parcels: Vec<Parcel>,
}

/// Where accounts are kept. Every verdict is load → [`decide`](koppel_domain::decide()) → write in one transaction, by the
/// same code on every database; a refusal's changes are committed too.
pub trait Store: Send + Sync + 'static {
    /// Gives a verdict. The answer comes after the commit; `Unavailable` means that nothing was acknowledged.
    ///
    /// A try with a koppelcode or link is reserved in the buckets of its source before anything is compared, and given
    /// back when it was right.
    fn execute(&self, ask: Ask) -> impl Future<Output = Result<Answer, Unavailable>> + Send;

    /// The same for what nobody waits for: receipts, last-seen. It rides in the next commit; a crash may lose it.
    fn lazily(&self, ask: Ask);

    /// Reserves a try of the login door, before the directory is asked. A later [`StartPairing`](koppel_domain::Command::StartPairing) by that
    /// door gives it back.
    fn reserve(
        &self,
        organisation: OrganisationId,
        attempt: SourceTry,
    ) -> impl Future<Output = Result<Result<(), Refusal>, Unavailable>> + Send;

    /// Gives a reserved try back: the directory did not answer, so nothing was compared.
    fn give_back(&self, attempt: SourceTry) -> impl Future<Output = Result<(), Unavailable>> + Send;

    /// Reads what is committed.
    fn read<V: View>(&self, view: V) -> impl Future<Output = Result<V::Rows, Unavailable>> + Send;

    /// Adds or changes an organisation, relying party or key; writes its entry into the organisation's chain.
    fn register(&self, registration: Registration) -> impl Future<Output = Result<(), Unavailable>> + Send;

    /// Claims jobs whose lease has lapsed, for ten seconds.
    fn lapsed_jobs(&self, limit: u32) -> impl Future<Output = Result<Vec<Job>, Unavailable>> + Send;

    /// A job is done. Lazy: a crash may repeat the job.
    fn job_done(&self, job: JobId);

    /// From now on there are parcels for it; it hears of nothing that happened before. A subscriber stays one.
    fn subscribe(&self, subscriber: Subscriber) -> impl Future<Output = Result<(), Unavailable>> + Send;

    /// It is no subscriber any more, and its parcels go.
    fn unsubscribe(&self, subscriber: Subscriber) -> impl Future<Output = Result<(), Unavailable>> + Send;

    /// Makes parcels of what happened between two marks. False, and nothing written: the subscriber was told up to elsewhere.
    fn pack(&self, packed: Packed) -> impl Future<Output = Result<bool, Unavailable>> + Send;

    /// Claims parcels that are due, for a minute.
    fn due_parcels(
        &self,
        subscriber: Subscriber,
        limit: u32,
    ) -> impl Future<Output = Result<Vec<Parcel>, Unavailable>> + Send;

    /// Writes how a try ended. False, and nothing written: it is not any more as it was when it was claimed.
    fn parcel_tried(&self, before: Parcel, after: Parcel) -> impl Future<Output = Result<bool, Unavailable>> + Send;

    /// Parcels that were lost are due again, now, the newest first; says how many, so that the caller comes again when it is `limit`.
    fn try_again(&self, subscriber: Subscriber, limit: u32) -> impl Future<Output = Result<u32, Unavailable>> + Send;

    /// Writes down what time has ended and removes what is kept no longer; says how much there was, so that the caller
    /// comes again at once when it is `limit`.
    fn sweep(&self, limit: u32) -> impl Future<Output = Result<u32, Unavailable>> + Send;

    /// Keeps a signed checkpoint.
    fn keep_checkpoint(&self, checkpoint: Checkpoint) -> impl Future<Output = Result<(), Unavailable>> + Send;

    /// The store's time: never backwards within a process.
    fn now(&self) -> Time;

    /// How many durable commits there were since the start.
    fn commits(&self) -> u64;
}
