//! A user of an organisation. Koppel knows no password of theirs: the panel does.

use koppel_protocol::{
    Bytes, Text,
    id::{DeviceId, OrganisationId, UserId},
};
use serde::{Deserialize, Serialize};

use crate::{Contacts, ExternalId, LoginName, Postponed, RememberedBrowser, Time, alerts::Alerts};

/// The row that is locked while a verdict is given.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct User {
    /// Ours.
    pub id: UserId,
    /// Whose user.
    pub organisation: OrganisationId,
    /// The panel's id: leads to this row for ever, also after deletion.
    pub external_id: ExternalId,
    /// What the user types; unique in the organisation. None once deleted.
    pub login_name: Option<LoginName>,
    /// What screens show.
    pub display: Text,
    /// Language of what we write to the user.
    pub locale: Option<Locale>,
    /// A word of the panel's own, such as a department.
    pub group: Option<Text>,
    /// Where the user is reached outside the app.
    #[serde(default, skip_serializing_if = "Contacts::is_empty")]
    pub contacts: Contacts,
    /// Whether the panel still wants this user.
    pub status: UserStatus,
    /// Whether a desk resets this user only after a wait or with a second agent.
    #[serde(default)]
    pub protected: bool,
    /// A reset that a desk asked for and that waits.
    #[serde(default)]
    pub reset: Option<Reset>,
    /// A set-up that the user put off.
    #[serde(default)]
    pub postponed: Option<Postponed>,
    /// Browsers that bring the second factor along for a while, the oldest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub browsers: Vec<RememberedBrowser>,
    /// Set by a fraud report; nothing is approved or consumed under it.
    pub lock: Option<Lock>,
    /// Whether there ever was a phone or an authenticator. Outlives deletion: such an account is never set up by password alone again.
    pub ever_enrolled: bool,
    /// As the panel last told.
    pub password_changed_at: Option<Time>,
    /// How loud phones may be.
    pub alerts: Alerts,
    /// When the row was made.
    pub created: Time,
    /// Hash of the newest audit entry of this account; zeros before the first.
    pub chain_head: Bytes<32>,
    /// How many audit entries there are.
    pub chain_length: u64,
    /// Raised by one in every transaction that changes anything of the account; 0: not stored yet.
    pub version: u64,
}

impl User {
    /// A user nobody stored yet.
    pub fn new(id: UserId, organisation: OrganisationId, external_id: ExternalId, created: Time) -> Self {
        Self {
            id,
            organisation,
            external_id,
            login_name: None,
            display: Text::default(),
            locale: None,
            group: None,
            contacts: Contacts::default(),
            status: UserStatus::Active,
            protected: false,
            reset: None,
            postponed: None,
            browsers: Vec::new(),
            lock: None,
            ever_enrolled: false,
            password_changed_at: None,
            alerts: Alerts::default(),
            created,
            chain_head: Bytes::new([0; 32]),
            chain_length: 0,
            version: 0,
        }
    }
}

impl User {
    /// What phones and screens call the account: the login name, else the panel's id.
    pub fn shown(&self) -> &Text {
        self.login_name.as_ref().map_or(self.external_id.text(), LoginName::shown)
    }
}

/// Whether the panel still wants this user.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum UserStatus {
    /// May log in.
    Active,
    /// May not, until the panel says otherwise.
    Disabled,
    /// Everything secret is gone; id, chain and `ever_enrolled` stay.
    Deleted {
        /// When.
        at: Time,
    },
}

/// Why nothing goes, until support, a newer password or the reporting phone lifts it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lock {
    /// When it fell.
    pub at: Time,
    /// The phone that said "this was not me"; it may unlock.
    pub reported_by: DeviceId,
}

/// A reset that waits for its time, or for a second agent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reset {
    /// Who asked.
    pub agent: Text,
    /// When.
    pub asked_at: Time,
    /// From then on it may be carried out.
    pub due: Time,
}

/// A language we speak.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Locale {
    /// Dutch.
    Nl,
    /// English.
    En,
}

impl Locale {
    /// As it travels.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Nl => "nl",
            Self::En => "en",
        }
    }
}

impl std::str::FromStr for Locale {
    type Err = NotALocale;

    fn from_str(text: &str) -> Result<Self, NotALocale> {
        [Self::Nl, Self::En].into_iter().find(|locale| locale.name() == text).ok_or(NotALocale)
    }
}

/// The text names no language that we speak.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a language is nl or en")]
pub struct NotALocale;
