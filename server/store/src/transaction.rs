//! What a database must be able to do inside one transaction, so that [`verdict`](crate::verdict) is the same on every one.

use koppel_domain::{Account, Change, LoginName, Policy, Proof, SharedBytes, SourceCounter, SourceTry, Time};
use koppel_protocol::{
    Bytes,
    id::{OrganisationId, UserId},
};

use crate::reader::Reader;

/// An answer that was recorded under an idempotency key.
#[derive(Debug, Clone)]
pub(crate) struct Recorded {
    /// Keyed hash of the body that it answered.
    pub(crate) body: Bytes<32>,
    /// The sealed answer.
    pub(crate) answer: SharedBytes,
}

/// One transaction that holds the account.
pub(crate) trait Transaction: Reader {
    /// The numbers of an organisation; the defaults where there is none.
    fn policy(&self, organisation: OrganisationId) -> Result<Policy, Self::Error>;
    /// Whether another user of the organisation has this login name.
    fn login_name_taken(&self, organisation: OrganisationId, name: &LoginName, user: UserId) -> Result<bool, Self::Error>;
    /// Whether this device proof was used before.
    fn proof_used(&self, proof: &Proof) -> Result<bool, Self::Error>;
    /// Writes one change of this account.
    fn write(&self, account: &Account, change: &Change) -> Result<(), Self::Error>;
    /// The stored buckets of a try, in the order of [`SourceTry::buckets`].
    fn source_counters(&self, attempt: &SourceTry) -> Result<Vec<Option<SourceCounter>>, Self::Error>;
    /// Writes a bucket of a source.
    fn put_source_counter(&self, counter: &SourceCounter) -> Result<(), Self::Error>;
    /// The answer recorded under a key, unless it has expired.
    fn recorded(&self, key: &Bytes<32>, now: Time) -> Result<Option<Recorded>, Self::Error>;
    /// Records an answer.
    fn record(&self, key: &Bytes<32>, recorded: &Recorded, until: Time) -> Result<(), Self::Error>;
}
