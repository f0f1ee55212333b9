//! What a transaction needs of its database besides reading.

use koppel_domain::{
    Account, Change, Job, LoginName, Organisation, Parcel, Proof, SharedBytes, SourceCounter, Subscriber, Time,
    audit::Checkpoint,
};
use koppel_protocol::{
    Bytes,
    id::{JobId, OrganisationId, UserId},
};

use crate::{Reader, Registration};

/// One transaction: reads see its own writes, and all of it is committed or nothing.
pub(crate) trait Ledger: Reader {
    /// Writes a verdict's changes. `before` is the account as it was read: its version must still stand.
    fn write(&self, before: &Account, changes: &[Change], now: Time) -> Result<(), Self::Error>;
    /// Who has this login name.
    fn owner_of(&self, organisation: OrganisationId, name: &LoginName) -> Result<Option<UserId>, Self::Error>;
    /// Whether a device proof was used.
    fn proof_is_used(&self, proof: &Proof) -> Result<bool, Self::Error>;
    /// A bucket of a source.
    fn source_counter(&self, source: &str, name: Option<Bytes<32>>) -> Result<Option<SourceCounter>, Self::Error>;
    /// Writes buckets of a source.
    fn put_source_counters(&self, counters: &[SourceCounter]) -> Result<(), Self::Error>;
    /// The body and answer recorded under an idempotency key.
    fn recorded(&self, key: &Bytes<32>, now: Time) -> Result<Option<(Bytes<32>, SharedBytes)>, Self::Error>;
    /// Records an answer under an idempotency key.
    fn record(&self, key: &Bytes<32>, body: &Bytes<32>, answer: &SharedBytes, until: Time) -> Result<(), Self::Error>;
    /// Writes an act of the operator, with the organisation as it stands after it (its chain one entry longer).
    fn write_registration(
        &self,
        act: &Registration,
        organisation: &Organisation,
        entry: &koppel_domain::audit::Entry,
    ) -> Result<(), Self::Error>;
    /// Claims jobs whose lease lapsed.
    fn claim_jobs(&self, now: Time, limit: u32) -> Result<Vec<Job>, Self::Error>;
    /// A job is done.
    fn finish_job(&self, job: JobId) -> Result<(), Self::Error>;
    /// Users with rows that time has ended.
    fn users_with_due_rows(&self, now: Time, limit: u32) -> Result<Vec<UserId>, Self::Error>;
    /// Removes rows that are kept no longer, at most so many; says how many.
    fn remove_old_rows(&self, now: Time, limit: u32) -> Result<u32, Self::Error>;
    /// How far a subscriber was told; none: it is none any more, and its parcels go too.
    fn put_subscription(&self, subscriber: &Subscriber, mark: Option<u64>) -> Result<(), Self::Error>;
    /// One parcel, as it is stored.
    fn parcel(&self, subscriber: &Subscriber, mark: u64, part: u8) -> Result<Option<Parcel>, Self::Error>;
    /// Writes a parcel.
    fn put_parcel(&self, parcel: &Parcel) -> Result<(), Self::Error>;
    /// Parcels that are due.
    fn due_parcels(&self, subscriber: &Subscriber, now: Time, limit: u32) -> Result<Vec<Parcel>, Self::Error>;
    /// Keeps a checkpoint.
    fn put_checkpoint(&self, checkpoint: &Checkpoint) -> Result<(), Self::Error>;
}
