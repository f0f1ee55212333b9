//! What can be read: snapshots for the prepare phase, the registry, inboxes, chains. Never a verdict.

use koppel_domain::{
    Account, ApiKey, Challenge, Device, DeviceCopy, Event, ExternalId, Needs, Notice, Operator, Organisation, Parcel,
    RelyingParty, Subscriber, Time, User,
    audit::{Chain, Checkpoint, Entry, Head},
};
use koppel_protocol::id::{ApiKeyId, ChallengeId, DeviceId, OrganisationId, RelyingPartyId, UserId};

use crate::{Locator, reader::Reader};

/// Something that can be read, and what it gives.
pub trait View: Send + 'static {
    /// What it gives.
    type Rows: Send + 'static;

    /// Whether it reads much: such a view does not run on a thread that serves others meanwhile.
    #[doc(hidden)]
    const LONG: bool = false;

    /// Reads it. Only stores call this.
    ///
    /// # Errors
    /// The database's.
    #[doc(hidden)]
    fn rows<R: Reader>(self, reader: &R) -> Result<Self::Rows, R::Error>;
}

macro_rules! view {
    ($($(#[$doc:meta])* $name:ident $([$long:literal])? { $($(#[$field_doc:meta])* $field:ident: $type:ty),* } -> $rows:ty = |$self:ident, $reader:ident| $read:expr;)*) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone)]
        pub struct $name {
            $($(#[$field_doc])* pub $field: $type,)*
        }

        impl View for $name {
            type Rows = $rows;
            $(const LONG: bool = $long;)?

            fn rows<R: Reader>($self, $reader: &R) -> Result<Self::Rows, R::Error> {
                $read
            }
        }
    )*};
}

view! {
    /// An account as far as somebody needs it; none: no such user (a deleted one is there, with its status).
    Snapshot {
        /// Which.
        at: Locator,
        /// What of it.
        needs: Needs
    } -> Option<Account> = |self, reader| match reader.locate(&self.at)? {
        Some(user) => reader.account(user, &self.needs),
        None => Ok(None),
    };

    /// A phone and whose it is.
    FindDevice {
        /// Which.
        device: DeviceId
    } -> Option<OwnedDevice> = |self, reader| {
        let Some(user) = reader.locate(&Locator::Device(self.device))? else { return Ok(None) };
        let needs = Needs { devices: true, ..Needs::default() };
        let account = reader.account(user, &needs)?;
        Ok(account.and_then(|account| {
            let device = account.device(self.device).cloned()?;
            Some(OwnedDevice { user: account.user, device })
        }))
    };

    /// All that waits for a phone, and what ended lately.
    DeviceInbox {
        /// Which.
        device: DeviceId,
        /// What of the past.
        past: Past
    } -> Option<Inbox> = |self, reader| reader.inbox(self.device, &self.past);

    /// A key with its relying party and organisation.
    FindApiKey {
        /// Which.
        key: ApiKeyId
    } -> Option<Caller> = |self, reader| {
        let Some(key) = reader.api_key(self.key)? else { return Ok(None) };
        let Some(relying_party) = reader.relying_party(key.relying_party)? else { return Ok(None) };
        let organisation = reader.organisation(relying_party.organisation)?;
        Ok(organisation.map(|organisation| Caller { key, relying_party, organisation }))
    };

    /// One organisation.
    FindOrganisation {
        /// Which.
        organisation: OrganisationId
    } -> Option<Organisation> = |self, reader| reader.organisation(self.organisation);

    /// All organisations, by id.
    Organisations {} -> Vec<Organisation> = |self, reader| reader.organisations();

    /// One relying party.
    FindRelyingParty {
        /// Which.
        relying_party: RelyingPartyId
    } -> Option<RelyingParty> = |self, reader| reader.relying_party(self.relying_party);

    /// All relying parties of an organisation, by id.
    RelyingParties {
        /// Whose.
        organisation: OrganisationId
    } -> Vec<RelyingParty> = |self, reader| reader.relying_parties(self.organisation);

    /// Users of an organisation with their phones and methods, by the panel's id; also those that were deleted.
    Users [true] {
        /// Whose.
        organisation: OrganisationId,
        /// Only those after this one; none: from the first.
        after: Option<ExternalId>,
        /// At most so many.
        limit: u32
    } -> Vec<Account> = |self, reader| {
        let users = reader.users(self.organisation, self.after.as_ref(), self.limit)?;
        let needs = Needs { devices: true, methods: true, ..Needs::default() };
        let accounts = users.into_iter().map(|user| reader.account(user, &needs));
        Ok(accounts.collect::<Result<Vec<_>, _>>()?.into_iter().flatten().collect())
    };

    /// All operators, by name; also those that were removed.
    Operators {} -> Vec<Operator> = |self, reader| reader.operators();

    /// A chain, oldest first.
    AuditEntries [true] {
        /// Which.
        chain: Chain,
        /// Only entries after this number; 0 for all.
        after: u64,
        /// At most so many.
        limit: u32
    } -> Vec<Entry> = |self, reader| reader.entries(self.chain, self.after, self.limit);

    /// All chains' heads, by chain.
    AuditHeads [true] {} -> Vec<Head> = |self, reader| reader.heads();

    /// The newest checkpoint.
    LastCheckpoint {} -> Option<Checkpoint> = |self, reader| reader.last_checkpoint();

    /// How far the database has come: grows with every commit. A database behind the mark that is kept outside it was
    /// copied back from a backup.
    Mark {} -> u64 = |self, reader| reader.mark();

    /// What others may hear of, after a mark, in the order in which it was committed.
    Events [true] {
        /// Of whose users; none: of everybody's.
        organisation: Option<OrganisationId>,
        /// For which panel alone; none: for all.
        panel: Option<RelyingPartyId>,
        /// After this; 0: from the first that is kept.
        after: u64,
        /// At most so many; and no more entries are looked through than [`EventPage::REACH`].
        limit: usize
    } -> EventPage = |self, reader| EventPage::read(reader, &self);

    /// How far a subscriber was told.
    Subscription {
        /// Which.
        subscriber: Subscriber
    } -> Option<u64> = |self, reader| reader.subscription(&self.subscriber);

    /// When the next parcel of a subscriber is due.
    NextDue {
        /// Whose.
        subscriber: Subscriber
    } -> Option<Time> = |self, reader| reader.next_due(&self.subscriber);

    /// What was, or is to be, brought to a subscriber: the newest first.
    Parcels [true] {
        /// To whom.
        subscriber: Subscriber,
        /// Only what was lost.
        lost: bool,
        /// At most so many.
        limit: u32
    } -> Vec<Parcel> = |self, reader| reader.parcels(&self.subscriber, self.lost, self.limit);

    /// How many parcels of a subscriber wait, were taken, were lost.
    CountParcels [true] {
        /// Whose.
        subscriber: Subscriber
    } -> ParcelCounts = |self, reader| reader.parcel_counts(&self.subscriber);
}

/// How a subscriber's parcels ended, of those that are kept.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ParcelCounts {
    /// On their way.
    pub waiting: u64,
    /// Somebody has them.
    pub taken: u64,
    /// Nobody has them, and they are not tried any more.
    pub lost: u64,
}

/// An entry of a user's chain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Happened {
    /// Its place in the whole trail.
    pub mark: u64,
    /// Whose.
    pub user: UserId,
    /// Of which organisation.
    pub organisation: OrganisationId,
    /// As the panel calls the user.
    pub external_id: ExternalId,
    /// What.
    pub entry: Entry,
}

/// Some of what happened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EventPage {
    /// Each with its mark, its user and its organisation.
    pub events: Vec<(u64, UserId, OrganisationId, Event)>,
    /// After which mark the next page begins.
    pub next: u64,
    /// Whether there is more behind it already.
    pub more: bool,
}

impl EventPage {
    /// Entries that one page looks through: somebody whose events are rare asks again.
    pub const REACH: u64 = 1_000;

    fn read<R: Reader>(reader: &R, asked: &Events) -> Result<Self, R::Error> {
        let end = reader.mark()?;
        let after = asked.after.max(reader.first_mark()?.saturating_sub(1)).min(end);
        let up_to = after.saturating_add(Self::REACH).min(end);
        let mut page = Self { events: Vec::new(), next: up_to, more: false };
        for happened in reader.happened(after, up_to)? {
            if asked.organisation.is_some_and(|organisation| organisation != happened.organisation) {
                continue;
            }
            let Some(event) = Event::of(&happened.entry, happened.external_id) else { continue };
            if asked.panel.is_none_or(|panel| event.is_for(panel)) {
                page.events.push((happened.mark, happened.user, happened.organisation, event));
            }
            if page.events.len() >= asked.limit {
                page.next = happened.mark;
                break;
            }
        }
        page.more = page.next < end;
        Ok(page)
    }
}

/// A phone and whose it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OwnedDevice {
    /// Whose.
    pub user: User,
    /// The phone.
    pub device: Device,
}

/// Which finished challenges belong in an inbox.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Past {
    /// The newest: whoever asks may have any of them on screen.
    Newest,
    /// Those among these: whoever asks knows what is on screen.
    Among(Vec<ChallengeId>),
}

impl Past {
    /// Whether it asks for this one.
    pub(crate) fn has(&self, challenge: ChallengeId) -> bool {
        match self {
            Self::Newest => true,
            Self::Among(these) => these.contains(&challenge),
        }
    }
}

/// All that waits for a phone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Inbox {
    /// Whose phone.
    pub user: User,
    /// The phone.
    pub device: Device,
    /// Challenges that are pending, and whose newest delivery has a copy for it. Look at the time before showing.
    pub challenges: Vec<(Challenge, DeviceCopy)>,
    /// Finished challenges that were asked for, so that the phone takes them off its screen.
    pub ended: Vec<Challenge>,
    /// Notices it did not receive yet.
    pub notices: Vec<Notice>,
}

/// A key with its relying party and organisation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Caller {
    /// The key.
    pub key: ApiKey,
    /// Whose key.
    pub relying_party: RelyingParty,
    /// Whose relying party.
    pub organisation: Organisation,
}

impl Inbox {
    /// Sorts a phone's challenges into waiting and ended.
    pub(crate) fn of(account: Account, device: DeviceId) -> Option<Self> {
        let phone = account.device(device)?.clone();
        let mut inbox = Self {
            user: account.user.clone(),
            device: phone,
            challenges: Vec::new(),
            ended: Vec::new(),
            notices: Vec::new(),
        };
        for challenge in &account.challenges {
            let newest = account.copy(challenge.id, challenge.seq(), device);
            let any = account.copies.iter().any(|copy| copy.challenge == challenge.id && copy.device == device);
            match (challenge.state.is_final(), newest) {
                (false, Some(copy)) => inbox.challenges.push((challenge.clone(), copy.clone())),
                _ if any => inbox.ended.push(challenge.clone()),
                _ => {}
            }
        }
        inbox.notices = account
            .notices
            .into_iter()
            .filter(|notice| notice.device == device && notice.arrived_at.is_none())
            .collect();
        Some(inbox)
    }
}
