//! What every database can fetch; views and verdicts are made of it.

use koppel_domain::{
    Account, ApiKey, ExternalId, Needs, Operator, Organisation, Parcel, RelyingParty, Subscriber, Time,
    audit::{Chain, Checkpoint, Entry, Head},
};
use koppel_protocol::id::{ApiKeyId, DeviceId, OrganisationId, RelyingPartyId, UserId};

use crate::{Happened, Inbox, Locator, ParcelCounts, Past};

/// Fetches rows, of one consistent state.
pub trait Reader {
    /// What can go wrong.
    type Error;

    /// Whose account that is.
    ///
    /// # Errors
    /// The database's, here and below.
    fn locate(&self, at: &Locator) -> Result<Option<UserId>, Self::Error>;
    /// The account, as far as needed.
    fn account(&self, user: UserId, needs: &Needs) -> Result<Option<Account>, Self::Error>;
    /// All that waits for a phone.
    fn inbox(&self, device: DeviceId, past: &Past) -> Result<Option<Inbox>, Self::Error>;
    /// One organisation.
    fn organisation(&self, id: OrganisationId) -> Result<Option<Organisation>, Self::Error>;
    /// All organisations, by id.
    fn organisations(&self) -> Result<Vec<Organisation>, Self::Error>;
    /// One relying party.
    fn relying_party(&self, id: RelyingPartyId) -> Result<Option<RelyingParty>, Self::Error>;
    /// All relying parties of an organisation, by id.
    fn relying_parties(&self, organisation: OrganisationId) -> Result<Vec<RelyingParty>, Self::Error>;
    /// Users of an organisation after one of them, by the panel's id.
    fn users(
        &self,
        organisation: OrganisationId,
        after: Option<&ExternalId>,
        limit: u32,
    ) -> Result<Vec<UserId>, Self::Error>;
    /// All operators, by name.
    fn operators(&self) -> Result<Vec<Operator>, Self::Error>;
    /// One key.
    fn api_key(&self, id: ApiKeyId) -> Result<Option<ApiKey>, Self::Error>;
    /// A chain after an entry.
    fn entries(&self, chain: Chain, after: u64, limit: u32) -> Result<Vec<Entry>, Self::Error>;
    /// All heads.
    fn heads(&self) -> Result<Vec<Head>, Self::Error>;
    /// The newest checkpoint.
    fn last_checkpoint(&self) -> Result<Option<Checkpoint>, Self::Error>;
    /// How far the database has come.
    fn mark(&self) -> Result<u64, Self::Error>;
    /// The users' entries of all chains after a mark up to another, in the order in which they were committed.
    fn happened(&self, after: u64, up_to: u64) -> Result<Vec<Happened>, Self::Error>;
    /// The first mark that is still kept.
    fn first_mark(&self) -> Result<u64, Self::Error>;
    /// How far a subscriber was told; none: it is none.
    fn subscription(&self, subscriber: &Subscriber) -> Result<Option<u64>, Self::Error>;
    /// When a subscriber's next parcel is due.
    fn next_due(&self, subscriber: &Subscriber) -> Result<Option<Time>, Self::Error>;
    /// A subscriber's parcels, or those of them that were lost, the newest first.
    fn parcels(&self, subscriber: &Subscriber, lost: bool, limit: u32) -> Result<Vec<Parcel>, Self::Error>;
    /// How many of a subscriber's parcels wait, were taken, were lost.
    fn parcel_counts(&self, subscriber: &Subscriber) -> Result<ParcelCounts, Self::Error>;
}
