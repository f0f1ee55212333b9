//! Where accounts are kept: one transaction, one verdict. SQLite and the in-memory reference model.

mod ask;
#[cfg(test)]
mod conformance;
mod environment;
mod ledger;
mod model;
mod perform;
mod reader;
mod registration;
mod sqlite;
mod store;
mod unavailable;
mod view;

pub use ask::{Answer, Ask, Idempotency, Locator, Seal};
pub use environment::{Clock, Environment, Heard, Seeds, Touched};
pub use model::ModelStore;
pub use reader::Reader;
pub use registration::Registration;
pub use sqlite::{OpenError, SqliteStore};
pub use store::{Packed, Store};
pub use unavailable::Unavailable;
pub use view::{
    AuditEntries, AuditHeads, Caller, CountParcels, DeviceInbox, EventPage, Events, FindApiKey, FindDevice,
    FindOrganisation, FindRelyingParty, Happened, Inbox, LastCheckpoint, Mark, NextDue, Operators, Organisations,
    OwnedDevice, ParcelCounts, Parcels, Past, RelyingParties, Snapshot, Subscription, Users, View,
};
