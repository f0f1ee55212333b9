//! What a screen shows: whole pictures of the companion, with a rising revision. No code and no key is in them.

use std::time::SystemTime;

use koppel_core::{AccountStatus as CoreStatus, AccountView, Approving, ConnectionView, NoticeView, State};
use koppel_protocol::notice::NoticeKind as CoreKind;

use crate::challenge::{Challenge, EndedChallenge};
use crate::ids::{AccountId, NoticeId};
use crate::moments;

/// The companion at one moment.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct KoppelState {
    /// Rises whenever anything below changed.
    pub revision: u64,
    /// In the order they were paired.
    pub accounts: Vec<Account>,
    /// Live challenges, oldest first.
    pub challenges: Vec<Challenge>,
    /// Challenges that ended lately, newest last: an open screen finds here why.
    pub ended: Vec<EndedChallenge>,
    /// The best connection of any account.
    pub connection: Connection,
    /// Notices not yet dismissed, oldest first.
    pub notices: Vec<Notice>,
}

/// An account.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct Account {
    /// Its name on this phone.
    pub id: AccountId,
    /// What the person calls it; at first the organisation.
    pub label: String,
    /// The organisation, empty until known.
    pub organisation: String,
    /// The user's name there, empty until known.
    pub user: String,
    /// The server's address.
    pub host: String,
    /// The server's identity, once known.
    pub server_id: Option<String>,
    /// This phone's id there, once it has one.
    pub device: Option<String>,
    /// Where it stands.
    pub status: AccountStatus,
    /// Whether it can approve.
    pub approval: Approval,
    /// Whether a report of this phone locked it.
    pub locked: bool,
    /// Its own connection.
    pub connection: Connection,
    /// How many seconds the phone's clock is behind the server's (negative: ahead), once learned. Above 30 it is worth a word.
    pub clock_skew_seconds: Option<i64>,
}

/// Where an account stands.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Enum)]
pub enum AccountStatus {
    /// Nothing is bound yet.
    Pairing,
    /// The person is asked whether to go on.
    Offered,
    /// The number must be typed at the confirmer. It stays when the app is left: people leave it to type.
    AwaitingConfirmation {
        /// Six digits, to be shown large.
        check_number: String,
        /// Until when, on this phone's clock.
        until: SystemTime,
        /// Tries left at the confirmer.
        tries_left: u32,
    },
    /// In use.
    Active,
    /// The server shows another identity. Nothing is sent, shown or approved until it shows the known one.
    ServerChanged,
    /// The server says that this phone was removed, or its user. Offer to remove the account and to pair again.
    Revoked,
    /// It is being removed.
    Removing,
}

/// Whether an account can approve.
#[derive(Debug, Clone, Copy, PartialEq, Eq, uniffi::Enum)]
pub enum Approval {
    /// It has a key that approves.
    Ready,
    /// It was paired without.
    CodesOnly,
    /// Its key is gone for good; codes still work.
    KeyInvalidated,
}

/// How an account is connected.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, uniffi::Enum)]
pub enum Connection {
    /// Not at all.
    Offline,
    /// By asking again and again.
    Poll,
    /// By a live channel.
    Live,
}

/// Something to be told.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct Notice {
    /// Its id on this phone.
    pub id: NoticeId,
    /// The account.
    pub account: AccountId,
    /// Of what.
    pub kind: NoticeKind,
    /// When.
    pub at: SystemTime,
    /// To what: the name of a device, the kind of a factor. May be empty.
    pub detail: String,
}

/// What a notice tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq, uniffi::Enum)]
pub enum NoticeKind {
    /// Another phone was added to the account.
    DeviceAdded,
    /// Another phone was removed.
    DeviceRemoved,
    /// Another method was added, changed or removed.
    FactorChanged,
    /// A report locked the account.
    Locked,
    /// The lock was lifted.
    Unlocked,
    /// Support was asked to take away everything the account is protected with. Whoever did not ask calls support.
    ResetAsked,
    /// This phone was removed from the account.
    Unlinked,
    /// Something that this version does not know.
    Other,
}

impl From<CoreKind> for NoticeKind {
    fn from(kind: CoreKind) -> Self {
        match kind {
            CoreKind::DeviceAdded => Self::DeviceAdded,
            CoreKind::DeviceRemoved => Self::DeviceRemoved,
            CoreKind::FactorChanged => Self::FactorChanged,
            CoreKind::Locked => Self::Locked,
            CoreKind::Unlocked => Self::Unlocked,
            CoreKind::ResetAsked => Self::ResetAsked,
            CoreKind::Unlinked => Self::Unlinked,
            CoreKind::Unknown => Self::Other,
        }
    }
}

impl From<&State> for KoppelState {
    fn from(state: &State) -> Self {
        let State { revision, accounts, challenges, ended, notices, codes: _ } = state.clone();
        let accounts: Vec<Account> = accounts.into_iter().map(Account::from).collect();
        let connection = accounts.iter().map(|account| account.connection).max();
        Self {
            revision,
            accounts,
            challenges: challenges.into_iter().map(Challenge::from).collect(),
            ended: ended.into_iter().map(EndedChallenge::from).collect(),
            connection: connection.unwrap_or(Connection::Offline),
            notices: notices.into_iter().map(Notice::from).collect(),
        }
    }
}

impl From<AccountView> for Account {
    fn from(view: AccountView) -> Self {
        Self {
            id: view.account.into(),
            label: view.label,
            organisation: view.organisation,
            user: view.user,
            host: view.host.to_string(),
            server_id: view.server_id.map(|id| id.to_string()),
            device: view.device.map(|id| id.to_string()),
            status: status(view.status, view.clock_skew_s),
            approval: match view.approval {
                Approving::Ready => Approval::Ready,
                Approving::CodesOnly => Approval::CodesOnly,
                Approving::KeyInvalidated => Approval::KeyInvalidated,
            },
            locked: view.locked,
            connection: match view.connection {
                ConnectionView::Offline => Connection::Offline,
                ConnectionView::Poll => Connection::Poll,
                ConnectionView::Live => Connection::Live,
            },
            clock_skew_seconds: view.clock_skew_s,
        }
    }
}

fn status(status: CoreStatus, clock_skew_s: Option<i64>) -> AccountStatus {
    match status {
        CoreStatus::Pairing => AccountStatus::Pairing,
        CoreStatus::Offered => AccountStatus::Offered,
        CoreStatus::AwaitingConfirmation { check_number, until, tries_left } => AccountStatus::AwaitingConfirmation {
            check_number,
            until: moments::of_the_server_here(until, clock_skew_s),
            tries_left,
        },
        CoreStatus::Active => AccountStatus::Active,
        CoreStatus::ServerChanged => AccountStatus::ServerChanged,
        CoreStatus::Revoked => AccountStatus::Revoked,
        CoreStatus::Removing => AccountStatus::Removing,
    }
}

impl From<NoticeView> for Notice {
    fn from(view: NoticeView) -> Self {
        let NoticeView { account, nid, kind, at, detail } = view;
        Self {
            id: NoticeId::new(account, nid),
            account: account.into(),
            kind: kind.into(),
            at: moments::of_the_server(at),
            detail,
        }
    }
}
