//! What a shell shows: whole pictures of the phone's state, with a rising revision. No code and no key is in them.

use koppel_protocol::{
    Digits, Host, ServerId,
    id::{ChallengeId, DeviceId, NoticeId},
    notice::NoticeKind,
};

use crate::AccountId;

/// The phone at one moment.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct State {
    /// Rises whenever anything below changed.
    pub revision: u64,
    /// In the order they were paired.
    pub accounts: Vec<AccountView>,
    /// Live challenges, oldest first.
    pub challenges: Vec<ChallengeView>,
    /// Challenges that ended lately, newest last: an open screen finds here why.
    pub ended: Vec<EndedView>,
    /// Notices not yet dismissed, oldest first.
    pub notices: Vec<NoticeView>,
    /// Rises whenever the list of authenticator accounts changed. The list is asked for
    /// ([`Machine::codes`](crate::Machine::codes)): it holds codes.
    pub codes: u64,
}

impl State {
    /// Whether there is anything new to show. What only ticks is not: a countdown, the phone's own clock.
    pub(crate) fn differs(&self, other: &Self) -> bool {
        let still = |state: &Self| {
            let mut still = Self { revision: 0, ..state.clone() };
            still.accounts.iter_mut().for_each(|account| account.clock_skew_s = None);
            still.challenges.iter_mut().for_each(|challenge| challenge.deadline = 0);
            still
        };
        still(self) != still(other)
    }
}

/// An account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AccountView {
    /// Its name on this phone.
    pub account: AccountId,
    /// What the person calls it; at first the organisation.
    pub label: String,
    /// The organisation, empty until known.
    pub organisation: String,
    /// The user's name there, empty until known.
    pub user: String,
    /// The server.
    pub host: Host,
    /// The server's identity, once known.
    pub server_id: Option<ServerId>,
    /// This phone's id there, once it has one.
    pub device: Option<DeviceId>,
    /// Where it stands.
    pub status: AccountStatus,
    /// Whether it can approve.
    pub approval: Approving,
    /// Whether this phone's fraud report locked it.
    pub locked: bool,
    /// Its connection.
    pub connection: ConnectionView,
    /// How many seconds the phone's wall clock is behind the server (negative: ahead), once learned. Worth a
    /// warning above 30.
    pub clock_skew_s: Option<i64>,
}

/// Where an account stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AccountStatus {
    /// P0–P3: nothing is bound yet.
    Pairing,
    /// P2: the person is asked whether to go on.
    Offered,
    /// P4: the number must be typed at the confirmer.
    AwaitingConfirmation {
        /// Six digits.
        check_number: String,
        /// Seconds of server time.
        until: u64,
        /// Tries left at the confirmer.
        tries_left: u32,
    },
    /// In use.
    Active,
    /// The server shows another identity. Nothing is sent, shown or approved until it shows the known one.
    ServerChanged,
    /// The server says this phone was removed.
    Revoked,
    /// It is being removed.
    Removing,
}

/// Whether an account can approve.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Approving {
    /// It has an `approve` key.
    Ready,
    /// It was paired without.
    CodesOnly,
    /// Its `approve` key is gone for good.
    KeyInvalidated,
}

/// How an account is connected.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum ConnectionView {
    /// Not at all.
    #[default]
    Offline,
    /// By asking again and again.
    Poll,
    /// By a live channel.
    Live,
}

/// A live challenge, without its code. Every field is one the server signed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChallengeView {
    /// The account.
    pub account: AccountId,
    /// The challenge.
    pub cid: ChallengeId,
    /// Its delivery: rises with *send again*.
    pub seq: u32,
    /// What it asks for.
    pub kind: ChallengeKind,
    /// The organisation that this account is of.
    pub organisation: String,
    /// The name of the relying party; empty in a `confirm_pairing`.
    pub relying_party: String,
    /// Its registered origin.
    pub origin: String,
    /// The user's name there.
    pub user: String,
    /// What for: `login`, `enrol`, `settings`, `test` …
    pub purpose: String,
    /// The address of the browser at the panel.
    pub ip: Option<String>,
    /// The address of the browser at the hosted page, where it differs: a warning.
    pub page_ip: Option<String>,
    /// The browser.
    pub browser: Option<String>,
    /// Where, roughly.
    pub place: Option<String>,
    /// When it began, seconds of server time.
    pub began_at: Option<u64>,
    /// When this delivery ends, seconds of server time.
    pub expires_at: u64,
    /// The same as a monotonic moment in milliseconds: what a countdown runs on.
    pub deadline: u64,
    /// How many logins of this account wait, this one included. More than one: only one is the user's.
    pub waiting: u32,
    /// Whether *approve* makes sense.
    pub can_approve: bool,
    /// Whether the person already answered it, and the answer is on its way.
    pub answered: bool,
}

/// What a challenge asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ChallengeKind {
    /// To read digits from the phone.
    Code,
    /// The same, as a test: nothing can use the digits.
    Test,
    /// To type a number of 6 to 8 digits into the phone and approve.
    Number,
    /// To confirm another phone.
    ConfirmPairing {
        /// The new phone's name.
        name: String,
        /// What it runs on: `android`, `ios`, `terminal`.
        platform: String,
        /// Its address.
        ip: Option<String>,
        /// Where, roughly.
        place: Option<String>,
    },
    /// To lift the lock that this phone's fraud report made.
    Unlock,
    /// Something this app does not know. May be denied.
    Unsupported,
}

/// A challenge's content, for its screen alone; never part of a [`State`].
#[derive(Clone, PartialEq, Eq)]
pub enum ChallengeContent {
    /// The digits to show.
    Code(Digits),
    /// Ask for the number of 6 to 8 digits that the browser shows.
    Number,
    /// Ask for the check number on the new phone.
    ConfirmPairing {
        /// The new phone's name.
        name: String,
    },
    /// Ask for approval alone.
    Unlock,
    /// "Update the app."
    Unsupported,
}

impl std::fmt::Debug for ChallengeContent {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Code(_) => "Code(hidden)",
            Self::Number => "Number",
            Self::ConfirmPairing { .. } => "ConfirmPairing",
            Self::Unlock => "Unlock",
            Self::Unsupported => "Unsupported",
        })
    }
}

/// A challenge that is over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EndedView {
    /// The account.
    pub account: AccountId,
    /// The challenge.
    pub cid: ChallengeId,
    /// Its last delivery.
    pub seq: u32,
    /// How: `approved`, `denied`, `fraud`, `failed`, `expired`, `superseded`, `cancelled`, `consumed`, `lapsed`, or a
    /// word of a newer server.
    pub how: String,
}

/// A notice.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NoticeView {
    /// The account.
    pub account: AccountId,
    /// The notice.
    pub nid: NoticeId,
    /// Of what.
    pub kind: NoticeKind,
    /// Seconds of server time.
    pub at: u64,
    /// More words.
    pub detail: String,
}
